package review

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/registry"
)

// queued is an authority's desk with twelve reports, three and more of them received at the same instant.
type queued struct {
	*world
	ids map[string]uuid.UUID // by the organisation's name
}

func newQueue(t *testing.T) queued {
	t.Helper()
	w := newWorld(t, "2019-03-01", 12)
	q := queued{w, map[string]uuid.UUID{}}
	for i, org := range w.orgs {
		w.at([]string{"2019-03-01", "2019-03-04", "2019-03-04", "2019-03-05"}[i/3])
		q.ids[org.Name] = w.submit(org)
	}
	return q
}

// rename gives the organisations names of their own.
func (q *queued) rename(names ...string) {
	for i, name := range names {
		q.ids[name] = q.ids[q.orgs[i].Name]
		q.orgs[i].Name = name
		q.exec(`UPDATE organisation SET name = $2 WHERE id = $1`, q.orgs[i].ID, name)
	}
}

func (q *queued) names(t *testing.T, ask Query) []string {
	t.Helper()
	if ask.AuthorityCode == "" {
		ask.AuthorityCode = authority
	}
	page, err := q.svc.Queue(q.ctx, ask)
	must(t, err)
	names := []string{}
	for i := range page.Items {
		names = append(names, page.Items[i].OrganisationName)
	}
	return names
}

// TestQueuePagesAreComplete reads every page size, with ties of day and instant, and wants each review once and in order.
func TestQueuePagesAreComplete(t *testing.T) {
	q := newQueue(t)
	whole := q.names(t, Query{Limit: MaxPage})
	if len(whole) != 12 || !slices.Contains(whole[:3], q.orgs[0].Name) || !slices.Contains(whole[9:], q.orgs[11].Name) {
		t.Fatalf("the queue is %v", whole)
	}
	for size := 1; size <= 13; size++ {
		if diff := cmp.Diff(whole, q.pages(t, Query{Limit: size})); diff != "" {
			t.Errorf("in pages of %d: %s", size, diff)
		}
	}
}

// pages reads all pages and puts them together.
func (q *queued) pages(t *testing.T, ask Query) []string {
	t.Helper()
	ask.AuthorityCode = authority
	names := []string{}
	for range 20 {
		page, err := q.svc.Queue(q.ctx, ask)
		must(t, err)
		if len(page.Items) > ask.Limit {
			t.Fatalf("a page of %d holds %d", ask.Limit, len(page.Items))
		}
		for i := range page.Items {
			names = append(names, page.Items[i].OrganisationName)
		}
		if ask.Cursor = page.Next; ask.Cursor == "" {
			return names
		}
	}
	t.Fatal("the pages do not end")
	return nil
}

// TestDecidedPages are in the order of the decisions, the latest first.
func TestDecidedPages(t *testing.T) {
	q := newQueue(t)
	for i, org := range q.orgs {
		q.at(fmt.Sprintf("2019-03-%02d", 6+i/4)) // four decisions at the same instant
		q.mustDecide(q.ids[org.Name], Unqualified, first)
	}
	want := q.names(t, Query{State: Decided, Limit: MaxPage})
	if len(want) != 12 || !slices.Contains(want[:4], q.orgs[11].Name) || !slices.Contains(want[8:], q.orgs[0].Name) {
		t.Fatalf("decided: %v", want)
	}
	for size := 1; size <= 13; size++ {
		if diff := cmp.Diff(want, q.pages(t, Query{State: Decided, Limit: size})); diff != "" {
			t.Errorf("in pages of %d: %s", size, diff)
		}
	}
}

// TestRowsBetweenPages: what is decided between two pages is neither repeated nor does it hide another.
func TestRowsBetweenPages(t *testing.T) {
	q := newQueue(t)
	whole := q.names(t, Query{})
	page, err := q.svc.Queue(q.ctx, Query{AuthorityCode: authority, Limit: 5})
	must(t, err)
	for _, i := range []int{1, 4, 5} { // one read, the last one read, the next one
		q.mustDecide(q.ids[whole[i]], Unqualified, first)
	}
	if diff := cmp.Diff(whole[6:], q.names(t, Query{Cursor: page.Next, Limit: MaxPage})); diff != "" {
		t.Error(diff)
	}
}

func TestQueueFilters(t *testing.T) {
	q := newQueue(t)
	q.rename("蓝天志愿服务中心", "蓝天环保协会", "白云100%公益社", "白云_互助社", `白云\研究会`, "龘龘㛃𬭎基金会", "天蓝画社", "CAFÉ 俱乐部")
	names := func(i ...int) []string {
		out := []string{}
		for _, i := range i {
			out = append(out, q.orgs[i].Name)
		}
		return out
	}
	must(t, acts["claim"](q.world, q.ids[q.orgs[0].Name], first))
	must(t, acts["claim"](q.world, q.ids[q.orgs[1].Name], second))
	q.mustDecide(q.ids[q.orgs[10].Name], Unqualified, first)
	q.fourEyes(true)
	q.mustDecide(q.ids[q.orgs[2].Name], Pass, second)
	must(t, q.withdraw(q.orgs[11]))
	uscc := string(q.orgs[4].USCC)
	for name, c := range map[string]struct {
		ask  Query
		want []string
	}{
		"pending":           {Query{State: Pending}, names(0, 1, 3, 4, 5, 6, 7, 8, 9)},
		"proposed":          {Query{State: Proposed}, names(2)},
		"open":              {Query{Open: true}, names(0, 1, 2, 3, 4, 5, 6, 7, 8, 9)},
		"decided":           {Query{State: Decided}, names(10)},
		"withdrawn":         {Query{State: Withdrawn}, names(11)},
		"mine":              {Query{ClaimedBy: first.ID}, names(0)},
		"another's":         {Query{Open: true, ClaimedBy: second.ID}, names(1, 2)},
		"unclaimed":         {Query{Unclaimed: true}, names(3, 4, 5, 6, 7, 8, 9)},
		"services":          {Query{Type: registry.TypeService}, names(1, 4, 7)},
		"ends from":         {Query{DueFrom: date("2019-03-19")}, names(9)},
		"ends before":       {Query{DueBefore: date("2019-03-18")}, names(0, 1)},
		"ends on":           {Query{DueFrom: date("2019-03-15"), DueBefore: date("2019-03-16")}, names(0, 1)},
		"two characters":    {Query{Search: "蓝天"}, names(0, 1)},
		"in any order":      {Query{Search: "服务 蓝天"}, names(0)},
		"three characters":  {Query{Search: " 互助社　"}, names(3)},
		"pairs, not pieces": {Query{Search: "天蓝画社蓝天"}, names()},
		"first character":   {Query{Search: "蓝"}, names(0, 1)},
		"percent":           {Query{Search: "0%"}, names()},
		"percent alone":     {Query{Search: "%"}, names()},
		"underscore":        {Query{Search: "_互"}, names(3)},
		"underscore alone":  {Query{Search: "__"}, names()},
		"backslash":         {Query{Search: `\研`}, names(4)},
		"rare characters":   {Query{Search: "㛃𬭎"}, names(5)},
		"not composed":      {Query{Search: "CAFE\u0301"}, names(7)},
		"code":              {Query{Search: uscc}, names(4)},
		"code, lower case":  {Query{Search: " " + strings.ToLower(uscc) + " "}, names(4)},
		"part of a code":    {Query{Search: uscc[:17]}, names(4)},
		"code and name":     {Query{Search: uscc + " 蓝天"}, names()},
		"NUL":               {Query{Search: "蓝\x00天"}, names(0, 1)},
		"not UTF-8":         {Query{Search: "蓝天\xff"}, names(0, 1)},
		"very long":         {Query{Search: strings.Repeat("蓝天", 5000)}, names()},
		"quotes":            {Query{Search: "'; DROP TABLE review; --"}, names()},
		"another authority": {Query{AuthorityCode: elsewhere}, names()},
		"claimed by a text": {Query{ClaimedBy: "' OR true"}, names()},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, q.names(t, c.ask)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestPercentIsItself: a search for a percent sign in a name finds that name only.
func TestPercentIsItself(t *testing.T) {
	q := newQueue(t)
	q.rename("白云100%公益社", "白云100分公益社")
	if diff := cmp.Diff([]string{"白云100%公益社"}, q.names(t, Query{Search: "0%公"})); diff != "" {
		t.Error(diff)
	}
}

func TestQueueRefusesWhatNoPageOffers(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1)
	w.submit(w.orgs[0])
	encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	window := position{DueOn: date("2019-03-15"), ReceivedAt: noon("2019-03-01"), ID: uuid.New()}.cursor()
	for name, c := range map[string]struct {
		ask  Query
		code string
	}{
		"state":                  {Query{State: "open"}, "bad_filter"},
		"state with NUL":         {Query{State: "\x00"}, "bad_filter"},
		"type":                   {Query{Type: "party"}, "bad_filter"},
		"cursor, no base64":      {Query{Cursor: "???"}, "bad_cursor"},
		"cursor, no JSON":        {Query{Cursor: encode("{")}, "bad_cursor"},
		"cursor, empty":          {Query{Cursor: encode("{}")}, "bad_cursor"},
		"cursor, no such day":    {Query{Cursor: encode(`{"d":"2019-02-30","i":"` + uuid.NewString() + `"}`)}, "bad_cursor"},
		"cursor of decided ones": {Query{Cursor: position{DecidedAt: noon("2019-03-01"), ID: uuid.New()}.cursor()}, "bad_cursor"},
		"cursor of open ones":    {Query{State: Decided, Cursor: window}, "bad_cursor"},
		"cursor that fits":       {Query{Cursor: window}, ""},
		"open beats the state":   {Query{Open: true, State: Decided, Cursor: window}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c.ask.AuthorityCode = authority
			_, err := w.svc.Queue(w.ctx, c.ask)
			wantCode(t, err, c.code)
		})
	}
	for limit, want := range map[int]int{-1: defaultPage, 0: defaultPage, 1: 1, MaxPage: MaxPage, MaxPage + 1: defaultPage} {
		_, _, got, err := Query{Limit: limit}.statement()
		if err != nil || got != want {
			t.Errorf("limit %d gives %d (%v), want %d", limit, got, err, want)
		}
	}
}

// FuzzCursor: no cursor makes a server error.
func FuzzCursor(f *testing.F) {
	f.Add(position{DueOn: date("2019-03-15"), ReceivedAt: noon("2019-03-01"), ID: uuid.New()}.cursor())
	f.Add(position{DecidedAt: noon("2019-03-01"), ID: uuid.New()}.cursor())
	f.Add("e30")
	f.Add("")
	f.Fuzz(func(t *testing.T, cursor string) {
		for _, q := range []Query{{Cursor: cursor}, {Cursor: cursor, State: Decided}} {
			if _, args, _, err := q.statement(); err == nil && cursor != "" && len(args) < 3 {
				t.Errorf("%q is taken and says nothing", cursor)
			} else if err != nil && codeOf(t, err) != "bad_cursor" {
				t.Error(err)
			}
		}
	})
}

// TestQueuePlans wants each order to be read from its index, without sorting.
func TestQueuePlans(t *testing.T) {
	w := newWorld(t, "2019-03-01", 1)
	w.exec(`DO $$ BEGIN
		SET LOCAL session_replication_role = replica; -- the plans look at no other table's rows
		INSERT INTO review (submission_id, obligation_id, authority_code, organisation_id, report_year, received_at, due_on,
			due_provisional, state, claimed_by, decided_at, outcome)
		SELECT gen_random_uuid(), gen_random_uuid(), '440100', gen_random_uuid(), 2018, '2019-01-14'::timestamptz + n * interval '1 minute',
			'2019-01-28'::date + n / 50, false, (ARRAY['pending', 'pending', 'proposed', 'decided'])[1 + n % 4], 'p-' || n % 40,
			CASE WHEN n % 4 = 3 THEN now() END, CASE WHEN n % 4 >= 2 THEN 'pass' END
		FROM generate_series(1, 4000) AS n;
	END $$`)
	w.exec(`UPDATE review SET claimed_by = NULL WHERE state = 'pending' AND claimed_by > 'p-2'`)
	w.exec(`ANALYZE review`)
	window := position{DueOn: date("2019-03-15"), ReceivedAt: noon("2019-03-01"), ID: uuid.New()}.cursor()
	decision := position{DecidedAt: noon("2019-03-01"), ID: uuid.New()}.cursor()
	for name, c := range map[string]struct {
		ask   Query
		index string
	}{
		"first page":     {Query{}, "review_turn"},
		"deep page":      {Query{Cursor: window}, "review_turn"},
		"proposed":       {Query{State: Proposed}, "review_turn"},
		"unclaimed":      {Query{Unclaimed: true}, "review_unclaimed"},
		"open":           {Query{Open: true, DueBefore: date("2019-03-15")}, "review_queue"},
		"mine":           {Query{ClaimedBy: first.ID}, "review_claimed"},
		"decided":        {Query{State: Decided}, "review_decided"},
		"decided, deep":  {Query{State: Decided, Cursor: decision}, "review_decided"},
		"of one type":    {Query{Type: registry.TypeService}, "review_turn"},
		"search for one": {Query{Search: "蓝"}, "review_turn"},
	} {
		t.Run(name, func(t *testing.T) {
			c.ask.AuthorityCode = authority
			plan := w.plan(t, c.ask)
			if !strings.Contains(plan, "Index Scan") || !strings.Contains(plan, c.index+" on review") || strings.Contains(plan, "Sort") {
				t.Errorf("not read in the order of %s:\n%s", c.index, plan)
			}
		})
	}
}

// plan explains a query as on a table that is too large to be read whole or sorted.
func (w *world) plan(t *testing.T, ask Query) string {
	t.Helper()
	query, args, _, err := ask.statement()
	must(t, err)
	tx, err := w.db.BeginTxx(w.ctx, nil)
	must(t, err)
	defer func() { must(t, tx.Rollback()) }()
	_, err = tx.ExecContext(w.ctx, `SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_incremental_sort = off; SET LOCAL enable_bitmapscan = off`)
	must(t, err)
	var lines []string
	must(t, tx.SelectContext(w.ctx, &lines, `EXPLAIN `+query, args...))
	return strings.Join(lines, "\n")
}

// TestCountStops: beyond MaxCount the numbers say only that there is more.
func TestCountStops(t *testing.T) {
	w := newWorld(t, "2019-04-08", 1)
	w.exec(`DO $$ BEGIN
		SET LOCAL session_replication_role = replica; -- counted are reviews alone
		INSERT INTO review (submission_id, obligation_id, authority_code, organisation_id, report_year, received_at, due_on,
			due_provisional, state, claimed_by, outcome)
		SELECT gen_random_uuid(), gen_random_uuid(), '440100', gen_random_uuid(), 2018, now(), '2019-04-07'::date + n % 2, false,
			CASE WHEN n <= 1000 THEN 'proposed' ELSE 'pending' END, CASE WHEN n <= 1003 THEN 'p-first' END, CASE WHEN n <= 1000 THEN 'pass' END
		FROM generate_series(1, 3005) AS n;
	END $$`)
	got, err := w.svc.Count(w.ctx, authority, first.ID)
	must(t, err)
	more := Tally{N: MaxCount, More: true}
	want := Counts{Pending: more, Unclaimed: more, Mine: Tally{N: 3}, Overdue: more, EndSoon: more, Proposed: Tally{N: 1000}}
	if got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
}

func TestTally(t *testing.T) {
	for name, tt := range map[string]struct{ a, b, want Tally }{
		"few":               {Tally{N: 3}, Tally{N: 4}, Tally{N: 7}},
		"just all":          {Tally{N: 600}, Tally{N: 400}, Tally{N: MaxCount}},
		"together too many": {Tally{N: 600}, Tally{N: 401}, Tally{N: MaxCount, More: true}},
		"one stopped":       {Tally{N: MaxCount, More: true}, Tally{}, Tally{N: MaxCount, More: true}},
	} {
		if got := tt.a.Plus(tt.b); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
	var n Tally
	if err := n.Scan("3"); err == nil {
		t.Error("a text is counted")
	}
}

func TestCount(t *testing.T) {
	q := newQueue(t)
	must(t, acts["claim"](q.world, q.ids[q.orgs[0].Name], first))
	must(t, acts["claim"](q.world, q.ids[q.orgs[1].Name], second))
	q.mustDecide(q.ids[q.orgs[2].Name], Pass, first)
	q.fourEyes(true)
	q.mustDecide(q.ids[q.orgs[3].Name], Pass, first)
	q.at("2019-03-16") // a Saturday: the three of 1 March are over; two working days reach to Tuesday 19
	got, err := q.svc.Count(q.ctx, authority, first.ID)
	must(t, err)
	want := Counts{Pending: Tally{N: 10}, Unclaimed: Tally{N: 8}, Mine: Tally{N: 1}, Overdue: Tally{N: 2}, EndSoon: Tally{N: 9}, Proposed: Tally{N: 1}}
	if got != want {
		t.Errorf("counts %+v, want %+v", got, want)
	}
	if none, err := q.svc.Count(q.ctx, elsewhere, first.ID); err != nil || none != (Counts{}) {
		t.Errorf("another authority counts %+v (%v)", none, err)
	}
	page, err := q.svc.Queue(q.ctx, Query{AuthorityCode: authority})
	must(t, err)
	left := []int{}
	for i := range page.Items {
		left = append(left, page.Items[i].WorkingDaysLeft)
	}
	if diff := cmp.Diff([]int{0, 0, 1, 1, 1, 1, 1, 2, 2, 2}, left); diff != "" {
		t.Error(diff)
	}
}
