package account_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/account"
)

func (o *office) make(n account.NewOwnToken) (account.Token, error) {
	return o.s.MakeToken(o.t.Context(), n)
}

func (o *office) tokens(by account.Principal) []account.OwnToken {
	o.t.Helper()
	list, err := account.TokensOf(o.t.Context(), o.db, by.OrganisationID.UUID)
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}

func TestOwnTokenFromMakingToRevoking(t *testing.T) {
	o := newOffice(t)
	head, second, editor := o.filer("a@org.example", false), o.filer("b@org.example", false), o.filer("c@org.example", true)
	token, err := o.make(account.NewOwnToken{Name: " 财务软件 ", Rights: []account.Right{account.RightSubmit}, Days: 30, By: head})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(token.Plaintext, "nbo_") {
		t.Errorf("the release before this would take %q for a token with all rights", token.Plaintext[:4])
	}
	var told []string
	for _, l := range o.letters {
		told = append(told, fmt.Sprintf("%s %s %s %s %s", l.Kind, l.To, l.By, l.Body, l.What))
		if strings.Contains(l.What+l.Secret+l.Key, token.Plaintext) {
			t.Error("a letter holds the token")
		}
	}
	what := fmt.Sprintf(" a %s “财务软件”，可以查看、报送，有效至%s", o.letters[0].Body, token.ExpiresAt.Format("2006年1月2日"))
	if diff := cmp.Diff([]string{"token_made a@org.example" + what, "token_made b@org.example" + what}, told); diff != "" {
		t.Errorf("who is told:\n%s", diff)
	}
	p, err := account.AuthenticateToken(t.Context(), o.db, token.Plaintext)
	if err != nil || p.Rights.All() || p.Rights.Label() != "查看、报送" || p.OrganisationID != head.OrganisationID || !p.Responsible {
		t.Errorf("principal %+v, %v", p, err)
	}
	list := o.tokens(head)
	if len(list) != 1 || list[0].Name != "财务软件" || list[0].By != "a" || !list[0].Holds(o.clock.Now()) || list[0].Rights != p.Rights {
		t.Fatalf("list %+v", list)
	}
	if err := account.RevokeOwnToken(t.Context(), o.db, token.ID, editor); !errors.Is(err, account.ErrNotResponsible) {
		t.Errorf("an editor revokes: %v", err)
	}
	for range 2 {
		if err := account.RevokeOwnToken(t.Context(), o.db, token.ID, second); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := account.AuthenticateToken(t.Context(), o.db, token.Plaintext); !errors.Is(err, account.ErrBadToken) {
		t.Errorf("a revoked token: %v", err)
	}
	if list := o.tokens(head); list[0].Holds(o.clock.Now()) || list[0].RevokedAt.IsZero() {
		t.Errorf("list after: %+v", list)
	}
	if n := o.count(`SELECT count(*) FROM event WHERE kind IN ('token.issued', 'token.revoked') AND subject_id = $1`, token.ID); n != 2 {
		t.Errorf("%d events, want one of each", n)
	}
	if n := o.count(`SELECT count(*) FROM event WHERE kind = 'token.issued' AND data::text LIKE '%"rights"%submit%'`); n != 1 {
		t.Errorf("%d events tell of the rights", n)
	}
}

func TestWhoMakesTokens(t *testing.T) {
	o := newOffice(t)
	head, editor := o.filer("a@org.example", false), o.filer("b@org.example", true)
	token, err := o.make(account.NewOwnToken{Name: "x", Days: 1, By: head})
	if err != nil {
		t.Fatal(err)
	}
	program, err := account.AuthenticateToken(t.Context(), o.db, token.Plaintext)
	if err != nil {
		t.Fatal(err)
	}
	var nameError *account.NameError
	for name, tc := range map[string]struct {
		n    account.NewOwnToken
		want error
	}{
		"an editor":   {account.NewOwnToken{Name: "x", Days: 1, By: editor}, account.ErrNotResponsible},
		"a program":   {account.NewOwnToken{Name: "x", Days: 1, By: program}, account.ErrNotResponsible},
		"no days":     {account.NewOwnToken{Name: "x", By: head}, nil},
		"too long":    {account.NewOwnToken{Name: "x", Days: account.MaxOwnTokenDays + 1, By: head}, nil},
		"no right":    {account.NewOwnToken{Name: "x", Days: 1, Rights: []account.Right{"all"}, By: head}, nil},
		"no name":     {account.NewOwnToken{Name: " ", Days: 1, By: head}, nil},
		"a long name": {account.NewOwnToken{Name: strings.Repeat("长", 61), Days: 1, By: head}, nil},
		"a control":   {account.NewOwnToken{Name: "a\x07", Days: 1, By: head}, nil},
	} {
		_, err := o.make(tc.n)
		if err == nil || tc.want != nil && !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(name, "name") && !errors.As(err, &nameError) {
			t.Errorf("%s: %v, want a *NameError", name, err)
		}
	}
	if err := account.RevokeOwnToken(t.Context(), o.db, uuid.New(), head); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("no such token: %v", err)
	}
	stranger := issue(t, o.db, account.RoleReviewer, city, 1)
	if err := account.RevokeOwnToken(t.Context(), o.db, stranger.ID, head); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("another's token: %v", err)
	}
}

// TestTokensAreLimited: also for two who make the last one at once.
func TestTokensAreLimited(t *testing.T) {
	o := newOffice(t)
	head := o.filer("a@org.example", false)
	for range account.MaxOwnTokens - 1 {
		issue(t, o.db, account.RoleFiler, o.org, 3)
	}
	var made int
	for _, err := range atOnce(4, func(int) error {
		_, err := o.make(account.NewOwnToken{Name: "x", Days: 1, By: head})
		return err
	}) {
		switch {
		case err == nil:
			made++
		case !errors.Is(err, account.ErrTooManyTokens):
			t.Error(err)
		}
	}
	if made != 1 {
		t.Errorf("%d made where there was room for one", made)
	}
	o.clock.Advance(25 * time.Hour)
	if _, err := o.make(account.NewOwnToken{Name: "x", Days: 1, By: head}); err != nil {
		t.Errorf("after one is over: %v", err)
	}
}

// TestUseIsNotedOnceAMinute: the time is that of the first use in a minute.
func TestUseIsNotedOnceAMinute(t *testing.T) {
	o := newOffice(t)
	head := o.filer("a@org.example", false)
	token, err := o.make(account.NewOwnToken{Name: "x", Days: 1, By: head})
	if err != nil {
		t.Fatal(err)
	}
	if used := o.tokens(head)[0].LastUsedAt; !used.IsZero() {
		t.Errorf("used %s before it was", used)
	}
	start := o.clock.Now()
	for _, tc := range []struct{ at, want time.Duration }{
		{0, 0}, {time.Second, 0}, {59 * time.Second, 0}, {60 * time.Second, 60 * time.Second},
		{119 * time.Second, 60 * time.Second}, {time.Hour, time.Hour},
	} {
		o.clock.Set(start.Add(tc.at))
		if _, err := account.AuthenticateToken(t.Context(), o.db, token.Plaintext); err != nil {
			t.Fatal(err)
		}
		if used := o.tokens(head)[0].LastUsedAt; !used.Equal(start.Add(tc.want)) {
			t.Errorf("used after %s: noted %s, want %s", tc.at, used.Sub(start), tc.want)
		}
	}
}
