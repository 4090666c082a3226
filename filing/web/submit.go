package web

import (
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/check"
	"nianbao/internal/account"
	"nianbao/internal/web"
)

// SubmitPage is the whole report to read through, the declaration and the
// button that submits.
type SubmitPage struct {
	web.Page
	Eyebrow  string
	Heading  string
	Tasks    TaskList
	Summary  web.Summary
	Due      Due
	Sections []ReadSection
	Files    []web.FileLine
	Blocked  string // why it cannot be submitted yet
	Editor   string // to who may not submit: who may
	CheckTo  string
	Warnings string
	Action   string
	Key      string // idempotency key: the same form sent twice is one report
	Version  int    // of the draft that was read through
	Declared bool
	Declare  string // what is wrong with the declaration
	After    string // what happens next
	Print    string
}

// Names of the form that submits.
const (
	keyName     = "key"
	versionName = "version"
	declareName = "declare"
)

func (p *Pages) submitForm(c echo.Context) error {
	w, done, err := p.openWorkspace(c)
	if done || err != nil {
		return err
	}
	return p.renderSubmit(c, w, &web.Form{})
}

func (p *Pages) renderSubmit(c echo.Context, w *workspace, sent *web.Form) error {
	page := SubmitPage{Eyebrow: w.title(), Heading: "通读与报送", Tasks: p.taskList(w, "submit"), Due: p.dueOf(w.year),
		Sections: w.reader().sections(), Files: kindLines(w.files), CheckTo: w.path("/check"), Action: w.path("/submit"), Key: sent.Get(keyName),
		Version: w.draft.Version, Declared: sent.Get(declareName) != "", Declare: sent.ErrorOf(declareName),
		Print: "草稿，未报送 · 打印于 " + stamp(p.db.Now())}
	n := countOf(place(w.form, w.findings))
	switch {
	case w.draft.Version == 0:
		page.Blocked = "还没有保存过任何内容，不能报送。"
	case n.wrong+n.missing > 0:
		page.Blocked = "还有 " + countWords(n) + "，改完才能报送。"
	case n.warnings > 0:
		page.Warnings = "有 " + countWords(n) + "，不妨碍报送，审查员会看到。"
	}
	window := filing.ReviewDue(p.calendar(), p.db.Now(), w.season.Rules.ReviewWindow)
	page.After = "现在报送，登记管理机关最迟 " + web.DateFull(window.Date) + "审结" + provisional(window.Provisional) +
		"。开始审查前可以撤回；开始后要改，请等审查意见。"
	if page.Key == "" {
		page.Key = uuid.NewString()
	}
	var err error
	if page.Editor, err = p.editorWords(c, w.org.ID); err != nil {
		return err
	}
	if page.Page, err = p.page(c, "通读与报送", w.crumbs(web.Crumb{Text: "任务清单", Href: w.path("/tasks")})...); err != nil {
		return err
	}
	if !sent.OK() {
		page.Refused, page.Summary = true, sent.Summary("没有报送")
	}
	return p.app.Render(c, sent.Status(), "filer/submit", page)
}

// editorWords tells an editor who submits; "" for who may.
func (p *Pages) editorWords(c echo.Context, organisation uuid.UUID) (string, error) {
	if web.Principal(c).Responsible {
		return "", nil
	}
	people, err := account.Colleagues(requestContext(c), p.db, organisation)
	if err != nil {
		return "", err
	}
	var names []string
	for _, who := range people {
		if who.Responsible && !who.Waiting {
			names = append(names, who.Name)
		}
	}
	return "您是填报人，可以填写和校验。声明和报送由本单位负责人" + strings.Join(names, "、") + "登录后办理。", nil
}

func provisional(yes bool) string {
	if yes {
		return "（日历未定，可能调整）"
	}
	return ""
}

// reader lays the draft out as it would be submitted.
func (w *workspace) reader() reader {
	return reader{form: w.form, values: w.form.Prune(w.form.Calculate(w.values), w.context), context: w.context,
		maker: w.org.Name, year: w.obligation.ReportYear, edit: w.sectionPath}
}

func (p *Pages) submit(c echo.Context) error {
	sent, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	if !web.Principal(c).Responsible {
		return web.ErrNotResponsible
	}
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	// The draft is read even where nothing is owed any more: a form sent twice
	// must reach its receipt.
	w, err := p.workspaceOf(c, y)
	if err != nil {
		return err
	}
	if y.obligation.Status.Owed() {
		if !w.declared(sent) {
			return p.renderSubmit(c, w, sent)
		}
	}
	return p.submitDraft(c, w, sent)
}

// declared checks what must be so before a report is submitted: that the draft
// is the one that was read through, and that somebody answers for it.
func (w *workspace) declared(sent *web.Form) bool {
	if sent.Get(versionName) != strconv.Itoa(w.draft.Version) {
		sent.Refuse(declareName, "草稿在您打开这一页之后又有改动。下面是最新内容，请再看一遍后报送")
		sent.Values.Del(declareName)
		sent.Values.Del(keyName)
	} else if sent.Get(declareName) == "" {
		sent.Refuse(declareName, "请勾选声明后再报送")
	}
	return sent.OK()
}

func (p *Pages) submitDraft(c echo.Context, w *workspace, sent *web.Form) error {
	body, err := w.body()
	if err != nil {
		return err
	}
	receipt, err := p.filing.Submit(requestContext(c), filing.Submit{OrganisationID: w.org.ID, Year: w.obligation.ReportYear,
		Body: body, IdempotencyKey: sent.Get(keyName), Actor: web.Principal(c).Actor()})
	var refused *filing.CheckError
	var state *filing.StateError
	switch {
	case errors.As(err, &refused):
		return web.SeeOther(c, w.path("/check"))
	case errors.As(err, &state) && !w.obligation.Status.Owed():
		p.app.AddFlash(c, web.Flash{Text: state.Detail(), Warning: true})
		return web.SeeOther(c, w.path(""))
	case err != nil:
		return err
	}
	return web.SeeOther(c, w.path("/submissions/"+receipt.SubmissionID.String()+"/receipt"))
}

// hasErrors tells whether the draft could not be submitted as it is.
func (w *workspace) hasErrors() bool { return w.draft.Version == 0 || check.HasErrors(w.findings) }

// ReceiptPage is the receipt of a report that was taken.
type ReceiptPage struct {
	web.Page
	Eyebrow string
	Heading string
	Facts   []web.Fact
	Next    string
	PDF     string
	PDFText string
	Report  string
}

func (p *Pages) receipt(c echo.Context) error {
	y, s, err := p.readSubmission(c)
	if err != nil {
		return err
	}
	r := s.Receipt()
	window := web.Fact{Label: "审查期限", Value: web.DateFull(s.ReviewDueOn) + "24:00，当天算在内" + provisional(s.ReviewDueProvisional)}
	if s.ReviewDueOn != s.ToldDueOn { // a holiday notice or a reopening since
		window.Note = "回执上是" + web.DateFull(s.ToldDueOn) + "，后来有调整，以这里为准。"
	}
	page := ReceiptPage{Eyebrow: y.title(), Heading: "报告已收到", Report: y.path(""), Facts: []web.Fact{
		{Label: "回执号", Value: r.ReceiptNo, Code: true},
		{Label: "收到时间", Value: stamp(r.ReceivedAt)},
		{Label: "报送单位", Value: y.org.Name},
		{Label: "报送人", Value: s.ActorName},
		window,
		{Label: "报告内容的 SHA-256", Value: r.SHA256, Code: true,
			Note: "逐字节计算。下载报告数据后可以自己核对。", Href: ""},
	}}
	page.Next = "登记管理机关在审查期限内作出结论或者退回。结果会发到消息里" + mailWords(y) + "。"
	if page.PDF, page.PDFText, err = p.receiptPDF(c, s.ID); err != nil {
		return err
	}
	if page.Page, err = p.page(c, "报送回执", y.crumbs()...); err != nil {
		return err
	}
	return p.app.Render(c, http.StatusOK, "filer/receipt", page)
}

func mailWords(y *year) string {
	if y.org.ContactEmail == "" {
		return ""
	}
	return "，同时发邮件"
}
