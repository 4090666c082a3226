package registry

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var levels = []Level{LevelMinistry, LevelProvince, LevelCity, LevelCounty}

func authorityAt(n int) string { return fmt.Sprintf("44%04d", n) }

// TestWhatIsPlacedStands draws stored hierarchies and files at random. Whatever is taken in, afterwards every parent is
// there and higher than its child, every number prefix is one authority's, and every row was taken or refused once.
func TestWhatIsPlacedStands(t *testing.T) {
	dice := rand.New(rand.NewPCG(44, 100))
	taken, refused := 0, 0
	for round := range 800 {
		stored := map[string]Authority{}
		for n := range 6 { // a parent comes before its child, so that what is stored stands
			a := Authority{Code: authorityAt(n), Name: fmt.Sprintf("机关%d", n), Level: levels[dice.IntN(4)], NumberPrefix: fmt.Sprintf("旧%d", n)}
			if parent := stored[authorityAt(dice.IntN(n+1))]; parent.Code != "" && parent.Level.rank() < a.Level.rank() {
				a.ParentCode = parent.Code
			}
			stored[a.Code] = a
		}
		file := &authorityFile{}
		for i, n := range dice.Perm(10)[:1+dice.IntN(9)] {
			a := Authority{Code: authorityAt(n), Name: fmt.Sprintf("新机关%d", n), Level: levels[dice.IntN(4)]}
			if dice.IntN(4) > 0 {
				a.ParentCode = authorityAt(dice.IntN(11)) // itself and an unknown one too
			}
			if dice.IntN(3) == 0 {
				a.NumberPrefix = fmt.Sprintf("旧%d", dice.IntN(8))
			}
			file.good = append(file.good, authorityRow{a, i + 2})
		}
		accepted, refusals := file.place(stored)
		taken, refused = taken+len(accepted), refused+len(refusals)
		rows := map[int]int{}
		for _, row := range accepted {
			rows[row.number]++
		}
		for _, r := range refusals {
			rows[r.Row]++
		}
		for _, row := range file.good {
			if rows[row.number] != 1 {
				t.Fatalf("round %d: row %d was answered %d times", round, row.number, rows[row.number])
			}
		}
		for _, a := range withPrefixes(accepted, stored) {
			stored[a.Code] = a
		}
		holders := map[string]string{}
		for _, code := range slices.Sorted(func(yield func(string) bool) {
			for code := range stored {
				if !yield(code) {
					return
				}
			}
		}) {
			a := stored[code]
			if a.ParentCode != "" {
				if parent, known := stored[a.ParentCode]; !known || parent.Level.rank() >= a.Level.rank() {
					t.Fatalf("round %d: %s (%s) stands under %s (%s, known %v)", round, a.Code, a.Level, a.ParentCode, parent.Level, known)
				}
			}
			if other := holders[a.NumberPrefix]; other != "" || a.NumberPrefix == "" {
				t.Fatalf("round %d: %s and %s both have the prefix %q", round, other, a.Code, a.NumberPrefix)
			}
			holders[a.NumberPrefix] = a.Code
		}
	}
	if taken < 1000 || refused < 1000 {
		t.Errorf("too dull: %d taken, %d refused", taken, refused)
	}
}

func TestPrefixesThatAreFree(t *testing.T) {
	row := func(code, name, prefix string) authorityRow {
		return authorityRow{Authority{Code: code, Name: name, Level: LevelCity, NumberPrefix: prefix}, 2}
	}
	stored := map[string]Authority{"440100": {Code: "440100", Name: "试验市民政局", Level: LevelCity, NumberPrefix: "试民社"}}
	var got []string
	for _, a := range withPrefixes([]authorityRow{
		row("440200", "试点市民政局", ""),   // 试民社 is taken
		row("440300", "试点市民政局", ""),   // and so is the longer one now
		row("440400", "东海市民政局", ""),   // its own
		row("440500", "东湖市民政局", ""),   // the shortest is taken by the row before
		row("440600", "东湖市民政局", "东社"), // what the file says stands
		row("440100", "试验市民政局", ""),   // unchanged: not written
	}, stored) {
		got = append(got, a.Code+" "+a.NumberPrefix)
	}
	want := []string{"440200 试点民社", "440300 试点市民社", "440400 东民社", "440500 东湖民社", "440600 东社"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
