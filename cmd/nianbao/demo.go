package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"nianbao/filing"
	"nianbao/filing/form"
	"nianbao/internal/account"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/registry"
	"nianbao/internal/workday"
)

// The demonstration: a made-up city with a district, a season of the report year before the clock's, some 400
// organisations in every state with last year's accepted reports behind them, and a sign-in for each role. All of it is
// made by the same use cases as real work, day by day on a clock of its own, so that no state is painted on.

// demoPassword opens every sign-in of a demonstration. It protects nothing: all data is made up.
const demoPassword = "yanshi-2026-nianbao"

const (
	demoCity     = "990100"
	demoDistrict = "990102"
	demoSeed     = 2018
)

// demoSizes is how many organisations each authority has.
var demoSizes = map[string]int{demoCity: 285, demoDistrict: 117}

const demoAuthorities = `code,name,level,parent,number_prefix
990100,试验市民政局,city,,试民社
990102,试验市临江区民政局,county,990100,试临民社
`

const demoSeason = `authority: "%s"
report_year: %d
registered_by: %d-12-31
opens_on: %d-01-14
due_on: %d-03-31
attachments:
  - {kind: declaration, max_files: 2}
  - {kind: audit_report}
  - {kind: other}
legal_basis:
  spot_check_list: "《试验市社会组织抽查监督办法》第六条"
`

// demoActor is who makes the demonstration up.
var demoActor = event.System("demonstration")

// demoFilled tells whether the demonstration stands: its clock is started last. One whose filling was cut off is neither
// a demonstration nor empty, and is refused.
func demoFilled(ctx context.Context, db *postgres.DB) (bool, error) {
	var found struct{ Clock, Data bool }
	if err := db.GetContext(ctx, &found,
		`SELECT EXISTS (SELECT FROM demo_clock) AS clock, EXISTS (SELECT FROM authority) AS data`); err != nil {
		return false, fmt.Errorf("look for the demonstration's clock: %w", err)
	}
	if found.Data && !found.Clock {
		return false, errors.New("filling this demonstration was cut off: delete its data and start again, or give --data another folder")
	}
	return found.Clock, nil
}

// demoDay is where a demonstration's clock starts unless --clock says otherwise: 20 April, when reports are in every
// state, of this year, or of last year before that day.
func demoDay(wall time.Time) time.Time {
	year := wall.In(workday.Shanghai).Year()
	at := time.Date(year, time.April, 20, 10, 0, 0, 0, workday.Shanghai)
	if wall.Before(at) {
		at = at.AddDate(-1, 0, 0)
	}
	return at
}

// seedDemo fills an empty demonstration up to the instant, starts its clock there and prints the sign-ins. On filled
// data it only prints.
func (e *environment) seedDemo(n *node, at time.Time) error {
	filled, err := demoFilled(e.ctx, n.db)
	if err != nil {
		return err
	}
	if !filled {
		if at.IsZero() {
			at = demoDay(e.wall())
		}
		fmt.Fprintln(e.stdout, "making up a city, its organisations and a season; this takes about twenty seconds")
		if err := newSeeder(n, at).run(e.ctx); err != nil {
			return err
		}
		if err := n.demo.Start(e.ctx, at); err != nil {
			return err
		}
		n.db.SetClock(n.demo.Now)
	}
	return e.printSignIns(n)
}

// seeder plays the season on a clock of its own.
type seeder struct {
	*node
	until  time.Time
	now    time.Time
	year   int // report year
	people map[string]event.Actor
	orgs   []registry.Organisation
	plans  map[uuid.UUID]demoPlan
}

func newSeeder(n *node, until time.Time) *seeder {
	until = until.In(workday.Shanghai)
	return &seeder{node: n, until: until, year: until.Year() - 1,
		now:    time.Date(until.Year(), time.January, 5, 9, 0, 0, 0, workday.Shanghai),
		people: map[string]event.Actor{}, plans: map[uuid.UUID]demoPlan{}}
}

// run registers everything in the first days of the year, then lives through every day until the end.
func (s *seeder) run(ctx context.Context) error {
	if s.now.After(s.until) {
		s.now = s.until
	}
	s.db.SetClock(func() time.Time { return s.now })
	for _, step := range []func(context.Context) error{s.register, s.invite, s.acceptLastYear, s.importSeasons} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	s.plan()
	for day := workday.DateOf(s.now).AddDays(1); !day.Start().After(s.until); day = day.AddDays(1) {
		if err := s.live(ctx, day); err != nil {
			return fmt.Errorf("%s: %w", day, err)
		}
	}
	s.now = s.until
	return s.settle(ctx)
}

// live plays one day: the clock's jobs at their times, then what people do.
func (s *seeder) live(ctx context.Context, day workday.Date) error {
	for _, job := range s.jobs() {
		at, err := tickOn(job.Spec, day)
		if err != nil {
			return err
		}
		if at.After(s.until) {
			return nil
		}
		s.now = at
		if _, err := job.Run(ctx, at); err != nil {
			return fmt.Errorf("%s: %w", job.Name, err)
		}
	}
	if err := s.settle(ctx); err != nil {
		return err
	}
	s.now = day.Start().Add(9 * time.Hour)
	if err := s.act(ctx, day); err != nil {
		return err
	}
	return s.settle(ctx)
}

// register imports authorities and organisations.
func (s *seeder) register(ctx context.Context) error {
	opts := registry.ImportOptions{Actor: demoActor, Filename: "demonstration"}
	if _, err := registry.ImportAuthorities(ctx, s.db, strings.NewReader(demoAuthorities), opts); err != nil {
		return err
	}
	for _, authority := range []string{demoCity, demoDistrict} {
		orgs, err := registry.Sample(registry.SampleOptions{Count: demoSizes[authority], Seed: demoSeed, Authority: authority})
		if err != nil {
			return err
		}
		for i := range orgs {
			orgs[i].ElectronicService = i%29 != 7 // a few want paper: service waits for a person
		}
		var file bytes.Buffer
		if err := registry.WriteSampleCSV(&file, orgs); err != nil {
			return err
		}
		result, err := registry.ImportOrganisations(ctx, s.db, &file, opts)
		if err != nil {
			return err
		}
		if len(result.Refused) > 0 {
			return fmt.Errorf("%d made-up organisations were refused: %s", len(result.Refused), result.Refused[0])
		}
		stored, err := registry.OrganisationsByID(ctx, s.db, result.Changed)
		if err != nil {
			return err
		}
		for _, id := range result.Changed {
			s.orgs = append(s.orgs, stored[id])
		}
	}
	return nil
}

// demoPerson is one sign-in.
type demoPerson struct {
	email, name string
	role        account.Role
	authority   string        // for the desk
	orgType     registry.Type // for a filer: the first organisation of the type in the city
	editor      bool          // fills in and does not submit
}

var demoPeople = []demoPerson{
	{email: "shetuan@yanshi.example", name: "林晓", role: account.RoleFiler, orgType: registry.TypeAssociation},
	{email: "minfei@yanshi.example", name: "陈洁", role: account.RoleFiler, orgType: registry.TypeService},
	{email: "minfei2@yanshi.example", name: "孙悦", role: account.RoleFiler, orgType: registry.TypeService, editor: true},
	{email: "jijinhui@yanshi.example", name: "周敏", role: account.RoleFiler, orgType: registry.TypeFoundation},
	{email: "shencha1@yanshi.example", name: "何静", role: account.RoleReviewer, authority: demoCity},
	{email: "shencha2@yanshi.example", name: "罗刚", role: account.RoleReviewer, authority: demoCity},
	{email: "shencha3@yanshi.example", name: "梁文", role: account.RoleReviewer, authority: demoDistrict},
	{email: "fuhe@yanshi.example", name: "吴岚", role: account.RoleApprover, authority: demoCity},
	{email: demoSponsorEmail, name: "郭敏", role: account.RoleSponsor, authority: demoDistrict},
	{email: "guanli@yanshi.example", name: "郑凯", role: account.RoleAdmin, authority: demoCity},
}

// invite makes the sign-ins.
func (s *seeder) invite(ctx context.Context) error {
	for _, p := range demoPeople {
		scope := account.Scope{AuthorityCode: p.authority}
		if p.role == account.RoleFiler {
			scope = account.Scope{OrganisationID: event.Ref(s.first(p.orgType).ID)}
		}
		if p.role == account.RoleSponsor {
			scope.Sponsor = s.sponsor()
		}
		id, err := account.CreatePerson(ctx, s.db,
			account.NewPerson{Email: p.email, Name: p.name, Role: p.role, Editor: p.editor, Scope: scope, Actor: demoActor}, demoPassword)
		if err != nil {
			return fmt.Errorf("sign-in %s: %w", p.email, err)
		}
		s.people[p.email] = event.Actor{Kind: event.ActorPerson, ID: id.String(), Name: p.name}
	}
	return nil
}

// first is the city's first organisation of the type: the one with a sign-in.
func (s *seeder) first(t registry.Type) registry.Organisation {
	for _, org := range s.orgs {
		if org.Type == t && org.AuthorityCode == demoCity {
			return org
		}
	}
	return registry.Organisation{}
}

// acceptLastYear imports an accepted report of the year before for everyone.
func (s *seeder) acceptLastYear(ctx context.Context) error {
	codes := map[registry.Type]string{registry.TypeAssociation: "association-2004",
		registry.TypeService: "service-2004", registry.TypeFoundation: "foundation-2004"}
	var file bytes.Buffer
	for i := range s.orgs {
		org := &s.orgs[i]
		reportForm, err := s.forms.Form(codes[org.Type])
		if err != nil {
			return err
		}
		body, err := reportForm.Encode(reportForm.Sample(form.SampleOptions{
			Organisation: filing.FactsOf(*org), Year: s.year - 1, Seed: uint64(i),
		}))
		if err != nil {
			return err
		}
		var values struct {
			Values json.RawMessage `json:"values"`
		}
		if err := json.Unmarshal(body, &values); err != nil {
			return err
		}
		line, err := json.Marshal(map[string]any{"uscc": org.USCC, "report_year": s.year - 1, "form": reportForm.Code, "values": values.Values})
		if err != nil {
			return err
		}
		file.Write(append(line, '\n'))
	}
	result, err := s.filing.ImportAccepted(ctx, &file, filing.ImportAccepted{Actor: demoActor, Filename: "demonstration"})
	if err == nil && len(result.Refused) > 0 {
		err = fmt.Errorf("%d made-up reports were refused: %s", len(result.Refused), result.Refused[0])
	}
	return err
}

// importSeasons announces the season of both authorities; the district's service organisations have one of their own,
// with the sponsor's step.
func (s *seeder) importSeasons(ctx context.Context) error {
	for _, authority := range []string{demoCity, demoDistrict} {
		file := fmt.Sprintf(demoSeason, authority, s.year, s.year, s.year+1, s.year+1)
		if authority == demoDistrict {
			file += "types: [association, foundation]\n"
		}
		if _, err := s.filing.ImportSeason(ctx, strings.NewReader(file), demoActor); err != nil {
			return err
		}
	}
	file := fmt.Sprintf(demoSponsorSeason, demoDistrict, s.year, s.year, s.year+1, s.year+1, s.year+1)
	_, err := s.filing.ImportSeason(ctx, strings.NewReader(file), demoActor)
	return err
}

// printSignIns says where to begin.
func (e *environment) printSignIns(n *node) error {
	fmt.Fprintf(e.stdout, "demonstration, clock at %s; password of every sign-in: %s\n",
		n.db.Now().Format("2006-01-02 15:04"), demoPassword)
	for _, p := range demoPeople {
		whose := p.authority
		if p.role == account.RoleFiler {
			whose = string(p.orgType)
		}
		if p.editor {
			whose += ", editor"
		}
		fmt.Fprintf(e.stdout, "  %-26s %s %s\n", p.email, p.role, whose)
	}
	return nil
}
