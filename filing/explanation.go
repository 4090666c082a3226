package filing

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/filing/check"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// Limits of explanations.
const (
	MaxExplanation  = 1000 // characters of one
	maxExplanations = 200  // of a report
)

// Explanation is what the filer says to a warning. Check and Keys name the
// warning; the same check may warn at several places.
type Explanation struct {
	Check   string    `json:"check"`
	Keys    []string  `json:"keys"`
	Message string    `json:"message"` // the warning's as it was answered; "": not known
	Text    string    `json:"text"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
}

// Place names the warning that is answered: the SHA-256, in hex, of its check and keys.
func (e Explanation) Place() string { return place(e.Check, e.Keys) }

// PlaceOf names a finding as Explanation.Place names the one that is answered.
func PlaceOf(f check.Finding) string { return place(f.Check, f.Keys) }

func place(code string, keys []string) string {
	sum := sha256.Sum256([]byte(code + "\n" + strings.Join(keys, "\n")))
	return hex.EncodeToString(sum[:])
}

// Stale tells that the warning reads otherwise than when it was answered, so
// that the answer may speak of other figures.
func (e Explanation) Stale(f check.Finding) bool { return e.Message != "" && e.Message != f.Message }

// Explanations are a report's answers by the place of the warning.
type Explanations map[string]Explanation

// To finds the answer to a finding.
func (e Explanations) To(f check.Finding) (Explanation, bool) {
	found, ok := e[PlaceOf(f)]
	return found, ok
}

// Answer asks to store what is said to one warning; a blank Text takes it away.
type Answer struct {
	Explanation
	Seen *string // what the writer saw in its place, "" for nothing; nil: whatever is there
}

// Explain asks to store answers to warnings beside the draft.
type Explain struct {
	OrganisationID uuid.UUID
	Year           int
	Answers        []Answer
	Replace        bool // what is not among Answers is taken away
	Actor          event.Actor
}

// Explain stores the answers. Where somebody else wrote since the writer looked,
// what they wrote stays and is given back, the other answers are stored. It is
// refused with a *StateError unless the report is being worked on.
func (s *Service) Explain(ctx context.Context, c Explain) (kept []Explanation, err error) {
	if len(c.Answers) > maxExplanations {
		return nil, &Error{http.StatusUnprocessableEntity, "too_many_explanations", fmt.Sprintf("一份报告最多写%d条说明。", maxExplanations)}
	}
	for i := range c.Answers {
		text, refused := ReadExplanation(c.Answers[i].Text)
		if refused != nil {
			return nil, refused
		}
		c.Answers[i].Text = text
	}
	t, err := s.find(ctx, lookup{organisationID: c.OrganisationID, year: c.Year})
	if err != nil {
		return nil, err
	}
	if t.planned() {
		return nil, t.notOpen()
	}
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		kept, err = explain(ctx, tx, t.obligation, c)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("explain warnings of report %d of %s: %w", c.Year, c.OrganisationID, err)
	}
	return kept, nil
}

// ReadExplanation brings the text of an explanation into order, as Explain does;
// an *Error says why it cannot be stored.
func ReadExplanation(s string) (string, *Error) {
	text, err := readText("说明", s, MaxExplanation)
	var refused *Error
	if errors.As(err, &refused) {
		return "", refused
	}
	return text, nil
}

// explain holds the obligation, so that writers follow one another and none
// writes beside a submission.
func explain(ctx context.Context, tx *postgres.Tx, of Obligation, c Explain) (kept []Explanation, err error) {
	o, err := lockObligation(ctx, tx, of.AuthorityCode, of.ID)
	if err != nil {
		return nil, err
	}
	worked := o.Status.Owed()
	if !worked { // a correction is written in the draft while the report stands
		if err := tx.GetContext(ctx, &worked, `SELECT EXISTS (SELECT FROM correction_draft WHERE obligation_id = $1)`, o.ID); err != nil {
			return nil, err
		}
	}
	if !worked {
		return nil, cannotFile(o.ReportYear, o.Status)
	}
	there, err := ExplanationsOf(ctx, tx, o.ID)
	if err != nil {
		return nil, err
	}
	named := []string{}
	for _, a := range c.Answers {
		named = append(named, a.Place())
		now := there[a.Place()]
		switch {
		case now.Text == a.Text && now.Message == a.Message:
		case a.Seen != nil && *a.Seen != now.Text && now.Text != a.Text:
			now.Check, now.Keys = a.Check, a.Keys // there may be nothing any more
			kept = append(kept, now)
		default:
			if err := putExplanation(ctx, tx, o.ID, a, c.Actor); err != nil {
				return nil, err
			}
		}
	}
	if c.Replace {
		_, err = tx.ExecContext(ctx, `DELETE FROM explanation WHERE obligation_id = $1 AND place <> ALL ($2)`, o.ID, pq.Array(named))
	}
	return kept, err
}

func putExplanation(ctx context.Context, tx *postgres.Tx, obligationID uuid.UUID, a Answer, actor event.Actor) error {
	if a.Text == "" {
		_, err := tx.ExecContext(ctx, `DELETE FROM explanation WHERE obligation_id = $1 AND place = $2`, obligationID, a.Place())
		return err
	}
	_, err := tx.ExecContext(ctx, `INSERT INTO explanation (obligation_id, place, check_code, keys, message, text, written_by, written_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (obligation_id, place) DO UPDATE SET message = excluded.message, text = excluded.text,
			written_by = excluded.written_by, written_at = excluded.written_at`,
		obligationID, a.Place(), a.Check, pq.Array(a.Keys), a.Message, a.Text, actor.Name, tx.Now())
	return err
}

// ExplanationsOf reads what is said beside the obligation's draft.
func ExplanationsOf(ctx context.Context, q postgres.Queryer, obligationID uuid.UUID) (Explanations, error) {
	stmt, err := q.Prepared(ctx, `SELECT check_code, keys, message, text, written_by, written_at FROM explanation WHERE obligation_id = $1`)
	if err != nil {
		return nil, fmt.Errorf("explanations of %s: %w", obligationID, err)
	}
	var rows []struct {
		Check   string         `db:"check_code"`
		Keys    pq.StringArray `db:"keys"`
		Message string         `db:"message"`
		Text    string         `db:"text"`
		By      string         `db:"written_by"`
		At      time.Time      `db:"written_at"`
	}
	if err := stmt.SelectContext(ctx, &rows, obligationID); err != nil {
		return nil, fmt.Errorf("explanations of %s: %w", obligationID, err)
	}
	list := Explanations{}
	for _, r := range rows {
		e := Explanation{Check: r.Check, Keys: r.Keys, Message: r.Message, Text: r.Text, By: r.By, At: r.At}
		list[e.Place()] = e
	}
	return list, nil
}

// Sorted lists explanations by check, then by keys.
func (e Explanations) Sorted() []Explanation {
	list := make([]Explanation, 0, len(e))
	for _, explanation := range e {
		list = append(list, explanation)
	}
	slices.SortFunc(list, func(a, b Explanation) int {
		if n := strings.Compare(a.Check, b.Check); n != 0 {
			return n
		}
		return slices.Compare(a.Keys, b.Keys)
	})
	return list
}

// explained gives, as JSON, what is said to the warnings that a report is taken
// with; nil where nothing is. The obligation is held. A report without warnings
// costs no statement.
func explained(ctx context.Context, tx *postgres.Tx, obligationID uuid.UUID, warnings []check.Finding) (*string, error) {
	if len(warnings) == 0 {
		return nil, nil //nolint:nilnil // nothing said is a null column
	}
	there, err := ExplanationsOf(ctx, tx, obligationID)
	if err != nil {
		return nil, err
	}
	var list []Explanation
	for _, w := range warnings {
		if e, ok := there.To(w); ok {
			list = append(list, e)
		}
	}
	if list == nil {
		return nil, nil //nolint:nilnil // likewise
	}
	data, err := json.Marshal(list)
	if err != nil {
		return nil, fmt.Errorf("encode explanations: %w", err)
	}
	text := string(data)
	return &text, nil
}

// SubmissionExplanations is what the filer said to the warnings that a report
// was taken with; ErrNotFound for no such submission.
func SubmissionExplanations(ctx context.Context, q postgres.Queryer, id uuid.UUID) (Explanations, error) {
	data, err := submissionJSON(ctx, q, `SELECT coalesce(explanations, '[]') FROM submission WHERE id = $1`, id)
	if err != nil {
		return nil, err
	}
	var list []Explanation
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, fmt.Errorf("explanations of submission %s: %w", id, err)
	}
	there := Explanations{}
	for _, e := range list {
		there[e.Place()] = e
	}
	return there, nil
}
