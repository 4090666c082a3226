package account_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"nianbao/internal/account"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

// TestLockIsOfOneAccountAndEnds: guessing at one address neither locks another nor, once locked, keeps the lock alive.
func TestLockIsOfOneAccountAndEnds(t *testing.T) {
	db, clock, _ := ground(t)
	ctx := t.Context()
	for _, email := range []string{"a@b.example", "c@d.example"} {
		if _, err := account.CreatePerson(ctx, db, reviewer(email), goodPassword); err != nil {
			t.Fatal(err)
		}
	}
	db.MustExec(`UPDATE person SET failed_tries = $1 WHERE email = 'a@b.example'`, account.MaxTries-1)
	start := clock.Now()
	wrong := func() {
		t.Helper()
		if _, err := account.SignIn(ctx, db, " A@b.example", "wrong password"); !errors.Is(err, account.ErrBadCredentials) {
			t.Fatalf("error %v, want ErrBadCredentials", err)
		}
	}
	wrong() // the last one allowed, under another spelling of the address
	if _, err := account.SignIn(ctx, db, "c@d.example", goodPassword); err != nil {
		t.Errorf("the other account: %v", err)
	}
	clock.Set(start.Add(account.LockFor - time.Second))
	wrong()
	if _, err := account.SignIn(ctx, db, "a@b.example", goodPassword); !errors.Is(err, account.ErrBadCredentials) {
		t.Errorf("a second before the lock's end: error %v, want ErrBadCredentials", err)
	}
	clock.Set(start.Add(account.LockFor))
	if _, err := account.SignIn(ctx, db, "a@b.example", goodPassword); err != nil {
		t.Errorf("at the lock's end, although it was tried meanwhile: %v", err)
	}
}

// TestSignInNeedsTheDatabase: a failure is told as one, so that nobody looks for a mistake in the password.
func TestSignInNeedsTheDatabase(t *testing.T) {
	db, _, _ := ground(t)
	broken, err := postgres.Open(t.Context(), pgtest.URL(t, db), db.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := broken.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := account.SignIn(t.Context(), broken, "a@b.example", goodPassword); err == nil || errors.Is(err, account.ErrBadCredentials) {
		t.Errorf("error %v, want one that is not ErrBadCredentials", err)
	}
	if _, err := account.LookUpLink(t.Context(), broken, "x"); err == nil || errors.Is(err, account.ErrLinkOver) {
		t.Errorf("a link: error %v, want one that is not ErrLinkOver", err)
	}
	store := account.SessionStore{DB: broken}
	if _, found, err := store.Find("x"); err == nil || found {
		t.Errorf("a session: found %v, %v; want an error, not a visitor signed out", found, err)
	}
	if err := store.Commit("x", nil, db.Now()); err == nil {
		t.Error("a session that could not be written was not told")
	}
	if err := store.Delete("x"); err == nil {
		t.Error("a session that could not be deleted was not told: its holder believes to be signed out")
	}
}

// TestStormOfSignInsWaitsItsTurn: a visitor who gives up while the hashing is busy is let go.
func TestStormOfSignInsWaitsItsTurn(t *testing.T) {
	db, _, _ := ground(t)
	if _, err := account.CreatePerson(t.Context(), db, reviewer("a@b.example"), goodPassword); err != nil {
		t.Fatal(err)
	}
	release := account.OccupyHashing()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := account.SignIn(ctx, db, "a@b.example", goodPassword); err == nil || errors.Is(err, account.ErrBadCredentials) {
		t.Errorf("error %v, want one that does not blame the password", err)
	}
	release()
	if _, err := account.SignIn(t.Context(), db, "a@b.example", goodPassword); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// TestRoleMayBeGivenAgain: who left an office and comes back gets a new membership; the old session stays over.
func TestRoleMayBeGivenAgain(t *testing.T) {
	db, _, _ := ground(t)
	ctx := t.Context()
	id, err := account.CreatePerson(ctx, db, reviewer("a@b.example"), goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	before := sessionOf(t, db, "a@b.example", goodPassword)
	db.MustExec(`UPDATE membership SET ended_at = $1`, db.Now())
	if roles, err := account.Memberships(ctx, db, id); err != nil || len(roles) != 0 {
		t.Errorf("after the end: %v, %v; want no role", roles, err)
	}
	if _, err := account.Invite(ctx, db, reviewer("a@b.example")); err != nil {
		t.Fatal(err)
	}
	after := sessionOf(t, db, "a@b.example", goodPassword)
	if after.MembershipID == before.MembershipID {
		t.Error("the ended membership was opened again")
	}
	if _, err := account.PrincipalOf(ctx, db, before); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("the old session: error %v, want ErrNotFound", err)
	}
	if _, err := account.PrincipalOf(ctx, db, after); err != nil {
		t.Errorf("the new session: %v", err)
	}
}
