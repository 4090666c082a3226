package web_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/filing"
	"nianbao/internal/registry"
	"nianbao/internal/web/webtest"
)

// A service organisation fills in its whole report without script: section by
// section by the forms as the pages give them, then check, submit and receipt.
func TestWholeReportWithoutScript(t *testing.T) {
	for _, typ := range registry.Types() {
		t.Run(string(typ), func(t *testing.T) {
			w := newWorld(t, "2019-03-28")
			org, _ := w.org(typ)
			b := w.browser(typ)
			f, values := w.sample(org, 1)

			home := b.Get("/filer")
			webtest.CheckHTML(t, "home", []byte(home.Body))
			wantText(t, home.Body, "2018 年度报告", "2019年3月31日（星期日）24:00 前报送，当天算在内。", "开始填写")
			tasks := b.Get("/filer/reports/2018/tasks")
			webtest.CheckHTML(t, "tasks", []byte(tasks.Body))

			sections := 0
			for _, s := range f.Sections {
				path := "/filer/reports/2018/sections/" + s.Code
				page := b.Get(path)
				if page.Status == http.StatusNotFound {
					if s.When == nil {
						t.Fatalf("%s is not there", path)
					}
					continue
				}
				webtest.CheckHTML(t, path, []byte(page.Body))
				fields := formOn(t, page.Body, path)
				fill(fields, s, values)
				fields.Set("save", "next")
				if a := b.Post(path, fields); a.Status != http.StatusSeeOther {
					t.Fatalf("save %s: status %d\n%s", s.Code, a.Status, textOf(a.Body))
				}
				sections++
			}
			if sections < 14 {
				t.Errorf("only %d sections were asked", sections)
			}
			again := b.Get("/filer/reports/2018/sections/balance_sheet")
			webtest.CheckHTML(t, "a filled section", []byte(again.Body))

			check := b.Get("/filer/reports/2018/check")
			webtest.CheckHTML(t, "check", []byte(check.Body))
			wantText(t, check.Body, "没有发现问题，可以报送。")
			_, stored := w.draft(org)
			if diff := cmp.Diff(values, stored); diff != "" {
				t.Errorf("the draft is not what was filled in (-want +got):\n%s", diff)
			}

			page := b.Get("/filer/reports/2018/submit")
			webtest.CheckHTML(t, "submit", []byte(page.Body))
			fields := formOn(t, page.Body, "/filer/reports/2018/submit")
			undeclared := b.Post("/filer/reports/2018/submit", fields)
			if undeclared.Status != http.StatusUnprocessableEntity {
				t.Errorf("submitted without a declaration: %d", undeclared.Status)
			}
			webtest.CheckHTML(t, "submit refused", []byte(undeclared.Body))
			wantText(t, undeclared.Body, "请勾选声明后再报送", "请输入声明人姓名", "没有虚假记载", "受法定代表人"+org.LegalRepresentative+"授权")
			fields = formOn(t, undeclared.Body, "/filer/reports/2018/submit")
			fields.Set("declare", "1")
			fields.Set("declarant", "测 试员")
			taken := b.Post("/filer/reports/2018/submit", fields)
			if taken.Status != http.StatusSeeOther || !strings.HasSuffix(taken.Header.Get("Location"), "/receipt") {
				t.Fatalf("submit: %d to %s\n%s", taken.Status, taken.Header.Get("Location"), textOf(taken.Body))
			}
			if twice := b.Post("/filer/reports/2018/submit", fields); twice.Header.Get("Location") != taken.Header.Get("Location") {
				t.Errorf("the same form sent twice led to %s, not %s", twice.Header.Get("Location"), taken.Header.Get("Location"))
			}
			receipt := b.Get(taken.Header.Get("Location"))
			webtest.CheckHTML(t, "receipt", []byte(receipt.Body))
			report, err := filing.ReportOf(w.ctx, w.db, org.ID, 2018)
			if err != nil || len(report.Submissions) != 1 {
				t.Fatalf("submissions: %+v, %v", report.Submissions, err)
			}
			s := report.Submissions[0]
			wantText(t, receipt.Body, "2018-0000001", s.SHA256, "2019年4月12日（星期五）24:00")
			if _, err := w.db.ExecContext(w.ctx, `UPDATE submission_standing SET review_due_on = '2019-04-15', review_due_provisional = true`); err != nil {
				t.Fatal(err)
			}
			wantText(t, b.Get(taken.Header.Get("Location")).Body, "2019年4月15日（星期一）24:00，当天算在内（日历未定，可能调整）",
				"回执上是2019年4月12日（星期五），后来有调整，以这里为准。")
			body := b.Get("/filer/reports/2018/submissions/" + s.ID.String() + "/body")
			if stored, err := filing.SubmissionBody(w.ctx, w.db, s.ID); err != nil || body.Body != string(stored) {
				t.Errorf("the body is not the one that was stored: %v", err)
			}
			read := b.Get("/filer/reports/2018/submissions/" + s.ID.String())
			webtest.CheckHTML(t, "submission", []byte(read.Body))
			wantText(t, read.Body, org.Name, "货币资金")
			status := b.Get("/filer/reports/2018")
			webtest.CheckHTML(t, "report under review", []byte(status.Body))
			wantText(t, status.Body, "审查中", "撤回报告", "最迟", "2019年4月15日")
			if a := b.Get("/filer/reports/2018/sections/cover"); a.Status != http.StatusSeeOther {
				t.Errorf("a submitted report is open for change: %d", a.Status)
			}
		})
	}
}

// Rows are added and removed by buttons of the form; what is in the others stays.
func TestTableRowsWithoutScript(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	b := w.browser(registry.TypeService)
	const path = "/filer/reports/2018/sections/changes"
	rows := func() []map[string]any {
		_, values := w.draft(org)
		list, _ := values.Rows("change_table")
		return list
	}
	page := b.Get(path)
	fields := formOn(t, page.Body, path)
	if fields.Get("change_table.rows") != "1" {
		t.Fatalf("no row to begin with: %v", fields)
	}
	fields.Set("change_table[0].item", "住所")
	fields.Set("change_table[0].approved_on", "2018年5月1日")
	fields.Set("add", "change_table")
	added := b.Post(path, fields)
	if added.Header.Get("Location") != path+"#f-change_table-1" || len(rows()) != 2 {
		t.Fatalf("add: %d to %q, rows %v", added.Status, added.Header.Get("Location"), rows())
	}
	page = b.Get(path)
	webtest.CheckHTML(t, "two rows", []byte(page.Body))
	fields = formOn(t, page.Body, path)
	fields.Set("change_table[1].item", "名称")
	fields.Set("remove", "change_table[0]")
	if a := b.Post(path, fields); a.Status != http.StatusSeeOther {
		t.Fatalf("remove: %d", a.Status)
	}
	if got := rows(); len(got) != 1 || got[0]["item"] != "名称" {
		t.Errorf("after removing the first row: %v", got)
	}
	page = b.Get(path)
	fields = formOn(t, page.Body, path)
	fields.Set("change_table[0].item", " ")
	fields.Set("change_table.none", "1")
	b.Post(path, fields)
	if got := rows(); got == nil || len(got) != 0 {
		t.Errorf("marked as having nothing: %v", got)
	}
	page = b.Get(path)
	fields = formOn(t, page.Body, path)
	if fields.Get("change_table.none") != "1" || fields.Get("change_table.rows") != "0" {
		t.Errorf("the page does not show that there is nothing: %v", fields)
	}
	fields.Set("add", "change_table")
	b.Post(path, fields)
	page = b.Get(path)
	fields = formOn(t, page.Body, path)
	fields.Set("change_table[0].item", "章程")
	fields.Set("change_table.none", "1")
	b.Post(path, fields)
	wantText(t, b.Get(path).Body, "既选了没有，又填了内容")
	if got := rows(); len(got) != 1 {
		t.Errorf("rows filled in win: %v", got)
	}
}

// What cannot be read stays on the page as typed; the rest is saved.
func TestUnreadableInputIsKept(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	b := w.browser(registry.TypeService)
	const path = "/filer/reports/2018/sections/balance_sheet"
	page := b.Get(path)
	fields := formOn(t, page.Body, path)
	fields.Set("bs_cash.closing", "￥１２，３４５．６")
	fields.Set("bs_inventory.closing", "1，234．5元")
	fields.Set("bs_payables.closing", "大约五千")
	refused := b.Post(path, fields)
	if refused.Status != http.StatusUnprocessableEntity {
		t.Fatalf("status %d", refused.Status)
	}
	webtest.CheckHTML(t, "refused", []byte(refused.Body))
	wantText(t, refused.Body, "<title>错误：", `value="大约五千"`, "其余已保存", `href="#f-bs_payables.closing"`)
	_, values := w.draft(org)
	if n, _ := values.Int("bs_inventory.closing"); n != 123450 {
		t.Errorf("the rest was not saved: %v", values)
	}
	if n, ok := values.Int("bs_current_assets_total.closing"); !ok || n != 123450 {
		t.Errorf("the subtotal was not worked out: %d", n)
	}
	fields = formOn(t, refused.Body, path)
	fields.Set("bs_payables.closing", "5000")
	fields.Set("bs_cash.closing", "")
	fields.Set("save", "later")
	if a := b.Post(path, fields); a.Status != http.StatusSeeOther || a.Header.Get("Location") != path {
		t.Errorf("put right: %d to %s", a.Status, a.Header.Get("Location"))
	}
}

func TestConflict(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, email := w.org(registry.TypeService)
	mine, theirs := w.browser(registry.TypeService), webtest.NewBrowser(t, w.server.URL)
	theirs.SignIn(email)
	const path = "/filer/reports/2018/sections/basics"
	const staff = "/filer/reports/2018/sections/staff"

	// Both open the section; the other saves first: one field that both change,
	// one that only they change. Meanwhile another section is saved, too.
	ours, other := formOn(t, mine.Get(path).Body, path), formOn(t, theirs.Get(path).Body, path)
	other.Set("phone", "020-11111111")
	other.Set("bank", "工商银行")
	theirs.Post(path, other)
	people := formOn(t, theirs.Get(staff).Body, staff)
	people.Set("staff_full_time", "7")
	theirs.Post(staff, people)
	ours.Set("phone", "020-22222222")
	ours.Set("postcode", "510000")
	conflict := mine.Post(path, ours)
	if conflict.Status != http.StatusConflict {
		t.Fatalf("status %d", conflict.Status)
	}
	webtest.CheckHTML(t, "conflict", []byte(conflict.Body))
	wantText(t, conflict.Body, "020-11111111", "020-22222222", "留对方保存的")
	if strings.Contains(conflict.Body, "工商银行") {
		t.Error("asked about a field that only the other changed")
	}
	_, values := w.draft(org)
	if values["postcode"] != "510000" || values["bank"] != "工商银行" || values["phone"] != "020-11111111" || values["staff_full_time"] != int64(7) {
		t.Errorf("merged: %v", values)
	}
	choice := formOn(t, conflict.Body, path)
	if a := mine.Post(path, choice); a.Status != http.StatusSeeOther {
		t.Fatalf("mine: %d %s", a.Status, textOf(a.Body))
	}
	if _, values = w.draft(org); values["phone"] != "020-22222222" {
		t.Errorf("mine was not kept: %v", values["phone"])
	}
	choice.Set("pick.phone", "theirs")
	choice.Set("phone", "020-33333333")
	mine.Post(path, choice)
	if _, values = w.draft(org); values["phone"] != "020-22222222" {
		t.Errorf("theirs was overwritten: %v", values["phone"])
	}
	// A page without the digests, such as an old one, never overwrites unasked.
	ours.Del("base")
	ours.Set("phone", "020-44444444")
	if a := mine.Post(path, ours); a.Status != http.StatusConflict {
		t.Errorf("without digests: %d", a.Status)
	}
}

// Another organisation's year, submission, message, document and matter are not there.
func TestAnothersIsNotFound(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	association, _ := w.org(registry.TypeAssociation)
	receipt := w.submit(association, 1)
	b := w.browser(registry.TypeService)
	id := receipt.SubmissionID.String()
	for _, path := range []string{"/filer/reports/2017", "/filer/reports/x", "/filer/reports/2018/sections/none",
		"/filer/reports/2018/sections/government_purchase",
		"/filer/reports/2018/submissions/" + id, "/filer/reports/2018/submissions/" + id + "/body",
		"/filer/reports/2018/submissions/" + id + "/receipt", "/filer/reports/2018/submissions/x",
		"/filer/messages/" + id, "/filer/messages/x", "/filer/messages?before=x", "/filer/documents/" + id, "/filer/documents/x",
		"/filer/documents?before=1~x", "/filer/listings/" + id, "/filer/listings/x", "/filer/listings/" + id + "/statement"} {
		if a := b.Get(path); a.Status != http.StatusNotFound {
			t.Errorf("GET %s: %d, want 404", path, a.Status)
		}
	}
	b.Get("/filer")
	for _, path := range []string{"/filer/reports/2017/submit", "/filer/reports/2017/sections/cover", "/filer/reports/2017/return",
		"/filer/reports/2017/withdraw", "/filer/listings/" + id + "/statement", "/filer/listings/" + id + "/removal"} {
		if a := b.Post(path, url.Values{}); a.Status != http.StatusNotFound {
			t.Errorf("POST %s: %d, want 404", path, a.Status)
		}
	}
	stranger := webtest.NewBrowser(t, w.server.URL)
	if a := stranger.Get("/filer"); a.Status != http.StatusSeeOther {
		t.Errorf("nobody: %d", a.Status)
	}
}

func TestNothingSavedYetCannotBeSubmitted(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	b := w.browser(registry.TypeService)
	page := b.Get("/filer/reports/2018/submit")
	webtest.CheckHTML(t, "submit", []byte(page.Body))
	wantText(t, page.Body, "还没有保存过任何内容，不能报送。")
	fields := formOn(t, page.Body, "/filer/reports/2018/submit")
	fields.Set("declare", "1")
	fields.Set("declarant", "测 试员")
	if a := b.Post("/filer/reports/2018/submit", fields); a.Header.Get("Location") != "/filer/reports/2018/check" {
		t.Errorf("an unfinished report: %d to %s", a.Status, a.Header.Get("Location"))
	}
	check := b.Get("/filer/reports/2018/check")
	webtest.CheckHTML(t, "check", []byte(check.Body))
	wantText(t, check.Body, "还不能报送", "没有填")
}

// A draft that changed after it was read through is not submitted unseen.
func TestSubmitWhatWasRead(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	f, values := w.sample(org, 1)
	body := encode(t, f, values)
	if _, err := w.filing.SaveDraft(w.ctx, filing.SaveDraft{OrganisationID: org.ID, Year: 2018, Body: []byte(body), Actor: reviewer.Actor}); err != nil {
		t.Fatal(err)
	}
	b := w.browser(registry.TypeService)
	fields := formOn(t, b.Get("/filer/reports/2018/submit").Body, "/filer/reports/2018/submit")
	fields.Set("declare", "1")
	fields.Set("declarant", "测 试员")
	if _, err := w.filing.SaveDraft(w.ctx, filing.SaveDraft{OrganisationID: org.ID, Year: 2018, Body: []byte(body), Actor: reviewer.Actor}); err != nil {
		t.Fatal(err)
	}
	a := b.Post("/filer/reports/2018/submit", fields)
	if a.Status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", a.Status)
	}
	wantText(t, a.Body, "又有改动")
	again := formOn(t, a.Body, "/filer/reports/2018/submit")
	if again.Get("declare") != "" || again.Get("version") != "2" {
		t.Errorf("the page shows %v", again)
	}
	again.Set("declare", "1")
	again.Set("declarant", "测 试员")
	if a := b.Post("/filer/reports/2018/submit", again); a.Status != http.StatusSeeOther {
		t.Errorf("after reading again: %d", a.Status)
	}
	other := url.Values{"key": {"another"}, "version": {"2"}, "declare": {"1"}, "declarant": {"测试员"}}
	if a := b.Post("/filer/reports/2018/submit", other); a.Header.Get("Location") != "/filer/reports/2018" {
		t.Errorf("a second submission: %d to %s", a.Status, a.Header.Get("Location"))
	}
	wantText(t, b.Get("/filer/reports/2018").Body, "已经提交")
}

func TestWithdrawal(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	b := w.browser(registry.TypeService)
	if a := b.Get("/filer/reports/2018/withdraw"); a.Status != http.StatusSeeOther {
		t.Errorf("nothing to withdraw: %d", a.Status)
	}
	w.submit(org, 1)
	page := b.Get("/filer/reports/2018/withdraw")
	webtest.CheckHTML(t, "withdraw", []byte(page.Body))
	wantText(t, page.Body, "撤回以后", "2019年3月31日（星期日）24:00 前再次报送")
	if a := b.Post("/filer/reports/2018/withdraw", url.Values{"reason": {"填错了"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("withdraw: %d", a.Status)
	}
	wantText(t, b.Get("/filer/reports/2018").Body, "已撤回。报告回到草稿")
	receipt := w.submit(org, 2)
	if _, err := w.review.Claim(w.ctx, receipt.SubmissionID, reviewer); err != nil {
		t.Fatal(err)
	}
	b.Get("/filer/reports/2018/withdraw")
	b.Post("/filer/reports/2018/withdraw", nil)
	wantText(t, b.Get("/filer/reports/2018").Body, "审查已经开始，不能撤回")
}

func wantText(t testing.TB, page string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not say %q:\n%s", text, textOf(page))
		}
	}
}

// textOf is a page's text, shortened, for messages.
func textOf(page string) string {
	if at := strings.Index(page, "<main"); at >= 0 {
		page = page[at:]
	}
	var b strings.Builder
	tag := false
	for _, r := range page {
		switch {
		case r == '<':
			tag = true
		case r == '>':
			tag = false
		case !tag && r != '\n':
			b.WriteRune(r)
		}
	}
	text := b.String()
	const longest = 3000
	if len(text) > longest {
		text = text[:longest] + "…（" + strconv.Itoa(len(text)) + "）"
	}
	return text
}
