package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/document"
	"nianbao/internal/registry"
	"nianbao/internal/web/webtest"
	"nianbao/internal/workday"
	"nianbao/review"
	"nianbao/review/listing"
)

// A returned report: remarks at the fields, put right there, submitted again.
func TestReturnedAndPutRight(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	receipt := w.submit(org, 1)
	w.clock.Set(noon("2019-04-01"))
	w.decide(review.Decision{SubmissionID: receipt.SubmissionID, Outcome: review.Return, Opinion: "请改正后重新报送。", Remarks: []review.Remark{
		{Key: "phone", Text: "电话打不通。", Basis: "《暂行条例》第二十三条"},
		{Key: "bs_payables.closing", Text: "与审计报告不一致。"},
		{Key: "bs_payables", Text: "整行再核对。"},
		{Key: "gov_contracts", Text: "缺少合同。"},
		{Text: "请加盖公章。"}}})
	b := w.browser(registry.TypeService)
	wantText(t, b.Get("/filer").Body, "下一步：按审查意见修改", "2019年4月16日（星期二）24:00 前重新报送")
	page := b.Get("/filer/reports/2018/return")
	webtest.CheckHTML(t, "return", []byte(page.Body))
	wantText(t, page.Body, "已退回，请改 5 处后重新报送", "电话打不通。", "《暂行条例》第二十三条", "请改正后重新报送。", "待修改", "还没有改动", "请加盖公章。")
	wantText(t, b.Get("/filer/reports/2018").Body, "审查意见：电话", "打不通")

	fields := formOn(t, page.Body, "/filer/reports/2018/return")
	if _, twice := fields["bs_payables.closing"]; !twice || len(fields["bs_payables.closing"]) != 1 || len(fields["bs_payables.opening"]) != 1 {
		t.Errorf("fields of the page: %v", fields)
	}
	fields.Set("phone", "020-77777777")
	fields.Set("bs_payables.closing", "不详")
	fields.Set("save", "later")
	refused := b.Post("/filer/reports/2018/return", fields)
	webtest.CheckHTML(t, "return refused", []byte(refused.Body))
	if refused.Status != http.StatusUnprocessableEntity {
		t.Errorf("status %d", refused.Status)
	}
	wantText(t, refused.Body, `value="不详"`, "已修改", "<ins>020-77777777</ins>")
	_, values := w.sample(org, 1)
	closing, _ := values.Int("bs_payables.closing")
	fields = formOn(t, refused.Body, "/filer/reports/2018/return")
	fields.Set("bs_payables.closing", formatted(t, w, org, "bs_payables.closing", closing))
	fields.Set("save", "next")
	if a := b.Post("/filer/reports/2018/return", fields); a.Header.Get("Location") != "/filer/reports/2018/submit" {
		t.Fatalf("put right: %d to %s", a.Status, a.Header.Get("Location"))
	}
	submit := formOn(t, b.Get("/filer/reports/2018/submit").Body, "/filer/reports/2018/submit")
	submit.Set("declare", "1")
	submit.Set("declarant", "测 试员")
	if a := b.Post("/filer/reports/2018/submit", submit); a.Status != http.StatusSeeOther {
		t.Fatalf("submit again: %d", a.Status)
	}
	report, err := filing.ReportOf(w.ctx, w.db, org.ID, 2018)
	if err != nil || len(report.Submissions) != 2 {
		t.Fatalf("submissions %v, %v", report.Submissions, err)
	}
	if a := b.Get("/filer/reports/2018/return"); a.Status != http.StatusSeeOther {
		t.Errorf("nothing is returned any more: %d", a.Status)
	}
	if body := b.Get("/filer/reports/2018").Body; strings.Contains(body, "打不通") {
		t.Error("the words on the earlier report are shown for the new one")
	}
}

func formatted(t *testing.T, w *world, org registry.Organisation, key string, n int64) string {
	t.Helper()
	f, _ := w.sample(org, 1)
	field, ok := f.Field(key)
	if !ok {
		t.Fatalf("no field %s", key)
	}
	text, _ := field.FormatInt(n)
	return text
}

// What is undecided is not told to the filer.
func TestRemarksAreSecretUntilDecided(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	receipt := w.submit(org, 1)
	err := w.review.AddRemark(w.ctx, review.Remarking{SubmissionID: receipt.SubmissionID, Actor: reviewer, Remark: review.Remark{Key: "phone", Text: "还在想"}})
	if err != nil {
		t.Fatal(err)
	}
	if body := w.browser(registry.TypeService).Get("/filer/reports/2018").Body; strings.Contains(body, "还在想") {
		t.Error("the filer sees a remark before the decision")
	}
}

func TestConclusionAndItsDocument(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	receipt := w.submit(org, 1)
	w.decide(review.Decision{SubmissionID: receipt.SubmissionID, Outcome: review.Pass})
	b := w.browser(registry.TypeService)
	page := b.Get("/filer/reports/2018")
	webtest.CheckHTML(t, "passed", []byte(page.Body))
	wantText(t, page.Body, "合格", "试民社年审〔2019〕00001号", "结论书正在制作", "/verify/")
	conclusion, err := review.ConclusionOf(w.ctx, w.db, mustObligation(t, w, org).ID)
	if err != nil {
		t.Fatal(err)
	}
	path := "/filer/documents/" + conclusion.ID.String()
	if a := b.Get(path); a.Status != http.StatusNotFound {
		t.Errorf("a document that is not made yet: %d", a.Status)
	}
	w.issue(conclusion.ID, "%PDF-1.7 test")
	page = b.Get("/filer/reports/2018")
	webtest.CheckHTML(t, "passed, issued", []byte(page.Body))
	wantText(t, page.Body, path, "PDF，1 页，1 KB")
	pdf := b.Get(path)
	if pdf.Status != http.StatusOK || pdf.Body != "%PDF-1.7 test" || pdf.Header.Get("ETag") == "" {
		t.Errorf("the PDF: %d %q %v", pdf.Status, pdf.Body, pdf.Header)
	}
	documents := b.Get("/filer/documents")
	webtest.CheckHTML(t, "documents", []byte(documents.Body))
	wantText(t, documents.Body, "审查结论书", path)
	if a := w.browser(registry.TypeAssociation).Get(path); a.Status != http.StatusNotFound {
		t.Errorf("another organisation reads it: %d", a.Status)
	}
	home := b.Get("/filer")
	webtest.CheckHTML(t, "home, passed", []byte(home.Body))
	wantText(t, home.Body, "结论：合格")
}

func mustObligation(t *testing.T, w *world, org registry.Organisation) filing.Obligation {
	t.Helper()
	o, err := filing.ObligationByYear(w.ctx, w.db, org.ID, 2018)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Late: the notice, a statement, the listing and the application for removal.
func TestListing(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	b := w.browser(registry.TypeService)
	wantText(t, b.Get("/filer/listings").Body, "正常", "没有拟列入或者列入的事项。")
	w.clock.Set(noon("2019-04-01"))
	if s, err := w.listing.SweepLate(w.ctx, w.db.Now()); err != nil || s.Notified != 3 || s.Failed > 0 {
		t.Fatalf("sweep: %+v, %v", s, err)
	}
	wantText(t, b.Get("/filer").Body, "拟列入活动异常名录", "在抽查监督名单上", "超期 <b>1</b> 个工作日")
	list := b.Get("/filer/listings")
	webtest.CheckHTML(t, "listings", []byte(list.Body))
	wantText(t, list.Body, "抽查监督名单", "行政处罚案件", "告知书")
	path := regexp.MustCompile(`/filer/listings/[0-9a-f-]{36}`).FindString(list.Body)
	matter := b.Get(path)
	webtest.CheckHTML(t, "matter", []byte(matter.Body))
	wantText(t, matter.Body, "2019年4月16日（星期二）24:00 前提出陈述申辩", "电子送达", "正在制作", "《社会组织信用信息管理办法》第十一条第（一）项")
	if a := b.Get(path + "/removal"); a.Status != http.StatusSeeOther {
		t.Errorf("removal before any listing: %d", a.Status)
	}
	form := b.Get(path + "/statement")
	webtest.CheckHTML(t, "statement", []byte(form.Body))
	empty := b.Post(path+"/statement", url.Values{"text": {"  "}})
	webtest.CheckHTML(t, "statement refused", []byte(empty.Body))
	if empty.Status != http.StatusUnprocessableEntity {
		t.Errorf("an empty statement: %d", empty.Status)
	}
	if a := b.Post(path+"/statement", url.Values{"text": {"当时停电。\n\n有证明。"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("statement: %d %s", a.Status, textOf(a.Body))
	}
	b.Post(path+"/statement", url.Values{"text": {"再说一次"}})
	matter = b.Get(path)
	webtest.CheckHTML(t, "matter with a statement", []byte(matter.Body))
	wantText(t, matter.Body, "已经提交过陈述申辩", "当时停电。", "等待登记管理机关决定")
	id := uuid.MustParse(path[len(path)-36:])
	w.list(id)
	matter = b.Get(path)
	webtest.CheckHTML(t, "listed", []byte(matter.Body))
	wantText(t, matter.Body, "已列入", "没有采纳。理由不成立。", "申请移出")
	wantText(t, b.Get("/filer").Body, "已列入活动异常名录")
	page := b.Get(path + "/removal")
	webtest.CheckHTML(t, "removal", []byte(page.Body))
	wantText(t, page.Body, "还没有报送。请先报送，再申请移出。")
	if a := b.Post(path+"/removal", url.Values{"text": {"已补报。"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("removal: %d", a.Status)
	}
	matter = b.Get(path)
	webtest.CheckHTML(t, "removal applied", []byte(matter.Body))
	wantText(t, matter.Body, "移出申请正在核实")
	w.submit(org, 1)
	wantText(t, b.Get("/filer").Body, "报告正在审查")
}

func (w *world) list(id uuid.UUID) {
	w.t.Helper()
	var order uuid.UUID
	if err := w.db.GetContext(w.ctx, &order, `SELECT notice_id FROM listing WHERE id = $1`, id); err != nil {
		w.t.Fatal(err)
	}
	w.issue(order, "%PDF-1.7 notice")
	_, err := w.listing.DecideListing(w.ctx, listing.Decision{ListingID: id, AuthorityCode: authority, Outcome: listing.OutcomeList,
		Reason: "理由不成立。", Actor: reviewer.Actor})
	if err != nil {
		w.t.Fatalf("list: %v", err)
	}
}

// issue puts a file in the place of an ordered document, as the issuer would.
func (w *world) issue(id uuid.UUID, pdf string) {
	w.t.Helper()
	order, err := document.OrderByID(w.ctx, w.db, id)
	if err != nil {
		w.t.Fatal(err)
	}
	sum := sha256Hex(pdf)
	key := "test/" + sum
	if err := w.blobs.WriteAll(w.ctx, key, []byte(pdf), nil); err != nil {
		w.t.Fatal(err)
	}
	w.exec(`INSERT INTO document (id, kind, authority_code, organisation_id, subject_id, number, verify_code, issued_on, sha256, size, pages, blob_key, created_at)
		SELECT id, kind, authority_code, organisation_id, subject_id, number, verify_code, issued_on, $2, $3, 1, $4, $5 FROM document_order WHERE id = $1`,
		order.ID, sum, len(pdf), key, w.db.Now())
	w.exec(`UPDATE document_order SET state = 'issued' WHERE id = $1`, order.ID)
}

func TestMessages(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	for i := range 25 {
		w.exec(`INSERT INTO delivery (id, kind, unique_key, channel, authority_code, organisation_id, subject, body, state, created_at)
			VALUES ($1, 'reminder', $2, 'inbox', '440100', $3, $2, E'第一段。\n\n第二段。', 'delivered', $4)`,
			uuid.Must(uuid.NewV7()), "提醒"+string(rune('A'+i)), org.ID, noon("2019-03-01").AddDate(0, 0, i))
	}
	b := w.browser(registry.TypeService)
	page := b.Get("/filer/messages")
	webtest.CheckHTML(t, "messages", []byte(page.Body))
	wantText(t, page.Body, "提醒Y", "未读", `<span class="visually-hidden">，未读 </span>25</span>`)
	if strings.Contains(page.Body, "提醒E<") {
		t.Error("the first page holds more than twenty")
	}
	older := regexp.MustCompile(`/filer/messages\?before=[^"]+`).FindString(page.Body)
	second := b.Get(strings.ReplaceAll(older, "&amp;", "&"))
	wantText(t, second.Body, "提醒E", "提醒A")
	first := regexp.MustCompile(`/filer/messages/[0-9a-f-]{36}`).FindString(page.Body)
	message := b.Get(first)
	webtest.CheckHTML(t, "message", []byte(message.Body))
	wantText(t, message.Body, "第一段。", "第二段。", "，未读 </span>24</span>")
	if a := w.browser(registry.TypeAssociation).Get(first); a.Status != http.StatusNotFound {
		t.Errorf("another organisation reads it: %d", a.Status)
	}
}

// Last year's report gives a new one its opening figures, marked as such.
func TestPrefillFromLastYear(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	org, _ := w.org(registry.TypeService)
	f, _ := w.sample(org, 1)
	prior := f.Sample(form.SampleOptions{Organisation: filing.FactsOf(org), Year: 2017, Seed: 5, OpensOn: workday.NewDate(2018, 1, 15)})
	w.exec(`INSERT INTO accepted_report (organisation_id, report_year, form, body, accepted_at) VALUES ($1, 2017, 'service-2004', $2, now())`,
		org.ID, encode(t, f, prior))
	b := w.browser(registry.TypeService)
	const path = "/filer/reports/2018/sections/balance_sheet"
	page := b.Get(path)
	webtest.CheckHTML(t, "prefilled", []byte(page.Body))
	wantText(t, page.Body, "年初数已按 2017 年度报告的期末数填好", "来自上年报告，未核对", `<span class="nb-ly"`)
	fields := formOn(t, page.Body, path)
	cash, _ := prior.Int("bs_cash.closing")
	if fields.Get("bs_cash.opening") == "" || fields.Get("bs_cash.closing") != "" {
		t.Errorf("prefilled %v of %d", fields.Get("bs_cash.opening"), cash)
	}
	fields.Set("bs_cash.closing", "1")
	b.Post(path, fields)
	page = b.Get(path)
	wantText(t, page.Body, "来自上年报告，未核对") // a save is no confirmation of what was not touched
	fields = formOn(t, page.Body, path)
	fields.Set("save", "confirm")
	b.Post(path, fields)
	if page = b.Get(path); strings.Contains(page.Body, "来自上年报告") {
		t.Error("still marked after it was confirmed")
	}
	_, values := w.draft(org)
	if n, _ := values.Int("bs_cash.opening"); n != cash {
		t.Errorf("opening %d, want %d", n, cash)
	}
	if values["industry_class"] != prior["industry_class"] || values["uscc"] != string(org.USCC) {
		t.Error("the first save keeps only its own section")
	}
	const staff = "/filer/reports/2018/sections/staff"
	fields = formOn(t, b.Get(staff).Body, staff)
	fields.Set("save", "confirm")
	if a := b.Post(staff, fields); a.Header.Get("Location") == staff {
		t.Error("a section that lacks nothing leads on once it is confirmed")
	}
	wantText(t, b.Get("/filer/reports/2018/tasks").Body, "与上年相同")
	wantText(t, b.Get("/filer").Body, "2017 年度报告")
	wantText(t, b.Get("/filer/reports").Body, "/filer/reports/2017/accepted")
	read := b.Get("/filer/reports/2017/accepted")
	webtest.CheckHTML(t, "accepted elsewhere", []byte(read.Body))
	wantText(t, read.Body, "货币资金", "本系统启用之前报送")
	if a := w.browser(registry.TypeAssociation).Get("/filer/reports/2017/accepted"); a.Status != http.StatusNotFound {
		t.Errorf("another organisation reads it: %d", a.Status)
	}
}

// Another reader of the season: a year that is no longer taken is not offered.
func TestLateFilingOver(t *testing.T) {
	w := newWorld(t, "2019-03-28")
	w.exec(`UPDATE season SET late_until = '2019-05-31'`)
	w.clock.Set(noon("2019-06-03"))
	b := w.browser(registry.TypeService)
	wantText(t, b.Get("/filer").Body, "补报期已过", "2019年5月31日")
}
