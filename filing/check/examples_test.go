package check

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"nianbao/filing/form"
	"nianbao/internal/money"
	"nianbao/internal/workday"
)

// base is a complete, correct report with round figures, what the register says
// and last year's accepted figures. The examples of the checks are small changes
// to it.
type base struct {
	Form    string         `json:"form"`
	Year    int            `json:"year"`
	Today   string         `json:"today"`
	OpensOn string         `json:"opens_on"`
	Org     map[string]any `json:"org"`
	Values  map[string]any `json:"values"`
	Prior   map[string]any `json:"prior"`
}

func readBase(t testing.TB, formCode string) base {
	t.Helper()
	raw, err := os.ReadFile("testdata/base-" + formCode + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var b base
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

func defaults(t testing.TB) (*Set, *form.Set) {
	t.Helper()
	forms, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	checks, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	return checks, forms
}

// input decodes the base into what a run takes.
func (b base) input(t testing.TB, forms *form.Set) Input {
	t.Helper()
	f, err := forms.Form(b.Form)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{
		Form: f, ReportYear: b.Year, Today: date(t, b.Today), OpensOn: date(t, b.OpensOn),
		Context: form.Context{PartySection: true}, Organisation: facts(t, b.Org), countApplied: true,
	}
	in.Values, in.Problems = decode(t, f, b.Values)
	prior, problems := decode(t, f, b.Prior)
	if len(problems) > 0 {
		t.Fatalf("last year's report: %v", problems)
	}
	in.Prior = prior
	return in
}

func decode(t testing.TB, f *form.Form, values map[string]any) (form.Values, []form.Problem) {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"values": values})
	if err != nil {
		t.Fatal(err)
	}
	body, problems, err := f.Decode(raw, form.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return body.Values, problems
}

func date(t testing.TB, s string) workday.Date {
	t.Helper()
	d, err := workday.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func facts(t testing.TB, m map[string]any) Facts {
	t.Helper()
	text := func(k string) string { s, _ := m[k].(string); return s }
	capital, err := money.Parse(text("registered_capital"))
	if err != nil {
		t.Fatal(err)
	}
	return Facts{
		USCC: text("uscc"), Name: text("name"), RegistrationNo: text("registration_no"),
		LegalRepresentative: text("legal_representative"), Domicile: text("domicile"),
		BusinessScope: text("business_scope"), Sponsor: text("sponsor"),
		ContactName: text("contact_name"), ContactPhone: text("contact_phone"),
		RegisteredCapital: &capital, RegisteredOn: date(t, text("registered_on")),
		Charity: m["charity"] == true, PublicFundraising: m["public_fundraising"] == true,
	}
}

// with applies an example to the base.
func (b base) with(t testing.TB, e *Example) base {
	t.Helper()
	for _, key := range e.Drop {
		if _, ok := b.Values[key]; !ok {
			t.Fatalf("drop: the base has no %s", key)
		}
		delete(b.Values, key)
	}
	for key, value := range e.Set {
		put(t, b.Values, key, plain(value))
	}
	for key, value := range e.Prior {
		put(t, b.Prior, key, plain(value))
	}
	for key, value := range e.Org {
		if _, ok := b.Org[key]; !ok {
			t.Fatalf("org: no fact %s", key)
		}
		b.Org[key] = plain(value)
	}
	if e.Year != 0 {
		b.Year = e.Year
		b.Today = strconv.Itoa(e.Year+1) + b.Today[4:]
		b.Values["report_date"] = b.Today
		if _, ok := b.Values["declaration_date"]; ok {
			b.Values["declaration_date"] = b.Today
		}
	}
	return b
}

var placeInTable = regexp.MustCompile(`^([a-z0-9_]+)\[(\d+)\]\.([a-z0-9_]+)$`)

// put sets a value at a key, at a place in a table (gov_contracts[1].amount) or in
// a part of a table-row (change_name.status).
func put(t testing.TB, values map[string]any, key string, value any) {
	t.Helper()
	if m := placeInTable.FindStringSubmatch(key); m != nil {
		rows, _ := values[m[1]].([]any)
		at, _ := strconv.Atoi(m[2])
		if at >= len(rows) {
			t.Fatalf("%s: the base has %d rows", key, len(rows))
		}
		rows[at].(map[string]any)[m[3]] = value
		return
	}
	if head, part, ok := strings.Cut(key, "."); ok {
		if row, ok := values[head].(map[string]any); ok {
			row[part] = value
			return
		}
	}
	values[key] = value
}

// plain turns YAML's ordered maps into JSON's.
func plain(v any) any {
	switch v := v.(type) {
	case yaml.MapSlice:
		m := map[string]any{}
		for _, item := range v {
			m[fmt.Sprint(item.Key)] = plain(item.Value)
		}
		return m
	case map[string]any:
		m := map[string]any{}
		for k, item := range v {
			m[k] = plain(item)
		}
		return m
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			out[i] = plain(item)
		}
		return out
	default:
		return v
	}
}

// TestBaseReportsAreClean: what the examples start from has no finding at all.
func TestBaseReportsAreClean(t *testing.T) {
	checks, forms := defaults(t)
	for _, code := range []string{"association-2004", "service-2004", "foundation-2004"} {
		t.Run(code, func(t *testing.T) {
			findings, _, err := checks.run(new(readBase(t, code).input(t, forms)))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range findings {
				t.Errorf("%s %v: %s", f.Check, f.Keys, f.Message)
			}
		})
	}
}

// TestExamples runs the passing and the failing example of every check. The
// passing one must have been looked at by the check, so that no check passes by
// being skipped; the failing one gives the stated message, once, and no finding of
// another check that the example does not name.
func TestExamples(t *testing.T) {
	checks, forms := defaults(t)
	seen := map[*generation]bool{}
	for _, code := range slices.Sorted(maps.Keys(checks.generations)) {
		g := checks.generations[code]
		if seen[g] {
			continue
		}
		seen[g] = true
		for _, file := range g.files {
			for _, d := range file.Checks {
				t.Run(d.Code+"/"+d.Forms[0], func(t *testing.T) {
					t.Run("passes", func(t *testing.T) { passes(t, checks, forms, d) })
					t.Run("fails", func(t *testing.T) { fails(t, checks, forms, d) })
				})
			}
		}
	}
}

func exampleInput(t *testing.T, forms *form.Set, d *definition, e *Example) *Input {
	t.Helper()
	code := e.Form
	if code == "" {
		code = d.Forms[0]
	}
	if !slices.Contains(d.Forms, code) {
		t.Fatalf("%s: the example's form %s is none of the check's", d.where, code)
	}
	in := readBase(t, code).with(t, e).input(t, forms)
	return &in
}

func passes(t *testing.T, checks *Set, forms *form.Set, d *definition) {
	in := exampleInput(t, forms, d, d.Passes)
	findings, applied, err := checks.run(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Check == d.Code {
			t.Errorf("%s: the passing example is found fault with: %s", d.where, f.Message)
		}
	}
	if applied[d.Code] == 0 {
		t.Errorf("%s: the passing example is not looked at by the check", d.where)
	}
}

func fails(t *testing.T, checks *Set, forms *form.Set, d *definition) {
	in := exampleInput(t, forms, d, d.Fails)
	findings, _, err := checks.run(in)
	if err != nil {
		t.Fatal(err)
	}
	var own []Finding
	for _, f := range findings {
		switch {
		case f.Check == d.Code:
			own = append(own, f)
		case !slices.Contains(d.Fails.Also, f.Check):
			t.Errorf("%s: also finds %s %v: %s", d.where, f.Check, f.Keys, f.Message)
		}
	}
	for _, code := range d.Fails.Also {
		if !slices.ContainsFunc(findings, func(f Finding) bool { return f.Check == code }) {
			t.Errorf("%s: %s is named but finds nothing", d.where, code)
		}
	}
	if want := max(d.Fails.Times, 1); len(own) != want {
		t.Fatalf("%s: %d findings, want %d: %v", d.where, len(own), want, own)
	}
	f := own[0]
	if f.Message != d.Fails.Message {
		t.Errorf("%s: message\n got %s\nwant %s", d.where, f.Message, d.Fails.Message)
	}
	if d.Fails.Keys != nil {
		if diff := cmp.Diff(d.Fails.Keys, f.Keys); diff != "" {
			t.Errorf("%s: keys (-want +got):\n%s", d.where, diff)
		}
	}
	if f.Severity != d.Severity || f.Remedy == "" || f.Basis == "" || len(f.Keys) == 0 {
		t.Errorf("%s: finding is not complete: %+v", d.where, f)
	}
	for _, key := range f.Keys {
		if _, ok := in.Form.Field(key); !ok {
			t.Errorf("%s: finding names %s, which is not in the form", d.where, key)
		}
	}
}
