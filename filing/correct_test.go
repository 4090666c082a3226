package filing

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/event"
)

func (w *world) correct(i int, key string, change func(*Correct)) (Receipt, error) {
	w.t.Helper()
	c := Correct{OrganisationID: w.orgs[i].ID, Year: 2018, Reason: "职工人数填错", Body: w.body(w.orgs[i], 2018, 2), IdempotencyKey: key, Actor: filer}
	if change != nil {
		change(&c)
	}
	return w.svc.Correct(w.ctx, c)
}

// TestWhichReportsAreCorrected goes through every status.
func TestWhichReportsAreCorrected(t *testing.T) {
	for _, tt := range []struct {
		status Status
		regime string
		code   string
	}{
		{StatusOpen, "annual_report", CodeNotAccepted}, {StatusSubmitted, "annual_report", CodeAlreadySubmitted},
		{StatusReturned, "annual_report", CodeNotAccepted}, {StatusUnqualified, "annual_report", CodeNotAccepted},
		{StatusExempt, "annual_report", CodeNotAccepted}, {StatusPassed, "annual_report", ""},
		{StatusQualified, "annual_inspection", ""}, {StatusBasicallyQualified, "annual_inspection", ""},
		{StatusUnqualified, "annual_inspection", CodeNotAccepted},
	} {
		t.Run(tt.regime+" "+string(tt.status), func(t *testing.T) {
			w := newWorld(t, "2019-03-20", 1)
			w.importSeason("regime: " + tt.regime)
			w.bring(0, tt.status)
			before := w.obligation(w.orgs[0])
			receipt, err := w.correct(0, "c", nil)
			if errorCode(err) != tt.code {
				t.Fatalf("%v, want %q", err, tt.code)
			}
			_, started := w.svc.StartCorrection(w.ctx, StartCorrection{w.orgs[0].ID, 2018, "数字有误", filer})
			if tt.code != "" {
				wantCode(t, started, 409, tt.code)
				if diff := cmp.Diff(before, w.obligation(w.orgs[0])); diff != "" {
					t.Errorf("a refused correction left something:\n%s", diff)
				}
				return
			}
			wantCode(t, started, 409, CodeCorrectionPending)
			after := w.obligation(w.orgs[0])
			before.CorrectionID, before.Submissions, before.Version, before.UpdatedAt = event.Ref(receipt.SubmissionID), 2, after.Version, after.UpdatedAt
			if diff := cmp.Diff(before, after); diff != "" {
				t.Errorf("more changed than the correction:\n%s", diff)
			}
			if receipt.ReceiptNo != "2018-0000002" || receipt.ReviewDueOn.Date.IsZero() {
				t.Errorf("receipt %+v", receipt)
			}
		})
	}
}

func TestCorrectionIsRefused(t *testing.T) {
	w := newWorld(t, "2019-03-20", 1)
	w.importSeason()
	w.importSeason("report_year: 2019", "registered_by: 2019-12-31", "opens_on: 2020-01-14", "due_on: 2020-03-31")
	w.bring(0, StatusPassed)
	for _, tt := range []struct {
		name   string
		change func(*Correct)
		status int
		code   string
	}{
		{"no reason", func(c *Correct) { c.Reason = "\t" }, 422, "reason_missing"},
		{"a reason too long", func(c *Correct) { c.Reason = strings.Repeat("长", MaxReason+1) }, 422, "text_too_long"},
		{"no key", func(c *Correct) { c.IdempotencyKey = "" }, 400, "bad_idempotency_key"},
		{"the same report", func(c *Correct) { c.Body = w.body(w.orgs[0], 2018, 1) }, 422, "nothing_corrected"},
		{"errors in the report", func(c *Correct) { c.Body = []byte(`{"values":{}}`) }, 422, "form_checks_failed"},
		{"no report", func(c *Correct) { c.Body = []byte(`{`) }, 400, "malformed_json"},
		{"another's", func(c *Correct) { c.OrganisationID = uuid.New() }, 404, "not_found"},
		{"a season to come", func(c *Correct) { c.Year = 2019; c.Body = w.body(w.orgs[0], 2019, 2) }, 409, CodeNotOpen},
	} {
		if _, err := w.correct(0, "c", tt.change); errorStatus(err) != tt.status || errorCode(err) != tt.code {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if n := w.count(`SELECT count(*) FROM submission WHERE kind = 'correction'`); n != 0 {
		t.Errorf("%d corrections stored", n)
	}
}

// TestCorrectionIsIdempotentByKey: the key stands for reason and report, and for one of a report no less.
func TestCorrectionIsIdempotentByKey(t *testing.T) {
	w := newWorld(t, "2019-03-20", 1)
	w.importSeason()
	w.bring(0, StatusPassed) // under the key "bring"
	first, err := w.correct(0, "k", nil)
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.correct(0, "k", nil)
	if diff := cmp.Diff(first, again); err != nil || diff != "" {
		t.Errorf("again: %v\n%s", err, diff)
	}
	for name, change := range map[string]func(*Correct){
		"another reason":       func(c *Correct) { c.Reason = "另有原因" },
		"another report":       func(c *Correct) { c.Body = w.body(w.orgs[0], 2018, 3) },
		"no reason at all":     func(c *Correct) { c.Reason = "" },
		"the report's own key": func(c *Correct) { c.IdempotencyKey, c.Body = "bring", w.body(w.orgs[0], 2018, 1) },
	} {
		_, err := w.correct(0, "k", change)
		wantCode(t, err, 422, "idempotency_conflict")
		_ = name
	}
	_, err = w.submit(w.orgs[0], "k")
	wantCode(t, err, 422, "idempotency_conflict")
	if _, err := w.conclude(first.SubmissionID, StatusPassed); err != nil {
		t.Fatal(err)
	}
	if last, err := w.correct(0, "k", nil); err != nil || last != first {
		t.Errorf("after it passed: %+v, %v", last, err)
	}
}

func TestCorrectionTellsItsSections(t *testing.T) {
	w := newWorld(t, "2019-03-20", 1)
	w.importSeason()
	w.bring(0, StatusPassed)
	accepted := w.body(w.orgs[0], 2018, 1)
	phone := w.orgs[0].ContactPhone
	changed := []byte(strings.ReplaceAll(string(accepted), phone, "02088886666"))
	receipt, err := w.correct(0, "c", func(c *Correct) { c.Body = changed })
	if err != nil {
		t.Fatal(err)
	}
	c, err := CorrectionOf(w.ctx, w.db, receipt.SubmissionID)
	if err != nil || len(c.Sections) != 1 || c.CorrectsID != w.obligation(w.orgs[0]).SubmissionID.UUID || c.Reason != "职工人数填错" {
		t.Fatalf("%+v, %v", c, err)
	}
	for _, section := range c.Sections {
		if strings.Contains(section, "8888") || section == "" {
			t.Errorf("section %q", section)
		}
	}
	if _, err := CorrectionOf(w.ctx, w.db, c.CorrectsID); errorCode(err) != "not_found" {
		t.Errorf("a report corrects nothing: %v", err)
	}
}

// TestManyCorrectAtOnce: of all who correct at once one is taken, gapless numbers behind it.
func TestManyCorrectAtOnce(t *testing.T) {
	w := newWorld(t, "2019-03-20", 1)
	w.importSeason()
	w.bring(0, StatusPassed)
	errs := make([]error, 6)
	var wait sync.WaitGroup
	for n := range errs {
		body := w.body(w.orgs[0], 2018, uint64(n+2))
		wait.Go(func() {
			_, errs[n] = w.svc.Correct(w.ctx, Correct{OrganisationID: w.orgs[0].ID, Year: 2018, Reason: "数字有误", Body: body,
				IdempotencyKey: string(rune('a' + n)), Actor: filer})
		})
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if code := errorCode(err); code != CodeCorrectionPending {
			t.Error(err)
		}
	}
	if n := w.count(`SELECT count(*) FROM submission_standing WHERE status = 'submitted'`); won != 1 || n != 1 {
		t.Errorf("%d taken, %d live", won, n)
	}
	if n := w.count(`SELECT last FROM counter WHERE kind = 'receipt'`); n != 2 {
		t.Errorf("receipt numbers up to %d", n)
	}
}

// TestCorrectionDecidedAndWithdrawnAtOnce: one of both comes off, and the report stands as accepted by the one that did.
func TestCorrectionDecidedAndWithdrawnAtOnce(t *testing.T) {
	w := newWorld(t, "2019-03-20", 5)
	w.importSeason()
	for i := range w.orgs {
		w.bring(i, StatusPassed)
		accepted := w.obligation(w.orgs[i]).SubmissionID.UUID
		receipt, err := w.correct(i, "c", nil)
		if err != nil {
			t.Fatal(err)
		}
		var wait sync.WaitGroup
		var decided, withdrawn, saved error
		wait.Go(func() { _, decided = w.conclude(receipt.SubmissionID, StatusPassed) })
		wait.Go(func() {
			_, withdrawn = w.svc.Withdraw(w.ctx, Withdraw{OrganisationID: w.orgs[i].ID, Year: 2018, Actor: filer})
		})
		wait.Go(func() {
			_, saved = w.svc.SaveDraft(w.ctx, SaveDraft{OrganisationID: w.orgs[i].ID, Year: 2018, Body: w.body(w.orgs[i], 2018, 4), Actor: filer})
		})
		wait.Wait()
		if (decided == nil) == (withdrawn == nil) {
			t.Fatalf("decided %v, withdrawn %v", decided, withdrawn)
		}
		want := accepted
		if decided == nil {
			want = receipt.SubmissionID
		}
		if o := w.obligation(w.orgs[i]); o.SubmissionID.UUID != want || o.CorrectionID.Valid || o.Status != StatusPassed {
			t.Errorf("decided %v: %+v", decided == nil, o)
		}
		if saved != nil && errorStatus(saved) != 409 && errorStatus(saved) != 412 {
			t.Error(saved)
		}
	}
}
