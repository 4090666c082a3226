package filing

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// CodeReceiptVoid says that the report was withdrawn and its receipt with it.
const CodeReceiptVoid = "receipt_void"

// OrderReceipt has the receipt of a submission of the organisation made as a
// signed paper (报送回执), once: asked again it gives the same order. Papers are
// made for who wants one, not for every submission: drawing and signing one
// costs several times what taking a report does. A submission that was
// withdrawn has no receipt any more: *StateError.
func (s *Service) OrderReceipt(ctx context.Context, organisationID, submissionID uuid.UUID) (document.StoredOrder, error) {
	sub, err := SubmissionByID(ctx, s.db, submissionID)
	if err == nil && sub.OrganisationID != organisationID {
		err = ErrNotFound
	}
	if err != nil {
		return document.StoredOrder{}, err
	}
	var order document.StoredOrder
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		order, err = s.orderReceipt(ctx, tx, sub)
		return err
	})
	if err != nil {
		return order, fmt.Errorf("order receipt %s: %w", sub.ReceiptNo, err)
	}
	return order, nil
}

// orderReceipt holds the obligation, so that of many one orders, and a
// withdrawal comes before or after.
func (s *Service) orderReceipt(ctx context.Context, tx *postgres.Tx, sub Submission) (document.StoredOrder, error) {
	o, err := lockObligation(ctx, tx, sub.AuthorityCode, sub.ObligationID)
	if err != nil {
		return document.StoredOrder{}, err
	}
	if sub, err = SubmissionByID(ctx, tx, sub.ID); err != nil {
		return document.StoredOrder{}, err
	}
	if sub.Status == SubmissionWithdrawn {
		return document.StoredOrder{}, &StateError{CodeReceiptVoid, "这次报送已经撤回，回执作废，不再出具。"}
	}
	there, err := receiptOrders(ctx, tx, sub.ID)
	if err != nil {
		return document.StoredOrder{}, err
	}
	if len(there) > 0 {
		return document.OrderByID(ctx, tx, there[0])
	}
	facts, err := s.receiptFacts(ctx, tx, &o, &sub)
	if err != nil {
		return document.StoredOrder{}, err
	}
	placed, err := document.Place(ctx, tx, document.Order{AuthorityCode: sub.AuthorityCode, OrganisationID: sub.OrganisationID,
		SubjectID: sub.ID, Number: sub.ReceiptNo, IssuedOn: workday.DateOf(tx.Now()), Facts: facts})
	if err != nil {
		return document.StoredOrder{}, err
	}
	return document.OrderByID(ctx, tx, placed.ID)
}

// receiptFacts states what the receipt told when the report was taken, whatever
// moved since. The window is told in working days where they still give its last day.
func (s *Service) receiptFacts(ctx context.Context, q postgres.Queryer, o *Obligation, sub *Submission) (*document.ReceiptFacts, error) {
	org, err := registry.OrganisationByID(ctx, q, sub.OrganisationID)
	if err != nil {
		return nil, err
	}
	authority, err := registry.AuthorityByCode(ctx, q, sub.AuthorityCode)
	if err != nil {
		return nil, err
	}
	season, err := SeasonByID(ctx, q, o.SeasonID)
	if err != nil {
		return nil, err
	}
	facts := &document.ReceiptFacts{
		Party: document.Party{Authority: authority.Name, Organisation: org.Name, USCC: string(org.USCC), OrganisationType: org.Type.Label(),
			ReportYear: sub.ReportYear},
		ReceivedAt: sub.ReceivedAt, SHA256: sub.SHA256, ReviewDueOn: sub.ToldDueOn, ReviewProvisional: sub.ToldDueProvisional,
		Resubmission: sub.Ordinal > 1,
	}
	if n := season.Rules.ReviewWindow; ReviewDue(s.calendar(), sub.ReceivedAt, n).Date == sub.ToldDueOn {
		facts.WindowDays = n
	}
	return facts, nil
}

func receiptOrders(ctx context.Context, q postgres.Queryer, submissionID uuid.UUID) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := q.SelectContext(ctx, &ids, `SELECT id FROM document_order WHERE subject_id = $1 AND kind = $2`, submissionID, document.KindReceipt)
	if err != nil {
		return nil, fmt.Errorf("receipt orders of %s: %w", submissionID, err)
	}
	return ids, nil
}

// voidReceipt takes the receipt of a withdrawn submission out of force, where it was made.
func voidReceipt(ctx context.Context, tx *postgres.Tx, submissionID uuid.UUID, actor event.Actor) error {
	ids, err := receiptOrders(ctx, tx, submissionID)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := document.Revoke(ctx, tx, id, "报送单位撤回了报告，回执作废。", actor); err != nil {
			return err
		}
	}
	return nil
}
