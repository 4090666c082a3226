package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The announced season: report year 2018, Guangzhou, January 2019 (issue §10, contract §2).
var (
	begins    = date(2019, 1, 10) // where the demonstration's clock starts
	opens     = date(2019, 1, 14)
	due       = date(2019, 3, 31) // a Sunday, and it does not roll
	lastDay   = date(2019, 6, 30)
	lateTaken = date(2019, 2, 20) // organisations that were missing from the register are imported
)

// The season's rules as its file gives them.
const (
	reviewWindow    = 10
	resubmitWithin  = 10
	statementWithin = 10
)

var remindersBefore = []int{30, 14, 7, 3, 1, 0}

// slot is the time of day at which acts happen, in order.
type slot int

// The slots of a day. Between dawn and morning the clock's jobs run.
const (
	dawn slot = iota // before the sweep of 00:10
	morning
	afternoon
	night
)

var slotTimes = [...]string{dawn: "00:06:00", morning: "10:00:00", afternoon: "15:00:00", night: "23:50:00"}

// verb is what somebody does.
type verb string

// The acts. The filer's own, then the reviewer's.
const (
	submits        verb = "submits"
	submitsAgain   verb = "submits again with the same key"
	withdraws      verb = "withdraws the report"
	answers        verb = "makes a statement"
	applies        verb = "applies for removal"
	claims         verb = "claims"
	decides        verb = "decides"
	serves         verb = "puts service on record"
	decidesListing verb = "decides on the listing"
	decidesRemoval verb = "decides on the removal"
)

// act is one thing done by or for an organisation.
type act struct {
	on       day
	at       slot
	do       verb
	word     string // the outcome of a decision
	servedOn day    // of service
	refused  string // status and code that the act must be refused with, such as "409 not_open"
}

func (a act) String() string {
	text := fmt.Sprintf("%s %s %s", a.on, slotTimes[a.at][:5], a.do)
	if a.word != "" {
		text += " " + a.word
	}
	if a.servedOn != 0 {
		text += " on " + a.servedOn.String()
	}
	if a.refused != "" {
		text += " (refused: " + a.refused + ")"
	}
	return text
}

// plan is what becomes of one organisation.
type plan struct {
	org      organisation
	scenario string
	acts     []act // in order of time
}

func (p plan) String() string {
	lines := make([]string, 0, len(p.acts)+1)
	lines = append(lines, fmt.Sprintf("%s %s (%s), electronic service %v: %s", p.org.uscc, p.org.kind, p.org.bound(),
		p.org.electronic, p.scenario))
	for _, a := range p.acts {
		lines = append(lines, "  "+a.String())
	}
	return strings.Join(lines, "\n")
}

// drawing makes one organisation's plan; its chance is its own, so that plans do not depend on their number.
type drawing struct {
	*plan
	chance *rand.Rand
}

// between is a day from first to last, both included.
func (d drawing) between(first, last day) day { return first + day(d.chance.IntN(int(last-first)+1)) }

// upTo is 0 … n days.
func (d drawing) upTo(n int) day { return day(d.chance.IntN(n + 1)) }

func (d drawing) one(in int) bool { return d.chance.IntN(in) == 0 }

func (d drawing) add(acts ...act) { d.acts = append(d.acts, acts...) }

func (d drawing) submit(on day, at slot) { d.add(act{on: on, at: at, do: submits}) }

// decide lets the reviewer decide on the day, now and then after claiming it in the morning of a day before.
func (d drawing) decide(submitted, on day, outcome string) {
	if on > submitted+1 && d.one(3) {
		d.add(act{on: on - 1, at: morning, do: claims})
	}
	d.add(act{on: on, at: afternoon, do: decides, word: outcome})
}

// pass submits and passes within some days; it gives the day of the decision.
func (d drawing) pass(on day, at slot) day {
	d.submit(on, at)
	decided := on + d.upTo(9)
	if at == night {
		decided++
	}
	d.decide(on, decided, "pass")
	return decided
}

// back submits and is returned; it gives the day of the return.
func (d drawing) back(on day) day {
	d.submit(on, morning)
	returned := on + d.upTo(5)
	d.decide(on, returned, "return")
	return returned
}

// refileBy is the last day on which a report returned on that day is not late.
func refileBy(returned day) day { return max(due, returned.plus(resubmitWithin)) }

// noticeAfter and listedAfter follow from the last day that was not late, where service is electronic.
func noticeAfter(last day) day { return last + 1 }
func listedAfter(last day) day { return noticeAfter(last).plus(statementWithin) + 1 }

// remove passes a late report and has the organisation removed from the list.
func (d drawing) remove(submitted day) {
	passed := d.pass(submitted, morning)
	applied := passed + 1 + d.upTo(4)
	d.add(act{on: applied, at: morning, do: applies})
	if d.scenario == refusedRemoval {
		refused := applied + d.upTo(3)
		d.add(act{on: refused, at: afternoon, do: decidesRemoval, word: "refuse"})
		applied = refused + 1 + d.upTo(3)
		d.add(act{on: applied, at: morning, do: applies})
	}
	d.add(act{on: applied + d.upTo(5), at: afternoon, do: decidesRemoval, word: "remove"})
}
