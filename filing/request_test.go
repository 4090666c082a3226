package filing

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/workday"
)

var reviewer = event.Actor{Kind: event.ActorPerson, ID: "r1", Name: "李四"}

// ask asks for the extension to a day, or for an exemption where it is "".
func (w *world) ask(i int, to string) (Request, error) {
	a := Ask{OrganisationID: w.orgs[i].ID, Year: 2018, Kind: RequestExemption, Reason: "负责人变更，审计尚未完成。", Actor: filer}
	if to != "" {
		a.Kind, a.WishedDueOn = RequestExtension, day(to)
	}
	return w.svc.AskFor(w.ctx, a)
}

func (w *world) mustAsk(i int, to string) Request {
	w.t.Helper()
	r, err := w.ask(i, to)
	if err != nil {
		w.t.Fatalf("ask: %v", err)
	}
	return r
}

func (w *world) answer(r Request, change func(*DecideRequest)) (Request, error) {
	d := DecideRequest{AuthorityCode: authority, RequestID: r.ID, Outcome: OutcomeGrant, Actor: reviewer}
	if change != nil {
		change(&d)
	}
	return w.svc.DecideRequest(w.ctx, d)
}

func refuseFor(reason string) func(*DecideRequest) {
	return func(d *DecideRequest) { d.Outcome, d.Reason = OutcomeRefuse, reason }
}

func TestAskingIsRefused(t *testing.T) {
	w := newWorld(t, "2019-03-20", 3)
	w.importSeason()
	w.importSeason("report_year: 2019", "registered_by: 2019-12-31", "opens_on: 2020-01-14", "due_on: 2020-03-31")
	good := Ask{OrganisationID: w.orgs[0].ID, Year: 2018, Kind: RequestExtension, WishedDueOn: day("2019-04-30"), Reason: "审计未完成", Actor: filer}
	for _, tt := range []struct {
		name   string
		change func(*Ask)
		status int
		code   string
	}{
		{"no reason", func(a *Ask) { a.Reason = " \n　" }, 422, "reason_missing"},
		{"a reason too long", func(a *Ask) { a.Reason = strings.Repeat("长", MaxReason+1) }, 422, "text_too_long"},
		{"a reason that cannot be kept", func(a *Ask) { a.Reason = "审计\x00" }, 422, "bad_character"},
		{"no day", func(a *Ask) { a.WishedDueOn = workday.Date{} }, 422, "extension_not_later"},
		{"the due day itself", func(a *Ask) { a.WishedDueOn = day("2019-03-31") }, 422, "extension_not_later"},
		{"a year that nobody has", func(a *Ask) { a.Year = 2010 }, 404, "not_found"},
		{"nobody", func(a *Ask) { a.OrganisationID = uuid.New() }, 404, "not_found"},
		{"a season that is not open", func(a *Ask) { a.Year = 2019 }, 409, CodeNotOpen},
		{"a reason before the season", func(a *Ask) { a.Year, a.Reason = 2019, "" }, 422, "reason_missing"},
	} {
		a := good
		tt.change(&a)
		if _, err := w.svc.AskFor(w.ctx, a); errorStatus(err) != tt.status || errorCode(err) != tt.code {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	good.Reason = strings.Repeat("长", MaxReason)
	if r, err := w.svc.AskFor(w.ctx, good); err != nil || r.Status != RequestPending || r.OwedUntil != day("2019-03-31") {
		t.Errorf("a reason of the greatest length: %+v, %v", r, err)
	}
	if n := w.events()[event.RequestReceivedKind]; n != 1 {
		t.Errorf("%d requests told", n)
	}
}

// TestWhoMayAsk goes through every status with both kinds of request.
func TestWhoMayAsk(t *testing.T) {
	for _, tt := range []struct {
		status Status
		code   string
	}{
		{StatusOpen, ""}, {StatusReturned, ""}, {StatusSubmitted, CodeAlreadySubmitted}, {StatusPassed, CodeAlreadyConcluded},
		{StatusUnqualified, CodeAlreadyConcluded}, {StatusExempt, CodeAlreadyConcluded},
	} {
		for kind, to := range map[string]string{"extension": "2019-05-31", "exemption": ""} {
			t.Run(fmt.Sprintf("%s of %s", kind, tt.status), func(t *testing.T) {
				w := newWorld(t, "2019-03-20", 1)
				w.importSeason()
				w.bring(0, tt.status)
				before := w.obligation(w.orgs[0])
				_, err := w.ask(0, to)
				if errorCode(err) != tt.code {
					t.Fatalf("%v, want %q", err, tt.code)
				}
				if diff := cmp.Diff(before, w.obligation(w.orgs[0])); diff != "" {
					t.Errorf("asking changed the obligation:\n%s", diff)
				}
				_, err = w.ask(0, "2019-06-30")
				if tt.code == "" {
					wantCode(t, err, 409, CodeRequestPending)
				}
			})
		}
	}
}

// bring moves an open obligation to a status.
func (w *world) bring(i int, to Status) {
	w.t.Helper()
	if to == StatusOpen {
		return
	}
	if to == StatusExempt {
		if _, err := w.svc.Exempt(w.ctx, Exempt{authority, w.obligation(w.orgs[i]).ID, "已停止活动", reviewer}); err != nil {
			w.t.Fatal(err)
		}
		return
	}
	receipt := w.mustSubmit(w.orgs[i], "bring")
	switch to {
	case StatusReturned:
		w.sendBack(receipt.SubmissionID, "2019-04-03")
	case StatusSubmitted:
	default:
		if _, err := w.conclude(receipt.SubmissionID, to); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestGrantingAnExtension(t *testing.T) {
	for _, tt := range []struct {
		name, other string // another day than the one wished for
		want        string
	}{{"as wished", "", "2019-05-31"}, {"another day", "2019-04-30", "2019-04-30"}} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, "2019-03-20", 1)
			w.importSeason()
			r := w.mustAsk(0, "2019-05-31")
			got, err := w.answer(r, func(d *DecideRequest) {
				d.Basis = "《试点市社会组织年度报告办法》第八条"
				if tt.other != "" {
					d.DueOn = day(tt.other)
				}
			})
			if err != nil || got.Status != RequestGranted || got.GrantedDueOn != day(tt.want) || got.DecidedName != "李四" || !got.EndedAt.Valid {
				t.Fatalf("granted: %+v, %v", got, err)
			}
			o := w.obligation(w.orgs[0])
			if o.DueOn != day(tt.want) || o.OverdueAfter != day(tt.want) || o.ExtensionReason != r.Reason {
				t.Errorf("obligation %+v", o)
			}
			e := w.events()
			if e[event.ObligationDueChangedKind] != 1 || e[event.RequestDecidedKind] != 1 {
				t.Errorf("events %v", e)
			}
			if n := w.count(`SELECT count(*) FROM event WHERE kind = 'obligation.due_changed' AND data->>'on_request' = 'true'`); n != 1 {
				t.Error("the new due day is not marked as granted on request")
			}
			_, err = w.answer(r, nil)
			wantCode(t, err, 409, CodeRequestEnded)
			w.mustAsk(0, "2019-06-30") // the next one may be made
		})
	}
}

// TestGrantingAnExtensionRollsLikeAnyDueDay: the day told is the day that holds.
func TestGrantingAnExtensionRollsLikeAnyDueDay(t *testing.T) {
	w := newWorld(t, "2019-03-20", 1)
	w.importSeason("due_rolls_to_working_day: true")
	got, err := w.answer(w.mustAsk(0, "2019-06-01"), nil) // a Saturday
	if err != nil || got.GrantedDueOn != day("2019-06-03") || w.obligation(w.orgs[0]).DueOn != day("2019-06-03") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestGrantingAnExemptionAndRefusing(t *testing.T) {
	w := newWorld(t, "2019-03-20", 2)
	w.importSeason()
	if got, err := w.answer(w.mustAsk(0, ""), func(d *DecideRequest) { d.DueOn = day("2019-06-30") }); err != nil || got.Status != RequestGranted || !got.GrantedDueOn.IsZero() {
		t.Fatalf("exemption: %+v, %v", got, err)
	}
	if o := w.obligation(w.orgs[0]); o.Status != StatusExempt || o.ExemptByRule || o.ExemptReason == "" {
		t.Errorf("obligation %+v", o)
	}
	r := w.mustAsk(1, "")
	_, err := w.answer(r, refuseFor(" "))
	wantCode(t, err, 422, "reason_missing")
	_, err = w.answer(r, func(d *DecideRequest) { d.Outcome = "maybe" })
	wantCode(t, err, 422, "outcome_not_allowed")
	_, err = w.answer(r, func(d *DecideRequest) { d.Basis = strings.Repeat("条", MaxBasis+1) })
	wantCode(t, err, 422, "text_too_long")
	_, err = w.answer(r, func(d *DecideRequest) { d.AuthorityCode = "440104" })
	wantCode(t, err, 404, "not_found")
	got, err := w.answer(r, refuseFor("有业务活动，应当报送。"))
	if err != nil || got.Status != RequestRefused || got.DecisionReason != "有业务活动，应当报送。" {
		t.Fatalf("refused: %+v, %v", got, err)
	}
	if o := w.obligation(w.orgs[1]); o.Status != StatusOpen {
		t.Errorf("refusing moved the obligation: %+v", o)
	}
}

// TestWhatCannotBeGrantedAnyMore: the obligation moved on while the request waited; nothing of a refused grant stays.
func TestWhatCannotBeGrantedAnyMore(t *testing.T) {
	w := newWorld(t, "2019-03-20", 3)
	w.importSeason()
	exemption, late := w.mustAsk(0, ""), w.mustAsk(1, "2019-05-31")
	w.bring(0, StatusSubmitted)
	w.bring(1, StatusPassed)
	_, err := w.answer(exemption, nil)
	wantCode(t, err, 409, CodeAlreadySubmitted)
	_, err = w.answer(late, nil)
	wantCode(t, err, 409, CodeAlreadyConcluded)
	if n := w.count(`SELECT count(*) FROM filing_request WHERE status = 'pending'`); n != 2 {
		t.Errorf("%d requests wait", n)
	}
	for _, r := range []Request{exemption, late} {
		if _, err := w.answer(r, refuseFor("报告已经提交。")); err != nil {
			t.Error(err)
		}
	}
	// While a report is under review an extension still counts, for a return.
	waiting := w.mustAsk(2, "2019-05-31")
	w.bring(2, StatusSubmitted)
	if got, err := w.answer(waiting, nil); err != nil || got.GrantedDueOn != day("2019-05-31") {
		t.Errorf("under review: %+v, %v", got, err)
	}
	short := w.obligation(w.orgs[2])
	if short.Status != StatusSubmitted || !short.OverdueAfter.IsZero() {
		t.Errorf("obligation %+v", short)
	}
}

func TestGrantingADayThatGivesNothing(t *testing.T) {
	w := newWorld(t, "2019-03-20", 1)
	w.importSeason()
	r := w.mustAsk(0, "2019-04-30")
	_, err := w.answer(r, func(d *DecideRequest) { d.DueOn = day("2019-03-31") })
	wantCode(t, err, 422, "extension_not_later")
	w.importSeason("due_on: 2019-05-31") // the season's own day passes the one wished for
	_, err = w.answer(r, nil)
	wantCode(t, err, 422, "extension_not_later")
	if w.obligation(w.orgs[0]).ExtensionReason != "" || w.events()[event.RequestDecidedKind] != 0 {
		t.Error("a refused grant left something")
	}
}

func TestWithdrawingARequest(t *testing.T) {
	w := newWorld(t, "2019-03-20", 2)
	w.importSeason()
	r := w.mustAsk(0, "2019-04-30")
	take := func(org, id uuid.UUID, year int) error {
		_, err := w.svc.WithdrawRequest(w.ctx, WithdrawRequest{org, year, id, filer})
		return err
	}
	wantCode(t, take(w.orgs[1].ID, r.ID, 2018), 404, "not_found")
	wantCode(t, take(w.orgs[0].ID, r.ID, 2017), 404, "not_found")
	wantCode(t, take(w.orgs[0].ID, uuid.New(), 2018), 404, "not_found")
	if err := take(w.orgs[0].ID, r.ID, 2018); err != nil {
		t.Fatal(err)
	}
	wantCode(t, take(w.orgs[0].ID, r.ID, 2018), 409, CodeRequestEnded)
	_, err := w.answer(r, nil)
	wantCode(t, err, 409, CodeRequestEnded)
	w.mustAsk(0, "2019-05-31")
	list, err := RequestsOf(w.ctx, w.db, r.ObligationID)
	if err != nil || len(list) != 2 || list[0].Status != RequestPending || list[1].Status != RequestWithdrawn {
		t.Errorf("%+v, %v", list, err)
	}
}

// TestManyAtOnceOnARequest: of all who decide, withdraw or ask at once one wins, and the obligation is moved by the
// winner alone.
func TestManyAtOnceOnARequest(t *testing.T) {
	w := newWorld(t, "2019-03-20", 4)
	w.importSeason()
	for i := range w.orgs {
		r := w.mustAsk(i, "2019-05-31")
		acts := []func() error{
			func() error { _, err := w.answer(r, nil); return err },
			func() error { _, err := w.answer(r, refuseFor("不符合条件。")); return err },
			func() error { _, err := w.answer(r, nil); return err },
			func() error {
				_, err := w.svc.WithdrawRequest(w.ctx, WithdrawRequest{w.orgs[i].ID, 2018, r.ID, filer})
				return err
			},
		}
		errs := make([]error, len(acts))
		var wait sync.WaitGroup
		for n, act := range acts {
			wait.Go(func() { errs[n] = act() })
		}
		wait.Wait()
		won := slices.IndexFunc(errs, func(err error) bool { return err == nil })
		for n, err := range errs {
			if n != won && errorCode(err) != CodeRequestEnded {
				t.Errorf("act %d: %v", n, err)
			}
		}
		granted := won == 0 || won == 2
		if o := w.obligation(w.orgs[i]); (o.DueOn == day("2019-05-31")) != granted {
			t.Errorf("act %d won, due day %s", won, o.DueOn)
		}
	}
	if n := w.count(`SELECT count(*) FROM event WHERE kind IN ('request.decided', 'request.withdrawn')`); n != len(w.orgs) {
		t.Errorf("%d ends told of %d requests", n, len(w.orgs))
	}
}

func TestTwoAskAtOnce(t *testing.T) {
	w := newWorld(t, "2019-03-20", 1)
	w.importSeason()
	errs := make([]error, 6)
	var wait sync.WaitGroup
	for n := range errs {
		wait.Go(func() { _, errs[n] = w.ask(0, []string{"2019-05-31", ""}[n%2]) })
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if errorCode(err) != CodeRequestPending {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d asked", won)
	}
}

func TestListOfRequests(t *testing.T) {
	w := newWorld(t, "2019-03-20", 6)
	w.importSeason()
	var asked []uuid.UUID
	for i := range w.orgs {
		w.clock.Advance(time.Minute)
		asked = append(asked, w.mustAsk(i, []string{"2019-05-31", ""}[i%2]).ID)
	}
	read := func(q RequestQuery) (ids []uuid.UUID) {
		q.AuthorityCode, q.Limit = authority, 2
		for {
			page, err := ListRequests(w.ctx, w.db, q)
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range page.Items {
				ids = append(ids, item.ID)
			}
			if q.Cursor = page.Next; page.Next == "" {
				return ids
			}
		}
	}
	if got := read(RequestQuery{}); !slices.Equal(got, asked) {
		t.Errorf("pending: %v, want %v", got, asked)
	}
	if got := read(RequestQuery{Kind: RequestExemption}); !slices.Equal(got, []uuid.UUID{asked[1], asked[3], asked[5]}) {
		t.Errorf("exemptions: %v", got)
	}
	for _, i := range []int{0, 2, 4} {
		w.clock.Advance(time.Minute)
		if _, err := w.answer(Request{ID: asked[i]}, refuseFor("不符合条件。")); err != nil {
			t.Fatal(err)
		}
	}
	if got := read(RequestQuery{Status: RequestRefused}); !slices.Equal(got, []uuid.UUID{asked[4], asked[2], asked[0]}) {
		t.Errorf("refused, the latest first: %v", got)
	}
	counts, err := CountRequests(w.ctx, w.db, authority)
	if err != nil || counts[RequestPending] != 3 || counts[RequestRefused] != 3 || counts[RequestGranted] != 0 {
		t.Errorf("counts %v, %v", counts, err)
	}
	if _, err := ListRequests(w.ctx, w.db, RequestQuery{AuthorityCode: authority, Cursor: "x"}); !errors.Is(err, ErrCursor) {
		t.Errorf("a made-up cursor: %v", err)
	}
	if _, err := RequestOfAuthority(w.ctx, w.db, "440104", asked[0]); !errors.Is(err, ErrRequestNotFound) {
		t.Errorf("another authority's: %v", err)
	}
}
