package document

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/workday"
)

var (
	testParty = Party{Authority: "试验市民政局", Organisation: "试验市向阳协会", USCC: "51440100MJK1A2B31L", OrganisationType: "社会团体", ReportYear: 2018}
	testDay   = workday.NewDate(2019, 4, 2)
)

// fullFacts has facts of each kind with nothing left out.
func fullFacts() map[Kind]Facts {
	p, d := testParty, testDay
	return map[Kind]Facts{
		KindConclusion: &ConclusionFacts{Party: p, Outcome: "pass", ReceiptNo: "R1", SubmittedOn: d, Basis: "《甲办法》第一条", Stamp: true},
		KindReceipt:    &ReceiptFacts{Party: p, ReceivedAt: time.Date(2019, 3, 18, 6, 5, 0, 0, time.UTC), SHA256: strings.Repeat("ab", 32), ReviewDueOn: d, WindowDays: 10},
		KindReturnNotice: &ReturnFacts{Party: p, ReceiptNo: "R1", SubmittedOn: d, Opinion: "甲", Remarks: []Remark{{"乙", "丙", "丁"}}, ResubmitBy: d,
			Provisional: true, Basis: "《甲办法》第一条"},
		KindPriorNotice:       &PriorNoticeFacts{Party: p, DueOn: d, AsOf: d, StatementDays: 10, WithdrawIfFiled: true, Basis: "《甲办法》第一条"},
		KindListingDecision:   &ListingFacts{Party: p, DueOn: d, NoticeNumber: "N1", ServedOn: d, ListedOn: d, Basis: "《甲办法》第一条"},
		KindListingWithdrawal: &WithdrawalFacts{Party: p, NoticeNumber: "N1", Reason: "已补报。"},
		KindListingAnnulment:  &AnnulmentFacts{Party: p, DecisionNumber: "D1", ListedOn: d, Reason: "有误。"},
		KindRemovalDecision:   &RemovalFacts{Party: p, DecisionNumber: "D1", ListedOn: d, AppliedOn: d, Reason: "已补报。", RemovedOn: d, Basis: "《甲办法》第一条"},
		KindRemovalRefusal:    &RefusalFacts{Party: p, DecisionNumber: "D1", ListedOn: d, AppliedOn: d, Reason: "未补报。", Basis: "《甲办法》第一条"},
		KindSpotCheckNotice:   &SpotCheckFacts{Party: p, DueOn: d, EnteredOn: d, Basis: "《甲办法》第一条"},
		KindPenaltyNotice:     &PenaltyFacts{Party: p, DueOn: d, OpenedOn: d, Basis: "《甲办法》第一条"},
	}
}

func compose(t *testing.T, facts Facts) Page {
	t.Helper()
	page, err := Compose(Composition{Facts: facts, Number: "文号", VerifyCode: "7KQM-2F9D-XW3H", IssuedOn: testDay, PublicURL: "https://x.example/"})
	if err != nil {
		t.Fatal(err)
	}
	return page
}

// whole is everything that a page says.
func whole(p Page) string {
	var b strings.Builder
	for _, block := range p.Blocks {
		fmt.Fprintln(&b, block)
	}
	return b.String()
}

func TestEveryKindIsComposed(t *testing.T) {
	all := fullFacts()
	for _, kind := range Kinds() {
		page := compose(t, all[kind])
		text := whole(page)
		if page.Title == "" || page.VerifyURL != "https://x.example/verify/7KQM-2F9D-XW3H" {
			t.Errorf("%s: title %q, address %s", kind, page.Title, page.VerifyURL)
		}
		for _, want := range []string{testParty.Authority, testParty.Organisation + "：", "2019年4月2日", "文号"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %s", kind, want)
			}
		}
		if strings.Contains(text, "<no value>") || strings.Contains(text, "{{") || strings.Contains(text, "。。") {
			t.Errorf("%s has a gap:\n%s", kind, text)
		}
		signatures := 0
		for _, b := range page.Blocks {
			if _, ok := b.(Signature); ok {
				signatures++
			}
		}
		if signatures != 1 {
			t.Errorf("%s is signed %d times", kind, signatures)
		}
	}
}

// Every adverse document carries its basis and both remedies, and cannot be
// composed without a basis.
func TestAdverseDocumentsCarryBasisAndRemedies(t *testing.T) {
	all := fullFacts()
	for kind, info := range kinds {
		if !info.adverse {
			continue
		}
		text := whole(compose(t, all[kind]))
		for _, want := range []string{"《甲办法》第一条", "六十日内依法申请行政复议", "行政复议机关为本机关的本级人民政府", "六个月内依法向人民法院提起行政诉讼"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s does not say %s", kind, want)
			}
		}
		raw, err := json.Marshal(all[kind])
		if err != nil {
			t.Fatal(err)
		}
		facts := info.facts()
		if err := json.Unmarshal([]byte(strings.Replace(string(raw), "《甲办法》第一条", " ", 1)), facts); err != nil {
			t.Fatal(err)
		}
		if _, err := Compose(Composition{Facts: facts}); !errors.Is(err, ErrFacts) {
			t.Errorf("%s without basis: %v, want ErrFacts", kind, err)
		}
	}
}

// Who had a report returned did file in time: no document may say otherwise.
func TestLateDocumentsTellReturnedFromNeverFiled(t *testing.T) {
	due, returned := workday.NewDate(2019, 3, 31), workday.NewDate(2019, 3, 20)
	for _, back := range []bool{false, true} {
		day := workday.Date{}
		if back {
			day = returned
		}
		basis := "《甲办法》第一条"
		for _, facts := range []Facts{
			&PriorNoticeFacts{Party: testParty, DueOn: due, ReturnedOn: day, AsOf: due, StatementDays: 10, Basis: basis},
			&ListingFacts{Party: testParty, DueOn: due, ReturnedOn: day, ListedOn: due, Basis: basis},
			&SpotCheckFacts{Party: testParty, DueOn: due, ReturnedOn: day, EnteredOn: due, Basis: basis},
			&PenaltyFacts{Party: testParty, DueOn: due, ReturnedOn: day, OpenedOn: due, Basis: basis},
		} {
			text := whole(compose(t, facts))
			said := strings.Contains(text, "已于2019年3月20日退回补正，期满未重新报送")
			if said != back || strings.Contains(text, "你单位未在截止日前报送") == back {
				t.Errorf("%s, returned %v:\n%s", facts.Kind(), back, text)
			}
		}
	}
}

func TestBasicallyQualifiedCarriesRemedies(t *testing.T) {
	facts := fullFacts()[KindConclusion].(*ConclusionFacts)
	facts.Outcome, facts.Inspection, facts.Opinion = "basically_qualified", true, "请整改。"
	text := whole(compose(t, facts))
	for _, want := range []string{"基本合格", "请整改。", "行政复议", "行政诉讼", "社会组织年度检查结论书", "年检结论专用章"} {
		if !strings.Contains(text, want) {
			t.Errorf("the conclusion does not say %s", want)
		}
	}
}

func TestStampSheetOnlyWhereTheSeasonSaysSo(t *testing.T) {
	facts := fullFacts()[KindConclusion].(*ConclusionFacts)
	for _, stamp := range []bool{true, false} {
		facts.Stamp = stamp
		if got := strings.Contains(whole(compose(t, facts)), "登记证书副本"); got != stamp {
			t.Errorf("stamp %t: the sheet is there: %t", stamp, got)
		}
	}
}

// Facts survive storage: what is ordered is what is composed later.
func TestFactsSurviveJSON(t *testing.T) {
	for kind, facts := range fullFacts() {
		raw, err := json.Marshal(facts)
		if err != nil {
			t.Fatal(err)
		}
		again, err := (StoredOrder{Kind: kind, RawFacts: raw}).Facts()
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if diff := cmp.Diff(whole(compose(t, facts)), whole(compose(t, again))); diff != "" {
			t.Errorf("%s (-ordered +stored):\n%s", kind, diff)
		}
	}
	if _, err := (StoredOrder{Kind: "letter"}).Facts(); !errors.Is(err, ErrFacts) {
		t.Errorf("unknown kind: %v", err)
	}
}

// No fact can make a block, leave its row, or be taken for a template.
func TestFactsStayText(t *testing.T) {
	facts := fullFacts()[KindReturnNotice].(*ReturnFacts)
	facts.Opinion = "第一段\r\ntitle 假标题\n\nsign\n{{.Number}} | x"
	page := compose(t, facts)
	var paragraphs []string
	for _, b := range page.Blocks {
		switch b := b.(type) {
		case Paragraph:
			paragraphs = append(paragraphs, b.Text)
		case Title:
			if b.Text == "假标题" {
				t.Error("a fact made a title")
			}
		}
	}
	for _, want := range []string{"第一段", "title 假标题", "sign", "{{.Number}} | x"} {
		if !strings.Contains(strings.Join(paragraphs, "\n"), "\n"+want+"\n") && paragraphs[1] != want {
			t.Errorf("paragraph %q is missing in %q", want, paragraphs)
		}
	}
	facts.Opinion = strings.Repeat("长", maxBlockRunes+1)
	if _, err := Compose(Composition{Facts: facts}); !errors.Is(err, ErrFacts) {
		t.Errorf("a text without end: %v", err)
	}
}

func TestWordingFilesAreChecked(t *testing.T) {
	for name, line := range map[string]string{
		"unknown directive": "shout 甲", "parts missing": "row 甲", "too many parts": "row 甲 | 乙 | 丙", "broken template": "p {{.P",
		"unknown function": "p {{nothing}}",
	} {
		files := fstest.MapFS{"shared.txt": {Data: []byte("")}}
		for kind := range kinds {
			files[string(kind)+".txt"] = &fstest.MapFile{Data: []byte(line)}
		}
		if _, err := readWordings(files); err == nil {
			t.Errorf("%s: read", name)
		}
	}
	if _, err := readWordings(fstest.MapFS{}); err == nil {
		t.Error("no files: read")
	}
}

func TestOrdinals(t *testing.T) {
	for n, want := range map[int]string{1: "一", 9: "九", 10: "十", 11: "十一", 20: "二十", 42: "四十二", 99: "九十九", 100: "100", 0: "0"} {
		if got := ordinal(n); got != want {
			t.Errorf("ordinal(%d) = %s, want %s", n, got, want)
		}
	}
}

func TestFormatNumber(t *testing.T) {
	if got, want := FormatNumber("试民社", KindConclusion, 2019, 1), "试民社年审〔2019〕00001号"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := FormatNumber("穗民社", KindPriorNotice, 2026, 123456), "穗民社列告〔2026〕123456号"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	series := map[string]Kind{}
	for kind, info := range kinds {
		if other, ok := series[info.series]; ok {
			t.Errorf("%s and %s share the series %s", kind, other, info.series)
		}
		series[info.series] = kind
	}
}

func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		code := newCode()
		if again, err := ParseCode(strings.ToLower(strings.ReplaceAll(code, "-", " "))); err != nil || again != code || seen[code] {
			t.Fatalf("code %s reads as %s, %v (seen: %t)", code, again, err, seen[code])
		}
		seen[code] = true
	}
	for typed, want := range map[string]string{"7kqm2f9dxw3h": "7KQM-2F9D-XW3H", " 7KQM—2F9D－XW3H ": "7KQM-2F9D-XW3H", "OIL0OIL0OIL0": "0110-0110-0110"} {
		if got, err := ParseCode(typed); err != nil || got != want {
			t.Errorf("ParseCode(%q) = %s, %v, want %s", typed, got, err, want)
		}
	}
	for _, typed := range []string{"", "7KQM", "7KQM-2F9D-XW3H-1", "7KQM-2F9D-XW3U", "７KQM-2F9D-XW3H", "../../etc", strings.Repeat("A", 1000)} {
		if got, err := ParseCode(typed); err == nil {
			t.Errorf("ParseCode(%q) = %s", typed, got)
		}
	}
}
