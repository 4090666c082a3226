package e2e

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"nianbao/internal/postgres"
)

// TestDeadNode kills one of two nodes under load. The clients go on at the other, which takes over what the dead one had
// begun.
func TestDeadNode(t *testing.T) {
	t.Parallel()
	runDeadNode(t, faultPlan{organisations: mix{60, 80, 4}, pause: 60 * time.Millisecond, seed: faultSeed(t)})
}

func runDeadNode(t *testing.T, size faultPlan) {
	mail := startMail(t)
	c := startCluster(t, 2, "--demo", "--demo-data", "none", "--clock", opens.at("09:00:00"), "--smtp", mail.url)
	l := newLoad(t, c.nodes[0].place, size)
	l.serve(c.nodes...)
	load := l.start(t.Context())
	chance := rand.New(rand.NewPCG(size.seed, 1))
	l.awaitTakings(t, 1+chance.IntN(len(l.filers)*2/3))
	dead := chance.IntN(2)
	killServer(t, c.nodes[dead])
	taken := l.countTaken()
	if err := load(); err != nil {
		t.Fatal(err)
	}
	if l.countTaken() == taken {
		t.Error("all was done before the node died")
	}
	t.Logf("%d of %d reports were taken with one node left; %d calls met the dead one", len(l.taken)-taken, len(l.taken), l.lost.Load())
	alive := &cluster{nodes: c.nodes[1-dead : 2-dead]}
	l.settle(t, alive)
	l.check(t, alive)
}

// awaitTakings waits until so many reports have been taken.
func (l *load) awaitTakings(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); l.countTaken() < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) || t.Context().Err() != nil {
			t.Fatalf("only %d reports were taken, waiting for %d", l.countTaken(), n)
		}
	}
}

func (l *load) countTaken() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.taken)
}

// TestDeadNodesTick kills a node in the middle of a job of the clock. Once its lease is over the other node runs the
// tick again, and what the job does is done once.
func TestDeadNodesTick(t *testing.T) {
	t.Parallel()
	c := startCluster(t, 2, "--demo", "--demo-data", "none", "--clock", opens.at("09:00:00"), "--smtp", startMail(t).url)
	l := newLoad(t, c.nodes[0].place, faultPlan{organisations: mix{3, 3, 1}})
	l.withDatabase(t, func(db *postgres.DB) {
		c.travel(t, (due + 1).at("00:09:55"))
		held, err := db.BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = held.Rollback() }() // after the one below it says that there is nothing left
		if _, err := held.ExecContext(t.Context(), `SELECT id FROM obligation FOR UPDATE`); err != nil {
			t.Fatal(err)
		}
		tick := awaitTick(t, db, "sweep-late began", func(found sweepTick) bool { return found.Node != "" })
		dead := nodeOf(t, c, tick.Node)
		killServer(t, c.nodes[dead])
		if err := held.Rollback(); err != nil {
			t.Fatal(err)
		}
		again := awaitTick(t, db, "the other node ran it", func(found sweepTick) bool { return found.Finished })
		if nodeOf(t, c, again.Node) == dead {
			t.Errorf("the tick of the dead node %s was ended by %s", tick.Node, again.Node)
		}
		c.nodes = c.nodes[1-dead : 2-dead]
		c.travel(t, (due + 1).at("12:00:00"))
		var notices, most int
		err = db.QueryRowxContext(t.Context(), `SELECT count(*), max(n) FROM (SELECT count(*) AS n FROM listing GROUP BY obligation_id) AS l`).Scan(&notices, &most)
		if err != nil || notices != len(l.filers) || most != 1 {
			t.Errorf("%d late filers have a notice, at most %d each; want %d, one each: %v", notices, most, len(l.filers), err)
		}
		l.checkDocumentsIssued(t, db)
	})
	t.Log(trimmed(l.place.must(t, "audit", "verify")))
}

// sweepTick is what the clock's table says of the tick under test.
type sweepTick struct {
	Node     string `db:"node"`
	Finished bool   `db:"finished"`
}

// awaitTick waits for the tick of sweep-late on the day after the due day; a dead node's lease is half a minute.
func awaitTick(t *testing.T, db *postgres.DB, what string, reached func(sweepTick) bool) sweepTick {
	t.Helper()
	var found sweepTick
	err := eventually(2*time.Minute, func() error {
		err := db.GetContext(t.Context(), &found, `SELECT node, finished_at IS NOT NULL AS finished FROM clock_tick
			WHERE job = 'sweep-late' AND planned_at = $1`, (due + 1).at("00:10:00"))
		if err == nil && !reached(found) {
			err = fmt.Errorf("not yet: %+v", found)
		}
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return found
}

// nodeOf finds the node by its process, which its name in the clock's table holds.
func nodeOf(t *testing.T, c *cluster, name string) int {
	t.Helper()
	for i, s := range c.nodes {
		if parts := strings.Split(name, "/"); len(parts) > 1 && parts[1] == strconv.Itoa(s.cmd.Process.Pid) {
			return i
		}
	}
	t.Fatalf("no node has the name %q", name)
	return 0
}
