package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// The parts of the API's answers that the replay looks at.
type (
	obligationAnswer struct {
		ReportYear int     `json:"report_year"`
		Status     string  `json:"status"`
		OpensOn    string  `json:"opens_on"`
		DueOn      string  `json:"due_on"`
		Overdue    bool    `json:"overdue"`
		Form       string  `json:"form"`
		ResubmitBy *string `json:"resubmit_by"`
	}
	reportAnswer struct {
		Status      string `json:"status"`
		Submissions []struct {
			SubmissionID string    `json:"submission_id"`
			ReceiptNo    string    `json:"receipt_no"`
			ReceivedAt   time.Time `json:"received_at"`
			Status       string    `json:"status"`
			ReviewDueOn  string    `json:"review_due_on"`
		} `json:"submissions"`
		Remarks    []struct{ Key, Text string } `json:"remarks"`
		Conclusion *conclusionAnswer            `json:"conclusion"`
	}
	conclusionAnswer struct {
		Number     string  `json:"number"`
		IssuedOn   string  `json:"issued_on"`
		URL        *string `json:"url"`
		VerifyCode string  `json:"verify_code"`
		SHA256     *string `json:"sha256"`
	}
	documentAnswer struct {
		ID         string  `json:"id"`
		Kind       string  `json:"kind"`
		Number     string  `json:"number"`
		URL        *string `json:"url"`
		SHA256     *string `json:"sha256"`
		VerifyCode string  `json:"verify_code"`
		Standing   string  `json:"standing"`
	}
	orgAnswer struct {
		USCC string `json:"uscc"`
		Name string `json:"name"`
		Type string `json:"type"`
	}
	matterAnswer struct {
		ID             string           `json:"id"`
		Organisation   orgAnswer        `json:"organisation"`
		Status         string           `json:"status"`
		ServedOn       *string          `json:"served_on"`
		StatementDueOn *string          `json:"statement_due_on"`
		ListedOn       *string          `json:"listed_on"`
		EndedOn        *string          `json:"ended_on"`
		Documents      []documentAnswer `json:"documents"`
	}
	listAnswer struct {
		Organisation orgAnswer `json:"organisation"`
		ListedOn     string    `json:"listed_on"`
		EndedOn      *string   `json:"ended_on"`
	}
	eventAnswer struct {
		Position     int64          `json:"position"`
		Kind         string         `json:"kind"`
		Organisation *orgAnswer     `json:"organisation"`
		Data         map[string]any `json:"data"`
	}
)

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// compare wants every organisation to have ended as the model says; it shows plan and both views of those that did not.
func (r *replay) compare() map[string]view {
	r.t.Helper()
	expected, mails, receivers := map[string]view{}, 0, 0
	for _, p := range r.plans {
		v := expect(p)
		expected[p.org.uscc] = v
		for _, n := range v.Mails {
			mails += n
		}
		receivers += min(1, len(v.Mails))
	}
	if err := r.settle(mails); err != nil {
		r.t.Error(err)
	}
	if n := r.mail.addresses(); n != receivers {
		r.t.Errorf("%d addresses got mail, the model wants %d", n, receivers)
	}
	events := r.publicEvents()
	spots := r.spotChecks()
	views := make([]view, len(r.plans))
	err := each(len(r.plans), 4, func(i int) error {
		uscc := r.plans[i].org.uscc
		var err error
		views[i], err = r.observe(r.t.Context(), r.plans[i])
		views[i].Events, views[i].SpotCheck = events[uscc], spots[uscc]
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	actual, shown, tally := map[string]view{}, 0, map[string]int{}
	for i, p := range r.plans {
		actual[p.org.uscc] = views[i]
		views[i].count(tally)
		diff := cmp.Diff(expected[p.org.uscc], views[i], cmpopts.EquateEmpty())
		if diff == "" {
			continue
		}
		if shown++; shown <= 10 {
			r.t.Errorf("%s\n(-model +system)\n%s", p, diff)
		}
	}
	if shown > 0 {
		r.t.Errorf("%d of %d organisations ended otherwise than the model says", shown, len(r.plans))
	}
	r.t.Logf("ends: %v", tally)
	return actual
}

// count sums up how a filing ended, for the log of a run.
func (v view) count(tally map[string]int) {
	tally["obligations "+v.Status]++
	tally["submissions"] += len(v.Submissions)
	for _, m := range v.Matters {
		tally["matters "+m.Status]++
	}
	for kind, n := range v.Documents {
		tally["documents "+kind] += n
	}
}

// settle waits until what follows in the background is done: mails sent, documents made. The views say the rest.
func (r *replay) settle(mails int) error {
	return eventually(2*time.Minute, func() error {
		if got := r.mail.received(); got < mails {
			return fmt.Errorf("%d mails were sent, the model wants %d", got, mails)
		}
		documents, err := pages[documentAnswer](r.t.Context(), r.reviewers[0], "/documents")
		if err != nil {
			return err
		}
		for _, d := range documents {
			if d.URL == nil {
				return fmt.Errorf("%s %s was not made", d.Kind, d.Number)
			}
		}
		return nil
	})
}

// observe is the system's view of an organisation, as its own caller sees it.
func (r *replay) observe(ctx context.Context, p *plan) (view, error) {
	filer := r.people[p.org.uscc]
	v := view{Documents: map[string]int{}, Mails: r.mail.to(p.org.email)}
	obligations, err := pages[obligationAnswer](ctx, filer.caller, "/obligations")
	if err != nil {
		return v, err
	}
	if len(obligations) == 0 {
		return v, nil
	}
	o := obligations[0]
	if len(obligations) > 1 || o.ReportYear != 2018 || o.OpensOn != opens.String() || o.DueOn != due.String() || o.Form != p.org.kind+"-2004" {
		return v, fmt.Errorf("%s: obligations %+v", p.org.uscc, obligations)
	}
	v.Status, v.Overdue, v.ResubmitBy = o.Status, o.Overdue, text(o.ResubmitBy)
	if err := r.observeReport(ctx, filer, &v); err != nil {
		return v, err
	}
	matters, err := pages[matterAnswer](ctx, filer.caller, "/listings")
	if err != nil {
		return v, err
	}
	slices.SortFunc(matters, func(a, b matterAnswer) int { return strings.Compare(a.ID, b.ID) })
	for _, m := range matters {
		v.Matters = append(v.Matters, matterView{m.Status, text(m.ServedOn), text(m.StatementDueOn), text(m.ListedOn), text(m.EndedOn)})
	}
	documents, err := pages[documentAnswer](ctx, filer.caller, "/documents")
	for _, d := range documents {
		v.Documents[d.Kind]++
	}
	return v, err
}

func (r *replay) observeReport(ctx context.Context, filer *person, v *view) error {
	var report reportAnswer
	if err := filer.get(ctx, "/reports/2018", &report); err != nil {
		return err
	}
	if report.Status != v.Status {
		return fmt.Errorf("the report is %s, the obligation %s", report.Status, v.Status)
	}
	for i, s := range report.Submissions {
		v.Submissions = append(v.Submissions, submissionView{s.ReceivedAt.In(china).Format(time.DateOnly), s.ReviewDueOn, s.Status})
		if s.ReceiptNo != filer.submissions[i].taken.ReceiptNo || s.SubmissionID != filer.submissions[i].taken.SubmissionID {
			return fmt.Errorf("submission %d is %s, its receipt said %s", i+1, s.ReceiptNo, filer.submissions[i].taken.ReceiptNo)
		}
	}
	if report.Conclusion != nil {
		v.Conclusion = report.Conclusion.IssuedOn
	}
	if (len(report.Remarks) > 0) != (v.Status == "returned") {
		return fmt.Errorf("a report that is %s has %d remarks", v.Status, len(report.Remarks))
	}
	if n := len(filer.submissions); n > 0 {
		last := filer.last()
		got, err := filer.call(ctx, http.MethodGet, "/reports/2018/submissions/"+last.taken.SubmissionID, nil)
		if err != nil || got.status != http.StatusOK || string(got.body) != string(last.body) {
			return fmt.Errorf("the stored body is not what was sent: %d %w", got.status, err)
		}
	}
	return nil
}

var china = time.FixedZone("CST", 8*60*60)
