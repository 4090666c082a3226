package e2e

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// scenario is one way in which a filing goes. Permille is its share of the organisations, at least `least` of them; the
// last scenario takes the rest.
type scenario struct {
	name     string
	permille int
	least    int
	paper    bool // no electronic service
	draw     func(d drawing)
}

const refusedRemoval = "files after the listing, removal refused once"

// scenarios: about 5 % never file; the rest of the shares are chosen so that each way occurs.
var scenarios = []scenario{
	{name: "never files", permille: 26, least: 4, draw: func(drawing) {}},
	{name: "never files, no electronic service, served", permille: 6, least: 2, paper: true, draw: func(d drawing) { d.served() }},
	{name: "never files, no electronic service, never served", permille: 4, least: 2, paper: true, draw: func(drawing) {}},
	{name: "never files, statement accepted", permille: 5, least: 1, draw: func(d drawing) { d.statement("withdraw") }},
	{name: "never files, statement not accepted", permille: 5, least: 1, draw: func(d drawing) { d.statement("list") }},
	{name: "never files, statement not decided", permille: 3, least: 1, draw: func(d drawing) { d.statement("") }},

	{name: "files after the notice", permille: 20, least: 3, draw: func(d drawing) {
		d.pass(d.between(due+1, listedAfter(due)-1), []slot{morning, night}[d.chance.IntN(2)])
	}},
	{name: "answers, then files", permille: 3, least: 1, draw: func(d drawing) {
		d.statement("")
		d.pass(d.acts[0].on+1+d.upTo(2), morning)
	}},
	{name: "files after the notice, returned, never refiles", permille: 5, least: 1, draw: func(d drawing) {
		d.back(d.between(due+1, due+10))
	}},
	{name: "files after the notice, withdraws, files again", permille: 4, least: 1, draw: func(d drawing) {
		on := d.between(due+1, due+8)
		d.submit(on, morning)
		d.add(act{on: on + 1, at: night, do: withdraws})
		d.pass(on+3+d.upTo(3), morning)
	}},
	{name: "files and withdraws between two ticks", permille: 3, least: 1, draw: func(d drawing) {
		on := d.between(due+1, due+8)
		d.submit(on, morning)
		d.add(act{on: on, at: night, do: withdraws})
	}},
	{name: "files after the listing", permille: 18, least: 3, draw: func(d drawing) {
		d.remove(d.between(listedAfter(due), listedAfter(due)+40))
	}},
	{name: refusedRemoval, permille: 4, least: 1, draw: func(d drawing) {
		d.remove(d.between(listedAfter(due), listedAfter(due)+30))
	}},
	{name: "files after the listing, does not apply", permille: 4, least: 1, draw: func(d drawing) {
		d.pass(d.between(listedAfter(due), listedAfter(due)+40), morning)
	}},
	{name: "no electronic service, files after the listing", permille: 3, least: 1, paper: true, draw: func(d drawing) {
		d.remove(d.served() + d.upTo(20))
	}},

	{name: "returned once", permille: 80, least: 6, draw: func(d drawing) {
		d.pass(d.back(d.between(opens, due-11))+1+d.upTo(5), morning)
	}},
	{name: "returned twice", permille: 20, least: 3, draw: func(d drawing) {
		second := d.back(d.back(d.between(opens, due-22)) + 1 + d.upTo(5))
		d.pass(second+1+d.upTo(5), morning)
	}},
	{name: "returned, never refiles", permille: 10, least: 2, draw: func(d drawing) { d.back(d.between(due-40, due-3)) }},
	{name: "returned, refiles after the notice", permille: 10, least: 2, draw: func(d drawing) {
		last := refileBy(d.back(d.between(due-40, due-3)))
		d.pass(d.between(noticeAfter(last), listedAfter(last)-1), morning)
	}},
	{name: "returned, refiles after the listing", permille: 7, least: 2, draw: func(d drawing) {
		last := refileBy(d.back(d.between(due-40, due-3)))
		d.remove(listedAfter(last) + d.upTo(15))
	}},
	{name: "refiled, withdraws, is late", permille: 3, least: 1, draw: func(d drawing) {
		returned := d.back(d.between(due-20, due-3))
		d.submit(returned+1, morning)
		d.add(act{on: returned + 1, at: night, do: withdraws})
	}},
	{name: "unqualified", permille: 10, least: 2, draw: func(d drawing) {
		on := d.between(opens, due)
		d.submit(on, morning)
		d.decide(on, on+d.upTo(9), "unqualified")
	}},
	{name: "withdraws and files again", permille: 8, least: 2, draw: func(d drawing) {
		on := d.between(opens, due-8)
		d.submit(on, morning)
		d.add(act{on: on + d.upTo(1), at: night, do: withdraws})
		d.pass(on+2+d.upTo(5), morning)
	}},
	{name: "withdraws for good", permille: 3, least: 1, draw: func(d drawing) {
		on := d.between(due-30, due-1)
		d.submit(on, morning)
		d.add(act{on: on, at: night, do: withdraws})
	}},
	{name: "files in the last minutes", permille: 25, least: 4, draw: func(d drawing) { d.pass(due, night) }},
	{name: "files late, before the sweep", permille: 5, least: 2, draw: func(d drawing) { d.pass(due+1, dawn) }},
	{name: "files too early, then on time", permille: 5, least: 1, draw: func(d drawing) {
		d.add(act{on: opens - 2, at: morning, do: submits, refused: "409 not_open"})
		d.pass(d.between(opens, due), morning)
	}},
	{name: "files on time", draw: onTime},
}

// onTime is the way of most, with a caller's usual slips.
func onTime(d drawing) {
	d.paper()
	on := max(opens, d.org.known) + 1
	on = d.between(on, due)
	passed := d.pass(on, morning)
	if d.one(10) {
		d.add(act{on: passed + 1, at: morning, do: submitsAgain})
	}
	if d.one(20) {
		d.add(act{on: passed + 1, at: night, do: submits, refused: "409 already_concluded"})
	}
}

// paper lets a few of those who file have no electronic service, which then never matters.
func (d drawing) paper() {
	if d.one(25) {
		d.org.electronic = false
	}
}

// statement answers the notice of the morning after the due day and has it decided, unless by "".
func (d drawing) statement(outcome string) {
	on := d.between(due+2, listedAfter(due)-1)
	d.add(act{on: on, at: morning, do: answers})
	if outcome != "" {
		d.add(act{on: on + d.upTo(12), at: afternoon, do: decidesListing, word: outcome})
	}
}

// served puts service by other ways than the inbox on record; it gives the day from which the organisation is listed.
func (d drawing) served() day {
	recorded := d.between(due+4, due+20)
	served := recorded - d.upTo(2)
	d.add(act{on: recorded, at: afternoon, do: serves, servedOn: served})
	return served.plus(statementWithin) + 1
}

// drawPlans gives every organisation its plan. The same organisations and seed give the same plans.
func drawPlans(organisations []organisation, seed uint64) []*plan {
	var bound []*plan
	var all []*plan
	for _, o := range organisations {
		p := &plan{org: o}
		all = append(all, p)
		switch {
		case !o.owes():
			p.scenario = "owes nothing"
			p.acts = []act{{on: opens + 1, at: morning, do: submits, refused: "404"}}
		case o.known > begins:
			p.scenario = "imported late, files on time"
			onTime(drawing{p, chanceOf(o, seed)})
		default:
			bound = append(bound, p)
		}
	}
	order := rand.New(rand.NewPCG(seed, 1)).Perm(len(bound))
	for i, s := range spread(len(bound)) {
		p := bound[order[i]]
		p.scenario, p.org.electronic = s.name, !s.paper
		s.draw(drawing{p, chanceOf(p.org, seed)})
		slices.SortStableFunc(p.acts, func(a, b act) int {
			if a.on != b.on {
				return int(a.on - b.on)
			}
			return int(a.at - b.at)
		})
	}
	return all
}

// chanceOf is an organisation's own source of chance.
func chanceOf(o organisation, seed uint64) *rand.Rand {
	var n uint64
	for _, c := range o.uscc {
		n = n*31 + uint64(c)
	}
	return rand.New(rand.NewPCG(seed, n))
}

// spread is the scenarios of n organisations.
func spread(n int) []scenario {
	list := make([]scenario, 0, n)
	for _, s := range scenarios[:len(scenarios)-1] {
		for range max(s.least, (n*s.permille+500)/1000) {
			list = append(list, s)
		}
	}
	for len(list) < n {
		list = append(list, scenarios[len(scenarios)-1])
	}
	return list[:n]
}

func TestPlansKeepToTheirShares(t *testing.T) {
	counts := map[string]int{}
	never := 0
	list := spread(8030)
	for _, s := range list {
		counts[s.name]++
		if len(s.name) >= 11 && s.name[:11] == "never files" {
			never++
		}
	}
	for _, s := range scenarios {
		if counts[s.name] < s.least {
			t.Errorf("%d of 8030 take the way %q, want at least %d", counts[s.name], s.name, s.least)
		}
	}
	if never < 8030*4/100 || never > 8030*6/100 {
		t.Errorf("%d of 8030 never file, want about 5 %%", never)
	}
}
