package main

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/registry"
	"nianbao/internal/workday"
	"nianbao/review"
)

func TestDemoDay(t *testing.T) {
	for _, tt := range []struct{ wall, want string }{
		{"2026-04-20T10:00:00+08:00", "2026-04-20"},
		{"2026-04-20T09:59:59+08:00", "2025-04-20"},
		{"2026-04-20T02:00:00Z", "2026-04-20"}, // ten o'clock in Shanghai
		{"2026-12-31T23:59:59+08:00", "2026-04-20"},
		{"2026-01-01T00:00:00+08:00", "2025-04-20"},
		{"2025-12-31T16:00:00Z", "2025-04-20"}, // already 2026 there
	} {
		wall, err := time.Parse(time.RFC3339, tt.wall)
		if err != nil {
			t.Fatal(err)
		}
		got := demoDay(wall)
		if got.Format("2006-01-02 15:04") != tt.want+" 10:00" || got.After(wall) || got.Location() != workday.Shanghai {
			t.Errorf("%s: %s, want %s", tt.wall, got, tt.want)
		}
	}
}

func TestTickOn(t *testing.T) {
	day := workday.NewDate(2019, 4, 1)
	for spec, want := range map[string]string{
		"5 0 * * *": "2019-04-01 00:05", "0 0 * * *": "2019-04-01 00:00", "0 8 * * *": "2019-04-01 08:00", "59 23 * * *": "2019-04-01 23:59",
		"0 9 2 * *": "2019-04-02 09:00", "0 9 * * 1": "2019-04-01 09:00",
	} {
		got, err := tickOn(spec, day)
		if err != nil || got.Format("2006-01-02 15:04") != want || got.Location().String() != workday.Shanghai.String() {
			t.Errorf("%s: %s, %v, want %s", spec, got, err, want)
		}
	}
	if _, err := tickOn("every day", day); err == nil {
		t.Error("no schedule was taken for one")
	}
}

// planner is a seeder of made-up organisations without a database.
func planner(t *testing.T) *seeder {
	t.Helper()
	n := &node{store: &store{calendar: workday.Builtin()}}
	n.days.Store(workday.Builtin())
	s := newSeeder(n, time.Date(2019, 4, 20, 10, 0, 0, 0, workday.Shanghai))
	for _, authority := range []string{demoCity, demoDistrict} {
		orgs, err := registry.Sample(registry.SampleOptions{Count: demoSizes[authority], Seed: demoSeed, Authority: authority})
		if err != nil {
			t.Fatal(err)
		}
		for i := range orgs {
			orgs[i].ID = uuid.NewSHA1(uuid.NameSpaceOID, []byte(orgs[i].USCC))
		}
		s.orgs = append(s.orgs, orgs...)
	}
	s.plan()
	return s
}

// TestThePlanIsTheSameEveryTime: a demonstration restarted elsewhere shows the same city.
func TestThePlanIsTheSameEveryTime(t *testing.T) {
	first, again := planner(t), planner(t)
	same := cmp.Comparer(func(a, b workday.Date) bool { return a == b })
	if diff := cmp.Diff(first.plans, again.plans, cmp.AllowUnexported(demoPlan{}), same); diff != "" {
		t.Error(diff)
	}
	if len(first.plans) != demoSizes[demoCity]+demoSizes[demoDistrict] {
		t.Errorf("%d plans", len(first.plans))
	}
	for typ, want := range map[registry.Type]func(demoPlan) bool{
		registry.TypeAssociation: func(p demoPlan) bool { return !p.draft.IsZero() && !p.extend.IsZero() && p.file.IsZero() },
		registry.TypeService:     func(p demoPlan) bool { return p.outcome == review.Return && p.refile.IsZero() },
		registry.TypeFoundation:  func(p demoPlan) bool { return p.outcome == review.Pass && !p.decide.IsZero() },
	} {
		if plan := first.plans[first.first(typ).ID]; !want(plan) {
			t.Errorf("the %s with a sign-in is left with %+v", typ, plan)
		}
	}
}

// TestPlansAreLives: what is planned can happen, in that order, and every state of a season comes up.
func TestPlansAreLives(t *testing.T) {
	s, dice := planner(t), rand.New(rand.NewPCG(5, 6))
	opens, due := workday.NewDate(2019, 1, 14), workday.NewDate(2019, 3, 31)
	met := map[string]int{}
	for range 5000 {
		p := s.draw(dice)
		order := []workday.Date{opens}
		for _, day := range []workday.Date{p.file, p.decide, p.refile, p.redecide} {
			if !day.IsZero() {
				order = append(order, day)
			}
		}
		for i := 1; i < len(order); i++ {
			if order[i].Before(order[i-1]) || i > 1 && order[i] == order[i-1] {
				t.Fatalf("%+v: %s does not come after %s", p, order[i], order[i-1])
			}
		}
		switch {
		case !p.decide.IsZero() && p.file.IsZero(), !p.redecide.IsZero() && (p.refile.IsZero() || p.outcome != review.Return),
			!p.removal.IsZero() && (p.apply.IsZero() || p.removal.Before(p.apply)):
			t.Fatalf("an act without its ground: %+v", p)
		case !p.removal.IsZero():
			met["removed"]++
		case !p.statement.IsZero():
			met["answers"]++
		case !p.extend.IsZero():
			met["extended"]++
		case p.file.IsZero() && p.draft.IsZero():
			met["nothing"]++
		case p.file.IsZero():
			met["draft"]++
		case p.file.After(due):
			met["late"]++
		case p.decide.IsZero():
			met["under review"]++
		case p.outcome == review.Return && p.refile.IsZero():
			met["returned"]++
		case p.outcome == review.Return:
			met["refiled"]++
		default:
			met[string(p.outcome)]++
		}
	}
	for _, state := range []string{"removed", "answers", "extended", "nothing", "draft", "late", "under review", "returned", "refiled", string(review.Pass), string(review.Unqualified)} {
		if met[state] < 40 {
			t.Errorf("only %d of 5000 are %q", met[state], state)
		}
	}
}
