package event

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// chainOf makes the rows of a sound log: every third event is not public.
func chainOf(n int) ([]verifyRow, head) {
	h := head{Hash: make([]byte, 32)}
	rows := make([]verifyRow, n)
	for i := range rows {
		h.Position++
		s := Stored{Position: h.Position, ID: uuid.New(), Ordinal: int64(i), Kind: ReviewClaimedKind, At: time.UnixMicro(int64(i)), Data: []byte("{}")}
		if i%3 != 2 {
			h.PublicPosition++
			public := h.PublicPosition
			s.Public, s.PublicPosition = true, &public
		}
		h.Hash, _ = chain(h.Hash, s, nil)
		rows[i] = verifyRow{EventID: s.ID, Hash: h.Hash, Found: true, Stored: s}
	}
	return rows, h
}

func walk(rows []verifyRow, h head) VerifyResult {
	v := verifier{previous: make([]byte, 32), result: VerifyResult{Position: h.Position, Hash: h.Hash}}
	for _, r := range rows {
		v.check(r)
	}
	v.end(h)
	return v.result
}

func faultsOf(r VerifyResult) []string {
	var list []string
	for _, p := range r.Problems {
		list = append(list, fmt.Sprintf("%s %d", p.Fault, p.Position))
	}
	return list
}

func TestVerifierWalksASoundLog(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 50} {
		if r := walk(chainOf(n)); !r.OK() || r.Events != int64(n) {
			t.Errorf("%d events: %+v", n, r)
		}
	}
}

func TestVerifierNamesThePlace(t *testing.T) {
	for _, tt := range []struct {
		name   string
		tamper func(rows []verifyRow, h *head) []verifyRow
		want   []string
	}{
		{"public numbering jumps", func(rows []verifyRow, _ *head) []verifyRow {
			*rows[4].PublicPosition += 5
			return rows
		}, []string{"changed 5", "changed 5", "changed 7"}},
		{"a gap at the beginning", func(rows []verifyRow, _ *head) []verifyRow { return rows[2:] }, []string{"removed 1"}},
		{"two gaps", func(rows []verifyRow, _ *head) []verifyRow {
			return append(append(rows[:2:2], rows[3:6]...), rows[8:]...)
		},
			[]string{"removed 3", "removed 7"}},
		{"a row before the first", func(rows []verifyRow, _ *head) []verifyRow {
			stray := rows[0]
			stray.Position = 0
			return append([]verifyRow{stray}, rows...)
		}, []string{"inserted 0"}},
		{"an event gone, its position left", func(rows []verifyRow, _ *head) []verifyRow {
			rows[3].Found = false
			return rows
		}, []string{"removed 4"}},
		{"the end gone", func(rows []verifyRow, _ *head) []verifyRow { return rows[:7] }, []string{"tail_cut 8"}},
		{"the head forgets the last event", func(rows []verifyRow, h *head) []verifyRow {
			h.Hash = rows[len(rows)-2].Hash
			return rows
		}, []string{"head 10"}},
		{"the head counts another public event", func(rows []verifyRow, h *head) []verifyRow {
			h.PublicPosition++
			return rows
		}, []string{"head 10"}},
		{"an event changed and hashed anew, the next not", func(rows []verifyRow, _ *head) []verifyRow {
			rows[5].ActorName = "别人"
			rows[5].Hash, _ = chain(rows[4].Hash, rows[5].Stored, nil)
			return rows
		}, []string{"changed 7"}},
	} {
		rows, h := chainOf(10)
		rows = tt.tamper(rows, &h)
		if diff := cmp.Diff(tt.want, faultsOf(walk(rows, h))); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
}

// TestARemovedEventIsOneFault: what was removed is told once, and no untouched event or head is blamed for it, whether
// the events left after it are public or not.
func TestARemovedEventIsOneFault(t *testing.T) {
	for n := 2; n < 14; n++ {
		for gone := range n - 1 {
			rows, h := chainOf(n)
			rows = append(rows[:gone:gone], rows[gone+1:]...)
			want := []string{fmt.Sprintf("removed %d", gone+1)}
			if diff := cmp.Diff(want, faultsOf(walk(rows, h))); diff != "" {
				t.Errorf("%d events, number %d removed:\n%s", n, gone+1, diff)
			}
		}
	}
}

// TestVerifierKeepsCountOfAllFaults: a log that is wrong throughout fills no memory, and the number is not lost.
func TestVerifierKeepsCountOfAllFaults(t *testing.T) {
	rows, h := chainOf(3 * maxProblems)
	for i := range rows {
		rows[i].Basis = "改"
	}
	r := walk(rows, h)
	if r.OK() || len(r.Problems) != maxProblems || r.Omitted != 2*maxProblems || r.Events != int64(3*maxProblems) {
		t.Errorf("%d problems, %d omitted, %d events", len(r.Problems), r.Omitted, r.Events)
	}
}

func TestProblemsReadInOneLine(t *testing.T) {
	id := uuid.MustParse("0190a2f4-0000-7000-8000-000000000001")
	for want, p := range map[string]Problem{
		"tail_cut at position 9: the log ends at 8":                                         {Fault: FaultTail, Position: 9, Detail: "the log ends at 8"},
		"changed at position 5 (event 0190a2f4-0000-7000-8000-000000000001): not as hashed": {Fault: FaultChanged, Position: 5, EventID: Ref(id), Detail: "not as hashed"},
	} {
		if got := p.String(); got != want || strings.Contains(got, "\n") {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
