package document

import (
	"time"

	"nianbao/internal/workday"
)

// Facts is what one document states: one of the struct types of this file, by
// pointer. They are stored as JSON with the order, so a document never changes
// because a register entry or a season did.
type Facts interface {
	// Kind is the kind of document that states these facts.
	Kind() Kind
	// party is who it concerns.
	party() Party
	// basis is the legal basis, "" if the kind may do without.
	basis() string
	// missing names the required facts that are not given.
	missing() []string
}

// Party says who issues a document to whom, about which report year. All
// names as they are at the time of the order.
type Party struct {
	Authority        string `json:"authority"`    // full name, also on the seal
	Organisation     string `json:"organisation"` // full name
	USCC             string `json:"uscc"`
	OrganisationType string `json:"organisation_type"` // Chinese label, such as 社会团体
	ReportYear       int    `json:"report_year"`
}

// party returns p; it makes every struct that embeds Party a part of Facts.
func (p Party) party() Party { return p }

// ConclusionFacts are those of a conclusion. Outcome is pass, qualified or
// basically_qualified; for an unqualified report nothing is ever issued.
type ConclusionFacts struct {
	Party
	Outcome     string       `json:"outcome"`
	Inspection  bool         `json:"inspection"` // the regime is 年度检查, not 年度报告
	ReceiptNo   string       `json:"receipt_no"`
	SubmittedOn workday.Date `json:"submitted_on"` // of the submission that was concluded
	FirstFiled  workday.Date `json:"first_filed"`  // of the first submission, if that was an earlier one
	Basis       string       `json:"basis"`
	Opinion     string       `json:"opinion,omitempty"` // printed where the outcome asks for rectification
	Stamp       bool         `json:"stamp"`             // with the certificate-duplicate sheet
	Correction  bool         `json:"correction"`        // concludes a correction (更正)
	Replaces    string       `json:"replaces,omitempty"`
}

// ReceiptFacts are those of a receipt for a submission.
type ReceiptFacts struct {
	Party
	ReceivedAt        time.Time    `json:"received_at"`
	SHA256            string       `json:"sha256"` // of the body, lower-case hex
	ReviewDueOn       workday.Date `json:"review_due_on"`
	ReviewProvisional bool         `json:"review_provisional"`
	WindowDays        int          `json:"window_days"` // working days
	Resubmission      bool         `json:"resubmission"`
}

// ReturnFacts are those of a return for correction.
type ReturnFacts struct {
	Party
	ReceiptNo   string       `json:"receipt_no"`
	SubmittedOn workday.Date `json:"submitted_on"`
	Opinion     string       `json:"opinion"`
	Remarks     []Remark     `json:"remarks"`
	ResubmitBy  workday.Date `json:"resubmit_by,omitzero"` // not of a correction, which nobody owes
	Provisional bool         `json:"provisional"`          // ResubmitBy lies beyond the holiday notices
	Correction  bool         `json:"correction,omitempty"` // returns a correction (更正) of a report that stands
	Basis       string       `json:"basis"`
}

// Remark is a reviewer's remark on one field.
type Remark struct {
	Label string `json:"label"` // the field's label; empty: the report as a whole
	Text  string `json:"text"`
	Basis string `json:"basis,omitempty"`
}

// PriorNoticeFacts are those of the notice before a listing.
type PriorNoticeFacts struct {
	Party
	DueOn           workday.Date `json:"due_on"`
	ReturnedOn      workday.Date `json:"returned_on"` // if a report was returned and not refiled
	AsOf            workday.Date `json:"as_of"`       // the day the facts were established
	StatementDays   int          `json:"statement_days"`
	WithdrawIfFiled bool         `json:"withdraw_if_filed"` // a report standing before the listing ends the matter
	Basis           string       `json:"basis"`
}

// ListingFacts are those of a listing decision.
type ListingFacts struct {
	Party
	DueOn           workday.Date `json:"due_on"`
	ReturnedOn      workday.Date `json:"returned_on"`
	NoticeNumber    string       `json:"notice_number"` // empty: listed without a prior notice
	ServedOn        workday.Date `json:"served_on"`
	StatementOn     workday.Date `json:"statement_on"`     // zero: none was made in time
	StatementAnswer string       `json:"statement_answer"` // why it was not accepted
	// FiledOn is when a report came in all the same, where the season does not let that end the matter; zero: none did.
	FiledOn  workday.Date `json:"filed_on,omitzero"`
	ListedOn workday.Date `json:"listed_on"`
	Basis    string       `json:"basis"`
}

// WithdrawalFacts end a listing procedure before any listing.
type WithdrawalFacts struct {
	Party
	NoticeNumber string `json:"notice_number"`
	Reason       string `json:"reason"`
	Basis        string `json:"basis,omitempty"`
}

// AnnulmentFacts undo a listing that was wrong.
type AnnulmentFacts struct {
	Party
	DecisionNumber string       `json:"decision_number"`
	ListedOn       workday.Date `json:"listed_on"`
	Reason         string       `json:"reason"`
	Basis          string       `json:"basis,omitempty"`
}

// RemovalFacts are those of a removal from the list.
type RemovalFacts struct {
	Party
	DecisionNumber string       `json:"decision_number"` // of the listing decision
	ListedOn       workday.Date `json:"listed_on"`
	AppliedOn      workday.Date `json:"applied_on"`
	Reason         string       `json:"reason"`
	RemovedOn      workday.Date `json:"removed_on"`
	Basis          string       `json:"basis"`
}

// RefusalFacts refuse a removal.
type RefusalFacts struct {
	Party
	DecisionNumber string       `json:"decision_number"`
	ListedOn       workday.Date `json:"listed_on"`
	AppliedOn      workday.Date `json:"applied_on"`
	Reason         string       `json:"reason"`
	Basis          string       `json:"basis"`
}

// SpotCheckFacts tell that an organisation is on the spot-check list.
type SpotCheckFacts struct {
	Party
	DueOn      workday.Date `json:"due_on"`
	ReturnedOn workday.Date `json:"returned_on,omitzero"` // if a report was returned and not refiled
	EnteredOn  workday.Date `json:"entered_on"`
	Basis      string       `json:"basis"`
}

// PenaltyFacts tell that a penalty case was opened. It is no decision on it.
type PenaltyFacts struct {
	Party
	CaseNo     string       `json:"case_no,omitempty"`
	DueOn      workday.Date `json:"due_on"`
	ReturnedOn workday.Date `json:"returned_on,omitzero"` // if a report was returned and not refiled
	OpenedOn   workday.Date `json:"opened_on"`
	Basis      string       `json:"basis"`
}

// Kind implements Facts.
func (*ConclusionFacts) Kind() Kind { return KindConclusion }

// Kind implements Facts.
func (*ReceiptFacts) Kind() Kind { return KindReceipt }

// Kind implements Facts.
func (*ReturnFacts) Kind() Kind { return KindReturnNotice }

// Kind implements Facts.
func (*PriorNoticeFacts) Kind() Kind { return KindPriorNotice }

// Kind implements Facts.
func (*ListingFacts) Kind() Kind { return KindListingDecision }

// Kind implements Facts.
func (*WithdrawalFacts) Kind() Kind { return KindListingWithdrawal }

// Kind implements Facts.
func (*AnnulmentFacts) Kind() Kind { return KindListingAnnulment }

// Kind implements Facts.
func (*RemovalFacts) Kind() Kind { return KindRemovalDecision }

// Kind implements Facts.
func (*RefusalFacts) Kind() Kind { return KindRemovalRefusal }

// Kind implements Facts.
func (*SpotCheckFacts) Kind() Kind { return KindSpotCheckNotice }

// Kind implements Facts.
func (*PenaltyFacts) Kind() Kind { return KindPenaltyNotice }
