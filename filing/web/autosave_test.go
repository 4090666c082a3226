package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/web/webtest"
	"nianbao/internal/workday"
)

var person = event.Actor{Kind: event.ActorPerson, ID: "p1", Name: "张三"}

const basics = "/filer/reports/2018/sections/basics"

// auto sends a page's form as the script does and gives the answer's element.
func auto(t *testing.T, b *webtest.Browser, path string, fields url.Values) *html.Node {
	t.Helper()
	sent := url.Values{}
	for name, values := range fields {
		sent[name] = values
	}
	sent.Set("save", "auto")
	b.Get("/filer/messages") // whose token the browser has; an answer to the script bears none
	a := b.Post(path, sent)
	root, err := html.Parse(strings.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	var found *html.Node
	walk(root, func(n *html.Node) {
		if has(n, "data-autosaved") {
			found = n
		}
	})
	if a.Status != http.StatusOK || found == nil {
		t.Fatalf("autosave: %d\n%s", a.Status, textOf(a.Body))
	}
	fields.Set("base", attr(found, "data-base"))
	return found
}

func says(n *html.Node) string {
	var b strings.Builder
	var visit func(*html.Node)
	visit = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		for child := n.FirstChild; child != nil; child = child.NextSibling {
			visit(child)
		}
	}
	visit(n)
	return b.String()
}

func TestAutosave(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, email := w.org(registry.TypeService)
	mine, theirs := w.browser(registry.TypeService), webtest.NewBrowser(t, w.server.URL)
	theirs.SignIn(email)
	ours := formOn(t, mine.Get(basics).Body, basics)

	// What can be read is stored, what cannot is told, and nothing is held against a section that no button saved.
	ours.Set("phone", "020-11111111")
	ours.Set("established_on", "某日")
	answer := auto(t, mine, basics, ours)
	if said := says(answer); !strings.Contains(said, "已保存") || !strings.Contains(said, "“成立时间”要填日历上有的日期") || attr(answer, "data-wrong") != "1" {
		t.Errorf("said %q", said)
	}
	draft, values := w.draft(org)
	if values["phone"] != "020-11111111" || len(draft.SavedSections) != 0 {
		t.Errorf("stored %v, sections %v", values["phone"], draft.SavedSections)
	}
	if strings.Contains(mine.Get(basics).Body, "nb-field--bad") {
		t.Error("what lacks is held against a section that was only saved by itself")
	}

	// Nothing new is no new version.
	auto(t, mine, basics, ours)
	if again, _ := w.draft(org); again.Version != draft.Version {
		t.Errorf("version %d after %d: nothing had changed", again.Version, draft.Version)
	}

	// The answer's digests go on from what was sent: no conflict with oneself, a notice of what others did.
	other := formOn(t, theirs.Get(basics).Body, basics)
	other.Set("bank", "工商银行")
	theirs.Post(basics, other)
	ours.Set("phone", "020-22222222")
	if answer = auto(t, mine, basics, ours); attr(answer, "data-both") != "0" || !strings.Contains(says(answer), "别人刚才改了这一部分的 1 项") {
		t.Errorf("said %q", says(answer))
	}
	ours.Set("phone", "020-33333333")
	auto(t, mine, basics, ours)
	if _, values = w.draft(org); values["phone"] != "020-33333333" || values["bank"] != "工商银行" {
		t.Errorf("stored %v %v: the page's old bank must not come back", values["phone"], values["bank"])
	}

	// Both changed one field: both values are shown, nothing is overwritten, and again not by the next sending.
	other = formOn(t, theirs.Get(basics).Body, basics)
	other.Set("postcode", "510001")
	theirs.Post(basics, other)
	ours.Set("postcode", "510002")
	for range 2 {
		answer = auto(t, mine, basics, ours)
		if said := says(answer); attr(answer, "data-both") != "1" || !strings.Contains(said, "510001") || !strings.Contains(said, "510002") {
			t.Errorf("said %q", said)
		}
	}
	if _, values = w.draft(org); values["postcode"] != "510001" {
		t.Errorf("overwritten: %v", values["postcode"])
	}
	mine.Get("/filer/messages")
	if a := mine.Post(basics, ours); a.Status != http.StatusConflict {
		t.Errorf("the button leads to %d, not to the choice", a.Status)
	}
}

// TestLostAnswer: a sending whose answer never came is no other person's change, whatever was typed since.
func TestLostAnswer(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	b := w.browser(registry.TypeService)
	page := formOn(t, b.Get(basics).Body, basics)
	page.Set("phone", "020-1")
	before := page.Get("base")
	auto(t, b, basics, page)
	lost := url.Values{"phone": {"020-1"}}.Encode()

	page.Set("base", before) // the answer never came
	page.Set("phone", "020-12")
	page.Set("lost", lost)
	if answer := auto(t, b, basics, page); attr(answer, "data-both") != "0" {
		t.Errorf("a conflict with oneself: %s", says(answer))
	}
	if _, values := w.draft(org); values["phone"] != "020-12" {
		t.Errorf("stored %v", values["phone"])
	}
	// Typed back to what it was at first: the lost value does not stay.
	page.Set("base", before)
	page.Set("phone", "")
	page["lost"] = []string{lost, url.Values{"phone": {"020-12"}}.Encode()}
	auto(t, b, basics, page)
	if _, values := w.draft(org); values["phone"] != nil {
		t.Errorf("stored %v, want nothing", values["phone"])
	}
	// What was never sent is somebody else's; nonsense is nothing.
	page.Set("base", before)
	page.Set("phone", "020-2")
	page["lost"] = []string{"%zz"}
	auto(t, b, basics, page)
	page.Set("base", before)
	page.Set("phone", "020-3")
	page["lost"] = []string{url.Values{"phone": {"020-9"}}.Encode()}
	if answer := auto(t, b, basics, page); attr(answer, "data-both") != "1" {
		t.Error("another's value is overwritten")
	}
}

// TestAnotherOrganisationsPage: a page made for one organisation is never saved into another's report.
func TestAnotherOrganisationsPage(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	association, _ := w.org(registry.TypeAssociation)
	page := formOn(t, w.browser(registry.TypeService).Get(basics).Body, basics)
	page.Set("phone", "020-1")
	other := w.browser(registry.TypeAssociation)
	for _, save := range []string{"auto", "later"} {
		page.Set("save", save)
		other.Get("/filer/messages")
		if a := other.Post(basics, page); a.Status != http.StatusConflict {
			t.Errorf("save=%s: %d", save, a.Status)
		}
	}
	if d, err := w.filing.Draft(w.ctx, association.ID, 2018); err != nil || d.Version != 0 {
		t.Errorf("stored: %+v, %v", d, err)
	}
}

// TestMarks: a draft that was saved before keeps getting what nobody has typed, changed or confirmed yet.
func TestMarks(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	f, _ := w.sample(org, 1)
	prior := f.Sample(form.SampleOptions{Organisation: filing.FactsOf(org), Year: 2017, Seed: 5, OpensOn: workday.NewDate(2018, 1, 15)})
	w.exec(`INSERT INTO accepted_report (organisation_id, report_year, form, body, accepted_at) VALUES ($1, 2017, 'service-2004', $2, now())`,
		org.ID, encode(t, f, prior))
	if _, err := w.filing.SaveDraft(w.ctx, filing.SaveDraft{OrganisationID: org.ID, Year: 2018, Actor: person,
		Body: []byte(`{"values": {"phone": "020-1"}}`)}); err != nil {
		t.Fatal(err)
	}
	b := w.browser(registry.TypeService)
	page := b.Get(basics)
	wantText(t, page.Body, "来自登记信息", "来自上年报告", "全部确认")
	fields := formOn(t, page.Body, basics)
	if fields.Get("bank") != prior.Text("bank") || fields.Get("phone") != "020-1" {
		t.Errorf("prefilled bank %q, telephone %q", fields.Get("bank"), fields.Get("phone"))
	}

	// Cleared is cleared: it does not come back.
	fields.Set("bank", "")
	fields.Set("save", "later")
	b.Post(basics, fields)
	again := formOn(t, b.Get(basics).Body, basics)
	if again.Get("bank") != "" || again.Get("bank_account") != prior.Text("bank_account") {
		t.Errorf("after clearing: %q, %q", again.Get("bank"), again.Get("bank_account"))
	}
	wantText(t, b.Get(basics).Body, "没有填") // this section was saved by its button

	// Confirmed is confirmed, and a confirmation stays with what lacks something.
	again.Set("save", "confirm")
	if a := b.Post(basics, again); a.Header.Get("Location") != basics {
		t.Errorf("confirmed with the bank lacking: %d to %s", a.Status, a.Header.Get("Location"))
	}
	if body := b.Get(basics).Body; strings.Contains(body, "data-mark>") {
		t.Error("still marked")
	}
	d, _ := w.draft(org)
	for _, key := range []string{"phone", "bank", "bank_account", "domicile"} {
		if !strings.Contains(" "+strings.Join(d.Settled, " ")+" ", " "+key+" ") {
			t.Errorf("%s is not settled: %v", key, d.Settled)
		}
	}

	// Once submitted, somebody answers for all of it.
	facts := filing.FactsOf(org)
	facts.Postcode, facts.ContactEmail = org.Postcode, org.ContactEmail
	whole := f.Sample(form.SampleOptions{Organisation: facts, Year: 2018, Seed: 1, OpensOn: workday.NewDate(2019, 1, 14), Prior: prior})
	if _, err := w.filing.Submit(w.ctx, filing.Submit{OrganisationID: org.ID, Year: 2018, Body: []byte(encode(t, f, whole)),
		IdempotencyKey: "k", Actor: person}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.filing.Withdraw(w.ctx, filing.Withdraw{OrganisationID: org.ID, Year: 2018, Reason: "改", Actor: person}); err != nil {
		t.Fatal(err)
	}
	if body := b.Get("/filer/reports/2018/sections/staff").Body; strings.Contains(body, "data-mark>") || strings.Contains(body, "全部确认") {
		t.Error("a report that was submitted is marked again")
	}
}

// TestPasteWithoutScript: a table and a statement take what a spreadsheet gives, all of it or nothing.
func TestPasteWithoutScript(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	b := w.browser(registry.TypeService)
	const units, sheet = "/filer/reports/2018/sections/units", "/filer/reports/2018/sections/balance_sheet"
	fields := formOn(t, b.Get(units).Body, units)
	fields.Set("unit_table[0].name", "党建部")
	fields.Set("paste.unit_table", "增加\t财务部\t王芳\t2018-3-5\n撤销\t人事部\t李伟\t2018-4-1")
	fields.Set("paste", "unit_table")
	refused := b.Post(units, fields)
	if refused.Status != http.StatusUnprocessableEntity {
		t.Fatalf("status %d", refused.Status)
	}
	webtest.CheckHTML(t, "refused", []byte(refused.Body))
	wantText(t, refused.Body, "没有贴入", "第 2 行第 1 列", "李伟", "党建部")
	rows := func() []map[string]any {
		_, values := w.draft(org)
		list, _ := values.Rows("unit_table")
		return list
	}
	if len(rows()) != 1 {
		t.Errorf("half of it was taken: %v", rows())
	}
	fields = formOn(t, refused.Body, units)
	fields.Set("paste.unit_table", "增加\t财务部\t王芳\t2018-3-5\n减少\t人事部\t李伟\t2018-4-1")
	fields.Set("paste", "unit_table")
	if a := b.Post(units, fields); a.Header.Get("Location") != units+"#f-unit_table" {
		t.Errorf("pasted: %d to %s", a.Status, a.Header.Get("Location"))
	}
	if got := rows(); len(got) != 3 || got[0]["name"] != "党建部" || got[2]["change"] != "removed" {
		t.Errorf("rows %v", got)
	}
	wantText(t, b.Get(units).Body, "已贴入 2 行")
	fields = formOn(t, b.Get(units).Body, units)
	fields.Set("copy", "unit_table[1]")
	b.Post(units, fields)
	if got := rows(); len(got) != 4 || got[2]["name"] != "财务部" || got[3]["name"] != "人事部" {
		t.Errorf("copied: %v", got)
	}

	fields = formOn(t, b.Get(sheet).Body, sheet)
	fields.Set("paste.balance_sheet", "货币资金\t1\t1,000.00\t(20)\n流动资产合计\t20\t9\t9")
	fields.Set("paste", "balance_sheet")
	b.Post(sheet, fields)
	_, values := w.draft(org)
	if total, _ := values.Int("bs_current_assets_total.closing"); values["bs_cash.opening"] != int64(100000) || total != -2000 {
		t.Errorf("pasted %v, total %v", values["bs_cash.opening"], total)
	}
}

// TestPrintOfTheDraft: the whole draft on one page.
func TestPrintOfTheDraft(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	page := w.browser(registry.TypeService).Get("/filer/reports/2018/print")
	webtest.CheckHTML(t, "print", []byte(page.Body))
	wantText(t, page.Body, "草稿，未报送", "货币资金", "年度工作报告", "项没有填")
}
