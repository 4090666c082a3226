package filing

import (
	"errors"
	"net/http"
	"sync"
	"testing"

	"nianbao/internal/event"
)

// Of many who remind on one day one does; the next day somebody may again; what
// stands needs nobody.
func TestAskToSubmit(t *testing.T) {
	w := newWorld(t, "2019-03-20", 2)
	w.importSeason()
	org := w.orgs[1]
	ask := func() error {
		return w.svc.AskToSubmit(w.ctx, AskToSubmit{OrganisationID: org.ID, Year: 2018, Actor: filer})
	}
	var wait sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wait.Go(func() { errs[i] = ask() })
	}
	wait.Wait()
	asked := 0
	for _, err := range errs {
		var state *StateError
		switch {
		case err == nil:
			asked++
		case !errors.As(err, &state):
			t.Errorf("ask: %v", err)
		}
	}
	if asked != 1 || w.events()[event.SubmissionAskedKind] != 1 {
		t.Errorf("%d of %d asked, %d events", asked, len(errs), w.events()[event.SubmissionAskedKind])
	}
	wantCode(t, ask(), http.StatusConflict, CodeAlreadyAsked)
	w.at("2019-03-21")
	if at, err := AskedToSubmit(w.ctx, w.db, w.obligation(org).ID); err != nil || !at.IsZero() {
		t.Errorf("asked today: %v, %v", at, err)
	}
	if err := ask(); err != nil {
		t.Errorf("the next day: %v", err)
	}
	w.at("2019-03-22")
	w.mustSubmit(org, "k")
	wantCode(t, ask(), http.StatusConflict, CodeAlreadySubmitted)
}
