package filing

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/uuid"

	"nianbao/filing/form"
)

func TestPrefillStartsFromTheRegisterAndLastYear(t *testing.T) {
	w := newWorld(t, "2019-01-20", 2)
	w.importSeason()
	if _, err := w.svc.OpenSeasons(w.ctx, w.db.Now()); err != nil {
		t.Fatal(err)
	}
	org := w.orgs[1]
	prior := w.body(org, 2017, 7)
	w.exec(`INSERT INTO accepted_report (organisation_id, report_year, form, body, accepted_at) VALUES ($1, 2017, $2, $3, now())`,
		org.ID, defaultForms[org.Type], string(prior))

	body, err := w.svc.Prefill(w.ctx, org.ID, 2018)
	if err != nil {
		t.Fatal(err)
	}
	f, err := w.svc.forms.Form(defaultForms[org.Type])
	if err != nil {
		t.Fatal(err)
	}
	decode := func(raw []byte) form.Values {
		t.Helper()
		decoded, problems, err := f.Decode(raw, form.DefaultLimits)
		if err != nil || len(problems) > 0 {
			t.Fatalf("decode: %v, %v", err, problems)
		}
		return decoded.Values
	}
	values, before := decode(body), decode(prior)
	if values["name"] != org.Name || values["uscc"] != string(org.USCC) {
		t.Errorf("prefilled %v %v, want the register's", values["uscc"], values["name"])
	}
	if values["postcode"] != org.Postcode {
		t.Errorf("prefilled postcode %v, want the register's %s", values["postcode"], org.Postcode)
	}
	if got, want := values["bs_cash.opening"], before["bs_cash.closing"]; got != want || want == nil {
		t.Errorf("opening cash %v, want last year's closing %v", got, want)
	}
	if draft, err := w.svc.Draft(w.ctx, org.ID, 2018); err != nil || draft.Version != 0 {
		t.Errorf("draft version %d, %v: a prefill stores nothing", draft.Version, err)
	}
	again, err := w.svc.Prefill(w.ctx, org.ID, 2018)
	if err != nil || !bytes.Equal(again, body) {
		t.Errorf("the second prefill differs (%v)", err)
	}
}

func TestPrefillIsRefusedLikeTheDraft(t *testing.T) {
	w := newWorld(t, "2019-01-05", 1)
	w.importSeason()
	_, err := w.svc.Prefill(w.ctx, w.orgs[0].ID, 2018)
	wantCode(t, err, 409, CodeNotOpen)
	if _, err := w.svc.Prefill(w.ctx, w.orgs[0].ID, 2001); !errors.Is(err, ErrNotFound) {
		t.Errorf("another year: %v", err)
	}
	if _, err := w.svc.Prefill(w.ctx, uuid.New(), 2018); !errors.Is(err, ErrNotFound) {
		t.Errorf("another organisation: %v", err)
	}
}
