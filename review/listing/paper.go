package listing

import (
	"context"
	"fmt"

	"github.com/lib/pq"

	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// paper is one act with the document that tells of it.
type paper struct {
	order document.Order // its ID is set; its subject is the listing, the spot check or the case
	act   event.Event    // what happened
	// inbox: the organisation agreed to electronic service, so service is on record at once.
	inbox bool
	// answerBy ends the answer time that runs from this service; the zero value where none does.
	answerBy workday.Due
}

const insertServices = `INSERT INTO service (id, document_id, organisation_id, how, served_on, actor_kind, actor_id, actor_name, recorded_at)
	SELECT u.id, u.document_id, u.organisation_id, 'inbox', $4, $5, $6, $7, $8
	FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS u (id, document_id, organisation_id)`

// issue tells of the acts, orders their documents and puts service by the inbox on record. The numbers of the documents
// are among the last things that the transaction takes.
func issue(ctx context.Context, tx *postgres.Tx, papers []paper) error {
	if len(papers) == 0 {
		return nil
	}
	events := make([]event.Event, 0, 2*len(papers))
	orders := make([]document.Order, len(papers))
	var ids, documents, organisations []string
	for i, p := range papers {
		orders[i] = p.order
		events = append(events, p.act)
		if !p.inbox {
			continue
		}
		events = append(events, p.served(ByInbox, p.order.IssuedOn))
		ids, documents = append(ids, id.New(tx.Now()).String()), append(documents, p.order.ID.String())
		organisations = append(organisations, p.order.OrganisationID.String())
	}
	if err := event.Append(ctx, tx, events...); err != nil {
		return err
	}
	if _, err := document.PlaceAll(ctx, tx, orders); err != nil {
		return err
	}
	if len(ids) == 0 {
		return nil
	}
	actor := papers[0].act.Actor // one pass or one person acts in a transaction
	_, err := tx.ExecContext(ctx, insertServices, pq.Array(ids), pq.Array(documents), pq.Array(organisations),
		papers[0].order.IssuedOn, string(actor.Kind), actor.ID, actor.Name, tx.Now())
	if err != nil {
		return fmt.Errorf("record service of %d documents: %w", len(ids), err)
	}
	return nil
}

// served is the event that service of the paper is on record.
func (p *paper) served(how How, on workday.Date) event.Event {
	e := p.act
	e.Kind = event.NoticeServedKind
	e.Data = event.NoticeServed{DocumentID: p.order.ID, DocumentKind: string(p.order.Facts.Kind()), How: string(how), ServedOn: on,
		StatementDueOn: p.answerBy.Date, StatementDueProvisional: p.answerBy.Provisional}
	return e
}
