package filing

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"nianbao/filing/attachment"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// SponsorStatus is where a report stands that was sent to its sponsor
// (业务主管单位). It leaves pending once.
type SponsorStatus string

// The statuses of a sponsor's review.
const (
	SponsorPending   SponsorStatus = "pending"
	SponsorAgreed    SponsorStatus = "agreed"
	SponsorReturned  SponsorStatus = "returned"
	SponsorWithdrawn SponsorStatus = "withdrawn" // by the organisation
	SponsorLapsed    SponsorStatus = "lapsed"    // submitted without an opinion, the sponsor's day being over
)

var sponsorStatuses = map[SponsorStatus]string{SponsorPending: "待提出意见", SponsorAgreed: "同意报送",
	SponsorReturned: "已退回", SponsorWithdrawn: "已撤回", SponsorLapsed: "逾期未提出意见"}

// SponsorStatuses lists the statuses in the order of a queue.
func SponsorStatuses() []SponsorStatus {
	return []SponsorStatus{SponsorPending, SponsorAgreed, SponsorReturned, SponsorWithdrawn, SponsorLapsed}
}

// Label is the status in Chinese.
func (s SponsorStatus) Label() string { return sponsorStatuses[s] }

// Valid tells whether s is one of the statuses.
func (s SponsorStatus) Valid() bool { return sponsorStatuses[s] != "" }

// SponsorRemark is what a sponsor says of one item of the report. Key is as in
// the form, "" for the report as a whole.
type SponsorRemark struct {
	Key  string `json:"key"`
	Text string `json:"text"`
}

// SentFile is a file that a report was sent to the sponsor with.
type SentFile struct {
	ID        uuid.UUID       `json:"id"`
	Kind      attachment.Kind `json:"kind"`
	N         int             `json:"n"`
	Name      string          `json:"name"`
	MediaType string          `json:"media_type"`
	Bytes     int64           `json:"bytes"`
	Pages     int             `json:"pages"`
	SHA256    string          `json:"sha256"`
}

// SponsorReview is a report as it was sent to the sponsor, and what came of it.
type SponsorReview struct {
	ID              uuid.UUID       `db:"id"`
	ObligationID    uuid.UUID       `db:"obligation_id"`
	AuthorityCode   string          `db:"authority_code"`
	OrganisationID  uuid.UUID       `db:"organisation_id"`
	ReportYear      int             `db:"report_year"`
	Sponsor         string          `db:"sponsor"` // by the register when it was sent
	Status          SponsorStatus   `db:"status"`
	Form            string          `db:"form"`
	FormVersion     int             `db:"form_version"`
	CheckSetVersion string          `db:"check_set_version"`
	SHA256          string          `db:"sha256"`
	Warnings        int             `db:"warnings"`
	SentAt          time.Time       `db:"sent_at"`
	DueOn           workday.Date    `db:"due_on"` // the sponsor's day
	DueProvisional  bool            `db:"due_provisional"`
	InTime          bool            `db:"in_time"`
	ActorKind       event.ActorKind `db:"actor_kind"` // who sent it, and submits by the sponsor's agreement
	ActorID         string          `db:"actor_id"`
	ActorName       string          `db:"actor_name"`
	Opinion         string          `db:"opinion"`
	RemarksJSON     json.RawMessage `db:"remarks"`
	DecidedBy       sql.NullString  `db:"decided_by"` // actor id
	DecidedName     string          `db:"decided_name"`
	EndedAt         sql.NullTime    `db:"ended_at"`
	PassedAt        sql.NullTime    `db:"passed_at"`     // when it was told that the sponsor's day is over
	NotSubmitted    string          `db:"not_submitted"` // agreed, but why it could not be submitted then
	SubmissionID    uuid.NullUUID   `db:"submission_id"`
}

const sponsorColumns = `v.id, v.obligation_id, v.authority_code, v.organisation_id, v.report_year, v.sponsor, v.status, v.form,
	v.form_version, v.check_set_version, v.sha256, v.warnings, v.sent_at, v.due_on, v.due_provisional, v.in_time, v.actor_kind,
	v.actor_id, v.actor_name, v.opinion, v.remarks, v.decided_by, v.decided_name, v.ended_at, v.passed_at, v.not_submitted,
	v.submission_id`

// Remarks are what the sponsor says of single items.
func (v *SponsorReview) Remarks() []SponsorRemark {
	list := []SponsorRemark{}
	_ = json.Unmarshal(v.RemarksJSON, &list) // stored by answer alone, as JSON of this very type
	return list
}

// Passed tells whether the sponsor's day is over without an answer.
func (v *SponsorReview) Passed(day workday.Date) bool {
	return v.Status == SponsorPending && day.After(v.DueOn)
}

// event begins an event about the review.
func (v *SponsorReview) event(kind event.Kind, actor event.Actor, data any) event.Event {
	return event.Event{Kind: kind, Actor: actor, AuthorityCode: v.AuthorityCode, OrganisationID: event.Ref(v.OrganisationID),
		ObligationID: event.Ref(v.ObligationID), SubjectID: event.Ref(v.ID), ReportYear: v.ReportYear, Data: data}
}

// The codes of what the sponsor's step refuses.
const (
	CodeSponsorMissing  = "sponsor_opinion_missing" // it must go to the sponsor first
	CodeSponsorNotAsked = "sponsor_not_asked"       // it need not go to a sponsor
	CodeSponsorPending  = "sponsor_pending"         // it is with the sponsor already
	CodeSponsorAgreed   = "sponsor_agreed"          // the sponsor has agreed to this very body
	CodeSponsorEnded    = "sponsor_review_ended"    // answered, withdrawn or submitted already
)

var (
	// ErrSponsorReviewNotFound says that there is no such review, or that it is not the caller's.
	ErrSponsorReviewNotFound = &Error{http.StatusNotFound, "not_found", "没有找到这份送审的报告，请核对编号。"}
	// ErrSponsorOutcome says that an answer is neither of the two.
	ErrSponsorOutcome = &Error{http.StatusUnprocessableEntity, "outcome_not_allowed", "不认识的意见，可选：同意报送（agree）、退回（return）。"}
	// ErrSponsorReturnBlank says that a return says nothing.
	ErrSponsorReturnBlank = &Error{http.StatusUnprocessableEntity, "opinion_missing", "退回须写明意见，或者至少对一个项目提出意见。"}
	// ErrSponsorRemarks says that an agreement came with remarks on items.
	ErrSponsorRemarks = &Error{http.StatusUnprocessableEntity, "remarks_not_allowed", "同意报送的，不能同时对项目提出修改意见。需要修改的，请退回；只作提醒的，请写在意见里。"}
)

func sponsorEnded(s SponsorStatus) *StateError {
	switch s {
	case SponsorWithdrawn:
		return &StateError{CodeSponsorEnded, "社会组织已撤回这份报告，无需再提出意见。"}
	case SponsorLapsed:
		return &StateError{CodeSponsorEnded, "业务主管单位的期限已过，社会组织已直接报送，无需再提出意见。"}
	}
	return &StateError{CodeSponsorEnded, fmt.Sprintf("这份报告已有意见（%s），请刷新后查看。", s.Label())}
}

// NeedsSponsor tells whether reports of the organisation go to its sponsor
// first, which a directly registered organisation does not have.
func (r *Rules) NeedsSponsor(sponsor string) bool { return r.SponsorStep != nil && sponsor != "" }

// sponsored tells whether the report of the target goes to a sponsor first.
func (t *target) sponsored() bool { return t.season.Rules.NeedsSponsor(t.org.Sponsor) }

// WaitsUntil is until when what follows from being late waits for the sponsor, zero where it does not: also where the
// obligation is not overdue so long anyway.
func (o *Obligation) WaitsUntil() workday.Date {
	if o.OverdueAfter.IsZero() || !o.HeldUntil.After(o.OverdueAfter) {
		return workday.Date{}
	}
	return o.HeldUntil
}

// hold writes until when nothing follows from the obligation's being late; zero
// ends it. It moves the version, as every change of the obligation does.
func hold(ctx context.Context, tx *postgres.Tx, o *Obligation, until workday.Date) error {
	if o.HeldUntil == until {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE obligation SET held_until = $2, version = version + 1, updated_at = $3 WHERE id = $1`, o.ID, until, tx.Now())
	if err != nil {
		return fmt.Errorf("hold obligation %s: %w", o.ID, err)
	}
	o.HeldUntil, o.Version = until, o.Version+1
	return nil
}
