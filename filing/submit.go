package filing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"nianbao/filing/check"
	"nianbao/internal/counter"
	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
)

// CounterReceipt is the kind of counter that receipt numbers come from.
const CounterReceipt = "receipt"

// submitAttempts is how often a submission starts over because the obligation
// changed between reading and taking, such as by an extension.
const submitAttempts = 4

// Submit asks to take a report.
type Submit struct {
	OrganisationID uuid.UUID
	Year           int
	Body           []byte       // stored byte for byte
	IdempotencyKey string       // 1 to 255 printable ASCII characters; belongs to the organisation and year
	Declaration    *Declaration // under which it is made; nil where a program submits
	Actor          event.Actor
}

// Submit takes a report: checks it, stores it with its receipt number, opens
// its review window and tells so by an event, all in one transaction.
//
// The same key with the same body gives the same receipt again, also while the
// first call is still in flight; with another body it is
// ErrIdempotencyConflict before anything else is looked at. After that, in this
// order: ErrNotFound, *form.BodyError, *CheckError, *StateError (not_open,
// already_submitted, already_concluded, sponsor_opinion_missing).
func (s *Service) Submit(ctx context.Context, c Submit) (Receipt, error) {
	if !validKey(c.IdempotencyKey) {
		return Receipt{}, ErrBadIdempotencyKey
	}
	sum := sha256.Sum256(c.Body)
	receipt, err := s.takeUp(ctx, taking{Submit: c, sha256: hex.EncodeToString(sum[:])})
	if err != nil {
		return Receipt{}, fmt.Errorf("submit report %d of %s: %w", c.Year, c.OrganisationID, err)
	}
	return receipt, nil
}

// takeUp starts over where the obligation changed between reading and taking.
func (s *Service) takeUp(ctx context.Context, t taking) (Receipt, error) {
	for attempt := 1; ; attempt++ {
		receipt, err := s.submit(ctx, t)
		if !errors.Is(err, errChangedMeanwhile) || attempt == submitAttempts {
			return receipt, err
		}
	}
}

// KeyUsed tells whether an idempotency key of the organisation and year stands for a submission already.
func KeyUsed(ctx context.Context, q postgres.Queryer, organisationID uuid.UUID, year int, key string) (bool, error) {
	var used bool
	err := q.GetContext(ctx, &used, `SELECT EXISTS (SELECT FROM idempotency WHERE organisation_id = $1 AND report_year = $2 AND key = $3)`,
		organisationID, year, key)
	if err != nil {
		return false, fmt.Errorf("look for idempotency key of %s, %d: %w", organisationID, year, err)
	}
	return used, nil
}

func validKey(key string) bool {
	return len(key) >= 1 && len(key) <= 255 && strings.Trim(key, " ") == key &&
		!strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' })
}

// taking is a submission on its way in.
type taking struct {
	Submit
	sha256     string // of the body
	keySHA256  string // of all that the idempotency key stands for; "": of the body
	target     *target
	examined   *examined
	correction *correcting // nil for a report
	pass       passed      // what lets it through where it goes to the sponsor first
}

func (t *taking) keyHash() string {
	if t.keySHA256 != "" {
		return t.keySHA256
	}
	return t.sha256
}

// kind is the kind of submission.
func (t *taking) kind() string {
	if t.correction != nil {
		return KindCorrection
	}
	return KindReport
}

// refusal says why the state takes no such submission now, nil if it does.
func (t *taking) refusal(now time.Time) error {
	if t.correction != nil {
		return t.target.correctionRefusal()
	}
	return t.target.refusal(now)
}

func (s *Service) submit(ctx context.Context, t taking) (Receipt, error) {
	found, err := s.find(ctx, lookup{organisationID: t.OrganisationID, year: t.Year, key: t.IdempotencyKey, prior: s.checks != nil})
	if err != nil {
		return Receipt{}, err
	}
	if found.remembered != nil {
		return found.remembered.answer(t.keyHash())
	}
	t.target = found
	now := s.db.Now()
	if t.correction != nil {
		if t.correction.reason, err = readReason(t.correction.reason); err != nil {
			return s.refuse(ctx, t, err)
		}
	}
	t.examined, err = s.examine(found, t.Body, now)
	if err == nil {
		err = s.addAttachmentFindings(ctx, found, t.examined)
	}
	if err == nil && check.HasErrors(t.examined.findings) {
		err = &CheckError{Findings: t.examined.findings}
	}
	if err == nil && t.correction != nil {
		err = s.examineCorrection(ctx, t)
	}
	if err == nil {
		err = t.refusal(now)
	}
	if err == nil {
		err = s.askSponsor(ctx, &t)
	}
	if err != nil {
		return s.refuse(ctx, t, err)
	}
	var receipt Receipt
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		receipt, err = s.take(ctx, tx, t)
		return err
	})
	return receipt, err
}

// errNotRemembered ends the transaction that only asked about a key.
var errNotRemembered = errors.New("the key is new")

// refuse answers with the refusal, unless a call with the same key was in
// flight and has been taken meanwhile: the insertion waits for it.
func (s *Service) refuse(ctx context.Context, t taking, refusal error) (Receipt, error) {
	if t.target.planned() {
		return Receipt{}, refusal
	}
	var earlier *remembered
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		res, err := tx.ExecContext(ctx, `INSERT INTO idempotency (organisation_id, report_year, key, body_sha256, submission_id, created_at)
			VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT ON CONSTRAINT idempotency_once DO NOTHING`,
			t.OrganisationID, t.Year, t.IdempotencyKey, t.keyHash(), uuid.Nil, tx.Now())
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 1 {
			return errors.Join(err, errNotRemembered) // rolls back: only answers of 201 are remembered
		}
		earlier, err = recall(ctx, tx, t)
		return err
	})
	if errors.Is(err, errNotRemembered) {
		return Receipt{}, refusal
	}
	if err != nil {
		return Receipt{}, err
	}
	return earlier.answer(t.keyHash())
}

func recall(ctx context.Context, tx *postgres.Tx, t taking) (*remembered, error) {
	var bodySHA256 string
	var id uuid.UUID
	err := tx.QueryRowContext(ctx, `SELECT body_sha256, submission_id FROM idempotency
		WHERE organisation_id = $1 AND report_year = $2 AND key = $3`, t.OrganisationID, t.Year, t.IdempotencyKey).Scan(&bodySHA256, &id)
	if err != nil {
		return nil, fmt.Errorf("read idempotency key: %w", err)
	}
	earlier, err := SubmissionByID(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	return &remembered{bodySHA256, earlier.Receipt()}, nil
}

// claimSQL takes the key and, if it is new, moves the obligation; the verb is
// for the column that the submission goes into. The key's insertion waits for a
// call in flight with the same key.
const claimSQL = `WITH taken AS (
	INSERT INTO idempotency (organisation_id, report_year, key, body_sha256, submission_id, created_at)
	VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT ON CONSTRAINT idempotency_once DO NOTHING RETURNING 1),
moved AS (
	UPDATE obligation SET status = $10, overdue_after = NULL, %s = $5, submissions = submissions + 1,
		version = version + 1, updated_at = $6
	WHERE id = $7 AND status = $8 AND version = $9 AND EXISTS (SELECT FROM taken) RETURNING 1)
SELECT EXISTS (SELECT FROM taken), EXISTS (SELECT FROM moved)`

// take is the transaction of a submission. Receipt number and review come last:
// from the number on, every other submission to the authority waits.
func (s *Service) take(ctx context.Context, tx *postgres.Tx, t taking) (Receipt, error) {
	if err := t.refusal(tx.Now()); err != nil {
		return Receipt{}, err // the day ended since it was examined
	}
	o := t.target.obligation
	act, to, column := ActSubmit, StatusSubmitted, "submission_id"
	if t.correction != nil {
		act, to, column = ActCorrect, o.Status, "correction_id"
	}
	if !Can(act, o.Status, to) {
		return Receipt{}, &ForbiddenError{act, o.Status, to}
	}
	stmt, err := tx.Prepared(ctx, fmt.Sprintf(claimSQL, column))
	if err != nil {
		return Receipt{}, err
	}
	submissionID := id.New(tx.Now())
	var fresh, moved bool
	err = stmt.QueryRowxContext(ctx, t.OrganisationID, t.Year, t.IdempotencyKey, t.keyHash(), submissionID, tx.Now(),
		o.ID, o.Status, o.Version, to).Scan(&fresh, &moved)
	if err != nil {
		return Receipt{}, fmt.Errorf("move obligation: %w", err)
	}
	if !fresh {
		earlier, err := recall(ctx, tx, t)
		if err != nil {
			return Receipt{}, err
		}
		return earlier.answer(t.keyHash())
	}
	if !moved {
		return Receipt{}, errChangedMeanwhile
	}
	if err := s.listAttachments(ctx, tx, t.target, submissionID); err != nil {
		return Receipt{}, err
	}
	submission, err := s.store(ctx, tx, t, submissionID)
	if err != nil {
		return Receipt{}, err
	}
	if t.correction != nil {
		if err := storeCorrection(ctx, tx, t, submissionID); err != nil {
			return Receipt{}, err
		}
	}
	if err := notePass(ctx, tx, t, submissionID); err != nil {
		return Receipt{}, err
	}
	if err := s.OnSubmitted(ctx, tx, submission); err != nil {
		return Receipt{}, err
	}
	return submission.Receipt(), nil
}

// receivedRow is the one row that the event of a submission is made from; its
// data has the keys of event.SubmissionReceived.
const receivedRow = `(SELECT authority_code, organisation_id, obligation_id, id AS subject_id, report_year, ''::text AS basis,
	json_build_object('kind', kind, 'ordinal', ordinal, 'receipt_no', receipt_no, 'sha256', sha256, 'form', form,
		'warnings', warnings, 'review_due_on', review_due_on, 'review_due_provisional', review_due_provisional) AS data
	FROM stored) AS e`

// storeSQL numbers and stores a submission; the event's INSERT follows it.
const storeSQL = `WITH number AS (` + counter.NextSQL + `),
stored AS (
	INSERT INTO submission (id, obligation_id, authority_code, organisation_id, report_year, ordinal, kind, form, form_version,
		check_set_version, body, sha256, findings, warnings, receipt_no, received_at, review_due_on, review_due_provisional,
		actor_kind, actor_id, actor_name, explanations, declaration)
	SELECT $4, $5, $1, $6, $3, $7, $8, $9, $10, $11, $12, $13, $14, $15,
		$3::integer::text || '-' || lpad(last::text, greatest(7, length(last::text)), '0'), $16, $17, $18, $19, $20, $21, $22, $23 FROM number
	RETURNING *),
standing AS (
	INSERT INTO submission_standing (submission_id, obligation_id, status, updated_at)
	SELECT id, obligation_id, 'submitted', received_at FROM stored),
told AS (%s)
SELECT receipt_no FROM stored`

func (s *Service) store(ctx context.Context, tx *postgres.Tx, t taking, submissionID uuid.UUID) (Submission, error) {
	o := t.target.obligation
	due := ReviewDue(s.calendar(), tx.Now(), t.target.season.Rules.ReviewWindow)
	sub := Submission{
		ID: submissionID, ObligationID: o.ID, AuthorityCode: o.AuthorityCode, OrganisationID: o.OrganisationID, ReportYear: o.ReportYear,
		Ordinal: o.Submissions + 1, Kind: t.kind(), Form: o.Form, FormVersion: t.examined.formVersion,
		CheckSetVersion: t.examined.checkVersion, SHA256: t.sha256, Warnings: len(t.examined.findings),
		ReceivedAt: tx.Now(), ReviewDueOn: due.Date, ReviewDueProvisional: due.Provisional, ReviewDays: t.target.season.Rules.ReviewWindow,
		ToldDueOn: due.Date, ToldDueProvisional: due.Provisional,
		ActorKind: t.Actor.Kind, ActorID: t.Actor.ID, ActorName: t.Actor.Name, Status: SubmissionSubmitted,
	}
	warnings, err := t.examined.warningsJSON()
	if err != nil {
		return sub, err
	}
	explanations, err := explained(ctx, tx, o.ID, t.examined.findings)
	if err != nil {
		return sub, err
	}
	declaration, err := t.declared()
	if err != nil {
		return sub, err
	}
	insertEvent, args, err := event.Bulk{Kind: event.SubmissionReceivedKind, Actor: t.Actor, From: receivedRow, Args: []any{
		sub.AuthorityCode, CounterReceipt, sub.ReportYear, sub.ID, sub.ObligationID, sub.OrganisationID, sub.Ordinal, sub.Kind,
		sub.Form, sub.FormVersion, sub.CheckSetVersion, string(t.Body), sub.SHA256, warnings, sub.Warnings,
		sub.ReceivedAt, sub.ReviewDueOn, sub.ReviewDueProvisional, string(sub.ActorKind), sub.ActorID, sub.ActorName,
		explanations, declaration,
	}}.Insert(tx.Now())
	if err != nil {
		return sub, err
	}
	stmt, err := tx.Prepared(ctx, fmt.Sprintf(storeSQL, insertEvent))
	if err != nil {
		return sub, err
	}
	if err := stmt.GetContext(ctx, &sub.ReceiptNo, args...); err != nil {
		return sub, fmt.Errorf("store submission: %w", err)
	}
	return sub, nil
}
