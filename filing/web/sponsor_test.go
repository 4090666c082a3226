package web_test

import (
	"net/http"
	"strings"
	"testing"

	"nianbao/filing"
	"nianbao/internal/event"
	"nianbao/internal/registry"
	"nianbao/internal/web/webtest"
)

const bureau = "试验市教育局"

// sponsored makes the season ask for the sponsor's opinion first, and gives the organisation a sponsor.
func (w *world) sponsored(org registry.Organisation) registry.Organisation {
	w.t.Helper()
	w.exec(`UPDATE season SET spec = jsonb_set(spec, '{sponsor_step}', '{"due_on": "2019-03-20"}')`)
	w.exec(`UPDATE organisation SET sponsor = $2 WHERE id = $1`, org.ID, bureau)
	org.Sponsor = bureau
	return org
}

// declareAt reads the page through and presses its button.
func declareAt(t *testing.T, b *webtest.Browser) string {
	t.Helper()
	fields := formOn(t, b.Get(submitPath).Body, submitPath)
	fields.Set("declare", "1")
	fields.Set("declarant", "测试员")
	a := b.Post(submitPath, fields)
	if a.Status != http.StatusSeeOther {
		t.Fatalf("send: %d\n%s", a.Status, textOf(a.Body))
	}
	return a.Header.Get("Location")
}

func (w *world) sponsorSays(v filing.SponsorReview, outcome, opinion string, remarks ...filing.SponsorRemark) filing.SponsorReview {
	w.t.Helper()
	given, err := w.filing.AnswerSponsor(w.ctx, filing.AnswerSponsor{AuthorityCode: authority, Sponsor: bureau, ReviewID: v.ID, Outcome: outcome,
		Opinion: opinion, Remarks: remarks, Actor: event.Actor{Kind: event.ActorPerson, ID: "s1", Name: "郭主管"}})
	if err != nil {
		w.t.Fatal(err)
	}
	return given
}

func (w *world) withSponsor(org registry.Organisation) filing.SponsorReview {
	w.t.Helper()
	o, err := filing.ObligationByYear(w.ctx, w.db, org.ID, 2018)
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := filing.LatestSponsorReview(w.ctx, w.db, o.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

func TestReportGoesToTheSponsorFirst(t *testing.T) {
	w := newWorld(t, "2019-03-18")
	org, _ := w.org(registry.TypeService)
	org = w.sponsored(org)
	w.saveWith(org, nil)
	b := w.browser(registry.TypeService)
	const sponsorPath = yearPath + "/sponsor"
	if a := b.Get(sponsorPath); a.Status != http.StatusSeeOther {
		t.Errorf("before anything was sent: %d", a.Status)
	}
	wantText(t, b.Get(submitPath).Body, "通读与送审", "声明并送业务主管单位", "2019年3月25日", "等待期间不按逾期处理")
	if to := declareAt(t, b); to != sponsorPath {
		t.Fatalf("sent on to %s", to)
	}
	first := w.withSponsor(org)
	wantText(t, b.Get(sponsorPath).Body, bureau+"还没有提出意见", "待提出意见", "已按时送出：到", "还没有人开通本系统的账号", "从业务主管单位撤回")
	wantText(t, b.Get("/filer").Body, "等待业务主管单位意见", "您现在不用做什么")
	if a := b.Get(submitPath); a.Header.Get("Location") != sponsorPath {
		t.Errorf("the page that submits while it waits: %d", a.Status)
	}
	if a := b.Post(sponsorPath+"/withdrawal", nil); a.Status != http.StatusSeeOther {
		t.Fatalf("take back: %d", a.Status)
	}
	b.Get(yearPath) // takes the notice
	wantText(t, b.Get(sponsorPath).Body, "已从"+bureau+"撤回", "修改报告")
	if a := b.Post(sponsorPath+"/withdrawal", nil); a.Status != http.StatusSeeOther {
		t.Errorf("take back twice: %d", a.Status)
	}
	wantText(t, b.Get(sponsorPath).Body, "已撤回")

	declareAt(t, b)
	w.sponsorSays(w.withSponsor(org), filing.OutcomeReturn, "请核对住所。", filing.SponsorRemark{Key: "domicile", Text: "与证书不一致"})
	wantText(t, b.Get(sponsorPath).Body, bureau+"退回了报告", "请核对住所。", "与证书不一致", "为止重新送出的，不按逾期处理", "以前送出的")
	wantText(t, b.Get("/filer").Body, "按业务主管单位的意见修改")

	declareAt(t, b)
	sent := w.withSponsor(org)
	agreed := w.sponsorSays(sent, filing.OutcomeAgree, "情况属实，同意报送。")
	if !agreed.SubmissionID.Valid || sent.SHA256 != first.SHA256 {
		t.Fatalf("%+v", agreed)
	}
	wantText(t, b.Get(sponsorPath).Body, "报告已报送登记管理机关", "查看回执")
	page := b.Get(yearPath + "/submissions/" + agreed.SubmissionID.UUID.String())
	wantText(t, page.Body, "业务主管单位", bureau, "情况属实，同意报送。", "法定代表人声明")
}

func TestSponsorIsSilent(t *testing.T) {
	w := newWorld(t, "2019-03-18")
	org, _ := w.org(registry.TypeService)
	org = w.sponsored(org)
	w.saveWith(org, nil)
	b := w.browser(registry.TypeService)
	declareAt(t, b)
	w.clock.Set(noon("2019-03-26"))
	wantText(t, b.Get("/filer").Body, "业务主管单位逾期未提出意见")
	wantText(t, b.Get(yearPath+"/sponsor").Body, "现在可以直接报送登记管理机关", "通读并报送")
	wantText(t, b.Get(submitPath).Body, bureau+"在期限内没有提出意见", "声明并报送")
	to := declareAt(t, b)
	if !strings.HasSuffix(to, "/receipt") {
		t.Fatalf("submitted on to %s", to)
	}
	wantText(t, b.Get(strings.TrimSuffix(to, "/receipt")).Body, "内没有提出意见，直接报送", "逾期未提出意见")
}

func TestSentTooLateForTheSponsor(t *testing.T) {
	w := newWorld(t, "2019-03-21")
	org, _ := w.org(registry.TypeService)
	org = w.sponsored(org)
	w.saveWith(org, nil)
	b := w.browser(registry.TypeService)
	wantText(t, b.Get(submitPath).Body, "报送期限照常计算")
	declareAt(t, b)
	wantText(t, b.Get(yearPath+"/sponsor").Body, "逾期的后果照常发生")
}
