package web_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/account"
	"nianbao/internal/document"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
	"nianbao/internal/workday"
	deskweb "nianbao/review/web"
)

// TestPages executes every page of the desk with nothing and with everything in it.
func TestPages(t *testing.T) {
	page := web.Page{Title: "x", Area: web.AreaDesk, SiteName: "年度报告审查", By: "试验市民政局", CSRF: "token", Contact: "0000", Refused: true,
		User: &web.User{Name: "林", RoleName: "审查员", Body: "局", Role: account.RoleReviewer}}
	day, id := workday.NewDate(2019, 4, 1), uuid.New()
	field := func(name string) web.TextField {
		return web.TextField{ID: "f-" + name, Name: name, Label: name, Hint: "提示", Value: "<x>", Error: "不对"}
	}
	form := (&web.Form{Values: url.Values{}})
	form.Refuse("opinion", "不对")
	strip := []deskweb.StripItem{{Count: 8030, Label: "待审", Sub: "x", Href: "/x", Tone: "over"}, {Count: 0, Label: "y"}, {Count: 1000, More: true, Label: "z"}}
	pager := deskweb.Pager{First: "/a", Next: "/b"}
	ruler := web.NewRuler(web.Window{Length: 10, Left: 2, Provisional: true})
	tag := web.Tag{Text: "合格", Tone: web.ToneOK}
	facts := []web.Fact{{Label: "机构", Value: "某", Href: "/x"}, {Label: "状态", Tag: tag}}
	remarks := []deskweb.RemarkRow{{Label: "报告整体", Href: "/x", Text: []string{"a", "b"}, Basis: "c", Removable: true, Key: "k", Raw: "a\nb"}}
	choices := []deskweb.DecisionChoice{{Value: "pass", Label: "合格", Text: "x", On: true}, {Value: "unqualified", Label: "不合格", Text: "x", Grave: true}, {}, {}}
	var paper []deskweb.PaperBlock
	for _, kind := range []string{"letterhead", "reference", "title", "to", "p", "h", "emphasis", "table", "signature", "stamp", "note", "break"} {
		paper = append(paper, deskweb.PaperBlock{Kind: kind, Text: "x", Label: "y", Rows: []document.Row{{Label: "a", Value: "b"}}})
	}
	figures := deskweb.Figures{Caption: "x", Columns: []string{"年初数", "期末数"}, Prior: "上年期末数",
		Rows:   []deskweb.FigureRow{{ID: "k-a", Line: "1", Label: "a", Total: true, Odd: true, Cells: []string{"1.00", "2.00"}, Prior: "1.00", Change: "+1%", Remark: "/x"}, {Label: "b", Sub: true, Marked: true, Cells: []string{"", ""}}},
		Stated: &deskweb.Figures{Caption: "y", Columns: []string{"合计"}, Rows: []deskweb.FigureRow{{Label: "a", Cells: []string{"1.00"}}}}}
	part := deskweb.Part{Title: "x", Note: "y", Blocks: []deskweb.Block{{Figures: &figures},
		{Lines: []deskweb.Line{{ID: "k-b", Label: "b", Unit: "元", Value: []string{"a", "b"}, Prior: "c", Change: "+1%", Odd: true, Remark: "/x"}, {Label: "c", Missing: true, Amiss: true, Marked: true}, {Label: "d"}}},
		{Table: &deskweb.Rows{ID: "k-t", Label: "t", Prior: "上年 2 行", Columns: []string{"a"}, Rows: [][]string{{"1"}}, Filled: true, Odd: true, Remark: "/x"}}, {Table: &deskweb.Rows{Label: "u"}}}}
	season := []deskweb.SeasonRow{{Href: "/x", Title: "x", Types: "基金会", OpensOn: day, DueOn: day, State: tag}}
	board := deskweb.BoardRow{Label: "待报送", Counts: []int{1, 2}, Total: 3, Share: "1.0%"}
	paperRow := deskweb.DocumentRow{Href: "/x", Title: "x", Number: "号", Meta: "y"}
	quotes := []deskweb.Quote{{By: "某", Text: []string{"a"}}}
	webtest.CheckPages(t, "desk", map[string][]any{
		"desk/queue": {deskweb.QueuePage{}, deskweb.QueuePage{Page: page, Now: "x", CanClaim: true, Strip: strip, Capped: "x", Views: []deskweb.ViewLink{{Text: "全部", Href: "/x", Current: true}},
			Filter: deskweb.QueueFilter{View: "mine", Search: "x", Types: []deskweb.Choice{{Value: "a", Label: "b", Selected: true}}, States: []deskweb.Choice{{Label: "b"}}},
			Rows:   []deskweb.QueueRow{{Href: "/x", Organisation: "某", Sub: "y", Over: true, Kind: tag, Ruler: ruler, DueOn: "4月1日", Warnings: tag, Mine: true, Act: "继续"}, {State: tag, Claimed: "林"}}, Pager: pager}},
		"desk/case": {deskweb.CasePage{}, deskweb.CasePage{Page: page, Compared: "差异", Correction: &deskweb.CorrectionNote{Reason: []string{"r"}, Sections: "一、二", Accepted: "/o", Stands: "有效。"}, Summary: form.Summary("没有办成"), Path: "/x", Organisation: "某", Facts: []deskweb.CaseFact{{Text: "x", Code: true}}, Ruler: ruler, DueText: "到期",
			Notice: deskweb.Notice{Text: "x", Lines: []string{"y"}}, CanClaim: true, CanRelease: true, Parts: []deskweb.PartLink{{Title: "x", Href: "/x", Current: true, Marks: 2}}, Part: part,
			Findings:    []web.Finding{{ID: "finding-1", Warning: true, Title: "x", Figures: []web.Figure{{Label: "a", Value: "b"}}, Text: []string{"c"}, Links: []web.Link{{Href: "/x", Text: "y"}}, Basis: "z", Check: "A-B"}},
			Differences: []web.Change{{Label: "a", Old: "1", New: "2", Delta: "+1", Calculated: true}}, Remarks: remarks,
			NewRemark: &deskweb.RemarkForm{Key: "k", Label: "l", Href: "/x", WholeHref: "/y", Section: "s", Text: field("text"), Basis: field("basis")},
			History:   []deskweb.HistoryRow{{Day: day, Text: "x", Href: "/x", Tag: tag, More: []string{"m"}}, {Text: "y"}}, Documents: []deskweb.DocumentRow{paperRow},
			Files:    []web.FileLine{{Name: "甲.png", Meta: "声明签章页", Open: "/o", Save: "/s", Image: true, SHA256: "ab"}},
			Decision: &deskweb.DecisionForm{Choices: choices, Error: "x", Opinion: field("opinion")}, ReopenHref: "/r"},
			deskweb.CasePage{Page: page, Organisation: "某", Approval: &deskweb.ApprovalForm{Error: "x", Confirm: true, Return: true, Reason: field("reason")}, DueText: "x"}},
		"desk/decide":  {deskweb.DecidePage{}, deskweb.DecidePage{Page: page, Path: "/x", Organisation: "某", Outcome: "pass", OutcomeLabel: "合格", Grave: true, Opinion: "a\nb", OpinionText: []string{"a"}, Remarks: remarks, Seen: "s", Paper: paper, PaperTitle: "x", Consequences: []string{"y"}, Undo: "z", Button: "w"}},
		"desk/approve": {deskweb.ApprovePage{}, deskweb.ApprovePage{Page: page, Path: "/x", Organisation: "某", Proposer: "林", OutcomeLabel: "合格", Outcome: "y", Grave: true, OpinionText: []string{"a"}, Remarks: remarks, Seen: "s", Paper: paper, PaperTitle: "x", Undo: "z", Button: "w"}},
		"desk/requests": {deskweb.RequestsPage{}, deskweb.RequestsPage{Page: page, Views: []deskweb.ViewLink{{Text: "待办理 1", Href: "/x", Current: true}}, Kinds: []deskweb.ViewLink{{Text: "延期和豁免", Current: true}, {Text: "延期报送", Href: "/y"}},
			Rows: []deskweb.RequestRow{{Href: "/x", Organisation: "某", Sub: "s", Kind: "延期报送", Year: 2018, Status: tag, Wish: "5月1日", Received: "4月1日", Ended: "4月2日"}, {Href: "/z", Organisation: "乙"}}, Pager: pager}},
		"desk/request":  {deskweb.RequestPage{}, deskweb.RequestPage{Page: page, Heading: "某", Sub: "s", Status: tag, Facts: facts, Quote: quotes[0], Decided: facts, Moved: "m", Decide: "/d"}},
		"desk/conflict": {deskweb.ConflictPage{}, deskweb.ConflictPage{Page: page, Heading: "x", What: "y", Kept: []string{"z"}, Links: []web.Link{{Href: "/x", Text: "y"}}}},
		"desk/act": {deskweb.ActPage{}, deskweb.ActPage{Page: page, Summary: form.Summary("x"), Heading: "x", Facts: facts, Quotes: quotes, Consequences: []string{"a"}, Undo: "b", Action: "/x", Choices: choices, ChoiceName: "outcome", ChoiceLegend: "决定", ChoiceError: "x",
			Selects: []deskweb.SelectField{{ID: "f-how", Name: "how", Label: "方式", Error: "x", Options: []deskweb.Choice{{Value: "a", Label: "b", Selected: true}}}}, Fields: []web.TextField{field("served_on")}, Areas: []web.TextField{field("opinion")}, Button: "y", Grave: true, CancelHref: "/c"}},
		"desk/sponsor": {deskweb.SponsorPage{}, deskweb.SponsorPage{Page: page, Nameless: true}, deskweb.SponsorPage{Page: page, Heading: "某局", Pager: pager,
			Views: []deskweb.ViewLink{{Text: "待提出意见 1", Href: "/x", Current: true}}, Rows: []deskweb.SponsorRow{{Href: "/x", Organisation: "某", Sub: "s", Year: 2018, Sent: "3月1日", Due: "3月20日", Left: "已逾期", Ended: "x", Status: tag}}}},
		"desk/sponsor-case": {deskweb.SponsorCasePage{}, deskweb.SponsorCasePage{Page: page, Path: "/x", Organisation: "某", Status: tag, Facts: []deskweb.CaseFact{{Text: "x", Code: true}}, DueText: "x",
			Notice: deskweb.Notice{Text: "x", Lines: []string{"y"}}, Quotes: quotes, Parts: []deskweb.PartLink{{Title: "a", Href: "/x", Current: true, Marks: 2}}, Findings: []web.Finding{{ID: "f", Warning: true, Title: "x"}}, Sent: facts, Decide: "/d"}},
		"desk/admin":     {deskweb.AdminPage{}, deskweb.AdminPage{Page: page, Now: "x", Strip: strip, Seasons: season}},
		"desk/seasons":   {deskweb.SeasonsPage{}, deskweb.SeasonsPage{Page: page, Rows: season}},
		"desk/season":    {deskweb.BoardPage{}, deskweb.BoardPage{Page: page, Heading: "x", Sub: "y", Finding: "z", Strip: strip, Bars: []deskweb.Bar{{Label: "a", Count: 1, Share: "1%", Width: "2.0"}}, Types: []string{"a", "b"}, Rows: []deskweb.BoardRow{board}, Total: board, Overdue: board, Rules: facts}},
		"desk/documents": {deskweb.DocumentsPage{}, deskweb.DocumentsPage{Page: page, Held: 2, Rows: []deskweb.IssuedRow{{DocumentRow: paperRow, Organisation: "某", IssuedOn: day, Code: "c", Standing: tag}, {}}, Pager: pager}},
		"desk/held":      {deskweb.HeldPage{}, deskweb.HeldPage{Page: page, Rows: []deskweb.HeldRow{{Title: "x", Number: "n", Organisation: "某", Reason: "r", OrderedAt: time.Unix(0, 0)}}}},
		"desk/messages":  {deskweb.MessagesPage{}, deskweb.MessagesPage{Page: page, Rows: []deskweb.MessageRow{{Href: "/x", Subject: "s", At: "a", Unread: true}}, Pager: pager}},
		"desk/message":   {deskweb.MessagePage{}, deskweb.MessagePage{Page: page, Subject: "s", At: "a", Text: []string{"t"}}},
		"desk/outbox":    {deskweb.OutboxPage{}, deskweb.OutboxPage{Page: page, CanRetry: true, FailedOnly: true, Rows: []deskweb.OutboxRow{{ID: id, Subject: "s", Recipient: "r", Org: "o", At: "a", State: tag, Attempts: 2, Error: "e", Failed: true}}, Pager: pager}},
		"desk/listings":  {deskweb.ListingsPage{}, deskweb.ListingsPage{Page: page, Views: []deskweb.ViewLink{{Text: "全部", Href: "/x", Current: true}}, Rows: []deskweb.ListingRow{{Href: "/x", Organisation: "某", Sub: "s", Year: 2018, Status: tag, Waits: "w", NotifiedOn: day, ListedOn: day}}, Pager: pager}},
		"desk/listing":   {deskweb.MatterPage{}, deskweb.MatterPage{Page: page, Organisation: "某", Sub: "s", Status: tag, Waits: "w", Facts: facts, Papers: []deskweb.PaperRow{{DocumentRow: paperRow, Ready: true, Service: "x"}, {}}, Quotes: quotes, Actions: []web.Link{{Href: "/x", Text: "y"}}}},
		"desk/cases":     {deskweb.CasesPage{}, deskweb.CasesPage{Page: page, Heading: "x", Lead: "y", DayHead: "列入", Rows: []deskweb.CaseRow{{Organisation: "某", Sub: "s", Year: 2018, Status: tag, Day: day, Basis: "b", Href: "/x"}}, Pager: pager}},
	})
}
