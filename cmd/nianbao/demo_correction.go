package main

import (
	"context"
	"encoding/json"
	"time"

	"nianbao/filing"
	"nianbao/review"
)

// correct corrects a telephone number of the report that passed; one that has not passed by then is left alone.
func (s *seeder) correct(ctx context.Context, i int) error {
	o, err := filing.ObligationByYear(ctx, s.db, s.orgs[i].ID, s.year)
	if err != nil || !o.Status.Accepted() {
		return err
	}
	accepted, err := filing.AcceptedReport(ctx, s.db, s.orgs[i].ID, s.year)
	if err != nil {
		return err
	}
	var report struct {
		Values map[string]any `json:"values"`
	}
	if err := json.Unmarshal(accepted.Body, &report); err != nil {
		return err
	}
	report.Values["contact_phone"] = "02081234567"
	body, err := json.Marshal(report)
	if err != nil {
		return err
	}
	_, err = s.filing.Correct(ctx, filing.Correct{OrganisationID: s.orgs[i].ID, Year: s.year, Body: body,
		Reason: "联系人已更换，报告里填的是原联系人的电话，无人接听。", IdempotencyKey: s.now.Format(time.RFC3339), Actor: s.filer(s.orgs[i])})
	return err
}

// adopt passes the correction under review.
func (s *seeder) adopt(ctx context.Context, i int) error {
	o, err := filing.ObligationByYear(ctx, s.db, s.orgs[i].ID, s.year)
	if err != nil || !o.CorrectionID.Valid {
		return err
	}
	_, err = s.review.Decide(ctx, review.Decision{SubmissionID: o.CorrectionID.UUID, Outcome: review.Pass, Actor: s.reviewer(i)})
	return err
}
