package filing

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDraftMarks: what people did with a draft stands beside its body, adds up, and never falls away.
func TestDraftMarks(t *testing.T) {
	w := newWorld(t, "2019-01-14", 2)
	w.importSeason()
	org := w.orgs[0]
	const body = `{"values": {"name": "示例", "phone": "020-1"}}`
	save := func(d SaveDraft) {
		t.Helper()
		d.OrganisationID, d.Year, d.Actor = org.ID, 2018, filer
		saved, err := w.svc.SaveDraft(w.ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := w.svc.Draft(w.ctx, org.ID, 2018)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(saved, stored); diff != "" {
			t.Errorf("saved and stored differ (-saved +stored):\n%s", diff)
		}
	}
	want := func(settled, sections []string) {
		t.Helper()
		d, err := w.svc.Draft(w.ctx, org.ID, 2018)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(settled, []string(d.Settled)); diff != "" {
			t.Errorf("settled (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff(sections, []string(d.SavedSections)); diff != "" {
			t.Errorf("sections (-want +got):\n%s", diff)
		}
		if d.Submitted {
			t.Error("nothing was submitted")
		}
	}
	save(SaveDraft{Body: []byte(body), Settled: []string{}})
	want([]string{}, []string{})
	save(SaveDraft{Body: []byte(body), Settled: []string{"phone", "bank"}, Section: "basics"})
	want([]string{"bank", "phone"}, []string{"basics"})
	save(SaveDraft{Body: []byte(body), Settled: []string{"phone"}, Section: "basics"})
	want([]string{"bank", "phone"}, []string{"basics"})
	save(SaveDraft{Body: []byte(body)}) // a program stands for all that it sends
	want([]string{"bank", "name", "phone"}, []string{"basics"})

	if _, err := w.submit(org, "k1"); err != nil {
		t.Fatal(err)
	}
	if d, err := w.svc.Draft(w.ctx, org.ID, 2018); err != nil || !d.Submitted {
		t.Errorf("after submitting: %+v, %v", d.Submitted, err)
	}
}
