package main

import (
	"context"
	"time"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// demoSponsorSeason is the district's season for service organisations: their reports go to the sponsor first.
const demoSponsorSeason = demoSeason + `types: [service]
sponsor_step: {due_on: %d-03-31}
`

// demoSponsorEmail is the sign-in of the sponsor that most of the district's service organisations have.
const demoSponsorEmail = "zhuguan@yanshi.example"

// sponsored tells whether the organisation's report goes to a sponsor first.
func (s *seeder) sponsored(org registry.Organisation) bool {
	return org.AuthorityCode == demoDistrict && org.Type == registry.TypeService && org.Sponsor != ""
}

// sponsor is the name that most of the district's service organisations have as their sponsor.
func (s *seeder) sponsor() string {
	count, best := map[string]int{}, ""
	for _, org := range s.orgs {
		if s.sponsored(org) {
			if count[org.Sponsor]++; count[org.Sponsor] > count[best] {
				best = org.Sponsor
			}
		}
	}
	return best
}

// planSponsor leaves the sponsor with a sign-in some reports to look at: two that came late, one in the time of an
// extension, one that it let lie, and one that it returned.
func (s *seeder) planSponsor() {
	day := func(month time.Month, d int) workday.Date { return workday.NewDate(s.year+1, month, d) }
	plans := []demoPlan{
		{extend: day(time.March, 25), file: day(time.April, 18), sponsor: sponsorWaits},
		{file: day(time.April, 17), sponsor: sponsorWaits},
		{file: day(time.April, 16), sponsor: sponsorWaits},
		{extend: day(time.March, 26), file: day(time.April, 12), sponsor: sponsorReturns},
		{file: day(time.March, 27), sponsor: sponsorWaits},
	}
	name := s.sponsor()
	for _, org := range s.orgs {
		if len(plans) > 0 && s.sponsored(org) && org.Sponsor == name {
			s.plans[org.ID], plans = plans[0], plans[1:]
		}
	}
}

// What a sponsor does with a report; "" is to agree.
const (
	sponsorWaits   = "wait"
	sponsorReturns = "return"
)

// toSponsor sends the report to the sponsor where it must go there first, and gives its answer; done: nothing is left to
// submit.
func (s *seeder) toSponsor(ctx context.Context, i int, body []byte) (done bool, err error) {
	org := s.orgs[i]
	need, err := s.filing.NeedOfSponsor(ctx, org.ID, s.year, body)
	if err != nil || need != filing.SponsorSend {
		return false, err
	}
	sent, err := s.filing.SendToSponsor(ctx, filing.SendToSponsor{OrganisationID: org.ID, Year: s.year, Body: body, Actor: s.filer(org)})
	if err != nil {
		return true, err
	}
	answer := filing.AnswerSponsor{AuthorityCode: sent.AuthorityCode, Sponsor: sent.Sponsor, ReviewID: sent.ID, Outcome: filing.OutcomeAgree,
		Opinion: "情况属实，同意报送。", Actor: s.sponsorActor(org)}
	switch s.plans[org.ID].sponsor {
	case sponsorWaits:
		return true, nil
	case sponsorReturns:
		answer.Outcome, answer.Opinion = filing.OutcomeReturn, "业务活动情况与我单位掌握的不一致，请核对后重新送来。"
		answer.Remarks = []filing.SponsorRemark{{Key: "domicile", Text: "已搬迁，请先办理变更登记或者按证书填写。"}}
	}
	s.now = s.now.Add(23 * time.Minute)
	_, err = s.filing.AnswerSponsor(ctx, answer)
	return true, err
}

func (s *seeder) sponsorActor(org registry.Organisation) event.Actor {
	if org.Sponsor == s.sponsor() {
		return s.people[demoSponsorEmail]
	}
	return event.Actor{Kind: event.ActorToken, ID: org.Sponsor, Name: org.Sponsor}
}
