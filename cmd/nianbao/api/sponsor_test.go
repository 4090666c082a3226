package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/cmd/nianbao/api"
	"nianbao/internal/account"
)

// sentTo puts a report of the city's first organisation before a sponsor, and gives its id.
func (w *world) sentTo(sponsor string) string {
	w.t.Helper()
	var id string
	err := w.db.GetContext(w.ctx, &id, `INSERT INTO sponsor_review (id, obligation_id, authority_code, organisation_id, report_year, sponsor, form,
			form_version, check_set_version, body, sha256, findings, warnings, attachments, sent_at, due_on, due_provisional, in_time, actor_kind,
			actor_id, actor_name)
		SELECT gen_random_uuid(), id, authority_code, organisation_id, report_year, $2, form, 1, '', '{"values":{}}', repeat('a', 64), '[]', 0,
			'[]', now(), '2019-03-20', false, true, 'person', 'p', '林晓' FROM obligation WHERE organisation_id = $1 RETURNING id`, w.orgs[0].ID, sponsor)
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

const bureau = "试点市教育局"

// sponsored gives the organisation a sponsor and its season the step.
func (w *world) sponsored(i int) {
	w.t.Helper()
	w.db.MustExec(`UPDATE organisation SET sponsor = $2 WHERE id = $1`, w.orgs[i].ID, bureau)
	w.db.MustExec(`UPDATE season SET spec = jsonb_set(spec, '{sponsor_step}', '{"due_on": "2019-03-20"}') WHERE authority_code = $1`, city)
	w.orgs[i].Sponsor = bureau
}

func TestSponsorStep(t *testing.T) {
	w := newWorld(t, "2019-03-01")
	w.sponsored(0)
	const path = "/reports/2018/sponsor-request"
	filer, sponsor := w.filer(0), w.token(account.RoleSponsor, city, bureau)
	stranger := w.token(account.RoleSponsor, city, "试点市卫生局")
	body := w.report(0, 1)
	w.do(call{token: filer, method: http.MethodPost, path: "/api/v1/reports/2018/submissions", body: body, header: http.Header{"Idempotency-Key": {"1"}}}).
		refused(http.StatusConflict, "sponsor_opinion_missing")
	w.post(filer, path, nil).refused(http.StatusNotFound, "not_found") // neither body nor draft
	w.post(filer, path, `{"values":{}}`).refused(http.StatusUnprocessableEntity, "form_checks_failed")
	sent := into[api.SponsorReview](w.post(filer, path, string(body)).want(http.StatusCreated))
	if sent.Status != "pending" || sent.Sponsor != bureau || sent.DueOn.String() != "2019-03-20" || !sent.InTime || sent.SubmissionId != nil || sent.AnsweredAt != nil {
		t.Errorf("%+v", sent)
	}
	w.post(filer, path, string(body)).refused(http.StatusConflict, "sponsor_pending")

	queue := into[api.SponsorReviewList](w.get(sponsor, "/sponsor/reviews").want(http.StatusOK))
	if len(queue.Items) != 1 || queue.Items[0].Organisation.Uscc != string(w.orgs[0].USCC) || queue.Next != nil {
		t.Fatalf("%+v", queue)
	}
	if others := into[api.SponsorReviewList](w.get(stranger, "/sponsor/reviews").want(http.StatusOK)); len(others.Items) != 0 {
		t.Errorf("another sponsor sees %+v", others)
	}
	w.get(sponsor, "/sponsor/reviews?status=lost").refused(http.StatusBadRequest, "bad_parameter")
	one := "/sponsor/reviews/" + sent.Id.String()
	w.get(stranger, one).refused(http.StatusNotFound, "not_found")
	if found := into[api.SponsorCase](w.get(sponsor, one).want(http.StatusOK)); !strings.Contains(string(found.Body), string(w.orgs[0].USCC)) || found.Review.Sha256 != sent.Sha256 || found.Review.Id != sent.Id {
		t.Errorf("another body: %s", clipped(found.Body))
	}
	w.post(sponsor, one+"/opinion", `{"outcome":"perhaps"}`).refused(http.StatusUnprocessableEntity, "outcome_not_allowed")
	w.post(sponsor, one+"/opinion", `{"outcome":"return"}`).refused(http.StatusUnprocessableEntity, "opinion_missing")
	w.post(sponsor, one+"/opinion", `{"outcome":"return","remarks":[{"key":"nothing","text":"改"}]}`).refused(http.StatusUnprocessableEntity, "unknown_key")
	w.post(stranger, one+"/opinion", `{"outcome":"agree"}`).refused(http.StatusNotFound, "not_found")
	back := into[api.SponsorReview](w.post(sponsor, one+"/opinion", `{"outcome":"return","remarks":[{"key":"domicile","text":"与证书不一致"}]}`).want(http.StatusOK))
	if back.Status != "returned" || len(back.Remarks) != 1 || *back.Remarks[0].Key != "domicile" || back.AnsweredBy == nil || *back.AnsweredBy != bureau {
		t.Errorf("%+v", back)
	}
	w.post(filer, path+"/withdrawal", nil).refused(http.StatusConflict, "sponsor_review_ended")

	again := into[api.SponsorReview](w.post(filer, path, string(w.report(0, 2))).want(http.StatusCreated))
	agreed := into[api.SponsorReview](w.post(sponsor, "/sponsor/reviews/"+again.Id.String()+"/opinion", `{"outcome":"agree","opinion":"同意报送。"}`).want(http.StatusOK))
	if agreed.Status != "agreed" || agreed.SubmissionId == nil || agreed.NotSubmitted != "" {
		t.Fatalf("%+v", agreed)
	}
	reviewed := into[api.Review](w.get(w.reviewer(), "/reviews/"+agreed.SubmissionId.String()).want(http.StatusOK))
	if reviewed.SponsorOpinion == nil {
		t.Fatal("the reviewer does not see the opinion")
	}
	if diff := cmp.Diff(agreed, *reviewed.SponsorOpinion); diff != "" {
		t.Errorf("the reviewer sees another opinion:\n%s", diff)
	}
	if all := into[api.SponsorReviewList](w.get(filer, path).want(http.StatusOK)); len(all.Items) != 2 || all.Items[0].Id != again.Id {
		t.Errorf("%+v", all)
	}
	w.get(w.reviewer(), "/sponsor/reviews").refused(http.StatusForbidden, "forbidden")
}
