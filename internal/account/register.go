package account

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/text/unicode/norm"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
	"nianbao/internal/workday"
)

// Limits of getting in by a code: with all of them used, every day, for a
// year, a guesser of six digits has a chance of one in a hundred against one
// organisation.
const (
	CodeMinutes = 15 // how long a code holds
	CodeTries   = 5  // with one code
	CodesADay   = 5  // asked for with one USCC, in a civil day; the schema's limit
)

// keepRequests is for how many days requests are kept, for who asks what happened.
const keepRequests = 30

// ActivationJob is the queue's word for answering a request for a code.
const ActivationJob = "account.activation"

// activationRef names a request.
type activationRef struct {
	USCC    string `json:"uscc"`
	Day     string `json:"day"`
	Ordinal int    `json:"ordinal"`
}

func (r activationRef) key() string { return fmt.Sprintf("%s/%s/%d", r.USCC, r.Day, r.Ordinal) }

// RequestActivation asks for a code for the organisation with a USCC, which
// must be well formed. It does the same whether the register knows it, has an
// address of it, or there are people already: who the code goes to is found out
// later, by the queue. ErrTooMany says only how often it was asked for.
func (s *Service) RequestActivation(ctx context.Context, uscc string, bySMS bool) error {
	channel := "mail"
	if bySMS {
		channel = "sms"
	}
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		ref := activationRef{USCC: uscc, Day: workday.DateOf(tx.Now()).String()}
		err := tx.GetContext(tx.Context(), &ref.Ordinal, `
			INSERT INTO activation_request (uscc, day, ordinal, channel, created_at)
			SELECT $1, $2::date, coalesce(max(ordinal), 0) + 1, $3, $4 FROM activation_request
			WHERE uscc = $1 AND day = $2::date
			HAVING coalesce(max(ordinal), 0) < $5
			ON CONFLICT (uscc, day, ordinal) DO NOTHING
			RETURNING ordinal`, uscc, ref.Day, channel, tx.Now(), CodesADay)
		if postgres.IsNoRows(err) {
			return tooMany(tx, ref)
		}
		if err != nil {
			return err
		}
		return queue.Enqueue(tx.Context(), tx, queue.New{Kind: ActivationJob, UniqueKey: ref.key(), Payload: ref})
	})
	if err != nil {
		return fmt.Errorf("request activation: %w", err)
	}
	return nil
}

// tooMany tells the limit from a twin that asked in the same instant: that one's code is on its way.
func tooMany(tx *postgres.Tx, ref activationRef) error {
	var asked int
	err := tx.GetContext(tx.Context(), &asked,
		`SELECT count(*) FROM activation_request WHERE uscc = $1 AND day = $2::date`, ref.USCC, ref.Day)
	if err == nil && asked >= CodesADay {
		err = ErrTooMany
	}
	return err
}

// registered is what the register says of an organisation that wants to get in.
type registered struct {
	ID           uuid.UUID `db:"id"`
	ContactName  string    `db:"contact_name"`
	ContactPhone string    `db:"contact_phone"`
	ContactEmail string    `db:"contact_email"`
}

// HandleActivation is the queue's handler for ActivationJob: it makes the code
// and sends it to the register's address, or says there who can invite.
func (s *Service) HandleActivation(ctx context.Context, job queue.Job) error {
	var ref activationRef
	if err := json.Unmarshal(job.Payload, &ref); err != nil {
		return queue.Permanent(fmt.Errorf("activation job %s: %w", job.ID, err))
	}
	code, err := newCode()
	if err != nil {
		return err
	}
	hash, err := hashPassword(ctx, code)
	if err != nil {
		return err
	}
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		asked, bySMS, err := takeRequest(tx, ref)
		if err != nil || tx.Now().Sub(asked) >= CodeMinutes*time.Minute {
			return err // answered before, or too late to be of use
		}
		return s.answerRequest(tx, ref, answer{code: code, hash: hash, bySMS: bySMS, until: asked.Add(CodeMinutes * time.Minute)})
	})
	if err != nil {
		return fmt.Errorf("answer request %s: %w", ref.key(), err)
	}
	return nil
}

// takeRequest marks the request as answered; one that is, is long ago.
func takeRequest(tx *postgres.Tx, ref activationRef) (asked time.Time, bySMS bool, err error) {
	err = tx.QueryRowxContext(tx.Context(), `
		UPDATE activation_request SET answered_at = $4
		WHERE uscc = $1 AND day = $2::date AND ordinal = $3 AND answered_at IS NULL
		RETURNING created_at, channel = 'sms'`, ref.USCC, ref.Day, ref.Ordinal, tx.Now()).Scan(&asked, &bySMS)
	if postgres.IsNoRows(err) {
		return time.Time{}, false, nil
	}
	if err != nil {
		return time.Time{}, false, err
	}
	_, err = tx.ExecContext(tx.Context(), `DELETE FROM activation_request WHERE day < $1::date - $2::integer`, ref.Day, keepRequests)
	return asked, bySMS, err
}

// answer is what a request is answered with, if there is whom to answer.
type answer struct {
	code, hash string
	bySMS      bool
	until      time.Time
}

func (s *Service) answerRequest(tx *postgres.Tx, ref activationRef, a answer) error {
	var org registered
	err := tx.GetContext(tx.Context(), &org, `
		SELECT id, contact_name, contact_phone, btrim(contact_email) AS contact_email
		FROM organisation WHERE uscc = $1 AND status <> 'deregistered'`, ref.USCC)
	if postgres.IsNoRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	l := Letter{Kind: LetterActivation, Key: ref.key(), Name: org.ContactName}
	if l.To, l.SMS = s.reach(org, a.bySMS); l.To == "" {
		return nil
	}
	scope := Scope{OrganisationID: event.Ref(org.ID)}
	if err := l.about(tx, scope); err != nil {
		return err
	}
	if l.People, err = peopleOf(tx, org.ID); err != nil {
		return err
	}
	if len(l.People) > 0 {
		l.Kind = LetterHasPeople
		return s.post(tx.Context(), tx, l)
	}
	l.Secret, l.ExpiresAt = a.code, a.until
	_, err = tx.ExecContext(tx.Context(), `
		UPDATE activation_request SET code_hash = $4, organisation_id = $5, recipient = $6
		WHERE uscc = $1 AND day = $2::date AND ordinal = $3`, ref.USCC, ref.Day, ref.Ordinal, a.hash, org.ID, l.To)
	if err != nil {
		return err
	}
	return s.post(tx.Context(), tx, l)
}

// reach chooses how to tell the organisation something: by mail, unless a text message is asked for and can be sent, or
// there is no mail address.
func (s *Service) reach(org registered, bySMS bool) (to string, sms bool) {
	mobile := mobileNumber(org.ContactPhone)
	if org.ContactEmail != "" && (!bySMS || !s.sms || mobile == "") {
		return org.ContactEmail, false
	}
	return mobile, true
}

var mobilePattern = regexp.MustCompile(`^1[3-9][0-9]{9}$`)

// mobileNumber is the number to which text messages can go, "" if phone is none: a register holds landlines too.
func mobileNumber(phone string) string {
	digits := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -()", r) {
			return -1
		}
		return r
	}, norm.NFKC.String(phone))
	digits = strings.TrimPrefix(strings.TrimPrefix(digits, "+"), "86")
	if !mobilePattern.MatchString(digits) {
		return ""
	}
	return digits
}

// newCode is six random digits.
func newCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("make a code: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}

// peopleOf are the people whom somebody new could ask: those who can sign in for the organisation, the responsible
// first.
func peopleOf(tx *postgres.Tx, organisation uuid.UUID) ([]Contact, error) {
	var list []Contact
	err := tx.SelectContext(tx.Context(), &list, `
		SELECT p.name, p.email FROM membership m JOIN person p ON p.id = m.person_id
		WHERE m.organisation_id = $1 AND m.ended_at IS NULL AND NOT m.pending AND p.disabled_at IS NULL AND p.password_hash <> ''
		ORDER BY m.responsible DESC, m.created_at, m.id`, organisation)
	if err != nil {
		return nil, fmt.Errorf("people of %s: %w", organisation, err)
	}
	return list, nil
}
