package review

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// paper is all that a document about a decision is made from.
type paper struct {
	settlement
	review     Review
	season     filing.Season
	org        registry.Organisation
	submission filing.Submission
	resubmit   workday.Due // of a return: the last day on which a refiled report is not overdue
}

// readPaper reads what a decision on the review goes by; the decision itself is still to be filled in.
func readPaper(ctx context.Context, q postgres.Queryer, r Review) (paper, error) {
	season, org, err := r.season(ctx, q)
	if err != nil {
		return paper{}, err
	}
	sub, err := filing.SubmissionByID(ctx, q, r.SubmissionID)
	if err != nil {
		return paper{}, err
	}
	return paper{review: r, season: season, org: org, submission: sub}, nil
}

// party names the two sides as they are called today.
func (p *paper) party(ctx context.Context, q postgres.Queryer) (document.Party, error) {
	authority, err := registry.AuthorityByCode(ctx, q, p.review.AuthorityCode)
	if err != nil {
		return document.Party{}, fmt.Errorf("authority %s: %w", p.review.AuthorityCode, err)
	}
	return document.Party{
		Authority: authority.Name, Organisation: p.org.Name, USCC: string(p.org.USCC),
		OrganisationType: p.org.Type.Label(), ReportYear: p.review.ReportYear,
	}, nil
}

// orderReturnNotice orders the 退回补正通知书 with the remarks by their fields' labels.
func (s *Service) orderReturnNotice(ctx context.Context, tx *postgres.Tx, p paper) error {
	facts, err := s.returnFacts(ctx, tx, p)
	if err != nil {
		return err
	}
	_, err = document.Place(ctx, tx, document.Order{
		AuthorityCode: p.review.AuthorityCode, OrganisationID: p.org.ID, SubjectID: p.review.SubmissionID,
		IssuedOn: workday.DateOf(tx.Now()), Facts: facts,
	})
	return err
}

func (s *Service) returnFacts(ctx context.Context, q postgres.Queryer, p paper) (*document.ReturnFacts, error) {
	party, err := p.party(ctx, q)
	if err != nil {
		return nil, err
	}
	remarks, err := s.labelled(p.submission.Form, p.remarks)
	if err != nil {
		return nil, err
	}
	return &document.ReturnFacts{
		Party: party, ReceiptNo: p.submission.ReceiptNo, SubmittedOn: workday.DateOf(p.submission.ReceivedAt),
		Opinion: p.opinion, Remarks: remarks, ResubmitBy: p.resubmit.Date, Provisional: p.resubmit.Provisional,
		Correction: p.isCorrection(), Basis: p.season.Rules.Basis(filing.BasisConclusion, p.org.Type),
	}, nil
}

func (s *Service) labelled(formCode string, remarks []Remark) ([]document.Remark, error) {
	reportForm, err := s.forms.Form(formCode)
	if err != nil {
		return nil, err
	}
	labelled := make([]document.Remark, len(remarks))
	for i, r := range remarks {
		labelled[i] = document.Remark{Text: r.Text, Basis: r.Basis}
		if field, ok := reportForm.Field(r.Key); ok {
			labelled[i].Label = LabelOf(field)
		}
	}
	return labelled, nil
}

// orderConclusion numbers the conclusion and orders its document. The number is the last thing taken, so that its row
// is locked for as short as can be. A correction's conclusion supersedes the one in force.
func (s *Service) orderConclusion(ctx context.Context, tx *postgres.Tx, p paper) error {
	facts, previous, err := conclusionFacts(ctx, tx, p)
	if err != nil {
		return err
	}
	conclusion := id.New(tx.Now())
	if err := supersede(ctx, tx, previous.ID, conclusion); err != nil {
		return err
	}
	today := workday.DateOf(tx.Now())
	ordered, err := document.Place(ctx, tx, document.Order{
		ID: conclusion, AuthorityCode: p.review.AuthorityCode, OrganisationID: p.org.ID, SubjectID: conclusion, IssuedOn: today,
		SupersedesID: previous.ID, Facts: facts,
	})
	if err != nil {
		return err
	}
	if err := storeConclusion(ctx, tx, p, ordered); err != nil {
		return err
	}
	e := p.review.eventOf(event.ConclusionNumberedKind, p.actor, event.ConclusionNumbered{
		Number: ordered.Number, VerifyCode: ordered.VerifyCode, Outcome: string(p.outcome), IssuedOn: today,
	})
	e.SubjectID, e.Basis = event.Ref(conclusion), p.season.Rules.Basis(filing.BasisConclusion, p.org.Type)
	return event.Append(ctx, tx, e)
}

// conclusionFacts is what the conclusion will state, and the one in force before it.
func conclusionFacts(ctx context.Context, q postgres.Queryer, p paper) (*document.ConclusionFacts, previousConclusion, error) {
	party, err := p.party(ctx, q)
	if err != nil {
		return nil, previousConclusion{}, err
	}
	previous, err := inForce(ctx, q, p.review.ObligationID)
	if err != nil {
		return nil, previous, err
	}
	first, err := firstFiled(ctx, q, p.submission)
	if err != nil {
		return nil, previous, err
	}
	return &document.ConclusionFacts{
		Party: party, Outcome: string(p.outcome), Inspection: p.season.Regime == filing.RegimeInspection,
		ReceiptNo: p.submission.ReceiptNo, SubmittedOn: workday.DateOf(p.submission.ReceivedAt), FirstFiled: first,
		Basis: p.season.Rules.Basis(filing.BasisConclusion, p.org.Type), Opinion: p.opinion,
		Stamp: p.season.Rules.Conclusion.Stamp, Correction: p.isCorrection(), Replaces: previous.Number,
	}, previous, nil
}

// supersede puts the conclusion by in the place of the previous one, if there is one. The obligation is locked.
func supersede(ctx context.Context, tx *postgres.Tx, previous uuid.NullUUID, by uuid.UUID) error {
	if !previous.Valid {
		return nil
	}
	_, err := tx.ExecContext(ctx, `UPDATE conclusion SET superseded_by = $2 WHERE id = $1 AND superseded_by IS NULL`, previous.UUID, by)
	if err != nil {
		return fmt.Errorf("supersede conclusion %s: %w", previous.UUID, err)
	}
	return nil
}

func storeConclusion(ctx context.Context, tx *postgres.Tx, p paper, o document.Ordered) error {
	stmt, err := tx.Prepared(ctx, `INSERT INTO conclusion (id, submission_id, obligation_id, authority_code, organisation_id,
		report_year, outcome, number, issued_on, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`)
	if err != nil {
		return fmt.Errorf("store conclusion: %w", err)
	}
	r := p.review
	_, err = stmt.ExecContext(ctx, o.ID, r.SubmissionID, r.ObligationID, r.AuthorityCode, r.OrganisationID, r.ReportYear,
		p.outcome, o.Number, workday.DateOf(tx.Now()), tx.Now())
	if err != nil {
		return fmt.Errorf("store conclusion %s: %w", o.Number, err)
	}
	return nil
}

// previousConclusion is the one in force before; its ID is not valid where there is none.
type previousConclusion struct {
	ID     uuid.NullUUID `db:"id"`
	Number string        `db:"number"`
}

func inForce(ctx context.Context, q postgres.Queryer, obligation uuid.UUID) (previousConclusion, error) {
	var p previousConclusion
	err := q.GetContext(ctx, &p, `SELECT id, number FROM conclusion WHERE obligation_id = $1 AND superseded_by IS NULL`, obligation)
	if err != nil && !postgres.IsNoRows(err) {
		return p, fmt.Errorf("conclusion in force: %w", err)
	}
	return p, nil
}

// firstFiled is the day of the first submission that counted, zero if that is s itself.
func firstFiled(ctx context.Context, q postgres.Queryer, s filing.Submission) (workday.Date, error) {
	if s.Ordinal == 1 {
		return workday.Date{}, nil
	}
	var at sql.NullTime
	err := q.GetContext(ctx, &at, `SELECT min(s.received_at) FROM submission s
		JOIN submission_standing st ON st.submission_id = s.id AND st.status <> 'withdrawn'
		WHERE s.obligation_id = $1 AND s.ordinal < $2`, s.ObligationID, s.Ordinal)
	if err != nil {
		return workday.Date{}, fmt.Errorf("first submission: %w", err)
	}
	if !at.Valid {
		return workday.Date{}, nil
	}
	return workday.DateOf(at.Time), nil
}

// Conclusion is a numbered conclusion; URL and hash come with its document, once that stands.
type Conclusion struct {
	ID           uuid.UUID      `db:"id"`
	Outcome      Outcome        `db:"outcome"`
	Number       string         `db:"number"`
	IssuedOn     workday.Date   `db:"issued_on"`
	VerifyCode   string         `db:"verify_code"`
	SHA256       sql.NullString `db:"sha256"` // of the PDF; null until it stands
	SupersededBy uuid.NullUUID  `db:"superseded_by"`
	CreatedAt    time.Time      `db:"created_at"`
}

// ConclusionOf finds the conclusion in force for an obligation; ErrNotFound where nothing was issued.
func ConclusionOf(ctx context.Context, q postgres.Queryer, obligation uuid.UUID) (Conclusion, error) {
	var c Conclusion
	err := q.GetContext(ctx, &c, `SELECT c.id, c.outcome, c.number, c.issued_on, o.verify_code, d.sha256, c.superseded_by, c.created_at
		FROM conclusion c JOIN document_order o ON o.id = c.id LEFT JOIN document d ON d.id = c.id
		WHERE c.obligation_id = $1 AND c.superseded_by IS NULL`, obligation)
	if postgres.IsNoRows(err) {
		return c, ErrNotFound
	}
	if err != nil {
		return c, fmt.Errorf("conclusion of %s: %w", obligation, err)
	}
	return c, nil
}
