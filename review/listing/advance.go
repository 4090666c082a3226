package listing

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// AdvanceSummary is what a pass over the notified matters did.
type AdvanceSummary struct {
	Moved     int // answer and decision times that followed the calendar
	Withdrawn int
	Listed    int
	Failed    int // matters left out; the log says why
}

func (s AdvanceSummary) String() string {
	text := fmt.Sprintf("%d withdrawn, %d listed", s.Withdrawn, s.Listed)
	if s.Moved > 0 {
		text += fmt.Sprintf(", %d followed the calendar", s.Moved)
	}
	if s.Failed > 0 {
		text += fmt.Sprintf(", %d left out", s.Failed)
	}
	return text
}

func (s *AdvanceSummary) add(o AdvanceSummary) {
	s.Withdrawn += o.Withdrawn
	s.Listed += o.Listed
	s.Failed += o.Failed
}

// advancer is who acts in the event log.
var advancer = event.Clock("advance-listings")

// AdvanceListings is the body of the job advance-listings: once days that were provisional have followed the calendar, of the matters that are only notified it ends those where a
// report stands, nothing is owed or nothing is overdue any more, and lists those whose time to answer is over (see
// judge). Run again, or on two nodes at once, it finds nothing left to do.
func (s *Service) AdvanceListings(ctx context.Context, now time.Time) (AdvanceSummary, error) {
	pass := advance{Service: s, today: workday.DateOf(now), seasons: newSeasons()}
	var err error
	if pass.sum.Moved, pass.sum.Failed, err = s.followCalendar(ctx, advancer); err != nil {
		return pass.sum, fmt.Errorf("advance listings of %s: %w", pass.today, err)
	}
	var from uuid.UUID
	for {
		ids, err := pass.next(ctx, from)
		if err != nil {
			return pass.sum, fmt.Errorf("advance listings of %s: %w", pass.today, err)
		}
		if len(ids) == 0 {
			return pass.sum, nil
		}
		failed, err := inBatch(ctx, s, ids, func(tx *postgres.Tx, ids []uuid.UUID) (AdvanceSummary, error) {
			return pass.act(tx.Context(), tx, ids)
		}, pass.sum.add)
		pass.sum.Failed += failed
		if err != nil {
			return pass.sum, fmt.Errorf("advance listings of %s: %w", pass.today, err)
		}
		from = ids[len(ids)-1]
	}
}

// advance is one pass.
type advance struct {
	*Service
	today   workday.Date
	seasons *seasons
	sum     AdvanceSummary
}

// next picks matters that may move, without a lock. Those whose answer time still runs and whose obligation is still
// overdue, the many, are passed over here.
func (p *advance) next(ctx context.Context, from uuid.UUID) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := p.db.SelectContext(ctx, &ids, `SELECT l.id FROM listing l JOIN obligation o ON o.id = l.obligation_id
		WHERE l.status = 'notified' AND l.id > $1 AND (o.overdue_after IS NULL OR o.overdue_after >= $2
			OR l.statement_due_on < $2 AND NOT l.statement_open)
		ORDER BY l.id LIMIT $3`, from, p.today, batchSize)
	return ids, err
}

// step is what the clock does with a matter.
type step struct {
	list     bool
	withdraw EndReason // "": not
}

// judge decides what the clock does with a notified matter on the day, in this order: it ends where the obligation is
// exempt, where a report stands (unless the season says that this does not end it), where nothing is overdue; it is
// listed where the notice is in force and served, the answer time over and no statement undecided. Else it waits.
func (m *matter) judge(today workday.Date, late filing.LateRule) step {
	switch {
	case m.Status != Notified:
		return step{}
	case m.ObligationStatus == filing.StatusExempt:
		return step{withdraw: EndExempt}
	case m.ObligationStatus.Stands():
		if late.WithdrawIfFiled {
			return step{withdraw: EndReportStands}
		}
		return step{} // a reviewer decides
	case !m.overdue(today):
		return step{withdraw: EndNotOverdue}
	case m.NoticeInForce && m.AnswerTimeOver(today) && !m.StatementOpen:
		return step{list: true}
	}
	return step{}
}

// withdrawalReason is the sentence of the document.
func (m *matter) withdrawalReason(why EndReason) string {
	switch why {
	case EndExempt:
		return fmt.Sprintf("你单位%d年度的报送义务已经豁免。", m.ReportYear)
	case EndNotOverdue:
		return fmt.Sprintf("你单位%d年度报告的报送期限现为%s，尚未届满。", m.ReportYear, m.OverdueAfter.Chinese())
	}
	if m.ReceivedAt.Valid {
		return fmt.Sprintf("你单位已于%s补报%d年度报告。", workday.DateOf(m.ReceivedAt.Time).Chinese(), m.ReportYear)
	}
	return fmt.Sprintf("你单位已补报%d年度报告。", m.ReportYear)
}

func (p *advance) act(ctx context.Context, tx *postgres.Tx, ids []uuid.UUID) (AdvanceSummary, error) {
	var sum AdvanceSummary
	matters, err := owner{}.lock(ctx, tx, ids...)
	if err != nil {
		return sum, err
	}
	var moves moveColumns
	var papers []paper
	for i := range matters {
		m := &matters[i]
		season, err := p.seasons.of(ctx, tx, m.SeasonID)
		if err != nil {
			return sum, err
		}
		m.waitForNotice(p.calendar(), season.Rules.Late)
		next := m.judge(p.today, season.Rules.Late)
		var done paper
		switch {
		case next.list:
			done = m.decision(p.today, advancer, m.listingFacts(p.today))
			moves.add(m, Listed, "", done.order.ID)
			sum.Listed++
		case next.withdraw != "":
			done = m.withdrawal(p.today, advancer, m.withdrawalReason(next.withdraw))
			moves.add(m, Withdrawn, next.withdraw, done.order.ID)
			sum.Withdrawn++
		default:
			continue
		}
		papers = append(papers, done)
	}
	if err := moves.apply(ctx, tx, p.today); err != nil {
		return sum, err
	}
	return sum, issue(ctx, tx, papers)
}

// moveColumns holds guarded moves of listings turned round, one slice a column.
type moveColumns struct {
	ids, statuses, reasons, documents []string
	versions                          []int64
}

func (c *moveColumns) add(m *matter, to Status, why EndReason, document uuid.UUID) {
	c.ids, c.versions = append(c.ids, m.ID.String()), append(c.versions, int64(m.Version))
	c.statuses, c.reasons = append(c.statuses, string(to)), append(c.reasons, string(why))
	c.documents = append(c.documents, document.String())
}

const moveListings = `UPDATE listing l SET status = u.status, version = l.version + 1, updated_at = $7,
	listed_on = CASE WHEN u.status = 'listed' THEN $6::date END, decision_id = CASE WHEN u.status = 'listed' THEN u.document_id END,
	ended_on = CASE WHEN u.status = 'withdrawn' THEN $6::date END, end_reason = u.end_reason,
	end_document_id = CASE WHEN u.status = 'withdrawn' THEN u.document_id END
FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::uuid[]) AS u (id, version, status, end_reason, document_id)
WHERE l.id = u.id AND l.status = 'notified' AND l.version = u.version`

// apply moves notified listings; each must still be what was read.
func (c *moveColumns) apply(ctx context.Context, tx *postgres.Tx, today workday.Date) error {
	if len(c.ids) == 0 {
		return nil
	}
	result, err := tx.ExecContext(ctx, moveListings, pq.Array(c.ids), pq.Array(c.versions), pq.Array(c.statuses), pq.Array(c.reasons),
		pq.Array(c.documents), today, tx.Now())
	if err != nil {
		return fmt.Errorf("move %d listings: %w", len(c.ids), err)
	}
	if n, err := result.RowsAffected(); err != nil || n != int64(len(c.ids)) {
		return fmt.Errorf("move %d listings: %d moved, %w", len(c.ids), n, ErrChangedMeanwhile)
	}
	return nil
}
