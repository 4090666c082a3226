package review

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// State says who acts next on a review.
type State string

// The states of a review (contract §5).
const (
	Pending   State = "pending"   // the reviewer's turn
	Proposed  State = "proposed"  // four eyes: the approver's turn
	Decided   State = "decided"   // nobody's
	Withdrawn State = "withdrawn" // the filer took the report back before review began
)

var stateLabels = map[State]string{Pending: "待审查", Proposed: "待复核", Decided: "已决定", Withdrawn: "已撤回"}

// Label is the state in Chinese.
func (s State) Label() string { return stateLabels[s] }

// Valid tells whether s is one of the states.
func (s State) Valid() bool { return stateLabels[s] != "" }

// Outcome is what a reviewer decides.
type Outcome string

// The outcomes. Which of them there are depends on the season's regime, see Outcomes.
const (
	Pass               Outcome = "pass"
	Return             Outcome = "return"
	Unqualified        Outcome = "unqualified"
	Qualified          Outcome = "qualified"
	BasicallyQualified Outcome = "basically_qualified"
)

// statuses says what an outcome makes of the obligation; a return has no conclusion.
var statuses = map[Outcome]filing.Status{
	Pass: filing.StatusPassed, Unqualified: filing.StatusUnqualified,
	Qualified: filing.StatusQualified, BasicallyQualified: filing.StatusBasicallyQualified,
}

var outcomeLabels = map[Outcome]string{
	Pass: "合格", Return: "退回", Unqualified: "不合格", Qualified: "合格", BasicallyQualified: "基本合格",
}

// Label is the outcome in Chinese.
func (o Outcome) Label() string { return outcomeLabels[o] }

// Outcomes lists what a reviewer may decide under a regime: its conclusions, or a return.
func Outcomes(regime filing.Regime) []Outcome {
	if regime == filing.RegimeInspection {
		return []Outcome{Qualified, BasicallyQualified, Return, Unqualified}
	}
	return []Outcome{Pass, Return, Unqualified}
}

// Review is one submission's way through form review.
type Review struct {
	SubmissionID   uuid.UUID      `db:"submission_id"`
	ObligationID   uuid.UUID      `db:"obligation_id"`
	AuthorityCode  string         `db:"authority_code"`
	OrganisationID uuid.UUID      `db:"organisation_id"`
	ReportYear     int            `db:"report_year"`
	ReceivedAt     time.Time      `db:"received_at"`
	DueOn          workday.Date   `db:"due_on"` // last day of the window
	DueProvisional bool           `db:"due_provisional"`
	WindowFrom     workday.Date   `db:"window_from"` // of a reopened one; zero: the day of receipt. It does not count itself
	WindowDays     int            `db:"window_days"` // working days from then through DueOn; 0: not on record
	Warnings       int            `db:"warnings"`
	State          State          `db:"state"`
	ClaimedBy      sql.NullString `db:"claimed_by"` // actor id
	ClaimedName    string         `db:"claimed_name"`
	ClaimedAt      sql.NullTime   `db:"claimed_at"`
	Outcome        Outcome        `db:"outcome"` // last proposed or decided, also of one sent back or reopened; "": none yet
	Opinion        string         `db:"opinion"`
	ProposedBy     sql.NullString `db:"proposed_by"`
	ProposedName   string         `db:"proposed_name"`
	DecidedName    string         `db:"decided_name"`
	DecidedAt      sql.NullTime   `db:"decided_at"`
	Version        int            `db:"version"`
}

const reviewColumns = `r.submission_id, r.obligation_id, r.authority_code, r.organisation_id, r.report_year, r.received_at,
	r.due_on, r.due_provisional, r.window_from, coalesce(r.window_days, 0) AS window_days, r.warnings, r.state, r.claimed_by, r.claimed_name, r.claimed_at,
	coalesce(r.outcome, '') AS outcome, r.opinion, r.proposed_by, r.proposed_name, r.decided_name, r.decided_at, r.version`

// Remark is a reviewer's remark on one field, or on the report as a whole where Key is empty.
type Remark struct {
	Key   string `db:"key"`
	Text  string `db:"text"`
	Basis string `db:"basis"`
}

// Actor is who acts, and for which authority: another authority's review does not exist for them.
type Actor struct {
	event.Actor
	AuthorityCode string
}

// Config is what the service works with.
type Config struct {
	DB       *postgres.DB
	Forms    *form.Set
	Calendar func() *workday.Calendar // the calendar as it is known now
}

// Service holds the use cases of form review.
type Service struct {
	db       *postgres.DB
	forms    *form.Set
	calendar func() *workday.Calendar
}

// New makes the service.
func New(c Config) *Service {
	return &Service{db: c.DB, forms: c.Forms, calendar: c.Calendar}
}

// Open begins the review of a submission in the transaction that took it; filing's OnSubmitted.
func (s *Service) Open(ctx context.Context, tx *postgres.Tx, sub filing.Submission) error {
	stmt, err := tx.Prepared(ctx, `INSERT INTO review (submission_id, obligation_id, authority_code, organisation_id,
		report_year, received_at, due_on, due_provisional, warnings, window_days)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	if err != nil {
		return fmt.Errorf("open review: %w", err)
	}
	_, err = stmt.ExecContext(ctx, sub.ID, sub.ObligationID, sub.AuthorityCode, sub.OrganisationID, sub.ReportYear,
		sub.ReceivedAt, sub.ReviewDueOn, sub.ReviewDueProvisional, sub.Warnings, sub.ReviewDays)
	if err != nil {
		return fmt.Errorf("open review of %s: %w", sub.ID, err)
	}
	return nil
}

// Withdraw ends a review before it began; filing's OnWithdrawn, which has checked whose report it is. Once a reviewer
// has it in hand, or ever proposed or decided anything on it, the filer must ask for a return instead.
func (s *Service) Withdraw(ctx context.Context, tx *postgres.Tx, submissionID uuid.UUID) error {
	r, err := one(ctx, tx, `WHERE r.submission_id = $1 FOR NO KEY UPDATE OF r`, submissionID)
	if err != nil {
		return err
	}
	switch {
	case r.State == Decided:
		return ErrAlreadyDecided
	case r.State != Pending || r.ClaimedBy.Valid || r.Outcome != "":
		return ErrReviewBegun
	}
	return update(ctx, tx, r, `state = 'withdrawn'`)
}

// lock reads a review of the authority for a change.
func lock(ctx context.Context, tx *postgres.Tx, id uuid.UUID, authority string) (Review, error) {
	return one(ctx, tx, ofAuthority+` FOR NO KEY UPDATE OF r`, id, authority)
}

// ofAuthority finds a review, if it is that authority's.
const ofAuthority = `WHERE r.submission_id = $1 AND r.authority_code = $2`

func one(ctx context.Context, q postgres.Queryer, where string, args ...any) (Review, error) {
	var r Review
	stmt, err := q.Prepared(ctx, `SELECT `+reviewColumns+` FROM review r `+where)
	if err != nil {
		return r, fmt.Errorf("read review: %w", err)
	}
	err = stmt.GetContext(ctx, &r, args...)
	if postgres.IsNoRows(err) {
		return r, ErrNotFound
	}
	if err != nil {
		return r, fmt.Errorf("read review: %w", err)
	}
	return r, nil
}

// update changes a locked review, guarded by the state and version that were read; set uses parameters from $4 on.
func update(ctx context.Context, tx *postgres.Tx, r Review, set string, args ...any) error {
	stmt, err := tx.Prepared(ctx, `UPDATE review SET version = version + 1, `+set+`
		WHERE submission_id = $1 AND state = $2 AND version = $3`)
	if err != nil {
		return fmt.Errorf("change review: %w", err)
	}
	result, err := stmt.ExecContext(ctx, append([]any{r.SubmissionID, r.State, r.Version}, args...)...)
	if err != nil {
		return fmt.Errorf("change review %s: %w", r.SubmissionID, err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return fmt.Errorf("change review %s: %d rows, %w", r.SubmissionID, n, ErrAlreadyDecided)
	}
	return nil
}

// eventOf is an event about the review.
func (r *Review) eventOf(kind event.Kind, actor event.Actor, data any) event.Event {
	return event.Event{
		Kind: kind, Actor: actor, AuthorityCode: r.AuthorityCode, OrganisationID: event.Ref(r.OrganisationID),
		ObligationID: event.Ref(r.ObligationID), SubjectID: event.Ref(r.SubmissionID), ReportYear: r.ReportYear, Data: data,
	}
}

// season is the season that the report was filed under, with the type of the organisation.
func (r *Review) season(ctx context.Context, q postgres.Queryer) (filing.Season, registry.Organisation, error) {
	o, err := filing.ObligationByID(ctx, q, r.ObligationID)
	if err != nil {
		return filing.Season{}, registry.Organisation{}, err
	}
	season, err := filing.SeasonByID(ctx, q, o.SeasonID)
	if err != nil {
		return filing.Season{}, registry.Organisation{}, err
	}
	org, err := registry.OrganisationByID(ctx, q, r.OrganisationID)
	return season, org, err
}
