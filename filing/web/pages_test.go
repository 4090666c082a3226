package web_test

import (
	"testing"

	filerweb "nianbao/filing/web"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
)

// Every template with nothing in its struct, and with everything.
func TestPages(t *testing.T) {
	page := web.Page{Title: "年度报告", Area: web.AreaFiler, SiteName: "社会组织年度报告", CSRF: "token", Refused: true,
		User:   &web.User{Name: "林某", RoleName: "填报人", Body: "向阳中心"},
		Nav:    []web.NavItem{{Text: "消息", Href: "/filer/messages", Count: 2, Current: true}},
		Crumbs: []web.Crumb{{Text: "年度报告", Href: "/filer/reports"}, {Text: "任务清单"}}, Flash: []web.Flash{{Text: "已保存。"}}}
	tag := web.Tag{Text: "逾期", Tone: web.ToneWarn}
	finding := web.Finding{ID: "w-1", Title: "不相等", Remedy: "核对", Links: []web.Link{{Href: "#f-a", Text: "1 行"}}, Basis: "制度", Check: "BS-TOTAL"}
	warning := web.Finding{ID: "w-2", Warning: true, Title: "变化大"}
	answered := web.Finding{ID: "w-8", Warning: true, Title: "变化大", Figures: []web.Figure{{Label: "资金", Value: "1.00", Href: "/x"}},
		Answer: &web.Answer{Text: []string{"年底收款"}, By: "张三", Stale: true}}
	explaining := web.Finding{ID: "w-7", Warning: true, Title: "变化大", Reason: &web.Reason{ID: "f-said", Name: "said", Value: "年底", SeenName: "seen", Seen: "年",
		Said: "张三写于", Error: "太长", Stale: true}}
	summary := web.Summary{Title: "有 1 处错误", Items: []web.SummaryItem{{Href: "#f-a", Text: "没有填"}, {Warning: true, Text: "变化大"}}}
	due := filerweb.Due{Before: "还剩", Number: "13", After: "个工作日", Text: "3月31日截止", Over: true,
		Days: web.Days{Weeks: [][]web.Day{{{Day: 12, State: "today"}}}, Key: "一格一个工作日"}, Ruler: web.NewRuler(web.Window{Length: 10, Left: 9})}
	tasks := filerweb.TaskList{Groups: []filerweb.TaskGroup{{Title: "财务会计报告", Tasks: []filerweb.Task{
		{Text: "资产负债表", Href: "/x", State: "1 处错误", Tone: "bad", Here: true}}}}, Done: 1, Total: 2, Fill: 120, Left: "还剩 13 个工作日"}
	saved := filerweb.Saved{At: "2019年3月28日 12:00:00", By: "林某"}
	next := filerweb.NextStep{Heading: "下一步", Text: "填完", Href: "/x", Button: "继续填写"}
	track := []web.Step{{State: "done", Title: "开放报送"}, {State: "now", Title: "填写", Text: "正在填写"}}
	years := []filerweb.YearLine{{Href: "/filer/reports/2018", Title: "2018 年度报告", Tag: tag, Text: "已超期"}}
	messages := []filerweb.MessageLine{{Href: "/filer/messages/1", Subject: "还有 30 天", When: "3月1日", Unread: true}}
	documents := []filerweb.DocumentLine{{Title: "结论书", Meta: "PDF", Href: "/filer/documents/1", Verify: "/verify/1", Tag: tag}}
	standing := filerweb.Standing{Tags: []web.Tag{tag}, Text: "没有列入", Href: "/filer/listings", Link: "查看"}
	facts := []web.Fact{{Label: "文号", Value: "1 号", Code: true, Note: "注"}, {Label: "结论", Tag: tag}, {Label: "查验", Value: "码", Href: "/verify/1"}}
	remark := web.Remark{By: "总体意见", Text: []string{"请改"}, Basis: "条例"}
	pager := web.Pager{Next: "/filer/messages?before=1~x", Prev: "/filer/messages"}
	empty := web.Empty{Text: "没有更早的了。", Href: "/filer/messages", Link: "回到最新"}
	sections := []filerweb.ReadSection{{ID: "s-a", Title: "封面", Note: "注", Edit: "/x", Blocks: []filerweb.ReadBlock{{Facts: facts},
		{Title: "变更", Nothing: "没有"}, {Title: "项目", Items: []filerweb.ReadItem{{Legend: "第 1 项", Facts: facts}}},
		{Sheet: &filerweb.ReadSheet{Caption: "资产负债表", Paper: "会民非01表", Maker: "中心", AsOf: "2018年", Lines: true, Columns: []string{"年初数", "期末数"},
			Rows: []filerweb.ReadRow{{Line: "1", Label: "货币资金", Class: "is-total", Cells: []string{"1.00", "2.00"}}}}}}}}
	options := []filerweb.OptionView{{ID: "f-b-yes", Code: "yes", Label: "是", On: true}, {ID: "f-b-no", Code: "no", Label: "否"}, {ID: "f-b-x", Code: "x", Label: "其他"}}
	question := filerweb.FieldView{Kind: "text", ID: "f-a", Name: "a", Label: "甲", Hint: "提示", Condition: "乙选是时填", Needs: "b=yes",
		Unit: "元", Value: "1.00", Error: "没有填", Findings: []web.Finding{finding}, Mark: "来自上年报告", Money: true, Rows: 3}
	asked := []filerweb.FieldView{question}
	for i, kind := range []string{"long", "figure", "date", "select", "computed", "radios", "checks", "group"} {
		q := question
		q.Kind, q.ID, q.Full, q.Findings = kind, "q-"+kind, "第 1 项，甲", nil
		q.Calc = filerweb.Calc{Path: kind, Terms: "+a -b", Over: "c", Decimals: 2}
		q.Options = nil
		for _, o := range options {
			o.ID = q.ID + o.Code
			q.Options = append(q.Options, o)
		}
		if kind == "group" {
			part := question
			part.ID, part.Findings = "part-"+string(rune('a'+i)), nil
			q.Parts = []filerweb.FieldView{part}
		}
		asked = append(asked, q)
	}
	inRow := question
	inRow.ID, inRow.Findings = "f-t-0.a", nil
	statement := web.Statement{ID: "st", Title: "资产负债表", FormNo: "会民非01表", Maker: "中心", AsOf: "2018年12月31日", Caption: "表", Columns: []string{"年初数", "期末数"},
		Rows: []web.StatementRow{{ID: "r-1", Line: "1", Label: "货币资金", Cells: []web.StatementCell{{Name: "x", ID: "f-x", Label: "货币资金", Value: "1.00", LastYear: true}, {Name: "y", ID: "f-y", Label: "货币资金，期末", Bad: true, Odd: true}}, Findings: []web.Finding{warning}}}}
	paste := filerweb.PasteView{ID: "p-st", Name: "paste.st", Button: "st", Columns: "行次、金额", Text: "1\t2", Problems: []string{"第 1 行不是金额"}}
	rowsPaste := filerweb.PasteView{ID: "p-t", Name: "paste.t", Button: "t", Columns: "甲、乙"}
	blocks := []filerweb.Block{{Statement: &statement}, {Fields: asked},
		{Grid: &filerweb.GridView{ID: "g", Caption: "捐赠", Columns: []string{"现金"}, Rows: []web.StatementRow{{ID: "r-2", Kind: web.RowTotal, Label: "合计", Formula: "自动计算",
			Cells: []web.StatementCell{{Value: "1.00"}}, Findings: []web.Finding{{ID: "w-3", Title: "不对"}}}}}},
		{Table: &filerweb.TableView{ID: "f-t", Key: "t", Title: "变更", Hint: "一项一行", Condition: "乙选是时填", Needs: "b=yes", Error: "没有填", NoneName: "t.none", NoneID: "t-none", None: true,
			RowsName: "t.rows", Count: 1, CanAdd: true, AddText: "再加一项", Findings: []web.Finding{{ID: "w-4", Title: "不对"}},
			Mark: "来自上年报告", MaxRows: 9, Blank: filerweb.TableRowView{ID: "f-t-9", Path: "t[9]", Legend: "第 10 项"}, Paste: rowsPaste,
			Rows: []filerweb.TableRowView{{ID: "f-t-0", Path: "t[0]", Legend: "第 1 项", Fields: []filerweb.FieldView{inRow}}}}}}
	hidden := []filerweb.Hidden{{Name: "a", Value: "1"}}
	line := filerweb.CaseLine{Title: "逾期", Text: "4月1日", Basis: "条例", Document: "/filer/documents/1"}
	plea := filerweb.PleaView{Title: "陈述申辩", When: "4月2日", Text: []string{"理由"}, Answer: []string{"没有采纳"}}
	requestDay := web.TextField{ID: "f-due_on", Name: "due_on", Label: "希望延到哪一天", Type: "date", Hint: "以后", Error: "没有填"}
	webtest.CheckPages(t, "filer", map[string][]any{
		"filer/correction": {filerweb.CorrectionPage{Reason: web.TextField{ID: "f-r", Name: "r", Label: "理由"}}, filerweb.CorrectionPage{Page: page, Eyebrow: "2018 年度报告", Heading: "申请更正",
			Effects: []string{"另行审查。"}, Summary: web.Summary{Title: "没有开始", Items: []web.SummaryItem{{Href: "#f-reason", Text: "没有填"}}}, Action: "/x", Back: "/y", Reason: web.TextField{ID: "f-reason", Name: "reason", Label: "理由", Error: "没有填"}, Button: "开始"}},
		"filer/request": {filerweb.RequestPage{Reason: web.TextField{ID: "f-r", Name: "r", Label: "理由"}}, filerweb.RequestPage{Page: page, Eyebrow: "2018 年度报告", Heading: "申请延期报送",
			Effects: []string{"由登记管理机关决定。"}, Action: "/x", Back: "/y", Day: &requestDay,
			Reason: web.TextField{ID: "f-reason", Name: "reason", Label: "理由", Hint: "写明", Error: "没有填"}, Button: "提出"}},
		"filer/workbook": {filerweb.WorkbookPage{}, filerweb.WorkbookPage{Page: page, Eyebrow: "2018 年度报告", Heading: "用表格填报", Statements: "/s", All: "/a", Action: "/x",
			Summary: web.Summary{Title: "没有读取", Items: []web.SummaryItem{{Href: "#f-file", Text: "不是表格"}}}, Error: "不是表格", Waiting: "/w", WaitingAt: "4月1日 10:00"}},
		"filer/workbook-preview": {filerweb.PreviewPage{}, filerweb.PreviewPage{Page: page, Eyebrow: "2018 年度报告", Heading: "核对表格", Moved: true, Lede: "读到 3 格。", Notices: []string{"单位换算成元"},
			Problems:  []filerweb.PreviewProblem{{Place: "资产负债表 C12", Label: "存货", Text: "#REF!", Wrong: "公式有错", Remedy: "改成金额"}},
			Conflicts: []filerweb.PreviewConflict{{ID: "c-1", Name: "keep.a", Label: "甲", Place: "A1", Mine: "1", Theirs: "2"}},
			Sheets:    []filerweb.PreviewSheet{{ID: "s-1", Name: "资产负债表", Rows: []filerweb.PreviewRow{{Place: "C1", Label: "货币资金", Old: "1.00", New: "2.00"}}}},
			Kept:      []filerweb.PreviewRow{{Place: "C2", Label: "乙", Old: "1", New: "1"}}, Same: []filerweb.PreviewRow{{Place: "C3", Label: "丙", New: "3"}},
			Findings: []web.Finding{warning}, Result: "有 1 处提示。", Action: "/x", Shown: "d", CanApply: true, Button: "写入", Back: "/y"}},
		"filer/sponsor": {filerweb.SponsorPage{}, filerweb.SponsorPage{Page: page, Eyebrow: "2018 年度报告", Heading: "业务主管单位意见", Tag: tag, Lead: "还没有提出意见。", Facts: facts, Next: next,
			Notes: []string{"已按时送出。"}, Opinion: []web.Remark{{By: "住所", Text: []string{"不一致"}}}, TakeBack: "/x", Effects: []string{"回到草稿"}, Earlier: []filerweb.SponsorLine{{When: "3月1日送出", Text: "改", Tag: tag}}}},
		"filer/home": {filerweb.HomePage{}, filerweb.HomePage{Page: page, Eyebrow: "向阳中心", Heading: "2018 年度报告", News: "申请已获同意。", Owed: true, Due: due, Next: next, Track: track,
			AlsoDue: years, Messages: messages, Documents: documents, Standing: standing, Years: years, Ask: []web.Link{{Href: "/e", Text: "申请延期"}}, Print: "/p"},
			filerweb.HomePage{Page: page, Rest: "没有要报送的报告。", Next: next}},
		"filer/reports": {filerweb.ReportsPage{}, filerweb.ReportsPage{Page: page, Heading: "年度报告", Years: years, Empty: empty}},
		"filer/report": {filerweb.ReportPage{}, filerweb.ReportPage{Page: page, Correction: filerweb.CorrectionBox{CSRF: "t", Show: true, Tag: tag, Text: "正在填写", Facts: facts, Remarks: []web.Remark{remark}, Start: "/s", Go: "/g", Reason: "/r", Abandon: "/a", Withdraw: "/w", Past: []string{"6月3日更正"}}, Requests: filerweb.RequestsView{CSRF: "t", Items: []filerweb.RequestView{{Title: "申请延期报送", When: "3月1日", Tag: tag, Facts: facts, Withdraw: "/w"}, {Title: "申请豁免报送"}},
			Ask: []web.Link{{Href: "/e", Text: "申请延期"}}}, Eyebrow: "中心", Heading: "2018 年度报告", Tag: tag, Track: track, Due: due, Owed: true, Next: next,
			Opinion: []web.Remark{remark}, OpinionHead: "审查意见", Conclusion: facts, Pending: "正在制作", Documents: documents, Exempt: "停办",
			Submissions: []filerweb.SubmissionLine{{When: "3月28日", Status: "审查中", ReceiptNo: "1", Href: "/x", Receipt: "/y"}}},
			filerweb.ReportPage{Page: page, Window: facts, Ruler: due.Ruler, Withdraw: "/w"}},
		"filer/tasks":   {filerweb.TasksPage{}, filerweb.TasksPage{Page: page, Heading: "任务清单", Eyebrow: "2018", Due: due, Tasks: tasks, Next: tasks.Groups[0].Tasks[0], Saved: saved, Note: "还有 3 项待核对", Print: "/print"}},
		"filer/print":   {filerweb.PrintPage{}, filerweb.PrintPage{Page: page, Eyebrow: "中心", Heading: "年度报告书", Mark: "草稿", State: "还有 3 项没有填", Back: "/t", Sections: sections}},
		"filer/section": {filerweb.SectionPage{}, filerweb.SectionPage{Page: page, Eyebrow: "第 1 部分", Heading: "封面", Tasks: tasks, Saved: saved, Summary: summary, Action: "/x", Base: "00", Note: "注", Of: "o", Confirm: filerweb.Confirm{Text: "来自上年", Button: "全部确认", Count: 2}, Computes: true, Paste: paste, General: []web.Finding{{ID: "w-9", Title: "总的"}}, Blocks: blocks, NextText: "保存", Print: "草稿"}},
		"filer/conflict": {filerweb.ConflictPage{}, filerweb.ConflictPage{Page: page, Heading: "封面", Other: "张某", At: "12:00", Action: "/x", Base: "00", Back: "/x", Carried: hidden,
			Items: []filerweb.ConflictItem{{ID: "f-a", Label: "电话", Pick: "pick.a", Mine: "1", Theirs: "2", Hidden: hidden}}}},
		"filer/check": {filerweb.CheckPage{}, filerweb.CheckPage{Page: page, Heading: "全面检查", Tasks: tasks, Saved: saved, Verdict: "还有 1 处错误", Errors: true, Next: "/x",
			Sections: []filerweb.CheckedSection{{ID: "c-a", Title: "封面", Href: "/x", Tag: tag, Missing: []web.Link{{Href: "/x", Text: "甲"}, {Href: "/y", Text: "乙"}}, Total: 3, Findings: []web.Finding{{ID: "w-1", Title: "不对"}, warning, explaining}, Explains: true}}, Said: "1 处写了说明", Action: "/c", Summary: web.Summary{Title: "没有存下", Items: []web.SummaryItem{{Href: "#f-said", Text: "太长"}}}}},
		"filer/submit": {filerweb.SubmitPage{}, filerweb.SubmitPage{Page: page, Button: "提出更正", Correction: &filerweb.CorrectionView{Reason: "有错", Edit: "/e", Changes: []web.Change{{Label: "资金", Old: "1.00", New: "2.00", Delta: "+1.00"}}}, Eyebrow: "2018", Heading: "通读与报送", Tasks: tasks, Due: due, Sections: sections, Warnings: "有 1 处提示", CheckTo: "/c", Action: "/x",
			Summary: web.Summary{Title: "没有报送", Items: []web.SummaryItem{{Href: "#f-declare", Text: "请勾选"}}}, Key: "k", Version: 3, After: "之后", Print: "草稿", Warned: []web.Finding{answered}, Previous: "3月18日",
			Declare: filerweb.DeclareView{Text: "本单位及本人声明", Capacity: "本人是法定代表人", Checked: true, Error: "请勾选", Name: web.TextField{ID: "f-declarant", Name: "declarant", Label: "姓名", Hint: "输入", Error: "没有填"}},
			Changes: []web.Change{{Label: "资金", Old: "1.00", New: "2.00", Delta: "+1.00", Calculated: true}}},
			filerweb.SubmitPage{Page: page, Blocked: "还有错误", CheckTo: "/c", Previous: "3月18日"},
			filerweb.SubmitPage{Page: page, Blocked: "还有错误", Ask: filerweb.AskView{Text: "由负责人报送", Action: "/ask"}},
			filerweb.SubmitPage{Page: page, Ask: filerweb.AskView{Text: "由负责人报送", Asked: "已提醒"}}},
		"filer/receipt":    {filerweb.ReceiptPage{}, filerweb.ReceiptPage{Page: page, Eyebrow: "2018", Heading: "报告已收到", Facts: facts, Next: "等待", PDF: "/p", PDFText: "PDF", Report: "/x", Read: "/s"}, filerweb.ReceiptPage{Page: page, Order: "/o"}},
		"filer/submission": {filerweb.SubmissionPage{}, filerweb.SubmissionPage{Page: page, Eyebrow: "2018", Heading: "第 1 次", Facts: facts, Sections: sections, Receipt: "/r", Body: "/b"}},
		"filer/return": {filerweb.RepairPage{}, filerweb.RepairPage{Page: page, Eyebrow: "2018", Heading: "已退回", Saved: saved, Due: due, Summary: web.Summary{Title: "看不懂", Items: []web.SummaryItem{{Href: "#f-z", Text: "数字"}}}, Action: "/x", Base: "00",
			Fixes: []filerweb.Fix{{ID: "m-1", Title: "住所", Section: web.Link{Href: "/x", Text: "基本事项"}, Tag: tag, Remark: remark, Was: "旧", Field: &inRow},
				{ID: "m-2", Title: "资金", Remark: remark, Lines: []filerweb.FixLine{{Label: "资金", Was: "1.00", Full: "资金", ID: "f-z", Name: "z", Value: "2", Error: "数字"}}},
				{ID: "m-3", Title: "表", Section: web.Link{Href: "/t", Text: "变更"}, Remark: remark, OpenSection: "/t"}},
			Changes: []web.Change{{Label: "资金", Old: "1.00", New: "2.00", Delta: "+1.00", Calculated: true}}, Previous: "3月18日", Remaining: []web.Link{{Href: "#m-1", Text: "住所"}}, Submit: "/s", Tasks: "/t",
			Opinion: []web.Remark{remark}, Documents: documents, History: []filerweb.HistoryLine{{Day: "3月18日", Text: "报送，", Href: "/r", Link: "回执"}, {Day: "1月14日", Text: "开放报送"}}}},
		"filer/attachments": {filerweb.AttachmentsPage{}, filerweb.AttachmentsPage{Page: page, Eyebrow: "2018", Heading: "附件", Tasks: &tasks, Note: "不能再改",
			Summary: web.Summary{Title: "有 1 个文件没有存下", Items: []web.SummaryItem{{Href: "#a-1", Text: "a.doc：不支持"}}},
			Action:  "/x", Accept: "application/pdf", Next: "/check", Kinds: []filerweb.KindFiles{
				{ID: "a-1", Kind: "declaration", Title: "声明签章页", Tag: web.Tag{Text: "必交", Tone: web.ToneWarn}, Limits: "PDF", Help: "签字", Declaration: "/d.pdf", CanAdd: true, Refused: []string{"a.doc：不支持"}},
				{ID: "a-2", Kind: "other", Title: "其他材料", Limits: "PDF", Full: "满了", Files: []web.FileLine{
					{Name: "甲.pdf", Meta: "PDF", Open: "/o", Save: "/s", Delete: "/del", SHA256: "ab"}, {Name: "乙.png", Meta: "PNG", Open: "/o2", Save: "/s2", Image: true, SHA256: "cd"},
					{Name: "丙.pdf", Tag: web.Tag{Text: "查毒中"}, Note: "查完才能打开", SHA256: "ef"}}}, {ID: "a-3", Title: "空"}}}},
		"filer/withdraw":  {filerweb.WithdrawPage{}, filerweb.WithdrawPage{Page: page, Eyebrow: "2018", Heading: "撤回", Effects: []string{"回到草稿"}, Reason: web.TextField{ID: "f-reason", Name: "reason", Label: "原因"}, Action: "/x", Back: "/y"}},
		"filer/messages":  {filerweb.MessagesPage{}, filerweb.MessagesPage{Page: page, Heading: "消息", Messages: messages, Pager: pager}, filerweb.MessagesPage{Page: page, Empty: empty}},
		"filer/message":   {filerweb.MessagePage{}, filerweb.MessagePage{Page: page, Heading: "还有 30 天", When: "3月1日", Paragraphs: []string{"请报送"}, Document: &documents[0], Pending: "正在制作"}},
		"filer/documents": {filerweb.DocumentsPage{}, filerweb.DocumentsPage{Page: page, Heading: "文书", Documents: documents, Pager: pager}, filerweb.DocumentsPage{Page: page, Empty: empty}},
		"filer/listings": {filerweb.ListingsPage{}, filerweb.ListingsPage{Page: page, Heading: "信用状况", Standing: standing, SpotChecks: []filerweb.CaseLine{line}, Penalties: []filerweb.CaseLine{line},
			Matters: []filerweb.MatterLine{{Href: "/m", Title: "2018", Text: "告知", Tag: tag}}}},
		"filer/matter": {filerweb.MatterPage{}, filerweb.MatterPage{Page: page, Heading: "2018", Eyebrow: "名录", Tag: tag, Now: "还没有列入", Due: due, ShowDue: true, Acts: []filerweb.NextStep{next, next}, Facts: facts,
			Papers:    []filerweb.PaperLine{{Title: "告知书", Meta: "1 号", Service: "没有送达", Href: "/d", Verify: "/v"}, {Title: "决定书"}},
			Statement: &plea, Removals: []filerweb.PleaView{{Title: "移出申请", When: "5月1日", Text: []string{"已改"}}}}},
		"filer/plea": {filerweb.PleaPage{}, filerweb.PleaPage{Page: page, Eyebrow: "2018", Heading: "提出陈述申辩", Effects: []string{"只能提一次"}, Action: "/x", Back: "/y", Label: "理由", Hint: "写明", Text: "文字", Error: "没有填", Button: "提出",
			Summary: web.Summary{Title: "没有提出", Items: []web.SummaryItem{{Href: "#f-text", Text: "没有填"}}}}},
	})
}
