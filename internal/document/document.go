// Package document owns the authority's official documents: what kinds there
// are, the facts each states, how the facts become a composed Page, its
// number and verification code, the seal's digital signature, the store, and
// the verification of a PDF.
//
// It does not decide anything: a use case orders a document inside its own
// transaction (Order), and background work composes, renders, signs and
// stores it (Issuer). It does not draw either: a Renderer is given to it.
//
// Invariants:
//   - A document is issued exactly once, with the number, the day and the
//     facts of its order; the same order always gives the same bytes.
//   - A stored document is never changed. Whether it is in force is told
//     beside it (document_standing).
//   - An adverse document states its legal basis and the remedies.
//   - What cannot be printed faithfully is held for a person, never issued.
package document

import "fmt"

// Kind is the kind of an official document. Its values are stored and public.
type Kind string

// The kinds of documents.
const (
	KindConclusion        Kind = "conclusion"          // 审查结论书, with the certificate-duplicate sheet where the season says so
	KindReceipt           Kind = "receipt"             // 报送回执
	KindReturnNotice      Kind = "return_notice"       // 退回补正通知书
	KindPriorNotice       Kind = "prior_notice"        // 列入活动异常名录事先告知书
	KindListingDecision   Kind = "listing_decision"    // 列入活动异常名录决定书
	KindListingWithdrawal Kind = "listing_withdrawal"  // 不予列入活动异常名录告知书
	KindListingAnnulment  Kind = "listing_annulment"   // 撤销列入活动异常名录决定书
	KindRemovalDecision   Kind = "removal_decision"    // 移出活动异常名录决定书
	KindRemovalRefusal    Kind = "removal_refusal"     // 不予移出活动异常名录决定书
	KindSpotCheckNotice   Kind = "spot_check_notice"   // 列入抽查监督名单告知书
	KindPenaltyNotice     Kind = "penalty_case_notice" // 行政处罚立案告知书
)

// kindInfo is what is fixed about a kind.
type kindInfo struct {
	title   string // Chinese, as a list of documents shows it
	series  string // the word in its number, after the authority's prefix
	adverse bool   // must carry basis and remedies
	facts   func() Facts
}

var kinds = map[Kind]kindInfo{
	KindConclusion:        {"年度报告审查结论书", "年审", false, func() Facts { return &ConclusionFacts{} }},
	KindReceipt:           {"年度报告报送回执", "年收", false, func() Facts { return &ReceiptFacts{} }},
	KindReturnNotice:      {"年度报告退回补正通知书", "年退", true, func() Facts { return &ReturnFacts{} }},
	KindPriorNotice:       {"列入活动异常名录事先告知书", "列告", true, func() Facts { return &PriorNoticeFacts{} }},
	KindListingDecision:   {"列入活动异常名录决定书", "列决", true, func() Facts { return &ListingFacts{} }},
	KindListingWithdrawal: {"不予列入活动异常名录告知书", "列终", false, func() Facts { return &WithdrawalFacts{} }},
	KindListingAnnulment:  {"撤销列入活动异常名录决定书", "列撤", false, func() Facts { return &AnnulmentFacts{} }},
	KindRemovalDecision:   {"移出活动异常名录决定书", "移决", false, func() Facts { return &RemovalFacts{} }},
	KindRemovalRefusal:    {"不予移出活动异常名录决定书", "不移", true, func() Facts { return &RefusalFacts{} }},
	KindSpotCheckNotice:   {"列入抽查监督名单告知书", "抽告", true, func() Facts { return &SpotCheckFacts{} }},
	KindPenaltyNotice:     {"行政处罚立案告知书", "罚立", true, func() Facts { return &PenaltyFacts{} }},
}

// Kinds returns all kinds, in no particular order.
func Kinds() []Kind {
	out := make([]Kind, 0, len(kinds))
	for k := range kinds {
		out = append(out, k)
	}
	return out
}

// Valid reports whether k is a kind that can be ordered.
func (k Kind) Valid() bool { _, ok := kinds[k]; return ok }

// Title is the kind's name in Chinese, for lists and pages; "文书" for a word
// that is no kind.
func (k Kind) Title() string {
	if info, ok := kinds[k]; ok {
		return info.title
	}
	return "文书"
}

// FormatNumber writes a document number (文号), such as
// 试民社年审〔2019〕00001号, from the authority's prefix, the kind's series,
// the year of issue and the running number.
func FormatNumber(prefix string, kind Kind, year int, seq int64) string {
	return fmt.Sprintf("%s%s〔%d〕%05d号", prefix, kinds[kind].series, year, seq)
}
