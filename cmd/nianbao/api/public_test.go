package api_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"nianbao/cmd/nianbao/api"
	"nianbao/review/listing"
)

// listed is a world in which the first organisation was listed on 2019-04-17 and removed on 2019-05-06.
func listed(t testing.TB) *world {
	t.Helper()
	w := swept(t)
	w.clock.Set(noon("2019-04-17"))
	must[listing.AdvanceSummary](t)(w.listing.AdvanceListings(w.ctx, w.db.Now()))
	w.issue()
	w.clock.Set(noon("2019-05-06"))
	w.act(w.reviewer(), w.matter(0).Id, "/removal", `{"outcome":"remove","reason":"已补报并核实"}`).want(http.StatusOK)
	w.issue()
	return w
}

func TestPublicSearchAndEntry(t *testing.T) {
	w := listed(t)
	first := into[api.PublicOrganisationList](w.get("", "/public/organisations?limit=3").want(http.StatusOK))
	if len(first.Items) != 3 || first.Next == nil {
		t.Fatalf("first page %+v", first)
	}
	rest := into[api.PublicOrganisationList](w.get("", "/public/organisations?limit=3&cursor="+url.QueryEscape(*first.Next)).want(http.StatusOK))
	if len(rest.Items) != 1 || rest.Next != nil {
		t.Errorf("second page %+v", rest)
	}
	byName := into[api.PublicOrganisationList](w.get("", "/public/organisations?q="+url.QueryEscape(w.orgs[1].Name)).want(http.StatusOK))
	if len(byName.Items) != 1 || byName.Items[0].Uscc != string(w.orgs[1].USCC) || byName.Items[0].Standing != "abnormal" || byName.Items[0].Authority != city {
		t.Errorf("found by name: %+v", byName)
	}
	entry := into[api.PublicOrganisation](w.get("", "/public/organisations/"+string(w.orgs[0].USCC)).want(http.StatusOK))
	if given(entry.Standing) != "normal" || entry.Authority.Name != "试点市民政局" || len(entry.Filings) != 1 || !entry.Filings[0].Overdue ||
		len(entry.Listings) != 1 || entry.Listings[0].EndedOn == nil || len(given(entry.SpotChecks)) != 1 {
		t.Errorf("entry %+v", entry)
	}
	lower := into[api.PublicOrganisation](w.get("", "/public/organisations/"+strings.ToLower(string(w.orgs[0].USCC))).want(http.StatusOK))
	if diff := cmp.Diff(entry, lower); diff != "" {
		t.Errorf("the code in small letters:\n%s", diff)
	}
	w.get("", "/public/organisations/"+strings.Repeat("9", 18)).refused(http.StatusNotFound, "not_found")
	w.get("", "/public/organisations/%E4%B8%AD%00").refused(http.StatusNotFound, "not_found")
}

func TestPublicEntryOfAConcludedReport(t *testing.T) {
	w := newWorld(t, "2019-01-21")
	w.decide(w.submitted(0).SubmissionId, `{"outcome":"pass"}`).want(http.StatusOK)
	entry := into[api.PublicOrganisation](w.get("", "/public/organisations/"+string(w.orgs[0].USCC)).want(http.StatusOK))
	f := entry.Filings[0]
	if f.Status != "passed" || f.Conclusion == nil || f.Conclusion.Number == "" || f.ReceivedAt == nil {
		t.Errorf("filing %+v", f)
	}
}

func TestPublicListsAsOfADay(t *testing.T) {
	w := listed(t)
	tests := []struct {
		list, on string
		count    int
	}{
		{"abnormal-list", "2019-04-16", 0},
		{"abnormal-list", "2019-04-17", 4}, // listed_on is the first day on the list
		{"abnormal-list", "2019-05-05", 4},
		{"abnormal-list", "2019-05-06", 3}, // ended_on is the first day off it
		{"abnormal-list", "", 3},
		{"spot-check-list", "2019-03-31", 0},
		{"spot-check-list", "2019-04-01", 4}, // public at once
		{"spot-check-list", "", 4},
	}
	for _, tt := range tests {
		on := ""
		if tt.on != "" {
			on = "&on=" + tt.on
		}
		list := into[api.PublicListingList](w.get("", "/public/"+tt.list+"?limit=200"+on).want(http.StatusOK))
		if len(list.Items) != tt.count || list.Next != nil {
			t.Errorf("%s on %s: %d rows, want %d", tt.list, tt.on, len(list.Items), tt.count)
		}
		rows := must[[][]string](t)(csv.NewReader(bytes.NewReader(w.get("", "/public/"+tt.list+".csv?x=1"+on).want(http.StatusOK).Body)).ReadAll())
		if len(rows) != tt.count+1 || !strings.HasPrefix(rows[0][0], "\ufeff") {
			t.Errorf("%s.csv on %s: %d rows, head %q", tt.list, tt.on, len(rows), rows[0][0])
		}
	}
	near := into[api.PublicListingList](w.get("", "/public/abnormal-list?authority="+neighbor).want(http.StatusOK))
	if len(near.Items) != 1 || given(near.Items[0].Authority) != neighbor || near.Items[0].Document == nil {
		t.Errorf("the neighbour's list %+v", near)
	}
	for query, code := range map[string]string{"on=2019-13-01": "bad_parameter", "on=": "bad_parameter", "on=20190401": "bad_parameter",
		"cursor=x": "bad_cursor", "limit=500": "bad_parameter"} {
		w.get("", "/public/abnormal-list?"+query).refused(http.StatusBadRequest, code)
	}
}

func TestPublicListPages(t *testing.T) {
	w := listed(t)
	seen := map[string]bool{}
	next := ""
	for {
		page := into[api.PublicListingList](w.get("", "/public/abnormal-list?limit=2&cursor="+url.QueryEscape(next)).want(http.StatusOK))
		for _, item := range page.Items {
			seen[item.Organisation.Uscc] = true
		}
		if page.Next == nil {
			break
		}
		next = *page.Next
	}
	if len(seen) != 3 {
		t.Errorf("%d organisations over all pages, want 3", len(seen))
	}
}

func TestPublicWorkbook(t *testing.T) {
	w := listed(t)
	a := w.get("", "/public/abnormal-list.xlsx?authority="+city).want(http.StatusOK)
	if got := a.Header.Get("Content-Disposition"); got != "attachment; filename*=UTF-8''abnormal-list-2019-05-06.xlsx" {
		t.Errorf("saved as %s", got)
	}
	book, err := excelize.OpenReader(bytes.NewReader(a.Body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = book.Close() }()
	rows := must[[][]string](t)(book.GetRows("活动异常名录"))
	if len(rows) != 3 {
		t.Errorf("%d rows, want a head and 2 organisations", len(rows))
	}
	w.get("", "/public/spot-check-list.xlsx").want(http.StatusOK)
	w.get("", "/public/abnormal-list.xlsx?on=x").refused(http.StatusBadRequest, "bad_parameter")
}

func TestVerifyByCode(t *testing.T) {
	w := newWorld(t, "2019-01-21")
	w.decide(w.submitted(1).SubmissionId, `{"outcome":"pass"}`).want(http.StatusOK)
	conclusion := into[api.Report](w.get(w.filer(1), "/reports/2018")).Conclusion
	before := into[api.Verification](w.get("", "/public/verify/"+conclusion.VerifyCode).want(http.StatusOK))
	if !before.Valid || before.Sha256 != nil || before.Number != conclusion.Number || before.Standing != "in_force" {
		t.Errorf("before the PDF stands %+v", before)
	}
	w.issue()
	typed := url.PathEscape(strings.ToLower(strings.ReplaceAll(conclusion.VerifyCode, "-", " ")))
	after := into[api.Verification](w.get("", "/public/verify/"+typed).want(http.StatusOK))
	if after.Sha256 == nil || after.Organisation.Uscc != string(w.orgs[1].USCC) || after.Kind != "conclusion" || given(after.ReportYear) != 2018 {
		t.Errorf("once it stands %+v", after)
	}
	for _, code := range []string{"0000-0000-0000", "x", "%E6%9F%A5", strings.Repeat("A", 500)} {
		w.get("", "/public/verify/"+code).refused(http.StatusNotFound, "not_found")
	}
}

// TestNothingPrivateIsPublic looks for what must never leave in every answer to anybody.
func TestNothingPrivateIsPublic(t *testing.T) {
	w := listed(t)
	receipt := w.submitted(0)
	w.decide(receipt.SubmissionId, `{"outcome":"return","opinion":"不公开的意见","remarks":[{"key":"name","text":"不公开的批注"}]}`).want(http.StatusOK)
	w.act(w.filer(0), w.matter(0).Id, "/statement", `{"text":"不公开的陈述"}`)
	w.issue()
	w.sequence()
	secrets := []string{"不公开的", "已补报并核实", "王审查"}
	for _, o := range w.orgs {
		for _, s := range []string{o.ContactName, o.ContactPhone, o.ContactEmail} {
			if s == "" {
				t.Fatal("the sample has no contact")
			}
			secrets = append(secrets, s)
		}
	}
	paths := []string{"/public/organisations?limit=200", "/public/events?limit=200", "/public/abnormal-list?on=2019-04-20",
		"/public/spot-check-list", "/public/abnormal-list.csv?on=2019-04-20", "/public/spot-check-list.csv"}
	for _, o := range w.orgs {
		paths = append(paths, "/public/organisations/"+string(o.USCC))
	}
	for _, d := range w.matter(0).Documents {
		paths = append(paths, "/public/verify/"+d.VerifyCode)
	}
	for _, path := range paths {
		a := w.get("", path).want(http.StatusOK)
		for _, secret := range secrets {
			if strings.Contains(string(a.Body), secret) {
				t.Errorf("%s shows %q", path, secret)
			}
		}
	}
	if len(paths) < 10 {
		t.Error(fmt.Sprint("too few paths: ", len(paths)))
	}
}
