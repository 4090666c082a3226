package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// office is an authority with a season under way, and a browser in front of it.
type office struct {
	t        *testing.T
	server   *server
	browser  *browser
	services []organisation
	others   map[string]organisation // one of each other type
}

const (
	officePassword = "mima-2019-nianbao"
	officeReviewer = "shencha@office.example"
	reportPath     = "/filer/reports/2018"

	saveHere   = `button[name=save][value=later]:not([tabindex])`
	sendButton = `main form button[type=submit]`
)

// openOffice starts a server on a day of the season with two service organisations, each with a filer, and a reviewer.
func openOffice(t *testing.T) *office {
	t.Helper()
	o := openRegister(t)
	for _, organisation := range o.services {
		link := invite(t, o.server.place, "filer", "--organisation", organisation.uscc, organisation.email)
		activate(t, o.tab(), link, officePassword)
	}
	activate(t, o.tab(), invite(t, o.server.place, "reviewer", "--authority", authority, officeReviewer), officePassword)
	return o
}

// openRegister is an office in which nobody has an account yet.
func openRegister(t *testing.T, args ...string) *office {
	t.Helper()
	p := place{data: filepath.Join(t.TempDir(), "data")}
	o := &office{t: t, server: startServer(t, p, append([]string{"--demo", "--demo-data", "none", "--clock", date(2019, 3, 18).at("09:00:00")}, args...)...),
		others: map[string]organisation{}}
	dir := t.TempDir()
	p.must(t, "authorities", "import", writeFile(t, dir, "authorities.csv", "code,name,level,parent\n440000,试验省民政厅,province,\n440100,试验市民政局,city,440000\n"))
	register := p.must(t, "sample", "organisations", "--count", "6", "--seed", "2018", "--authority", authority)
	p.must(t, "organisations", "import", writeFile(t, dir, "organisations.csv", register))
	p.must(t, "seasons", "import", writeFile(t, dir, "season.yaml", seasonFile))
	rows, err := csv.NewReader(strings.NewReader(register)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, cells := range rows[1:] {
		organisation := read(rows[0], cells)
		if organisation.kind == "service" {
			o.services = append(o.services, organisation)
		} else {
			o.others[organisation.kind] = organisation
		}
	}
	o.browser = startBrowser(t)
	return o
}

func (o *office) tab() *tab {
	o.t.Helper()
	return o.browser.tab(o.t, o.server.url)
}

// filled is the values of a report as the fields of its form take them: by name, with the number of rows of each table.
type filled struct {
	body   []byte
	fields map[string]any
	rows   map[string]int
}

func (o *office) answers(organisation organisation) filled {
	o.t.Helper()
	body, err := sampleReport(organisation, 7)
	if err != nil {
		o.t.Fatal(err)
	}
	var report struct{ Values map[string]any }
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if err := decoder.Decode(&report); err != nil {
		o.t.Fatal(err)
	}
	a := filled{body, map[string]any{}, map[string]int{}}
	for key, value := range report.Values {
		a.add(key, value)
	}
	return a
}

func (a filled) add(key string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for part, inner := range v {
			a.add(key+"."+part, inner)
		}
	case []any:
		a.list(key, v)
	default:
		a.fields[key] = fmt.Sprint(v)
	}
}

func (a filled) list(key string, list []any) {
	var codes []string
	for i, item := range list {
		if row, ok := item.(map[string]any); ok {
			a.rows[key]++
			a.add(fmt.Sprintf("%s[%d]", key, i), row)
			continue
		}
		codes = append(codes, fmt.Sprint(item))
	}
	if codes != nil {
		a.fields[key] = codes
		return
	}
	if len(list) == 0 {
		a.fields[key+".none"] = "1"
	}
}

// sections are the paths of the parts of the report.
func (p *tab) sections() []string {
	p.t.Helper()
	p.open(reportPath + "/tasks")
	return ask[[]string](p, `[...document.querySelectorAll('main nav a[href*="/sections/"]')].map(a => a.getAttribute("href"))`)
}

// fillSection opens a part of the report, makes the rows that its tables need, answers every question and saves. It
// gives the names of the fields that it filled.
func (p *tab) fillSection(path string, a filled) []string {
	p.t.Helper()
	p.open(path)
	for _, name := range ask[[]string](p, `[...document.querySelectorAll('input[type=hidden][name$=".rows"]')].map(i => i.name)`) {
		table := strings.TrimSuffix(name, ".rows")
		for i := range a.rows[table] + 1 {
			has := ask[string](p, `document.getElementsByName(`+quote(name)+`)[0].value`)
			if a.rows[table] == 0 || has == fmt.Sprint(a.rows[table]) {
				break
			}
			if i == a.rows[table] {
				p.t.Fatalf("%s has %s rows after %d more were asked for, want %d", table, has, i, a.rows[table])
			}
			p.addRow(table)
		}
	}
	took := p.fill(a.fields)
	p.press(saveHere)
	return took
}

// addRow asks for one more row of a table, which the page's script makes by itself.
func (p *tab) addRow(table string) {
	p.t.Helper()
	button := `button[name=add][value="` + table + `"]`
	if p.scripted() {
		p.do("add a row to "+table, chromedp.Click(chromedp.CSS(button)))
		return
	}
	p.press(button)
}

// fillReport fills every part, and those that come to apply by what was answered.
func (p *tab) fillReport(a filled) {
	p.t.Helper()
	done := map[string]bool{}
	took := 0
	for before := -1; before < len(done); {
		before = len(done)
		for _, path := range p.sections() {
			if !done[path] {
				took += len(p.fillSection(path, a))
				done[path] = true
			}
		}
	}
	if took < 100 {
		p.t.Fatalf("only %d fields were filled", took)
	}
}

// declare reads the report to its end, declares and submits.
func (p *tab) declare() {
	p.t.Helper()
	p.wants("#declare", "内容真实、准确、完整")
	_, name, _ := strings.Cut(p.text("#f-declarant-h"), "“")
	name, _, _ = strings.Cut(name, "”")
	p.tick("#f-declare")
	p.typeInto("#f-declarant", name)
	p.press("#declare button[type=submit]")
	p.wants("h1", "收到")
	if !strings.HasSuffix(p.where(), "/receipt") {
		p.t.Fatalf("after the submission: %s", p.shown())
	}
}

// filed compares the report that was received last with what was meant; changes are given by key.
func (p *tab) filed(a filled, changes map[string]any) {
	p.t.Helper()
	p.open(reportPath)
	got := values(p.t, p.fetch(p.link(`main a[href*="/submissions/"]:not([href$="/receipt"])`)+"/body"))
	want := values(p.t, a.body)
	for key, value := range changes {
		want[key] = value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		p.t.Errorf("filed through the pages (-meant +stored):\n%s", diff)
	}
}

func values(t testing.TB, body []byte) map[string]any {
	t.Helper()
	var report struct{ Values map[string]any }
	if err := json.Unmarshal(body, &report); err != nil {
		t.Fatalf("%v: %.200s", err, body)
	}
	return report.Values
}

// TestBrowser goes the whole way in a browser: a filer fills a report, meets a finding at a field, mends it and submits;
// a reviewer, by keyboard alone, claims it and returns it with a remark; the filer answers the remark; the reviewer
// passes it; the conclusion is downloaded and verified in every way; the public page shows it.
func TestBrowser(t *testing.T) {
	o := openOffice(t)
	organisation := o.services[0]
	a := o.answers(organisation)

	filer := o.tab()
	filer.signIn(organisation.email, officePassword)
	filer.wants("main", "2018")
	if !filer.scripted() {
		t.Error("the page's scripts do not run")
	}
	filer.fillReport(a)
	filer.meetFinding(a)
	filer.submitChecked()
	filer.filed(a, nil)

	reviewer := o.tab()
	reviewer.signInByKeyboard(officeReviewer)
	const remark = "开户银行与备案不一致，请核对。"
	reviewer.returnByKeyboard(organisation.row["name"], "bank", remark)

	filer.answerRemark("bank", remark, "试验银行城东支行")
	filer.filed(a, map[string]any{"bank": "试验银行城东支行"})

	reviewer.pass(organisation.row["name"])
	o.checkConclusion(filer, organisation)
}

// meetFinding puts a wrong figure in, sees the finding beside it and in the check of the whole report, and mends it.
func (p *tab) meetFinding(a filled) {
	p.t.Helper()
	const field = `[id="f-bs_cash.closing"]`
	p.open(reportPath + "/sections/balance_sheet")
	p.typeInto(field, "1.5万")
	p.press(saveHere)
	p.wants("#r-bs_cash, tr:has("+field+") + tr, main", "货币资金")
	if !p.has(field + `[aria-invalid="true"]`) {
		p.t.Fatalf("a figure that is none is not marked: %s", p.text("main"))
	}
	p.typeInto(field, "1.00")
	p.press(saveHere)
	if !p.has(`main .nb-finding`) {
		p.t.Fatalf("no finding beside the figures: %s", p.text("main"))
	}
	p.open(reportPath + "/check")
	p.wants("main", "还不能报送")
	p.follow(`main .nb-finding a`)
	p.open(reportPath + "/sections/balance_sheet")
	p.typeInto(field, fmt.Sprint(a.fields["bs_cash.closing"]))
	p.press(saveHere)
}

// submitChecked checks the report, tries to submit without the declaration, then with it.
func (p *tab) submitChecked() {
	p.t.Helper()
	p.open(reportPath + "/check")
	p.wants("main", "可以报送")
	p.follow(`main a[href$="/submit"].btn`)
	if status := p.press("#declare button[type=submit]"); status != http.StatusUnprocessableEntity || !p.has("#f-declare-e") {
		p.t.Fatalf("submitted without the declaration: %d: %s", status, p.text("main"))
	}
	p.declare()
}

// signInByKeyboard signs in with nothing but Tab, letters and Enter.
func (p *tab) signInByKeyboard(email string) {
	p.t.Helper()
	p.open("/sign-in")
	p.tabTo("#f-email")
	p.write(email)
	p.tabTo("#f-password")
	p.write(officePassword)
	p.enter()
	p.wants("h1", "待审报告")
}

// returnByKeyboard claims the next report, writes a remark at a field and returns it, all by keyboard.
func (p *tab) returnByKeyboard(name, key, remark string) {
	p.t.Helper()
	p.open("/desk/reviews")
	p.tabTo(`form[action="/desk/reviews/next"] button`)
	p.enter()
	p.wants("h1", name)
	p.tabTo(`.nb-parts a[href*="section=basics"]`)
	p.enter()
	p.tabTo(`a[href*="at=` + key + `#"]`)
	p.enter()
	p.tabTo("#new-remark textarea")
	p.write(remark)
	p.tabTo("#new-remark button[type=submit]")
	p.enter()
	p.wants(".nb-remark", remark)
	p.choose("return")
	p.tabTo("#f-opinion")
	p.write("请改正后重新报送。")
	p.tabTo("#decide button.btn-primary")
	p.enter()
	p.wants("main", "还没有生效", remark)
	p.tabTo(".nb-final button.btn-primary")
	p.enter()
	p.wants("body", "退回")
}

// choose goes to the decision and picks an outcome with the arrow keys.
func (p *tab) choose(outcome string) {
	p.t.Helper()
	p.tabTo(`a[href="#decide"]`)
	p.keys(kb.Enter)
	p.tabTo("#decide input[name=outcome]")
	p.keys(" ")
	const chosen = `document.querySelector("#decide input[name=outcome]:checked")?.value ?? ""`
	for range 3 {
		if ask[string](p, chosen) == outcome {
			return
		}
		p.keys(kb.ArrowDown)
	}
	if got := ask[string](p, chosen); got != outcome {
		p.t.Fatalf("the arrow keys reach %q, want %q", got, outcome)
	}
}

// answerRemark reads the remark at its field, changes the answer and submits again.
func (p *tab) answerRemark(key, remark, answer string) {
	p.t.Helper()
	p.open("/filer")
	p.wants("main", "退回")
	p.follow(`main a[href$="/return"]`)
	p.wants(".nb-fix .nb-remark", remark)
	p.typeInto("#f-"+key, answer)
	p.press(`button[name=save][value=next]`)
	p.wants(`section[aria-labelledby="diff"]`, "与上次报送相比", "改动 1 处", answer)
	p.declare()
}

// pass claims and passes the report.
func (p *tab) pass(name string) {
	p.t.Helper()
	p.open("/desk/reviews")
	p.press(`form[action="/desk/reviews/next"] button`)
	p.wants("h1", name)
	p.tick("#decide input[value=pass]")
	p.press("#decide button.btn-primary")
	p.wants("main", "还没有生效")
	p.press(".nb-final button.btn-primary")
}

// checkConclusion downloads the conclusion from the filer's page and verifies it by the command, by its code and by
// upload; a changed file is told from it; the public page of the organisation names it.
func (o *office) checkConclusion(filer *tab, organisation organisation) {
	o.t.Helper()
	const link = `main a[href^="/filer/documents/"]`
	err := eventually(startPatience, func() error {
		filer.open(reportPath)
		if !filer.has(link) || !strings.Contains(filer.text("main"), "合格") {
			return fmt.Errorf("no conclusion: %s", filer.text("main"))
		}
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
	paths := ask[[]string](filer, `[...document.querySelectorAll('`+link+`')].filter(a => a.closest("section, li, tr, div").innerText.includes("审查结论")).map(a => a.getAttribute("href"))`)
	code := ask[string](filer, `document.querySelector('main a[href^="/verify/"]')?.getAttribute("href") ?? ""`)
	if len(paths) == 0 || code == "" {
		o.t.Fatalf("no download or no code of the conclusion: %s", filer.text("main"))
	}
	pdf := filer.fetch(slices.Compact(paths)[0])
	dir := o.t.TempDir()
	genuine := writeFile(o.t, dir, "conclusion.pdf", string(pdf))
	if said := o.server.must(o.t, "verify", genuine); !strings.Contains(said, "genuine") {
		o.t.Errorf("nianbao verify: %s", said)
	}
	anyone := o.tab()
	anyone.open("/verify")
	anyone.typeInto("#f-code", strings.TrimPrefix(code, "/verify/"))
	anyone.press(`form[method=get][action="/verify"] button`)
	anyone.wants("h1", "文书真实，现行有效")
	anyone.wants("main", organisation.row["name"])
	anyone.open("/verify")
	anyone.upload(genuine)
	anyone.wants("h1", "文件真实，没有改动，现行有效")
	anyone.open("/verify")
	anyone.upload(writeFile(o.t, dir, "changed.pdf", string(changed(pdf))))
	if said := anyone.text("h1"); strings.Contains(said, "没有改动") || !strings.Contains(said, "改") {
		o.t.Errorf("a changed file: %s", said)
	}
	anyone.open("/public/organisations/" + organisation.uscc)
	anyone.wants("main", organisation.row["name"], "合格")
	if got := anyone.link(`main a[href^="/verify/"]`); got != code {
		o.t.Errorf("the public page leads to %q, want %q", got, code)
	}
}
