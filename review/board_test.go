package review

import (
	"testing"

	"nianbao/filing"
	"nianbao/internal/registry"
)

// TestBoard counts a season with a report in each state.
func TestBoard(t *testing.T) {
	w := newWorld(t, "2019-03-01", 9) // three of each type, in rotation
	for i, act := range []string{"pass", "return", "unqualified"} {
		must(t, acts[act](w, w.submit(w.orgs[i]), first))
	}
	w.submit(w.orgs[3])
	_, err := w.filing.Exempt(w.ctx, filing.Exempt{AuthorityCode: authority, ObligationID: w.obligation(w.orgs[4]).ID, Reason: "已并入。", Actor: filer})
	must(t, err)
	season, err := filing.SeasonFor(w.ctx, w.db, authority, 2018, registry.TypeAssociation)
	must(t, err)
	for day, want := range map[string]struct{ overdue, windowsOver int }{
		"2019-03-15": {0, 0}, // the last day of the window
		"2019-03-16": {0, 1},
		"2019-03-31": {0, 1}, // the due day
		"2019-04-01": {5, 1}, // four open, one returned
	} {
		w.at(day)
		b, err := w.svc.BoardOf(w.ctx, season)
		must(t, err)
		overdue := 0
		for _, n := range b.Overdue {
			overdue += n
		}
		if overdue != want.overdue || b.WindowsOver != want.windowsOver || b.UnderReview != 1 {
			t.Errorf("%s: %d overdue, %d windows over, %d under review", day, overdue, b.WindowsOver, b.UnderReview)
		}
		if b.Standing() != 3 || b.Concluded() != 2 || b.Bound(registry.TypeAssociation) != 3 || b.Bound(registry.TypeService) != 2 {
			t.Errorf("%s: %+v", day, b.Obligations)
		}
	}
}
