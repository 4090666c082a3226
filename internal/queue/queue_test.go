package queue_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/queue"
)

func enqueue(t *testing.T, db *postgres.DB, jobs ...queue.New) {
	t.Helper()
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		return queue.Enqueue(tx.Context(), tx, jobs...)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func depth(t *testing.T, db *postgres.DB) map[string]map[queue.State]int {
	t.Helper()
	d, err := queue.Depth(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func list(t *testing.T, db *postgres.DB, state queue.State) []queue.Job {
	t.Helper()
	jobs, err := queue.List(t.Context(), db, state, 100)
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}

func TestEnqueueIsPartOfTheTransaction(t *testing.T) {
	db := pgtest.New(t)
	changedMind := errors.New("changed mind")
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		if err := queue.Enqueue(tx.Context(), tx, queue.New{Kind: "mail"}); err != nil {
			return err
		}
		return changedMind
	})
	if !errors.Is(err, changedMind) {
		t.Fatal(err)
	}
	if d := depth(t, db); len(d) != 0 {
		t.Errorf("a rolled-back transaction left jobs: %v", d)
	}
	enqueue(t, db)
	enqueue(t, db, queue.New{Kind: "mail"}, queue.New{Kind: "mail"}, queue.New{Kind: "document"})
	want := map[string]map[queue.State]int{"mail": {queue.Ready: 2}, "document": {queue.Ready: 1}}
	if diff := cmp.Diff(want, depth(t, db)); diff != "" {
		t.Error(diff)
	}
}

func TestEnqueueKeepsWhatItWasGiven(t *testing.T) {
	db := pgtest.New(t)
	later := pgtest.DefaultNow.Add(36 * time.Hour)
	enqueue(t, db, queue.New{
		Kind: "document", UniqueKey: "结论/1", Payload: map[string]string{"name": `"㛃", {𬭎}\`}, RunAt: later, Priority: -3,
	})
	got := list(t, db, queue.Ready)[0]
	var payload map[string]string
	if err := json.Unmarshal(got.Payload, &payload); err != nil || payload["name"] != `"㛃", {𬭎}\` {
		t.Errorf("payload %s, %v", got.Payload, err)
	}
	if got.Kind != "document" || got.UniqueKey != "结论/1" || !got.RunAt.Equal(later) || got.Priority != -3 ||
		!got.CreatedAt.Equal(pgtest.DefaultNow) || got.Attempt != 0 {
		t.Errorf("stored %+v", got)
	}
}

func TestUniqueKeyKeepsOutASecondJob(t *testing.T) {
	db := pgtest.New(t)
	enqueue(t, db, queue.New{Kind: "document", UniqueKey: "a", Payload: 1}, queue.New{Kind: "document", UniqueKey: "a", Payload: 2})
	enqueue(t, db, queue.New{Kind: "document", UniqueKey: "a", Payload: 3}, queue.New{Kind: "mail", UniqueKey: "a", Payload: 4},
		queue.New{Kind: "mail", Payload: 5}, queue.New{Kind: "mail", Payload: 6})
	var payloads []string
	for _, j := range list(t, db, queue.Ready) {
		payloads = append(payloads, string(j.Payload))
	}
	if diff := cmp.Diff([]string{"1", "4", "5", "6"}, payloads); diff != "" {
		t.Error(diff)
	}
}

func TestEnqueueRefusesWhatIsNoJSON(t *testing.T) {
	db := pgtest.New(t)
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		return queue.Enqueue(tx.Context(), tx, queue.New{Kind: "mail", Payload: func() {}})
	})
	if err == nil || !strings.Contains(err.Error(), "enqueue mail") {
		t.Errorf("got %v", err)
	}
}

func TestReviveTakesOnlyStoppedJobs(t *testing.T) {
	db := pgtest.New(t)
	enqueue(t, db, queue.New{Kind: "mail"})
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		_, err := queue.Revive(tx.Context(), tx, "mail", queue.Running)
		return err
	})
	if err == nil {
		t.Error("running jobs were revived")
	}
}
