package filing

import (
	"slices"
	"testing"
)

// allowed is the contract's §5 written down a second time, independently of the table under test.
var allowed = map[Act]map[Status][]Status{
	ActSubmit:   {StatusOpen: {StatusSubmitted}, StatusReturned: {StatusSubmitted}},
	ActWithdraw: {StatusSubmitted: {StatusOpen, StatusReturned}},
	ActReturn:   {StatusSubmitted: {StatusReturned}},
	ActConclude: {StatusSubmitted: {StatusPassed, StatusUnqualified, StatusQualified, StatusBasicallyQualified}},
	ActReopen:   {StatusUnqualified: {StatusSubmitted}},
	ActExempt:   {StatusOpen: {StatusExempt}, StatusReturned: {StatusExempt}},
	ActReinstate: {
		StatusExempt: {StatusOpen, StatusReturned},
	},
	ActCorrect: staying, ActWithdrawCorrection: staying, ActReturnCorrection: staying, ActRefuseCorrection: staying,
	ActAdoptCorrection: {
		StatusPassed:             {StatusPassed},
		StatusQualified:          {StatusQualified, StatusBasicallyQualified},
		StatusBasicallyQualified: {StatusQualified, StatusBasicallyQualified},
	},
}

// staying: a correction leaves an accepted report as it is.
var staying = map[Status][]Status{StatusPassed: {StatusPassed}, StatusQualified: {StatusQualified},
	StatusBasicallyQualified: {StatusBasicallyQualified}}

func TestEveryTransitionAllowedOrForbidden(t *testing.T) {
	acts := []Act{ActSubmit, ActWithdraw, ActReturn, ActConclude, ActReopen, ActExempt, ActReinstate, ActCorrect, ActWithdrawCorrection,
		ActReturnCorrection, ActRefuseCorrection, ActAdoptCorrection, "unknown"}
	tried, permitted := 0, 0
	for _, act := range acts {
		for _, from := range append(Statuses(), "", "unknown") {
			for _, to := range append(Statuses(), "", "unknown") {
				want := slices.Contains(allowed[act][from], to)
				if got := Can(act, from, to); got != want {
					t.Errorf("Can(%s, %s → %s) = %v, want %v", act, from, to, got, want)
				}
				tried++
				if want {
					permitted++
				}
			}
		}
	}
	if permitted != len(transitions) || tried != 1300 {
		t.Errorf("tried %d moves, %d permitted; the table has %d rows", tried, permitted, len(transitions))
	}
}

func TestStatusFacts(t *testing.T) {
	for _, tt := range []struct {
		status                            Status
		owed, stands, concluded, accepted bool
		next                              Party
	}{
		{StatusOpen, true, false, false, false, OrganisationActs},
		{StatusSubmitted, false, true, false, false, AuthorityActs},
		{StatusReturned, true, false, false, false, OrganisationActs},
		{StatusPassed, false, true, true, true, NobodyActs},
		{StatusUnqualified, false, true, true, false, NobodyActs},
		{StatusQualified, false, true, true, true, NobodyActs},
		{StatusBasicallyQualified, false, true, true, true, NobodyActs},
		{StatusExempt, false, false, false, false, NobodyActs},
	} {
		s := tt.status
		if s.Owed() != tt.owed || s.Stands() != tt.stands || s.Concluded() != tt.concluded || s.Accepted() != tt.accepted {
			t.Errorf("%s: owed %v stands %v concluded %v accepted %v", s, s.Owed(), s.Stands(), s.Concluded(), s.Accepted())
		}
		if s.NextActor() != tt.next || s.NextActor().Label() == "" {
			t.Errorf("%s: next actor %q", s, s.NextActor())
		}
		if !s.Valid() || s.Label() == "" {
			t.Errorf("%s has no label", s)
		}
	}
	if Status("paid").Valid() {
		t.Error("an unknown word is a valid status")
	}
}

func TestConclusionsByRegime(t *testing.T) {
	if got := RegimeReport.Conclusions(); !slices.Equal(got, []Status{StatusPassed, StatusUnqualified}) {
		t.Errorf("annual report: %v", got)
	}
	if got := RegimeInspection.Conclusions(); !slices.Equal(got,
		[]Status{StatusQualified, StatusBasicallyQualified, StatusUnqualified}) {
		t.Errorf("annual inspection: %v", got)
	}
	for _, regime := range []Regime{RegimeReport, RegimeInspection} {
		for _, s := range regime.Conclusions() {
			row, ok := find(ActConclude, StatusSubmitted, s)
			if !ok || string(row.submission) != string(s) || row.submission.Label() != s.Label() {
				t.Errorf("%s: conclusion %s leaves the submission %q", regime, s, row.submission)
			}
		}
	}
}
