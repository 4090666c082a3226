package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

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
