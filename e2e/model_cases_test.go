package e2e

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestModel holds the model itself to outcomes worked out by hand with a printed calendar of 2019, so that model and
// program cannot agree on nonsense.
func TestModel(t *testing.T) {
	april := func(n int) day { return date(2019, 4, n) }
	for name, c := range map[string]struct {
		paper bool
		acts  []act
		want  view
	}{
		"never files: notice on 1 April, ten working days to the 16th, listed on the 17th": {
			want: view{Status: "open", Overdue: true, SpotCheck: "2019-04-01",
				Matters:   []matterView{{"listed", "2019-04-01", "2019-04-16", "2019-04-17", ""}},
				Documents: map[string]int{"prior_notice": 1, "spot_check_notice": 1, "penalty_case_notice": 1, "listing_decision": 1},
				Mails:     map[string]int{"opening": 1, "reminder": 6, "notice": 4},
				Events:    map[string]int{"spot_check.entered": 1, "listing.listed": 1, "document.issued": 1}},
		},
		"no service on record: never listed": {
			paper: true,
			want: view{Status: "open", Overdue: true, SpotCheck: "2019-04-01", Matters: []matterView{{"notified", "", "", "", ""}},
				Documents: map[string]int{"prior_notice": 1, "spot_check_notice": 1, "penalty_case_notice": 1},
				Mails:     map[string]int{"opening": 1, "reminder": 6, "notice": 3},
				Events:    map[string]int{"spot_check.entered": 1}},
		},
		"files in the last minutes of Sunday: in time; the window runs over Qingming": {
			acts: []act{{on: due, at: night, do: submits}, {on: april(8), at: afternoon, do: decides, word: "pass"}},
			want: view{Status: "passed", Submissions: []submissionView{{"2019-03-31", "2019-04-15", "passed"}}, Conclusion: "2019-04-08",
				Documents: map[string]int{"conclusion": 1},
				Mails:     map[string]int{"opening": 1, "reminder": 6, "receipt": 1, "conclusion": 1},
				Events:    map[string]int{"submission.received": 1, "review.decided": 1, "conclusion.numbered": 1, "document.issued": 1}},
		},
		"files on the last day of the answer time: withdrawn by the next tick": {
			acts: []act{{on: april(16), at: night, do: submits}, {on: april(17), at: afternoon, do: decides, word: "unqualified"}},
			want: view{Status: "unqualified", Submissions: []submissionView{{"2019-04-16", "2019-04-29", "unqualified"}}, SpotCheck: "2019-04-01",
				Matters:   []matterView{{"withdrawn", "2019-04-01", "2019-04-16", "", "2019-04-17"}},
				Documents: map[string]int{"prior_notice": 1, "spot_check_notice": 1, "penalty_case_notice": 1, "listing_withdrawal": 1},
				Mails:     map[string]int{"opening": 1, "reminder": 6, "receipt": 1, "result": 1, "notice": 4},
				Events:    map[string]int{"submission.received": 1, "review.decided": 1, "spot_check.entered": 1}},
		},
		"files late, is returned and never refiles: a second notice over the May holiday": {
			acts: []act{{on: april(2), at: morning, do: submits}, {on: april(4), at: afternoon, do: decides, word: "return"}},
			want: view{Status: "returned", Overdue: true, ResubmitBy: "2019-04-19",
				Submissions: []submissionView{{"2019-04-02", "2019-04-17", "returned"}}, SpotCheck: "2019-04-01",
				Matters: []matterView{{"withdrawn", "2019-04-01", "2019-04-16", "", "2019-04-03"},
					{"listed", "2019-04-20", "2019-05-06", "2019-05-07", ""}},
				Documents: map[string]int{"prior_notice": 2, "spot_check_notice": 1, "penalty_case_notice": 1, "listing_withdrawal": 1,
					"listing_decision": 1, "return_notice": 1},
				Mails:  map[string]int{"opening": 1, "reminder": 11, "receipt": 1, "return": 1, "notice": 6}, // five more before 19 April
				Events: map[string]int{"submission.received": 1, "spot_check.entered": 1, "listing.listed": 1, "document.issued": 1}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := organisation{uscc: "51440100MJK1A2B31L", registered: "2018-12-31", active: true, electronic: !c.paper, known: begins}
			got := expect(&plan{org: o, acts: c.acts})
			if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-by hand +model)\n%s", diff)
			}
		})
	}
}
