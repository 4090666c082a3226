package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/web"
)

// ReceiptPage is the receipt of a report that was taken.
type ReceiptPage struct {
	web.Page
	Eyebrow string
	Heading string
	Facts   []web.Fact
	Next    string
	PDF     string
	PDFText string
	Order   string // where the paper is asked for, while there is none
	Report  string
	Read    string // address of the report's content
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
	page := ReceiptPage{Eyebrow: y.title(), Heading: receivedWords[s.Kind], Report: y.path(""), Facts: []web.Fact{
		{Label: "回执号", Value: r.ReceiptNo, Code: true},
		{Label: "收到时间", Value: stamp(r.ReceivedAt)},
		{Label: "报送单位", Value: y.org.Name},
		{Label: "报送人", Value: s.ActorName},
		window,
		{Label: "报告内容的 SHA-256", Value: r.SHA256, Code: true,
			Note: "逐字节计算。下载报告数据后可以自己核对。", Href: ""},
	}}
	page.Next = "登记管理机关在审查期限内作出结论或者退回。结果会发到消息里" + mailWords(y) + "。"
	if err := p.fillPaper(c, y, s, &page); err != nil {
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

// fillPaper adds the paper, or the way to it. A report that was withdrawn has
// none any more.
func (p *Pages) fillPaper(c echo.Context, y *year, s filing.Submission, page *ReceiptPage) error {
	page.Read = y.path("/submissions/" + s.ID.String())
	var err error
	if page.PDF, page.PDFText, err = p.receiptPDF(c, s.ID); err != nil {
		return err
	}
	switch {
	case s.Status == filing.SubmissionWithdrawn:
		page.Heading, page.Next, page.PDF = "回执已作废", "这次报送已经撤回，回执作废。再报送会有新的回执。", ""
	case page.PDF == "":
		page.Order = page.Read + "/receipt"
	}
	return nil
}

// How long a page waits for a paper that is mostly there within a second, and
// how often it looks.
const (
	paperWait = 2 * time.Second
	paperLook = 100 * time.Millisecond
)

// orderReceipt has the receipt made as a signed paper and leads to it.
func (p *Pages) orderReceipt(c echo.Context) error {
	y, s, err := p.readSubmission(c)
	if err != nil {
		return err
	}
	order, err := p.filing.OrderReceipt(requestContext(c), y.org.ID, s.ID)
	if refused, ok := refusal(err); ok {
		p.app.AddFlash(c, web.Flash{Text: refused.Detail(), Warning: true})
		return web.SeeOther(c, y.path("/submissions/"+s.ID.String()+"/receipt"))
	}
	if err != nil {
		return err
	}
	for end := time.Now().Add(paperWait); time.Now().Before(end); time.Sleep(paperLook) {
		_, err := document.ByID(requestContext(c), p.db, order.ID)
		if err == nil {
			return web.SeeOther(c, filesPath+"/"+order.ID.String())
		}
		if !errors.Is(err, document.ErrNotFound) {
			return err
		}
	}
	p.app.AddFlash(c, web.Flash{Text: "回执正在制作，通常几秒钟就好。刷新本页即可下载，“文书”里也会列出。"})
	return web.SeeOther(c, y.path("/submissions/"+s.ID.String()+"/receipt"))
}
