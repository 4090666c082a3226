package api_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"nianbao/cmd/nianbao/api"
	"nianbao/internal/clock"
)

func TestForms(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	for _, code := range w.forms.Codes() {
		a := w.get("", "/forms/"+code).want(http.StatusOK)
		var form struct {
			Form     string
			Sections []struct{ Fields []map[string]any }
		}
		if form = into[struct {
			Form     string
			Sections []struct{ Fields []map[string]any }
		}](a); form.Form != code || len(form.Sections) == 0 {
			t.Errorf("form %s: %s", code, clipped(a.Body))
		}
		same := w.do(call{method: http.MethodGet, path: "/forms/" + code, header: http.Header{"If-None-Match": {a.Header.Get("ETag")}}})
		if same.Status != http.StatusNotModified {
			t.Errorf("asked again: %d", same.Status)
		}
		schema := w.get("", "/forms/"+code+"/schema").want(http.StatusOK)
		if got := schema.Header.Get("Content-Type"); got != "application/schema+json" || !strings.Contains(string(schema.Body), "2020-12") {
			t.Errorf("schema as %s", got)
		}
	}
	w.get("", "/forms/none").refused(http.StatusNotFound, "not_found")
	w.get("", "/forms/none/schema").refused(http.StatusNotFound, "not_found")
	w.get("", "/forms/%FF").refused(http.StatusNotFound, "not_found")
}

func TestPublicEvents(t *testing.T) {
	w := newWorld(t, "2019-01-21")
	w.decide(w.submitted(0).SubmissionId, `{"outcome":"pass","opinion":"内部意见"}`).want(http.StatusOK)
	w.issue()
	w.sequence()
	var seen []int64
	after := int64(0)
	for {
		list := into[api.PublicEventList](w.get("", fmt.Sprintf("/public/events?limit=2&after=%d", after)).want(http.StatusOK))
		for _, e := range list.Items {
			seen = append(seen, e.Position)
			if given(e.Title) == "" {
				t.Errorf("event without a title: %+v", e)
			}
		}
		if len(list.Items) == 0 {
			if list.Next != after {
				t.Errorf("next %d of an empty page after %d", list.Next, after)
			}
			break
		}
		after = list.Next
	}
	for i, position := range seen {
		if position != int64(i+1) {
			t.Fatalf("positions %v", seen)
		}
	}
	all := w.get("", "/public/events?limit=200")
	if len(seen) < 4 || strings.Contains(string(all.Body), "内部意见") || strings.Contains(string(all.Body), w.orgs[0].ContactEmail) {
		t.Errorf("%d events\n%s", len(seen), clipped(all.Body))
	}
}

func TestDescriptionIsServed(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	a := w.get("", "/api/openapi.yaml").want(http.StatusOK)
	if string(a.Body) != string(api.OpenAPI) || !strings.HasPrefix(a.Header.Get("Content-Type"), "application/yaml") {
		t.Errorf("%s, %d bytes", a.Header.Get("Content-Type"), len(a.Body))
	}
}

// demonstration gives a world whose clock can be moved.
func demonstration(w *world) {
	w.travel = func(_ context.Context, to time.Time) ([]clock.Ran, error) {
		w.clock.Set(to)
		return nil, nil
	}
}

func TestDemoClock(t *testing.T) {
	var asked time.Time
	w := newWorld(t, "2019-01-20", func(w *world) {
		w.travel = func(_ context.Context, to time.Time) ([]clock.Ran, error) {
			switch asked = to; {
			case to.Before(w.clock.Now()):
				return nil, fmt.Errorf("travel: %w", clock.ErrBackwards)
			case to.Year() == 2030:
				return nil, clock.ErrTravelling
			}
			w.clock.Set(to)
			return []clock.Ran{{Job: "sweep-late", At: to.Add(-time.Hour).UTC(), Summary: "3"}, {Job: "remind", At: to, Error: "x"}}, nil
		}
	})
	a := w.post("", "/demo/clock", `{"now":"2019-04-01T00:30:00+08:00"}`).want(http.StatusOK)
	want := `{"now":"2019-04-01T00:30:00+08:00","ran":[{"at":"2019-03-31T23:30:00+08:00","job":"sweep-late","summary":"3"},` +
		`{"at":"2019-04-01T00:30:00+08:00","error":"x","job":"remind","summary":""}]}`
	if got := strings.TrimSpace(string(a.Body)); got != want {
		t.Errorf("answer\n%s\nwant\n%s", got, want)
	}
	w.post("", "/demo/clock", `{"now":"2019-03-31T15:00:00Z"}`).refused(http.StatusConflict, "clock_backwards")
	w.post("", "/demo/clock", `{"now":"2030-01-01T00:00:00+08:00"}`).refused(http.StatusConflict, "clock_travelling")
	asked = time.Time{}
	for body, status := range map[string]int{`{}`: 422, `{"now":"2019-05-01"}`: 422, `{"now":1}`: 422, `{"now":"2019-05-01T00:00:00"}`: 422,
		`{"now":null}`: 422, `{"to":"2019-05-01T00:00:00+08:00"}`: 422, `now`: 400, ``: 400} {
		w.post("", "/demo/clock", []byte(body)).want(status)
	}
	if !asked.IsZero() {
		t.Errorf("the clock was moved to %s", asked)
	}
}

func TestNoDemoClockOutsideADemonstration(t *testing.T) {
	w := newWorld(t, "2019-01-20")
	w.post("", "/demo/clock", `{"now":"2019-04-01T00:30:00+08:00"}`).refused(http.StatusNotFound, "not_found")
}
