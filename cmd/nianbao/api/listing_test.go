package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"nianbao/cmd/nianbao/api"
	"nianbao/internal/account"
	"nianbao/review/listing"
)

// swept is a world on the day after the due day, after the sweep, with the notices issued.
func swept(t testing.TB) *world {
	t.Helper()
	w := newWorld(t, "2019-04-01")
	must[listing.SweepSummary](t)(w.listing.SweepLate(w.ctx, w.db.Now()))
	w.issue()
	return w
}

func (w *world) matter(i int) api.Listing {
	w.t.Helper()
	list := into[api.ListingList](w.get(w.filer(i), "/listings").want(http.StatusOK))
	if len(list.Items) != 1 {
		w.t.Fatalf("matters %+v", list)
	}
	return list.Items[0]
}

func (w *world) act(token string, id fmt.Stringer, act, body string) answer {
	w.t.Helper()
	return w.post(token, "/listings/"+id.String()+act, body)
}

func TestListings(t *testing.T) {
	w := swept(t)
	m := w.matter(0)
	// Sample organisations agreed to electronic service, so the notice is served on the day.
	if m.Status != "notified" || m.ServedOn == nil || m.ServedOn.String() != "2019-04-01" || m.StatementDueOn == nil ||
		m.ListedOn != nil || m.EndedOn != nil || len(m.Documents) != 1 || given(m.ReportYear) != 2018 || given(m.Basis) == "" {
		t.Errorf("matter %+v", m)
	}
	if d := m.Documents[0]; d.Kind != "prior_notice" || d.Url == nil || d.Sha256 == nil {
		t.Errorf("notice %+v", d)
	}
	w.get(w.filer(0), *m.Documents[0].Url).want(http.StatusOK)
	w.get(w.filer(1), *m.Documents[0].Url).refused(http.StatusNotFound, "not_found")

	seen := map[uuid.UUID]bool{}
	next := ""
	for {
		page := into[api.ListingList](w.get(w.reviewer(), "/listings?status=notified&limit=2&cursor="+next).want(http.StatusOK))
		for _, item := range page.Items {
			seen[item.Id] = true
		}
		if page.Next == nil {
			break
		}
		next = *page.Next
	}
	if len(seen) != len(w.orgs) {
		t.Errorf("%d matters over all pages, want %d", len(seen), len(w.orgs))
	}
	if list := into[api.ListingList](w.get(w.reviewer(), "/listings?status=listed")); len(list.Items) != 0 {
		t.Errorf("listed %+v", list)
	}
	w.get(w.reviewer(), "/listings?status=nonsense").refused(http.StatusBadRequest, "bad_parameter")
	w.get(w.reviewer(), "/listings?cursor=x").refused(http.StatusBadRequest, "bad_cursor")
}

func TestStatementAndDecision(t *testing.T) {
	w := swept(t)
	m := w.matter(0)
	w.act(w.filer(0), m.Id, "/statement", `{"text":" "}`).refused(http.StatusUnprocessableEntity, "text_missing")
	w.act(w.filer(0), m.Id, "/statement", `{"text":"系统故障"}`).want(http.StatusCreated)
	w.act(w.filer(0), m.Id, "/statement", `{"text":"再说一次"}`).refused(http.StatusConflict, "statement_made")
	for body, code := range map[string]string{
		`{"outcome":"maybe","reason":"x"}`: "outcome_not_allowed", `{"outcome":"list","reason":" "}`: "reason_missing",
		`{"outcome":"list"}`: "reason_missing", `{"outcome":"list","reason":"x","text":"y"}`: "unknown_member",
		`{"outcome":"list","reason":` + fmt.Sprintf("%q", strings.Repeat("长", 5001)) + `}`: "text_too_long",
	} {
		w.act(w.reviewer(), m.Id, "/decision", body).refused(http.StatusUnprocessableEntity, code)
	}
	listed := into[api.Listing](w.act(w.reviewer(), m.Id, "/decision", `{"outcome":"list","reason":"理由不成立"}`).want(http.StatusOK))
	if listed.Status != "listed" || listed.ListedOn == nil || listed.ListedOn.String() != "2019-04-01" || len(listed.Documents) != 2 {
		t.Errorf("listed %+v", listed)
	}
	for _, d := range listed.Documents {
		if d.Kind == "listing_decision" && (d.Url != nil || d.Sha256 != nil || d.Number == "") {
			t.Errorf("a decision whose PDF does not stand yet: %+v", d)
		}
	}
	w.act(w.reviewer(), m.Id, "/decision", `{"outcome":"withdraw","reason":"x"}`).refused(http.StatusConflict, "not_notified")
}

func TestRemoval(t *testing.T) {
	w := swept(t)
	m := w.matter(1)
	w.act(w.filer(1), m.Id, "/removal-application", `{"text":"已补报"}`).refused(http.StatusConflict, "not_listed")
	w.act(w.filer(1), m.Id, "/statement", `{"text":"说明"}`).want(http.StatusCreated)
	w.act(w.reviewer(), m.Id, "/decision", `{"outcome":"list","reason":"不成立"}`).want(http.StatusOK)
	w.act(w.reviewer(), m.Id, "/removal", `{"outcome":"refuse","reason":"x"}`).refused(http.StatusConflict, "no_application")
	w.act(w.filer(1), m.Id, "/removal-application", `{"text":"已补报"}`).want(http.StatusCreated)
	w.act(w.filer(1), m.Id, "/removal-application", `{"text":"再申请"}`).refused(http.StatusConflict, "removal_pending")
	w.act(w.reviewer(), m.Id, "/removal", `{"outcome":"maybe","reason":"x"}`).refused(http.StatusUnprocessableEntity, "outcome_not_allowed")
	w.clock.Set(noon("2019-04-10"))
	removed := into[api.Listing](w.act(w.reviewer(), m.Id, "/removal", `{"outcome":"remove","reason":"已核实"}`).want(http.StatusOK))
	if removed.Status != "removed" || removed.EndedOn == nil || removed.EndedOn.String() != "2019-04-10" {
		t.Errorf("removed %+v", removed)
	}
	byKind := map[string]api.Document{}
	for _, d := range removed.Documents {
		byKind[d.Kind] = d
	}
	decision, removal := byKind["listing_decision"], byKind["removal_decision"]
	v := into[api.Verification](w.get("", "/public/verify/"+decision.VerifyCode).want(http.StatusOK))
	if v.Valid || v.Standing != "superseded" || given(v.SupersededBy) != (api.Successor{Kind: removal.Kind, Number: removal.Number, VerifyCode: removal.VerifyCode}) {
		t.Errorf("the listing decision verifies as %+v", v)
	}
	v = into[api.Verification](w.get("", "/public/verify/"+removal.VerifyCode).want(http.StatusOK))
	if !v.Valid || v.SupersededBy != nil {
		t.Errorf("the removal verifies as %+v", v)
	}
}

func TestServiceIsRecorded(t *testing.T) {
	w := newWorld(t, "2019-04-01")
	if _, err := w.db.ExecContext(w.ctx, `UPDATE organisation SET electronic_service = false`); err != nil {
		t.Fatal(err)
	}
	must[listing.SweepSummary](t)(w.listing.SweepLate(w.ctx, w.db.Now()))
	m := w.matter(0)
	if m.ServedOn != nil || m.StatementDueOn != nil || m.Documents[0].Url != nil {
		t.Errorf("before service: %+v", m)
	}
	for body, code := range map[string]string{
		`{"how":"pigeon","served_on":"2019-04-01"}`: "bad_service", `{"how":"inbox","served_on":"2019-04-01"}`: "no_electronic_service",
		`{"how":"post","served_on":"2019-04-02"}`: "bad_served_on", `{"how":"mail","served_on":"2019-04-01"}`: "proof_missing",
		`{"how":"post"}`: "wrong_type", `{"how":"post","served_on":"2019-02-30"}`: "wrong_shape", `{"how":"post","served_on":null}`: "wrong_shape",
	} {
		w.act(w.reviewer(), m.Id, "/service", body).refused(http.StatusUnprocessableEntity, code)
	}
	served := into[api.Listing](w.act(w.reviewer(), m.Id, "/service", `{"how":"post","served_on":"2019-04-01","proof":"EMS1"}`).want(http.StatusOK))
	// Ten working days from 1 April, with Qingming (5 April) off.
	if served.ServedOn == nil || served.StatementDueOn == nil || served.StatementDueOn.String() != "2019-04-16" {
		t.Errorf("served %+v", served)
	}
	w.act(w.reviewer(), m.Id, "/service", `{"how":"post","served_on":"2019-04-01"}`).refused(http.StatusConflict, "already_served")
}

func TestAnothersMatterDoesNotExist(t *testing.T) {
	w := swept(t)
	m := w.matter(0)
	far := w.token(account.RoleFiler, string(w.far.USCC), "filer")
	stranger := w.token(account.RoleReviewer, neighbor, "外地")
	for _, id := range []string{m.Id.String(), uuid.NewString(), "x"} {
		for _, body := range []string{`{"text":"x"}`, `{"text":1}`, `{`} {
			for _, act := range []string{"/statement", "/removal-application"} {
				w.post(w.filer(1), "/listings/"+id+act, body).refused(http.StatusNotFound, "not_found")
				w.post(far, "/listings/"+id+act, body).refused(http.StatusNotFound, "not_found")
			}
		}
		for _, body := range []string{`{"outcome":"list","reason":"x"}`, `{"how":"post"}`, `{"outcome":"remove","reason":"x"}`, `{`} {
			for _, act := range []string{"/decision", "/service", "/removal"} {
				w.post(stranger, "/listings/"+id+act, body).refused(http.StatusNotFound, "not_found")
			}
		}
	}
}
