package document

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nianbao/internal/workday"
)

// required names, for each kind, the facts without which it must not be
// composed. The lists are written out here, not derived from the code.
var required = map[Kind][]string{
	KindConclusion:        {"Authority", "Organisation", "USCC", "ReportYear", "Outcome", "ReceiptNo", "SubmittedOn", "Basis"},
	KindReceipt:           {"Authority", "Organisation", "USCC", "ReportYear", "ReceivedAt", "SHA256", "ReviewDueOn"},
	KindReturnNotice:      {"Authority", "Organisation", "USCC", "ReportYear", "SubmittedOn", "ResubmitBy", "Basis"},
	KindPriorNotice:       {"Authority", "Organisation", "USCC", "ReportYear", "DueOn", "AsOf", "StatementDays", "Basis"},
	KindListingDecision:   {"Authority", "Organisation", "USCC", "ReportYear", "DueOn", "ServedOn", "ListedOn", "Basis"},
	KindListingWithdrawal: {"Authority", "Organisation", "USCC", "ReportYear", "NoticeNumber", "Reason"},
	KindListingAnnulment:  {"Authority", "Organisation", "USCC", "ReportYear", "DecisionNumber", "Reason"},
	KindRemovalDecision:   {"Authority", "Organisation", "USCC", "ReportYear", "ListedOn", "RemovedOn", "Reason"},
	KindRemovalRefusal:    {"Authority", "Organisation", "USCC", "ReportYear", "ListedOn", "Reason", "Basis"},
	KindSpotCheckNotice:   {"Authority", "Organisation", "USCC", "ReportYear", "DueOn", "EnteredOn", "Basis"},
	KindPenaltyNotice:     {"Authority", "Organisation", "USCC", "ReportYear", "DueOn", "OpenedOn", "Basis"},
}

func TestEachRequiredFactIsRequired(t *testing.T) {
	for _, kind := range Kinds() {
		if len(required[kind]) == 0 {
			t.Errorf("%s: nothing is required", kind)
		}
		for _, name := range required[kind] {
			facts := fullFacts()[kind]
			if _, err := Compose(Composition{Facts: facts}); err != nil {
				t.Fatalf("%s with all facts: %v", kind, err)
			}
			field := reflect.ValueOf(facts).Elem().FieldByName(name)
			field.SetZero()
			if _, err := Compose(Composition{Facts: facts}); !errors.Is(err, ErrFacts) {
				t.Errorf("%s without %s: %v, want ErrFacts", kind, name, err)
			}
		}
	}
}

func TestFactsThatDependOnOthers(t *testing.T) {
	listing := func(change func(*ListingFacts)) Facts {
		f := fullFacts()[KindListingDecision].(*ListingFacts)
		change(f)
		return f
	}
	returned := func(change func(*ReturnFacts)) Facts {
		f := fullFacts()[KindReturnNotice].(*ReturnFacts)
		change(f)
		return f
	}
	for name, tc := range map[string]struct {
		facts Facts
		ok    bool
	}{
		"listed without a notice":       {listing(func(f *ListingFacts) { f.NoticeNumber, f.ServedOn = "", workday.Date{} }), true},
		"statement without answer":      {listing(func(f *ListingFacts) { f.StatementOn = testDay }), false},
		"statement with answer":         {listing(func(f *ListingFacts) { f.StatementOn, f.StatementAnswer = testDay, "理由不成立。" }), true},
		"return with an opinion only":   {returned(func(f *ReturnFacts) { f.Remarks = nil }), true},
		"return with remarks only":      {returned(func(f *ReturnFacts) { f.Opinion = "" }), true},
		"return of a correction":        {returned(func(f *ReturnFacts) { f.Correction, f.ResubmitBy = true, workday.Date{} }), true},
		"return with neither":           {returned(func(f *ReturnFacts) { f.Opinion, f.Remarks = " \n", nil }), false},
		"conclusion of an unknown word": {&ConclusionFacts{Party: testParty, Outcome: "fine", ReceiptNo: "R", SubmittedOn: testDay, Basis: "B"}, false},
	} {
		_, err := Compose(Composition{Facts: tc.facts})
		if tc.ok && err != nil || !tc.ok && !errors.Is(err, ErrFacts) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The sentence on why somebody is late says what happened: never filed, or
// returned and not filed again.
func TestDocumentsTellWhatHappened(t *testing.T) {
	all := fullFacts()
	prior, listing := all[KindPriorNotice].(*PriorNoticeFacts), all[KindListingDecision].(*ListingFacts)
	for _, returned := range []bool{false, true} {
		if returned {
			prior.ReturnedOn, listing.ReturnedOn = testDay, testDay
		}
		for _, facts := range []Facts{prior, listing} {
			text := whole(compose(t, facts))
			if strings.Contains(text, "退回补正，期满未重新报送") != returned || strings.Contains(text, "未在截止日前报送") == returned {
				t.Errorf("%s, returned %t:\n%s", facts.Kind(), returned, text)
			}
		}
	}
	listing.StatementOn, listing.StatementAnswer = testDay, "理由不成立。"
	if text := whole(compose(t, listing)); !strings.Contains(text, "理由不成立。") || strings.Contains(text, "未提出陈述") {
		t.Errorf("a listing after a statement:\n%s", text)
	}
	listing.NoticeNumber, listing.ServedOn, listing.StatementOn = "", workday.Date{}, workday.Date{}
	if text := whole(compose(t, listing)); strings.Contains(text, "告知书") {
		t.Errorf("a listing without notice speaks of one:\n%s", text)
	}
	prior.WithdrawIfFiled = false
	if text := whole(compose(t, prior)); strings.Contains(text, "终止本次列入程序") {
		t.Error("the notice promises what the season does not")
	}
}

func TestConclusionTellsHowItCameAbout(t *testing.T) {
	facts := fullFacts()[KindConclusion].(*ConclusionFacts)
	for name, tc := range map[string]struct {
		change   func()
		has, not string
	}{
		"filed once":     {func() {}, "于2019年4月2日报送的", "重新报送"},
		"filed again":    {func() { facts.FirstFiled = workday.NewDate(2019, 3, 18) }, "于2019年3月18日报送、于2019年4月2日重新报送的", "更正"},
		"correction":     {func() { facts.Correction, facts.Replaces = true, "旧文号" }, "自签发之日起替代旧文号结论书", "审查，报告项目"},
		"no opinion out": {func() { facts.Opinion = "内部意见" }, "合格", "内部意见"},
	} {
		*facts = *fullFacts()[KindConclusion].(*ConclusionFacts)
		tc.change()
		text := whole(compose(t, facts))
		if !strings.Contains(text, tc.has) || strings.Contains(text, tc.not) {
			t.Errorf("%s: want %q and not %q in\n%s", name, tc.has, tc.not, text)
		}
	}
}

func TestRemarksAreNumberedInOrder(t *testing.T) {
	facts := fullFacts()[KindReturnNotice].(*ReturnFacts)
	facts.Remarks = []Remark{{"货币资金", "不一致。", "《制度》第一条。"}, {"", "请补签字页", ""}}
	page := compose(t, facts)
	var got []string
	for _, b := range page.Blocks {
		if p, ok := b.(Paragraph); ok && strings.HasPrefix(p.Text, "（") {
			got = append(got, p.Text)
		}
	}
	want := []string{"（一）货币资金：不一致。依据：《制度》第一条。", "（二）请补签字页"}
	if !slices.Equal(got, want) {
		t.Errorf("remarks %q, want %q", got, want)
	}
}

func TestReceiptTimeIsChinese(t *testing.T) {
	text := whole(compose(t, fullFacts()[KindReceipt]))
	if !strings.Contains(text, "2019年3月18日14时05分") {
		t.Errorf("06:05 UTC is not told as 14:05 in Beijing:\n%s", text)
	}
}

func TestProvisionalDatesAreMarked(t *testing.T) {
	receipt := fullFacts()[KindReceipt].(*ReceiptFacts)
	receipt.ReviewProvisional = true
	for _, facts := range []Facts{receipt, fullFacts()[KindReturnNotice]} {
		if text := whole(compose(t, facts)); !strings.Contains(text, "尚未公布，可能调整") {
			t.Errorf("%s does not mark its provisional date", facts.Kind())
		}
	}
}

func TestKindsHaveTitles(t *testing.T) {
	for _, kind := range Kinds() {
		if !kind.Valid() || kind.Title() == "文书" {
			t.Errorf("%s: valid %t, title %s", kind, kind.Valid(), kind.Title())
		}
	}
	if Kind("letter").Valid() || Kind("letter").Title() != "文书" {
		t.Error("an unknown kind is valid or has a title")
	}
}

func TestVerdictsAndStandingsHaveWords(t *testing.T) {
	seen := map[string]bool{}
	for _, words := range []string{VerdictGenuine.Chinese(), VerdictChanged.Chinese(), VerdictAppended.Chinese(), VerdictUnknownSigner.Chinese(),
		VerdictNotSigned.Chinese(), VerdictUnknown.Chinese(), InForce.Chinese(), Superseded.Chinese(), Revoked.Chinese()} {
		if words == "" || seen[words] {
			t.Errorf("%q says nothing or the same again", words)
		}
		seen[words] = true
	}
}

func TestCheckText(t *testing.T) {
	for _, text := range []string{"", "试验市民政局", "𬭎㛃龘〇", "A-1, b (c) ~", "é", "“甲”—乙…", "　全角空格", "①②"} {
		if err := CheckText(text); err != nil {
			t.Errorf("CheckText(%q): %v", text, err)
		}
	}
	for text, r := range map[string]rune{"a\tb": '\t', "a\x00": 0, "\x7f": 0x7F, "\u0085": 0x85, "甲\u200d乙": 0x200D, "\u2066甲": 0x2066, "\u061c": 0x61C,
		"\ufe0f": 0xFE0F, "\U000e0100": 0xE0100, "\uf8ff": 0xF8FF, "\U00100000": 0x100000, "\u2028": 0x2028, "\ufffe": 0xFFFE, "\ufffd": 0xFFFD,
		"甲\xe4\xb8": 0xFFFD, "\u00ad": 0xAD, "\U000e0041": 0xE0041} {
		var unprintable *UnprintableError
		if err := CheckText(text); !errors.As(err, &unprintable) || unprintable.Rune != r {
			t.Errorf("CheckText(%q): %v, want an error about U+%04X", text, err, r)
		}
	}
	var long, hidden *UnprintableError
	if err := CheckText(strings.Repeat("甲", 100) + "\u202e"); !errors.As(err, &long) || len([]rune(long.Text)) != excerptRunes+1 {
		t.Errorf("the error repeats too much: %v", err)
	}
	if err := CheckText("\u202e甲"); !errors.As(err, &hidden) || strings.ContainsRune(hidden.Text, '\u202e') {
		t.Errorf("the error repeats the invisible character: %v", err)
	}
}
