package account_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/account"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

const goodPassword = "春江潮水连海平 2026"

var (
	city  = account.Scope{AuthorityCode: "440100"}
	actor = event.System("test")
)

// ground makes a database with an authority and an organisation.
func ground(t *testing.T) (*postgres.DB, *pgtest.Clock, account.Scope) {
	t.Helper()
	db, clock := pgtest.NewAt(t, time.Date(2019, 1, 14, 1, 0, 0, 0, time.UTC))
	org := uuid.Must(uuid.NewV7())
	db.MustExec(`INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
		VALUES ('440100', '试验市民政局', 'city', '试民社', now(), now())`)
	db.MustExec(`INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, created_at, updated_at)
		VALUES ($1, '52440100MJK00009XH', '试验市向阳社会工作服务中心', 'service', '2012-06-18', '440100', 'active', now(), now())`, org)
	return db, clock, account.Scope{OrganisationID: event.Ref(org)}
}

func kinds(t *testing.T, db *postgres.DB) []string {
	t.Helper()
	var list []string
	if err := db.Select(&list, `SELECT kind || ' ' || authority_code FROM event ORDER BY ordinal`); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestRolesAndScopesGoTogether(t *testing.T) {
	db, _, org := ground(t)
	both := account.Scope{OrganisationID: org.OrganisationID, AuthorityCode: "440100"}
	for _, tc := range []struct {
		role  account.Role
		scope account.Scope
		want  error
	}{
		{account.RoleFiler, org, nil},
		{account.RoleReviewer, city, nil},
		{account.RoleFiler, city, account.ErrScope},
		{account.RoleReviewer, org, account.ErrScope},
		{account.RoleAdmin, both, account.ErrScope},
		{account.RoleSponsor, account.Scope{}, account.ErrScope},
		{"king", city, account.ErrScope},
		{account.RoleReviewer, account.Scope{AuthorityCode: "999999"}, account.ErrNotFound},
		{account.RoleFiler, account.Scope{OrganisationID: event.Ref(uuid.New())}, account.ErrNotFound},
	} {
		_, err := account.IssueToken(t.Context(), db, account.NewToken{Role: tc.role, Scope: tc.scope, Name: "x", Actor: actor})
		if !errors.Is(err, tc.want) {
			t.Errorf("token %s %+v: error %v, want %v", tc.role, tc.scope, err, tc.want)
		}
		_, err = account.Invite(t.Context(), db, account.NewPerson{Email: "a@b.example", Name: "某", Role: tc.role, Scope: tc.scope, Actor: actor})
		if !errors.Is(err, tc.want) {
			t.Errorf("invite %s %+v: error %v, want %v", tc.role, tc.scope, err, tc.want)
		}
	}
}

func TestTokenLife(t *testing.T) {
	db, clock, org := ground(t)
	ctx := t.Context()
	token, err := account.IssueToken(ctx, db, account.NewToken{Role: account.RoleFiler, Scope: org, Name: "软件", Actor: actor})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(token.Plaintext, "nb_") || len(token.Plaintext) != 3+43 {
		t.Errorf("token %q has not the known form", token.Plaintext)
	}
	var stored int
	if err := db.Get(&stored, `SELECT count(*) FROM api_token WHERE encode(token_hash, 'escape') LIKE '%' || $1 || '%'`, token.Plaintext); err != nil || stored != 0 {
		t.Errorf("the token itself is stored %d times (%v)", stored, err)
	}
	got, err := account.AuthenticateToken(ctx, db, token.Plaintext)
	want := account.Principal{Kind: account.KindToken, ID: token.ID, Name: "软件", Role: account.RoleFiler, Responsible: true,
		OrganisationID: org.OrganisationID, Body: "试验市向阳社会工作服务中心", AuthorityName: "试验市民政局"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("principal (%v), -want +got:\n%s", err, diff)
	}
	for _, bad := range []string{"", "nb_", token.Plaintext[:45] + "!", "nb_" + strings.Repeat("A", 43), strings.ToUpper(token.Plaintext)} {
		if _, err := account.AuthenticateToken(ctx, db, bad); !errors.Is(err, account.ErrBadToken) {
			t.Errorf("token %q: error %v, want ErrBadToken", bad, err)
		}
	}
	clock.Advance(364 * 24 * time.Hour)
	if _, err := account.AuthenticateToken(ctx, db, token.Plaintext); err != nil {
		t.Errorf("a day before its end: %v", err)
	}
	clock.Advance(25 * time.Hour)
	if _, err := account.AuthenticateToken(ctx, db, token.Plaintext); !errors.Is(err, account.ErrBadToken) {
		t.Errorf("after its end: error %v, want ErrBadToken", err)
	}
}

func TestRevokedTokenStopsWithinSeconds(t *testing.T) {
	db, _, _ := ground(t)
	ctx := t.Context()
	token, err := account.IssueToken(ctx, db, account.NewToken{Role: account.RoleReviewer, Scope: city, Name: "x", Days: 30, Actor: actor})
	if err != nil {
		t.Fatal(err)
	}
	auth, advance := account.NewTestAuthenticator(db)
	if _, err := auth.Token(ctx, token.Plaintext); err != nil {
		t.Fatal(err)
	}
	if err := account.RevokeToken(ctx, db, token.ID, actor); err != nil {
		t.Fatal(err)
	}
	if _, err := auth.Token(ctx, token.Plaintext); err != nil {
		t.Errorf("at once it is still remembered, so the call costs no query: %v", err)
	}
	advance(3 * time.Second)
	if _, err := auth.Token(ctx, token.Plaintext); !errors.Is(err, account.ErrBadToken) {
		t.Errorf("three seconds later: error %v, want ErrBadToken", err)
	}
	if err := account.RevokeToken(ctx, db, token.ID, actor); err != nil {
		t.Errorf("revoking again: %v", err)
	}
	if err := account.RevokeToken(ctx, db, uuid.New(), actor); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("revoking none: error %v, want ErrNotFound", err)
	}
	if diff := cmp.Diff([]string{"token.issued 440100", "token.revoked 440100"}, kinds(t, db)); diff != "" {
		t.Errorf("events -want +got:\n%s", diff)
	}
}

func TestAuthenticatorForgetsAtOnceWhenTold(t *testing.T) {
	db, _, _ := ground(t)
	token, err := account.IssueToken(t.Context(), db, account.NewToken{Role: account.RoleReviewer, Scope: city, Name: "x", Actor: actor})
	if err != nil {
		t.Fatal(err)
	}
	auth, _ := account.NewTestAuthenticator(db)
	if _, err := auth.Token(t.Context(), token.Plaintext); err != nil {
		t.Fatal(err)
	}
	if err := account.RevokeToken(t.Context(), db, token.ID, actor); err != nil {
		t.Fatal(err)
	}
	auth.Forget()
	if _, err := auth.Token(t.Context(), token.Plaintext); !errors.Is(err, account.ErrBadToken) {
		t.Errorf("error %v, want ErrBadToken", err)
	}
}

func TestInviteActivateSignIn(t *testing.T) {
	db, clock, org := ground(t)
	ctx := t.Context()
	person := account.NewPerson{Email: " Lin@Example.example ", Name: "林某", Role: account.RoleFiler, Scope: org, Actor: actor}
	first, err := account.Invite(ctx, db, person)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := account.SignIn(ctx, db, "lin@example.example", ""); !errors.Is(err, account.ErrBadCredentials) {
		t.Errorf("before activation: error %v, want ErrBadCredentials", err)
	}
	second, err := account.Invite(ctx, db, person)
	if err != nil || second.PersonID != first.PersonID {
		t.Fatalf("inviting again: person %v, error %v; want the same person", second.PersonID, err)
	}
	if _, err := account.LookUpLink(ctx, db, first.Link); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("the first link after the second: error %v, want ErrLinkOver", err)
	}
	var broken *account.PasswordError
	if _, err := account.Activate(ctx, db, second.Link, "short"); !errors.As(err, &broken) {
		t.Errorf("short password: error %v, want PasswordError", err)
	}
	if _, err := account.Activate(ctx, db, second.Link, goodPassword); err != nil {
		t.Fatal(err)
	}
	if _, err := account.Activate(ctx, db, second.Link, goodPassword); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("a second use: error %v, want ErrLinkOver", err)
	}
	signedIn, err := account.SignIn(ctx, db, "LIN@example.example", goodPassword)
	if err != nil || signedIn.PersonID != first.PersonID {
		t.Fatalf("sign in: %+v, %v", signedIn, err)
	}
	roles, err := account.Memberships(ctx, db, signedIn.PersonID)
	if err != nil || len(roles) != 1 || roles[0].Role != account.RoleFiler || roles[0].Body != "试验市向阳社会工作服务中心" {
		t.Errorf("memberships %+v, %v; want the one filer's, once", roles, err)
	}
	third, err := account.Invite(ctx, db, person)
	if err != nil {
		t.Fatal(err)
	}
	clock.Advance(account.LinkDays*24*time.Hour + time.Second)
	if _, err := account.Activate(ctx, db, third.Link, goodPassword); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("after seven days: error %v, want ErrLinkOver", err)
	}
	want := []string{"account.invited 440100", "account.invited 440100", "account.activated 440100", "account.invited 440100"}
	if diff := cmp.Diff(want, kinds(t, db)); diff != "" {
		t.Errorf("events -want +got:\n%s", diff)
	}
}

func TestOneLinkActivatesOnce(t *testing.T) {
	db, _, _ := ground(t)
	invitation, err := account.Invite(t.Context(), db, account.NewPerson{Email: "a@b.example", Name: "某", Role: account.RoleAdmin, Scope: city, Actor: actor})
	if err != nil {
		t.Fatal(err)
	}
	errs := atOnce(4, func(i int) error {
		_, err := account.Activate(t.Context(), db, invitation.Link, fmt.Sprintf("%s %d", goodPassword, i))
		return err
	})
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !errors.Is(err, account.ErrLinkOver) {
			t.Errorf("error %v, want ErrLinkOver", err)
		}
	}
	if won != 1 {
		t.Errorf("%d activations, want 1", won)
	}
}

func atOnce(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { errs[i] = f(i) })
	}
	wg.Wait()
	return errs
}

func TestLockOut(t *testing.T) {
	db, clock, _ := ground(t)
	ctx := t.Context()
	if _, err := account.CreatePerson(ctx, db, account.NewPerson{Email: "a@b.example", Name: "某", Role: account.RoleReviewer, Scope: city, Actor: actor}, goodPassword); err != nil {
		t.Fatal(err)
	}
	signIn := func(password string) error {
		_, err := account.SignIn(ctx, db, "a@b.example", password)
		return err
	}
	// Twice as many at once as are allowed: each counts before it is looked at.
	for _, err := range atOnce(2*account.MaxTries, func(int) error { return signIn("wrong password") }) {
		if !errors.Is(err, account.ErrBadCredentials) {
			t.Fatalf("error %v, want ErrBadCredentials", err)
		}
	}
	if err := signIn(goodPassword); !errors.Is(err, account.ErrBadCredentials) {
		t.Errorf("right password while locked: error %v, want ErrBadCredentials", err)
	}
	clock.Advance(account.LockFor + time.Second)
	if err := signIn("wrong again"); !errors.Is(err, account.ErrBadCredentials) {
		t.Errorf("error %v, want ErrBadCredentials", err)
	}
	if err := signIn(goodPassword); err != nil {
		t.Errorf("right password after the lock: %v", err)
	}
	for range account.MaxTries - 1 {
		if err := signIn("wrong"); !errors.Is(err, account.ErrBadCredentials) {
			t.Fatal(err)
		}
	}
	if err := signIn(goodPassword); err != nil {
		t.Errorf("the last try allowed was right: %v", err)
	}
}

func TestTwoSignInsAtOnce(t *testing.T) {
	db, _, _ := ground(t)
	id, err := account.CreatePerson(t.Context(), db, account.NewPerson{Email: "a@b.example", Name: "某", Role: account.RoleReviewer, Scope: city, Actor: actor}, goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range atOnce(6, func(int) error {
		signedIn, err := account.SignIn(t.Context(), db, "a@b.example", goodPassword)
		if err == nil && signedIn.PersonID != id {
			err = fmt.Errorf("person %s, want %s", signedIn.PersonID, id)
		}
		return err
	}) {
		if err != nil {
			t.Error(err)
		}
	}
}

func TestSignInTellsNothing(t *testing.T) {
	db, _, _ := ground(t)
	id, err := account.CreatePerson(t.Context(), db, account.NewPerson{Email: "a@b.example", Name: "某", Role: account.RoleReviewer, Scope: city, Actor: actor}, goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	if err := account.DisablePerson(t.Context(), db, id); err != nil {
		t.Fatal(err)
	}
	for name, email := range map[string]string{
		"unknown": "nobody@b.example", "disabled": "a@b.example", "empty": "", "nul": "a\x00b", "long": strings.Repeat("x", 300) + "@b.example",
		"injection": "' OR 1=1 --", "not utf-8": "\xff\xfe@b.example",
	} {
		_, err := account.SignIn(t.Context(), db, email, goodPassword)
		if !errors.Is(err, account.ErrBadCredentials) || err.Error() != account.ErrBadCredentials.Error() {
			t.Errorf("%s: error %q, want ErrBadCredentials and no more", name, err)
		}
	}
	if err := account.DisablePerson(t.Context(), db, uuid.New()); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("disabling nobody: error %v, want ErrNotFound", err)
	}
}

func TestSessionEndsWithItsGround(t *testing.T) {
	db, _, _ := ground(t)
	ctx := t.Context()
	person := account.NewPerson{Email: "a@b.example", Name: "某", Role: account.RoleReviewer, Scope: city, Actor: actor}
	login := func() account.SessionKey {
		t.Helper()
		if _, err := account.CreatePerson(ctx, db, person, goodPassword); err != nil {
			t.Fatal(err)
		}
		signedIn, err := account.SignIn(ctx, db, "a@b.example", goodPassword)
		if err != nil {
			t.Fatal(err)
		}
		roles, err := account.Memberships(ctx, db, signedIn.PersonID)
		if err != nil || len(roles) != 1 {
			t.Fatalf("memberships %v, %v", roles, err)
		}
		return account.SessionKey{PersonID: signedIn.PersonID, MembershipID: roles[0].ID, Stamp: signedIn.Stamp}
	}
	key := login()
	principal, err := account.PrincipalOf(ctx, db, key)
	if err != nil || principal.Role != account.RoleReviewer || principal.AuthorityCode != "440100" || principal.Body != "试验市民政局" {
		t.Fatalf("principal %+v, %v", principal, err)
	}
	fresh := login() // the password is set anew
	if _, err := account.PrincipalOf(ctx, db, key); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("after a new password: error %v, want ErrNotFound", err)
	}
	stranger := fresh
	stranger.PersonID = uuid.New()
	if _, err := account.PrincipalOf(ctx, db, stranger); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("another person's membership: error %v, want ErrNotFound", err)
	}
	auth, advance := account.NewTestAuthenticator(db)
	if _, err := auth.Session(ctx, fresh); err != nil {
		t.Fatal(err)
	}
	db.MustExec(`UPDATE membership SET ended_at = now()`)
	advance(3 * time.Second)
	if _, err := auth.Session(ctx, fresh); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("after the membership's end: error %v, want ErrNotFound", err)
	}
}

func TestEmails(t *testing.T) {
	for in, want := range map[string]string{
		" A@b.example ": "a@b.example", "lin.x+y@民政.example": "lin.x+y@民政.example",
		"": "", "a": "", "a@b.example, c@d.example": "", "林 <a@b.example>": "", "a b@c.example": "", strings.Repeat("a", 250) + "@b.example": "",
	} {
		got, err := account.ParseEmail(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseEmail(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func FuzzParseEmail(f *testing.F) {
	f.Add("a@b.example")
	f.Add("林 <a@b>")
	f.Fuzz(func(t *testing.T, s string) {
		email, err := account.ParseEmail(s)
		if err != nil {
			return
		}
		again, err := account.ParseEmail(email)
		if err != nil || again != email {
			t.Errorf("ParseEmail(%q) = %q, which again gives %q, %v", s, email, again, err)
		}
	})
}

func TestSessionStore(t *testing.T) {
	db, _, _ := ground(t)
	store := account.SessionStore{DB: db}
	ctx := t.Context()
	var wall time.Time
	if err := db.Get(&wall, `SELECT clock_timestamp()`); err != nil {
		t.Fatal(err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(store.CommitCtx(ctx, "one", []byte("a"), wall.Add(time.Hour)))
	must(store.CommitCtx(ctx, "one", []byte("b"), wall.Add(time.Hour)))
	must(store.CommitCtx(ctx, "old", []byte("c"), wall.Add(-time.Second)))
	if data, found, err := store.FindCtx(ctx, "one"); err != nil || !found || string(data) != "b" {
		t.Errorf("one: %q, %v, %v", data, found, err)
	}
	for _, gone := range []string{"old", "none"} {
		if _, found, err := store.FindCtx(ctx, gone); err != nil || found {
			t.Errorf("%s: found %v, %v; want not found", gone, found, err)
		}
	}
	if n, err := account.PurgeSessions(ctx, db); err != nil || n != 1 {
		t.Errorf("purged %d, %v; want 1", n, err)
	}
	must(store.DeleteCtx(ctx, "one"))
	must(store.DeleteCtx(ctx, "one"))
	if _, found, _ := store.FindCtx(ctx, "one"); found {
		t.Error("deleted session is found")
	}
}

func TestHashingWaitsForTheContext(t *testing.T) {
	release := account.OccupyHashing()
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	db, _, _ := ground(t)
	_, err := account.CreatePerson(ctx, db, account.NewPerson{}, goodPassword)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestSponsorIsBoundByItsName(t *testing.T) {
	db, _, org := ground(t)
	ctx := t.Context()
	of := func(sponsor string) account.Scope { return account.Scope{AuthorityCode: "440100", Sponsor: sponsor} }
	person := account.NewPerson{Email: "zhuguan@x.example", Name: "郭主管", Role: account.RoleSponsor, Scope: of(" 试验市教育局 "), Actor: actor}
	id, err := account.CreatePerson(ctx, db, person, "sponsor-of-the-city")
	if err != nil {
		t.Fatal(err)
	}
	held, err := account.Memberships(ctx, db, id)
	if err != nil || len(held) != 1 || held[0].Body != "试验市教育局" {
		t.Fatalf("%+v, %v", held, err)
	}
	if to, err := account.SponsorAddresses(ctx, db, "440100", "试验市教育局"); err != nil || !slices.Equal(to, []string{"zhuguan@x.example"}) {
		t.Errorf("%v, %v", to, err)
	}
	for authority, sponsor := range map[string]string{"440100": "", "999999": "试验市教育局"} {
		if to, err := account.SponsorAddresses(ctx, db, authority, sponsor); err != nil || len(to) != 0 {
			t.Errorf("%s %q: %v, %v", authority, sponsor, to, err)
		}
	}
	person.Scope = of("试验市教育和体育局") // renamed
	if _, err := account.CreatePerson(ctx, db, person, "sponsor-of-the-city"); err != nil {
		t.Fatal(err)
	}
	if again, err := account.Memberships(ctx, db, id); err != nil || len(again) != 1 || again[0].ID != held[0].ID || again[0].Body != "试验市教育和体育局" {
		t.Errorf("invited for another name: %+v, %v", again, err)
	}
	token, err := account.IssueToken(ctx, db, account.NewToken{Role: account.RoleSponsor, Scope: city, Name: "试验市教育局", Actor: actor})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := account.AuthenticateToken(ctx, db, token.Plaintext); err != nil || p.Sponsor != "试验市教育局" || p.Body != "试验市教育局" {
		t.Errorf("%+v, %v", p, err)
	}
	for role, scope := range map[account.Role]account.Scope{
		account.RoleReviewer: of("试验市教育局"), account.RoleFiler: {OrganisationID: org.OrganisationID, Sponsor: "试验市教育局"},
	} {
		if _, err := account.CreatePerson(ctx, db, account.NewPerson{Email: "a@b.example", Name: "某", Role: role, Scope: scope, Actor: actor}, "long-enough-word"); !errors.Is(err, account.ErrScope) {
			t.Errorf("%s for a sponsor: %v", role, err)
		}
	}
}
