package filing

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/uuid"

	"nianbao/internal/event"
)

// corrected is the model of an accepted report and its corrections.
type corrected struct {
	status   Status
	accepted int // index of the submission that is accepted
	live     int // of the correction under review; -1: none
	writing  bool
	draft    []byte
	sent     []SubmissionStatus
	ids      []uuid.UUID
	bodies   [][]byte
	code     string // of the refusal that the last act should have met
}

var correctionActs = []string{"correct", "correct", "correct", "withdraw", "return", "adopt", "adopt other", "refuse", "start", "abandon", "save"}

// TestLivesOfCorrections plays random acts on accepted reports against the model: the report stands as accepted
// whatever becomes of a correction, until one is adopted.
func TestLivesOfCorrections(t *testing.T) {
	for regime, conclusions := range map[string][2]Status{
		"annual_report":     {StatusPassed, StatusPassed},
		"annual_inspection": {StatusQualified, StatusBasicallyQualified},
	} {
		t.Run(regime, func(t *testing.T) {
			w := newWorld(t, "2019-03-20", 2)
			w.importSeason("regime: " + regime)
			dice := rand.New(rand.NewPCG(19, 23))
			models, bodies := make([]*corrected, len(w.orgs)), make([][3][]byte, len(w.orgs))
			for i, org := range w.orgs {
				bodies[i] = [3][]byte{w.body(org, 2018, 1), w.body(org, 2018, 2), w.body(org, 2018, 3)}
				receipt := w.mustSubmit(org, "first")
				if _, err := w.conclude(receipt.SubmissionID, conclusions[0]); err != nil {
					t.Fatal(err)
				}
				models[i] = &corrected{status: conclusions[0], live: -1, draft: []byte(emptyBody), sent: []SubmissionStatus{SubmissionStatus(conclusions[0])},
					ids: []uuid.UUID{receipt.SubmissionID}, bodies: [][]byte{bodies[i][0]}}
			}
			done := map[string]int{}
			for step := range 200 {
				i := dice.IntN(len(w.orgs))
				m, act, body := models[i], correctionActs[dice.IntN(len(correctionActs))], bodies[i][dice.IntN(3)]
				if m.refusal(act, body) != "" && dice.IntN(3) > 0 {
					continue // most acts are those of the state
				}
				err := w.correctPlay(i, m, correctionAct{name: act, body: body, step: step, conclusions: conclusions})
				if m.code == "" && err != nil || m.code != "" && errorCode(err) != m.code {
					t.Fatalf("step %d: %s: %v, want %q", step, act, err, m.code)
				}
				if m.code == "" {
					done[act]++
				}
				w.sameCorrections(i, m, fmt.Sprintf("step %d, %s", step, act))
			}
			for _, act := range correctionActs {
				if done[act] == 0 {
					t.Errorf("too dull: %s never came off", act)
				}
			}
			e := w.events()
			if e[event.SubmissionReceivedKind] != len(w.orgs)+done["correct"] || e[event.SubmissionWithdrawnKind] != done["withdraw"] {
				t.Errorf("done %v, events %v", done, e)
			}
		})
	}
}

// correctionAct is one act with what it may need.
type correctionAct struct {
	name        string
	body        []byte
	step        int
	conclusions [2]Status
}

// refusal is the code with which the act is refused in this state, "" where it is allowed.
func (m *corrected) refusal(act string, body []byte) string {
	switch act {
	case "correct":
		switch {
		case bytes.Equal(body, m.bodies[m.accepted]):
			return "nothing_corrected" // the body before the state
		case m.live >= 0:
			return CodeCorrectionPending
		}
	case "start":
		if m.live >= 0 {
			return CodeCorrectionPending
		}
	case "abandon":
		if !m.writing {
			return CodeNotCorrecting
		}
	case "save":
		switch {
		case m.live >= 0:
			return CodeCorrectionPending
		case !m.writing:
			return CodeAlreadyConcluded
		}
	case "withdraw":
		if m.live < 0 {
			return CodeAlreadyConcluded
		}
	default:
		if m.live < 0 {
			return CodeNotSubmitted
		}
	}
	return ""
}

// correctPlay performs the act and moves the model.
func (w *world) correctPlay(i int, m *corrected, a correctionAct) error {
	org := w.orgs[i]
	m.code = m.refusal(a.name, a.body)
	latest := m.ids[len(m.ids)-1]
	decide := Decision{SubmissionID: latest, Event: event.Event{Kind: event.ReviewDecidedKind, Data: event.ReviewDecided{Outcome: a.name, Kind: KindCorrection}}}
	end := func(as SubmissionStatus) {
		m.sent[m.live], m.live = as, -1
	}
	resume := func() { m.writing, m.draft = true, m.bodies[m.live] }
	var err error
	switch a.name {
	case "correct":
		var receipt Receipt
		receipt, err = w.svc.Correct(w.ctx, Correct{OrganisationID: org.ID, Year: 2018, Reason: "数字有误", Body: a.body, IdempotencyKey: fmt.Sprint("c", a.step), Actor: filer})
		if err == nil {
			m.live, m.writing = len(m.ids), false
			m.sent, m.ids, m.bodies = append(m.sent, SubmissionSubmitted), append(m.ids, receipt.SubmissionID), append(m.bodies, a.body)
		}
	case "start":
		_, err = w.svc.StartCorrection(w.ctx, StartCorrection{org.ID, 2018, "数字有误", filer})
		if err == nil && !m.writing {
			m.writing, m.draft = true, m.bodies[m.accepted]
		}
	case "abandon":
		if err = w.svc.AbandonCorrection(w.ctx, org.ID, 2018); err == nil {
			m.writing, m.draft = false, m.bodies[m.accepted]
		}
	case "save":
		if _, err = w.svc.SaveDraft(w.ctx, SaveDraft{OrganisationID: org.ID, Year: 2018, Body: a.body, Actor: filer}); err == nil {
			m.draft = a.body
		}
	case "withdraw":
		if _, err = w.svc.Withdraw(w.ctx, Withdraw{OrganisationID: org.ID, Year: 2018, Actor: filer}); err == nil {
			resume()
			end(SubmissionWithdrawn)
		}
	case "return":
		decide.Resubmit.Date = day("2019-04-10") // means nothing for a correction
		if _, err = w.decide(ReturnSubmission, decide); err == nil {
			resume()
			end(SubmissionReturned)
		}
	case "refuse":
		decide.Status = StatusUnqualified
		if _, err = w.decide(ConcludeSubmission, decide); err == nil {
			end(SubmissionUnqualified)
		}
	case "adopt", "adopt other":
		decide.Status = a.conclusions[0]
		if a.name == "adopt other" {
			decide.Status = a.conclusions[1]
		}
		if _, err = w.decide(ConcludeSubmission, decide); err == nil {
			m.accepted, m.status = m.live, decide.Status
			end(SubmissionStatus(decide.Status))
		}
	}
	return err
}

// sameCorrections compares what is stored with the model.
func (w *world) sameCorrections(i int, m *corrected, when string) {
	w.t.Helper()
	report, err := ReportOf(w.ctx, w.db, w.orgs[i].ID, 2018)
	if err != nil {
		w.t.Fatalf("%s: %v", when, err)
	}
	o := report.Obligation
	if o.Status != m.status || !o.OverdueAfter.IsZero() || !o.ResubmitBy.IsZero() || o.SubmissionID.UUID != m.ids[m.accepted] ||
		o.Submissions != len(m.sent) || len(report.Submissions) != len(m.sent) {
		w.t.Fatalf("%s: %+v, want %s with %s", when, o, m.status, m.ids[m.accepted])
	}
	if o.CorrectionID.Valid != (m.live >= 0) || m.live >= 0 && o.CorrectionID.UUID != m.ids[m.live] {
		w.t.Fatalf("%s: correction %v under review, want index %d", when, o.CorrectionID, m.live)
	}
	for n, s := range report.Submissions {
		if s.Status != m.sent[n] || s.ID != m.ids[n] || (s.Kind == KindCorrection) != (n > 0) || !bytes.Equal(w.stored(s.ID), m.bodies[n]) {
			w.t.Fatalf("%s: submission %d is %s %s, want %s", when, n+1, s.Kind, s.Status, m.sent[n])
		}
	}
	accepted, err := AcceptedReport(w.ctx, w.db, w.orgs[i].ID, 2018)
	if err != nil || accepted.SubmissionID.UUID != m.ids[m.accepted] || !bytes.Equal(accepted.Body, m.bodies[m.accepted]) {
		w.t.Fatalf("%s: accepted %v, %v", when, accepted.SubmissionID, err)
	}
	_, err = CorrectionDraftOf(w.ctx, w.db, o.ID)
	if writing := err == nil; writing != m.writing {
		w.t.Fatalf("%s: being written %v, want %v", when, writing, m.writing)
	}
	if draft, err := w.svc.Draft(w.ctx, w.orgs[i].ID, 2018); err != nil || m.writing && !bytes.Equal(draft.Body, m.draft) {
		w.t.Fatalf("%s: the draft is not what was last written (%v)", when, err)
	}
	corrections, err := CorrectionsOf(w.ctx, w.db, o.ID)
	if err != nil || len(corrections) != len(m.sent)-1 {
		w.t.Fatalf("%s: %d corrections, %v", when, len(corrections), err)
	}
	for n, c := range corrections {
		adopted := SubmissionStatus.accepted(m.sent[n+1])
		if c.ReportID != m.ids[0] || (c.AdoptedAt != nil) != adopted || len(c.Sections) == 0 {
			w.t.Fatalf("%s: correction %d: %+v", when, n+1, c)
		}
	}
}

func (s SubmissionStatus) accepted() bool { return Status(s).Accepted() }
