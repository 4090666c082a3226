package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// do does one act of the i-th plan over the API.
func (r *replay) do(ctx context.Context, i int, a act) error {
	p := r.plans[i]
	filer, reviewer := r.people[p.org.uscc], r.reviewers[i%len(r.reviewers)]
	switch a.do {
	case submits:
		return r.submit(ctx, p, filer, a)
	case submitsAgain:
		return r.submitAgain(ctx, filer)
	case withdraws:
		return filer.post(ctx, "/reports/2018/withdrawal", nil, http.StatusOK, nil)
	case claims:
		return reviewer.post(ctx, "/reviews/"+filer.last().taken.SubmissionID+"/claim", nil, http.StatusOK, nil)
	case decides:
		return r.decide(ctx, filer, reviewer, a)
	case answers:
		return r.onMatter(ctx, filer, "notified", func(id string) error {
			return filer.post(ctx, "/listings/"+id+"/statement", map[string]string{"text": "因搬迁未收到通知，请予考虑。"}, http.StatusCreated, nil)
		})
	case applies:
		return r.onMatter(ctx, filer, "listed", func(id string) error {
			return filer.post(ctx, "/listings/"+id+"/removal-application", map[string]string{"text": "已补报年度报告，申请移出。"}, http.StatusCreated, nil)
		})
	case serves:
		return r.onMatter(ctx, filer, "notified", func(id string) error {
			return reviewer.post(ctx, "/listings/"+id+"/service", map[string]string{
				"how": "post", "served_on": a.servedOn.String(), "proof": "邮政回执"}, http.StatusOK, nil)
		})
	case decidesListing:
		return r.onMatter(ctx, filer, "notified", func(id string) error {
			return reviewer.post(ctx, "/listings/"+id+"/decision", map[string]string{"outcome": a.word, "reason": "经审查作出本决定。"}, http.StatusOK, nil)
		})
	case decidesRemoval:
		return r.onMatter(ctx, filer, "listed", func(id string) error {
			return reviewer.post(ctx, "/listings/"+id+"/removal", map[string]string{"outcome": a.word, "reason": "经核实作出本决定。"}, http.StatusOK, nil)
		})
	}
	return fmt.Errorf("no such act: %s", a.do)
}

func (p *person) last() submitted { return p.submissions[len(p.submissions)-1] }

// submit sends a new report under a new key; what was taken is remembered.
func (r *replay) submit(ctx context.Context, p *plan, filer *person, a act) error {
	body, err := sampleReport(p.org, len(filer.submissions)+1)
	if err != nil {
		return err
	}
	s := submitted{at: moment{a.on, a.at}.instant(), key: fmt.Sprintf("%s-%s", a.on, slotTimes[a.at]), body: body}
	got, err := filer.call(ctx, http.MethodPost, "/reports/2018/submissions", body, "Idempotency-Key", s.key)
	if err != nil {
		return err
	}
	if a.refused != "" {
		if refusal := fmt.Sprintf("%d %s", got.status, got.problem()); !strings.HasPrefix(refusal, a.refused) {
			return fmt.Errorf("%s: %s, want %s: %s", got.call, refusal, a.refused, got.body)
		}
		return nil
	}
	if err := got.want(http.StatusCreated, &s.taken); err != nil {
		return err
	}
	if want := a.on.plus(reviewWindow).String(); s.taken.ReviewDueOn != want {
		return fmt.Errorf("review due on %s, want %s", s.taken.ReviewDueOn, want)
	}
	if want := sha256Hex(body); s.taken.SHA256 != want {
		return fmt.Errorf("sha256 %s, want that of the body, %s", s.taken.SHA256, want)
	}
	filer.submissions = append(filer.submissions, s)
	return nil
}

// submitAgain wants the same answer for the same key and body, also long after the decision.
func (r *replay) submitAgain(ctx context.Context, filer *person) error {
	earlier := filer.last()
	var again receipt
	got, err := filer.call(ctx, http.MethodPost, "/reports/2018/submissions", earlier.body, "Idempotency-Key", earlier.key)
	if err == nil {
		err = got.want(http.StatusCreated, &again)
	}
	if diff := cmp.Diff(earlier.taken, again); err == nil && diff != "" {
		err = fmt.Errorf("the same key gave another receipt:\n%s", diff)
	}
	return err
}

// decide decides on the last report, having seen it in its case as it was sent.
func (r *replay) decide(ctx context.Context, filer *person, reviewer caller, a act) error {
	last := filer.last()
	path := "/reviews/" + last.taken.SubmissionID
	var review struct {
		Body json.RawMessage `json:"body"`
	}
	if err := reviewer.get(ctx, path, &review); err != nil {
		return err
	}
	if !sameJSON(review.Body, last.body) {
		return fmt.Errorf("%s: the case does not show the report as it was sent", path)
	}
	decision := map[string]any{"outcome": a.word, "opinion": "符合要求。"}
	if a.word == "return" {
		decision["opinion"] = ""
		decision["remarks"] = []map[string]string{{"key": "bs_cash.closing", "text": "请核对货币资金期末数。"}}
	}
	var decided struct {
		Status string `json:"status"`
	}
	if err := reviewer.post(ctx, path+"/decision", decision, http.StatusOK, &decided); err != nil {
		return err
	}
	want := map[string]string{"pass": "passed", "return": "returned", "unqualified": "unqualified"}[a.word]
	if decided.Status != want {
		return fmt.Errorf("decided %s: status %s, want %s", a.word, decided.Status, want)
	}
	return nil
}

// onMatter does something to the organisation's one matter of that status.
func (r *replay) onMatter(ctx context.Context, filer *person, status string, do func(id string) error) error {
	matters, err := pages[matterAnswer](ctx, filer.caller, "/listings?status="+status)
	if err != nil {
		return err
	}
	if len(matters) != 1 {
		return fmt.Errorf("%d matters are %s, want one: %+v", len(matters), status, matters)
	}
	return do(matters[0].ID)
}

func sameJSON(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && cmp.Equal(x, y) || bytes.Equal(a, b)
}
