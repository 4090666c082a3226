package main

import (
	"context"
	"fmt"

	"nianbao/internal/event"
	"nianbao/review/listing"
)

// matter is the organisation's open matter on the abnormal-activity list in that status; none where it has filed in
// time after all.
func (s *seeder) matter(ctx context.Context, i int, status listing.Status) (listing.Listing, bool, error) {
	page, err := s.listing.Listings(ctx, listing.Query{
		Owner: listing.Owner{OrganisationID: event.Ref(s.orgs[i].ID)}, Status: status, Limit: 1,
	})
	if err != nil || len(page.Items) == 0 {
		return listing.Listing{}, false, err
	}
	return page.Items[0].Listing, true, nil
}

func (s *seeder) makeStatement(ctx context.Context, i int) error {
	matter, found, err := s.matter(ctx, i, listing.Notified)
	if err != nil || !found {
		return err
	}
	_, err = s.listing.MakeStatement(ctx, listing.Plea{ListingID: matter.ID, OrganisationID: s.orgs[i].ID,
		Text: "本单位3月下旬搬迁，会计凭证暂存他处，未能按期报送。现已恢复办公，请给予补报机会。", Actor: s.filer(s.orgs[i])})
	return err
}

func (s *seeder) applyForRemoval(ctx context.Context, i int) error {
	matter, found, err := s.matter(ctx, i, listing.Listed)
	if err != nil || !found {
		return err
	}
	_, err = s.listing.ApplyRemoval(ctx, listing.Plea{ListingID: matter.ID, OrganisationID: s.orgs[i].ID,
		Text: fmt.Sprintf("本单位已补报%d年度报告，申请移出活动异常名录。", s.year), Actor: s.filer(s.orgs[i])})
	return err
}

func (s *seeder) remove(ctx context.Context, i int) error {
	matter, found, err := s.matter(ctx, i, listing.Listed)
	if err != nil || !found {
		return err
	}
	_, err = s.listing.DecideRemoval(ctx, listing.Decision{ListingID: matter.ID, AuthorityCode: s.orgs[i].AuthorityCode,
		Outcome: "remove", Reason: "已补报年度报告并审查合格，列入事由已消除。", Actor: s.reviewer(i).Actor})
	return err
}
