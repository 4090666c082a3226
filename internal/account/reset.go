package account

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
)

// Limits of replacing a forgotten password.
const (
	ResetMinutes = 60 // how long the link holds
	ResetsADay   = 5  // links for one person in 24 hours
)

// ResetJob is the queue's word for answering who has forgotten a password.
const ResetJob = "account.reset"

type resetRef struct {
	Email string `json:"email"`
}

// RequestReset asks for a link to set a new password. It does the same whether
// the address has an account or not: that is found out later, by the queue.
func (s *Service) RequestReset(ctx context.Context, email string) error {
	ref := resetRef{Email: strings.ToLower(strings.TrimSpace(email))}
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		return queue.Enqueue(tx.Context(), tx, queue.New{Kind: ResetJob, UniqueKey: hex.EncodeToString(linkHash(ref.Email)), Payload: ref})
	})
	if err != nil {
		return fmt.Errorf("request reset: %w", err)
	}
	return nil
}

// HandleReset is the queue's handler for ResetJob: it sends the link, if the
// address is that of somebody who can sign in. Activate uses it.
func (s *Service) HandleReset(ctx context.Context, job queue.Job) error {
	var ref resetRef
	if err := json.Unmarshal(job.Payload, &ref); err != nil {
		return queue.Permanent(fmt.Errorf("reset job %s: %w", job.ID, err))
	}
	link, hash := newSecret("")
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error { return s.answerReset(tx, ref, link, hash) })
	if err != nil {
		return fmt.Errorf("answer who forgot a password: %w", err)
	}
	return nil
}

func (s *Service) answerReset(tx *postgres.Tx, ref resetRef, link string, hash []byte) error {
	l := Letter{Kind: LetterReset, Key: hex.EncodeToString(hash), Secret: link, ExpiresAt: tx.Now().Add(ResetMinutes * time.Minute)}
	var personID uuid.UUID
	// The row is locked, so that of many jobs at once no more than ResetsADay make a link.
	err := tx.QueryRowxContext(tx.Context(), `
		SELECT id, name, email FROM person
		WHERE lower(email) = $1 AND disabled_at IS NULL AND password_hash <> '' FOR NO KEY UPDATE`, ref.Email).
		Scan(&personID, &l.Name, &l.To)
	if postgres.IsNoRows(err) {
		return nil
	}
	if err != nil {
		return err
	}
	held, err := Memberships(tx.Context(), tx, personID)
	if err != nil || len(held) == 0 {
		return err // nobody who could sign in
	}
	var today int
	err = tx.GetContext(tx.Context(), &today, `
		SELECT count(*) FROM invitation WHERE person_id = $1 AND purpose = 'reset' AND created_at > $2`,
		personID, tx.Now().Add(-24*time.Hour))
	if err != nil || today >= ResetsADay {
		return err
	}
	if err := (newLink{hash: hash, personID: personID, purpose: PurposeReset, expiresAt: l.ExpiresAt}).insert(tx); err != nil {
		return err
	}
	l.PersonID = event.Ref(personID)
	if err := l.about(tx, held[0].scope()); err != nil {
		return err
	}
	return s.post(tx.Context(), tx, l)
}
