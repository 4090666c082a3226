package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/uuid"

	"nianbao/filing/form"
	"nianbao/internal/event"
	"nianbao/review/listing"
)

// changeText alters a long text of a service organisation's report.
func changeText(v form.Values) {
	for _, key := range []string{"work_report", "activity_summary", "report_summary"} {
		if s, ok := v[key].(string); ok {
			v[key] = s + "改过的内容"
			return
		}
	}
	longest := ""
	for key, value := range v {
		if s, ok := value.(string); ok && len(s) > len(v.Text(longest)) {
			longest = key
		}
	}
	v[longest] = v.Text(longest) + "改过的内容"
}

func (w *world) sweep() {
	w.t.Helper()
	w.db.MustExec(`UPDATE organisation SET electronic_service = false WHERE id = $1`, w.orgs[5].ID)
	_, err := w.listings.SweepLate(w.t.Context(), w.db.Now())
	must(w.t, err)
}

func (w *world) text(query string, args ...any) (s string) {
	w.t.Helper()
	must(w.t, w.db.GetContext(w.t.Context(), &s, query, args...))
	return s
}

// TestMatter goes through a matter: service by post, a statement, the listing, a refused and a granted removal.
func TestMatter(t *testing.T) {
	w := newWorld(t, "2019-04-01")
	w.sweep()
	w.issue()
	id := w.text(`SELECT id FROM listing WHERE organisation_id = $1`, w.orgs[5].ID)
	path := "/desk/listings/" + id
	b := w.browser("lin@x.example")
	says(t, "the list", page(t, b, "/desk/listings?status=notified"), w.orgs[5].Name, "告知书还没有送达记录")
	says(t, "the matter", page(t, b, path), "没有记录", "登记列入活动异常名录事先告知书的送达", "决定列入或者终止")
	body := page(t, b, path+"/service")
	if strings.Contains(body, `value="inbox"`) {
		t.Error("the inbox is offered where nobody agreed to it")
	}
	for name, form := range map[string]url.Values{
		"no date":     {"how": {"post"}},
		"a later day": {"how": {"post"}, "served_on": {"2019-05-01"}},
		"no proof":    {"how": {"mail"}, "served_on": {"2019-04-01"}},
	} {
		if a := b.Post(path+"/service", form); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "nb-field__error") {
			t.Errorf("service with %s: %d", name, a.Status)
		}
	}
	if a := b.Post(path+"/service", url.Values{"how": {"post"}, "served_on": {"2019-04-01"}, "proof": {"XA1"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("record service: %d", a.Status)
	}
	says(t, "the served matter", page(t, b, path), "2019年4月1日", "答复期到2019年4月16日（星期二）")
	if a := b.Post(path+"/decision", url.Values{"outcome": {"list"}, "reason": {"x"}}); a.Status != http.StatusConflict {
		t.Errorf("listing inside the answer time: %d", a.Status)
	}
	_, err := w.listings.MakeStatement(t.Context(), listing.Plea{ListingID: uuid.MustParse(id), OrganisationID: w.orgs[5].ID, Text: "因搬迁延误", Actor: event.System("test")})
	must(t, err)
	says(t, "the answered matter", page(t, b, path), "因搬迁延误", "有陈述申辩，等待决定")
	says(t, "the decision", page(t, b, path+"/decision"), "因搬迁延误", "列入活动异常名录", "能否反悔")
	if a := b.Post(path+"/decision", url.Values{"outcome": {"list"}}); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("listing without a reason: %d", a.Status)
	}
	if a := b.Post(path+"/decision", url.Values{"outcome": {"list"}, "reason": {"理由不成立"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("list: %d", a.Status)
	}
	w.issue()
	listed := page(t, b, path)
	says(t, "the listed matter", listed, "列入活动异常名录决定书", "决定移出", "撤销错误的列入", "理由不成立")
	if n := strings.Count(listed, "已列入"); n != 1 || strings.Contains(listed, "在列") || strings.Contains(listed, "nb-case__win") {
		t.Errorf("the listed matter says so %d times, or names a next step where nobody has one", n)
	}
	page(t, b, path+"/removal")
	if a := b.Post(path+"/removal", url.Values{"outcome": {"refuse"}, "reason": {"x"}}); a.Status != http.StatusConflict {
		t.Errorf("refusing what nobody asked for: %d", a.Status)
	}
	_, err = w.listings.ApplyRemoval(t.Context(), listing.Plea{ListingID: uuid.MustParse(id), OrganisationID: w.orgs[5].ID, Text: "已经补报", Actor: event.System("test")})
	must(t, err)
	const waits = "有移出申请，最迟2019年4月9日（星期二）决定" // five working days, Qingming among them
	says(t, "the matter that asks for removal", page(t, b, path), waits, "已经补报")
	says(t, "the list", page(t, b, "/desk/listings?status=listed"), waits)
	if a := b.Post(path+"/removal", url.Values{"outcome": {"remove"}, "reason": {"已补报"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("remove: %d", a.Status)
	}
	removed := page(t, b, path)
	says(t, "the removed matter", removed, "移出活动异常名录决定书", "已决定：移出", "效力已终止")
	if strings.Contains(removed, "nb-case__win") {
		t.Error("a matter that ended names a next step")
	}
	says(t, "the spot checks", page(t, b, "/desk/spot-checks"), w.orgs[5].Name)
	says(t, "the penalty cases", page(t, b, "/desk/penalties"), w.orgs[5].Name)
}

func TestAnnulment(t *testing.T) {
	w := newWorld(t, "2019-04-01")
	w.sweep()
	w.issue()
	w.clock.Set(noon(t, "2019-04-20"))
	_, err := w.listings.AdvanceListings(t.Context(), w.db.Now())
	must(t, err)
	path := "/desk/listings/" + w.text(`SELECT id FROM listing WHERE status = 'listed' LIMIT 1`)
	b := w.browser("lin@x.example")
	says(t, "the annulment", page(t, b, path+"/annulment"), "视为从未列入")
	if a := b.Post(path+"/annulment", url.Values{}); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("annul without a reason: %d", a.Status)
	}
	if a := b.Post(path+"/annulment", url.Values{"reason": {"认定错误"}}); a.Status != http.StatusSeeOther {
		t.Fatalf("annul: %d", a.Status)
	}
	if n := w.count(`SELECT count(*) FROM listing WHERE status = 'annulled'`); n != 1 {
		t.Errorf("%d annulled", n)
	}
	if a := w.browser("he@x.example").Post(path+"/annulment", url.Values{"reason": {"x"}}); a.Status != http.StatusForbidden {
		t.Errorf("an approver annuls: %d", a.Status)
	}
}
