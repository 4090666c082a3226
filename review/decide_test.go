package review

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/workday"
)

// TestDecisionIsExamined tries texts and remarks; what is refused leaves the review untouched.
func TestDecisionIsExamined(t *testing.T) {
	long := strings.Repeat("意", MaxOpinion+1)
	many := make([]Remark, MaxRemarks+1)
	for i := range many {
		many[i].Text = "请核对。"
	}
	w := theWorld(t)
	for name, c := range map[string]struct {
		d      Decision
		code   string
		detail string // a part of it
	}{
		"no outcome":              {Decision{}, "outcome_not_allowed", "合格（pass）、退回（return）、不合格（unqualified）"},
		"outcome of inspections":  {Decision{Outcome: Qualified}, "outcome_not_allowed", "qualified"},
		"unknown outcome, long":   {Decision{Outcome: Outcome(strings.Repeat("x", 9000))}, "outcome_not_allowed", "xxx…"},
		"return without a word":   {Decision{Outcome: Return}, "return_without_reason", "总体意见"},
		"return with blanks":      {Decision{Outcome: Return, Opinion: " \t\r\n　"}, "return_without_reason", ""},
		"return with no ink":      {Decision{Outcome: Return, Opinion: "\u200b\u2060"}, "return_without_reason", ""},
		"opinion too long":        {Decision{Outcome: Pass, Opinion: long}, "text_too_long", "总体意见超过5000字"},
		"opinion with NUL":        {Decision{Outcome: Pass, Opinion: "请\x00核对"}, "bad_character", "U+0000"},
		"opinion not UTF-8":       {Decision{Outcome: Pass, Opinion: "\xff"}, "bad_character", ""},
		"too many remarks":        {Decision{Outcome: Return, Remarks: many}, "bad_remark", "200条"},
		"remark without text":     {Decision{Outcome: Return, Remarks: []Remark{{Key: "name"}}}, "bad_remark", "第1条意见：没有内容"},
		"second remark blank":     {Decision{Outcome: Return, Remarks: []Remark{{Text: "一"}, {Text: "\u200b"}}}, "bad_remark", "第2条"},
		"remark too long":         {Decision{Outcome: Return, Remarks: []Remark{{Text: long}}}, "bad_remark", "内容超过2000字"},
		"basis too long":          {Decision{Outcome: Return, Remarks: []Remark{{Text: "一", Basis: long}}}, "bad_remark", "依据超过500字"},
		"basis with a control":    {Decision{Outcome: Return, Remarks: []Remark{{Text: "一", Basis: "\x1b"}}}, "bad_remark", "U+001B"},
		"unknown key":             {Decision{Outcome: Return, Remarks: []Remark{{Key: "bs_cahs.opening", Text: "一"}}}, "bad_remark", "“bs_cahs.opening”"},
		"unknown key, long":       {Decision{Outcome: Return, Remarks: []Remark{{Key: strings.Repeat("k", 9000), Text: "一"}}}, "bad_remark", "k…”"},
		"unknown key, not UTF-8":  {Decision{Outcome: Return, Remarks: []Remark{{Key: "\xff", Text: "一"}}}, "bad_remark", "�"},
		"remarks looked at twice": {Decision{Outcome: Pass, Remarks: []Remark{{Key: "nothing", Text: "一"}}}, "bad_remark", ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.d.SubmissionID, c.d.Actor = w.submitted, first
			_, err := w.svc.Decide(w.ctx, c.d)
			wantCode(t, err, c.code)
			var refusal *Error
			if !errors.As(err, &refusal) || !strings.Contains(refusal.Detail(), c.detail) || refusal.HTTPStatus() != 422 {
				t.Errorf("refused with %v, want %q", err, c.detail)
			}
			if r := w.review(w.submitted); r.Version != 1 {
				t.Errorf("the review is %+v", r)
			}
			_, err = w.svc.Preview(w.ctx, c.d)
			wantCode(t, err, c.code)
		})
	}
}

// shared is one world for tests that only look.
type shared struct {
	*world
	submitted uuid.UUID
}

func theWorld(t *testing.T) shared {
	t.Helper()
	w := newWorld(t, "2019-03-01", 2)
	return shared{w, w.submit(w.orgs[0])}
}

// TestNotFoundComesFirst: whose review it is not, learns nothing else (contract §3).
func TestNotFoundComesFirst(t *testing.T) {
	w := theWorld(t)
	for _, by := range []Actor{stranger, nobody} {
		_, err := w.svc.Decide(w.ctx, Decision{SubmissionID: w.submitted, Outcome: "nonsense", Actor: by})
		wantCode(t, err, "not_found")
		_, err = w.svc.Approve(w.ctx, Approval{SubmissionID: w.submitted, Verdict: "nonsense", Actor: by})
		wantCode(t, err, "not_found")
		_, err = w.svc.Reopen(w.ctx, Reopening{SubmissionID: w.submitted, Actor: by})
		wantCode(t, err, "not_found")
		_, err = w.svc.Case(w.ctx, w.submitted, by.AuthorityCode)
		wantCode(t, err, "not_found")
		_, err = w.svc.Preview(w.ctx, Decision{SubmissionID: w.submitted, Outcome: Pass, Actor: by})
		wantCode(t, err, "not_found")
		wantCode(t, w.svc.AddRemark(w.ctx, Remarking{SubmissionID: w.submitted, Actor: by}), "not_found")
	}
	_, err := w.decide(uuid.New(), Pass, first)
	wantCode(t, err, "not_found")
	_, err = OpinionOn(w.ctx, w.db, w.submitted)
	wantCode(t, err, "not_found")
}

// TestBodyBeforeState: a body that is wrong is 422 whatever became of the review (contract §3).
func TestBodyBeforeState(t *testing.T) {
	w := theWorld(t)
	w.mustDecide(w.submitted, Pass, first)
	_, err := w.svc.Decide(w.ctx, Decision{SubmissionID: w.submitted, Outcome: Return, Actor: first})
	wantCode(t, err, "return_without_reason")
	_, err = w.svc.Approve(w.ctx, Approval{SubmissionID: w.submitted, Verdict: SendBack, Actor: approver})
	wantCode(t, err, "reason_missing")
	_, err = w.svc.Approve(w.ctx, Approval{SubmissionID: w.submitted, Verdict: "reject", Reason: "一", Actor: approver})
	wantCode(t, err, "verdict_not_allowed")
	_, err = w.svc.Approve(w.ctx, Approval{SubmissionID: w.submitted, Verdict: Confirm, Reason: strings.Repeat("一", MaxOpinion+1), Actor: approver})
	wantCode(t, err, "text_too_long")
	for _, reason := range []string{"", " 　\n"} {
		_, err = w.svc.Reopen(w.ctx, Reopening{SubmissionID: w.submitted, Reason: reason, Actor: first})
		wantCode(t, err, "reason_missing")
	}
}

// TestTextsAreNormalised: what is stored is what a document can print.
func TestTextsAreNormalised(t *testing.T) {
	w := theWorld(t)
	_, err := w.svc.Decide(w.ctx, Decision{SubmissionID: w.submitted, Outcome: Return, Opinion: "\r\n一\r\n二\r三 ", Actor: first,
		Remarks: []Remark{{Key: " bs_cash.opening ", Text: "cafe\u0301 ", Basis: "\t会计制度"}, {Text: "总体"}, {Key: "bs_cash", Text: "全行"}}})
	must(t, err)
	got, err := OpinionOn(w.ctx, w.db, w.submitted)
	must(t, err)
	want := Opinion{Outcome: Return, Opinion: "一\n二\n三",
		Remarks: []Remark{{"bs_cash.opening", "café", "会计制度"}, {"", "总体", ""}, {"bs_cash", "全行", ""}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPassIssuesANumberedConclusion(t *testing.T) {
	w := theWorld(t)
	result := w.mustDecide(w.submitted, Pass, first)
	if want := (Result{filing.StatusPassed, Decided}); result != want {
		t.Errorf("result %+v, want %+v", result, want)
	}
	c, err := ConclusionOf(w.ctx, w.db, w.obligation(w.orgs[0]).ID)
	must(t, err)
	if c.Number != "试民社年审〔2019〕00001号" || c.IssuedOn != date("2019-03-01") || c.Outcome != Pass || c.VerifyCode == "" || c.SHA256.Valid {
		t.Errorf("conclusion %+v", c)
	}
	facts := factsOf[document.ConclusionFacts](t, w.world, c.ID)
	if facts.Organisation != w.orgs[0].Name || facts.Authority != "试点市民政局" || facts.Inspection || !facts.Stamp ||
		facts.Basis == "" || facts.SubmittedOn != date("2019-03-01") || !facts.FirstFiled.IsZero() {
		t.Errorf("facts %+v", facts)
	}
	wantKinds(t, w.world, "review.claimed", "review.decided", "conclusion.numbered")
}

// factsOf reads the facts of a document that was ordered.
func factsOf[T any](t *testing.T, w *world, id uuid.UUID) (facts T) {
	t.Helper()
	order, err := document.OrderByID(w.ctx, w.db, id)
	must(t, err)
	must(t, json.Unmarshal(order.RawFacts, &facts))
	return facts
}

// wantKinds wants the events after the submission to be of these kinds, in this order.
func wantKinds(t *testing.T, w *world, want ...string) {
	t.Helper()
	got := []string{}
	must(t, w.db.SelectContext(w.ctx, &got, `SELECT kind FROM event WHERE obligation_id IS NOT NULL
		AND kind NOT IN ('obligation.created', 'submission.received') ORDER BY ordinal`))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestUnqualifiedIssuesNothing even where the season was written to say otherwise.
func TestUnqualifiedIssuesNothing(t *testing.T) {
	w := theWorld(t)
	w.exec(`UPDATE season SET spec = jsonb_set(spec, '{conclusion,issue_for}', '["pass", "unqualified", "return"]')`)
	result := w.mustDecide(w.submitted, Unqualified, first)
	if want := (Result{filing.StatusUnqualified, Decided}); result != want {
		t.Errorf("result %+v, want %+v", result, want)
	}
	other := w.submit(w.orgs[1])
	w.mustDecide(other, Return, first)
	if n := w.count(`SELECT count(*) FROM conclusion`) + w.count(`SELECT count(*) FROM document_order WHERE kind = 'conclusion'`); n != 0 {
		t.Errorf("%d conclusions", n)
	}
	if n := w.count(`SELECT count(*) FROM counter WHERE kind = 'conclusion'`); n != 0 {
		t.Error("a number was taken")
	}
	_, err := ConclusionOf(w.ctx, w.db, w.obligation(w.orgs[0]).ID)
	wantCode(t, err, "not_found")
	if n := w.count(`SELECT count(*) FROM event WHERE data->>'conclusion_issued' = 'true'`); n != 0 {
		t.Error("an event tells of a conclusion")
	}
}

// TestSeasonThatIssuesNothing passes without a paper.
func TestSeasonThatIssuesNothing(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1, "conclusion: {issue_for: [], stamp: false}")
	w.mustDecide(w.submit(w.orgs[0]), Pass, first)
	if n := w.count(`SELECT count(*) FROM document_order`); n != 0 {
		t.Errorf("%d documents ordered", n)
	}
}

func TestInspectionRegime(t *testing.T) {
	w := newWorld(t, "2019-03-01", 4, "regime: annual_inspection", "conclusion: {issue_for: [qualified], stamp: true}")
	for i, c := range []struct {
		outcome Outcome
		status  filing.Status
		papers  string // kinds of the documents ordered
	}{
		{Qualified, filing.StatusQualified, "conclusion"},
		{BasicallyQualified, filing.StatusBasicallyQualified, ""},
		{Unqualified, filing.StatusUnqualified, ""},
		{Return, filing.StatusReturned, "return_notice"},
	} {
		id := w.submit(w.orgs[i])
		_, err := w.decide(id, Pass, first)
		wantCode(t, err, "outcome_not_allowed")
		if result := w.mustDecide(id, c.outcome, first); result.Status != c.status {
			t.Errorf("%s leads to %s, want %s", c.outcome, result.Status, c.status)
		}
		var kinds string
		must(t, w.db.GetContext(w.ctx, &kinds, `SELECT coalesce(string_agg(kind, ' '), '') FROM document_order WHERE organisation_id = $1`, w.orgs[i].ID))
		if kinds != c.papers {
			t.Errorf("%s orders %q, want %q", c.outcome, kinds, c.papers)
		}
	}
	c, err := ConclusionOf(w.ctx, w.db, w.obligation(w.orgs[0]).ID)
	must(t, err)
	if facts := factsOf[document.ConclusionFacts](t, w, c.ID); !facts.Inspection || !strings.Contains(facts.Basis, "年度检查") {
		t.Errorf("facts %+v", facts)
	}
}

// TestReturnNotice: the notice states the last day on which a refiled report is not overdue.
func TestReturnNotice(t *testing.T) {
	for name, c := range map[string]struct {
		on, season string
		event      workday.Date // the refile day that the event tells; zero: none
		by         string
	}{
		"before the due day":       {"2019-03-01", "", date("2019-03-15"), "2019-03-31"},
		"refile day after due day": {"2019-03-29", "", date("2019-04-15"), "2019-04-15"}, // over Qingming (Friday 5 April)
		"by the due day only":      {"2019-03-29", "resubmit_within_working_days: null", workday.Date{}, "2019-03-31"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.on, 1, c.season)
			id := w.submit(w.orgs[0])
			_, err := w.svc.Decide(w.ctx, Decision{SubmissionID: id, Outcome: Return, Actor: first,
				Remarks: []Remark{{"bs_cash.closing", "与银行对账单不符", "民间非营利组织会计制度"}, {"", "请整体复核", ""}}})
			must(t, err)
			var order uuid.UUID
			must(t, w.db.GetContext(w.ctx, &order, `SELECT id FROM document_order WHERE kind = 'return_notice' AND subject_id = $1`, id))
			facts := factsOf[document.ReturnFacts](t, w, order)
			if facts.ResubmitBy != date(c.by) || facts.Provisional || facts.Basis == "" || facts.ReceiptNo != "2018-0000001" {
				t.Errorf("facts %+v", facts)
			}
			want := []document.Remark{{Label: "货币资金（期末数）", Text: "与银行对账单不符", Basis: "民间非营利组织会计制度"}, {Text: "请整体复核"}}
			if diff := cmp.Diff(want, facts.Remarks); diff != "" {
				t.Error(diff)
			}
			var data []byte
			must(t, w.db.GetContext(w.ctx, &data, `SELECT data FROM event WHERE kind = 'review.decided'`))
			var told event.ReviewDecided
			must(t, json.Unmarshal(data, &told))
			if told.ResubmitBy != c.event || told.Remarks != 2 || told.Outcome != "return" || told.ConclusionIssued {
				t.Errorf("event %+v", told)
			}
			if o := w.obligation(w.orgs[0]); o.OverdueAfter != date(c.by) {
				t.Errorf("overdue after %s, want %s", o.OverdueAfter, c.by)
			}
		})
	}
}

// TestLastDayProvisional: only the day that counts decides whether it is provisional.
func TestLastDayProvisional(t *testing.T) {
	due := func(day string, provisional bool) filing.Obligation {
		return filing.Obligation{DueOn: date(day), DueProvisional: provisional}
	}
	refile := func(day string, provisional bool) workday.Due {
		return workday.Due{Date: date(day), Provisional: provisional}
	}
	for name, c := range map[string]struct {
		o      filing.Obligation
		refile workday.Due
		want   workday.Due
	}{
		"refile day later":        {due("2027-01-04", true), refile("2027-01-08", false), refile("2027-01-08", false)},
		"refile day provisional":  {due("2027-01-04", false), refile("2027-01-08", true), refile("2027-01-08", true)},
		"due day later":           {due("2027-01-11", false), refile("2027-01-08", true), refile("2027-01-11", false)},
		"due day provisional":     {due("2027-01-11", true), refile("2027-01-08", false), refile("2027-01-11", true)},
		"same day, one uncertain": {due("2027-01-08", false), refile("2027-01-08", true), refile("2027-01-08", true)},
		"no refile day":           {due("2027-01-11", true), workday.Due{}, refile("2027-01-11", true)},
	} {
		if got := lastDay(c.o, c.refile); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

// TestSupersession: the conclusion of a later report takes the place of the one in force, when it passes and not before.
func TestSupersession(t *testing.T) {
	w := theWorld(t)
	org := w.orgs[0]
	w.mustDecide(w.submitted, Pass, first)
	old, err := ConclusionOf(w.ctx, w.db, w.obligation(org).ID)
	must(t, err)
	// As when the authority took the conclusion up again for a correction.
	w.exec(`UPDATE obligation SET status = 'returned', overdue_after = due_on WHERE organisation_id = $1`, org.ID)
	w.at("2019-03-04")
	corrected := w.submit(org)
	if still, err := ConclusionOf(w.ctx, w.db, w.obligation(org).ID); err != nil || still.ID != old.ID {
		t.Errorf("before the decision %+v (%v) is in force", still, err)
	}
	w.mustDecide(corrected, Pass, second)
	now, err := ConclusionOf(w.ctx, w.db, w.obligation(org).ID)
	must(t, err)
	if now.Number != "试民社年审〔2019〕00002号" {
		t.Errorf("number %s", now.Number)
	}
	facts := factsOf[document.ConclusionFacts](t, w.world, now.ID)
	if facts.Replaces != old.Number || facts.FirstFiled != date("2019-03-01") || facts.SubmittedOn != date("2019-03-04") {
		t.Errorf("facts %+v", facts)
	}
	order, err := document.OrderByID(w.ctx, w.db, now.ID)
	must(t, err)
	if order.SupersedesID != event.Ref(old.ID) {
		t.Errorf("the order supersedes %v, want %s", order.SupersedesID, old.ID)
	}
	if n := w.count(`SELECT count(*) FROM conclusion WHERE id = $1 AND superseded_by = $2`, old.ID, now.ID); n != 1 {
		t.Error("the old conclusion does not name the new one")
	}
}

// TestFirstFiled: the conclusion tells the day of the first report that counted, not of one that was taken back.
func TestFirstFiled(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1)
	org := w.orgs[0]
	for _, c := range []struct {
		day  string
		end  func(id uuid.UUID) error
		want workday.Date // zero: this one is the first
	}{
		{"2019-03-01", func(uuid.UUID) error { return w.withdraw(org) }, workday.Date{}},
		{"2019-03-04", func(id uuid.UUID) error { return acts["return"](w, id, first) }, workday.Date{}},
		{"2019-03-05", func(uuid.UUID) error { return w.withdraw(org) }, date("2019-03-04")},
		{"2019-03-06", func(id uuid.UUID) error { return acts["pass"](w, id, second) }, date("2019-03-04")},
	} {
		w.at(c.day)
		id := w.submit(org)
		sub, err := filing.SubmissionByID(w.ctx, w.db, id)
		must(t, err)
		if got, err := firstFiled(w.ctx, w.db, sub); err != nil || got != c.want {
			t.Errorf("of %s the first was filed on %s (%v), want %s", c.day, got, err, c.want)
		}
		must(t, c.end(id))
	}
	c, err := ConclusionOf(w.ctx, w.db, w.obligation(org).ID)
	must(t, err)
	if facts := factsOf[document.ConclusionFacts](t, w, c.ID); facts.FirstFiled != date("2019-03-04") {
		t.Errorf("facts %+v", facts)
	}
}
