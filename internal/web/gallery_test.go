package web_test

import (
	"io/fs"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"nianbao/internal/money"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
	"nianbao/internal/workday"
	"nianbao/templates"
)

// gallery holds one of each shared part.
type gallery struct {
	web.Page
	Summary   web.Summary
	DaysLeft  int
	Deadline  string
	Days      web.Days
	Track     []web.Step
	Rulers    []web.Ruler
	Tags      []web.Tag
	Amount    money.Fen
	Rate      int64
	Number    int
	Date      workday.Date
	Time      time.Time
	Findings  []web.Finding
	Remark    web.Remark
	Statement web.Statement
	Wide      web.Statement
	Changes   []web.Change
	Facts     []web.Fact
	Fields    []web.TextField
	Empty     web.Empty
	Pager     web.Pager
}

// withGallery is the project's templates and one more page.
func withGallery(t testing.TB) fs.FS {
	t.Helper()
	files := fstest.MapFS{}
	err := fs.WalkDir(templates.FS, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(templates.FS, name)
		files[name] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("testdata/gallery.html")
	if err != nil {
		t.Fatal(err)
	}
	files["filer/gallery.html"] = &fstest.MapFile{Data: page}
	return files
}

func fullGallery(page web.Page) gallery {
	today, due := workday.NewDate(2026, time.March, 12), workday.NewDate(2026, time.March, 31)
	cal := workday.Builtin()
	money4 := func(name, label, a, b string) []web.StatementCell {
		return []web.StatementCell{
			{Name: name + ".opening", Label: label + "，年初数", Value: a, LastYear: true},
			{Name: name + ".closing", ID: "i-" + name, Label: label + "，期末数", Value: b, Odd: true},
		}
	}
	mismatch := web.Finding{
		ID: "f1", Title: "资产总计与负债和净资产总计不相等",
		Figures: []web.Figure{{Label: "资产总计（60 行）期末数", Value: "967,770.94 元"}, {Label: "相差", Value: "10,000.00 元", Strong: true}},
		Remedy:  "核对各行期末数。", Links: []web.Link{{Href: "#i-bs_cash", Text: "1"}},
		Basis: "《民间非营利组织会计制度》（财会〔2004〕7号）会民非01表", Check: "BS-TOTAL",
	}
	unusual := web.Finding{
		ID: "f2", Warning: true, Title: "应收款项比年初增加 312%", Text: []string{"数字没错就写一句原因，也可以空着。"},
		Reason: &web.Reason{ID: "why", Name: "why", Value: "12 月验收"}, Check: "BS-JUMP",
	}
	return gallery{
		Page: page, DaysLeft: cal.Between(today, due), Deadline: web.Deadline(cal, today, due, "报送"),
		Summary: web.Summary{Title: "这一部分有 1 处错误、1 处提示", Items: []web.SummaryItem{
			{Href: "#f1", Text: "资产总计与负债和净资产总计相差 10,000.00 元"},
			{Warning: true, Href: "#f2", Text: "应收款项比年初增加 312%，请核对"},
		}},
		Days: web.NewDays(cal, today, due),
		Track: []web.Step{
			{State: "done", Title: "开放报送", Text: "2026年1月14日"}, {State: "now", Title: "填写", Text: "9 / 15 部分"},
			{Title: "报送"}, {Title: "形式审查", Text: "10 个工作日"}, {Title: "结论"},
		},
		Rulers: []web.Ruler{
			web.NewRuler(web.Window{Length: 10, Left: 9}), web.NewRuler(web.Window{Length: 10, Left: 5}),
			web.NewRuler(web.Window{Length: 10, Left: 1}), web.NewRuler(web.Window{Length: 10}),
			web.NewRuler(web.Window{Length: 10, Left: -1}), web.NewRuler(web.Window{Length: 20, Left: 12, Provisional: true}),
		},
		Tags:   []web.Tag{{Text: "合格", Tone: web.ToneOK}, {Text: "逾期", Tone: web.ToneWarn}, {Text: "错误", Tone: web.ToneError}, {Text: "填写中", Tone: web.ToneNow}, {Text: "存续"}},
		Amount: -123456789, Rate: 1234, Number: 8030, Date: due, Time: time.Date(2026, 3, 12, 6, 32, 8, 0, time.UTC),
		Findings: []web.Finding{mismatch, unusual},
		Remark:   web.Remark{ID: "r1", Text: []string{"住所与登记证书不一致。已搬迁的，先办理变更登记。"}, Basis: "《民办非企业单位登记管理暂行条例》第十五条"},
		Statement: web.Statement{
			ID: "bs", Title: "资产负债表", FormNo: "会民非01表", Maker: "试验市向阳社会工作服务中心", AsOf: "2025年12月31日", Caption: "资产负债表",
			Columns: []string{"年初数", "期末数"},
			Rows: []web.StatementRow{
				{Kind: web.RowGroup, Label: "流动资产"},
				{Line: "1", Label: "货币资金", Cells: money4("bs_cash", "货币资金，1 行", "486,214.37", "612,380.94")},
				{Kind: web.RowGrand, Line: "60", Label: "资产总计", Formula: "20 + 30 + 40，自动计算", Cells: []web.StatementCell{{Value: "732,454.37"}, {Value: "967,770.94", Bad: true}},
					Findings: []web.Finding{{Title: "不相等"}}},
			},
		},
		Wide: web.Statement{
			ID: "as", Title: "业务活动表", FormNo: "会民非02表", Caption: "业务活动表",
			Columns: []string{"非限定", "限定", "合计", "上年非限定", "上年限定", "上年合计"},
			Rows: []web.StatementRow{{Kind: web.RowSub, Line: "1", Label: "捐赠收入", Cells: []web.StatementCell{
				{Name: "a1", Label: "一", Value: "1,486,000.00"}, {Name: "a2", Label: "二", Value: "0.00"}, {Value: "1,486,000.00"},
				{Name: "a3", Label: "三", Value: "1,318,500.00", LastYear: true}, {Name: "a4", Label: "四", Value: "0.00", Bad: true}, {Value: "1,318,500.00"},
			}}},
		},
		Changes: []web.Change{{Label: "住所", Old: "和平路 18 号", New: "学府路 26 号"}, {Label: "100 负债合计", Old: "301,896.28", New: "291,896.28", Delta: "−10,000.00", Calculated: true}},
		Facts:   []web.Fact{{Label: "统一社会信用代码", Value: "52440100MJK00009XH", Code: true}, {Label: "状态", Tag: web.Tag{Text: "有效", Tone: web.ToneOK}}, {Label: "机构", Value: "向阳", Href: "/", Note: "备注"}},
		Fields: []web.TextField{
			{ID: "f-a", Name: "a", Label: "住所", Hint: "按证书填写。", Value: "学府路 <26> 号", Error: "住所与证书不一致"},
			{ID: "f-b", Name: "b", Label: "密码", Type: "password", Value: "never shown"},
		},
		Empty: web.Empty{Text: "今天没有到期的报告。", Href: "/", Link: "看全部"},
		Pager: web.Pager{Text: "第 1–18 件，共 1,906 件", Next: "/?cursor=a"},
	}
}

// TestSharedParts executes every shared part with nothing and with everything.
func TestSharedParts(t *testing.T) {
	renderer, err := web.NewRenderer(withGallery(t))
	if err != nil {
		t.Fatal(err)
	}
	full := fullGallery(web.Page{
		Title: "样张", Area: web.AreaFiler, SiteName: "社会组织年度报告", By: "试验市民政局", CSRF: "token", Demo: true, DemoNow: "2026年3月12日 14:32",
		User: &web.User{Name: "林某", RoleName: "填报人", Body: "试验市向阳社会工作服务中心"}, Crumbs: []web.Crumb{{Text: "首页", Href: "/"}, {Text: "样张"}},
		Flash: []web.Flash{{Text: "已保存。"}}, Nav: []web.NavItem{{Text: "首页", Href: "/", Current: true}, {Text: "消息", Href: "/m", Count: 2}},
	})
	desk := full
	desk.Area, desk.Refused = web.AreaDesk, true
	for name, data := range map[string]any{"empty": gallery{}, "full": full, "desk": desk} {
		page, err := renderer.HTML("filer/gallery", data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		webtest.CheckHTML(t, name, page)
	}
}
