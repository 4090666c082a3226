package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/lib/pq"

	"nianbao/internal/event"
	"nianbao/internal/id"
	"nianbao/internal/postgres"
)

// Prefixes make a leaked token recognisable to scanners and to people. A token
// with rights of its own has another one: the release before this, which knows
// no rights and may still run beside it, then takes it for none at all.
const (
	tokenPrefix  = "nb_"
	rightsPrefix = "nbo_" // made by the organisation
)

// secretBytes is the size of tokens and links: 256 bits, so that a plain
// SHA-256 keeps them (nothing to guess, hence nothing to stretch).
const secretBytes = 32

// DefaultTokenDays is how long a token holds unless told otherwise.
const DefaultTokenDays = 365

// NewToken is what IssueToken needs. Days 0 means DefaultTokenDays.
type NewToken struct {
	Role Role
	Scope
	Name  string
	Days  int
	Actor event.Actor

	rights    Rights // MakeToken sets them
	createdBy string
}

// Token is an issued token. Plaintext is known only now.
type Token struct {
	ID        uuid.UUID
	Plaintext string
	ExpiresAt time.Time
}

// IssueToken makes a bearer token for a program. ErrScope where the role and
// its organisation or authority do not go together, ErrNotFound where that
// organisation or authority does not exist.
func IssueToken(ctx context.Context, db *postgres.DB, t NewToken) (Token, error) {
	if err := t.check(t.Role); err != nil {
		return Token{}, fmt.Errorf("issue token: %w", err)
	}
	days := t.Days
	if days == 0 {
		days = DefaultTokenDays
	}
	if days < 0 {
		return Token{}, fmt.Errorf("issue token: %d days: must be positive", t.Days)
	}
	t.Days = days
	var token Token
	err := postgres.InTx(ctx, db, func(tx *postgres.Tx) (err error) {
		token, err = insertToken(tx, t)
		return err
	})
	if postgres.IsForeignKey(err, "api_token_organisation") || postgres.IsForeignKey(err, "api_token_authority") {
		return Token{}, fmt.Errorf("issue token: organisation or authority: %w", ErrNotFound)
	}
	if err != nil {
		return Token{}, fmt.Errorf("issue token: %w", err)
	}
	return token, nil
}

// insertToken makes the token, with its event.
func insertToken(tx *postgres.Tx, t NewToken) (Token, error) {
	prefix := tokenPrefix
	if !t.rights.All() {
		prefix = rightsPrefix
	}
	plaintext, hash := newSecret(prefix)
	token := Token{ID: id.New(tx.Now()), Plaintext: plaintext, ExpiresAt: tx.Now().AddDate(0, 0, t.Days)}
	_, err := tx.ExecContext(tx.Context(), `
		INSERT INTO api_token (id, token_hash, name, role, organisation_id, authority_code, created_at, expires_at, rights, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		token.ID, hash, t.Name, t.Role, t.OrganisationID, t.authority(), tx.Now(), token.ExpiresAt, pq.Array(t.rights.words()), t.createdBy)
	if err != nil {
		return Token{}, err
	}
	return token, record(tx, t.Scope, event.Event{Kind: event.TokenIssuedKind, Actor: t.Actor, SubjectID: event.Ref(token.ID),
		Data: event.TokenIssued{Name: t.Name, Role: string(t.Role), ExpiresAt: token.ExpiresAt, Rights: t.rights.words()}})
}

// RevokeToken ends a token at once (within an Authenticator's memory). One
// that is already revoked stays so; ErrNotFound where there is none.
func RevokeToken(ctx context.Context, db *postgres.DB, id uuid.UUID, actor event.Actor) error {
	err := postgres.InTx(ctx, db, func(tx *postgres.Tx) error { return endToken(tx, id, actor) })
	if err != nil {
		return fmt.Errorf("revoke token %s: %w", id, err)
	}
	return nil
}

func endToken(tx *postgres.Tx, id uuid.UUID, actor event.Actor) error {
	var name string
	var scope Scope
	err := tx.QueryRowxContext(tx.Context(), `
		UPDATE api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL
		RETURNING name, organisation_id, coalesce(authority_code, '')`, id, tx.Now()).
		Scan(&name, &scope.OrganisationID, &scope.AuthorityCode)
	if postgres.IsNoRows(err) {
		return tokenExists(tx, id)
	}
	if err != nil {
		return err
	}
	return record(tx, scope, event.Event{Kind: event.TokenRevokedKind, Actor: actor,
		SubjectID: event.Ref(id), Data: event.TokenRevoked{Name: name}})
}

// tokenExists tells a token revoked before from none at all.
func tokenExists(tx *postgres.Tx, id uuid.UUID) error {
	var found bool
	err := tx.GetContext(tx.Context(), &found, `SELECT EXISTS (SELECT FROM api_token WHERE id = $1)`, id)
	if err == nil && !found {
		err = ErrNotFound
	}
	return err
}

// tokenRow is a token as stored, with the name of whom it is for.
type tokenRow struct {
	ID             uuid.UUID      `db:"id"`
	Name           string         `db:"name"`
	Role           Role           `db:"role"`
	OrganisationID uuid.NullUUID  `db:"organisation_id"`
	AuthorityCode  string         `db:"authority_code"`
	Body           string         `db:"body"`
	AuthorityName  string         `db:"authority_name"`
	Rights         pq.StringArray `db:"rights"`
	NoteUse        bool           `db:"note_use"` // last_used_at is a minute old, or there is none
}

func (r tokenRow) principal() (Principal, error) {
	rights, err := rightsOf(r.Rights)
	if err != nil {
		return Principal{}, err
	}
	p := Principal{Kind: KindToken, ID: r.ID, Name: r.Name, Role: r.Role, Responsible: r.Role == RoleFiler,
		OrganisationID: r.OrganisationID, AuthorityCode: r.AuthorityCode, Body: r.Body, AuthorityName: r.AuthorityName, Rights: rights}
	if r.Role == RoleSponsor { // its name is the sponsor's
		p.Sponsor, p.Body = Scope{Sponsor: r.Name}.sponsor(), r.Name
	}
	return p, nil
}

// AuthenticateToken says whose token bearer is, ErrBadToken if nobody's. It
// asks the database each time; a server uses an Authenticator.
func AuthenticateToken(ctx context.Context, q postgres.Queryer, bearer string) (Principal, error) {
	if !looksLikeToken(bearer) {
		return Principal{}, ErrBadToken
	}
	hash := sha256.Sum256([]byte(bearer))
	return tokenByHash(ctx, q, hash)
}

func tokenByHash(ctx context.Context, q postgres.Queryer, hash [sha256.Size]byte) (Principal, error) {
	stmt, err := q.Prepared(ctx, `
		SELECT t.id, t.name, t.role, t.organisation_id, coalesce(t.authority_code, '') AS authority_code,
			coalesce(o.name, a.name) AS body, a.name AS authority_name, t.rights,
			t.last_used_at IS NULL OR t.last_used_at <= $3 AS note_use
		FROM api_token t
		LEFT JOIN organisation o ON o.id = t.organisation_id
		JOIN authority a ON a.code = coalesce(t.authority_code, o.authority_code)
		WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND t.expires_at > $2`)
	if err != nil {
		return Principal{}, fmt.Errorf("authenticate token: %w", err)
	}
	var row tokenRow
	minuteAgo := q.Now().Add(-time.Minute)
	switch err := stmt.GetContext(ctx, &row, hash[:], q.Now(), minuteAgo); {
	case postgres.IsNoRows(err):
		return Principal{}, ErrBadToken
	case err != nil:
		return Principal{}, fmt.Errorf("authenticate token: %w", err)
	}
	if row.NoteUse { // of many at once, one writes
		_, err := q.ExecContext(ctx, `
			UPDATE api_token SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)`, row.ID, q.Now(), minuteAgo)
		if err != nil {
			return Principal{}, fmt.Errorf("note the use of token %s: %w", row.ID, err)
		}
	}
	return row.principal()
}

// looksLikeToken spares the database what cannot be one of ours.
func looksLikeToken(s string) bool {
	body, ok := strings.CutPrefix(s, tokenPrefix)
	if !ok {
		body, ok = strings.CutPrefix(s, rightsPrefix)
	}
	return ok && len(body) == base64.RawURLEncoding.EncodedLen(secretBytes)
}

// newSecret makes a random text and the hash by which it is recognised.
// crypto/rand never fails: it ends the program first.
func newSecret(prefix string) (plaintext string, hash []byte) {
	raw := make([]byte, secretBytes)
	_, _ = rand.Read(raw)
	plaintext = prefix + base64.RawURLEncoding.EncodeToString(raw)
	sum := sha256.Sum256([]byte(plaintext))
	return plaintext, sum[:]
}
