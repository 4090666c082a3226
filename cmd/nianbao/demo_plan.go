package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/robfig/cron/v3"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
	"nianbao/review"
)

// demoPlan is what one organisation and its reviewer do on which day; a zero day: never.
type demoPlan struct {
	draft     workday.Date // saves part of the report
	file      workday.Date
	decide    workday.Date
	outcome   review.Outcome
	refile    workday.Date // after a return
	redecide  workday.Date // passes then
	correct   workday.Date // corrects the report that passed
	adopt     workday.Date // the correction passes
	extend    workday.Date // asks for an extension to 31 May and gets it
	ask       workday.Date // asks for an extension to 15 May, and waits for the decision
	statement workday.Date // answers the prior notice
	apply     workday.Date // asks to be removed from the list
	removal   workday.Date // is removed
	sponsor   string       // what the sponsor does with the report; "": agrees
}

// plan draws what everybody does. The three organisations with a sign-in are left something to do: the association has
// a draft, the service organisation a return, the foundation a conclusion.
func (s *seeder) plan() {
	dice := rand.New(rand.NewPCG(demoSeed, uint64(s.year)))
	for i := range s.orgs {
		s.plans[s.orgs[i].ID] = s.draw(dice)
	}
	day := func(month time.Month, day int) workday.Date { return workday.NewDate(s.year+1, month, day) }
	extended := demoPlan{draft: day(time.March, 20), extend: day(time.March, 25)}
	s.plans[s.first(registry.TypeAssociation).ID] = extended
	s.plans[s.first(registry.TypeService).ID] = demoPlan{file: day(time.March, 28), decide: day(time.April, 10), outcome: review.Return}
	s.plans[s.first(registry.TypeFoundation).ID] = demoPlan{file: day(time.March, 3), decide: day(time.March, 11), outcome: review.Pass}
	s.planSponsor()
	s.planCorrections()
}

// planCorrections lets some reports that passed early be corrected: the first few have their correction adopted by the
// demonstration's day, the next have it under review. Who has a sign-in has enough to do.
func (s *seeder) planCorrections() {
	const each = 3
	early, n := workday.NewDate(s.year+1, time.April, 1), 0
	for i := range s.orgs {
		org := s.orgs[i]
		plan := s.plans[org.ID]
		inOrder := plan.outcome == review.Pass && plan.refile.IsZero() && plan.apply.IsZero() && plan.decide.Before(early)
		if !inOrder || n == 2*each || s.first(org.Type).ID == org.ID {
			continue
		}
		plan.correct = workday.NewDate(s.year+1, time.April, 14)
		if n < each {
			plan.correct, plan.adopt = early, s.calendarNow().Due(early, 4).Date
		}
		s.plans[org.ID] = plan
		n++
	}
}

// draw makes the usual mix: most pass, some are returned, some are late, a few never file.
func (s *seeder) draw(dice *rand.Rand) demoPlan {
	year := s.year + 1
	opens, due := workday.NewDate(year, time.January, 14), workday.NewDate(year, time.March, 31)
	cal := s.calendarNow()
	filed := opens.AddDays(3 + dice.IntN(opens.DaysUntil(due)-2))
	decided := func(from workday.Date) workday.Date { return cal.Due(from, 3+dice.IntN(6)).Date }
	plan := demoPlan{file: filed, decide: decided(filed), outcome: review.Pass}
	switch roll := dice.IntN(1000); {
	case roll < 660: // in order
	case roll < 760: // returned, then in order
		plan.outcome = review.Return
		plan.refile = cal.Due(plan.decide, 1+dice.IntN(8)).Date
		plan.redecide = decided(plan.refile)
	case roll < 800: // returned in the last days, not refiled yet
		plan.file = due.AddDays(-dice.IntN(6))
		plan.decide, plan.outcome = cal.Due(workday.NewDate(year, time.April, 7), 1+dice.IntN(4)).Date, review.Return
	case roll < 820:
		plan.outcome = review.Unqualified
	case roll < 870: // late, under review
		plan = demoPlan{file: workday.NewDate(year, time.April, 8+dice.IntN(12))}
	case roll < 885: // on time, the window is over
		plan = demoPlan{file: due.AddDays(-dice.IntN(3))}
	case roll < 915: // an extension
		plan = demoPlan{extend: workday.NewDate(year, time.March, 20+dice.IntN(8)), draft: workday.NewDate(year, time.April, 2)}
	case roll < 935: // listed, filed and removed
		plan = demoPlan{file: workday.NewDate(year, time.April, 17), decide: workday.NewDate(year, time.April, 20), outcome: review.Pass,
			apply: workday.NewDate(year, time.April, 20), removal: workday.NewDate(year, time.April, 20)}
	case roll < 950: // answers the notice
		plan = demoPlan{statement: workday.NewDate(year, time.April, 9)}
	case roll < 955: // asks for time, still undecided
		plan = demoPlan{draft: workday.NewDate(year, time.March, 20), ask: workday.NewDate(year, time.March, 29)}
	case roll < 965: // a draft, never filed
		plan = demoPlan{draft: workday.NewDate(year, time.March, 15)}
	default: // nothing at all
		plan = demoPlan{}
	}
	return plan
}

// act does everybody's business of the day, a minute or so apart.
func (s *seeder) act(ctx context.Context, day workday.Date) error {
	for i := range s.orgs {
		if err := s.actOf(ctx, day, i); err != nil {
			return fmt.Errorf("%s: %w", s.orgs[i].Name, err)
		}
	}
	return nil
}

func (s *seeder) actOf(ctx context.Context, day workday.Date, i int) error {
	org, plan := s.orgs[i], s.plans[s.orgs[i].ID]
	steps := []struct {
		on workday.Date
		do func(context.Context, int) error
	}{
		{plan.extend, s.extend}, {plan.ask, s.ask}, {plan.draft, s.saveDraft}, {plan.draft, s.attachDraft}, {plan.file, s.attachAll}, {plan.file, s.submit}, {plan.refile, s.submit},
		{plan.decide, func(ctx context.Context, i int) error { return s.decide(ctx, i, plan.outcome) }},
		{plan.redecide, func(ctx context.Context, i int) error { return s.decide(ctx, i, review.Pass) }},
		{plan.correct, s.correct}, {plan.adopt, s.adopt},
		{plan.statement, s.makeStatement}, {plan.apply, s.applyForRemoval}, {plan.removal, s.remove},
	}
	for _, step := range steps {
		if step.on != day {
			continue
		}
		s.now = s.now.Add(37 * time.Second)
		if s.now.After(s.until) {
			return nil
		}
		if err := step.do(ctx, i); err != nil {
			return fmt.Errorf("%s on %s: %w", org.USCC, day, err)
		}
	}
	return nil
}

// filer is who acts for an organisation: its person, else a program with its token.
func (s *seeder) filer(org registry.Organisation) event.Actor {
	for _, p := range demoPeople {
		if p.orgType == org.Type && s.first(p.orgType).ID == org.ID {
			return s.people[p.email]
		}
	}
	return event.Actor{Kind: event.ActorToken, ID: org.ID.String(), Name: org.ContactName}
}

func (s *seeder) saveDraft(ctx context.Context, i int) error {
	draft, err := s.filing.Draft(ctx, s.orgs[i].ID, s.year)
	if err != nil {
		return err
	}
	_, err = s.filing.SaveDraft(ctx, filing.SaveDraft{OrganisationID: s.orgs[i].ID, Year: s.year, Body: draft.Body,
		Actor: s.filer(s.orgs[i])})
	return err
}

func (s *seeder) submit(ctx context.Context, i int) error {
	body, err := sampleBody(ctx, s.store, s.forms, sampleOf{org: s.orgs[i], year: s.year, seed: uint64(i)})
	if err != nil {
		return err
	}
	if done, err := s.toSponsor(ctx, i, body); done || err != nil {
		return err
	}
	_, err = s.filing.Submit(ctx, filing.Submit{OrganisationID: s.orgs[i].ID, Year: s.year, Body: body,
		IdempotencyKey: s.now.Format(time.RFC3339), Actor: s.filer(s.orgs[i])})
	return err
}

// demoRemarks are what reviewers say when they return a report.
var demoRemarks = []review.Remark{
	{Key: "domicile", Text: "住所与登记证书不一致。已搬迁的，先办理变更登记；未搬迁的，按证书填写。"},
	{Key: "bs_payables.closing", Text: "审计报告所列应付款项与报表不一致，请核对后更正。"},
	{Key: "contact_phone", Text: "联系电话无人接听，请填写能联系到的电话。"},
}

func (s *seeder) decide(ctx context.Context, i int, outcome review.Outcome) error {
	report, err := filing.ReportOf(ctx, s.db, s.orgs[i].ID, s.year)
	if err != nil || report.Obligation.Status != filing.StatusSubmitted {
		return err
	}
	d := review.Decision{SubmissionID: report.Obligation.SubmissionID.UUID, Outcome: outcome, Actor: s.reviewer(i)}
	switch outcome {
	case review.Return:
		d.Opinion, d.Remarks = "请按意见逐项改正后重新报送。", demoRemarks[i%len(demoRemarks):][:1]
	case review.Unqualified:
		d.Opinion = "财务会计报告与审计报告多处不符，且未按规定开展活动。"
	}
	_, err = s.review.Decide(ctx, d)
	return err
}

// reviewer shares the work out.
func (s *seeder) reviewer(i int) review.Actor {
	email := "shencha3@yanshi.example"
	if s.orgs[i].AuthorityCode == demoCity {
		email = []string{"shencha1@yanshi.example", "shencha2@yanshi.example"}[i%2]
	}
	return review.Actor{Actor: s.people[email], AuthorityCode: s.orgs[i].AuthorityCode}
}

// tickOn is when a job's schedule falls on the day.
func tickOn(spec string, day workday.Date) (time.Time, error) {
	schedule, err := cron.ParseStandard("CRON_TZ=Asia/Shanghai " + spec)
	if err != nil {
		return time.Time{}, err
	}
	return schedule.Next(day.Start().Add(-time.Second)), nil
}
