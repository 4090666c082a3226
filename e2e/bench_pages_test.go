//go:build bench

package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/account"
	"nianbao/internal/web/webtest"
)

const (
	// maxPage is how long a page of a list may take, whichever page of however many.
	maxPage   = 50 * time.Millisecond
	pageTries = 40
	psqlTries = 100
	deepPages = 500 // of 200 rows
)

// benchPages asks for pages of long lists: the first, a deep one, and a search for two characters, each beside psql
// running the same SQL; then the same lists as people see them, signed in, whole pages of HTML.
func benchPages(t *testing.T, tb *table, m *million) {
	node := benchNode(t, openBench(t, m.cluster.private.URL()), nil)
	for _, ask := range m.lists(t, node) {
		took := timed(t, func() { get(t, node+ask.path, ask.token) })
		statements := m.cluster.record(t, func() { get(t, node+ask.path, ask.token) })
		reference := sameInPsql(t, m.cluster, statements)
		tb.add(t, figure{what: ask.what, measured: milliseconds(took), reference: milliseconds(reference),
			ratio: fmt.Sprintf("%.1f", took.Seconds()/reference.Seconds()), limit: "≤ " + milliseconds(maxPage), met: took <= maxPage})
	}
	benchHTML(t, tb, m)
}

// listPage is a page of a list of the API.
type listPage struct{ what, path, token string }

func (m *million) lists(t *testing.T, node string) []listPage {
	t.Helper()
	search := url.QueryEscape(commonPair(m))
	rows := grouped(len(m.organisations))
	var lists []listPage
	for _, list := range []struct{ what, path, token string }{
		{"review queue of " + rows, "/api/v1/reviews?status=pending&sort=due", reviewerToken},
		{"register of " + rows, "/api/v1/public/organisations?authority=" + authority, ""},
		{"abnormal-activity list of " + grouped(len(m.organisations)*3/10), "/api/v1/public/abnormal-list?authority=" + authority, ""},
	} {
		lists = append(lists, listPage{list.what + ", first page", list.path, list.token},
			listPage{fmt.Sprintf("%s, page %d of 200", list.what, deepPages), deepPage(t, node, list.path, list.token), list.token})
	}
	return append(lists,
		listPage{"review queue, search for two characters", "/api/v1/reviews?status=pending&sort=due&q=" + search, reviewerToken},
		listPage{"register, search for two common characters", "/api/v1/public/organisations?q=" + search, ""},
		listPage{"register, search for two characters that no name has", "/api/v1/public/organisations?q=" + url.QueryEscape("龘靐"), ""},
		listPage{"register, search by code", "/api/v1/public/organisations?q=" + string(m.organisations[len(m.organisations)/2].USCC), ""},
	)
}

// commonPair is two characters that many names of the sample have.
func commonPair(m *million) string {
	pairs := map[string]int{}
	for i := 0; i < len(m.organisations); i += 97 {
		name := []rune(m.organisations[i].Name)
		for at := range len(name) - 1 {
			pairs[string(name[at:at+2])]++
		}
	}
	best := ""
	for pair, n := range pairs {
		if n > pairs[best] || n == pairs[best] && pair < best {
			best = pair
		}
	}
	return best
}

// deepPage walks the list and gives the address of a page far down, or of the last one.
func deepPage(t *testing.T, node, path, token string) string {
	t.Helper()
	path += "&limit=200"
	deep := path
	for range deepPages - 1 {
		var page struct{ Next *string }
		if err := json.Unmarshal(get(t, node+deep, token), &page); err != nil {
			t.Fatal(err)
		}
		if page.Next == nil {
			return deep
		}
		deep = path + "&cursor=" + url.QueryEscape(*page.Next)
	}
	return deep
}

// get wants 200.
func get(t *testing.T, address, token string) []byte {
	t.Helper()
	got, err := caller{token: token}.callAt(t.Context(), address, http.MethodGet, nil)
	if err == nil {
		err = got.want(http.StatusOK, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return got.body
}

// timed is the median time of a call, warm.
func timed(t *testing.T, call func()) time.Duration {
	t.Helper()
	times := make([]time.Duration, pageTries)
	call()
	for i := range times {
		began := time.Now()
		call()
		times[i] = time.Since(began)
	}
	slices.Sort(times)
	return times[len(times)/2]
}

// sameInPsql is how long psql takes for the statements: many runs less few, so that its start does not count.
func sameInPsql(t *testing.T, c *benchCluster, statements []statement) time.Duration {
	t.Helper()
	run := func(times int) time.Duration {
		script := psqlScript(t, slices.Repeat(statements, times))
		began := time.Now()
		psql(t, c.private.URL(), script)
		return time.Since(began)
	}
	run(1)
	few, many := run(10), run(10+psqlTries)
	return max(many-few, time.Microsecond) / psqlTries
}

// benchHTML asks the program itself for the pages that people see.
func benchHTML(t *testing.T, tb *table, m *million) {
	s, err := launch(m.cluster.place)
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop(t)
	email := strings.ToLower(uuid.NewString()) + "@example.cn"
	webtest.Person(t, m.cluster.db, email, account.RoleReviewer, account.Scope{AuthorityCode: authority})
	reviewer := webtest.NewBrowser(t, s.url)
	reviewer.SignIn(email)
	search := url.QueryEscape(commonPair(m))
	for _, page := range []struct{ what, path string }{
		{"desk page of the review queue", "/desk/reviews"},
		{"desk page of the review queue, search for two characters", "/desk/reviews?q=" + search},
		{"desk page of the listings", "/desk/listings"},
		{"public page of the register, search for two characters", "/public/organisations?q=" + search},
		{"public page of the abnormal-activity list", "/public/abnormal-list"},
	} {
		took := timed(t, func() {
			if got := reviewer.Get(page.path); got.Status != http.StatusOK {
				t.Fatalf("%s: %d", page.path, got.Status)
			}
		})
		tb.add(t, figure{what: page.what, measured: milliseconds(took), limit: "≤ " + milliseconds(maxPage), met: took <= maxPage})
	}
}
