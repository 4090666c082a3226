package registry

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/postgres"
)

// searchable stores organisations with given names and says their codes.
func searchable(t *testing.T, db *postgres.DB, names ...string) {
	t.Helper()
	var file strings.Builder
	file.WriteString(shortHeader)
	for i, name := range names {
		typ := Types()[i%3]
		status := "active"
		if i%4 == 3 {
			status = "revoked"
		}
		authority := "440100"
		if i%2 == 1 {
			authority = "440106"
		}
		fmt.Fprintf(&file, "%s,%s,%s,2015-03-01,%s,%s\n", newUSCC(typ, "440100", fmt.Sprintf("MJK%05d", i)), name, typ, authority, status)
	}
	if result := importOrganisations(t, db, []byte(file.String()), tester); len(result.Refused) > 0 {
		t.Fatal(refusals(result))
	}
}

// found gives the names of all pages, in order.
func found(t *testing.T, db *postgres.DB, opts SearchOptions) []string {
	t.Helper()
	names := []string{}
	for {
		page, err := Search(t.Context(), db, opts)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Organisations) > opts.Limit {
			t.Fatalf("a page of %d, the limit is %d", len(page.Organisations), opts.Limit)
		}
		for _, o := range page.Organisations {
			names = append(names, o.Name)
		}
		if page.Next == "" {
			return names
		}
		opts.Cursor = page.Next
	}
}

func TestSearch(t *testing.T) {
	db := newRegister(t)
	searchable(t, db,
		"试验市社会工作协会", "试验市工会社区服务中心", "工会联合基金会", "试验市𬭎㛃公益协会", "龘社会服务中心", "试验市2018论坛基金会",
		`百分之100%_\协会`, "社会AB服务中心")
	tests := []struct {
		name string
		opts SearchOptions
		want []string
	}{
		{"two characters", SearchOptions{Query: "社会"}, []string{"试验市社会工作协会", "龘社会服务中心", "社会AB服务中心"}},
		{"pairs in one piece only", SearchOptions{Query: "工会"}, []string{"工会联合基金会", "试验市工会社区服务中心"}},
		{"four characters", SearchOptions{Query: "社会工作"}, []string{"试验市社会工作协会"}},
		{"several parts", SearchOptions{Query: " 服务　社会 "}, []string{"龘社会服务中心", "社会AB服务中心"}},
		{"one character: the beginning", SearchOptions{Query: "工"}, []string{"工会联合基金会"}},
		{"rare characters", SearchOptions{Query: "𬭎㛃"}, []string{"试验市𬭎㛃公益协会"}},
		{"one rare character", SearchOptions{Query: "龘"}, []string{"龘社会服务中心"}},
		{"digits of a name", SearchOptions{Query: "2018"}, []string{"试验市2018论坛基金会"}},
		{"wildcards are characters", SearchOptions{Query: `0%_\协`}, []string{`百分之100%_\协会`}},
		{"one wildcard", SearchOptions{Query: "%"}, []string{}},
		{"nothing", SearchOptions{Query: "没有"}, []string{}},
		{"not UTF-8", SearchOptions{Query: "社\xff会\x00"}, []string{"试验市社会工作协会", "龘社会服务中心", "社会AB服务中心"}},
		{"code", SearchOptions{Query: string(newUSCC(TypeAssociation, "440100", "MJK00000"))}, []string{"试验市社会工作协会"}},
		{"beginning of a code", SearchOptions{Query: "53440100mjk"}, []string{"工会联合基金会", "试验市2018论坛基金会"}},
		{"type", SearchOptions{Query: "服务", Type: TypeService}, []string{"试验市工会社区服务中心", "龘社会服务中心", "社会AB服务中心"}},
		{"status", SearchOptions{Status: StatusRevoked}, []string{"试验市𬭎㛃公益协会", "社会AB服务中心"}},
		{"authority", SearchOptions{Query: "协会", AuthorityCodes: []string{"440100"}}, []string{"试验市社会工作协会", `百分之100%_\协会`}},
	}
	for _, tt := range tests {
		tt.opts.Limit = 2
		got := found(t, db, tt.opts)
		slices.Sort(got)
		slices.Sort(tt.want)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestSearchPagesAreComplete(t *testing.T) {
	db := newRegister(t)
	importOrganisations(t, db, sampleCSV(t, SampleOptions{Count: 450, Seed: 2, Authority: "440100"}), tester)
	for _, limit := range []int{7, MaxSearchLimit} {
		got := found(t, db, SearchOptions{Limit: limit})
		if slices.Sort(got); len(slices.Compact(got)) != 450 {
			t.Errorf("pages of %d hold %d different organisations", limit, len(slices.Compact(got)))
		}
	}
	page, err := Search(t.Context(), db, SearchOptions{Limit: 100_000})
	if err != nil || len(page.Organisations) != MaxSearchLimit || page.Next == "" {
		t.Errorf("a page beyond the limit: %d, %v", len(page.Organisations), err)
	}
	page, err = Search(t.Context(), db, SearchOptions{})
	if err != nil || len(page.Organisations) != 1 {
		t.Errorf("a page without a limit: %d, %v", len(page.Organisations), err)
	}
	if _, err := Search(t.Context(), db, SearchOptions{Cursor: "' OR 1=1"}); !errors.Is(err, ErrCursor) {
		t.Errorf("a made-up cursor: %v", err)
	}
}

// TestSearchUsesTheIndex: two characters are the commonest search; without the
// index it reads the whole register.
func TestSearchUsesTheIndex(t *testing.T) {
	db := newRegister(t)
	importOrganisations(t, db, sampleCSV(t, SampleOptions{Count: 5000, Seed: 2, Authority: "440100"}), tester)
	if _, err := db.ExecContext(t.Context(), `ANALYZE organisation`); err != nil {
		t.Fatal(err)
	}
	query, args := searchQuery(SearchOptions{Query: "没有"}, 20)
	var plan []string
	if err := db.SelectContext(t.Context(), &plan, "EXPLAIN "+query, args...); err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(plan, "\n"); !strings.Contains(text, "organisation_name_bigrams") {
		t.Errorf("plan:\n%s", text)
	}
}

func TestOrganisationReads(t *testing.T) {
	db := newRegister(t)
	searchable(t, db, "甲协会", "乙中心")
	page, err := Search(t.Context(), db, SearchOptions{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	first := page.Organisations[0]
	byID, err := OrganisationByID(t.Context(), db, first.ID)
	if err != nil || byID.USCC != first.USCC {
		t.Errorf("OrganisationByID = %+v, %v", byID, err)
	}
	unknown := uuid.New()
	if _, err := OrganisationByID(t.Context(), db, unknown); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown id: %v", err)
	}
	if _, err := OrganisationByUSCC(t.Context(), db, "nonsense"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown code: %v", err)
	}
	many, err := OrganisationsByID(t.Context(), db, []uuid.UUID{first.ID, unknown, page.Organisations[1].ID})
	if err != nil || len(many) != 2 || many[first.ID].Name != first.Name {
		t.Errorf("OrganisationsByID = %v, %v", many, err)
	}
	if none, err := OrganisationsByID(t.Context(), db, nil); err != nil || len(none) != 0 {
		t.Errorf("OrganisationsByID of none = %v, %v", none, err)
	}
	if _, err := AuthorityByCode(t.Context(), db, "999999"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown authority: %v", err)
	}
}
