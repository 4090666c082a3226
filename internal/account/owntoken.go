package account

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/workday"
)

// Limits of the tokens that an organisation makes.
const (
	MaxOwnTokenDays = 366
	MaxOwnTokens    = 20 // that hold at one time, those of the command too
	maxTokenName    = 60
	shownTokens     = 100 // in the list
)

// OwnToken is a token of an organisation, as its page shows it.
type OwnToken struct {
	ID         uuid.UUID
	Name       string
	Rights     Rights
	By         string // who made it, "" for the authority's command
	CreatedAt  time.Time
	ExpiresAt  time.Time
	RevokedAt  time.Time // zero where it was not
	LastUsedAt time.Time // to the minute; zero where it never was
}

// Holds says whether the token works at now.
func (t OwnToken) Holds(now time.Time) bool { return t.RevokedAt.IsZero() && now.Before(t.ExpiresAt) }

// TokensOf lists an organisation's tokens, those that hold first, the newest of
// each before the others. What is long over is left out.
func TokensOf(ctx context.Context, q postgres.Queryer, organisation uuid.UUID) ([]OwnToken, error) {
	var rows []struct {
		ID         uuid.UUID      `db:"id"`
		Name       string         `db:"name"`
		Rights     pq.StringArray `db:"rights"`
		By         string         `db:"created_by"`
		CreatedAt  time.Time      `db:"created_at"`
		ExpiresAt  time.Time      `db:"expires_at"`
		RevokedAt  sql.NullTime   `db:"revoked_at"`
		LastUsedAt sql.NullTime   `db:"last_used_at"`
	}
	err := q.SelectContext(ctx, &rows, `
		SELECT id, name, rights, created_by, created_at, expires_at, revoked_at, last_used_at
		FROM api_token WHERE organisation_id = $1
		ORDER BY revoked_at IS NULL AND expires_at > $2 DESC, created_at DESC, id DESC LIMIT $3`, organisation, q.Now(), shownTokens)
	if err != nil {
		return nil, fmt.Errorf("tokens of %s: %w", organisation, err)
	}
	list := make([]OwnToken, len(rows))
	for i, r := range rows {
		rights, err := rightsOf(r.Rights)
		if err != nil {
			return nil, fmt.Errorf("token %s: %w", r.ID, err)
		}
		list[i] = OwnToken{ID: r.ID, Name: r.Name, Rights: rights, By: r.By, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt,
			RevokedAt: r.RevokedAt.Time, LastUsedAt: r.LastUsedAt.Time}
	}
	return list, nil
}

// NewOwnToken is what MakeToken needs. Days is 1 to MaxOwnTokenDays; Rights
// always holds RightRead, said or not.
type NewOwnToken struct {
	Name   string
	Rights []Right
	Days   int
	By     Principal
}

// ParseTokenName says under which name a token is listed; *NameError where it cannot be one.
func ParseTokenName(s string) (string, error) {
	return parseShown(s, "名称", maxTokenName)
}

// MakeToken makes a token for the organisation of By, a responsible person, and
// tells every responsible person by mail. ErrNotResponsible where By may not,
// ErrTooManyTokens beyond MaxOwnTokens, *NameError.
func (s *Service) MakeToken(ctx context.Context, n NewOwnToken) (Token, error) {
	name, err := ParseTokenName(n.Name)
	if err != nil {
		return Token{}, err
	}
	rights, err := NewRights(n.Rights...)
	if err != nil {
		return Token{}, err
	}
	if n.Days < 1 || n.Days > MaxOwnTokenDays {
		return Token{}, fmt.Errorf("make token: %d days: must be 1 to %d", n.Days, MaxOwnTokenDays)
	}
	made := NewToken{Role: RoleFiler, Scope: Scope{OrganisationID: n.By.OrganisationID}, Name: name, Days: n.Days, Actor: n.By.Actor(),
		rights: rights, createdBy: n.By.Name}
	var token Token
	err = postgres.InTx(ctx, s.db, func(tx *postgres.Tx) error {
		if err := mayManage(tx, n.By); err != nil {
			return err
		}
		if err := roomForToken(tx, n.By.OrganisationID.UUID); err != nil {
			return err
		}
		if token, err = insertToken(tx, made); err != nil {
			return err
		}
		return s.tellOfToken(tx, made, token)
	})
	if err != nil {
		return Token{}, fmt.Errorf("make token: %w", err)
	}
	return token, nil
}

// roomForToken holds the limit; mayManage's lock makes it hold for two at once.
func roomForToken(tx *postgres.Tx, organisation uuid.UUID) error {
	var held int
	err := tx.GetContext(tx.Context(), &held, `
		SELECT count(*) FROM api_token WHERE organisation_id = $1 AND revoked_at IS NULL AND expires_at > $2`, organisation, tx.Now())
	if err == nil && held >= MaxOwnTokens {
		err = ErrTooManyTokens
	}
	return err
}

// tellOfToken writes to everybody responsible, the maker too: whoever sits at
// the maker's screen may be somebody else.
func (s *Service) tellOfToken(tx *postgres.Tx, n NewToken, token Token) error {
	var people []struct {
		ID uuid.UUID `db:"id"`
		Contact
	}
	err := tx.SelectContext(tx.Context(), &people, `
		SELECT p.id, p.name, p.email FROM membership m JOIN person p ON p.id = m.person_id
		WHERE m.organisation_id = $1 AND m.responsible AND m.ended_at IS NULL AND NOT m.pending
			AND p.disabled_at IS NULL AND p.password_hash <> '' ORDER BY p.id`, n.OrganisationID)
	if err != nil {
		return err
	}
	l := Letter{Kind: LetterToken, Key: token.ID.String(), By: n.createdBy,
		What: fmt.Sprintf("“%s”，可以%s，有效至%s", n.Name, n.rights.Label(), workday.DateOf(token.ExpiresAt).Chinese())}
	if err := l.about(tx, n.Scope); err != nil {
		return err
	}
	for _, p := range people {
		l.To, l.Name, l.PersonID = p.Email, p.Name, event.Ref(p.ID)
		if err := s.post(tx.Context(), tx, l); err != nil {
			return err
		}
	}
	return nil
}

// RevokeOwnToken ends a token of By's organisation, however it was made.
// ErrNotResponsible where By may not, ErrNotFound for a token of somebody else.
func RevokeOwnToken(ctx context.Context, db *postgres.DB, id uuid.UUID, by Principal) error {
	err := postgres.InTx(ctx, db, func(tx *postgres.Tx) error {
		if err := mayManage(tx, by); err != nil {
			return err
		}
		var own bool
		err := tx.GetContext(tx.Context(), &own,
			`SELECT EXISTS (SELECT FROM api_token WHERE id = $1 AND organisation_id = $2)`, id, by.OrganisationID)
		if err == nil && !own {
			err = ErrNotFound
		}
		if err != nil {
			return err
		}
		return endToken(tx, id, by.Actor())
	})
	if err != nil {
		return fmt.Errorf("revoke token %s: %w", id, err)
	}
	return nil
}
