package main

import (
	"context"
	"time"

	"nianbao/filing"
	"nianbao/internal/workday"
)

// ask puts the organisation's request for more time before its authority.
func (s *seeder) ask(ctx context.Context, i int) error {
	_, err := s.askFor(ctx, i, workday.NewDate(s.year+1, time.May, 15), "财务人员离职，新聘会计到岗后才能完成会计报表，审计报告预计5月上旬出具。")
	return err
}

// extend asks for more time and grants it on the same day.
func (s *seeder) extend(ctx context.Context, i int) error {
	r, err := s.askFor(ctx, i, workday.NewDate(s.year+1, time.May, 31), "负责人变更登记办理中，审计报告尚未出具。")
	if err != nil {
		return err
	}
	s.now = s.now.Add(11 * time.Minute)
	_, err = s.filing.DecideRequest(ctx, filing.DecideRequest{AuthorityCode: r.AuthorityCode, RequestID: r.ID, Outcome: filing.OutcomeGrant,
		Reason: "情况属实，同意延期。", Actor: s.reviewer(i).Actor})
	return err
}

func (s *seeder) askFor(ctx context.Context, i int, to workday.Date, reason string) (filing.Request, error) {
	return s.filing.AskFor(ctx, filing.Ask{OrganisationID: s.orgs[i].ID, Year: s.year, Kind: filing.RequestExtension, WishedDueOn: to,
		Reason: reason, Actor: s.filer(s.orgs[i])})
}
