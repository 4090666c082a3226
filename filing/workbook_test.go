package filing

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/filing/form"
	"nianbao/filing/workbook"
)

// readingOf is a workbook, downloaded now, in which a field was changed.
func (w *world) readingOf(key string, value any) *workbook.Reading {
	w.t.Helper()
	r, _, err := w.svc.WorkbookOf(w.ctx, w.orgs[0].ID, 2018)
	if err != nil {
		w.t.Fatal(err)
	}
	base := map[string]string{}
	for _, f := range r.Form.ValueFields() {
		base[f.Key] = workbook.BaseDigest(r.Form, f, r.Values[f.Key])
	}
	return &workbook.Reading{Template: true, Base: base, Values: form.Values{key: value},
		Cells: []workbook.Cell{{Sheet: "表", Name: "A1", Path: key}}}
}

func (w *world) apply(r *workbook.Reading) (Draft, error) {
	return w.svc.ApplyWorkbook(w.ctx, ApplyWorkbook{OrganisationID: w.orgs[0].ID, Year: 2018, Reading: r, Actor: filer})
}

// Two people who apply different changes of the same draft at once both have
// theirs in it; two who changed the same field do not overwrite each other.
func TestWorkbooksAppliedAtOnce(t *testing.T) {
	w := newWorld(t, "2019-01-14", 1)
	w.importSeason()
	for _, c := range []struct {
		name string
		keys [2]string
		lost int
	}{{"different fields", [2]string{"bs_cash.closing", "bs_inventory.closing"}, 0}, {"the same field", [2]string{"bs_cash.opening", "bs_cash.opening"}, 1}} {
		t.Run(c.name, func(t *testing.T) {
			readings := []*workbook.Reading{w.readingOf(c.keys[0], int64(100)), w.readingOf(c.keys[1], int64(200))}
			errs := make([]error, len(readings))
			var wait sync.WaitGroup
			for i, r := range readings {
				wait.Go(func() { _, errs[i] = w.apply(r) })
			}
			wait.Wait()
			lost := 0
			for _, err := range errs {
				var refused *workbook.CellError
				if errors.As(err, &refused) && refused.Code() == workbook.CodeConflict {
					lost++
				} else if err != nil {
					t.Error(err)
				}
			}
			if lost != c.lost {
				t.Errorf("%d were refused, want %d", lost, c.lost)
			}
			r, _, err := w.svc.WorkbookOf(w.ctx, w.orgs[0].ID, 2018)
			if err != nil {
				t.Fatal(err)
			}
			if a, b := r.Values[c.keys[0]], r.Values[c.keys[1]]; c.lost == 0 && (a != int64(100) || b != int64(200)) || a == nil || b == nil {
				t.Errorf("the draft has %v and %v", a, b)
			}
		})
	}
}

func TestWorkbookIsRefusedLikeADraft(t *testing.T) {
	w := newWorld(t, "2019-01-14", 1)
	w.importSeason()
	r := w.readingOf("bs_cash.closing", int64(100))
	w.mustSubmit(w.orgs[0], "k")
	_, err := w.apply(r)
	wantCode(t, err, 409, CodeAlreadySubmitted)
	_, _, err = w.svc.WorkbookOf(w.ctx, w.orgs[0].ID, 2011)
	wantCode(t, err, 404, "not_found")
}

// An upload waits for its own person, in the place of the earlier one, for a day.
func TestUploads(t *testing.T) {
	w := newWorld(t, "2019-01-14", 1)
	w.importSeason()
	obligation, one, two := w.obligation(w.orgs[0]).ID, uuid.New(), uuid.New()
	keep := func(person uuid.UUID, name string) {
		t.Helper()
		if err := KeepUpload(w.ctx, w.db, Upload{ObligationID: obligation, PersonID: person, FileName: name, Reading: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
	}
	name := func(person uuid.UUID) string {
		t.Helper()
		u, err := UploadOf(w.ctx, w.db, obligation, person)
		if errors.Is(err, ErrNotFound) {
			return ""
		}
		if err != nil {
			t.Fatal(err)
		}
		return u.FileName
	}
	keep(one, "a")
	keep(two, "b")
	keep(one, "c")
	if name(one) != "c" || name(two) != "b" {
		t.Errorf("uploads %q and %q", name(one), name(two))
	}
	if err := DropUpload(w.ctx, w.db, obligation, two); err != nil || name(two) != "" {
		t.Errorf("dropped: %q, %v", name(two), err)
	}
	w.clock.Set(noon("2019-01-14").Add(UploadAge + time.Minute))
	if name(one) != "" {
		t.Error("an upload of yesterday is still there")
	}
	keep(two, "d")
	if n := w.count(`SELECT count(*) FROM workbook_upload`); n != 1 {
		t.Errorf("%d rows are kept", n)
	}
}
