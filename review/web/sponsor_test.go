package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"nianbao/filing"
	"nianbao/internal/event"
)

const bureau = "试验市教育局"

// sent puts a report of the i-th organisation before its sponsor.
func (w *world) sent(i int, sponsor string) filing.SponsorReview {
	w.t.Helper()
	w.db.MustExec(`UPDATE organisation SET sponsor = $2 WHERE id = $1`, w.orgs[i].ID, sponsor)
	w.orgs[i].Sponsor = sponsor
	v, err := w.filing.SendToSponsor(w.t.Context(), filing.SendToSponsor{OrganisationID: w.orgs[i].ID, Year: 2018, Body: w.body(w.orgs[i], 2018, 1, nil),
		Actor: event.Actor{Kind: event.ActorPerson, ID: "p", Name: "张会计"}})
	must(w.t, err)
	return v
}

func TestSponsorGivesItsOpinion(t *testing.T) {
	w := newWorld(t, "2019-03-18", "sponsor_step: {due_on: 2019-03-20}")
	agreed, back, foreign := w.sent(0, bureau), w.sent(1, bureau), w.sent(2, "试验市卫生局")
	guo, lin := w.browser("sponsor@x.example"), w.browser("lin@x.example")
	says(t, "the queue", page(t, guo, "/desk/sponsor"), bureau, w.orgs[0].Name, w.orgs[1].Name, "还剩 5 个工作日", "待提出意见 2")
	path := "/desk/sponsor/" + agreed.ID.String()
	says(t, "the case", page(t, guo, path), w.orgs[0].Name, "提出意见的期限：", "张会计", agreed.SHA256, `href="`+path+`/opinion"`)
	for _, p := range []string{"/desk/sponsor/" + foreign.ID.String(), "/desk/sponsor/" + foreign.ID.String() + "/opinion", "/desk/sponsor/x", path + "/attachments/x"} {
		if a := guo.Get(p); a.Status != http.StatusNotFound {
			t.Errorf("%s: %d, want 404", p, a.Status)
		}
	}
	for _, p := range []string{"/desk/sponsor", path} {
		if a := lin.Get(p); a.Status != http.StatusForbidden {
			t.Errorf("a reviewer at %s: %d", p, a.Status)
		}
	}
	if a := guo.Post(path+"/opinion", url.Values{}); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("no choice: %d", a.Status)
	}
	other := "/desk/sponsor/" + back.ID.String()
	if a := guo.Post(other+"/opinion", url.Values{"outcome": {"return"}}); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("a return that is mute: %d", a.Status)
	}
	guo.Post(other+"/opinion", url.Values{"outcome": {"return"}, "opinion": {"请补充业务活动情况。"}})
	says(t, "the returned one", page(t, guo, other), "已退回", "请补充业务活动情况。")
	guo.Post(path+"/opinion", url.Values{"outcome": {"agree"}, "opinion": {"情况属实，同意报送。"}})
	says(t, "the agreed one", page(t, guo, path), "同意报送", "报告已报送登记管理机关")
	if a := guo.Post(path+"/opinion", url.Values{"outcome": {"return"}, "opinion": {"再改"}}); a.Status != http.StatusConflict {
		t.Errorf("a second opinion: %d", a.Status)
	}
	v, err := filing.LatestSponsorReview(t.Context(), w.db, agreed.ObligationID)
	must(t, err)
	says(t, "the reviewer's case", page(t, lin, "/desk/reviews/"+v.SubmissionID.UUID.String()), "业务主管单位意见", bureau, "情况属实，同意报送。")
	says(t, "the queue afterwards", page(t, guo, "/desk/sponsor?status=agreed"), w.orgs[0].Name)
}

func TestSponsorWithoutANameSeesNothing(t *testing.T) {
	w := newWorld(t, "2019-03-18", "sponsor_step: {due_on: 2019-03-20}")
	w.sent(0, bureau)
	says(t, "a sign-in that names no sponsor", page(t, w.browser("nameless@x.example"), "/desk/sponsor"), "还没有登记所代表的业务主管单位")
}
