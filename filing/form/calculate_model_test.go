package form

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCalculateAgreesWithTheFormulas fills the leaves of each form at random and holds every computed figure against
// its formula, read again from the definition; what is computed is never taken from what was typed.
func TestCalculateAgreesWithTheFormulas(t *testing.T) {
	dice := rand.New(rand.NewPCG(17, 19))
	for _, code := range []string{"association-2004", "service-2004", "foundation-2004"} {
		f := defaultForm(t, code)
		for range 15 {
			given := Values{}
			for _, field := range f.ValueFields() {
				if _, number := field.FormatInt(0); number && dice.IntN(3) > 0 {
					given[field.Key] = dice.Int64N(2_000_000) - 500_000 // computed ones too: they must not count
				}
			}
			got := f.Calculate(given)
			checked := 0
			for _, field := range f.ValueFields() {
				if !field.Computed() {
					if diff := cmp.Diff(given[field.Key], got[field.Key]); diff != "" {
						t.Fatalf("%s: %s is no computed figure and changed: %s", code, field.Key, diff)
					}
					continue
				}
				checked++
				want, filled := sumOf(field, got)
				value, there := got.Int(field.Key)
				if there != filled || there && value != want {
					t.Fatalf("%s: %s = %d (%v), its formula gives %d (%v)", code, field.Key, value, there, want, filled)
				}
			}
			if checked < 60 {
				t.Fatalf("%s: only %d figures checked", code, checked)
			}
			if diff := cmp.Diff(got, f.Calculate(got)); diff != "" {
				t.Fatalf("%s: calculating again changes: %s", code, diff)
			}
		}
	}
}

// sumOf works a formula out from finished values, one level deep.
func sumOf(field *Field, values Values) (total int64, filled bool) {
	for _, term := range field.Terms() {
		n, there := values.Int(term.Field.Key)
		total += term.Sign * n
		filled = filled || there
	}
	if field.Divisor() == nil || !filled {
		return total, filled
	}
	whole, there := values.Int(field.Divisor().Key)
	return ratio(total, whole), there
}

// TestPruneIsStable: what is left after pruning is asked for, and pruning again takes nothing more of it.
func TestPruneIsStable(t *testing.T) {
	for _, c := range sampleCases() {
		f := defaultForm(t, c.form)
		full := f.Sample(c.options)
		for _, context := range []Context{{}, {FirstYear: true}, {PartySection: true}, {true, true}} {
			left := f.Prune(full, context)
			if diff := cmp.Diff(left, f.Prune(left, context)); diff != "" {
				t.Errorf("%s %+v: pruned twice:\n%s", c.name, context, diff)
			}
			for key := range left {
				if field, ok := f.Field(key); !ok || !field.When.InContext(context) || !field.Section.When.InContext(context) {
					t.Errorf("%s %+v: %s is still there", c.name, context, key)
				}
				if _, before := full[key]; !before {
					t.Errorf("%s: %s came out of nothing", c.name, key)
				}
			}
			if raw, err := f.Encode(left); err != nil {
				t.Errorf("%s: %v", c.name, err)
			} else if _, problems, err := f.Decode(raw, DefaultLimits); err != nil || len(problems) > 0 {
				t.Errorf("%s: %v, %v", c.name, problems, err)
			}
		}
	}
}
