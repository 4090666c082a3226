package publication

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

var update = flag.Bool("update", false, "write the golden files")

// codes are the organisations' codes on a page.
func codes(rows []Row) []string {
	out := []string{}
	for _, r := range rows {
		out = append(out, r.Organisation.USCC)
	}
	return out
}

func (o *office) uscc(of ...int) []string {
	out := []string{}
	for _, i := range of {
		out = append(out, string(o.orgs[i].USCC))
	}
	return out
}

func TestListAsOfADay(t *testing.T) {
	o := newOffice(t, 6)
	o.list(0, "listed", "2019-04-17", "")
	o.list(1, "removed", "2019-04-17", "2019-04-25")
	o.list(2, "annulled", "2019-04-17", "2019-04-20")
	o.list(3, "listed", "2019-04-20", "")
	o.list(4, "removed", "2019-04-22", "2019-04-22") // listed and removed on one day: on the list at the end of none
	o.exec(`INSERT INTO listing (id, obligation_id, authority_code, organisation_id, report_year, ground, basis, status, notified_on, created_at, updated_at)
		SELECT gen_random_uuid(), id, authority_code, organisation_id, 2018, 'not_filed', 'b', 'notified', '2019-04-01', now(), now()
		FROM obligation WHERE organisation_id = $1`, o.orgs[5].ID)
	o.list(6, "listed", "2019-04-18", "") // of the district
	for _, c := range []struct {
		on, authority string
		want          []int
	}{
		{"2019-04-16", "", nil},
		{"2019-04-17", "", []int{0, 1}},
		{"2019-04-19", "440100", []int{0, 1}},
		{"2019-04-19", "", []int{0, 1, 6}},
		{"2019-04-20", "", []int{0, 1, 3, 6}},
		{"2019-04-22", "", []int{0, 1, 3, 6}},
		{"2019-04-24", "", []int{0, 1, 3, 6}},
		{"2019-04-25", "", []int{0, 3, 6}},
		{"", "", []int{0, 3, 6}},
		{"", "440104", []int{6}},
		{"", "440199", nil},
	} {
		ask := Query{AuthorityCode: c.authority}
		if c.on != "" {
			ask.On = date(c.on)
		}
		page, err := o.svc.Page(o.ctx, AbnormalList, ask)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(o.uscc(c.want...), codes(page.Items)); diff != "" {
			t.Errorf("list of %q for %q (-want +got):\n%s", c.on, c.authority, diff)
		}
	}
}

func TestSpotCheckListAsOfADay(t *testing.T) {
	o := newOffice(t, 3)
	notice := o.paper(0, "2019-04-01", func(p document.Party) document.Facts {
		return &document.SpotCheckFacts{Party: p, DueOn: date("2019-03-31"), EnteredOn: date("2019-04-01"), Basis: "《抽查办法》"}
	})
	for i, left := range []string{"", "2019-05-01"} {
		o.exec(`INSERT INTO spot_check (id, obligation_id, authority_code, organisation_id, report_year, basis, status, entered_on, left_on, document_id, created_at)
			SELECT $2, id, authority_code, organisation_id, 2018, '《抽查办法》', CASE WHEN $3 = '' THEN 'on_list' ELSE 'cleared' END, '2019-04-01', nullif($3, '')::date, $4, now()
			FROM obligation WHERE organisation_id = $1`, o.orgs[i].ID, uuid.Must(uuid.NewV7()), left, notice.ID)
	}
	for on, want := range map[string][]int{"2019-03-31": nil, "2019-04-01": {0, 1}, "2019-04-30": {0, 1}, "2019-05-01": {0}} {
		page, err := o.svc.Page(o.ctx, SpotCheckList, Query{On: date(on)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(o.uscc(want...), codes(page.Items)); diff != "" {
			t.Errorf("list of %s (-want +got):\n%s", on, diff)
		}
		for _, r := range page.Items {
			if r.Document == nil || r.Document.Number != notice.Number || r.Document.VerifyCode != notice.VerifyCode {
				t.Errorf("document %+v", r.Document)
			}
		}
	}
}

func TestListInPages(t *testing.T) {
	o := newOffice(t, 9)
	for i := range o.orgs {
		o.list(i, "listed", fmt.Sprintf("2019-04-%02d", 17+i%3), "")
	}
	seen := map[string]bool{}
	ask := Query{Limit: 4}
	for {
		page, err := o.svc.Page(o.ctx, AbnormalList, ask)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Items {
			if seen[r.Organisation.USCC] {
				t.Errorf("%s comes twice", r.Organisation.USCC)
			}
			seen[r.Organisation.USCC] = true
		}
		if ask.Cursor = page.Next; ask.Cursor == "" {
			break
		}
	}
	if len(seen) != len(o.orgs) {
		t.Errorf("%d of %d were shown", len(seen), len(o.orgs))
	}
	for _, cursor := range []string{"x", "440100~2019-04-17", "440100~2019-04-17~x", "4401~2019-04-17~" + uuid.NewString(), "440100~x~" + uuid.NewString()} {
		_, err := o.svc.Page(o.ctx, AbnormalList, Query{Cursor: cursor})
		wantCode(t, err, http.StatusBadRequest, "bad_cursor")
	}
	if _, err := o.svc.Page(o.ctx, "black-list", Query{}); err == nil {
		t.Error("a list that there is not was read")
	}
}

func wantCode(t *testing.T, err error, status int, code string) {
	t.Helper()
	var refusal interface {
		HTTPStatus() int
		Code() string
		Detail() string
	}
	if !errors.As(err, &refusal) || refusal.HTTPStatus() != status || refusal.Code() != code || refusal.Detail() == "" {
		t.Errorf("error %v, want %d %s", err, status, code)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

// exported is an office whose list has names that a spreadsheet could take for formulas.
func exported(t *testing.T) *office {
	o := newOffice(t, 4)
	for i, name := range []string{`=HYPERLINK("http://x","领奖")`, "＋１协会", "含,逗号“引号\"协会", "普通协会"} {
		o.exec(`UPDATE organisation SET name = $2 WHERE id = $1`, o.orgs[i].ID, name)
		decision := o.list(i, "listed", "2019-04-17", "")
		o.exec(`UPDATE document_order SET verify_code = $2 WHERE id = $1`, decision.ID, fmt.Sprintf("TEST-0000-000%d", i))
	}
	return o
}

func TestCSV(t *testing.T) {
	o := exported(t)
	var out bytes.Buffer
	if err := o.svc.WriteCSV(o.ctx, &out, AbnormalList, Query{On: date("2019-04-17"), Limit: 1, Cursor: "ignored"}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), "\ufeff统一社会信用代码,") {
		t.Errorf("it begins with %q", out.String()[:20])
	}
	golden(t, "abnormal-list.csv", out.String())
	out.Reset()
	if err := o.svc.WriteCSV(o.ctx, &out, SpotCheckList, Query{}); err != nil || strings.Count(out.String(), "\r\n") != 1 {
		t.Errorf("an empty list: %q (%v)", out.String(), err)
	}
}

func TestXLSX(t *testing.T) {
	o := exported(t)
	var out bytes.Buffer
	if err := o.svc.WriteXLSX(o.ctx, &out, AbnormalList, Query{On: date("2019-04-17")}); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&out)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows("活动异常名录")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for r, cells := range rows {
		fmt.Fprintln(&text, strings.Join(cells, "\t"))
		for c := range cells {
			cell := must(excelize.CoordinatesToCellName(c+1, r+1))
			if formula, err := book.GetCellFormula("活动异常名录", cell); err != nil || formula != "" {
				t.Errorf("%s holds the formula %q (%v)", cell, formula, err)
			}
		}
	}
	golden(t, "abnormal-list.xlsx.txt", text.String())
}

func TestInert(t *testing.T) {
	for text, want := range map[string]string{"": "", "协会": "协会", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\t=1": "'\t=1",
		"＝1": "'＝1", "1=1": "1=1", "甲-乙": "甲-乙"} {
		if got := inert(text); got != want {
			t.Errorf("inert(%q) is %q, want %q", text, got, want)
		}
	}
}

func TestExportRunsOverItsPages(t *testing.T) {
	o := newOffice(t, 1)
	o.exec(`INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, created_at, updated_at)
		SELECT gen_random_uuid(), 'X' || i, '协会' || i, 'association', '2010-01-01', '440100', 'active', now(), now() FROM generate_series(1, 2100) AS i`)
	o.exec(`INSERT INTO obligation (id, authority_code, organisation_id, season_id, report_year, type, form, opens_on, due_on, overdue_after, created_at, updated_at)
		SELECT gen_random_uuid(), '440100', g.id, s.id, 2018, g.type, 'association-2004', s.opens_on, s.due_on, s.due_on, now(), now()
		FROM organisation g JOIN season s ON s.authority_code = '440100' WHERE g.uscc LIKE 'X%'`)
	o.exec(`INSERT INTO listing (id, obligation_id, authority_code, organisation_id, report_year, ground, basis, status, notified_on, listed_on, created_at, updated_at)
		SELECT gen_random_uuid(), id, authority_code, organisation_id, 2018, 'not_filed', 'b', 'listed', '2019-04-01', '2019-04-17', now(), now()
		FROM obligation WHERE organisation_id IN (SELECT id FROM organisation WHERE uscc LIKE 'X%')`)
	var out bytes.Buffer
	if err := o.svc.WriteCSV(o.ctx, &out, AbnormalList, Query{}); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\r\n"); n != 2101 {
		t.Errorf("%d lines, want 2,101", n)
	}
}

func TestSearchAndEntry(t *testing.T) {
	o := newOffice(t, 4)
	decision := o.list(1, "listed", "2019-04-17", "")
	o.list(2, "removed", "2019-04-17", "2019-04-25")
	o.list(3, "annulled", "2019-04-17", "2019-04-25")
	page, err := o.svc.Search(o.ctx, Search{AuthorityCode: "440100", Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	standings := map[string]Standing{}
	for _, f := range page.Items {
		standings[f.USCC] = f.Standing
		if f.Authority.Name != "试点市民政局" {
			t.Errorf("authority %+v", f.Authority)
		}
	}
	want := map[string]Standing{}
	for i := range 4 {
		want[string(o.orgs[i].USCC)] = Normal
	}
	want[string(o.orgs[1].USCC)] = Abnormal
	if diff := cmp.Diff(want, standings); diff != "" {
		t.Errorf("standings (-want +got):\n%s", diff)
	}
	name := []rune(o.orgs[1].Name)
	page, err = o.svc.Search(o.ctx, Search{Query: string(name[len(name)-8:]), Limit: 200})
	if err != nil || len(page.Items) == 0 {
		t.Errorf("search by the end of a name found %d (%v)", len(page.Items), err)
	}

	e, err := o.svc.Entry(o.ctx, string(o.orgs[1].USCC))
	if err != nil {
		t.Fatal(err)
	}
	if e.Standing != Abnormal || len(e.Listings) != 1 || e.Listings[0].Document.Number != decision.Number || !e.Listings[0].EndedOn.IsZero() {
		t.Errorf("entry %+v", e)
	}
	if len(e.Filings) != 1 || e.Filings[0].Status != filing.StatusOpen || !e.Filings[0].Overdue || e.Filings[0].Conclusion != nil || !e.Filings[0].ReceivedAt.IsZero() {
		t.Errorf("filings %+v", e.Filings)
	}
	e, err = o.svc.Entry(o.ctx, string(o.orgs[2].USCC))
	if err != nil || e.Standing != Normal || len(e.Listings) != 1 || e.Listings[0].EndedOn != date("2019-04-25") {
		t.Errorf("entry of the removed one %+v (%v)", e, err)
	}
	e, err = o.svc.Entry(o.ctx, string(o.orgs[3].USCC))
	if err != nil || len(e.Listings) != 0 {
		t.Errorf("an annulled listing shows: %+v (%v)", e.Listings, err)
	}
	_, err = o.svc.Entry(o.ctx, "51440100MJK8900615")
	wantCode(t, err, http.StatusNotFound, "not_found")
}

func TestEntryShowsTheConclusionInForce(t *testing.T) {
	o := newOffice(t, 1)
	g := o.orgs[0]
	submission := uuid.New()
	o.exec(`INSERT INTO submission (id, obligation_id, authority_code, organisation_id, report_year, ordinal, form, form_version, check_set_version,
		body, sha256, findings, receipt_no, received_at, review_due_on, review_due_provisional, actor_kind, actor_id, actor_name)
		SELECT $2, id, authority_code, organisation_id, 2018, 1, form, 1, '1', '{}', repeat('0', 64), '[]', '2018-0000001', '2019-03-01 10:00+08',
		'2019-03-15', false, 'person', 'p', $3 FROM obligation WHERE organisation_id = $1`, g.ID, submission, secrets)
	o.exec(`UPDATE obligation SET status = 'passed', overdue_after = NULL, submission_id = $2 WHERE organisation_id = $1`, g.ID, submission)
	paper := o.paper(0, "2019-03-05", func(p document.Party) document.Facts {
		return &document.ConclusionFacts{Party: p, Outcome: "pass", ReceiptNo: "2018-0000001", SubmittedOn: date("2019-03-01"), Basis: "《条例》", Opinion: secrets}
	})
	o.exec(`INSERT INTO conclusion (id, submission_id, obligation_id, authority_code, organisation_id, report_year, outcome, number, issued_on, created_at)
		SELECT $2, $3, id, authority_code, organisation_id, 2018, 'pass', $4, '2019-03-05', now() FROM obligation WHERE organisation_id = $1`,
		g.ID, paper.ID, submission, paper.Number)
	e, err := o.svc.Entry(o.ctx, string(g.USCC))
	if err != nil {
		t.Fatal(err)
	}
	want := []Filing{{ReportYear: 2018, Status: filing.StatusPassed, DueOn: date("2019-03-31"),
		ReceivedAt: time.Date(2019, 3, 1, 10, 0, 0, 0, workday.Shanghai),
		Conclusion: &Conclusion{Document{paper.Number, paper.VerifyCode}, "pass", date("2019-03-05")}}}
	if diff := cmp.Diff(want, e.Filings, cmp.Comparer(func(a, b workday.Date) bool { return a == b })); diff != "" {
		t.Errorf("filings (-want +got):\n%s", diff)
	}
}

func TestVerify(t *testing.T) {
	o := newOffice(t, 1)
	decision := o.list(0, "listed", "2019-04-17", "")
	v, err := o.svc.Verify(o.ctx, strings.ToLower(strings.ReplaceAll(decision.VerifyCode, "-", " ")))
	if err != nil {
		t.Fatal(err)
	}
	want := Verification{Valid: true, Kind: document.KindListingDecision, Number: decision.Number, ReportYear: 2018,
		Organisation: named(o.orgs[0]), Authority: Authority{"440100", "试点市民政局"}, IssuedOn: date("2019-04-17"), Standing: document.InForce}
	if v != want {
		t.Errorf("%+v, want %+v", v, want)
	}
	var removal document.Ordered
	err = postgres.InTx(o.ctx, o.db, func(tx *postgres.Tx) (err error) {
		removal, err = document.Place(o.ctx, tx, document.Order{AuthorityCode: "440100", OrganisationID: o.orgs[0].ID, SubjectID: uuid.New(),
			IssuedOn: date("2019-05-10"), Facts: &document.RemovalFacts{Party: document.Party{Authority: "试点市民政局", Organisation: o.orgs[0].Name,
				USCC: string(o.orgs[0].USCC), OrganisationType: "社会团体", ReportYear: 2018}, DecisionNumber: decision.Number,
				ListedOn: date("2019-04-17"), Reason: "已补报", RemovedOn: date("2019-05-10"), Basis: "《社会组织信用信息管理办法》第十四条"}})
		if err != nil {
			return err
		}
		return document.Supersede(o.ctx, tx, decision.ID, removal.ID, event.System("test"))
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err = o.svc.Verify(o.ctx, decision.VerifyCode)
	if err != nil || v.Valid || v.Standing != document.Superseded || !v.Ended() || v.SupersededBy == nil ||
		*v.SupersededBy != (Successor{document.KindRemovalDecision, removal.Number, removal.VerifyCode}) {
		t.Errorf("after the removal: %+v (%v)", v, err)
	}
	if v, err := o.svc.Verify(o.ctx, removal.VerifyCode); err != nil || !v.Valid || v.Ended() || v.SupersededBy != nil {
		t.Errorf("the removal itself: %+v (%v)", v, err)
	}
	err = postgres.InTx(o.ctx, o.db, func(tx *postgres.Tx) error {
		return document.Revoke(o.ctx, tx, decision.ID, "列入有误", event.System("test"))
	})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := o.svc.Verify(o.ctx, decision.VerifyCode); err != nil || v.Valid || v.Standing != document.Revoked || v.SupersededBy != nil || v.Ended() {
		t.Errorf("revoked: %+v (%v)", v, err)
	}
	for _, code := range []string{"0000-0000-0000", "", "x", "' OR 1=1"} {
		_, err := o.svc.Verify(o.ctx, code)
		wantCode(t, err, http.StatusNotFound, "not_found")
	}
}

// No public type has a field for what must not leave, and what the types hold does not contain it.
func TestNothingPrivateLeaves(t *testing.T) {
	banned := []string{"contact", "phone", "email", "remark", "opinion", "statement", "reason", "actor"}
	var look func(typ reflect.Type, path string)
	seen := map[reflect.Type]bool{}
	look = func(typ reflect.Type, path string) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] || typ.PkgPath() != reflect.TypeFor[Entry]().PkgPath() {
			return
		}
		seen[typ] = true
		for f := range typ.NumField() {
			field := typ.Field(f)
			for _, word := range banned {
				if strings.Contains(strings.ToLower(field.Name), word) {
					t.Errorf("%s.%s may leave", path, field.Name)
				}
			}
			look(field.Type, path+"."+field.Name)
		}
	}
	for _, v := range []any{Entry{}, SearchPage{}, Page{}, Verification{}} {
		look(reflect.TypeOf(v), reflect.TypeOf(v).Name())
	}

	o := newOffice(t, 1)
	o.list(0, "listed", "2019-04-17", "")
	entry, err := o.svc.Entry(o.ctx, string(o.orgs[0].USCC))
	if err != nil {
		t.Fatal(err)
	}
	search, err := o.svc.Search(o.ctx, Search{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := o.svc.WriteCSV(o.ctx, &file, AbnormalList, Query{}); err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%+v %+v %s", entry, search, &file); strings.Contains(text, secrets) {
		t.Errorf("a contact left: %s", text)
	}
}
