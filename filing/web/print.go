package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"nianbao/internal/web"
)

// PrintPage is the whole draft on one page, for paper.
type PrintPage struct {
	web.Page
	Eyebrow  string
	Heading  string
	Mark     string // what stands above the print
	State    string
	Back     string
	Sections []ReadSection
}

func (p *Pages) print(c echo.Context) error {
	w, done, err := p.openWorkspace(c)
	if done || err != nil {
		return err
	}
	r := w.reader()
	r.edit = nil
	page := PrintPage{Eyebrow: w.org.Name, Heading: w.form.Title, Sections: r.sections(), Back: w.path("/tasks"),
		Mark: "草稿，未报送 · 打印于 " + stamp(p.db.Now()), State: w.title() + "，" + printState(w)}
	if page.Page, err = p.page(c, "打印草稿", w.crumbs(web.Crumb{Text: "任务清单", Href: w.path("/tasks")})...); err != nil {
		return err
	}
	return p.app.Render(c, http.StatusOK, "filer/print", page)
}

// printState says how far the draft is, since a print outlives the page.
func printState(w *workspace) string {
	n := countOf(place(w.form, w.findings))
	if n.wrong+n.missing == 0 {
		return "没有错误，还没有报送。"
	}
	return "还有 " + countWords(n) + "。"
}
