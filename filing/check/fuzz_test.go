package check

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"nianbao/filing/form"
	"nianbao/internal/workday"
)

// sound fails where a run gives an error or a finding that is not fit to be shown.
func sound(t *testing.T, checks *Set, in Input) {
	t.Helper()
	findings, err := checks.Run(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Check == "" || f.Message == "" || f.Remedy == "" || f.Basis == "" || len(f.Keys) == 0 {
			t.Fatalf("finding is not complete: %+v", f)
		}
		if f.Severity != Error && f.Severity != Warning {
			t.Fatalf("severity %q", f.Severity)
		}
	}
}

// FuzzRunBody decodes whatever comes and runs all checks on it.
func FuzzRunBody(f *testing.F) {
	checks, forms := defaults(f)
	codes := forms.Codes()
	for i := range codes {
		raw, err := os.ReadFile("testdata/base-" + codes[i] + ".json")
		if err != nil {
			f.Fatal(err)
		}
		var b map[string]json.RawMessage
		if err := json.Unmarshal(raw, &b); err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), []byte(`{"values":`+string(b["values"])+`}`))
	}
	f.Add(uint8(0), []byte(`{"values":{}}`))
	f.Add(uint8(1), []byte(`{"values":{"bs_cash.closing":"9999999999999.99","bs_inventory.closing":"-0.01"}}`))
	f.Add(uint8(2), []byte(`{"values":{"council_meeting":[{},{"date":"2018-01-01"}],"x":1}}`))
	f.Fuzz(func(t *testing.T, n uint8, raw []byte) {
		fm, err := forms.Form(codes[int(n)%len(codes)])
		if err != nil {
			t.Fatal(err)
		}
		body, problems, err := fm.Decode(raw, form.DefaultLimits)
		if err != nil {
			return
		}
		sound(t, checks, Input{
			Form: fm, Values: body.Values, Problems: problems, Prior: body.Values,
			ReportYear: 2018, Today: workday.NewDate(2019, 2, 1), Context: form.Context{PartySection: n > 127},
		})
	})
}

// FuzzRunValues puts values of any type and size where they do not belong: the
// values that a run is given need not come from Decode.
func FuzzRunValues(f *testing.F) {
	checks, forms := defaults(f)
	codes := forms.Codes()
	bases := map[string]Input{}
	for _, code := range codes {
		bases[code] = readBase(f, code).input(f, forms)
	}
	for seed := range uint64(40) {
		f.Add(seed, uint16(seed*17))
	}
	f.Fuzz(func(t *testing.T, seed uint64, changes uint16) {
		r := rand.New(rand.NewPCG(seed, 1))
		in := bases[codes[seed%uint64(len(codes))]]
		in.Values, in.Prior = maps.Clone(in.Values), maps.Clone(in.Prior)
		keys := slices.Sorted(maps.Keys(in.Values))
		for range changes % 200 {
			key := keys[r.IntN(len(keys))]
			switch r.IntN(12) {
			case 0:
				delete(in.Values, key)
			case 1:
				in.Prior[key] = anyValue(r)
			default:
				in.Values[key] = anyValue(r)
			}
		}
		in.ReportYear = r.IntN(4000)
		in.Today = workday.Date{}
		if r.IntN(2) == 0 {
			in.Organisation = Facts{}
		}
		sound(t, checks, in)
	})
}

func anyValue(r *rand.Rand) any {
	switch r.IntN(11) {
	case 0:
		return nil
	case 1:
		return int64(r.Uint64()) // #nosec: any bits are wanted
	case 2:
		return int64(0)
	case 3:
		return r.Int64N(1_000_000)
	case 4:
		return strings.Repeat("张、", r.IntN(200))
	case 5:
		return "9999-99-99"
	case 6:
		return []string{"x", "other"}
	case 7:
		return []map[string]any{{"amount": int64(r.Uint64()), "received": "x"}, nil, {"date": "0000-00-00", "directors_present": "无"}}
	case 8:
		return map[string]any{"status": "done", "approved_on": "x", "changed": "yes"}
	case 9:
		return 1.5
	default:
		return "yes"
	}
}
