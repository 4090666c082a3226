package account_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/account"
)

// roster lists "name-or-address role waiting" of the organisation's people.
func (o *office) roster() []string {
	o.t.Helper()
	list, err := account.Colleagues(o.t.Context(), o.db, o.org.OrganisationID.UUID)
	if err != nil {
		o.t.Fatal(err)
	}
	var lines []string
	for _, c := range list {
		role := "editor"
		if c.Responsible {
			role = "responsible"
		}
		if c.Waiting {
			role += " waiting"
		}
		lines = append(lines, c.Name+" "+c.Email+" "+role)
	}
	return lines
}

func TestFilersOfTheReleaseBeforeAreResponsible(t *testing.T) {
	o := newOffice(t)
	o.db.MustExec(`INSERT INTO person (id, email, name, password_hash, created_at, updated_at) VALUES (gen_random_uuid(), 'old@org.example', '旧', 'x', now(), now())`)
	o.db.MustExec(`INSERT INTO membership (id, person_id, role, organisation_id, created_at)
		SELECT gen_random_uuid(), id, 'filer', $1, now() FROM person`, o.org.OrganisationID) // as the release before writes it
	if diff := cmp.Diff([]string{"旧 old@org.example responsible"}, o.roster()); diff != "" {
		t.Error(diff)
	}
}

func TestColleaguesComeAndGo(t *testing.T) {
	o := newOffice(t)
	head := o.filer("a@org.example", false)
	editor := o.filer("b@org.example", true)
	if head.RoleLabel() != "负责人" || editor.RoleLabel() != "填报人" || editor.Responsible {
		t.Errorf("labels %s, %s", head.RoleLabel(), editor.RoleLabel())
	}
	invite := func(by account.Principal, email string) error {
		return o.s.InviteColleague(t.Context(), account.NewColleague{Email: email, Name: "新来", Editor: true, By: by})
	}
	if err := invite(editor, "c@org.example"); !errors.Is(err, account.ErrNotResponsible) {
		t.Errorf("an editor invites: %v", err)
	}
	if err := invite(account.Principal{Kind: account.KindToken, OrganisationID: o.org.OrganisationID, Responsible: true}, "c@org.example"); !errors.Is(err, account.ErrNotResponsible) {
		t.Errorf("a token invites: %v", err)
	}
	o.letters = nil
	if err := invite(head, "c@org.example"); err != nil {
		t.Fatal(err)
	}
	if len(o.letters) != 1 || o.letters[0].To != "c@org.example" || o.letters[0].By != "a" || o.letters[0].RoleLabel != "填报人" {
		t.Errorf("letters %+v", o.letters)
	}
	if _, err := account.Activate(t.Context(), o.db, o.letters[0].Secret, goodPassword); err != nil {
		t.Fatal(err)
	}
	c := o.principal("c@org.example")
	change := account.MembershipChange{MembershipID: c.MembershipID, By: head}
	for range 2 { // the second time changes nothing
		if err := account.SetResponsible(t.Context(), o.db, change, true); err != nil {
			t.Fatal(err)
		}
	}
	want := []string{"a a@org.example responsible", "新来 c@org.example responsible", "b b@org.example editor"}
	if diff := cmp.Diff(want, o.roster()); diff != "" {
		t.Error(diff)
	}
	key := sessionOf(t, o.db, "c@org.example", goodPassword)
	if err := account.EndMembership(t.Context(), o.db, change); err != nil {
		t.Fatal(err)
	}
	if _, err := account.PrincipalOf(t.Context(), o.db, key); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("the session goes on: %v", err)
	}
	for name, tc := range map[string]struct {
		change account.MembershipChange
		want   error
	}{
		"gone":            {change, account.ErrNotFound},
		"nobody":          {account.MembershipChange{MembershipID: uuid.New(), By: head}, account.ErrNotFound},
		"the last":        {account.MembershipChange{MembershipID: head.MembershipID, By: head}, account.ErrLastResponsible},
		"by an editor":    {account.MembershipChange{MembershipID: head.MembershipID, By: editor}, account.ErrNotResponsible},
		"by who was once": {account.MembershipChange{MembershipID: editor.MembershipID, By: c}, account.ErrNotResponsible},
	} {
		if err := account.EndMembership(t.Context(), o.db, tc.change); !errors.Is(err, tc.want) {
			t.Errorf("end %s: %v, want %v", name, err, tc.want)
		}
		if err := account.SetResponsible(t.Context(), o.db, tc.change, false); !errors.Is(err, tc.want) {
			t.Errorf("demote %s: %v, want %v", name, err, tc.want)
		}
	}
	got := kinds(t, o.db)
	wantKinds := []string{"account.activated 440100", "account.activated 440100", "account.invited 440100", "account.activated 440100",
		"account.role_changed 440100", "account.ended 440100"}
	if diff := cmp.Diff(wantKinds, got); diff != "" {
		t.Errorf("events -want +got:\n%s", diff)
	}
}

// TestOneResponsibleStays: two who take each other's role at once, many times over.
func TestOneResponsibleStays(t *testing.T) {
	for range 4 {
		o := newOffice(t)
		people := []account.Principal{o.filer("a@org.example", false), o.filer("b@org.example", false)}
		errs := atOnce(2, func(i int) error {
			change := account.MembershipChange{MembershipID: people[1-i].MembershipID, By: people[i]}
			if i == 0 {
				return account.SetResponsible(t.Context(), o.db, change, false)
			}
			return account.EndMembership(t.Context(), o.db, change)
		})
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, account.ErrNotResponsible) {
				t.Error(err)
			}
		}
		if n := o.count(`SELECT count(*) FROM membership WHERE responsible AND ended_at IS NULL`); won != 1 || n != 1 {
			t.Fatalf("%d won, %d responsible people left", won, n)
		}
	}
}

// TestWhoWaitsDoesNotCount: an invitation that nobody has opened keeps no organisation going.
func TestWhoWaitsDoesNotCount(t *testing.T) {
	o := newOffice(t)
	head := o.filer("a@org.example", false)
	if err := o.s.InviteColleague(t.Context(), account.NewColleague{Email: "b@org.example", Name: "乙", By: head}); err != nil {
		t.Fatal(err)
	}
	err := account.EndMembership(t.Context(), o.db, account.MembershipChange{MembershipID: head.MembershipID, By: head})
	if !errors.Is(err, account.ErrLastResponsible) {
		t.Errorf("%v, want ErrLastResponsible", err)
	}
}

// TestInvitationIsAskedFirst: who has an account elsewhere is shown by no name, and acts for nobody before saying yes.
func TestInvitationIsAskedFirst(t *testing.T) {
	o := newOffice(t)
	head := o.filer("a@org.example", false)
	if _, err := account.CreatePerson(t.Context(), o.db, reviewer("he@gov.example"), goodPassword); err != nil {
		t.Fatal(err)
	}
	o.letters = nil
	if err := o.s.InviteColleague(t.Context(), account.NewColleague{Email: "he@gov.example", Name: "猜的", By: head}); err != nil {
		t.Fatal(err)
	}
	want := []string{"a a@org.example responsible", " he@gov.example responsible waiting"}
	if diff := cmp.Diff(want, o.roster()); diff != "" {
		t.Error(diff)
	}
	invited, err := account.LookUpLink(t.Context(), o.db, o.letters[0].Secret)
	if err != nil || !invited.AcceptOnly || invited.Body != "试验市向阳社会工作服务中心" {
		t.Fatalf("%+v, %v", invited, err)
	}
	won := 0
	for _, err := range atOnce(3, func(int) error { _, err := account.Accept(t.Context(), o.db, o.letters[0].Secret); return err }) {
		if err == nil {
			won++
		} else if !errors.Is(err, account.ErrLinkOver) {
			t.Error(err)
		}
	}
	roles, err := account.Memberships(t.Context(), o.db, invited.PersonID)
	if err != nil || won != 1 || len(roles) != 2 {
		t.Errorf("%d accepted, roles %+v, %v", won, roles, err)
	}
	if diff := cmp.Diff("何静 he@gov.example responsible", o.roster()[1]); diff != "" {
		t.Error(diff)
	}
}

func TestProfile(t *testing.T) {
	o := newOffice(t)
	p := o.filer("a@org.example", false)
	other := o.filer("b@org.example", true)
	ctx := t.Context()
	if err := account.Rename(ctx, o.db, p.ID, " 林晓 "); err != nil {
		t.Fatal(err)
	}
	ask := func(email, password string) error {
		o.letters = nil
		return o.s.RequestEmail(ctx, account.EmailChange{PersonID: p.ID, Email: email, Password: password})
	}
	var wrong *account.EmailError
	if err := ask("none", goodPassword); !errors.As(err, &wrong) {
		t.Errorf("no address: %v", err)
	}
	if err := ask("new@org.example", "wrong password"); !errors.Is(err, account.ErrBadCredentials) || len(o.letters) != 0 {
		t.Errorf("wrong password: %v, letters %v", err, o.letters)
	}
	if err := ask("B@org.example", goodPassword); err != nil || len(o.letters) != 1 || o.letters[0].Kind != account.LetterAddressTaken || o.letters[0].Secret != "" {
		t.Errorf("another's address: %v, letters %+v", err, o.letters)
	}
	if err := ask("new@org.example", goodPassword); err != nil || len(o.letters) != 1 || o.letters[0].Kind != account.LetterAddress {
		t.Fatalf("%v, letters %+v", err, o.letters)
	}
	link := o.letters[0].Secret
	profile, err := account.ProfileOf(ctx, o.db, p.ID)
	if diff := cmp.Diff(account.Profile{PersonID: p.ID, Name: "林晓", Email: "a@org.example", NewEmail: "new@org.example"}, profile); err != nil || diff != "" {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if _, err := o.s.ConfirmEmail(ctx, other.ID, link); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("another's click: %v", err)
	}
	if _, err := account.AddressOf(ctx, o.db, other.ID, link); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("another's look: %v", err)
	}
	o.letters = nil
	if email, err := o.s.ConfirmEmail(ctx, p.ID, link); err != nil || email != "new@org.example" {
		t.Fatalf("%q, %v", email, err)
	}
	if len(o.letters) != 1 || o.letters[0].Kind != account.LetterChanged || o.letters[0].To != "a@org.example" {
		t.Errorf("the old address is not told: %+v", o.letters)
	}
	if _, err := o.s.ConfirmEmail(ctx, p.ID, link); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("once more: %v", err)
	}
	if err := ask("third@org.example", goodPassword); err != nil {
		t.Fatal(err)
	}
	link = o.letters[0].Secret
	o.clock.Advance(account.AddressDays * 24 * time.Hour)
	if _, err := o.s.ConfirmEmail(ctx, p.ID, link); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("after three days: %v", err)
	}
	if _, err := account.ProfileOf(ctx, o.db, uuid.New()); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("nobody's: %v", err)
	}
}

func TestAddressTakenMeanwhile(t *testing.T) {
	o := newOffice(t)
	p := o.filer("a@org.example", false)
	if err := o.s.RequestEmail(t.Context(), account.EmailChange{PersonID: p.ID, Email: "new@org.example", Password: goodPassword}); err != nil {
		t.Fatal(err)
	}
	link := o.letters[0].Secret
	o.filer("new@org.example", false)
	if _, err := o.s.ConfirmEmail(t.Context(), p.ID, link); !errors.Is(err, account.ErrLinkOver) {
		t.Errorf("%v, want ErrLinkOver", err)
	}
}

func TestChangePassword(t *testing.T) {
	o := newOffice(t)
	p := o.filer("a@org.example", false)
	key := sessionOf(t, o.db, "a@org.example", goodPassword)
	const other = "海上明月共潮生 2026"
	change := func(current, fresh string) (account.SignedIn, error) {
		return o.s.ChangePassword(t.Context(), account.PasswordChange{PersonID: p.ID, Current: current, New: fresh})
	}
	var broken *account.PasswordError
	if _, err := change(goodPassword, "short"); !errors.As(err, &broken) {
		t.Errorf("short: %v", err)
	}
	if _, err := change("wrong password", other); !errors.Is(err, account.ErrBadCredentials) {
		t.Errorf("wrong current: %v", err)
	}
	who, err := change(goodPassword, other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := account.PrincipalOf(t.Context(), o.db, key); !errors.Is(err, account.ErrNotFound) {
		t.Errorf("the session under the old password: %v", err)
	}
	key.Stamp = who.Stamp
	if _, err := account.PrincipalOf(t.Context(), o.db, key); err != nil {
		t.Errorf("the session that goes on: %v", err)
	}
	if len(o.letters) != 1 || o.letters[0].What != "密码" {
		t.Errorf("letters %+v", o.letters)
	}
}

func TestSessionsAreListedAndEnded(t *testing.T) {
	o := newOffice(t)
	p, q := o.filer("a@org.example", false), o.filer("b@org.example", false)
	store := account.SessionStore{DB: o.db}
	var wall time.Time
	if err := o.db.Get(&wall, `SELECT clock_timestamp()`); err != nil {
		t.Fatal(err)
	}
	begin := func(token string, person uuid.UUID, expiry time.Duration) uuid.UUID {
		t.Helper()
		origin := account.SessionOrigin{ID: uuid.New(), PersonID: person, UserAgent: strings.Repeat("长", 300) + "\x00\xff", Address: "192.0.2.1"}
		if err := store.CommitCtx(account.WithSessionOrigin(t.Context(), origin), token, []byte("x"), wall.Add(expiry)); err != nil {
			t.Fatal(err)
		}
		if err := store.CommitCtx(t.Context(), token, []byte("y"), wall.Add(expiry)); err != nil { // the answer's own save
			t.Fatal(err)
		}
		return origin.ID
	}
	first, second, third := begin("1", p.ID, time.Hour), begin("2", p.ID, time.Hour), begin("3", p.ID, time.Hour)
	begin("over", p.ID, -time.Second)
	begin("idle", p.ID, time.Hour)
	o.db.MustExec(`UPDATE session SET seen_at = clock_timestamp() - interval '3 hours' WHERE token = 'idle'`)
	strange := begin("q", q.ID, time.Hour)
	ids := func(person uuid.UUID) map[uuid.UUID]bool {
		t.Helper()
		list, err := account.Sessions(t.Context(), o.db, person)
		if err != nil {
			t.Fatal(err)
		}
		set := map[uuid.UUID]bool{}
		for _, s := range list {
			set[s.ID] = true
			if s.Address != "192.0.2.1" || len(s.UserAgent) > 400 || !strings.HasPrefix(s.UserAgent, "长") {
				t.Errorf("session %+v", s)
			}
		}
		return set
	}
	if diff := cmp.Diff(map[uuid.UUID]bool{first: true, second: true, third: true}, ids(p.ID)); diff != "" {
		t.Error(diff)
	}
	for _, id := range []uuid.UUID{strange, uuid.New(), second} {
		if err := account.EndSession(t.Context(), o.db, p.ID, id); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(map[uuid.UUID]bool{first: true, third: true}, ids(p.ID)); diff != "" {
		t.Error(diff)
	}
	if err := account.EndOtherSessions(t.Context(), o.db, p.ID, third); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[uuid.UUID]bool{third: true}, ids(p.ID)); diff != "" || !ids(q.ID)[strange] {
		t.Errorf("%s; the other person's session must go on", diff)
	}
}

func TestDevice(t *testing.T) {
	for agent, want := range map[string]string{
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 Edg/120.0":                    "Windows 电脑上的 Edge",
		"Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36":                                    "Windows 电脑上的 Chrome",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0":             "iPhone上的 微信",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Safari/605.1.15":                        "苹果电脑上的 Safari",
		"Mozilla/5.0 (Linux; Android 13; M2012K11AC) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/116.0 Mobile Safari/537.36 XiaoMi/MiuiBrowser/17.0": "安卓设备上的 小米浏览器",
		"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0":                                                                       "Linux 电脑上的 Firefox",
		"curl/8.0": "未知设备", "": "未知设备", "Firefox": "Firefox", "Windows": "Windows 电脑",
	} {
		if got := account.Device(agent); got != want {
			t.Errorf("Device(%q) = %q, want %q", agent, got, want)
		}
	}
}

func FuzzDevice(f *testing.F) {
	f.Add("Mozilla/5.0 (Windows NT 10.0)")
	f.Fuzz(func(t *testing.T, s string) {
		if got := account.Device(s); got == "" || strings.ContainsAny(got, "<>\n") {
			t.Errorf("Device(%q) = %q", s, got)
		}
	})
}
