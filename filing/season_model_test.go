package filing

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// duty is what the model says of one organisation: nil before it was ever bound.
type duty struct {
	owed bool // else exempt by rule
	due  workday.Date
}

// rule is a season as the model holds it.
type rule struct {
	types        map[registry.Type]bool
	registeredBy workday.Date
	due          workday.Date
}

// expect brings one organisation's duty in line with the rule, by the words of the contract: who is bound owes by the
// season's due day; who was bound and is not any more owes nothing; who was never bound has no obligation.
func (r rule) expect(org registry.Organisation, before *duty) *duty {
	binds := r.types[org.Type] && org.Status == registry.StatusActive && !org.RegisteredOn.After(r.registeredBy)
	switch {
	case binds:
		return &duty{owed: true, due: r.due}
	case before == nil:
		return nil
	}
	return &duty{owed: false, due: before.due}
}

// TestObligationsFollowTheRule plays a register and a season that keep changing against a model: after each change the
// obligations are exactly those that the rule gives, and doing it again changes nothing.
func TestObligationsFollowTheRule(t *testing.T) {
	w := newWorld(t, "2019-01-14", 12)
	dice := rand.New(rand.NewPCG(2019, 114))
	r := rule{types: map[registry.Type]bool{}, registeredBy: day("2018-12-31"), due: day("2019-03-31")}
	for _, typ := range registry.Types() {
		r.types[typ] = true
	}
	w.orgs[0].RegisteredOn = r.registeredBy // the last day that binds
	w.exec(`UPDATE organisation SET registered_on = $2 WHERE id = $1`, w.orgs[0].ID, r.registeredBy)
	duties := make([]*duty, 0, 40)
	for step := range 24 {
		what := w.change(dice, &r)
		w.importSeason(r.lines()...)
		w.openSeasons()
		for len(duties) < len(w.orgs) {
			duties = append(duties, nil)
		}
		for i, org := range w.orgs {
			duties[i] = r.expect(org, duties[i])
			if err := w.compare(org, duties[i]); err != nil {
				t.Fatalf("step %d, after %s: %v", step, what, err)
			}
		}
		events := w.count(`SELECT count(*) FROM event`)
		if again := w.openSeasons(); again.Total() != 0 || w.count(`SELECT count(*) FROM event`) != events {
			t.Fatalf("step %d, after %s: again it does %s", step, what, again)
		}
	}
	if open := w.count(`SELECT count(*) FROM obligation WHERE status = 'open' AND (overdue_after <> due_on OR exempt_reason <> '')`); open != 0 {
		t.Errorf("%d open obligations with the traces of an exemption", open)
	}
}

// change alters the register or the rule at random and says what it did.
func (w *world) change(dice *rand.Rand, r *rule) string {
	org := &w.orgs[dice.IntN(len(w.orgs))]
	switch dice.IntN(6) {
	case 0:
		org.Status = []registry.Status{registry.StatusActive, registry.StatusDeregistered, registry.StatusRevoked}[dice.IntN(3)]
		w.exec(`UPDATE organisation SET status = $2 WHERE id = $1`, org.ID, org.Status)
		return fmt.Sprintf("%s is %s", org.Name, org.Status)
	case 1:
		org.RegisteredOn = r.registeredBy.AddDays(dice.IntN(3) - 1) // about the border
		w.exec(`UPDATE organisation SET registered_on = $2 WHERE id = $1`, org.ID, org.RegisteredOn)
		return fmt.Sprintf("%s is registered on %s", org.Name, org.RegisteredOn)
	case 2:
		w.addOrganisations(1+dice.IntN(2), dice.Uint64())
		return "new organisations"
	case 3:
		r.registeredBy = day("2018-12-28").AddDays(dice.IntN(10))
		return fmt.Sprintf("registered by %s", r.registeredBy)
	case 4:
		r.due = day("2019-03-31").AddDays(dice.IntN(60))
		return fmt.Sprintf("due on %s", r.due)
	}
	typ := registry.Types()[1+dice.IntN(2)] // associations stay, so that the season is known again by its types
	r.types[typ] = !r.types[typ]
	return fmt.Sprintf("%s: %v", typ, r.types[typ])
}

// lines are the season file of the rule.
func (r rule) lines() []string {
	var types []string
	for _, typ := range slices.Sorted(maps.Keys(r.types)) {
		if r.types[typ] {
			types = append(types, string(typ))
		}
	}
	return []string{"types: [" + strings.Join(types, ", ") + "]", "registered_by: " + r.registeredBy.String(), "due_on: " + r.due.String()}
}

func (w *world) compare(org registry.Organisation, want *duty) error {
	w.t.Helper()
	list, err := ObligationsOf(w.ctx, w.db, org.ID)
	if err != nil {
		return err
	}
	switch {
	case want == nil && len(list) == 0:
		return nil
	case want == nil || len(list) != 1:
		return fmt.Errorf("%s (%s, %s, %s) has %d obligations", org.Name, org.Type, org.Status, org.RegisteredOn, len(list))
	}
	o := list[0]
	if (o.Status == StatusOpen) != want.owed || o.Status != StatusOpen && o.Status != StatusExempt {
		return fmt.Errorf("%s (%s, %s, %s) is %s, owed is %v", org.Name, org.Type, org.Status, org.RegisteredOn, o.Status, want.owed)
	}
	if want.owed && (o.DueOn != want.due || o.OverdueAfter != want.due) || !want.owed && (!o.OverdueAfter.IsZero() || !o.ExemptByRule || o.ExemptReason == "") {
		return fmt.Errorf("%s: due on %s, overdue after %s, want %s; exempt %q", org.Name, o.DueOn, o.OverdueAfter, want.due, o.ExemptReason)
	}
	return nil
}

// TestOneBrokenSeasonDoesNotStopTheOthers: what cannot be read is named, the rest opens.
func TestOneBrokenSeasonDoesNotStopTheOthers(t *testing.T) {
	w := newWorld(t, "2019-01-10", 4)
	w.importSeason("types: [association]")
	w.importSeason("types: [service]")
	w.exec(`UPDATE season SET due_on = '2019-01-14' WHERE id = (SELECT season_id FROM season_type WHERE type = 'association')`)
	w.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full'; END $$`)
	w.exec(`CREATE TRIGGER refuse BEFORE INSERT ON obligation FOR EACH ROW WHEN (NEW.type = 'association') EXECUTE FUNCTION refuse()`)
	w.at("2019-01-14")
	summary, err := w.svc.OpenSeasons(w.ctx, w.db.Now())
	if err == nil || !strings.Contains(err.Error(), "open season 2018 of 440100") || !strings.Contains(err.Error(), "disk full") {
		t.Errorf("error %v", err)
	}
	if summary.Seasons != 2 || summary.Failed != 1 || summary.Opened != 1 || summary.Created == 0 || !strings.HasSuffix(summary.String(), "1 seasons failed") {
		t.Errorf("summary %s", summary)
	}
	if n := w.count(`SELECT count(*) FROM season WHERE state = 'open'`); n != 1 {
		t.Errorf("%d seasons open: the failed one must not be half open", n)
	}
	w.exec(`DROP TRIGGER refuse ON obligation`)
	if healed := w.openSeasons(); healed.Opened != 1 || healed.Failed != 0 {
		t.Errorf("next time: %s", healed)
	}
}
