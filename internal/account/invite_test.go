package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/account"
	"nianbao/internal/event"
)

func reviewer(email string) account.NewPerson {
	return account.NewPerson{Email: email, Name: "何静", Role: account.RoleReviewer, Scope: city, Actor: actor}
}

// TestLinkHoldsToTheSecond: a link is over at the instant that was told, not one later.
func TestLinkHoldsToTheSecond(t *testing.T) {
	db, clock, _ := ground(t)
	invitation, err := account.Invite(t.Context(), db, reviewer("a@b.example"))
	if err != nil {
		t.Fatal(err)
	}
	if want := clock.Now().AddDate(0, 0, account.LinkDays); !invitation.ExpiresAt.Equal(want) {
		t.Errorf("told to hold until %s, want %s", invitation.ExpiresAt, want)
	}
	clock.Set(invitation.ExpiresAt.Add(-time.Second))
	got, err := account.LookUpLink(t.Context(), db, invitation.Link)
	want := account.Invited{PersonID: invitation.PersonID, MembershipID: event.Ref(invitation.MembershipID),
		Purpose: account.PurposeInvitation, Email: "a@b.example", Name: "何静", Body: "试验市民政局"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("a second before (%v), -want +got:\n%s", err, diff)
	}
	clock.Set(invitation.ExpiresAt)
	if _, err := account.LookUpLink(t.Context(), db, invitation.Link); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("at the end: error %v, want ErrLinkOver", err)
	}
	if _, err := account.Activate(t.Context(), db, invitation.Link, goodPassword); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("activation at the end: error %v, want ErrLinkOver", err)
	}
}

func TestLinkIsKnownToItsHolderOnly(t *testing.T) {
	db, _, _ := ground(t)
	first, err := account.Invite(t.Context(), db, reviewer("a@b.example"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := account.Invite(t.Context(), db, reviewer("c@d.example"))
	if err != nil {
		t.Fatal(err)
	}
	if first.Link == other.Link || len(first.Link) != 43 {
		t.Errorf("links %q and %q: want two of 43 characters", first.Link, other.Link)
	}
	var rows []string
	if err := db.Select(&rows, `SELECT i::text FROM invitation i UNION ALL SELECT e::text FROM event e`); err != nil {
		t.Fatal(err)
	}
	if all := strings.Join(rows, "\n"); strings.Contains(all, first.Link) || strings.Contains(all, other.Link) {
		t.Error("a link is stored as it is")
	}
	for _, wrong := range []string{"", first.Link[1:], first.Link + "A", strings.ToLower(first.Link), "\x00", "' OR true --"} {
		if _, err := account.LookUpLink(t.Context(), db, wrong); !errors.Is(err, account.ErrLinkOver) {
			t.Errorf("link %q: error %v, want ErrLinkOver", wrong, err)
		}
	}
	if _, err := account.LookUpLink(t.Context(), db, first.Link); err != nil {
		t.Errorf("another person's invitation ended this one: %v", err)
	}
}

// TestRefusedPasswordLeavesTheLink: who mistypes tries again with the same mail.
func TestRefusedPasswordLeavesTheLink(t *testing.T) {
	db, _, _ := ground(t)
	invitation, err := account.Invite(t.Context(), db, reviewer("hejing2019@b.example"))
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "short", "1234567890", "hejing2019", strings.Repeat("长", account.MaxPassword+1)} {
		var broken *account.PasswordError
		if _, err := account.Activate(t.Context(), db, invitation.Link, bad); !errors.As(err, &broken) {
			t.Errorf("password %q: error %v, want PasswordError", bad, err)
		}
	}
	if _, err := account.Activate(t.Context(), db, invitation.Link, goodPassword); err != nil {
		t.Errorf("after refused ones: %v", err)
	}
}

// TestForgottenPassword: a new link replaces the password, opens a locked account and ends sessions under the old one,
// and nothing of that before it is used.
func TestForgottenPassword(t *testing.T) {
	db, _, _ := ground(t)
	ctx := t.Context()
	id, err := account.CreatePerson(ctx, db, reviewer("a@b.example"), goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	key := sessionOf(t, db, "a@b.example", goodPassword)
	again, err := account.Invite(ctx, db, reviewer("A@B.example"))
	if err != nil || again.PersonID != id {
		t.Fatalf("person %s, %v; want %s", again.PersonID, err, id)
	}
	if _, err := account.PrincipalOf(ctx, db, key); err != nil {
		t.Errorf("the mere link ended a session: %v", err)
	}
	if _, err := account.SignIn(ctx, db, "a@b.example", goodPassword); err != nil {
		t.Errorf("the mere link ended the password: %v", err)
	}
	db.MustExec(`UPDATE person SET failed_tries = $1, locked_until = $2`, account.MaxTries, db.Now().Add(account.LockFor))
	const other = "海上明月共潮生 2026"
	if _, err := account.Activate(ctx, db, again.Link, other); err != nil {
		t.Fatal(err)
	}
	if _, err := account.SignIn(ctx, db, "a@b.example", other); err != nil {
		t.Errorf("the new password at the locked account: %v", err)
	}
	if _, err := account.SignIn(ctx, db, "a@b.example", goodPassword); !errors.Is(err, account.ErrBadCredentials) {
		t.Errorf("the old password: error %v, want ErrBadCredentials", err)
	}
	if _, err := account.PrincipalOf(ctx, db, key); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("the session under the old password: error %v, want ErrNotFound", err)
	}
}

// TestDisabledPersonCannotComeBackByLink: neither by the mail in the inbox nor by a further invitation.
func TestDisabledPersonCannotComeBackByLink(t *testing.T) {
	db, _, _ := ground(t)
	ctx := t.Context()
	invitation, err := account.Invite(ctx, db, reviewer("a@b.example"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time changes nothing
		if err := account.DisablePerson(ctx, db, invitation.PersonID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := account.Activate(ctx, db, invitation.Link, goodPassword); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("the link in the inbox: error %v, want ErrLinkOver", err)
	}
	again, err := account.Invite(ctx, db, reviewer("a@b.example"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := account.Activate(ctx, db, again.Link, goodPassword); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("a further link: error %v, want ErrLinkOver", err)
	}
}

// TestOneInviteForTwoOffices: one person, two roles, one password, and each office's log tells of the activation.
func TestOneInviteForTwoOffices(t *testing.T) {
	db, _, org := ground(t)
	ctx := t.Context()
	db.MustExec(`INSERT INTO authority (code, name, level, number_prefix, parent_code, created_at, updated_at)
		VALUES ('440104', '试验市东区民政局', 'county', '东民社', '440100', now(), now())`)
	if _, err := account.Invite(ctx, db, reviewer("a@b.example")); err != nil {
		t.Fatal(err)
	}
	second := account.NewPerson{Email: "a@b.example", Name: "另一个名字", Role: account.RoleApprover, Scope: account.Scope{AuthorityCode: "440104"}, Actor: actor}
	if _, err := account.Invite(ctx, db, second); err != nil {
		t.Fatal(err)
	}
	third := account.NewPerson{Email: "a@b.example", Name: "何静", Role: account.RoleFiler, Scope: org, Actor: actor}
	invitation, err := account.Invite(ctx, db, third)
	if err != nil {
		t.Fatal(err)
	}
	invited, err := account.Activate(ctx, db, invitation.Link, goodPassword)
	if err != nil || invited.Name != "何静" {
		t.Errorf("activated %+v, %v; want the first name kept", invited, err)
	}
	roles, err := account.Memberships(ctx, db, invitation.PersonID)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range roles {
		got = append(got, string(m.Role)+" "+m.Body)
	}
	want := []string{"filer 试验市向阳社会工作服务中心", "reviewer 试验市民政局", "approver 试验市东区民政局"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("memberships -want +got:\n%s", diff)
	}
	wantEvents := []string{"account.invited 440100", "account.invited 440104", "account.invited 440100",
		"account.activated 440100", "account.activated 440100", "account.activated 440104"}
	if diff := cmp.Diff(wantEvents, kinds(t, db)); diff != "" {
		t.Errorf("events -want +got:\n%s", diff)
	}
}

// TestInvitedAtOnce: two administrators invite the same address; there is one person, and the last link is the one that holds.
func TestInvitedAtOnce(t *testing.T) {
	db, _, _ := ground(t)
	links := make([]account.Invitation, 6)
	for _, err := range atOnce(len(links), func(i int) (err error) {
		links[i], err = account.Invite(t.Context(), db, reviewer("a@b.example"))
		return err
	}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	holding := 0
	for _, l := range links {
		if l.PersonID != links[0].PersonID {
			t.Errorf("a second person %s", l.PersonID)
		}
		switch _, err := account.LookUpLink(t.Context(), db, l.Link); {
		case err == nil:
			holding++
		case !errors.Is(err, account.ErrLinkOver):
			t.Error(err)
		}
	}
	roles, err := account.Memberships(t.Context(), db, links[0].PersonID)
	if err != nil || len(roles) != 1 || holding != 1 {
		t.Errorf("%d links hold, %d roles, %v; want one of each", holding, len(roles), err)
	}
}

// TestRefusedInviteLeavesNothing: no half of a person stays behind a refusal.
func TestRefusedInviteLeavesNothing(t *testing.T) {
	db, _, _ := ground(t)
	for _, p := range []account.NewPerson{
		{Email: "a@b.example", Role: account.RoleReviewer, Scope: account.Scope{AuthorityCode: "999999"}},
		{Email: "a@b.example", Role: account.RoleFiler, Scope: account.Scope{OrganisationID: event.Ref(uuid.New())}},
		{Email: "no address", Role: account.RoleReviewer, Scope: city},
		{Email: "a@b.example", Role: "king", Scope: city},
	} {
		if _, err := account.Invite(t.Context(), db, p); err == nil {
			t.Errorf("%+v was invited", p)
		}
		if _, err := account.CreatePerson(t.Context(), db, p, goodPassword); err == nil {
			t.Errorf("%+v was made", p)
		}
	}
	var n int
	if err := db.Get(&n, `SELECT (SELECT count(*) FROM person) + (SELECT count(*) FROM membership) + (SELECT count(*) FROM invitation) + (SELECT count(*) FROM event)`); err != nil || n != 0 {
		t.Errorf("%d rows are left, %v", n, err)
	}
	var refused *account.EmailError
	_, err := account.Invite(t.Context(), db, account.NewPerson{Email: "何静", Role: account.RoleReviewer, Scope: city})
	if !errors.As(err, &refused) || !strings.Contains(refused.Error(), "“何静”不是有效的邮箱地址") {
		t.Errorf("error %v, want one that names the address", err)
	}
}
