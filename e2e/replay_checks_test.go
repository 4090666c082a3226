package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// checkNumbers wants receipt numbers without a gap, in the order of the moments at which reports were taken, and
// conclusion numbers without a gap.
func (r *replay) checkNumbers() {
	r.t.Helper()
	var taken []submitted
	conclusions := map[string]bool{}
	for _, p := range r.plans {
		taken = append(taken, r.people[p.org.uscc].submissions...)
	}
	slices.SortFunc(taken, func(a, b submitted) int { return strings.Compare(a.taken.ReceiptNo, b.taken.ReceiptNo) })
	for i, s := range taken {
		if want := fmt.Sprintf("2018-%07d", i+1); s.taken.ReceiptNo != want {
			r.t.Fatalf("receipt number %s follows where %s should", s.taken.ReceiptNo, want)
		}
		if i > 0 && s.at < taken[i-1].at {
			r.t.Errorf("receipt %s was given at %s, the one before at %s", s.taken.ReceiptNo, s.at, taken[i-1].at)
		}
	}
	for _, d := range r.documents() {
		if _, number, ok := strings.Cut(d.Number, "年审〔2019〕"); ok && d.Kind == "conclusion" {
			conclusions[number] = true
		}
	}
	for i := range len(conclusions) {
		if want := fmt.Sprintf("%05d号", i+1); !conclusions[want] {
			r.t.Errorf("no conclusion of %d has the number %s", len(conclusions), want)
		}
	}
	r.t.Logf("%d receipts and %d conclusions, numbered without a gap", len(taken), len(conclusions))
}

func (r *replay) documents() []documentAnswer {
	r.t.Helper()
	documents, err := pages[documentAnswer](r.t.Context(), r.reviewers[0], "/documents")
	if err != nil {
		r.t.Fatal(err)
	}
	return documents
}

// checkPublicLists compares the abnormal-activity list as it stood on several days with the model's.
func (r *replay) checkPublicLists() {
	r.t.Helper()
	first := listedAfter(due)
	for _, on := range []day{due, first - 1, first, first + 1, first + 13, first + 30, first + 50, lastDay} {
		var want, got []string
		for _, p := range r.plans {
			if expect(p).onListAt(on) {
				want = append(want, p.org.uscc)
			}
		}
		list, err := pages[listAnswer](r.t.Context(), r.cluster.anyone(), "/public/abnormal-list?authority="+authority+"&on="+on.String())
		if err != nil {
			r.t.Fatal(err)
		}
		for _, l := range list {
			got = append(got, l.Organisation.USCC)
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			r.t.Errorf("abnormal-activity list on %s (-model +system):\n%s", on, diff)
		}
	}
}

// spotChecks is since when who is on the spot-check list.
func (r *replay) spotChecks() map[string]string {
	r.t.Helper()
	list, err := pages[listAnswer](r.t.Context(), r.cluster.anyone(), "/public/spot-check-list?authority="+authority)
	if err != nil {
		r.t.Fatal(err)
	}
	since := map[string]string{}
	for _, l := range list {
		if since[l.Organisation.USCC] != "" {
			r.t.Errorf("%s is twice on the spot-check list", l.Organisation.USCC)
		}
		since[l.Organisation.USCC] = l.ListedOn
	}
	return since
}

// publicEvents counts the public feed by organisation and kind, and wants its positions without a gap.
func (r *replay) publicEvents() map[string]map[string]int {
	r.t.Helper()
	counts := map[string]map[string]int{}
	var after int64
	for {
		var page struct {
			Items []eventAnswer `json:"items"`
			Next  int64         `json:"next"`
		}
		if err := r.cluster.anyone().get(r.t.Context(), fmt.Sprintf("/public/events?limit=200&after=%d", after), &page); err != nil {
			r.t.Fatal(err)
		}
		for _, e := range page.Items {
			if after++; e.Position != after {
				r.t.Fatalf("public event %d has position %d", after, e.Position)
			}
			if e.Organisation == nil {
				continue
			}
			if counts[e.Organisation.USCC] == nil {
				counts[e.Organisation.USCC] = map[string]int{}
			}
			counts[e.Organisation.USCC][e.Kind]++
		}
		if len(page.Items) == 0 {
			return counts
		}
	}
}

// checkDocuments downloads every conclusion and lets `verify` and the public look at it.
func (r *replay) checkDocuments() {
	r.t.Helper()
	var conclusions []documentAnswer
	for _, d := range r.documents() {
		if d.Kind == "conclusion" {
			conclusions = append(conclusions, d)
		}
	}
	dir := r.t.TempDir()
	err := each(len(conclusions), 4, func(i int) error { return r.checkDocument(r.t.Context(), dir, conclusions[i]) })
	if err != nil {
		r.t.Error(err)
	}
}

func (r *replay) checkDocument(ctx context.Context, dir string, d documentAnswer) error {
	path, ok := strings.CutPrefix(text(d.URL), "/api/v1")
	if !ok {
		return fmt.Errorf("conclusion %s has the address %q", d.Number, text(d.URL))
	}
	got, err := r.reviewers[0].call(ctx, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	if sum := sha256Hex(got.body); got.status != http.StatusOK || sum != text(d.SHA256) || strings.Trim(got.header.Get("ETag"), `"`) != sum {
		return fmt.Errorf("conclusion %s: %d, SHA-256 %s, said %s, ETag %s", d.Number, got.status, sum, text(d.SHA256), got.header.Get("ETag"))
	}
	file := filepath.Join(dir, d.ID+".pdf")
	if err := os.WriteFile(file, got.body, 0o600); err != nil {
		return err
	}
	told, err := r.place.run(ctx, "verify", file)
	if err != nil {
		return err
	}
	if !strings.Contains(told, d.Number) || !strings.Contains(told, "in force") {
		return fmt.Errorf("verify %s: %s", d.Number, told)
	}
	var public struct {
		Valid            bool
		Kind, Number     string
		SHA256, Standing string
	}
	if err := r.cluster.anyone().get(ctx, "/public/verify/"+d.VerifyCode, &public); err != nil {
		return err
	}
	if !public.Valid || public.Number != d.Number || public.SHA256 != text(d.SHA256) || public.Standing != "in_force" {
		return fmt.Errorf("public verification of %s: %+v", d.Number, public)
	}
	return nil
}
