package listing

import (
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/pressly/goose/v3"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/migrations"
)

// listed is a world whose organisations are all on the list since 17 April 2019.
func listed(t testing.TB, count int) *world {
	t.Helper()
	w := noticed(t, count)
	if sum := w.advance("2019-04-17"); sum.Listed != count {
		t.Fatalf("advance: %+v", sum)
	}
	w.issueAll()
	w.at("2019-04-18")
	return w
}

// unserved is a world of one organisation that did not agree to electronic service.
func unserved(t testing.TB) *world {
	t.Helper()
	w := newWorld(t, 1)
	w.exec(`UPDATE organisation SET electronic_service = false`)
	w.sweep("2019-04-01")
	w.issueAll()
	return w
}

func (w *world) serve(how How, on string) (Listing, error) {
	return w.svc.RecordService(w.ctx, Served{ListingID: w.matters(0)[0].ID, AuthorityCode: authority, How: how, ServedOn: date(on),
		Proof: "EMS 1234567890", Actor: reviewer})
}

func TestRecordServiceStartsTheAnswerTime(t *testing.T) {
	w := unserved(t)
	w.at("2019-04-20")
	_, err := w.serve(ByInbox, "2019-04-08")
	wantCode(t, err, http.StatusUnprocessableEntity, "no_electronic_service")
	_, err = w.serve("pigeon", "2019-04-08")
	wantCode(t, err, http.StatusUnprocessableEntity, "bad_service")
	_, err = w.serve(ByPost, "2019-03-31")
	wantCode(t, err, http.StatusUnprocessableEntity, "bad_served_on")
	_, err = w.serve(ByPost, "2019-04-21")
	wantCode(t, err, http.StatusUnprocessableEntity, "bad_served_on")
	_, err = w.svc.RecordService(w.ctx, Served{ListingID: w.open(0).ID, AuthorityCode: authority, How: ByMail, ServedOn: date("2019-04-08"), Actor: reviewer})
	wantCode(t, err, http.StatusUnprocessableEntity, "proof_missing")

	l := must[Listing](t)(w.serve(ByPost, "2019-04-08"))
	if l.ServedOn != date("2019-04-08") || l.StatementDueOn != date("2019-04-22") {
		t.Errorf("served on %s, answer by %s", l.ServedOn, l.StatementDueOn)
	}
	_, err = w.serve(ByPost, "2019-04-08")
	wantCode(t, err, http.StatusConflict, "already_served")
	if sum := w.advance("2019-04-22"); sum != (AdvanceSummary{}) {
		t.Errorf("on the last day: %+v", sum)
	}
	if sum := w.advance("2019-04-23"); sum != (AdvanceSummary{Listed: 1}) {
		t.Errorf("after it: %+v", sum)
	}
	w.at("2019-04-25") // now the decision is what has to be served
	l = must[Listing](t)(w.serve(InPerson, "2019-04-24"))
	if l.ServedOn != date("2019-04-08") {
		t.Errorf("service of the decision changed the service of the notice to %s", l.ServedOn)
	}
	m, err := w.svc.Matter(w.ctx, Owner{AuthorityCode: authority}, l.ID)
	if err != nil || len(m.Documents) != 2 || m.Documents[0].How != ByPost || m.Documents[1].How != InPerson {
		t.Errorf("documents %+v (%v)", m.Documents, err)
	}
}

func TestStatement(t *testing.T) {
	w := noticed(t, 2)
	w.at("2019-04-10")
	_, err := w.svc.MakeStatement(w.ctx, Plea{ListingID: w.open(0).ID, OrganisationID: w.orgs[0].ID, Text: " \n ", Actor: filer})
	wantCode(t, err, http.StatusUnprocessableEntity, "text_missing")
	_, err = w.svc.MakeStatement(w.ctx, Plea{ListingID: w.open(0).ID, OrganisationID: w.orgs[0].ID, Text: strings.Repeat("字", 10_001), Actor: filer})
	wantCode(t, err, http.StatusUnprocessableEntity, "text_too_long")
	_, err = w.svc.MakeStatement(w.ctx, Plea{ListingID: w.open(0).ID, OrganisationID: w.orgs[0].ID, Text: "甲\x00乙", Actor: filer})
	wantCode(t, err, http.StatusUnprocessableEntity, "bad_text")
	if l := must[Listing](t)(w.plead(0)); !l.StatementOpen {
		t.Error("the statement does not show")
	}
	_, err = w.plead(0)
	wantCode(t, err, http.StatusConflict, "statement_made")

	w.at("2019-04-20") // the second is late, but nothing is listed yet
	must[Listing](t)(w.plead(1))
	if sum := w.advance("2019-04-21"); sum != (AdvanceSummary{}) {
		t.Errorf("listed while statements await their decisions: %+v", sum)
	}
	w.at("2019-04-22")
	l := must[Listing](t)(w.decide(0, OutcomeList))
	if l.Status != Listed || l.StatementOpen || l.ListedOn != date("2019-04-22") {
		t.Errorf("listing %+v", l)
	}
	order, err := document.OrderByID(w.ctx, w.db, l.DecisionID.UUID)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := order.Facts()
	if err != nil {
		t.Fatal(err)
	}
	if f := facts.(*document.ListingFacts); f.StatementOn != date("2019-04-10") || f.StatementAnswer != "经核实，理由不成立。" {
		t.Errorf("the decision does not answer the statement: %+v", f)
	}
	l = must[Listing](t)(w.decide(1, OutcomeWithdraw))
	if l.Status != Withdrawn || l.EndReason != EndDecided || l.StatementOpen {
		t.Errorf("listing %+v", l)
	}
	m, err := w.svc.Matter(w.ctx, Owner{OrganisationID: event.Ref(w.orgs[1].ID)}, l.ID)
	if err != nil || m.Statement == nil || m.Statement.Outcome != OutcomeWithdraw || m.Statement.DecidedName != "李四" {
		t.Errorf("statement %+v (%v)", m.Statement, err)
	}
	if sum := w.sweep("2019-04-23"); sum != (SweepSummary{}) {
		t.Errorf("a withdrawal by decision settles the obligation: %+v", sum)
	}
	_, err = w.svc.MakeStatement(w.ctx, Plea{ListingID: l.ID, OrganisationID: w.orgs[1].ID, Text: "再陈述", Actor: filer})
	wantCode(t, err, http.StatusConflict, "not_notified")
}

func TestDecideListing(t *testing.T) {
	extend := func(w *world) {
		o := w.obligation(0)
		must[filing.Obligation](w.t)(w.filing.Extend(w.ctx, filing.Extend{AuthorityCode: authority, ObligationID: o.ID, To: date("2019-05-30"), Reason: "疫情", Actor: reviewer}))
	}
	for _, c := range []struct {
		name    string
		day     string
		prepare func(w *world)
		outcome string
		refusal string // "": done
	}{
		{"list before the end of the answer time", "2019-04-16", nil, OutcomeList, "answer_time_runs"},
		{"list after it", "2019-04-17", nil, OutcomeList, ""},
		{"list early on a statement", "2019-04-08", func(w *world) { must[Listing](w.t)(w.plead(0)) }, OutcomeList, ""},
		{"list who filed", "2019-04-17", func(w *world) { w.submit(0) }, OutcomeList, "report_stands"},
		{"list who is not overdue", "2019-04-17", extend, OutcomeList, "not_overdue"},
		{"list without service", "2019-04-17", func(w *world) { w.exec(`UPDATE listing SET served_on = NULL, statement_due_on = NULL`) }, OutcomeList, "not_served"},
		{"list on a notice that does not stand", "2019-04-17", func(w *world) { w.exec(`UPDATE document_order SET state = 'held', held_reason = 'x'`) }, OutcomeList, "notice_not_in_force"},
		{"withdraw at once", "2019-04-02", nil, OutcomeWithdraw, ""},
		{"withdraw who filed", "2019-04-02", func(w *world) { w.submit(0) }, OutcomeWithdraw, ""},
		{"withdraw what is listed", "2019-04-18", func(w *world) { w.advance("2019-04-18") }, OutcomeWithdraw, "not_notified"},
		{"another outcome", "2019-04-18", nil, "remove", "outcome_not_allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := noticed(t, 1)
			w.at(c.day)
			if c.prepare != nil {
				c.prepare(w)
			}
			before := w.open(0)
			l, err := w.decide(0, c.outcome)
			if c.refusal != "" {
				status := http.StatusConflict
				if c.refusal == ErrOutcome.Code() {
					status = http.StatusUnprocessableEntity
				}
				wantCode(t, err, status, c.refusal)
				if after := w.open(0); after.Version != before.Version || after.Status != before.Status {
					t.Errorf("a refused decision changed the matter: %+v", after.Listing)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]Status{OutcomeList: Listed, OutcomeWithdraw: Withdrawn}[c.outcome]
			if l.Status != want || l.Version != before.Version+1 {
				t.Errorf("%+v, want %s", l, want)
			}
		})
	}
}

func TestOfManyDecidersOneWins(t *testing.T) {
	w := noticed(t, 1)
	w.at("2019-04-17")
	id := w.open(0).ID
	var won atomic.Int32
	var wait sync.WaitGroup
	for i := range 20 {
		wait.Go(func() {
			outcome := []string{OutcomeList, OutcomeWithdraw}[i%2]
			_, err := w.svc.DecideListing(w.ctx, Decision{ListingID: id, AuthorityCode: authority, Outcome: outcome, Reason: "理由", Actor: reviewer})
			if err == nil {
				won.Add(1)
			} else {
				wantCode(t, err, http.StatusConflict, "not_notified")
			}
		})
	}
	wait.Wait()
	if won.Load() != 1 {
		t.Errorf("%d deciders won", won.Load())
	}
	if n := w.events(event.ListingListedKind) + w.events(event.ListingWithdrawnKind); n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestRemoval(t *testing.T) {
	w := listed(t, 2)
	id := w.open(0).ID
	apply := func() (Listing, error) {
		return w.svc.ApplyRemoval(w.ctx, Plea{ListingID: id, OrganisationID: w.orgs[0].ID, Text: "已补报。", Actor: filer})
	}
	decide := func(outcome, reason string) (Listing, error) {
		return w.svc.DecideRemoval(w.ctx, Decision{ListingID: id, AuthorityCode: authority, Outcome: outcome, Reason: reason, Actor: reviewer})
	}
	_, err := decide(OutcomeRefuse, "未补报")
	wantCode(t, err, http.StatusConflict, "no_application")
	must[Listing](t)(apply())
	_, err = apply()
	wantCode(t, err, http.StatusConflict, "removal_pending")
	_, err = decide(OutcomeRemove, " ")
	wantCode(t, err, http.StatusUnprocessableEntity, "reason_missing")
	if l := must[Listing](t)(decide(OutcomeRefuse, "尚未补报。")); l.Status != Listed || !l.EndedOn.IsZero() {
		t.Errorf("refused, yet %+v", l)
	}
	if d := w.decision(0); d.Standing != document.InForce {
		t.Errorf("after a refusal the decision is %s", d.Standing)
	}
	w.at("2019-04-26") // 27 April is a Saturday; the fifth working day is 6 May: 28, 29, 30, then 5 and 6 May
	w.submit(0)
	must[Listing](t)(apply())
	m, err := w.svc.Matter(w.ctx, Owner{AuthorityCode: authority}, id)
	if err != nil || len(m.Removals) != 2 || m.Removals[0].Outcome != OutcomeRefuse || m.Removals[1].Outcome != "" || m.Removals[1].DueOn != date("2019-05-06") {
		t.Errorf("applications %+v (%v)", m.Removals, err)
	}
	w.at("2019-04-29")
	l := must[Listing](t)(decide(OutcomeRemove, "已补报年度报告，经查实。"))
	if l.Status != Removed || l.EndedOn != date("2019-04-29") || l.EndReason != EndRemoved {
		t.Errorf("removed: %+v", l)
	}
	if d := w.decision(0); d.Standing != document.Superseded ||
		w.count(`SELECT count(*) FROM document_standing WHERE document_id = $1 AND superseded_by = $2`, d.ID, l.EndDocumentID) != 1 {
		t.Errorf("after the removal the decision is %s", d.Standing)
	}
	if n := w.events(event.DocumentSupersededKind); n != 1 {
		t.Errorf("%d events that a document was superseded", n)
	}
	_, err = apply()
	wantCode(t, err, http.StatusConflict, "not_listed")
	var kinds []document.Kind
	for _, p := range w.matters(0)[0].Documents {
		kinds = append(kinds, p.Kind)
		if p.How != ByInbox {
			t.Errorf("%s is not served", p.Kind)
		}
	}
	want := []document.Kind{document.KindPriorNotice, document.KindListingDecision, document.KindRemovalRefusal, document.KindRemovalDecision}
	if len(kinds) != 4 || [4]document.Kind(kinds) != [4]document.Kind(want) {
		t.Errorf("documents %v", kinds)
	}
	// The other is taken off without an application.
	id = w.open(1).ID
	if l := must[Listing](t)(decide(OutcomeRemove, "列入满六个月，无可改正的事项。")); l.Status != Removed {
		t.Errorf("removed without an application: %+v", l)
	}
	if sum := w.sweep("2019-05-01"); sum != (SweepSummary{}) {
		t.Errorf("a removal settles the obligation: %+v", sum)
	}
}

// decision is the listing decision of the organisation's first matter.
func (w *world) decision(i int) Paper {
	w.t.Helper()
	for _, p := range w.matters(i)[0].Documents {
		if p.Kind == document.KindListingDecision {
			return p
		}
	}
	w.t.Fatalf("organisation %d has no listing decision", i)
	return Paper{}
}

// TestDecisionsOfEarlierReleasesArePutRight: they left the decision of a listing that ended in force.
func TestDecisionsOfEarlierReleasesArePutRight(t *testing.T) {
	w := listed(t, 3)
	ids := []uuid.UUID{w.open(0).ID, w.open(1).ID}
	must[Listing](t)(w.svc.DecideRemoval(w.ctx, Decision{ListingID: ids[0], AuthorityCode: authority, Outcome: OutcomeRemove, Reason: "已补报。", Actor: reviewer}))
	must[Listing](t)(w.svc.Annul(w.ctx, Decision{ListingID: ids[1], AuthorityCode: authority, Reason: "登记有误。", Actor: reviewer}))
	provider := must[*goose.Provider](t)(goose.NewProvider(goose.DialectPostgres, w.db.DB.DB, migrations.FS))
	must[[]*goose.MigrationResult](t)(provider.DownTo(w.ctx, 9))
	w.exec(`UPDATE document_standing SET standing = 'in_force', superseded_by = NULL, reason = ''`)
	must[[]*goose.MigrationResult](t)(provider.Up(w.ctx))
	for i, want := range []string{"superseded by the removal", "revoked", "in_force"} {
		var got string
		err := w.db.GetContext(w.ctx, &got, `SELECT st.standing || CASE WHEN st.superseded_by = l.end_document_id THEN ' by the removal' ELSE '' END
			FROM listing l JOIN document_standing st ON st.document_id = l.decision_id WHERE l.organisation_id = $1`, w.orgs[i].ID)
		if err != nil || got != want {
			t.Errorf("organisation %d: the decision is %q (%v), want %q", i, got, err, want)
		}
	}
}

func TestAnnul(t *testing.T) {
	w := listed(t, 1)
	id := w.open(0).ID
	must[Listing](t)(w.svc.ApplyRemoval(w.ctx, Plea{ListingID: id, OrganisationID: w.orgs[0].ID, Text: "列入有误。", Actor: filer}))
	wrong := Decision{ListingID: id, AuthorityCode: authority, Reason: "报告于期限内寄达，登记有误。", Actor: reviewer}
	l := must[Listing](t)(w.svc.Annul(w.ctx, wrong))
	if l.Status != Annulled || l.EndReason != EndAnnulled || l.EndedOn != date("2019-04-18") {
		t.Errorf("annulled: %+v", l)
	}
	if d := w.decision(0); d.Standing != document.Revoked {
		t.Errorf("the decision is %s", d.Standing)
	}
	_, err := w.svc.Annul(w.ctx, wrong)
	wantCode(t, err, http.StatusConflict, "not_listed")
	if n := w.count(`SELECT count(*) FROM listing_removal WHERE outcome IS NULL`); n != 0 {
		t.Error("an application waits for a listing that never was")
	}
	if sum := w.sweep("2019-04-19"); sum != (SweepSummary{}) {
		t.Errorf("an annulment settles the obligation: %+v", sum)
	}
	w.advance("2019-04-19")
	if n := w.events(event.ListingAnnulledKind); n != 1 {
		t.Errorf("%d events", n)
	}
}

// Every act and every read, by whoever the matter does not belong to.
func TestMattersOfOthersDoNotExist(t *testing.T) {
	w := noticed(t, 2)
	w.at("2019-04-10")
	id := w.open(0).ID
	stranger := w.orgs[1].ID
	acts := map[string]func(authority string, organisation, id uuid.UUID) error{
		"service": func(a string, _, id uuid.UUID) error {
			_, err := w.svc.RecordService(w.ctx, Served{ListingID: id, AuthorityCode: a, How: ByPost, ServedOn: date("2019-04-08"), Actor: reviewer})
			return err
		},
		"decision": func(a string, _, id uuid.UUID) error {
			_, err := w.svc.DecideListing(w.ctx, Decision{ListingID: id, AuthorityCode: a, Outcome: OutcomeWithdraw, Reason: "x", Actor: reviewer})
			return err
		},
		"removal": func(a string, _, id uuid.UUID) error {
			_, err := w.svc.DecideRemoval(w.ctx, Decision{ListingID: id, AuthorityCode: a, Outcome: OutcomeRemove, Reason: "x", Actor: reviewer})
			return err
		},
		"annulment": func(a string, _, id uuid.UUID) error {
			_, err := w.svc.Annul(w.ctx, Decision{ListingID: id, AuthorityCode: a, Reason: "x", Actor: reviewer})
			return err
		},
		"statement": func(_ string, o, id uuid.UUID) error {
			_, err := w.svc.MakeStatement(w.ctx, Plea{ListingID: id, OrganisationID: o, Text: "x", Actor: filer})
			return err
		},
		"application": func(_ string, o, id uuid.UUID) error {
			_, err := w.svc.ApplyRemoval(w.ctx, Plea{ListingID: id, OrganisationID: o, Text: "x", Actor: filer})
			return err
		},
		"matter of another authority": func(a string, _, id uuid.UUID) error {
			_, err := w.svc.Matter(w.ctx, Owner{AuthorityCode: a}, id)
			return err
		},
		"matter of another organisation": func(_ string, o, id uuid.UUID) error {
			_, err := w.svc.Matter(w.ctx, Owner{OrganisationID: event.Ref(o)}, id)
			return err
		},
	}
	for name, act := range acts {
		t.Run(name, func(t *testing.T) {
			wantCode(t, act("440104", stranger, id), http.StatusNotFound, "not_found")
			wantCode(t, act("", stranger, id), http.StatusNotFound, "not_found")
			wantCode(t, act(authority, w.orgs[0].ID, uuid.New()), http.StatusNotFound, "not_found")
		})
	}
	if after := w.open(0); after.Version != 1 || after.StatementOpen {
		t.Errorf("a stranger changed the matter: %+v", after.Listing)
	}
}

func TestListingsInPages(t *testing.T) {
	w := noticed(t, 7)
	must[Listing](t)(w.decide(3, OutcomeWithdraw))
	seen := map[uuid.UUID]bool{}
	cursor, pages := "", 0
	for {
		page, err := w.svc.Listings(w.ctx, Query{Owner: Owner{AuthorityCode: authority}, Limit: 3, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, m := range page.Items {
			if seen[m.ID] || len(m.Documents) == 0 || m.OrganisationName == "" {
				t.Errorf("item %+v", m)
			}
			seen[m.ID] = true
		}
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	if len(seen) != 7 || pages != 3 {
		t.Errorf("%d matters on %d pages", len(seen), pages)
	}
	page, err := w.svc.Listings(w.ctx, Query{Owner: Owner{AuthorityCode: authority}, Status: Withdrawn})
	if err != nil || len(page.Items) != 1 || page.Items[0].OrganisationID != w.orgs[3].ID {
		t.Errorf("withdrawn: %+v (%v)", page.Items, err)
	}
	page, err = w.svc.Listings(w.ctx, Query{Owner: Owner{AuthorityCode: "440104"}})
	if err != nil || len(page.Items) != 0 {
		t.Errorf("another authority sees %d matters (%v)", len(page.Items), err)
	}
	for _, cursor := range []string{"x", "~", "notified~x", "nothing~" + uuid.NewString()} {
		_, err := w.svc.Listings(w.ctx, Query{Owner: Owner{AuthorityCode: authority}, Cursor: cursor})
		wantCode(t, err, http.StatusBadRequest, "bad_cursor")
	}
}

func TestCasesInPages(t *testing.T) {
	w := noticed(t, 5)
	by := CaseQuery{Owner: Owner{AuthorityCode: authority}, Limit: 2}
	seen := map[uuid.UUID]bool{}
	for {
		items, next, err := w.svc.SpotChecks(w.ctx, by)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range items {
			seen[c.ID] = true
		}
		if by.Cursor = next; next == "" {
			break
		}
	}
	by.Cursor = ""
	for {
		items, next, err := w.svc.PenaltyCases(w.ctx, by)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range items {
			seen[c.ID] = true
		}
		if by.Cursor = next; next == "" {
			break
		}
	}
	if len(seen) != 10 {
		t.Errorf("%d cases, want five spot checks and five penalty cases", len(seen))
	}
	by.Cursor = "2019~x"
	_, _, err := w.svc.SpotChecks(w.ctx, by)
	wantCode(t, err, http.StatusBadRequest, "bad_cursor")
	_, _, err = w.svc.PenaltyCases(w.ctx, by)
	wantCode(t, err, http.StatusBadRequest, "bad_cursor")
}

func TestWordsAreChinese(t *testing.T) {
	labels := []string{GroundNotFiled.Label()}
	for _, s := range []Status{Notified, Listed, Withdrawn, Removed, Escalated, Annulled} {
		labels = append(labels, s.Label())
	}
	for _, r := range []EndReason{EndReportStands, EndNotOverdue, EndExempt, EndDecided, EndRemoved, EndAnnulled} {
		labels = append(labels, r.Label())
	}
	for _, h := range Hows() {
		labels = append(labels, h.Label())
	}
	for _, s := range []SpotCheckStatus{OnList, Drawn, Inspected, Cleared} {
		labels = append(labels, s.Label())
	}
	for _, s := range []PenaltyStatus{PenaltyOpened, PenaltyNotified, PenaltyDecided, PenaltySpared, PenaltyClosed} {
		labels = append(labels, s.Label())
	}
	for i, l := range labels {
		if l == "" || l[0] < 0x80 {
			t.Errorf("label %d is %q", i, l)
		}
	}
	if Status("x").Valid() || How("x").Valid() || !Listed.Valid() || !ByPost.Valid() {
		t.Error("valid words are not told from others")
	}
}
