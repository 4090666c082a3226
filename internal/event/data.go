package event

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/workday"
)

// The payloads. Producers fill them, consumers read them with Read. A field may be added, never renamed or given
// another meaning: old events stay. None holds remarks, opinions, statements or contact details; whoever may see those
// reads them where they live.

// private is implemented by a payload that keeps its one event out of the public feed although its kind is public.
type private interface{ Private() bool }

// SeasonImported: a season's file was taken in for the first time.
type SeasonImported struct {
	Regime  string       `json:"regime"`
	Types   []string     `json:"types"`
	OpensOn workday.Date `json:"opens_on"`
	DueOn   workday.Date `json:"due_on"`
}

// SeasonOpened: filing began. DueOn is the due day as it holds, after the roll.
type SeasonOpened struct {
	Regime         string       `json:"regime"`
	Types          []string     `json:"types"`
	OpensOn        workday.Date `json:"opens_on"`
	DueOn          workday.Date `json:"due_on"`
	DueProvisional bool         `json:"due_provisional,omitempty"`
	Obligations    int          `json:"obligations"`
}

// SeasonChanged: the season's rule changed after the import. Changed names the keys of the season file.
type SeasonChanged struct {
	Changed       []string     `json:"changed"`
	DueOn         workday.Date `json:"due_on,omitzero"`
	PreviousDueOn workday.Date `json:"previous_due_on,omitzero"`
	Reason        string       `json:"reason,omitempty"`
	Obligations   int          `json:"obligations"` // how many it touched
}

// ObligationCreated: an organisation is bound to report.
type ObligationCreated struct {
	Form           string       `json:"form"`
	OpensOn        workday.Date `json:"opens_on"`
	DueOn          workday.Date `json:"due_on"`
	DueProvisional bool         `json:"due_provisional,omitempty"`
}

// ObligationDueChanged: the due day of one obligation moved, by an extension of its own or with the season's.
type ObligationDueChanged struct {
	DueOn          workday.Date `json:"due_on"`
	PreviousDueOn  workday.Date `json:"previous_due_on"`
	DueProvisional bool         `json:"due_provisional,omitempty"`
	Extension      bool         `json:"extension"`            // of this organisation alone
	OnRequest      bool         `json:"on_request,omitempty"` // granted by a request.decided of the same transaction
	Reason         string       `json:"reason,omitempty"`
}

// ObligationRefileMoved: a holiday notice moved the day to refile a returned report by.
type ObligationRefileMoved struct {
	ResubmitBy          workday.Date `json:"resubmit_by"`
	PreviousResubmitBy  workday.Date `json:"previous_resubmit_by"`
	ResubmitProvisional bool         `json:"resubmit_provisional,omitempty"`
}

// ObligationExempted: nothing is owed for the year.
type ObligationExempted struct {
	Reason string `json:"reason"`
}

// ObligationWithdrawn: the organisation was not bound after all.
type ObligationWithdrawn struct {
	Reason string `json:"reason"`
}

// RequestReceived: an organisation asks for an extension or an exemption. The subject is the request, as for all of them.
type RequestReceived struct {
	Kind        string       `json:"kind"`                   // extension or exemption
	WishedDueOn workday.Date `json:"wished_due_on,omitzero"` // of an extension
}

// RequestWithdrawn: the organisation asks no longer.
type RequestWithdrawn struct {
	Kind string `json:"kind"`
}

// RequestDecided: the authority granted or refused; what it granted is told by an event of its own in the same transaction.
type RequestDecided struct {
	Kind    string       `json:"kind"`
	Outcome string       `json:"outcome"`         // granted or refused
	DueOn   workday.Date `json:"due_on,omitzero"` // of an extension that was granted: the due day as it now holds
}

// SubmissionReceived: a report was taken. The subject is the submission; At is when it was received.
type SubmissionReceived struct {
	Kind                 string       `json:"kind"` // report or correction
	Ordinal              int          `json:"ordinal"`
	ReceiptNo            string       `json:"receipt_no"`
	SHA256               string       `json:"sha256"`
	Form                 string       `json:"form"`
	Warnings             int          `json:"warnings"`
	ReviewDueOn          workday.Date `json:"review_due_on"`
	ReviewDueProvisional bool         `json:"review_due_provisional,omitempty"`
}

// SubmissionWithdrawn: the filer took the report back before review began. The subject is the submission.
type SubmissionWithdrawn struct {
	Kind      string `json:"kind,omitempty"` // report or correction; "" in the log of earlier releases: report
	ReceiptNo string `json:"receipt_no"`
	Reason    string `json:"reason,omitempty"`
}

// CorrectionAdopted: a correction passed its own review and took the place of the accepted report; both are kept. The
// subject is the correction's submission. Sections are titles of the form, never what stands in them.
type CorrectionAdopted struct {
	Sections       []string `json:"sections"`
	Outcome        string   `json:"outcome"`
	Number         string   `json:"number,omitempty"`          // of the conclusion issued for it
	PreviousNumber string   `json:"previous_number,omitempty"` // of the one that it supersedes
}

// ReviewProposed: under four eyes a reviewer proposed an outcome. The subject is the submission, as for all of review.
type ReviewProposed struct {
	Outcome string `json:"outcome"`
}

// ReviewDecided: the outcome stands. ResubmitBy is set for a return, unless only the due day limits it.
type ReviewDecided struct {
	Outcome             string       `json:"outcome"` // pass, return, unqualified, qualified, basically_qualified
	Kind                string       `json:"kind"`    // report or correction
	ReceiptNo           string       `json:"receipt_no"`
	Remarks             int          `json:"remarks"` // how many
	ResubmitBy          workday.Date `json:"resubmit_by,omitzero"`
	ResubmitProvisional bool         `json:"resubmit_provisional,omitempty"`
	// ConclusionIssued tells that a numbered conclusion was ordered with the decision.
	ConclusionIssued bool `json:"conclusion_issued"`
}

// Private keeps out of the public feed what is between the authority and the filer: a return, and the refusal of a
// correction, after which the conclusion that the public knows holds as before.
func (d ReviewDecided) Private() bool {
	return d.Outcome == "return" || d.Kind == "correction" && d.Outcome == "unqualified"
}

// ReviewSentBack: the approver did not confirm.
type ReviewSentBack struct {
	Reason string `json:"reason"`
}

// ReviewReopened: a reviewer took up a decided report again.
type ReviewReopened struct {
	Reason string `json:"reason"`
}

// WindowMoved: a holiday notice moved the last day of the review window.
type WindowMoved struct {
	ReceiptNo      string       `json:"receipt_no"`
	DueOn          workday.Date `json:"due_on"`
	PreviousDueOn  workday.Date `json:"previous_due_on"`
	DueProvisional bool         `json:"due_provisional,omitempty"`
}

// WindowWarned: the review window ends soon.
type WindowWarned struct {
	ReceiptNo       string       `json:"receipt_no"`
	DueOn           workday.Date `json:"due_on"`
	DueProvisional  bool         `json:"due_provisional,omitempty"`
	WorkingDaysLeft int          `json:"working_days_left"`
	ClaimedBy       string       `json:"claimed_by,omitempty"` // actor id
	ClaimedName     string       `json:"claimed_name,omitempty"`
}

// WindowEscalated: the review window ended without a decision.
type WindowEscalated struct {
	ReceiptNo       string       `json:"receipt_no"`
	DueOn           workday.Date `json:"due_on"`
	WorkingDaysOver int          `json:"working_days_over"`
	ClaimedBy       string       `json:"claimed_by,omitempty"`
	ClaimedName     string       `json:"claimed_name,omitempty"`
}

// ConclusionNumbered: a passed report has its number; the document follows. The subject is the conclusion.
type ConclusionNumbered struct {
	Number     string       `json:"number"`
	VerifyCode string       `json:"verify_code"`
	Outcome    string       `json:"outcome"`
	IssuedOn   workday.Date `json:"issued_on"`
}

// DocumentIssued: a document was rendered, signed and stored. The subject is the document.
type DocumentIssued struct {
	Kind       string       `json:"kind"`
	Number     string       `json:"number"`
	VerifyCode string       `json:"verify_code"`
	SHA256     string       `json:"sha256"`
	IssuedOn   workday.Date `json:"issued_on"`
	About      uuid.UUID    `json:"about"` // the order's subject: conclusion, submission, listing …
}

// publicDocuments are the kinds of document whose existence the lists and the verification page show anyway.
var publicDocuments = []string{"conclusion", "listing_decision", "listing_annulment", "removal_decision"}

// Private lets only documents through that the public may see anyway; a prior notice or a return is not one.
func (d DocumentIssued) Private() bool {
	return !slices.Contains(publicDocuments, d.Kind)
}

// DocumentHeld: a document could not be made and waits for a person. The subject is the document.
type DocumentHeld struct {
	Kind   string `json:"kind"`
	Number string `json:"number"`
	Reason string `json:"reason"`
}

// DocumentSuperseded: a newer document took its place. The subject is the old one.
type DocumentSuperseded struct {
	Kind         string    `json:"kind"`
	Number       string    `json:"number"`
	SupersededBy uuid.UUID `json:"superseded_by"`
}

// DocumentRevoked: the document is no longer in force. The subject is the document.
type DocumentRevoked struct {
	Kind   string `json:"kind"`
	Number string `json:"number"`
	Reason string `json:"reason"`
}

// ListingNotified: the prior notice of a listing was ordered. The subject is the listing, as for all of listing.
type ListingNotified struct {
	Ground     string       `json:"ground"`
	NotifiedOn workday.Date `json:"notified_on"`
	DocumentID uuid.UUID    `json:"document_id"` // the prior notice
}

// NoticeServed: service of a document is on record. The subject is the listing (or case) that the document belongs to.
type NoticeServed struct {
	DocumentID              uuid.UUID    `json:"document_id"`
	DocumentKind            string       `json:"document_kind"`
	How                     string       `json:"how"` // inbox, mail, post, in_person, public_notice
	ServedOn                workday.Date `json:"served_on"`
	StatementDueOn          workday.Date `json:"statement_due_on,omitzero"`
	StatementDueProvisional bool         `json:"statement_due_provisional,omitempty"`
}

// ListingTimeMoved: a holiday notice moved the last day to answer the prior notice, or to decide on an application for
// removal, as the kind says.
type ListingTimeMoved struct {
	DueOn          workday.Date `json:"due_on"`
	PreviousDueOn  workday.Date `json:"previous_due_on"`
	DueProvisional bool         `json:"due_provisional,omitempty"`
}

// ListingListed: the organisation is on the abnormal-activity list.
type ListingListed struct {
	Ground     string       `json:"ground"`
	ListedOn   workday.Date `json:"listed_on"`
	DocumentID uuid.UUID    `json:"document_id"` // the listing decision
}

// ListingWithdrawn: the matter ended before the listing.
type ListingWithdrawn struct {
	Ground     string        `json:"ground"`
	Reason     string        `json:"reason"`
	EndedOn    workday.Date  `json:"ended_on"`
	DocumentID uuid.NullUUID `json:"document_id"`
}

// ListingRemovalApplied: the organisation applied to be taken off the list.
type ListingRemovalApplied struct {
	DueOn          workday.Date `json:"due_on"` // the authority's time to decide
	DueProvisional bool         `json:"due_provisional,omitempty"`
}

// ListingRemoved: the organisation was taken off the list.
type ListingRemoved struct {
	Ground     string        `json:"ground"`
	EndedOn    workday.Date  `json:"ended_on"`
	DocumentID uuid.NullUUID `json:"document_id"`
}

// ListingRemovalRefused: it stays on the list.
type ListingRemovalRefused struct {
	Reason     string        `json:"reason"`
	DocumentID uuid.NullUUID `json:"document_id"`
}

// ListingEscalated: the entry was replaced by one on the serious-breach list.
type ListingEscalated struct {
	Ground  string       `json:"ground"`
	EndedOn workday.Date `json:"ended_on"`
}

// ListingAnnulled: a wrong listing, as if it never was.
type ListingAnnulled struct {
	Ground  string       `json:"ground"`
	EndedOn workday.Date `json:"ended_on"`
	Reason  string       `json:"reason"`
}

// SpotCheckEntered: the organisation is on the spot-check list. The subject is the spot check.
type SpotCheckEntered struct {
	EnteredOn  workday.Date  `json:"entered_on"`
	DocumentID uuid.NullUUID `json:"document_id"`
}

// SpotCheckInspected: the inspection took place.
type SpotCheckInspected struct {
	Result string `json:"result"`
}

// SpotCheckCleared: the organisation left the spot-check list.
type SpotCheckCleared struct {
	LeftOn workday.Date `json:"left_on"`
}

// PenaltyOpened: a penalty case was opened. The subject is the case.
type PenaltyOpened struct {
	OpenedOn   workday.Date  `json:"opened_on"`
	DocumentID uuid.NullUUID `json:"document_id"`
}

// PenaltyStep: the case was notified, decided, spared or closed.
type PenaltyStep struct {
	Reason     string        `json:"reason,omitempty"`
	DocumentID uuid.NullUUID `json:"document_id"`
}

// Delivered: a message was sent, or will not be. The subject is the delivery.
type Delivered struct {
	Kind    string `json:"kind"`
	Channel string `json:"channel"`
	Error   string `json:"error,omitempty"`
}

// Imported: a file was taken in.
type Imported struct {
	File      string `json:"file"`
	Read      int    `json:"read"`
	Inserted  int    `json:"inserted"`
	Updated   int    `json:"updated"`
	Unchanged int    `json:"unchanged"`
	Refused   int    `json:"refused"`
}

// OrganisationChanged: the register's entry changed. Fields names the columns, not their contents.
type OrganisationChanged struct {
	Fields []string `json:"fields"`
}

// AccountChanged: a person was invited or activated. The subject is the person.
type AccountChanged struct {
	Role string `json:"role"`
}

// TokenIssued: a bearer token was made. The subject is the token.
type TokenIssued struct {
	Name      string    `json:"name"`
	Role      string    `json:"role"`
	ExpiresAt time.Time `json:"expires_at"`
	Rights    []string  `json:"rights,omitempty"` // none: all of the role
}

// TokenRevoked: a bearer token holds no more.
type TokenRevoked struct {
	Name string `json:"name"`
}
