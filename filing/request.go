package filing

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// RequestKind is what an organisation asks of the authority.
type RequestKind string

// The kinds of request.
const (
	RequestExtension RequestKind = "extension" // 延期报送: a later due day of its own
	RequestExemption RequestKind = "exemption" // 豁免报送: nothing to be owed for the year
)

var requestKinds = map[RequestKind]string{RequestExtension: "延期报送", RequestExemption: "豁免报送"}

// Label is the kind in Chinese.
func (k RequestKind) Label() string { return requestKinds[k] }

// Valid tells whether k is one of the kinds.
func (k RequestKind) Valid() bool { return requestKinds[k] != "" }

// RequestStatus is what became of a request. It leaves pending once.
type RequestStatus string

// The statuses of a request.
const (
	RequestPending   RequestStatus = "pending"
	RequestGranted   RequestStatus = "granted"
	RequestRefused   RequestStatus = "refused"
	RequestWithdrawn RequestStatus = "withdrawn"
)

var requestStatuses = map[RequestStatus]string{
	RequestPending: "待办理", RequestGranted: "已同意", RequestRefused: "未同意", RequestWithdrawn: "已撤回"}

// RequestStatuses lists the statuses in the order of a queue.
func RequestStatuses() []RequestStatus {
	return []RequestStatus{RequestPending, RequestGranted, RequestRefused, RequestWithdrawn}
}

// Label is the status in Chinese.
func (s RequestStatus) Label() string { return requestStatuses[s] }

// Valid tells whether s is one of the statuses.
func (s RequestStatus) Valid() bool { return requestStatuses[s] != "" }

// Request is what an organisation asked for, and what the authority decided.
type Request struct {
	ID             uuid.UUID       `db:"id"`
	ObligationID   uuid.UUID       `db:"obligation_id"`
	AuthorityCode  string          `db:"authority_code"`
	OrganisationID uuid.UUID       `db:"organisation_id"`
	ReportYear     int             `db:"report_year"`
	Kind           RequestKind     `db:"kind"`
	Status         RequestStatus   `db:"status"`
	Reason         string          `db:"reason"`
	OwedUntil      workday.Date    `db:"owed_until"`      // last day on which it was not overdue, when it asked
	WishedDueOn    workday.Date    `db:"wished_due_on"`   // zero for an exemption
	GrantedDueOn   workday.Date    `db:"granted_due_on"`  // the due day as it held by the grant; zero unless an extension was granted
	DecisionReason string          `db:"decision_reason"` // needed to refuse
	Basis          string          `db:"basis"`           // legal basis of the decision, "" where none was named
	ReceivedAt     time.Time       `db:"received_at"`
	ActorKind      event.ActorKind `db:"actor_kind"`
	ActorID        string          `db:"actor_id"`
	ActorName      string          `db:"actor_name"`
	DecidedBy      sql.NullString  `db:"decided_by"` // actor id
	DecidedName    string          `db:"decided_name"`
	EndedAt        sql.NullTime    `db:"ended_at"` // decided or withdrawn
}

const requestColumns = `q.id, q.obligation_id, q.authority_code, q.organisation_id, q.report_year, q.kind, q.status, q.reason,
	q.owed_until, q.wished_due_on, q.granted_due_on, q.decision_reason, q.basis, q.received_at, q.actor_kind, q.actor_id,
	q.actor_name, q.decided_by, q.decided_name, q.ended_at`

// event begins an event about the request.
func (r *Request) event(kind event.Kind, actor event.Actor, data any) event.Event {
	return event.Event{Kind: kind, Actor: actor, AuthorityCode: r.AuthorityCode, OrganisationID: event.Ref(r.OrganisationID),
		ObligationID: event.Ref(r.ObligationID), SubjectID: event.Ref(r.ID), ReportYear: r.ReportYear, Basis: r.Basis, Data: data}
}

// The codes and refusals of requests.
const (
	CodeRequestPending = "request_pending" // one is waiting for its decision
	CodeRequestEnded   = "request_ended"   // decided or withdrawn already
)

var (
	// ErrRequestNotFound says that there is no such request, or that it is not the caller's.
	ErrRequestNotFound = &Error{http.StatusNotFound, "not_found", "没有找到这项申请，请核对编号。"}
	// ErrWishedDay says that the day wished for would not give any time.
	ErrWishedDay = &Error{http.StatusUnprocessableEntity, "extension_not_later", "希望延到的日期必须在今天以后，并且晚于现在的截止日，请重新选择。"}
	// ErrRequestOutcome says that a decision is neither of the two.
	ErrRequestOutcome = &Error{http.StatusUnprocessableEntity, "outcome_not_allowed", "不认识的决定，可选：同意（grant）、不同意（refuse）。"}
)

// Ask asks for an extension or an exemption.
type Ask struct {
	OrganisationID uuid.UUID
	Year           int
	Kind           RequestKind
	WishedDueOn    workday.Date // of an extension
	Reason         string       // needed, at most MaxReason characters
	Actor          event.Actor
}

// AskFor puts a request before the authority. One waits at a time for an
// obligation, and only while a report is owed: else it is a *StateError
// (request_pending, already_submitted, already_concluded, not_open). Asking
// stops no day: until it is granted the due day holds.
func (s *Service) AskFor(ctx context.Context, a Ask) (Request, error) {
	t, err := s.find(ctx, lookup{organisationID: a.OrganisationID, year: a.Year})
	if err != nil {
		return Request{}, err
	}
	if a.Reason, err = readReason(a.Reason); err != nil {
		return Request{}, err
	}
	if t.planned() {
		return Request{}, t.notOpen()
	}
	var r Request
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) (err error) {
		r, err = ask(ctx, tx, t.obligation, a)
		return err
	})
	if err != nil {
		return Request{}, fmt.Errorf("ask for %s of report %d of %s: %w", a.Kind, a.Year, a.OrganisationID, err)
	}
	return r, nil
}

// ask stores the request. The obligation is locked before any request of its
// own, here and wherever one is decided.
func ask(ctx context.Context, tx *postgres.Tx, of Obligation, a Ask) (Request, error) {
	o, err := lockObligation(ctx, tx, of.AuthorityCode, of.ID)
	if err != nil {
		return Request{}, err
	}
	today := workday.DateOf(tx.Now())
	if a.Kind == RequestExtension && o.Status.Owed() && (!a.WishedDueOn.After(o.OverdueAfter) || !a.WishedDueOn.After(today)) {
		return Request{}, ErrWishedDay
	}
	if !o.Status.Owed() {
		return Request{}, cannotAsk(a.Kind, &o)
	}
	r := Request{ID: id.New(tx.Now()), ObligationID: o.ID, AuthorityCode: o.AuthorityCode, OrganisationID: o.OrganisationID,
		ReportYear: o.ReportYear, Kind: a.Kind, Status: RequestPending, Reason: a.Reason, OwedUntil: o.OverdueAfter,
		ReceivedAt: tx.Now(), ActorKind: a.Actor.Kind, ActorID: a.Actor.ID, ActorName: a.Actor.Name}
	if a.Kind == RequestExtension {
		r.WishedDueOn = a.WishedDueOn
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO filing_request (id, obligation_id, authority_code, organisation_id, report_year, kind,
			reason, owed_until, wished_due_on, received_at, actor_kind, actor_id, actor_name)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, r.ID, r.ObligationID, r.AuthorityCode, r.OrganisationID,
		r.ReportYear, r.Kind, r.Reason, r.OwedUntil, r.WishedDueOn, r.ReceivedAt, r.ActorKind, r.ActorID, r.ActorName)
	if postgres.IsUnique(err, "filing_request_one_pending") {
		return Request{}, &StateError{CodeRequestPending, fmt.Sprintf("%d年度已有一项申请在等待办理。请等待决定，或者先撤回那一项。", o.ReportYear)}
	}
	if err != nil {
		return Request{}, fmt.Errorf("store request: %w", err)
	}
	return r, event.Append(ctx, tx, r.event(event.RequestReceivedKind, a.Actor,
		event.RequestReceived{Kind: string(r.Kind), WishedDueOn: r.WishedDueOn}))
}

func cannotAsk(kind RequestKind, o *Obligation) *StateError {
	switch o.Status {
	case StatusSubmitted:
		return &StateError{CodeAlreadySubmitted, fmt.Sprintf("%d年度报告已经提交，正在审查，无需申请%s。", o.ReportYear, kind.Label())}
	case StatusExempt:
		return &StateError{CodeAlreadyConcluded, fmt.Sprintf("%d年度的报送义务已豁免，无需申请。", o.ReportYear)}
	}
	return &StateError{CodeAlreadyConcluded, fmt.Sprintf("%d年度报告已有审查结论（%s），不能申请%s。", o.ReportYear, o.Status.Label(), kind.Label())}
}

// WithdrawRequest takes a request of the organisation back before it is decided.
type WithdrawRequest struct {
	OrganisationID uuid.UUID
	Year           int
	RequestID      uuid.UUID
	Actor          event.Actor
}

// WithdrawRequest ends a pending request; one that was decided or withdrawn is a
// *StateError (request_ended), another's ErrRequestNotFound.
func (s *Service) WithdrawRequest(ctx context.Context, c WithdrawRequest) (Request, error) {
	var r Request
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) (err error) {
		r, err = oneRequest(ctx, tx, `WHERE q.id = $1 AND q.organisation_id = $2 AND q.report_year = $3 FOR NO KEY UPDATE`,
			c.RequestID, c.OrganisationID, c.Year)
		if err != nil {
			return err
		}
		if r.Status != RequestPending {
			return requestEnded(r.Status)
		}
		r.Status, r.EndedAt = RequestWithdrawn, sql.NullTime{Time: tx.Now(), Valid: true}
		if err := endRequest(ctx, tx, r); err != nil {
			return err
		}
		return event.Append(ctx, tx, r.event(event.RequestWithdrawnKind, c.Actor, event.RequestWithdrawn{Kind: string(r.Kind)}))
	})
	if err != nil {
		return Request{}, fmt.Errorf("withdraw request %s: %w", c.RequestID, err)
	}
	return r, nil
}

func requestEnded(s RequestStatus) *StateError {
	if s == RequestWithdrawn {
		return &StateError{CodeRequestEnded, "这项申请已由社会组织撤回，无需再办理。"}
	}
	return &StateError{CodeRequestEnded, fmt.Sprintf("这项申请已经办结（%s），请刷新后查看结果。", s.Label())}
}

// endRequest moves a request out of pending, once.
func endRequest(ctx context.Context, tx *postgres.Tx, r Request) error {
	result, err := tx.ExecContext(ctx, `UPDATE filing_request SET status = $2, granted_due_on = $3, decision_reason = $4, basis = $5,
		decided_by = $6, decided_name = $7, ended_at = $8 WHERE id = $1 AND status = 'pending'`,
		r.ID, r.Status, r.GrantedDueOn, r.DecisionReason, r.Basis, r.DecidedBy, r.DecidedName, r.EndedAt)
	if err != nil {
		return fmt.Errorf("end request: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("end request: %d rows, %w", n, errChangedMeanwhile)
	}
	return nil
}
