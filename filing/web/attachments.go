package web

import (
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/filing/attachment"
	"nianbao/internal/web"
)

// AttachmentsPage is the files of a report: what the season asks for, what is
// there, and where more can be sent.
type AttachmentsPage struct {
	web.Page
	Eyebrow string
	Heading string
	Tasks   *TaskList // nil where nothing can be changed
	Summary web.Summary
	Note    string
	Kinds   []KindFiles
	Action  string
	Accept  string
	Next    string // the way on, "" where nothing can be changed
}

// KindFiles are the files of one kind.
type KindFiles struct {
	ID, Kind    string
	Title       string
	Tag         web.Tag
	Limits      string
	Help        string
	Declaration string // address of the page to print and sign, for its kind
	Files       []web.FileLine
	CanAdd      bool
	Full        string // why no more can be added
	Refused     []string
}

const (
	attachmentsPath = "/filer/attachments"
	// uploadBody is the largest post of files: the largest single one that a season may allow, or a dozen usual ones.
	uploadBody = 128 << 20
	// fileTime is how long files may take on a slow line: 10 MB at 20 kB/s.
	fileTime = 10 * time.Minute
)

// Names of the form that sends files.
const (
	kindName  = "kind"
	filesName = "files"
)

func (p *Pages) attachmentRoutes(year string) []web.Route {
	upload, file := post(year+"/attachments", p.upload), get(attachmentsPath+"/:id", p.attachment)
	upload.MaxBody, upload.Timeout, file.Timeout = uploadBody, fileTime, fileTime
	return []web.Route{
		get(year+"/attachments", p.attachments), upload,
		post(year+"/attachments/:id/delete", p.deleteAttachment),
		get(year+"/declaration.pdf", p.declaration),
		file,
	}
}

// readFiles reads the report's files; where the season asks for none there are
// none.
func (p *Pages) readFiles(c echo.Context, y *year) (err error) {
	if len(y.season.Rules.Attachments) > 0 {
		y.files, err = filing.Attachments(requestContext(c), p.db, y.obligation.ID)
	}
	return err
}

// filesOf are the files of a kind.
func filesOf(files []filing.Attachment, kind attachment.Kind) []filing.Attachment {
	return slices.DeleteFunc(slices.Clone(files), func(a filing.Attachment) bool { return a.Kind != kind })
}

// fileTasks is the line of the task list for the files, none where the season
// asks for none.
func (w *workspace) fileTasks(here string) []Task {
	if len(w.season.Rules.Attachments) == 0 {
		return nil
	}
	task := Task{Text: "附件", Href: w.path("/attachments"), State: "选传", Here: here == "attachments"}
	missing, held, infected := 0, 0, 0
	for _, rule := range w.season.Rules.Attachments {
		if rule.Required && len(filesOf(w.files, rule.Kind)) == 0 {
			missing++
		}
	}
	for _, a := range w.files {
		switch a.Scan {
		case filing.ScanHeld:
			held++
		case filing.ScanInfected:
			infected++
		case filing.ScanNone, filing.ScanClean:
		}
	}
	switch {
	case infected > 0:
		task.State, task.Tone = fmt.Sprintf("%d 个有病毒", infected), "bad"
	case missing > 0:
		task.State = fmt.Sprintf("缺 %d 种", missing)
	case held > 0:
		task.State = "查毒中"
	case len(w.files) > 0:
		task.State, task.Tone = fmt.Sprintf("%d 个文件", len(w.files)), "done"
	}
	return []Task{task}
}

func (p *Pages) attachments(c echo.Context) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	return p.renderAttachments(c, y, sending{})
}

// sending is what came of a post of files.
type sending struct {
	kind    attachment.Kind
	stored  int
	refused []string // file and why
}

func (p *Pages) renderAttachments(c echo.Context, y *year, sent sending) error {
	page := AttachmentsPage{Eyebrow: y.title(), Heading: "附件", Action: y.path("/attachments"), Accept: attachment.Accept}
	if y.writable() {
		w, err := p.workspaceOf(c, y)
		if err != nil {
			return err
		}
		tasks := p.taskList(w, "attachments")
		page.Tasks, page.Next = &tasks, y.path("/check")
	} else if err := p.readFiles(c, y); err != nil {
		return err
	} else if len(y.season.Rules.Attachments) > 0 {
		page.Note = "报告已经报送或者已有结论，附件不能再改。每次报送时的附件，在那次报送的内容里。"
	}
	for _, rule := range y.season.Rules.Attachments {
		page.Kinds = append(page.Kinds, y.kindFiles(rule, sent))
	}
	if len(page.Kinds) == 0 {
		page.Note = "这一年的报告不要求上传附件。"
	}
	status := http.StatusOK
	if len(sent.refused) > 0 {
		status = http.StatusUnprocessableEntity
		page.Summary = web.Summary{Title: fmt.Sprintf("有 %d 个文件没有存下", len(sent.refused))}
		if sent.stored > 0 {
			page.Summary.Title += fmt.Sprintf("，其余 %d 个已经存好", sent.stored)
		}
		for _, text := range sent.refused {
			page.Summary.Items = append(page.Summary.Items, web.SummaryItem{Href: "#" + kindID(sent.kind), Text: text})
		}
	}
	crumbs := y.crumbs()
	if page.Tasks != nil {
		crumbs = y.crumbs(web.Crumb{Text: "任务清单", Href: y.path("/tasks")})
	}
	var err error
	if page.Page, err = p.page(c, "附件", crumbs...); err != nil {
		return err
	}
	page.Refused = len(sent.refused) > 0
	return p.app.Render(c, status, "filer/attachments", page)
}

func kindID(kind attachment.Kind) string { return "a-" + string(kind) }

// kindFiles shows what is there of a kind and what may still come.
func (y *year) kindFiles(rule filing.AttachmentRule, sent sending) KindFiles {
	owed := y.writable()
	view := KindFiles{ID: kindID(rule.Kind), Kind: string(rule.Kind), Title: rule.Kind.Label(), Tag: web.Tag{Text: "选传"},
		Limits: fmt.Sprintf("PDF、JPEG 或 PNG，每个不超过 %s，最多 %d 个。", attachment.Size(int64(rule.MaxBytes)), rule.MaxFiles), Help: kindHelp[rule.Kind]}
	for _, a := range filesOf(y.files, rule.Kind) {
		line := fileLine(a, attachmentsPath)
		if owed {
			line.Delete = y.path("/attachments/" + a.ID.String() + "/delete")
		}
		view.Files = append(view.Files, line)
	}
	switch {
	case rule.Required && len(view.Files) == 0:
		view.Tag = web.Tag{Text: "必交", Tone: web.ToneWarn}
	case len(view.Files) > 0:
		view.Tag = web.Tag{Text: fmt.Sprintf("%d 个文件", len(view.Files)), Tone: web.ToneOK}
	}
	if rule.Kind == attachment.Declaration {
		view.Declaration = y.path("/declaration.pdf")
	}
	if rule.Kind == sent.kind {
		view.Refused = sent.refused
	}
	if view.CanAdd = owed && len(view.Files) < rule.MaxFiles; owed && !view.CanAdd {
		view.Full = "已经满了。要换的，先删除一个。"
	}
	return view
}

// kindHelp says what is wanted, for kinds whose name alone does not.
var kindHelp = map[attachment.Kind]string{
	attachment.Declaration:    "打印下面的声明签章页，法定代表人签字、单位盖章后，扫描或者拍照上传。",
	attachment.AuditReport:    "会计师事务所出具的年度审计报告全文，要看得清签字和印章。",
	attachment.Charter:        "登记管理机关核准章程的那一页。",
	attachment.SponsorOpinion: "业务主管单位盖章的意见。",
}

// fileLine shows a file; opens lies below path.
func fileLine(a filing.Attachment, path string) web.FileLine {
	line := web.FileLine{Name: a.Name, SHA256: a.SHA256, Image: a.MediaType != attachment.TypePDF,
		Meta: fmt.Sprintf("%s · %s · %s", a.Describe(), a.ActorName, stampShort(a.CreatedAt))}
	switch a.Scan {
	case filing.ScanHeld:
		line.Tag, line.Note = web.Tag{Text: "查毒中", Tone: web.ToneNow}, "查完才能打开和报送，一般几分钟。"
	case filing.ScanInfected:
		line.Tag, line.Note = web.Tag{Text: "有病毒", Tone: web.ToneError}, "内容已被删除。请查杀后重新上传，或者删除这一个。"
	case filing.ScanNone, filing.ScanClean:
		line.Open = path + "/" + a.ID.String()
		line.Save = line.Open + "?save=1"
	}
	return line
}

// upload takes the files of one form, each by itself: those that cannot be
// taken are named, the others are kept.
func (p *Pages) upload(c echo.Context) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	form, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	sent := sending{kind: attachment.Kind(form.Get(kindName))}
	var files []*multipart.FileHeader
	if c.Request().MultipartForm != nil {
		files = c.Request().MultipartForm.File[filesName]
	}
	if len(files) == 0 {
		sent.refused = []string{"没有选文件。请先选择文件，再点上传。"}
	}
	for _, header := range files {
		err := p.uploadOne(c, y, sent.kind, header)
		var domain web.DomainError
		switch {
		case err == nil:
			sent.stored++
		case errors.As(err, &domain) && domain.HTTPStatus() == http.StatusNotFound:
			return err
		case errors.As(err, &domain):
			sent.refused = append(sent.refused, header.Filename+"："+domain.Detail())
		default:
			return err
		}
	}
	if len(sent.refused) > 0 {
		return p.renderAttachments(c, y, sent)
	}
	p.app.AddFlash(c, web.Flash{Text: fmt.Sprintf("已上传 %d 个文件。", sent.stored)})
	return web.SeeOther(c, y.path("/attachments")+"#"+kindID(sent.kind))
}

func (p *Pages) uploadOne(c echo.Context, y *year, kind attachment.Kind, header *multipart.FileHeader) error {
	file, err := header.Open()
	if err != nil {
		return fmt.Errorf("open an uploaded file: %w", err)
	}
	defer func() { _ = file.Close() }()
	_, _, err = p.filing.PutAttachment(requestContext(c), filing.PutAttachment{OrganisationID: y.org.ID, Year: y.obligation.ReportYear,
		Kind: kind, Name: header.Filename, Content: file, Actor: web.Principal(c).Actor()})
	return err
}

func (p *Pages) deleteAttachment(c echo.Context) error {
	y, err := p.readYear(c)
	if err != nil {
		return err
	}
	id, err := parseID(c)
	if err != nil {
		return err
	}
	a, err := filing.OwnAttachment(requestContext(c), p.db, y.org.ID, id)
	if err != nil {
		return err
	}
	err = p.filing.DeleteAttachment(requestContext(c), filing.DeleteAttachment{OrganisationID: y.org.ID, Year: y.obligation.ReportYear,
		Kind: a.Kind, N: a.N, Seen: &a.SHA256, Actor: web.Principal(c).Actor()})
	if refused, ok := refusal(err); ok {
		p.app.AddFlash(c, web.Flash{Text: refused.Detail(), Warning: true})
		return web.SeeOther(c, y.path("/attachments"))
	}
	if err != nil && !errors.Is(err, filing.ErrNoAttachment) && !errors.Is(err, filing.ErrStale) {
		return err
	}
	p.app.AddFlash(c, web.Flash{Text: "已删除“" + a.Name + "”。"})
	return web.SeeOther(c, y.path("/attachments")+"#"+kindID(a.Kind))
}

// attachment shows or saves one of the organisation's files.
func (p *Pages) attachment(c echo.Context) error {
	owner, err := organisation(c)
	if err != nil {
		return err
	}
	id, err := parseID(c)
	if err != nil {
		return err
	}
	a, err := filing.OwnAttachment(requestContext(c), p.db, owner, id)
	if err != nil {
		return err
	}
	content, err := p.filing.OpenAttachment(requestContext(c), a)
	if err != nil {
		return err
	}
	defer func() { _ = content.Close() }()
	return web.ServeFile(c, web.File{Name: a.Name, MediaType: a.MediaType, SHA256: a.SHA256, Content: content, Download: c.QueryParam("save") != ""})
}

// submittedFiles are the files that a submission was made with.
func (p *Pages) submittedFiles(c echo.Context, s filing.Submission) ([]web.FileLine, error) {
	list, err := filing.SubmissionAttachments(requestContext(c), p.db, s.ID)
	return kindLines(list), err
}

// kindLines shows files of several kinds in one list.
func kindLines(list []filing.Attachment) []web.FileLine {
	lines := make([]web.FileLine, len(list))
	for i, a := range list {
		lines[i] = fileLine(a, attachmentsPath)
		lines[i].Meta = a.Kind.Label() + " · " + a.Describe()
	}
	return lines
}
