package review

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/internal/registry"
)

// TestReturnedAndRefiled goes the whole round: returned twice, withdrawn once, passed; each time the reviewer sees what
// changed and what was said before.
func TestReturnedAndRefiled(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1)
	org := w.orgs[0]
	w.accept(org, 2017)
	one := w.submit(org)
	c := w.caseOf(one)
	if len(c.Differences) != 0 || len(c.Rounds) != 0 || c.PriorValues == nil || c.Prior == nil {
		t.Errorf("first: %d differences, %d rounds, prior %v", len(c.Differences), len(c.Rounds), c.Prior != nil)
	}
	if c.OrganisationName != org.Name || c.OrganisationUSCC != string(org.USCC) || c.ReceiptNo != "2018-0000001" || c.WorkingDaysLeft != 10 {
		t.Errorf("item %+v", c.Item)
	}
	if diff := cmp.Diff(string(w.body(org, 2018, nil)), string(c.Body)); diff != "" {
		t.Error(diff)
	}
	_, err := w.svc.Decide(w.ctx, Decision{SubmissionID: one, Outcome: Return, Actor: first, Remarks: []Remark{{"bs_cash.closing", "有误", ""}, {"name", "核对", ""}}})
	must(t, err)

	w.at("2019-03-05")
	two := w.submitBody(org, w.body(org, 2018, func(v form.Values) { v["bs_cash.closing"] = int64(123) }))
	must(t, w.withdraw(org))
	w.at("2019-03-06")
	three := w.submitBody(org, w.body(org, 2018, func(v form.Values) {
		v["bs_cash.opening"], v["bs_cash.closing"] = int64(0), int64(-5)
		delete(v, "name")
	}))
	c = w.caseOf(three)
	keys := []string{}
	for _, d := range c.Differences {
		keys = append(keys, d.Key)
	}
	if diff := cmp.Diff([]string{"name", "bs_cash.opening", "bs_cash.closing"}, keys); diff != "" {
		t.Error(diff)
	}
	if d := c.Differences[2]; d.Label != "货币资金（期末数）" || d.After != int64(-5) || d.Before == int64(123) {
		t.Errorf("difference %+v is not to the report that was returned", d)
	}
	if d := c.Differences[0]; d.After != nil || d.Before != org.Name {
		t.Errorf("difference %+v", d)
	}
	if len(c.Rounds) != 2 || c.Rounds[0].SubmissionID != one || c.Rounds[1].SubmissionID != two {
		t.Fatalf("rounds %+v", c.Rounds)
	}
	if r := c.Rounds[0]; r.Outcome != Return || len(r.Remarks) != 2 || r.Remarks[0].Key != "bs_cash.closing" || r.ReceiptNo != "2018-0000001" {
		t.Errorf("first round %+v", r)
	}
	if r := c.Rounds[1]; r.State != Withdrawn || len(r.Remarks) != 0 {
		t.Errorf("second round %+v", r)
	}
	if c.DueOn != date("2019-03-20") || c.Submission.Ordinal != 3 {
		t.Errorf("the refiled report has the window to %s", c.DueOn)
	}
	w.wantHistory(t, c, event.ObligationCreatedKind, event.SubmissionReceivedKind, event.ReviewClaimedKind, event.ReviewDecidedKind,
		event.SubmissionReceivedKind, event.SubmissionWithdrawnKind, event.SubmissionReceivedKind)

	w.mustDecide(three, Pass, second)
	if o := w.obligation(org); o.Status != filing.StatusPassed {
		t.Errorf("the obligation is %s", o.Status)
	}
	accepted, err := filing.AcceptedReport(w.ctx, w.db, org.ID, 2018)
	if err != nil || accepted.SubmissionID.UUID != three {
		t.Errorf("accepted %v (%v)", accepted.SubmissionID, err)
	}
}

// accept stores a report of an earlier year as accepted elsewhere.
func (w *world) accept(org registry.Organisation, year int) {
	w.t.Helper()
	w.exec(`INSERT INTO accepted_report (organisation_id, report_year, form, body, accepted_at) VALUES ($1, $2, $3, $4, now())`,
		org.ID, year, string(org.Type)+"-2004", string(w.body(org, year, nil)))
}

func (w *world) wantHistory(t *testing.T, c Case, want ...event.Kind) {
	t.Helper()
	got := make([]event.Kind, len(c.History))
	for i, e := range c.History {
		got[i] = e.Kind
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestCaseWithoutPrior(t *testing.T) {
	w := newWorld(t, "2019-03-01", 3)
	for _, org := range w.orgs { // each type has its form
		c := w.caseOf(w.submit(org))
		if c.Prior != nil || c.PriorValues != nil || c.Findings == nil || c.Remarks == nil || c.Form.Type != string(org.Type) {
			t.Errorf("%s: prior %q, findings %v, remarks %v, form %s", org.Type, c.Prior, c.Findings, c.Remarks, c.Form.Code)
		}
		if c.Regime != filing.RegimeReport || c.FourEyes || c.Obligation.ID != c.ObligationID {
			t.Errorf("season %s, four eyes %v, obligation %s", c.Regime, c.FourEyes, c.Obligation.ID)
		}
	}
}

func TestDifferences(t *testing.T) {
	forms, err := form.Default()
	must(t, err)
	f, err := forms.Form("service-2004")
	must(t, err)
	var table *form.Field
	for _, field := range f.ValueFields() {
		if field.Kind == form.KindTable {
			table = field
		}
	}
	rows := func(texts ...string) []map[string]any {
		out := []map[string]any{}
		for _, text := range texts {
			out = append(out, map[string]any{table.Columns[0].Key: text})
		}
		return out
	}
	for name, c := range map[string]struct {
		before, after any
		differ        bool
	}{
		"both absent":         {nil, nil, false},
		"same figure":         {int64(5), int64(5), false},
		"other figure":        {int64(5), int64(6), true},
		"figure taken away":   {int64(0), nil, true},
		"same choices":        {[]string{"a", "b"}, []string{"a", "b"}, false},
		"choices in disorder": {[]string{"a", "b"}, []string{"b", "a"}, true},
		"same rows":           {rows("甲", "乙"), rows("甲", "乙"), false},
		"row changed":         {rows("甲"), rows("乙"), true},
		"row added":           {rows("甲"), rows("甲", "乙"), true},
		"none is not absent":  {nil, rows(), true},
	} {
		before, after := form.Values{}, form.Values{}
		if c.before != nil {
			before[table.Key] = c.before
		}
		if c.after != nil {
			after[table.Key] = c.after
		}
		got := Differences(f, before, after)
		if (len(got) == 1) != c.differ || len(got) > 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestLabels: no label says its line or table twice, and none is empty.
func TestLabels(t *testing.T) {
	forms, err := form.Default()
	must(t, err)
	for _, code := range forms.Codes() {
		f, err := forms.Form(code)
		must(t, err)
		for _, field := range f.ValueFields() {
			label := LabelOf(field)
			if label == "" || field.Parent != nil && strings.Count(label, field.Parent.Label) > 1 {
				t.Errorf("%s: %s is called %q", code, field.FullKey(), label)
			}
		}
	}
	f, err := forms.Form("service-2004")
	must(t, err)
	column, ok := f.Field("gov_contracts[2].amount")
	if !ok {
		t.Fatal("the form has no table of government contracts")
	}
	if label := LabelOf(column); !strings.Contains(label, "·") {
		t.Errorf("a column is called %q without its table", label)
	}
}

// TestRemarksBeforeTheDecision are kept one by one and are the decider's to send.
func TestRemarksBeforeTheDecision(t *testing.T) {
	w := theWorld(t)
	add := func(r Remark, by Actor) error {
		return w.svc.AddRemark(w.ctx, Remarking{SubmissionID: w.submitted, Remark: r, Actor: by})
	}
	must(t, add(Remark{"bs_cash.opening", " 请核对 ", ""}, first))
	must(t, add(Remark{"", "总体", ""}, first))
	must(t, add(Remark{"bs_cash.opening", "请核对", ""}, first)) // the same again
	wantCode(t, add(Remark{"", "插话", ""}, second), "claimed_by_other")
	wantCode(t, add(Remark{"bs_nothing", "一", ""}, first), "bad_remark")
	wantCode(t, add(Remark{"", "\x00", ""}, first), "bad_character")
	wantRemarks(t, w.world, w.submitted, "请核对", "总体")
	must(t, w.svc.RemoveRemark(w.ctx, Remarking{SubmissionID: w.submitted, Remark: Remark{"bs_cash.opening", "请核对", ""}, Actor: first}))
	must(t, w.svc.RemoveRemark(w.ctx, Remarking{SubmissionID: w.submitted, Remark: Remark{"", "没有", ""}, Actor: first}))
	wantRemarks(t, w.world, w.submitted, "总体")
	for i := range MaxRemarks {
		err := add(Remark{"", strings.Repeat("多", i+1), ""}, first)
		if want := i >= MaxRemarks-1; (err != nil) != want {
			t.Fatalf("remark %d: %v", i+2, err)
		}
	}
	_, err := OpinionOn(w.ctx, w.db, w.submitted)
	wantCode(t, err, "not_found")
	_, err = w.svc.Decide(w.ctx, Decision{SubmissionID: w.submitted, Outcome: Return, Remarks: []Remark{{"", "只此一条", ""}}, Actor: first})
	must(t, err)
	wantRemarks(t, w.world, w.submitted, "只此一条")
}

func wantRemarks(t *testing.T, w *world, id [16]byte, want ...string) {
	t.Helper()
	remarks, err := RemarksOf(w.ctx, w.db, id)
	must(t, err)
	got := []string{}
	for _, r := range remarks {
		got = append(got, r.Text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestPreview shows what a decision would send, and stores nothing.
func TestPreview(t *testing.T) {
	w := theWorld(t)
	before := w.review(w.submitted)
	for outcome, c := range map[Outcome]struct{ document, by string }{
		Pass:        {"结论", ""},
		Return:      {"退回补正", "2019-03-31"},
		Unqualified: {"", ""},
	} {
		p, err := w.svc.Preview(w.ctx, Decision{SubmissionID: w.submitted, Outcome: outcome, Opinion: "请核对", Actor: first})
		must(t, err)
		if (len(p.Document.Blocks) > 0) != (c.document != "") || !strings.Contains(p.Document.Title, c.document) {
			t.Errorf("%s: document %q with %d blocks", outcome, p.Document.Title, len(p.Document.Blocks))
		}
		if c.by != "" && p.ResubmitBy.Date != date(c.by) || c.by == "" && !p.ResubmitBy.Date.IsZero() {
			t.Errorf("%s: to be refiled by %s, want %s", outcome, p.ResubmitBy.Date, c.by)
		}
	}
	if after := w.review(w.submitted); after != before || w.count(`SELECT count(*) FROM document_order`)+w.count(`SELECT count(*) FROM counter WHERE kind <> 'receipt'`) != 0 {
		t.Error("a preview left something behind")
	}
	w.mustDecide(w.submitted, Pass, first)
	_, err := w.svc.Preview(w.ctx, Decision{SubmissionID: w.submitted, Outcome: Pass, Actor: first})
	wantCode(t, err, "already_decided")
}
