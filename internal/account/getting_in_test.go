package account_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/account"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/queue"
)

const (
	uscc     = "52440100MJK00009XH" // ground's organisation
	orgEmail = "contact@org.example"
)

// office is a database with an organisation, and the letters that go out.
type office struct {
	t     *testing.T
	db    *postgres.DB
	clock *pgtest.Clock
	org   account.Scope
	s     *account.Service

	mu      sync.Mutex
	letters []account.Letter
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t}
	o.db, o.clock, o.org = ground(t)
	o.db.MustExec(`UPDATE organisation SET contact_email = $1, contact_phone = '138 0013-8000', contact_name = '林晓'`, orgEmail)
	o.s = o.service(true)
	return o
}

func (o *office) service(sms bool) *account.Service {
	return account.NewService(account.Config{DB: o.db, SMS: sms, Post: func(_ context.Context, _ *postgres.Tx, l account.Letter) error {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.letters = append(o.letters, l)
		return nil
	}})
}

// work answers what waits in the queue, and gives the letters that came of it.
func (o *office) work(s *account.Service) []account.Letter {
	o.t.Helper()
	o.letters = nil
	handlers := map[string]queue.Handler{account.ActivationJob: s.HandleActivation, account.ResetJob: s.HandleReset}
	if _, err := queue.NewWorker(o.db, handlers, queue.Options{}).Drain(o.t.Context()); err != nil {
		o.t.Fatal(err)
	}
	return o.letters
}

// code asks for one and reads it from the letter.
func (o *office) code() string {
	o.t.Helper()
	if err := o.s.RequestActivation(o.t.Context(), uscc, false); err != nil {
		o.t.Fatal(err)
	}
	letters := o.work(o.s)
	if len(letters) != 1 || letters[0].Kind != account.LetterActivation || len(letters[0].Secret) != 6 {
		o.t.Fatalf("letters %+v, want one with a code", letters)
	}
	return letters[0].Secret
}

func (o *office) first(code, email, password string) error {
	return o.s.ActivateFirst(o.t.Context(), account.FirstPerson{USCC: uscc, Code: code, Name: "林晓", Email: email, Password: password})
}

// filer makes one of the organisation's people, who is signed in.
func (o *office) filer(email string, editor bool) account.Principal {
	o.t.Helper()
	_, err := account.CreatePerson(o.t.Context(), o.db, account.NewPerson{Email: email, Name: email[:1], Role: account.RoleFiler,
		Scope: o.org, Editor: editor, Actor: actor}, goodPassword)
	if err != nil {
		o.t.Fatal(err)
	}
	return o.principal(email)
}

func (o *office) principal(email string) account.Principal {
	o.t.Helper()
	p, err := account.PrincipalOf(o.t.Context(), o.db, sessionOf(o.t, o.db, email, goodPassword))
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

func (o *office) count(query string, args ...any) int {
	o.t.Helper()
	var n int
	if err := o.db.Get(&n, query, args...); err != nil {
		o.t.Fatal(err)
	}
	return n
}

func TestFirstPersonGetsInByTheRegister(t *testing.T) {
	o := newOffice(t)
	code := o.code()
	l := o.letters[0]
	if l.To != orgEmail || l.SMS || l.Body != "试验市向阳社会工作服务中心" || l.AuthorityCode != "440100" || l.OrganisationID != o.org.OrganisationID ||
		!l.ExpiresAt.Equal(o.clock.Now().Add(account.CodeMinutes*time.Minute)) {
		t.Errorf("letter %+v", l)
	}
	if n := o.count(`SELECT count(*) FROM activation_request WHERE code_hash LIKE '%' || $1 || '%'`, code); n != 0 {
		t.Error("the code is stored as it is")
	}
	o.letters = nil
	if err := o.first(code[:3]+" "+code[3:], "Lin@own.example", goodPassword); err != nil {
		t.Fatal(err)
	}
	p := o.principal("lin@own.example")
	if p.Role != account.RoleFiler || !p.Responsible || p.RoleLabel() != "负责人" || p.OrganisationID != o.org.OrganisationID {
		t.Errorf("principal %+v", p)
	}
	// Nobody has shown yet that the address is the person's.
	if len(o.letters) != 1 || o.letters[0].Kind != account.LetterAddress || o.letters[0].To != "lin@own.example" {
		t.Errorf("letters %+v, want one that confirms the address", o.letters)
	}
	if err := o.first(code, "b@own.example", goodPassword); !errors.Is(err, account.ErrBadCode) {
		t.Errorf("the code once more: %v, want ErrBadCode", err)
	}
	if diff := cmp.Diff([]string{"account.activated 440100"}, kinds(t, o.db)); diff != "" {
		t.Errorf("events -want +got:\n%s", diff)
	}
}

func TestFirstPersonWithTheRegistersAddressIsConfirmed(t *testing.T) {
	o := newOffice(t)
	code := o.code()
	o.letters = nil
	if err := o.first(code, strings.ToUpper(orgEmail), goodPassword); err != nil || len(o.letters) != 0 {
		t.Errorf("%v, letters %+v", err, o.letters)
	}
	if n := o.count(`SELECT count(*) FROM person WHERE email_unverified`); n != 0 {
		t.Error("the address that the code went to counts as not confirmed")
	}
}

// TestRequestLeavesTheSameBehind: until the queue has worked, nothing in the database tells whether there is such an
// organisation, has people or an address.
func TestRequestLeavesTheSameBehind(t *testing.T) {
	const unknown = "52440100MJK00010LL"
	for name, prepare := range map[string]func(o *office) string{
		"known":       func(*office) string { return uscc },
		"unknown":     func(*office) string { return unknown },
		"with people": func(o *office) string { o.filer("a@org.example", false); return uscc },
		"without addresses": func(o *office) string {
			o.db.MustExec(`UPDATE organisation SET contact_email = '', contact_phone = ''`)
			return uscc
		},
		"deregistered": func(o *office) string { o.db.MustExec(`UPDATE organisation SET status = 'deregistered'`); return uscc },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			code := prepare(o)
			before := o.census()
			if err := o.s.RequestActivation(t.Context(), code, false); err != nil {
				t.Fatal(err)
			}
			want := map[string]int{"activation_request": 1, "job": 1}
			if diff := cmp.Diff(want, since(before, o.census())); diff != "" || len(o.letters) != 0 {
				t.Errorf("rows written -want +got:\n%s; letters %v", diff, o.letters)
			}
			letters := o.work(o.s)
			kinds := []string{}
			for _, l := range letters {
				kinds = append(kinds, string(l.Kind)+" "+l.To)
			}
			wantLetters := map[string][]string{"known": {"activation " + orgEmail}, "with people": {"activation_taken " + orgEmail}}[name]
			if diff := cmp.Diff(append([]string{}, wantLetters...), kinds); diff != "" {
				t.Errorf("letters -want +got:\n%s", diff)
			}
			// A wrong code, too, costs one changed row whoever it is for.
			err := o.s.ActivateFirst(t.Context(), account.FirstPerson{USCC: code, Code: "x", Name: "某", Email: "n@own.example", Password: goodPassword})
			if !errors.Is(err, account.ErrBadCode) || errors.Unwrap(errors.Unwrap(err)) != nil {
				t.Errorf("wrong code: %v, want ErrBadCode and no more", err)
			}
			if n := o.count(`SELECT tries FROM activation_request`); n != 1 {
				t.Errorf("%d tries counted, want 1", n)
			}
			if n := o.count(`SELECT count(*) FROM person WHERE email = 'n@own.example'`); n != 0 {
				t.Error("a wrong code made a person")
			}
		})
	}
}

// census counts the rows of every table.
func (o *office) census() map[string]int {
	o.t.Helper()
	var tables []string
	if err := o.db.Select(&tables, `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`); err != nil {
		o.t.Fatal(err)
	}
	rows := map[string]int{}
	for _, table := range tables {
		rows[table] = o.count(`SELECT count(*) FROM ` + table)
	}
	return rows
}

func since(before, after map[string]int) map[string]int {
	more := map[string]int{}
	for table, n := range after {
		if n != before[table] {
			more[table] = n - before[table]
		}
	}
	return more
}

func TestWhereTheCodeGoes(t *testing.T) {
	for _, tc := range []struct {
		email, phone string
		bySMS, sms   bool
		want         string
	}{
		{orgEmail, "13800138000", false, true, orgEmail},
		{orgEmail, "13800138000", true, true, "13800138000 SMS"},
		{orgEmail, "13800138000", true, false, orgEmail},
		{orgEmail, "020-12345678", true, true, orgEmail},
		{"", "+86 138-0013-8000", false, true, "13800138000 SMS"},
		{"", "１３８００１３８０００", false, false, "13800138000 SMS"}, // waits, visibly, for a gateway
		{"", "020-12345678", true, true, ""},
		{"", "", true, true, ""},
	} {
		o := newOffice(t)
		o.db.MustExec(`UPDATE organisation SET contact_email = $1, contact_phone = $2`, tc.email, tc.phone)
		s := o.service(tc.sms)
		if err := s.RequestActivation(t.Context(), uscc, tc.bySMS); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, l := range o.work(s) {
			got += l.To
			if l.SMS {
				got += " SMS"
			}
		}
		if got != tc.want {
			t.Errorf("%+v: to %q", tc, got)
		}
	}
}

func TestCodeLimits(t *testing.T) {
	t.Run("tries", func(t *testing.T) {
		o := newOffice(t)
		code := o.code()
		for _, err := range atOnce(2*account.CodeTries, func(int) error { return o.first("none", "a@own.example", goodPassword) }) {
			if !errors.Is(err, account.ErrBadCode) {
				t.Fatal(err)
			}
		}
		if err := o.first(code, "a@own.example", goodPassword); !errors.Is(err, account.ErrBadCode) {
			t.Errorf("the right code after too many tries: %v", err)
		}
		if err := o.first(o.code(), "a@own.example", goodPassword); err != nil {
			t.Errorf("a new code: %v", err)
		}
	})
	t.Run("time", func(t *testing.T) {
		o := newOffice(t)
		code := o.code()
		o.clock.Advance(account.CodeMinutes * time.Minute)
		if err := o.first(code, "a@own.example", goodPassword); !errors.Is(err, account.ErrBadCode) {
			t.Errorf("after its time: %v", err)
		}
	})
	t.Run("a day", func(t *testing.T) {
		o := newOffice(t)
		var too int
		for _, err := range atOnce(3*account.CodesADay, func(int) error { return o.s.RequestActivation(t.Context(), uscc, false) }) {
			if errors.Is(err, account.ErrTooMany) {
				too++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		for range account.CodesADay { // twins in one instant share a request, so there may be some left
			_ = o.s.RequestActivation(t.Context(), uscc, false)
		}
		if n := o.count(`SELECT count(*) FROM activation_request`); n != account.CodesADay {
			t.Errorf("%d requests, want %d (%d refused at once)", n, account.CodesADay, too)
		}
		if err := o.s.RequestActivation(t.Context(), uscc, false); !errors.Is(err, account.ErrTooMany) {
			t.Errorf("one more: %v", err)
		}
		if n := len(o.work(o.s)); n != account.CodesADay {
			t.Errorf("%d letters", n)
		}
		o.clock.Advance(24 * time.Hour)
		o.code()
	})
	t.Run("only the last", func(t *testing.T) {
		o := newOffice(t)
		old := o.code()
		fresh := o.code()
		for old == fresh { // one in a million
			fresh = o.code()
		}
		if err := o.first(old, "a@own.example", goodPassword); !errors.Is(err, account.ErrBadCode) {
			t.Errorf("the code before: %v", err)
		}
		if err := o.first(fresh, "a@own.example", goodPassword); err != nil {
			t.Error(err)
		}
	})
	t.Run("a late queue sends nothing", func(t *testing.T) {
		o := newOffice(t)
		if err := o.s.RequestActivation(t.Context(), uscc, false); err != nil {
			t.Fatal(err)
		}
		o.clock.Advance(account.CodeMinutes * time.Minute)
		if letters := o.work(o.s); len(letters) != 0 {
			t.Errorf("letters %+v", letters)
		}
	})
}

func TestOneCodeLetsOneIn(t *testing.T) {
	o := newOffice(t)
	code := o.code()
	won := 0
	for _, err := range atOnce(4, func(i int) error { return o.first(code, fmt.Sprintf("p%d@own.example", i), goodPassword) }) {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, account.ErrBadCode) && !errors.Is(err, account.ErrHasPeople):
			t.Error(err)
		}
	}
	if n := o.count(`SELECT count(*) FROM membership`); won != 1 || n != 1 {
		t.Errorf("%d won, %d memberships; want one", won, n)
	}
}

// TestCodeTakesNobodysAccount: whoever holds the organisation's code can name any address.
func TestCodeTakesNobodysAccount(t *testing.T) {
	o := newOffice(t)
	if _, err := account.CreatePerson(t.Context(), o.db, reviewer("he@gov.example"), goodPassword); err != nil {
		t.Fatal(err)
	}
	if _, err := account.Invite(t.Context(), o.db, reviewer("new@gov.example")); err != nil {
		t.Fatal(err)
	}
	code := o.code()
	const other = "海上明月共潮生 2026"
	for _, email := range []string{"he@gov.example", "new@gov.example"} {
		if err := o.first(code, email, other); !errors.Is(err, account.ErrEmailTaken) {
			t.Errorf("%s with a password of one's own: %v, want ErrEmailTaken", email, err)
		}
		if _, err := account.SignIn(t.Context(), o.db, email, other); !errors.Is(err, account.ErrBadCredentials) {
			t.Errorf("%s: the account was taken over: %v", email, err)
		}
	}
	if err := o.first(code, "he@gov.example", goodPassword); err != nil {
		t.Fatalf("with the account's own password: %v", err)
	}
	who, err := account.SignIn(t.Context(), o.db, "he@gov.example", goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	roles, err := account.Memberships(t.Context(), o.db, who.PersonID)
	if err != nil || len(roles) != 2 || roles[0].Label() != "负责人" || roles[1].Label() != "审查员" {
		t.Errorf("roles %+v, %v", roles, err)
	}
}

// TestUnconfirmedAddressGetsNoFurtherRole: somebody registers with an address that is another's, who is then invited.
func TestUnconfirmedAddressGetsNoFurtherRole(t *testing.T) {
	o := newOffice(t)
	if err := o.first(o.code(), "he@gov.example", goodPassword); err != nil {
		t.Fatal(err)
	}
	invitation, err := account.Invite(t.Context(), o.db, reviewer("he@gov.example"))
	if err != nil {
		t.Fatal(err)
	}
	labels := func() (list []string) {
		roles, err := account.Memberships(t.Context(), o.db, invitation.PersonID)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range roles {
			list = append(list, m.Label())
		}
		return list
	}
	if diff := cmp.Diff([]string{"负责人"}, labels()); diff != "" {
		t.Errorf("before the mail is read -want +got:\n%s", diff)
	}
	key := account.SessionKey{PersonID: invitation.PersonID, MembershipID: invitation.MembershipID,
		Stamp: sessionOf(t, o.db, "he@gov.example", goodPassword).Stamp}
	if _, err := account.PrincipalOf(t.Context(), o.db, key); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("the role can be chosen: %v", err)
	}
	if _, err := account.Accept(t.Context(), o.db, invitation.Link); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("the link keeps the unknown password: %v", err)
	}
	const other = "海上明月共潮生 2026"
	if _, err := account.Activate(t.Context(), o.db, invitation.Link, other); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"负责人", "审查员"}, labels()); diff != "" {
		t.Errorf("after -want +got:\n%s", diff)
	}
	if _, err := account.SignIn(t.Context(), o.db, "he@gov.example", goodPassword); !errors.Is(err, account.ErrBadCredentials) {
		t.Errorf("the stranger's password still opens: %v", err)
	}
}

func TestJobsThatCannotBe(t *testing.T) {
	o := newOffice(t)
	for _, payload := range []string{"", "null", `{"uscc":"x","day":"2019-01-14","ordinal":1}`} {
		job := queue.Job{ID: uuid.New(), Payload: []byte(payload)}
		err := o.s.HandleActivation(t.Context(), job)
		if payload == "" && err == nil {
			t.Errorf("payload %q is taken", payload)
		}
		if len(o.letters) != 0 {
			t.Errorf("payload %q: letters %+v", payload, o.letters)
		}
	}
	if err := o.s.HandleReset(t.Context(), queue.Job{ID: uuid.New(), Payload: []byte("{")}); err == nil {
		t.Error("half a payload is taken")
	}
}

func TestNames(t *testing.T) {
	for in, want := range map[string]string{" 林晓 ": "林晓", "Ana María": "Ana María", "": "", " ": "", "林\n晓": "", strings.Repeat("长", 51): "", "\xff": ""} {
		got, err := account.ParseName(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ParseName(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
	var wrong *account.NameError
	if err := (account.NewService(account.Config{})).InviteColleague(t.Context(), account.NewColleague{}); !errors.As(err, &wrong) || wrong.Error() == "" {
		t.Errorf("%v, want NameError", err)
	}
}
