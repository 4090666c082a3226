package account_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/account"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

// sessionOf signs in and gives the session of the person's first role.
func sessionOf(t *testing.T, db *postgres.DB, email, password string) account.SessionKey {
	t.Helper()
	signedIn, err := account.SignIn(t.Context(), db, email, password)
	if err != nil {
		t.Fatal(err)
	}
	roles, err := account.Memberships(t.Context(), db, signedIn.PersonID)
	if err != nil || len(roles) == 0 {
		t.Fatalf("memberships %v, %v", roles, err)
	}
	return account.SessionKey{PersonID: signedIn.PersonID, MembershipID: roles[0].ID, Stamp: signedIn.Stamp}
}

func issue(t *testing.T, db *postgres.DB, role account.Role, scope account.Scope, days int) account.Token {
	t.Helper()
	token, err := account.IssueToken(t.Context(), db, account.NewToken{Role: role, Scope: scope, Name: "软件", Days: days, Actor: actor})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestTokenHoldsAsLongAsTold(t *testing.T) {
	db, clock, _ := ground(t)
	start := clock.Now()
	for _, days := range []int{1, 30, 0} {
		clock.Set(start)
		token := issue(t, db, account.RoleReviewer, city, days)
		if days == 0 {
			days = account.DefaultTokenDays
		}
		if want := start.AddDate(0, 0, days); !token.ExpiresAt.Equal(want) {
			t.Errorf("%d days: told until %s, want %s", days, token.ExpiresAt, want)
		}
		clock.Set(token.ExpiresAt.Add(-time.Second))
		if _, err := account.AuthenticateToken(t.Context(), db, token.Plaintext); err != nil {
			t.Errorf("%d days, a second before the end: %v", days, err)
		}
		clock.Set(token.ExpiresAt)
		if _, err := account.AuthenticateToken(t.Context(), db, token.Plaintext); !errors.Is(err, account.ErrBadToken) {
			t.Errorf("%d days, at the end: error %v, want ErrBadToken", days, err)
		}
	}
	_, err := account.IssueToken(t.Context(), db, account.NewToken{Role: account.RoleReviewer, Scope: city, Days: -1, Actor: actor})
	if err == nil {
		t.Error("a token was issued for -1 days")
	}
}

// TestRevokedAtOnce: however many revoke, the log tells of it once, and of no other token.
func TestRevokedAtOnce(t *testing.T) {
	db, _, org := ground(t)
	token, kept := issue(t, db, account.RoleFiler, org, 0), issue(t, db, account.RoleFiler, org, 0)
	for _, err := range atOnce(5, func(int) error { return account.RevokeToken(t.Context(), db, token.ID, actor) }) {
		if err != nil {
			t.Error(err)
		}
	}
	want := []string{"token.issued 440100", "token.issued 440100", "token.revoked 440100"}
	if diff := cmp.Diff(want, kinds(t, db)); diff != "" {
		t.Errorf("events -want +got:\n%s", diff)
	}
	if _, err := account.AuthenticateToken(t.Context(), db, token.Plaintext); !errors.Is(err, account.ErrBadToken) {
		t.Errorf("the revoked token: error %v, want ErrBadToken", err)
	}
	if _, err := account.AuthenticateToken(t.Context(), db, kept.Plaintext); err != nil {
		t.Errorf("the other token: %v", err)
	}
}

func TestAuthenticatorTellsPrincipalsApart(t *testing.T) {
	db, _, org := ground(t)
	if _, err := account.CreatePerson(t.Context(), db, reviewer("a@b.example"), goodPassword); err != nil {
		t.Fatal(err)
	}
	key := sessionOf(t, db, "a@b.example", goodPassword)
	filer, desk := issue(t, db, account.RoleFiler, org, 0), issue(t, db, account.RoleAdmin, city, 0)
	auth := account.NewAuthenticator(db)
	for range 2 { // asked, then remembered
		for _, tc := range []struct {
			who  func(context.Context) (account.Principal, error)
			role account.Role
			kind account.Kind
		}{
			{func(ctx context.Context) (account.Principal, error) { return auth.Token(ctx, filer.Plaintext) }, account.RoleFiler, account.KindToken},
			{func(ctx context.Context) (account.Principal, error) { return auth.Token(ctx, desk.Plaintext) }, account.RoleAdmin, account.KindToken},
			{func(ctx context.Context) (account.Principal, error) { return auth.Session(ctx, key) }, account.RoleReviewer, account.KindPerson},
		} {
			got, err := tc.who(t.Context())
			if err != nil || got.Role != tc.role || got.Kind != tc.kind {
				t.Errorf("got %+v, %v; want %s %s", got, err, tc.kind, tc.role)
			}
		}
	}
	stale := key
	stale.Stamp = "0" + stale.Stamp[1:]
	if key.Stamp[0] == '0' {
		stale.Stamp = "1" + stale.Stamp[1:]
	}
	if _, err := auth.Session(t.Context(), stale); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("the session of another password: error %v, want ErrNotFound", err)
	}
	for _, bad := range []string{"", "nb_", filer.Plaintext[3:], filer.Plaintext + "A"} {
		if _, err := auth.Token(t.Context(), bad); !errors.Is(err, account.ErrBadToken) {
			t.Errorf("token %q: error %v, want ErrBadToken", bad, err)
		}
	}
}

// TestAuthenticatorOutlivesTheDatabase: a failure is never told as "bad token", which would sign people out, and what is
// remembered holds through it.
func TestAuthenticatorOutlivesTheDatabase(t *testing.T) {
	db, _, org := ground(t)
	known, unknown := issue(t, db, account.RoleFiler, org, 0), issue(t, db, account.RoleFiler, org, 0)
	broken, err := postgres.Open(t.Context(), pgtest.URL(t, db), db.Now)
	if err != nil {
		t.Fatal(err)
	}
	auth, advance := account.NewTestAuthenticator(broken)
	if _, err := auth.Token(t.Context(), known.Plaintext); err != nil {
		t.Fatal(err)
	}
	if err := broken.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.Token(t.Context(), known.Plaintext); err != nil {
		t.Errorf("what was good a moment ago: %v", err)
	}
	advance(3 * time.Second)
	for _, token := range []account.Token{known, unknown} {
		if _, err := auth.Token(t.Context(), token.Plaintext); err == nil || errors.Is(err, account.ErrBadToken) {
			t.Errorf("without a database: error %v, want one that is not ErrBadToken", err)
		}
	}
	if _, err := auth.Session(t.Context(), account.SessionKey{}); err == nil || errors.Is(err, account.ErrNotFound) {
		t.Errorf("a session without a database: error %v, want one that is not ErrNotFound", err)
	}
}

// TestAuthenticatorBoundsItsMemory: a server that sees very many sessions goes on, and forgets what is over first.
func TestAuthenticatorBoundsItsMemory(t *testing.T) {
	auth, advance := account.NewTestAuthenticator(nil)
	asked := 0
	see := func(name string) {
		t.Helper()
		got, err := account.Remembered(auth, name, func() (account.Principal, error) {
			asked++
			return account.Principal{Kind: account.KindToken, Name: name}, nil
		})
		if err != nil || got.Name != name {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
	}
	for i := range account.RememberMax - 1 {
		see(fmt.Sprint("old ", i))
	}
	advance(3 * time.Second)
	see("fresh")
	see("one more") // no place: the old ones go
	if n := account.Known(auth); n != 2 {
		t.Errorf("%d remembered, want the two fresh ones", n)
	}
	asked = 0
	see("fresh")
	if asked != 0 {
		t.Error("a fresh answer was dropped with the old ones")
	}
	for i := range 2 * account.RememberMax {
		see(fmt.Sprint("flood ", i))
	}
	if n := account.Known(auth); n > account.RememberMax {
		t.Errorf("%d remembered, want at most %d", n, account.RememberMax)
	}
}

func TestPrincipals(t *testing.T) {
	db, _, org := ground(t)
	token := issue(t, db, account.RoleFiler, org, 0)
	program, err := account.AuthenticateToken(t.Context(), db, token.Plaintext)
	if err != nil {
		t.Fatal(err)
	}
	want := event.Actor{Kind: event.ActorToken, ID: token.ID.String(), Name: "软件"}
	if diff := cmp.Diff(want, program.Actor()); diff != "" || program.IsZero() {
		t.Errorf("a program in the log, -want +got:\n%s", diff)
	}
	id, err := account.CreatePerson(t.Context(), db, reviewer("a@b.example"), goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	person, err := account.PrincipalOf(t.Context(), db, sessionOf(t, db, "a@b.example", goodPassword))
	if err != nil {
		t.Fatal(err)
	}
	want = event.Actor{Kind: event.ActorPerson, ID: id.String(), Name: "何静"}
	if diff := cmp.Diff(want, person.Actor()); diff != "" {
		t.Errorf("a person in the log, -want +got:\n%s", diff)
	}
	if !(account.Principal{}).IsZero() {
		t.Error("nobody is somebody")
	}
	for _, role := range account.Roles() {
		if !role.Valid() || role.Label() == "" {
			t.Errorf("role %s has no name", role)
		}
	}
	if account.Role("king").Valid() || account.Role("").Valid() {
		t.Error("a word that is no role is one")
	}
}
