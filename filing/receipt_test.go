package filing

import (
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/document"
	"nianbao/internal/workday"
)

// Of many who ask for the paper at once all get the one that was ordered; it
// states what the receipt told.
func TestOrderReceiptOnce(t *testing.T) {
	w := newWorld(t, "2019-03-20", 2)
	w.importSeason()
	org := w.orgs[1]
	receipt := w.mustSubmit(org, "k")
	w.at("2019-03-25")
	orders := make([]document.StoredOrder, 6)
	var wait sync.WaitGroup
	for i := range orders {
		wait.Go(func() {
			var err error
			if orders[i], err = w.svc.OrderReceipt(w.ctx, org.ID, receipt.SubmissionID); err != nil {
				t.Errorf("order: %v", err)
			}
		})
	}
	wait.Wait()
	for _, o := range orders[1:] {
		if o.ID != orders[0].ID {
			t.Errorf("two papers: %s and %s", o.ID, orders[0].ID)
		}
	}
	facts, err := orders[0].Facts()
	if err != nil {
		t.Fatal(err)
	}
	want := &document.ReceiptFacts{
		Party:  document.Party{Authority: "试点市民政局", Organisation: org.Name, USCC: string(org.USCC), OrganisationType: org.Type.Label(), ReportYear: 2018},
		SHA256: receipt.SHA256, ReviewDueOn: receipt.ReviewDueOn.Date, WindowDays: 10, ReceivedAt: receipt.ReceivedAt}
	if diff := cmp.Diff(want, facts); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if o := orders[0]; o.Number != receipt.ReceiptNo || o.IssuedOn != workday.NewDate(2019, 3, 25) || o.SubjectID != receipt.SubmissionID {
		t.Errorf("order %+v", o)
	}
	if _, err := w.svc.OrderReceipt(w.ctx, w.orgs[0].ID, receipt.SubmissionID); !errors.Is(err, ErrNotFound) {
		t.Errorf("another organisation: %v", err)
	}
	if _, err := w.svc.OrderReceipt(w.ctx, org.ID, uuid.New()); !errors.Is(err, ErrNotFound) {
		t.Errorf("no submission: %v", err)
	}
}

// A withdrawal takes the paper out of force, and none is made after it.
func TestReceiptOfWithdrawnReportIsVoid(t *testing.T) {
	w := newWorld(t, "2019-03-20", 3)
	w.importSeason()
	withdraw := func(i int) {
		t.Helper()
		if _, err := w.svc.Withdraw(w.ctx, Withdraw{OrganisationID: w.orgs[i].ID, Year: 2018, Actor: filer}); err != nil {
			t.Fatal(err)
		}
	}
	with, without := w.mustSubmit(w.orgs[0], "k"), w.mustSubmit(w.orgs[1], "k")
	order, err := w.svc.OrderReceipt(w.ctx, w.orgs[0].ID, with.SubmissionID)
	if err != nil {
		t.Fatal(err)
	}
	withdraw(0)
	withdraw(1)
	if n := w.count(`SELECT count(*) FROM document_standing WHERE document_id = $1 AND standing = 'revoked'`, order.ID); n != 1 {
		t.Error("the receipt of a withdrawn report is in force")
	}
	for i, id := range []uuid.UUID{with.SubmissionID, without.SubmissionID} {
		_, err := w.svc.OrderReceipt(w.ctx, w.orgs[i].ID, id)
		wantCode(t, err, http.StatusConflict, CodeReceiptVoid)
	}
}
