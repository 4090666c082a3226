package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/account"
)

func TestReset(t *testing.T) {
	o := newOffice(t)
	p := o.filer("a@org.example", false)
	key := sessionOf(t, o.db, "a@org.example", goodPassword)
	ask := func(email string) []account.Letter {
		t.Helper()
		before := o.census()
		if err := o.s.RequestReset(t.Context(), email); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(map[string]int{"job": 1}, since(before, o.census())); diff != "" {
			t.Errorf("%s: rows written -want +got:\n%s", email, diff)
		}
		return o.work(o.s)
	}
	if _, err := account.Invite(t.Context(), o.db, reviewer("invited@gov.example")); err != nil {
		t.Fatal(err)
	}
	for _, nobody := range []string{"nobody@org.example", "invited@gov.example", "", "\xff"} {
		if letters := ask(strings.ToValidUTF8(nobody, "?")); len(letters) != 0 {
			t.Errorf("%s: %+v", nobody, letters)
		}
	}
	letters := ask(" A@org.example ")
	if len(letters) != 1 || letters[0].Kind != account.LetterReset || letters[0].To != "a@org.example" || letters[0].PersonID.UUID != p.ID {
		t.Fatalf("letters %+v", letters)
	}
	second := ask("a@org.example")
	const other = "海上明月共潮生 2026"
	if _, err := account.Activate(t.Context(), o.db, letters[0].Secret, other); err != nil {
		t.Fatal(err)
	}
	if _, err := account.PrincipalOf(t.Context(), o.db, key); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("a session outlives the reset: %v", err)
	}
	for _, link := range []string{letters[0].Secret, second[0].Secret} {
		if _, err := account.Activate(t.Context(), o.db, link, goodPassword); !errors.Is(err, account.ErrLinkOver) {
			t.Errorf("another link still holds: %v", err)
		}
	}
	if diff := cmp.Diff("account.changed 440100", kinds(t, o.db)[2]); diff != "" {
		t.Error(diff)
	}
	third := ask("a@org.example")
	o.clock.Advance(account.ResetMinutes * time.Minute)
	if _, err := account.LookUpLink(t.Context(), o.db, third[0].Secret); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("after an hour: %v", err)
	}
	for range account.ResetsADay {
		ask("a@org.example")
	}
	if n := o.count(`SELECT count(*) FROM invitation WHERE purpose = 'reset'`); n != account.ResetsADay {
		t.Errorf("%d links in a day, want %d", n, account.ResetsADay)
	}
}
