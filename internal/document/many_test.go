package document_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/google/uuid"

	"nianbao/internal/document"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
	"nianbao/internal/workday"
)

// order is one of many notices, to the n-th organisation.
func spotCheckOrder(n int) document.Order {
	day := workday.NewDate(2019, 4, 1)
	return document.Order{AuthorityCode: authority, OrganisationID: uuid.New(), SubjectID: uuid.New(), IssuedOn: day,
		Facts: &document.SpotCheckFacts{Party: document.Party{Authority: "试验市民政局", Organisation: fmt.Sprintf("第%d“幸福”\\协会", n),
			USCC: "51440100MJK8900615", OrganisationType: "社会团体", ReportYear: 2018},
			DueOn: workday.NewDate(2019, 3, 31), EnteredOn: day, Basis: "《社会组织抽查暂行办法》"}}
}

func TestPlaceAllNumbersEachSeriesWithoutGaps(t *testing.T) {
	o := newOffice(t)
	o.place(document.Order{Facts: spotCheckOrder(0).Facts}) // takes the first number of its series
	orders := []document.Order{spotCheckOrder(1), spotCheckOrder(2), spotCheckOrder(3)}
	penalty := spotCheckOrder(4)
	penalty.Facts = &document.PenaltyFacts{Party: spotCheckOrder(4).Facts.(*document.SpotCheckFacts).Party,
		DueOn: workday.NewDate(2019, 3, 31), OpenedOn: workday.NewDate(2019, 4, 1), Basis: "《社会团体登记管理条例》第三十条"}
	penalty.ID = uuid.New()
	orders = append(orders, penalty)
	var placed []document.Ordered
	err := o.inTx(func(ctx context.Context, tx *postgres.Tx) (err error) {
		placed, err = document.PlaceAll(ctx, tx, orders)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"试民社抽告〔2019〕00002号", "试民社抽告〔2019〕00003号", "试民社抽告〔2019〕00004号", "试民社罚立〔2019〕00001号"} {
		if placed[i].Number != want {
			t.Errorf("number %d is %s, want %s", i, placed[i].Number, want)
		}
		stored, err := document.OrderByID(t.Context(), o.db, placed[i].ID)
		if err != nil {
			t.Fatal(err)
		}
		if stored.VerifyCode != placed[i].VerifyCode || stored.SubjectID != orders[i].SubjectID || stored.State != document.StateOrdered {
			t.Errorf("order %d is stored as %+v", i, stored)
		}
		facts, err := stored.Facts()
		if err != nil {
			t.Fatal(err)
		}
		if got := facts.Kind(); got != orders[i].Facts.Kind() {
			t.Errorf("order %d is of kind %s", i, got)
		}
	}
	if placed[3].ID != penalty.ID {
		t.Error("an id that was given is not kept")
	}
	depth, err := queue.Depth(t.Context(), o.db)
	if err != nil || depth[document.IssueJob][queue.Ready] != 5 {
		t.Errorf("jobs: %v (%v), want 5 documents to issue", depth, err)
	}
}

func TestPlaceAllRefusesAllForOneWithoutFacts(t *testing.T) {
	o := newOffice(t)
	bad := spotCheckOrder(2)
	bad.Facts = &document.SpotCheckFacts{}
	for name, orders := range map[string][]document.Order{
		"lacking": {spotCheckOrder(1), bad}, "none": {{AuthorityCode: authority}},
	} {
		err := o.inTx(func(ctx context.Context, tx *postgres.Tx) error {
			_, err := document.PlaceAll(ctx, tx, orders)
			return err
		})
		if !errors.Is(err, document.ErrFacts) {
			t.Errorf("%s: %v, want ErrFacts", name, err)
		}
	}
	var orders int
	if err := o.db.GetContext(t.Context(), &orders, `SELECT count(*) FROM document_order`); err != nil || orders != 0 {
		t.Errorf("%d orders were left (%v)", orders, err)
	}
}
