package filing

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

func TestSponsorThatIsSilent(t *testing.T) {
	w := sponsoredWorld(t, "2019-03-19", 2)
	sent, other := w.mustSend(0, 1), w.mustSend(1, 1)
	if sent.DueOn != day("2019-03-26") {
		t.Fatalf("due on %s", sent.DueOn)
	}
	w.at("2019-03-26")
	_, err := w.direct(0, 1, "early")
	wantCode(t, err, 409, CodeSponsorMissing)
	w.at("2019-03-27")
	receipt, err := w.direct(0, 3, "late") // it may be mended: nobody has agreed to anything
	if err != nil {
		t.Fatalf("without the opinion: %v", err)
	}
	under, err := SubmissionOpinion(w.ctx, w.db, receipt.SubmissionID)
	if err != nil || under.ID != sent.ID || under.Status != SponsorLapsed {
		t.Errorf("the lack is not on record: %+v, %v", under, err)
	}
	_, err = w.opine(sent, nil)
	wantCode(t, err, 409, CodeSponsorEnded)
	if v, err := w.opine(other, nil); err != nil || !v.SubmissionID.Valid {
		t.Errorf("a late answer is still an answer: %+v, %v", v, err)
	}
	if _, err := w.svc.Withdraw(w.ctx, Withdraw{OrganisationID: w.orgs[0].ID, Year: 2018, Actor: filer}); err != nil {
		t.Fatal(err)
	}
	_, err = w.direct(0, 1, "another body")
	wantCode(t, err, 409, CodeSponsorMissing)
	if _, err := w.direct(0, 3, "the same body"); err != nil {
		t.Errorf("the body that was taken without the opinion: %v", err)
	}
	if n := w.events()[event.SponsorLapsedKind]; n != 1 {
		t.Errorf("%d lapses told", n)
	}
}

func TestWatchSponsors(t *testing.T) {
	w := sponsoredWorld(t, "2019-03-01", 3)
	for i := range 3 {
		w.mustSend(i, 1)
	}
	if _, err := w.svc.TakeBack(w.ctx, TakeBack{w.orgs[2].ID, 2018, filer}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, on := range []string{"2019-03-14", "2019-03-15", "2019-03-16", "2019-03-18", "2019-03-19", "2019-03-20", "2019-03-21", "2019-03-22"} {
		w.at(on)
		for range 2 { // twice: the second time does nothing
			sum, err := w.svc.WatchSponsors(w.ctx, w.db.Now())
			if err != nil {
				t.Fatal(err)
			}
			if sum != (SponsorWatchSummary{}) {
				got = append(got, fmt.Sprintf("%s %s", on, sum))
			}
		}
		if on == "2019-03-18" {
			w.exemptWithSponsor(1)
		}
	}
	want := []string{"2019-03-15 2 answers of sponsors are due soon, 0 are overdue",
		"2019-03-19 1 answers of sponsors are due soon, 0 are overdue", "2019-03-21 0 answers of sponsors are due soon, 1 are overdue"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := w.events(); n[event.SponsorWarnedKind] != 3 || n[event.SponsorPassedKind] != 1 {
		t.Errorf("%v", n)
	}
}

// exemptWithSponsor frees an organisation while its report is with the sponsor.
func (w *world) exemptWithSponsor(i int) {
	w.t.Helper()
	if _, err := w.svc.Exempt(w.ctx, Exempt{authority, w.obligation(w.orgs[i]).ID, "已停止活动", reviewer}); err != nil {
		w.t.Fatal(err)
	}
	v, err := LatestSponsorReview(w.ctx, w.db, w.obligation(w.orgs[i]).ID)
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = w.opine(v, nil)
	wantCode(w.t, err, 409, CodeAlreadyConcluded)
}

func TestSponsorSeesItsOwn(t *testing.T) {
	w := sponsoredWorld(t, "2019-03-01", 5)
	w.orgs[4].Sponsor = "试点市卫生局"
	w.exec(`UPDATE organisation SET sponsor = $2 WHERE id = $1`, w.orgs[4].ID, w.orgs[4].Sponsor)
	sent := make([]SponsorReview, 5)
	for i := range sent {
		sent[i] = w.mustSend(i, 1)
	}
	mine := SponsorScope{authority, bureau}
	if _, err := w.opine(sent[3], returning); err != nil {
		t.Fatal(err)
	}
	seen := w.pageThrough(SponsorQuery{SponsorScope: mine, Limit: 2})
	if diff := cmp.Diff([]uuid.UUID{sent[0].ID, sent[1].ID, sent[2].ID}, seen); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]uuid.UUID{sent[3].ID}, w.pageThrough(SponsorQuery{SponsorScope: mine, Limit: 1, Status: SponsorReturned})); diff != "" {
		t.Error(diff)
	}
	counts, err := CountSponsorReviews(w.ctx, w.db, mine)
	if diff := cmp.Diff(map[SponsorStatus]int{SponsorPending: 3, SponsorReturned: 1}, counts); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for name, scope := range map[string]SponsorScope{"nobody": {authority, ""}, "of another authority": {"440104", bureau}} {
		if page, err := ListSponsorReviews(w.ctx, w.db, SponsorQuery{SponsorScope: scope}); err != nil || len(page.Items) != 0 {
			t.Errorf("%s: %+v, %v", name, page, err)
		}
	}
	if _, err := SentToSponsor(w.ctx, w.db, mine, sent[4].ID); !errors.Is(err, ErrSponsorReviewNotFound) {
		t.Errorf("another's report: %v", err)
	}
	got, err := SentToSponsor(w.ctx, w.db, mine, sent[0].ID)
	if err != nil || string(got.Body) != string(w.body(w.orgs[0], 2018, 1)) || got.Declaration == nil || got.Findings == nil || got.Files == nil {
		t.Errorf("%+v, %v", got, err)
	}
	for _, cursor := range []string{"x", "e30", sponsorCursor(SponsorAgreed, &SponsorItem{SponsorReview: sent[0]})} {
		if _, err := ListSponsorReviews(w.ctx, w.db, SponsorQuery{SponsorScope: mine, Cursor: cursor}); !errors.Is(err, ErrCursor) {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
}

func (w *world) pageThrough(ask SponsorQuery) []uuid.UUID {
	w.t.Helper()
	var seen []uuid.UUID
	for {
		page, err := ListSponsorReviews(w.ctx, w.db, ask)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, item := range page.Items {
			seen = append(seen, item.ID)
			if item.OrganisationName == "" || item.OrganisationType == registry.Type("") {
				w.t.Errorf("%+v", item)
			}
		}
		if ask.Cursor = page.Next; ask.Cursor == "" {
			return seen
		}
	}
}

func TestSponsorStatusWords(t *testing.T) {
	for _, s := range SponsorStatuses() {
		if s.Label() == "" || !s.Valid() || sponsorEnded(s).Detail() == "" {
			t.Errorf("%q has no words", s)
		}
	}
	if SponsorStatus("lost").Valid() {
		t.Error("a word that is no status is valid")
	}
}

func TestWaitingIsToldOnlyWhereItMatters(t *testing.T) {
	for name, tt := range map[string]struct{ overdueAfter, heldUntil, want string }{
		"beyond the due day":        {"2019-03-31", "2019-04-04", "2019-04-04"},
		"within an extension":       {"2019-05-31", "2019-04-04", ""},
		"the due day itself":        {"2019-03-31", "2019-03-31", ""},
		"not held":                  {"2019-03-31", "", ""},
		"nothing owed, still noted": {"", "2019-04-04", ""},
	} {
		var o Obligation
		var want workday.Date
		for text, to := range map[*string]*workday.Date{&tt.overdueAfter: &o.OverdueAfter, &tt.heldUntil: &o.HeldUntil, &tt.want: &want} {
			if *text != "" {
				*to = day(*text)
			}
		}
		if got := o.WaitsUntil(); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}
