package web

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/web"
	"nianbao/internal/workday"
	"nianbao/review"
)

// history tells the earlier rounds of this report and the organisation's other years, the latest first.
func (p *Pages) history(ctx context.Context, kase *review.Case) ([]HistoryRow, error) {
	var rows []HistoryRow
	for i := len(kase.Rounds) - 1; i >= 0; i-- {
		round := &kase.Rounds[i]
		row := HistoryRow{Day: workday.DateOf(round.ReceivedAt), Text: "报送，回执 " + round.ReceiptNo, Href: casePath(round.SubmissionID)}
		if round.State == review.Decided {
			row.Day, row.Tag = workday.DateOf(round.DecidedAt.Time), web.Tag{Text: round.Outcome.Label()}
			row.Text = round.DecidedName + "决定，回执 " + round.ReceiptNo
			row.More = paragraphs(round.Opinion)
			for _, m := range round.Remarks {
				row.More = append(row.More, strings.Join(paragraphs(m.Text), " "))
			}
		} else {
			row.Tag = web.Tag{Text: round.State.Label()}
		}
		rows = append(rows, row)
	}
	obligations, err := filing.ObligationsOf(ctx, p.DB, kase.OrganisationID)
	if err != nil {
		return nil, err
	}
	for i := range obligations {
		o := &obligations[i]
		if o.ReportYear == kase.ReportYear || o.AuthorityCode != kase.AuthorityCode {
			continue
		}
		row := HistoryRow{Day: workday.DateOf(o.UpdatedAt), Text: fmt.Sprintf("%d 年度", o.ReportYear), Tag: web.Tag{Text: o.Status.Label()}}
		if o.SubmissionID.Valid {
			row.Href = casePath(o.SubmissionID.UUID)
		}
		rows = append(rows, row)
	}
	if kase.Prior != nil {
		rows = append(rows, p.priorRow(ctx, kase))
	}
	return rows, nil
}

// priorRow says where last year's figures beside this year's come from.
func (p *Pages) priorRow(ctx context.Context, kase *review.Case) HistoryRow {
	row := HistoryRow{Text: fmt.Sprintf("%d 年度报告已接受，数字列在“上年”栏", kase.ReportYear-1)}
	if prior, err := filing.AcceptedReport(ctx, p.DB, kase.OrganisationID, kase.ReportYear-1); err == nil {
		row.Day = workday.DateOf(prior.AcceptedAt)
	}
	return row
}

// documentsOf lists what was issued on this submission: a return notice, or the conclusion.
func (p *Pages) documentsOf(ctx context.Context, kase *review.Case) ([]DocumentRow, error) {
	subjects := []uuid.UUID{kase.SubmissionID}
	conclusion, err := review.ConclusionOf(ctx, p.DB, kase.ObligationID)
	if err != nil && !errors.Is(err, review.ErrNotFound) {
		return nil, err
	}
	if err == nil {
		subjects = append(subjects, conclusion.ID)
	}
	documents, err := document.ListForSubjects(ctx, p.DB, subjects...)
	if err != nil {
		return nil, err
	}
	rows := make([]DocumentRow, 0, len(documents))
	for i := range documents {
		rows = append(rows, documentRow(&documents[i]))
	}
	return rows, nil
}

func documentRow(d *document.Document) DocumentRow {
	row := DocumentRow{
		Href: "/desk/documents/" + d.ID.String(), Title: d.Kind.Title(), Number: d.Number,
		Meta: fmt.Sprintf("%s签发，%d 页", d.IssuedOn.Chinese(), d.Pages),
	}
	if d.Standing != document.InForce {
		row.Meta += "，" + d.Standing.ChineseFor(d.Kind)
	}
	return row
}
