package filing

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/workday"
)

const bureau = "试点市教育局"

var sponsorPerson = event.Actor{Kind: event.ActorPerson, ID: "s1", Name: "郭主管"}

// sponsoredWorld has a season with the step, and organisations of one sponsor; the last is registered directly.
func sponsoredWorld(t testing.TB, today string, count int, lines ...string) *world {
	t.Helper()
	w := newWorld(t, today, count+1)
	for i := range w.orgs {
		w.orgs[i].Sponsor = bureau
		if i == count {
			w.orgs[i].Sponsor = ""
		}
		w.exec(`UPDATE organisation SET sponsor = $2 WHERE id = $1`, w.orgs[i].ID, w.orgs[i].Sponsor)
	}
	w.importSeason(append([]string{"sponsor_step: {due_on: 2019-03-20}"}, lines...)...)
	return w
}

func (w *world) send(i int, seed uint64) (SponsorReview, error) {
	w.t.Helper()
	return w.svc.SendToSponsor(w.ctx, SendToSponsor{OrganisationID: w.orgs[i].ID, Year: 2018, Body: w.body(w.orgs[i], 2018, seed), Actor: filer,
		Declaration: &Declaration{Version: DeclarationVersion, Name: "张三"}})
}

func (w *world) mustSend(i int, seed uint64) SponsorReview {
	w.t.Helper()
	v, err := w.send(i, seed)
	if err != nil {
		w.t.Fatalf("send to the sponsor: %v", err)
	}
	return v
}

func (w *world) opine(v SponsorReview, change func(*AnswerSponsor)) (SponsorReview, error) {
	a := AnswerSponsor{AuthorityCode: authority, Sponsor: bureau, ReviewID: v.ID, Outcome: OutcomeAgree, Opinion: "同意报送。", Actor: sponsorPerson}
	if change != nil {
		change(&a)
	}
	return w.svc.AnswerSponsor(w.ctx, a)
}

func returning(a *AnswerSponsor) {
	a.Outcome, a.Opinion = OutcomeReturn, "请补充业务活动情况。"
}

// direct submits to the authority.
func (w *world) direct(i int, seed uint64, key string) (Receipt, error) {
	w.t.Helper()
	return w.svc.Submit(w.ctx, Submit{OrganisationID: w.orgs[i].ID, Year: 2018, Body: w.body(w.orgs[i], 2018, seed), IdempotencyKey: key, Actor: filer})
}

func TestSponsorDays(t *testing.T) {
	cal := workday.Builtin()
	for _, tt := range []struct{ sent, due, want string }{
		{"2019-03-01", "2019-03-20", "2019-03-20"},
		{"2019-03-13", "2019-03-20", "2019-03-20"},
		{"2019-03-14", "2019-03-20", "2019-03-21"}, // five working days come first
		{"2019-03-20", "2019-03-20", "2019-03-27"},
		{"2019-04-02", "2019-03-20", "2019-04-10"}, // over Qingming
	} {
		if got := SponsorDue(cal, noon(tt.sent), day(tt.due), 5); got.Date != day(tt.want) || got.Provisional {
			t.Errorf("sent %s, due %s: %v, want %s", tt.sent, tt.due, got, tt.want)
		}
	}
	for name, tt := range map[string]struct {
		o    Obligation
		on   string
		want bool
	}{
		"on the day":                 {Obligation{Status: StatusOpen, OverdueAfter: day("2019-03-31")}, "2019-03-20", true},
		"the day after":              {Obligation{Status: StatusOpen, OverdueAfter: day("2019-03-31")}, "2019-03-21", false},
		"with an extension":          {Obligation{Status: StatusOpen, ExtendedTo: day("2019-04-30"), OverdueAfter: day("2019-04-30")}, "2019-04-30", true},
		"after the extension":        {Obligation{Status: StatusOpen, ExtendedTo: day("2019-04-30"), OverdueAfter: day("2019-04-30")}, "2019-05-01", false},
		"after a return":             {Obligation{Status: StatusReturned, OverdueAfter: day("2019-04-10")}, "2019-04-10", true},
		"after the refile day":       {Obligation{Status: StatusReturned, OverdueAfter: day("2019-04-10")}, "2019-04-11", false},
		"while it is held":           {Obligation{Status: StatusOpen, OverdueAfter: day("2019-03-31"), HeldUntil: day("2019-04-04")}, "2019-04-04", true},
		"once it is no longer held":  {Obligation{Status: StatusOpen, OverdueAfter: day("2019-03-31"), HeldUntil: day("2019-04-04")}, "2019-04-05", false},
		"before the sponsor's day":   {Obligation{Status: StatusReturned, OverdueAfter: day("2019-03-01")}, "2019-03-10", true},
		"an extension already spent": {Obligation{Status: StatusOpen, ExtendedTo: day("2019-03-10"), OverdueAfter: day("2019-03-31")}, "2019-03-31", true},
	} {
		if got := SentInTime(&tt.o, day("2019-03-20"), day(tt.on)); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	period := FilingPeriod{OpensOn: day("2019-01-14"), LateUntil: day("2019-03-31"), OverdueAfter: day("2019-03-31"), HeldUntil: day("2019-04-08")}
	if !period.Takes(day("2019-04-08")) || period.Takes(day("2019-04-09")) {
		t.Error("who is held can file until the end of it, and no longer")
	}
}

func TestDirectSubmissionNeedsTheSponsor(t *testing.T) {
	w := sponsoredWorld(t, "2019-03-01", 1)
	_, err := w.direct(0, 1, "a")
	wantCode(t, err, 409, CodeSponsorMissing)
	if _, err := w.direct(1, 1, "a"); err != nil {
		t.Errorf("an organisation without a sponsor: %v", err)
	}
	w.mustSend(0, 1)
	_, err = w.direct(0, 1, "a")
	wantCode(t, err, 409, CodeSponsorMissing)
	if !strings.Contains(err.Error(), "等待意见") {
		t.Errorf("the remedy does not say to wait: %v", err)
	}
	if o := w.obligation(w.orgs[0]); o.Status != StatusOpen || o.Submissions != 0 {
		t.Errorf("%+v", o)
	}
}

func TestSendingIsRefused(t *testing.T) {
	w := sponsoredWorld(t, "2019-03-01", 1)
	_, err := w.send(1, 1)
	wantCode(t, err, 409, CodeSponsorNotAsked)
	_, err = w.svc.SendToSponsor(w.ctx, SendToSponsor{OrganisationID: w.orgs[0].ID, Year: 2010, Body: []byte(`{"values":{}}`), Actor: filer})
	wantCode(t, err, 404, "not_found")
	_, err = w.svc.SendToSponsor(w.ctx, SendToSponsor{OrganisationID: w.orgs[0].ID, Year: 2018, Actor: filer})
	wantCode(t, err, 404, "not_found") // no draft
	_, err = w.svc.SendToSponsor(w.ctx, SendToSponsor{OrganisationID: w.orgs[0].ID, Year: 2018, Body: []byte(`{"values":{}}`), Actor: filer})
	wantCode(t, err, 422, "form_checks_failed")
	w.mustSend(0, 1)
	_, err = w.send(0, 2)
	wantCode(t, err, 409, CodeSponsorPending)
	if n := w.events()[event.SponsorRequestedKind]; n != 1 {
		t.Errorf("%d requests told", n)
	}
	other := newWorld(t, "2019-03-01", 1)
	other.importSeason()
	_, err = other.send(0, 1)
	wantCode(t, err, 409, CodeSponsorNotAsked)
}

// TestWhoMaySend goes through every status.
func TestWhoMaySend(t *testing.T) {
	for status, code := range map[Status]string{
		StatusOpen: "", StatusReturned: "", StatusSubmitted: CodeAlreadySubmitted, StatusPassed: CodeAlreadyConcluded,
		StatusUnqualified: CodeAlreadyConcluded, StatusExempt: CodeAlreadyConcluded,
	} {
		t.Run(string(status), func(t *testing.T) {
			w := newWorld(t, "2019-03-20", 1)
			w.orgs[0].Sponsor = bureau
			w.exec(`UPDATE organisation SET sponsor = $1`, bureau)
			w.importSeason() // the step comes once the report stands where it is to stand
			w.bring(0, status)
			w.exec(`UPDATE season SET spec = jsonb_set(spec, '{sponsor_step}', '{"due_on": "2019-03-20"}')`)
			if _, err := w.send(0, 2); errorCode(err) != code {
				t.Errorf("%v, want %q", err, code)
			}
		})
	}
}

func TestAgreementSubmitsTheVeryReport(t *testing.T) {
	w := sponsoredWorld(t, "2019-03-01", 1)
	sent := w.mustSend(0, 1)
	if sent.DueOn != day("2019-03-20") || !sent.InTime || sent.Sponsor != bureau || sent.ActorName != filer.Name {
		t.Errorf("%+v", sent)
	}
	if o := w.obligation(w.orgs[0]); o.HeldUntil != day("2019-03-27") || o.Status != StatusOpen {
		t.Errorf("held until %s, %s", o.HeldUntil, o.Status)
	}
	// What is written in the draft after the sending is not what the sponsor agrees to.
	_, err := w.svc.SaveDraft(w.ctx, SaveDraft{OrganisationID: w.orgs[0].ID, Year: 2018, Body: w.body(w.orgs[0], 2018, 7), Actor: filer})
	if err != nil {
		t.Fatal(err)
	}
	w.at("2019-03-05")
	agreed, err := w.opine(sent, nil)
	if err != nil || agreed.Status != SponsorAgreed || !agreed.SubmissionID.Valid || agreed.NotSubmitted != "" || agreed.DecidedName != sponsorPerson.Name {
		t.Fatalf("%+v, %v", agreed, err)
	}
	sub, err := SubmissionByID(w.ctx, w.db, agreed.SubmissionID.UUID)
	if err != nil || sub.SHA256 != sent.SHA256 || sub.ActorName != filer.Name || sub.ReceiptNo != "2018-0000001" || sub.ReceivedAt.UTC() != noon("2019-03-05").UTC() {
		t.Errorf("%+v, %v", sub, err)
	}
	body, err := SubmissionBody(w.ctx, w.db, sub.ID)
	if err != nil || string(body) != string(w.body(w.orgs[0], 2018, 1)) {
		t.Errorf("another body was submitted: %v", err)
	}
	if d, err := SubmissionDeclaration(w.ctx, w.db, sub.ID); err != nil || d.Name != "张三" {
		t.Errorf("declaration %+v, %v", d, err)
	}
	under, err := SubmissionOpinion(w.ctx, w.db, sub.ID)
	if err != nil || under.ID != sent.ID || under.Opinion != "同意报送。" {
		t.Errorf("%+v, %v", under, err)
	}
	_, err = w.opine(sent, nil)
	wantCode(t, err, 409, CodeSponsorEnded)
	_, err = w.svc.TakeBack(w.ctx, TakeBack{w.orgs[0].ID, 2018, filer})
	wantCode(t, err, 409, CodeSponsorEnded)
	got := w.events()
	if got[event.SponsorAnsweredKind] != 1 || got[event.SubmissionReceivedKind] != 1 {
		t.Errorf("%v", got)
	}
}

func TestAnswersAreRefused(t *testing.T) {
	w := sponsoredWorld(t, "2019-03-01", 1)
	sent := w.mustSend(0, 1)
	for name, tt := range map[string]struct {
		change func(*AnswerSponsor)
		status int
		code   string
	}{
		"no outcome":             {func(a *AnswerSponsor) { a.Outcome = "perhaps" }, 422, "outcome_not_allowed"},
		"a return that is mute":  {func(a *AnswerSponsor) { a.Outcome, a.Opinion = OutcomeReturn, " \n" }, 422, "opinion_missing"},
		"a remark that is blank": {func(a *AnswerSponsor) { returning(a); a.Opinion = ""; a.Remarks = []SponsorRemark{{"domicile", " "}} }, 422, "opinion_missing"},
		"a remark on nothing":    {func(a *AnswerSponsor) { returning(a); a.Remarks = []SponsorRemark{{"no_such", "改"}} }, 422, "unknown_key"},
		"agreeing with remarks":  {func(a *AnswerSponsor) { a.Remarks = []SponsorRemark{{"domicile", "改"}} }, 422, "remarks_not_allowed"},
		"too long":               {func(a *AnswerSponsor) { a.Opinion = strings.Repeat("长", MaxOpinion+1) }, 422, "text_too_long"},
		"another sponsor":        {func(a *AnswerSponsor) { a.Sponsor = "试点市卫生局" }, 404, "not_found"},
		"another authority":      {func(a *AnswerSponsor) { a.AuthorityCode = "440104" }, 404, "not_found"},
		"nobody's":               {func(a *AnswerSponsor) { a.Sponsor = "" }, 404, "not_found"},
		"another review":         {func(a *AnswerSponsor) { a.ReviewID = uuid.New() }, 404, "not_found"},
	} {
		if _, err := w.opine(sent, tt.change); errorStatus(err) != tt.status || errorCode(err) != tt.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	if v, err := LatestSponsorReview(w.ctx, w.db, sent.ObligationID); err != nil || v.Status != SponsorPending {
		t.Errorf("a refused answer changed it: %+v, %v", v, err)
	}
}

func TestReturnBySponsorAndSendingAgain(t *testing.T) {
	w := sponsoredWorld(t, "2019-03-01", 1)
	sent := w.mustSend(0, 1)
	w.at("2019-03-26") // after its day, within what it may take
	back, err := w.opine(sent, func(a *AnswerSponsor) {
		returning(a)
		a.Remarks = []SponsorRemark{{"domicile", "住所有误"}, {"", "请核对全文"}}
	})
	if err != nil || back.Status != SponsorReturned {
		t.Fatalf("%+v, %v", back, err)
	}
	if diff := cmp.Diff([]SponsorRemark{{"domicile", "住所有误"}, {"", "请核对全文"}}, back.Remarks()); diff != "" {
		t.Error(diff)
	}
	if o := w.obligation(w.orgs[0]); o.Status != StatusOpen || o.HeldUntil != day("2019-04-02") || o.Submissions != 0 {
		t.Errorf("%+v", o)
	}
	w.at("2019-04-02") // late by the due day, and still held
	again := w.mustSend(0, 2)
	if !again.InTime || again.DueOn != day("2019-04-10") { // five working days over Qingming
		t.Errorf("%+v", again)
	}
	if agreed, err := w.opine(again, nil); err != nil || !agreed.SubmissionID.Valid {
		t.Errorf("%+v, %v", agreed, err)
	}
	list, err := SponsorReviewsOf(w.ctx, w.db, sent.ObligationID)
	if err != nil || len(list) != 2 || list[0].ID != again.ID {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestTakingBack(t *testing.T) {
	w := sponsoredWorld(t, "2019-03-01", 1)
	_, err := w.svc.TakeBack(w.ctx, TakeBack{w.orgs[0].ID, 2018, filer})
	wantCode(t, err, 409, CodeSponsorEnded)
	sent := w.mustSend(0, 1)
	if v, err := w.svc.TakeBack(w.ctx, TakeBack{w.orgs[0].ID, 2018, filer}); err != nil || v.Status != SponsorWithdrawn {
		t.Fatalf("%+v, %v", v, err)
	}
	_, err = w.opine(sent, nil)
	wantCode(t, err, 409, CodeSponsorEnded)
	if o := w.obligation(w.orgs[0]); !o.HeldUntil.IsZero() {
		t.Errorf("still held until %s", o.HeldUntil)
	}
	w.mustSend(0, 2)
}

// TestOneAnswerWins: a sponsor's people, and the organisation taking it back, all at once.
func TestOneAnswerWins(t *testing.T) {
	w := sponsoredWorld(t, "2019-03-01", 1)
	sent := w.mustSend(0, 1)
	var wg sync.WaitGroup
	var mu sync.Mutex
	won, refused := 0, 0
	note := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		switch code := errorCode(err); {
		case err == nil:
			won++
		case code == CodeSponsorEnded || code == CodeAlreadySubmitted || code == CodeChangedMeanwhile:
			refused++
		default:
			t.Errorf("%v", err)
		}
	}
	for i := range 9 {
		wg.Go(func() {
			switch i % 3 {
			case 0:
				_, err := w.opine(sent, nil)
				note(err)
			case 1:
				_, err := w.opine(sent, returning)
				note(err)
			default:
				_, err := w.svc.TakeBack(w.ctx, TakeBack{w.orgs[0].ID, 2018, filer})
				note(err)
			}
		})
	}
	wg.Wait()
	if won != 1 || refused != 8 {
		t.Errorf("%d won, %d were refused", won, refused)
	}
	v, err := LatestSponsorReview(w.ctx, w.db, sent.ObligationID)
	if err != nil || (v.Status == SponsorAgreed) != (w.count(`SELECT count(*) FROM submission`) == 1) {
		t.Errorf("%s, %v", v.Status, err)
	}
	if n := w.count(`SELECT count(*) FROM submission`); n > 1 {
		t.Errorf("%d submissions", n)
	}
}

// TestManySendAtOnce: one is sent, however many press the button.
func TestManySendAtOnce(t *testing.T) {
	w := sponsoredWorld(t, "2019-03-01", 1)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = w.send(0, 1) })
	}
	wg.Wait()
	sent := 0
	for _, err := range errs {
		if err == nil {
			sent++
		} else if c := errorCode(err); c != CodeSponsorPending && c != CodeChangedMeanwhile {
			t.Errorf("%v", err)
		}
	}
	if sent != 1 || w.events()[event.SponsorRequestedKind] != 1 {
		t.Errorf("%d sent", sent)
	}
}

func TestAgreedButNotSubmitted(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(w *world)
		on     string
		says   string
	}{
		"the register changed": {func(w *world) {
			w.exec(`UPDATE organisation SET name = '试点市改名后的协会' WHERE id = $1`, w.orgs[0].ID)
		}, "2019-03-05", "重新送业务主管单位"},
		"filing ended": {func(w *world) { w.exec(`UPDATE season SET late_until = '2019-03-31'`) }, "2019-05-05", "补报期已于"},
		"a file was added": {func(w *world) {
			w.exec(`INSERT INTO attachment (id, obligation_id, authority_code, organisation_id, report_year, kind, n, name, media_type, bytes,
					pages, sha256, blob_key, scan, created_at, actor_kind, actor_id, actor_name)
				SELECT gen_random_uuid(), id, authority_code, organisation_id, 2018, 'other', 1, 'a.pdf', 'application/pdf', 9, 1,
					repeat('a', 64), 'attachments/x', 'none', now(), 'person', 'p', '甲' FROM obligation WHERE organisation_id = $1`, w.orgs[0].ID)
		}, "2019-03-05", "附件在送业务主管单位之后"},
	} {
		t.Run(name, func(t *testing.T) {
			w := sponsoredWorld(t, "2019-03-01", 1)
			sent := w.mustSend(0, 1)
			tt.change(w)
			w.at(tt.on)
			v, err := w.opine(sent, nil)
			if err != nil || v.Status != SponsorAgreed || v.SubmissionID.Valid || !strings.Contains(v.NotSubmitted, tt.says) {
				t.Fatalf("%+v, %v", v, err)
			}
			if n := w.count(`SELECT count(*) FROM submission`); n != 0 {
				t.Errorf("%d submissions", n)
			}
			if name != "a file was added" {
				return
			}
			receipt, err := w.direct(0, 1, "self")
			if err != nil {
				t.Fatalf("the agreed body by hand: %v", err)
			}
			if under, err := SubmissionOpinion(w.ctx, w.db, receipt.SubmissionID); err != nil || under.ID != sent.ID || under.Status != SponsorAgreed {
				t.Errorf("%+v, %v", under, err)
			}
		})
	}
}

func TestAgreementHoldsForItsBodyOnly(t *testing.T) {
	w := sponsoredWorld(t, "2019-03-01", 1)
	sent := w.mustSend(0, 1)
	agreed, err := w.opine(sent, nil)
	if err != nil {
		t.Fatal(err)
	}
	w.sendBack(agreed.SubmissionID.UUID, "2019-04-10")
	_, err = w.direct(0, 2, "changed")
	wantCode(t, err, 409, CodeSponsorMissing)
	_, err = w.send(0, 1)
	wantCode(t, err, 409, CodeSponsorAgreed)
	receipt, err := w.direct(0, 1, "same")
	if err != nil {
		t.Fatalf("the agreed body again: %v", err)
	}
	if under, err := SubmissionOpinion(w.ctx, w.db, receipt.SubmissionID); err != nil || under.ID != sent.ID {
		t.Errorf("%+v, %v", under, err)
	}
}
