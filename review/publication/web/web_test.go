package web_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/document"
	"nianbao/internal/document/pdf"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/queue"
	"nianbao/internal/registry"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
	"nianbao/internal/workday"
	"nianbao/review/publication"
	publicweb "nianbao/review/publication/web"
)

const city = "440100"

// world is a register with documents and lists, and the public pages on a server.
type world struct {
	t      testing.TB
	db     *postgres.DB
	orgs   []registry.Organisation
	issuer *document.Issuer
	base   string
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func newWorld(t testing.TB) *world {
	t.Helper()
	db, _ := pgtest.NewAt(t, time.Date(2019, 6, 3, 9, 0, 0, 0, workday.Shanghai))
	db.MustExec(`INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
		VALUES ($1, '试验市民政局', 'city', '试民社', now(), now())`, city)
	w := &world{t: t, db: db}
	w.register(4)
	blobs, err := document.OpenBlobs(t.Context(), "file://"+filepath.ToSlash(t.TempDir()))
	must(t, err)
	t.Cleanup(func() { _ = blobs.Close() })
	signer, err := document.OwnSigner(t.TempDir(), "试验市民政局电子印章（演示）", db.Now())
	must(t, err)
	renderer, err := pdf.New()
	must(t, err)
	w.issuer = &document.Issuer{DB: db, Renderer: renderer, Signer: signer, Blobs: blobs, PublicURL: "http://nianbao.example", Demonstration: true}
	w.serve()
	return w
}

func (w *world) register(count int) {
	w.t.Helper()
	orgs, err := registry.Sample(registry.SampleOptions{Count: count, Seed: 3, Authority: city})
	must(w.t, err)
	var csv strings.Builder
	must(w.t, registry.WriteSampleCSV(&csv, orgs))
	_, err = registry.ImportOrganisations(w.t.Context(), w.db, strings.NewReader(csv.String()), registry.ImportOptions{Actor: event.System("test")})
	must(w.t, err)
	for _, o := range orgs {
		stored, err := registry.OrganisationByUSCC(w.t.Context(), w.db, string(o.USCC))
		must(w.t, err)
		w.orgs = append(w.orgs, stored)
	}
}

func (w *world) serve() {
	w.t.Helper()
	cfg := webtest.Config(w.db)
	cfg.Site.Nav = map[web.Area][]web.NavItem{web.AreaPublic: publicweb.Nav()}
	app, err := web.New(cfg)
	must(w.t, err)
	pages, err := publicweb.New(publicweb.Config{
		App: app, DB: w.db, Public: publication.New(publication.Config{DB: w.db}), API: description(w.t), Wall: cfg.Wall,
		Trusted: []*x509.Certificate{w.issuer.Signer.Certificate()},
	})
	must(w.t, err)
	must(w.t, app.Mount(pages.Routes()))
	server := httptest.NewServer(app.Handler())
	w.t.Cleanup(server.Close)
	w.base = server.URL
}

// description is the program's own.
func description(t testing.TB) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "cmd", "nianbao", "api", "openapi.yaml"))
	must(t, err)
	return raw
}

// conclude orders a conclusion for the organisation, and issues it unless told not to.
func (w *world) conclude(org registry.Organisation, opinion string) document.Ordered {
	w.t.Helper()
	var ordered document.Ordered
	err := postgres.InTx(w.t.Context(), w.db, func(tx *postgres.Tx) (err error) {
		ordered, err = document.Place(w.t.Context(), tx, document.Order{
			AuthorityCode: city, OrganisationID: org.ID, SubjectID: uuid.Must(uuid.NewV7()), IssuedOn: workday.DateOf(tx.Now()),
			Facts: &document.ConclusionFacts{
				Party:   document.Party{Authority: "试验市民政局", Organisation: org.Name, USCC: string(org.USCC), OrganisationType: org.Type.Label(), ReportYear: 2018},
				Outcome: "pass", ReceiptNo: "2018-0000001", SubmittedOn: workday.NewDate(2019, 3, 26), Basis: "《社会团体登记管理条例》第二十八条", Opinion: opinion,
			},
		})
		return err
	})
	must(w.t, err)
	return ordered
}

func (w *world) issue() {
	w.t.Helper()
	_, err := queue.NewWorker(w.db, map[string]queue.Handler{document.IssueJob: w.issuer.Handle}, queue.Options{}).Drain(context.WithoutCancel(w.t.Context()))
	must(w.t, err)
}

func (w *world) pdf(o document.Ordered) []byte {
	w.t.Helper()
	d, err := document.ByID(w.t.Context(), w.db, o.ID)
	must(w.t, err)
	content, err := document.Read(w.t.Context(), w.issuer.Blobs, d)
	must(w.t, err)
	return content
}

func (w *world) inTx(f func(tx *postgres.Tx) error) {
	w.t.Helper()
	must(w.t, postgres.InTx(w.t.Context(), w.db, f))
}

// list puts an organisation on the abnormal-activity list.
func (w *world) list(org registry.Organisation, listedOn, endedOn string) {
	w.t.Helper()
	status, end := "listed", any(nil)
	if endedOn != "" {
		status, end = "removed", endedOn
	}
	season, obligation := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
	w.db.MustExec(`INSERT INTO season (id, authority_code, report_year, regime, registered_by, opens_on, due_on, state, spec, created_at, updated_at)
		VALUES ($1, $2, 2018, 'annual_report', '2018-12-31', '2019-01-14', '2019-03-31', 'open', '{}', now(), now())`, season, city)
	w.db.MustExec(`INSERT INTO obligation (id, authority_code, organisation_id, season_id, report_year, type, form, opens_on, due_on, overdue_after, created_at, updated_at)
		VALUES ($1, $2, $3, $4, 2018, $5, 'x', '2019-01-14', '2019-03-31', '2019-03-31', now(), now())`, obligation, city, org.ID, season, org.Type)
	w.db.MustExec(`INSERT INTO listing (id, obligation_id, authority_code, organisation_id, report_year, ground, basis, status, notified_on, served_on,
			statement_due_on, listed_on, ended_on, created_at, updated_at)
		VALUES ($1, $2, $3, $4, 2018, 'not_filed', '《社会组织信用信息管理办法》第十一条第（一）项', $5, '2019-04-01', '2019-04-01', '2019-04-16', $6, $7, now(), now())`,
		uuid.Must(uuid.NewV7()), obligation, city, org.ID, status, listedOn, end)
}

// get fetches a page, checks its form, and that nobody was given a cookie for reading.
func (w *world) get(path string, status int) string {
	w.t.Helper()
	a := webtest.NewBrowser(w.t, w.base).Get(path)
	if a.Status != status {
		w.t.Fatalf("%s: status %d, want %d", path, a.Status, status)
	}
	if a.Header.Get("Set-Cookie") != "" {
		w.t.Errorf("%s sets a cookie", path)
	}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "text/html") {
		webtest.CheckHTML(w.t, path, []byte(a.Body))
	}
	return a.Body
}

// upload posts a file as the form does.
func (w *world) upload(content []byte, code string) webtest.Answer {
	w.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	must(w.t, form.WriteField("code", code))
	if content != nil {
		part, err := form.CreateFormFile("file", "x.pdf")
		must(w.t, err)
		_, err = part.Write(content)
		must(w.t, err)
	}
	must(w.t, form.Close())
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.base+"/verify", &body)
	must(w.t, err)
	req.Header.Set("Content-Type", form.FormDataContentType())
	a := webtest.NewBrowser(w.t, w.base).Do(req)
	webtest.CheckHTML(w.t, "verdict on a file", []byte(a.Body))
	return a
}

func says(t testing.TB, name, body string, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(body, word) {
			t.Errorf("%s does not say %q", name, word)
		}
	}
}

func TestVerdictOnCode(t *testing.T) {
	w := newWorld(t)
	o := w.conclude(w.orgs[0], "")
	path := "/verify/" + o.VerifyCode
	says(t, "ordered", w.get(path, http.StatusOK), "决定已经作出，文书正在制作", o.Number)
	w.issue()
	says(t, "in force", w.get(path, http.StatusOK), "文书真实，现行有效", o.Number, w.orgs[0].Name, "不能证明您手中的文件", "2019年6月3日 09:00", "再验一次内容")
	says(t, "typed", w.get("/verify/"+strings.ToLower(strings.ReplaceAll(o.VerifyCode, "-", "")), http.StatusOK), "文书真实，现行有效")
	second := w.conclude(w.orgs[0], "")
	w.issue()
	w.inTx(func(tx *postgres.Tx) error {
		return document.Supersede(t.Context(), tx, o.ID, second.ID, event.System("test"))
	})
	says(t, "superseded", w.get(path, http.StatusOK), "文书真实，但已被新的文书替换", "nb-verdict--old", "后来的文书", second.Number, "/verify/"+second.VerifyCode)
	w.inTx(func(tx *postgres.Tx) error {
		return document.Revoke(t.Context(), tx, second.ID, "内部原因不公开", event.System("test"))
	})
	body := w.get("/verify/"+second.VerifyCode, http.StatusOK)
	says(t, "revoked", body, "文书已被撤销，不再有效", "nb-verdict--bad")
	says(t, "unknown", w.get("/verify/7KQM-2F9D-XW3H", http.StatusNotFound), "查不到这个查验码")
	says(t, "no code", w.get("/verify/nonsense!", http.StatusNotFound), "查验码中不会有")
	says(t, "form", w.get("/verify?code=12", http.StatusUnprocessableEntity), "查验码应为12位", "<title>错误：")
	if a := webtest.NewBrowser(t, w.base).Get("/verify?code=" + strings.ToLower(o.VerifyCode)); a.Header.Get("Location") != path {
		t.Errorf("a typed code leads to %q", a.Header.Get("Location"))
	}
}

// TestVerdictOnAListingThatEnded: the decision is genuine, and without effect since the removal.
func TestVerdictOnAListingThatEnded(t *testing.T) {
	w := newWorld(t)
	org := w.orgs[0]
	party := document.Party{Authority: "试验市民政局", Organisation: org.Name, USCC: string(org.USCC), OrganisationType: org.Type.Label(), ReportYear: 2018}
	const basis = "《社会组织信用信息管理办法》第十一条第（一）项"
	day := workday.NewDate(2019, 6, 3)
	place := func(facts document.Facts) (o document.Ordered) {
		w.inTx(func(tx *postgres.Tx) (err error) {
			o, err = document.Place(t.Context(), tx, document.Order{AuthorityCode: city, OrganisationID: org.ID,
				SubjectID: uuid.Must(uuid.NewV7()), IssuedOn: day, Facts: facts})
			return err
		})
		return o
	}
	decision := place(&document.ListingFacts{Party: party, DueOn: workday.NewDate(2019, 3, 31), ListedOn: workday.NewDate(2019, 4, 17), Basis: basis})
	removal := place(&document.RemovalFacts{Party: party, DecisionNumber: decision.Number, ListedOn: workday.NewDate(2019, 4, 17),
		Reason: "已补报年度报告。", RemovedOn: day, Basis: "《社会组织信用信息管理办法》第十四条"})
	w.issue()
	w.inTx(func(tx *postgres.Tx) error {
		return document.Supersede(t.Context(), tx, decision.ID, removal.ID, event.System("test"))
	})
	sentence := "本决定的效力已因移出决定（" + removal.Number + "）终止。"
	says(t, "code", w.get("/verify/"+decision.VerifyCode, http.StatusOK), "文书真实，但效力已经终止", sentence, "效力已终止",
		`href="/verify/`+removal.VerifyCode+`"`, "移出活动异常名录决定书", "nb-verdict--old")
	says(t, "file", w.upload(w.pdf(decision), "").Body, "文件真实，但文书的效力已经终止", sentence, removal.Number)
	says(t, "removal", w.get("/verify/"+removal.VerifyCode, http.StatusOK), "文书真实，现行有效")
}

func TestVerdictOnFile(t *testing.T) {
	w := newWorld(t)
	o := w.conclude(w.orgs[0], "")
	w.issue()
	original := w.pdf(o)
	changed := bytes.Clone(original)
	changed[len(changed)/3] ^= 1
	foreign := func() []byte {
		signer, err := document.OwnSigner(t.TempDir(), "别处", w.db.Now())
		must(t, err)
		page, err := document.Compose(document.Composition{Number: "试民社年审〔2019〕00009号", VerifyCode: o.VerifyCode, IssuedOn: workday.NewDate(2019, 6, 3), OrderedAt: w.db.Now(),
			PublicURL: "http://nianbao.example", Facts: &document.ConclusionFacts{Outcome: "pass", ReceiptNo: "1", SubmittedOn: workday.NewDate(2019, 3, 1), Basis: "《x》",
				Party: document.Party{Authority: "试验市民政局", Organisation: "某", USCC: string(w.orgs[0].USCC), OrganisationType: "社会团体", ReportYear: 2018}}})
		must(t, err)
		drawn, err := w.issuer.Renderer.Render(page)
		must(t, err)
		signed, err := signer.Sign(drawn, document.SignOptions{Name: "x", Reason: "y", At: w.db.Now()})
		must(t, err)
		return signed
	}()
	for name, tc := range map[string]struct {
		file  []byte
		words []string
	}{
		"genuine":     {original, []string{"文件真实，没有改动，现行有效", o.Number, "一个字节也没有改动"}},
		"changed":     {changed, []string{"文件在签发后被改动，不要采信", "两份文件的对照", "<mark>"}},
		"appended to": {append(bytes.Clone(original), "\n%extra\n"...), []string{"文件在签发后被追加了内容，不要采信", "签名后追加了内容"}},
		"foreign":     {foreign, []string{"文件的签名不是本机关的，不要采信"}},
		"not signed":  {[]byte("%PDF-1.4\n%%EOF"), []string{"文件没有数字签名，不能证明真伪"}},
	} {
		a := w.upload(tc.file, o.VerifyCode)
		if a.Status != http.StatusOK {
			t.Errorf("%s: status %d", name, a.Status)
		}
		says(t, name, a.Body, tc.words...)
	}
	w.inTx(func(tx *postgres.Tx) error {
		return document.Revoke(t.Context(), tx, o.ID, "错", event.System("test"))
	})
	says(t, "genuine but revoked", w.upload(original, "").Body, "文件真实，但文书已被撤销")
	if a := w.upload(nil, ""); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "请选择收到的 PDF 文件") {
		t.Errorf("no file: %d", a.Status)
	}
}

func TestUploadsAreLimited(t *testing.T) {
	w := newWorld(t)
	last := 0
	for range 31 {
		last = w.upload([]byte("x"), "").Status
	}
	if last != http.StatusTooManyRequests {
		t.Errorf("the 31st upload at once: %d, want 429", last)
	}
}

func TestLists(t *testing.T) {
	w := newWorld(t)
	w.list(w.orgs[0], "2019-04-30", "2019-05-20")
	name := w.orgs[0].Name
	for on, there := range map[string]bool{"2019-04-29": false, "2019-04-30": true, "2019-05-19": true, "2019-05-20": false} {
		body := w.get("/public/abnormal-list?on="+on+"&authority="+city, http.StatusOK)
		if strings.Contains(body, name) != there {
			t.Errorf("on the list of %s: want %v", on, there)
		}
		says(t, on, body, "/api/v1/public/abnormal-list.csv?authority="+city+"&amp;on="+on)
	}
	says(t, "today", w.get("/public/abnormal-list", http.StatusOK), "2019年6月3日（今天）", "没有社会组织")
	says(t, "future", w.get("/public/abnormal-list?on=2020-01-01", http.StatusBadRequest), "只能查到今天为止")
	says(t, "nonsense", w.get("/public/abnormal-list?on=x", http.StatusBadRequest), "日期要写成")
	says(t, "spot checks", w.get("/public/spot-check-list", http.StatusOK), "抽查监督名单")
}

func TestOrganisation(t *testing.T) {
	w := newWorld(t)
	org := w.orgs[0]
	w.list(org, "2019-04-30", "")
	body := w.get("/public/organisations/"+string(org.USCC), http.StatusOK)
	says(t, "entry", body, org.Name, string(org.USCC), "2019年4月30日列入", "2018 年度", "逾期未报送", "nb-standing--odd")
	short := string([]rune(org.Name)[3:6])
	says(t, "search", w.get("/public/organisations?q="+short, http.StatusOK), org.Name, string(org.USCC))
	says(t, "search without result", w.get("/public/organisations?q=没有这样的名称", http.StatusOK), "没有找到")
	says(t, "home", w.get("/", http.StatusOK), "查一家社会组织")
	if a := webtest.NewBrowser(t, w.base).Get("/public/organisations"); a.Header.Get("Location") != "/" {
		t.Error("a search for nothing does not lead home")
	}
	says(t, "unknown", w.get("/public/organisations/52440100MJK00009XH", http.StatusNotFound), "没有这个统一社会信用代码")
}

// TestNothingLeaks: what must never be public is on no page, however it came into the database.
func TestNothingLeaks(t *testing.T) {
	w := newWorld(t)
	org := w.orgs[0]
	w.db.MustExec(`UPDATE organisation SET contact_name = 'SECRETname', contact_phone = 'SECRETphone', contact_email = 'secret@SECRET.example' WHERE id = $1`, org.ID)
	w.list(org, "2019-04-30", "")
	o := w.conclude(org, "SECRETopinion")
	w.issue()
	w.inTx(func(tx *postgres.Tx) error {
		return document.Revoke(t.Context(), tx, o.ID, "SECRETreason", event.System("test"))
	})
	short := string([]rune(org.Name)[3:6])
	for _, path := range []string{"/", "/public/organisations?q=" + short, "/public/organisations?q=SECRETname", "/public/organisations/" + string(org.USCC),
		"/public/abnormal-list", "/public/spot-check-list", "/verify", "/verify/" + o.VerifyCode, "/api/docs"} {
		body := w.get(path, http.StatusOK)
		for _, secret := range []string{"SECRETphone", "secret@", "SECRETopinion", "SECRETreason"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s shows %s", path, secret)
			}
		}
		if strings.Contains(body, "SECRETname") && !strings.Contains(path, "SECRETname") {
			t.Errorf("%s shows the contact's name", path)
		}
	}
	says(t, "verdict on a file", w.upload(w.pdf(o), "").Body, "文件真实，但文书已被撤销")
	if strings.Contains(w.upload(w.pdf(o), "").Body, "SECRET") {
		t.Error("the verdict on a file leaks")
	}
}

func TestAPIDocs(t *testing.T) {
	w := newWorld(t)
	body := w.get("/api/docs", http.StatusOK)
	says(t, "docs", body, "/reports/{year}/submissions", "审查员", "任何人", "Idempotency-Key", `href="/api/openapi.yaml"`, `id="schema-Finding"`)
	for _, bad := range []string{"", "x: [", "paths: {}"} {
		if _, err := publicweb.New(publicweb.Config{API: []byte(bad), Wall: time.Now}); err == nil {
			t.Errorf("a description %q is taken", bad)
		}
	}
}

func TestPages(t *testing.T) {
	page := web.Page{Title: "x", Area: web.AreaPublic, SiteName: "社会组织年度报告公示", By: "试验市民政局", CSRF: "token", Contact: "0000", SignInHref: "/sign-in"}
	field := web.TextField{ID: "f-code", Name: "code", Label: "查验码", Hint: "提示", Value: "x", Error: "不对"}
	file := web.TextField{ID: "f-file", Name: "file", Label: "PDF 文件", Hint: "提示", Error: "不对"}
	day := workday.NewDate(2019, 4, 30)
	facts := []web.Fact{{Label: "机构", Value: "某", Href: "/x", Note: "y"}, {Label: "现状", Tag: web.Tag{Text: "有效", Tone: web.ToneOK}}}
	row := publicweb.ListRow{Href: "/x", Name: "某", USCC: "52", Type: "基金会", Authority: "局", Cause: "未报送", ListedOn: day, EndedOn: day, Number: "号", VerifyHref: "/verify/x"}
	pager := publicweb.Pager{First: "/a", Next: "/b"}
	call := publicweb.APICall{ID: "op-x", Method: "GET", Path: "/x", Summary: "s", Who: "任何人", Body: publicweb.APIType{Text: "X", Href: "#schema-X"},
		Parameters: []publicweb.APIField{{Name: "q", In: "查询", Required: true, Type: publicweb.APIType{Text: "string"}}}, Answers: []publicweb.APIAnswer{{Status: "200", Text: "ok", Body: publicweb.APIType{Text: "X"}}}}
	webtest.CheckPages(t, "public", map[string][]any{
		"public/home":   {publicweb.HomePage{}, publicweb.HomePage{Page: page, Search: publicweb.SearchBox{Query: "x"}}},
		"public/search": {publicweb.SearchPage{}, publicweb.SearchPage{Page: page, Heading: "x", Pager: pager, Rows: []publicweb.FoundRow{{Href: "/x", Name: "某", Standing: web.Tag{Text: "异常"}}}}},
		"public/organisation": {publicweb.OrganisationPage{}, publicweb.OrganisationPage{Page: page, Name: "某", Tags: []web.Tag{{Text: "正常"}}, Facts: facts, Scope: "x",
			Filings:  []publicweb.FilingRow{{Year: 2018, Status: web.Tag{Text: "合格"}, ReceivedOn: day, DueOn: day, Number: "号", VerifyHref: "/v", IssuedOn: day}},
			Standing: "正常", Standings: facts, Listings: []publicweb.ListingFacts{{List: "名录", State: "在列", Facts: facts}}, AsOf: "now"}},
		"public/list":   {publicweb.ListPage{}, publicweb.ListPage{Page: page, Heading: "x", Path: "/x", On: day, DateError: "不对", Authorities: []publicweb.AuthorityChoice{{Code: "1", Name: "局", Selected: true}}, Rows: []publicweb.ListRow{row}, Pager: pager, CSV: "/c", XLSX: "/x"}},
		"public/verify": {publicweb.VerifyPage{File: web.TextField{ID: "f-file"}}, publicweb.VerifyPage{Page: page, Code: field, File: file, Summary: web.Summary{Title: "x", Items: []web.SummaryItem{{Href: "#f-code", Text: "不对"}}}}},
		"public/verdict": {publicweb.VerdictPage{}, publicweb.VerdictPage{Page: page, Tone: "bad", Heading: "x", Facts: facts, Proves: []string{"a"}, NotProves: []string{"b"}, Do: []string{"c"}, OfferFile: true, Code: "x",
			Compare: []publicweb.CompareRow{{Label: "签名", Original: "完好", Yours: "不符", Bad: true}, {Label: "指纹", Original: "a", Yours: "b", Finger: true, Bad: true}}, Fingerprint: "ab", Signer: facts, Path: "/x"}},
		"public/api-docs": {publicweb.APIDocsPage{}, publicweb.APIDocsPage{Page: page, API: publicweb.APIDoc{Title: "x", Text: []string{"t"},
			Groups: []publicweb.APIGroup{{ID: "tag-a", Title: "a", Calls: []publicweb.APICall{call}}}, Schemas: []publicweb.APISchema{{ID: "schema-X", Name: "X", Text: "t", Fields: call.Parameters}, {ID: "schema-Y", Name: "Y", Type: publicweb.APIType{Text: "string"}}}}}},
	})
}

func FuzzReadAPI(f *testing.F) {
	f.Add([]byte("paths: {/x: {get: {tags: [a], responses: {default: {$ref: '#/x'}}}}}"))
	f.Add([]byte("paths: [1]\ntags: {a: b}"))
	f.Add([]byte("paths: {/x: {get: {parameters: [{$ref: '#/paths'}], requestBody: {content: {a: {schema: {oneOf: [1]}}}}}}}"))
	f.Fuzz(func(_ *testing.T, raw []byte) {
		_, _ = publicweb.New(publicweb.Config{API: raw, Wall: time.Now})
	})
}
