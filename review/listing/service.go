package listing

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"github.com/lib/pq"
	"golang.org/x/text/unicode/norm"

	"nianbao/filing"
	"nianbao/internal/document"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Config is what the service works with.
type Config struct {
	DB       *postgres.DB
	Calendar func() *workday.Calendar // the calendar as it is known now
	Log      *slog.Logger             // nil: the default logger
}

// Service holds the use cases of late filing.
type Service struct {
	db       *postgres.DB
	calendar func() *workday.Calendar
	log      *slog.Logger
}

// New makes the service.
func New(c Config) *Service {
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Service{db: c.DB, calendar: c.Calendar, log: c.Log}
}

// seasons remembers the seasons that a pass has met, for all its workers. A season whose rules cannot be read is an error
// each time it is asked for; its rows are left out, the others go on.
type seasons struct {
	mu    sync.Mutex
	known map[uuid.UUID]seasonFound
}

type seasonFound struct {
	season *filing.Season
	err    error
}

func newSeasons() *seasons { return &seasons{known: map[uuid.UUID]seasonFound{}} }

func (s *seasons) of(ctx context.Context, q postgres.Queryer, id uuid.UUID) (*filing.Season, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.known[id]
	if !ok {
		season, err := filing.SeasonByID(ctx, q, id)
		found = seasonFound{&season, err}
		if ctx.Err() == nil {
			s.known[id] = found
		}
	}
	return found.season, found.err
}

// batchSize is how many rows a transaction of the clock's passes touches: short locks, and few round trips a row.
const batchSize = 2000

// inBatch runs do on the rows in one transaction. Where a row cannot be done it halves the batch until that row is
// alone, leaves it out and goes on: one bad row never stops a pass. counted hears of each transaction that committed.
func inBatch[C any](ctx context.Context, s *Service, ids []uuid.UUID,
	do func(tx *postgres.Tx, ids []uuid.UUID) (C, error), counted func(C)) (failed int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	var count C
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) (err error) {
		count, err = do(tx, ids)
		return err
	})
	switch {
	case err == nil:
		counted(count)
		return 0, nil
	case ctx.Err() != nil || !aboutRows(err):
		return 0, err
	case len(ids) == 1:
		s.log.ErrorContext(ctx, "late filing: a row is left out", "id", ids[0], "error", err)
		return 1, nil
	}
	half := len(ids) / 2
	for _, part := range [][]uuid.UUID{ids[:half], ids[half:]} {
		n, err := inBatch(ctx, s, part, do, counted)
		failed += n
		if err != nil {
			return failed, err
		}
	}
	return failed, nil
}

// aboutRows tells whether an error lies in the data or in a lock on it, so that other rows can still be done; an
// unreachable server is none of them.
func aboutRows(err error) bool {
	if errors.Is(err, document.ErrFacts) || postgres.IsNoRows(err) {
		return true
	}
	e := pq.As(err)
	if e == nil {
		return false
	}
	switch e.Code.Class() {
	case "22", "23", "55": // data exception, integrity constraint violation, object not in prerequisite state (locks)
		return true
	}
	return false
}

// The limits of what people write, in characters.
const (
	maxText   = 10_000
	maxReason = 5_000
)

// clean brings a text into the form in which it is stored; an empty one is the error missing.
func clean(text string, limit int, missing *Error) (string, error) {
	if !utf8.ValidString(text) {
		return "", ErrBadText
	}
	text = strings.TrimSpace(norm.NFC.String(strings.ReplaceAll(text, "\r\n", "\n")))
	switch {
	case text == "":
		return "", missing
	case utf8.RuneCountInString(text) > limit:
		return "", tooLong(limit)
	case strings.ContainsFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }):
		return "", ErrBadText
	}
	return text, nil
}
