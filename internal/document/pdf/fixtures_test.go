package pdf

import (
	"strings"
	"testing"
	"time"

	"nianbao/internal/document"
	"nianbao/internal/workday"
)

func on(year int, month time.Month, day int) workday.Date { return workday.NewDate(year, month, day) }

var orderedAt = time.Date(2019, 4, 2, 16, 20, 11, 0, workday.Shanghai)

var (
	party = document.Party{
		Authority: "试验市民政局", Organisation: "试验市向阳社会工作服务中心",
		USCC: "52440100MJK00009XH", OrganisationType: "社会服务机构（民办非企业单位）", ReportYear: 2018,
	}
	creditBasis = "《社会组织信用信息管理办法》第十一条第（一）项"
	fileBasis   = "《民办非企业单位登记管理暂行条例》第二十三条"
)

// longName is a name of 40 characters with rare ones, two of them above U+FFFF.
var longName = "试验市" + strings.Repeat("〇", 1) + "㛃龘𬭎𫖮社区邻里互助与老年人居家照护专业社会工作服务发展研究促进中心（民办非企业）"

// samples has one document of each kind, and those whose text or length asks
// for something of the layout.
func samples(t testing.TB) map[string]document.Page {
	t.Helper()
	due, rare := on(2019, 3, 31), party
	rare.Organisation = longName
	conclusion := document.ConclusionFacts{
		Party: party, Outcome: "pass", ReceiptNo: "试民社年收〔2019〕00231号", FirstFiled: on(2019, 3, 18),
		SubmittedOn: on(2019, 3, 26), Basis: fileBasis, Stamp: true,
	}
	single, correction, inspection := conclusion, conclusion, conclusion
	single.Party, single.Stamp, single.FirstFiled = rare, false, workday.Date{}
	correction.Correction, correction.Replaces = true, "试民社年审〔2019〕00001号"
	inspection.Inspection, inspection.Outcome = true, "basically_qualified"
	inspection.Opinion = "未按章程规定召开理事会会议，请于三个月内召开，并将会议纪要报送本机关。"
	listing := document.ListingFacts{
		Party: party, DueOn: due, NoticeNumber: "试民社列告〔2019〕00017号", ServedOn: on(2019, 4, 1),
		ListedOn: on(2019, 4, 18), Basis: creditBasis,
	}
	answered := listing
	answered.ReturnedOn, answered.StatementOn = on(2019, 3, 20), on(2019, 4, 10)
	answered.StatementAnswer = "系统故障一说与系统运行记录不符，报送期限内系统运行正常。"
	remarks := []document.Remark{
		{Label: "资产负债表·货币资金（期末数）", Text: "期末数与现金流量表期末余额不一致，请核对后改正。", Basis: "《民间非营利组织会计制度》第七十三条"},
		{Label: "理事会会议次数", Text: "填写为0次，与章程规定每年至少召开两次不符，请说明原因。"},
		{Text: "请补充法定代表人签字页。"},
	}
	all := map[string]document.Facts{
		"conclusion":            &conclusion,
		"conclusion-rare":       &single,
		"conclusion-correction": &correction,
		"conclusion-inspection": &inspection,
		"receipt": &document.ReceiptFacts{Party: party, ReceivedAt: time.Date(2019, 3, 18, 14, 32, 5, 0, workday.Shanghai),
			SHA256: strings.Repeat("8f41c2d7905be3a6", 4), ReviewDueOn: on(2019, 4, 1), WindowDays: 10},
		"return": &document.ReturnFacts{Party: party, ReceiptNo: "试民社年收〔2019〕00231号", SubmittedOn: on(2019, 3, 18),
			Opinion: "报告主要数据前后不一致。", Remarks: remarks, ResubmitBy: on(2019, 4, 3), Basis: fileBasis},
		"return-long": &document.ReturnFacts{Party: rare, SubmittedOn: on(2019, 3, 18), ResubmitBy: on(2019, 4, 3), Basis: fileBasis,
			Opinion: strings.Repeat("报告第三部分与第五部分的数据不一致，“其中”各项之和大于合计数；请逐项核对1,234.50元等金额后改正（见附注）。", 6), Remarks: append(remarks, remarks...)},
		"prior-notice": &document.PriorNoticeFacts{Party: party, DueOn: due, AsOf: on(2019, 4, 1), StatementDays: 10,
			WithdrawIfFiled: true, Basis: creditBasis},
		"listing-decision":          &listing,
		"listing-decision-answered": &answered,
		"listing-withdrawal": &document.WithdrawalFacts{Party: party, NoticeNumber: "试民社列告〔2019〕00017号",
			Reason: "你单位已于2019年4月8日补报2018年度报告并报送成功。"},
		"listing-annulment": &document.AnnulmentFacts{Party: party, DecisionNumber: "试民社列决〔2019〕00009号", ListedOn: on(2019, 4, 18),
			Reason: "经核实，你单位2018年度报告已于2019年3月29日报送，列入决定所依据的事实有误。"},
		"removal-decision": &document.RemovalFacts{Party: party, DecisionNumber: "试民社列决〔2019〕00009号", ListedOn: on(2019, 4, 18),
			AppliedOn: on(2019, 5, 6), Reason: "经核实，你单位已补报2018年度报告，列入活动异常名录的情形已经消除。", RemovedOn: on(2019, 5, 10),
			Basis: "《社会组织信用信息管理办法》第十四条"},
		"removal-refusal": &document.RefusalFacts{Party: party, DecisionNumber: "试民社列决〔2019〕00009号", ListedOn: on(2019, 4, 18),
			AppliedOn: on(2019, 5, 6), Reason: "经核实，你单位尚未补报2018年度报告，列入活动异常名录的情形没有消除。", Basis: "《社会组织信用信息管理办法》第十四条"},
		"spot-check": &document.SpotCheckFacts{Party: party, DueOn: due, EnteredOn: on(2019, 4, 1), Basis: "《社会组织抽查暂行办法》"},
		"penalty": &document.PenaltyFacts{Party: party, CaseNo: "试民社罚〔2019〕3号", DueOn: due, OpenedOn: on(2019, 4, 1),
			Basis: "《民办非企业单位登记管理暂行条例》第二十五条第一款第（三）项"},
	}
	pages := make(map[string]document.Page, len(all))
	for name, facts := range all {
		page, err := document.Compose(document.Composition{
			Facts: facts, Number: document.FormatNumber("试民社", facts.Kind(), 2019, 1), VerifyCode: "7KQM-2F9D-XW3H",
			IssuedOn: on(2019, 4, 2), OrderedAt: orderedAt, PublicURL: "https://nianbao.example.cn", Demonstration: name != "conclusion-rare",
		})
		if err != nil {
			t.Fatalf("compose %s: %v", name, err)
		}
		pages[name] = page
	}
	return pages
}
