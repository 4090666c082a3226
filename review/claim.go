package review

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
)

// Claim takes a pending review in hand (领取). Claiming one's own again changes nothing; another's is a 409.
func (s *Service) Claim(ctx context.Context, id uuid.UUID, actor Actor) (Review, error) {
	return s.change(ctx, id, actor, func(tx *postgres.Tx, r *Review) error {
		if r.State != Pending {
			return stateError(r.State)
		}
		return claim(ctx, tx, r, actor)
	})
}

// claim makes the locked review the actor's, or refuses.
func claim(ctx context.Context, tx *postgres.Tx, r *Review, actor Actor) error {
	if r.ClaimedBy.Valid {
		if r.ClaimedBy.String == actor.ID {
			return nil
		}
		return claimedByOther(r.ClaimedName)
	}
	if err := update(ctx, tx, *r, `claimed_by = $4, claimed_name = $5, claimed_at = $6`, actor.ID, actor.Name, tx.Now()); err != nil {
		return err
	}
	r.Version++
	r.ClaimedBy.String, r.ClaimedBy.Valid, r.ClaimedName = actor.ID, true, actor.Name
	return event.Append(ctx, tx, r.eventOf(event.ReviewClaimedKind, actor.Actor, nil))
}

// Release puts a claimed review back into the queue (放回).
func (s *Service) Release(ctx context.Context, id uuid.UUID, actor Actor) (Review, error) {
	return s.change(ctx, id, actor, func(tx *postgres.Tx, r *Review) error {
		switch {
		case r.State != Pending:
			return stateError(r.State)
		case !r.ClaimedBy.Valid:
			return ErrNotClaimed
		case r.ClaimedBy.String != actor.ID:
			return claimedByOther(r.ClaimedName)
		}
		if err := update(ctx, tx, *r, `claimed_by = NULL, claimed_name = '', claimed_at = NULL`); err != nil {
			return err
		}
		return event.Append(ctx, tx, r.eventOf(event.ReviewReleasedKind, actor.Actor, nil))
	})
}

// change runs one act on a locked review of the actor's authority and gives the review as it stands afterwards.
func (s *Service) change(ctx context.Context, id uuid.UUID, actor Actor, act func(tx *postgres.Tx, r *Review) error) (Review, error) {
	var after Review
	err := postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		r, err := lock(ctx, tx, id, actor.AuthorityCode)
		if err != nil {
			return err
		}
		if err := act(tx, &r); err != nil {
			return err
		}
		after, err = one(ctx, tx, `WHERE r.submission_id = $1`, id)
		return err
	})
	if err != nil {
		return Review{}, fmt.Errorf("review %s: %w", id, err)
	}
	return after, nil
}

// stateError says why a review that is not pending cannot be worked on.
func stateError(s State) error {
	switch s {
	case Proposed:
		return ErrAwaitingApproval
	case Withdrawn:
		return ErrWithdrawn
	default:
		return ErrAlreadyDecided
	}
}
