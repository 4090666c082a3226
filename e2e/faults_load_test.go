package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// faultClients is how many clients submit at once.
const faultClients = 16

// callPatience is how long a client waits for an answer before it takes it for lost.
const callPatience = 20 * time.Second

// load is the clients of a run with faults and what they were told.
type load struct {
	place     place
	addresses atomic.Pointer[[]string] // of the nodes, whether or not they live
	turn      atomic.Uint64
	filers    []*filerUnderFaults
	reviewers [2]caller
	pause     time.Duration
	seed      uint64

	lost atomic.Int64 // answers that never came, and calls that failed for a fault

	mu      sync.Mutex
	taken   map[string]*taking  // acknowledged, by submission id
	decided map[string]decision // by submission id
	refile  []*filerUnderFaults
	open    int // reports that are not decided yet, or returned and not refiled
}

// filerUnderFaults is one organisation. One client at a time acts for it.
type filerUnderFaults struct {
	caller
	org   organisation
	filed int // reports taken
}

// taking is one report that was acknowledged.
type taking struct {
	filer  *filerUnderFaults
	key    string
	body   []byte
	answer string // the whole answer, word for word
	told   takenAnswer
}

// decision is an outcome, and whether a reviewer was told of it by a 200.
type decision struct {
	outcome string
	told    bool
}

// takenAnswer is the receipt.
type takenAnswer struct {
	SubmissionID string `json:"submission_id"`
	ReceiptNo    string `json:"receipt_no"`
	SHA256       string `json:"sha256"`
}

func (l *load) anyone() caller { return caller{} }

// serve tells the clients where the nodes are.
func (l *load) serve(nodes ...*server) {
	addresses := make([]string, len(nodes))
	for i, s := range nodes {
		addresses[i] = s.url
	}
	l.addresses.Store(&addresses)
}

// call is one try, at the nodes in turn.
func (l *load) call(ctx context.Context, c caller, method, path string, body []byte, headers ...string) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, callPatience)
	defer cancel()
	addresses := *l.addresses.Load()
	return c.callAt(ctx, addresses[l.turn.Add(1)%uint64(len(addresses))]+"/api/v1"+path, method, body, headers...)
}

// insist calls until an answer comes that is no fault: whoever gets none, or a 5xx, cannot know what became of the call
// and must ask again.
func (l *load) insist(ctx context.Context, c caller, method, path string, body []byte, headers ...string) (answer, error) {
	for tries := 0; ; tries++ {
		got, err := l.call(ctx, c, method, path, body, headers...)
		if err == nil && got.status < 500 {
			return got, nil
		}
		l.lost.Add(1)
		if ctx.Err() != nil || tries > 2000 {
			return got, fmt.Errorf("%s %s is never answered: %d %s: %w", method, path, got.status, got.body, err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// start sets all clients going and gives what waits for their end: every report filed, decided and, where it was
// returned, filed again.
func (l *load) start(ctx context.Context) (wait func() error) {
	ctx, cancel := context.WithCancel(ctx)
	l.refile = append(l.refile, l.filers...)
	l.open = len(l.filers)
	var group sync.WaitGroup
	var mu sync.Mutex
	var failed error
	run := func(client int, step func(context.Context, *rand.Rand) error) {
		chance := rand.New(rand.NewPCG(l.seed, uint64(client)+2))
		group.Go(func() {
			for l.left() && ctx.Err() == nil {
				if err := step(ctx, chance); err != nil {
					mu.Lock()
					failed = errors.Join(failed, err)
					mu.Unlock()
					cancel()
				}
			}
		})
	}
	for client := range faultClients {
		run(client, l.fileOne)
	}
	for i := range l.reviewers {
		run(faultClients+i, func(ctx context.Context, chance *rand.Rand) error { return l.reviewSome(ctx, l.reviewers[i], chance) })
	}
	return func() error { group.Wait(); cancel(); return failed }
}

func (l *load) left() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open > 0
}

// fileOne files the report of the organisation whose turn it is.
func (l *load) fileOne(ctx context.Context, chance *rand.Rand) error {
	l.mu.Lock()
	var f *filerUnderFaults
	if len(l.refile) > 0 {
		f, l.refile = l.refile[0], l.refile[1:]
	}
	l.mu.Unlock()
	if l.pause > 0 {
		time.Sleep(time.Duration(chance.Int64N(int64(2 * l.pause))))
	}
	if f == nil {
		time.Sleep(20 * time.Millisecond)
		return nil
	}
	body, err := sampleReport(f.org, f.filed+1)
	if err != nil {
		return err
	}
	t := &taking{filer: f, key: fmt.Sprintf("%s/%d", f.org.uscc, f.filed), body: body}
	if err := l.submit(ctx, t); err != nil {
		return err
	}
	f.filed++
	l.mu.Lock()
	defer l.mu.Unlock()
	if before := l.taken[t.told.SubmissionID]; before != nil {
		return fmt.Errorf("submission %s was acknowledged for %s and for %s", t.told.SubmissionID, before.key, t.key)
	}
	l.taken[t.told.SubmissionID] = t
	return nil
}

// submit insists on the 201, by the same key and body.
func (l *load) submit(ctx context.Context, t *taking) error {
	got, err := l.insist(ctx, t.filer.caller, http.MethodPost, "/reports/2018/submissions", t.body, "Idempotency-Key", t.key)
	if err == nil {
		err = got.want(http.StatusCreated, &t.told)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", t.key, err)
	}
	t.answer = string(got.body)
	return nil
}

// reviewSome decides some of what is pending: most pass, some go back, few are unqualified.
func (l *load) reviewSome(ctx context.Context, reviewer caller, chance *rand.Rand) error {
	got, err := l.insist(ctx, reviewer, http.MethodGet, "/reviews?status=pending&sort=due&limit=50", nil)
	if err != nil {
		return err
	}
	var queue struct {
		Items []struct {
			SubmissionID string `json:"submission_id"`
		}
	}
	if err := got.want(http.StatusOK, &queue); err != nil {
		return err
	}
	for range min(10, len(queue.Items)) {
		item := queue.Items[chance.IntN(len(queue.Items))]
		outcome := "pass"
		switch n := chance.IntN(20); {
		case n < 4:
			outcome = "return"
		case n == 4:
			outcome = "unqualified"
		}
		if err := l.decide(ctx, reviewer, item.SubmissionID, outcome); err != nil {
			return err
		}
	}
	time.Sleep(20 * time.Millisecond)
	return nil
}

// decide insists on a decision. Once one try has gone unanswered, "already decided" may be the answer to it; then the
// filer's report says what was decided.
func (l *load) decide(ctx context.Context, reviewer caller, submission, outcome string) error {
	body := fmt.Appendf(nil, `{"outcome":%q,"opinion":"审查意见"}`, outcome)
	got, err := l.insist(ctx, reviewer, http.MethodPost, "/reviews/"+submission+"/decision", body)
	if err != nil {
		return err
	}
	if got.status == http.StatusConflict && (got.problem() == "already_decided" || got.problem() == "claimed_by_other") {
		return l.note(ctx, submission, "")
	}
	if err := got.want(http.StatusOK, nil); err != nil {
		return err
	}
	return l.note(ctx, submission, outcome)
}

// note takes down a decision. An empty outcome is one that was made, but not told to this reviewer; it is read then.
func (l *load) note(ctx context.Context, submission, outcome string) error {
	if err := l.awaitTaken(ctx, submission); err != nil {
		return err
	}
	told := outcome != ""
	if !told {
		var err error
		if outcome, err = l.outcomeOf(ctx, submission); err != nil || outcome == "" {
			return err
		}
	}
	return l.settleOne(submission, outcome, told)
}

// awaitTaken waits for a filer's client to be told of a report that is decided already.
func (l *load) awaitTaken(ctx context.Context, submission string) error {
	return eventually(time.Minute, func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.taken[submission] == nil && ctx.Err() == nil {
			return fmt.Errorf("submission %s is decided but was never acknowledged", submission)
		}
		return nil
	})
}

// outcomeOf reads what was decided on a submission, "" if nothing was yet.
func (l *load) outcomeOf(ctx context.Context, submission string) (string, error) {
	l.mu.Lock()
	t := l.taken[submission]
	l.mu.Unlock()
	status, err := l.statusOf(ctx, t)
	for outcome, becomes := range outcomes {
		if status == becomes {
			return outcome, err
		}
	}
	return "", err
}

// outcomes are the decisions and what they make of a submission.
var outcomes = map[string]string{"pass": "passed", "return": "returned", "unqualified": "unqualified"}

// statusOf is a submission's status as its filer sees it.
func (l *load) statusOf(ctx context.Context, t *taking) (string, error) {
	got, err := l.insist(ctx, t.filer.caller, http.MethodGet, "/reports/2018", nil)
	if err != nil {
		return "", err
	}
	var report reportAnswer
	if err := got.want(http.StatusOK, &report); err != nil {
		return "", err
	}
	for _, s := range report.Submissions {
		if s.SubmissionID == t.told.SubmissionID {
			return s.Status, nil
		}
	}
	return "", fmt.Errorf("%s: submission %s was acknowledged and is not there", t.key, t.told.SubmissionID)
}

// settleOne notes an outcome. That two calls were told to have decided the same submission would be a fault, and so would
// an outcome other than the one told.
func (l *load) settleOne(submission, outcome string, told bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, known := l.decided[submission]
	if known && (before.outcome != outcome || before.told && told) {
		return fmt.Errorf("submission %s was decided twice: %+v, then %s", submission, before, outcome)
	}
	l.decided[submission] = decision{outcome, told || before.told}
	switch {
	case known:
	case outcome == "return":
		l.refile = append(l.refile, l.taken[submission].filer)
	default:
		l.open--
	}
	return nil
}
