package filing

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

var sameDay = cmp.Comparer(func(a, b workday.Date) bool { return a == b })

func mustRules(t testing.TB, lines ...string) Rules {
	t.Helper()
	r, err := readRules(t, seasonFile(lines...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestBindsByEveryFact(t *testing.T) {
	r := mustRules(t, "types: [association, service]")
	bound := registry.Organisation{Type: registry.TypeService, AuthorityCode: "440100", Status: registry.StatusActive,
		RegisteredOn: day("2018-12-31")}
	for _, tt := range []struct {
		name   string
		change func(*registry.Organisation)
		want   bool
	}{
		{"as it is, registered on the last day", func(*registry.Organisation) {}, true},
		{"registered long ago", func(o *registry.Organisation) { o.RegisteredOn = day("1989-10-25") }, true},
		{"registered a day late", func(o *registry.Organisation) { o.RegisteredOn = day("2019-01-01") }, false},
		{"deregistered", func(o *registry.Organisation) { o.Status = registry.StatusDeregistered }, false},
		{"revoked", func(o *registry.Organisation) { o.Status = registry.StatusRevoked }, false},
		{"of another authority", func(o *registry.Organisation) { o.AuthorityCode = "440104" }, false},
		{"another type of the season", func(o *registry.Organisation) { o.Type = registry.TypeAssociation }, true},
		{"a type that is not in the season", func(o *registry.Organisation) { o.Type = registry.TypeFoundation }, false},
		{"no type", func(o *registry.Organisation) { o.Type = "" }, false},
	} {
		org := bound
		tt.change(&org)
		if got := r.Binds(org); got != tt.want {
			t.Errorf("%s: bound %v", tt.name, got)
		}
	}
}

// TestStoredRulesOfAnOlderProgram: what a later version added takes its default when an old season is read.
func TestStoredRulesOfAnOlderProgram(t *testing.T) {
	r, err := decodeRules([]byte(`{"authority": "440100", "report_year": 2018, "types": ["service"], "regime": "annual_report",
		"registered_by": "2018-12-31", "opens_on": "2019-01-14", "due_on": "2019-03-31"}`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(mustRules(t, "types: [service]"), r, sameDay); diff != "" {
		t.Errorf("an old season is not what the same file gives today:\n%s", diff)
	}
	for _, broken := range []string{"", "[]", `{"due_on": "2019-02-30"}`, `{"report_year": "2018"}`} {
		if _, err := decodeRules([]byte(broken)); err == nil {
			t.Errorf("%q was taken for rules", broken)
		}
	}
}

func TestOnlyTheFormsOfTheTypesAreKept(t *testing.T) {
	r := mustRules(t, "types: [service]", "forms: {foundation: foundation-2004}")
	if diff := cmp.Diff(map[registry.Type]string{registry.TypeService: "service-2004"}, r.Forms); diff != "" {
		t.Error(diff)
	}
}

func TestYAMLSpellings(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		got        func(Rules) any
		want       any
	}{
		{"block text", "legal_basis:\n  report: |\n    第一条\n    第二条", func(r Rules) any { return r.LegalBasis[BasisReport] }, "第一条\n第二条"},
		{"quoted number", `review_window_working_days: "12"`, func(r Rules) any { return r.ReviewWindow }, 12},
		{"bare authority", "authority: 440100", func(r Rules) any { return r.Authority }, "440100"},
		{"authority with a leading zero", `authority: "040100"`, func(r Rules) any { return r.Authority }, "040100"},
		{"no late filing limit", "late_filing_until: ~", func(r Rules) any { return r.LateUntil == nil }, true},
		{"no refile term", "resubmit_within_working_days: null", func(r Rules) any { return r.ResubmitWithin == nil }, true},
		{"no reminders", "reminders_days_before: []", func(r Rules) any { return len(r.RemindersDaysBefore) }, 0},
		{"longest window", "review_window_working_days: 250", func(r Rules) any { return r.ReviewWindow }, 250},
		{"nothing issued", "conclusion: {issue_for: []}", func(r Rules) any { return len(r.Conclusion.IssueFor) }, 0},
		{"types put in order", "types: [foundation, service, association]", func(r Rules) any { return fmt.Sprint(r.Types) }, "[association service foundation]"},
		{"due on the opening day", "due_on: 2019-01-14", func(r Rules) any { return r.DueOn.String() }, "2019-01-14"},
		{"late filing ends with the due day", "late_filing_until: 2019-03-31", func(r Rules) any { return r.LateUntil.String() }, "2019-03-31"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.got(mustRules(t, tt.line))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestYAMLTraps(t *testing.T) {
	for _, tt := range []struct{ name, line, want string }{
		{"a window of a year and more", "review_window_working_days: 251", "from 1 to 250"},
		{"exponent", "review_window_working_days: 1e1", "must be a whole number"},
		{"hexadecimal", "review_window_working_days: 0x0a", "must be a whole number"},
		{"underscores", "report_year: 2_018", "must be a whole number"},
		{"too large for any integer", "review_window_working_days: 99999999999999999999", "must be a whole number"},
		{"sign", "review_window_working_days: +5", "must be a whole number"},
		{"a list for a number", "review_window_working_days: [5]", "must be a whole number"},
		{"time and zone in a date", "due_on: 2019-03-31T00:00:00Z", "must be a date"},
		{"slashes in a date", "due_on: 2019/03/31", "must be a date"},
		{"mapping for a date", "due_on: {day: 31}", "must be a date"},
		{"text for a list", "attachments: none", "attachments: must be a list"},
		{"list for a mapping", "late: [notice]", "late: must be a mapping"},
		{"blank text", `legal_basis: {report: "  "}`, "legal_basis.report: must be a text"},
		{"null text", "legal_basis: {report: null}", "legal_basis.report: must be a text"},
		{"tag", "four_eyes: !!str true", "must be true or false"},
		{"alias", "opens_on: *day", "opens_on"},
		{"which entry of a list", "reminders_days_before: [30, soon]", "reminders_days_before[2]"},
		{"which entry of attachments", "attachments: [{kind: charter}, {kind: other, max_files: 0}]", "attachments[2].max_files"},
		{"attachment twice", "attachments: [{kind: other}, {kind: other}]", `kind "other" is given twice`},
		{"attachment without a kind", "attachments: [{required: true}]", "attachments[1].kind: is missing"},
		{"attachment larger than is taken", "attachments: [{kind: other, max_bytes: 104857601}]", "from 1 to 104857600"},
		{"sponsor without a day", "sponsor_step: {}", "sponsor_step.due_on: must lie between"},
		{"sponsor before the opening", "sponsor_step: {due_on: 2019-01-13}", "must lie between opens_on and due_on"},
		{"outcome twice", "conclusion: {issue_for: [pass, pass]}", `"pass" is given twice`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readRules(t, seasonFile(tt.line))
			var refused *FileError
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v\nwant %q", err, tt.want)
			}
		})
	}
}

func TestReadingFailsWithTheReader(t *testing.T) {
	broken := errors.New("the disk is gone")
	_, err := ReadRules(failing{broken}, nil)
	var refused *FileError
	if !errors.Is(err, broken) || errors.As(err, &refused) {
		t.Errorf("a failed reading is not the file's fault: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestDiffNamesEachLeafOnce(t *testing.T) {
	for _, tt := range []struct {
		name, before, after string
		want                []string
	}{
		{"nothing", `{"a": 1, "b": {"c": [1, 2]}}`, `{"b": {"c": [1,2]}, "a": 1}`, nil},
		{"a text", `{"a": "x"}`, `{"a": "y"}`, []string{"a: x → y"}},
		{"inside", `{"late": {"penalty_case": true, "spot_check_list": true}}`, `{"late": {"penalty_case": false, "spot_check_list": true}}`,
			[]string{"late.penalty_case: true → false"}},
		{"added and gone, in order", `{"b": 1, "a": 1}`, `{"c": 1, "a": 2}`, []string{"a: 1 → 2", "b: 1 → (none)", "c: (none) → 1"}},
		{"null to a day", `{"late_filing_until": null}`, `{"late_filing_until": "2019-06-30"}`, []string{"late_filing_until: null → 2019-06-30"}},
		{"a list whole", `{"types": ["service"]}`, `{"types": ["service", "foundation"]}`, []string{`types: ["service"] → ["service","foundation"]`}},
		{"a mapping for null", `{"sponsor_step": null}`, `{"sponsor_step": {"due_on": "2019-03-01"}}`,
			[]string{"sponsor_step: null → (none)", "sponsor_step.due_on: (none) → 2019-03-01"}},
	} {
		got, err := diffJSON([]byte(tt.before), []byte(tt.after))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
	if _, err := diffJSON([]byte(`{}`), []byte(`[]`)); err == nil {
		t.Error("a list was compared as rules")
	}
}

// TestRulesSurviveStorage: rules drawn at random are the same after a round through season.spec, and so differ in nothing.
func TestRulesSurviveStorage(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 5))
	for range 200 {
		types := slices.Clone(registry.Types())
		dice.Shuffle(len(types), func(i, j int) { types[i], types[j] = types[j], types[i] })
		types = types[:1+dice.IntN(len(types))]
		r := mustRules(t, fmt.Sprintf("types: [%s]", joinWords(types)),
			fmt.Sprintf("review_window_working_days: %d", 1+dice.IntN(250)),
			fmt.Sprintf("four_eyes: %t", dice.IntN(2) == 0), fmt.Sprintf("due_rolls_to_working_day: %t", dice.IntN(2) == 0),
			fmt.Sprintf("regime: %s", []Regime{RegimeReport, RegimeInspection}[dice.IntN(2)]))
		spec, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		back, err := decodeRules(spec)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, back, sameDay); diff != "" {
			t.Fatalf("stored and read back:\n%s", diff)
		}
		again, err := json.Marshal(back)
		if err != nil {
			t.Fatal(err)
		}
		if changes, err := diffJSON(spec, again); err != nil || changes != nil {
			t.Fatalf("the same season differs from itself: %v, %v", changes, err)
		}
	}
}
