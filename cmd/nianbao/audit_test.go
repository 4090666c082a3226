package main

import (
	"database/sql"
	"errors"
	"testing"
	"time"

	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/scan/scantest"
)

// tampered is a database with sequenced events in which the statements were run past the guards.
func tampered(t *testing.T, statements ...string) *postgres.DB {
	t.Helper()
	db := pgtest.New(t)
	t.Setenv("NIANBAO_DATA", t.TempDir())
	t.Setenv("NIANBAO_DATABASE_URL", pgtest.URL(t, db))
	err := postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		for range 6 {
			if err := event.Append(tx.Context(), tx, event.Event{Kind: event.ReviewClaimedKind, Actor: event.System("test")}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n, err := event.NewSequencer(db).Step(t.Context()); err != nil || n != 6 {
		t.Fatalf("sequenced %d, %v", n, err)
	}
	err = postgres.InTx(t.Context(), db, func(tx *postgres.Tx) error {
		for _, s := range append([]string{`SET LOCAL session_replication_role = replica`}, statements...) {
			if _, err := tx.ExecContext(tx.Context(), s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

func TestAuditVerifyAfterTampering(t *testing.T) {
	for _, tt := range []struct {
		name       string
		statements []string
		code       int
		words      []string
	}{
		{"untouched", nil, exitDone, []string{"6 events checked, in order and unchanged; head: position 6, hash "}},
		{"changed", []string{`UPDATE event SET actor_name = '别人' WHERE ordinal = 3`}, exitFailed,
			[]string{"changed at position 3", "1 faults; compare with a backup"}},
		{"removed", []string{`DELETE FROM event WHERE ordinal = 2`}, exitFailed, []string{"removed at position 2", "the event is missing"}},
		{"cut off", []string{`DELETE FROM event_position WHERE position > 4`, `DELETE FROM event WHERE ordinal > 4`}, exitFailed,
			[]string{"tail_cut at position 5: the log ends at 4, its head says 6"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tampered(t, tt.statements...)
			wants(t, nianbao(t, "", "audit", "verify"), tt.code, tt.words...)
		})
	}
}

// demonstration makes the data one.
func setDemo(t *testing.T, db *postgres.DB, demo bool) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), `UPDATE instance SET demo = $1`, demo); err != nil {
		t.Fatal(err)
	}
}

// TestServeRefusesTheOtherKind: made-up and real data are never mixed, in neither direction.
func TestServeRefusesTheOtherKind(t *testing.T) {
	db := pgtest.New(t)
	t.Setenv("NIANBAO_DATA", t.TempDir())
	t.Setenv("NIANBAO_DATABASE_URL", pgtest.URL(t, db))
	settle := func(demo bool) error {
		return (&serveCmd{Demo: demo}).settleKind(&environment{ctx: t.Context()}, &store{db: db})
	}
	if err := settle(false); err != nil {
		t.Errorf("real data on an empty database: %v", err)
	}
	setDemo(t, db, true)
	wants(t, nianbao(t, "", "serve", "--addr", "127.0.0.1:0"), exitFailed, "this data is a demonstration: serve it with --demo, or give --data another folder")
	if err := settle(true); err != nil {
		t.Errorf("a demonstration again: %v", err)
	}
	setDemo(t, db, false)
	wants(t, nianbao(t, "", "authorities", "import", write(t, "a.csv", oneAuthority)), exitDone)
	wants(t, nianbao(t, "", "serve", "--demo", "--addr", "127.0.0.1:0"), exitFailed, "this data is not a demonstration, and cannot become one")
	if demo, err := isDemo(t.Context(), db); err != nil || demo {
		t.Errorf("the refused start made it a demonstration: %v, %v", demo, err)
	}
	wants(t, nianbao(t, "", "serve", "--clock", "2019-01-14T09:00:00+08:00", "--addr", "127.0.0.1:0"), exitUsage, "only a demonstration's clock can be set")
}

// TestDoctorNamesWhatIsWrong puts one thing after the other out of order.
func TestDoctorNamesWhatIsWrong(t *testing.T) {
	db := pgtest.New(t)
	data := t.TempDir()
	t.Setenv("NIANBAO_DATA", data)
	t.Setenv("NIANBAO_DATABASE_URL", pgtest.URL(t, db))
	setDemo(t, db, true) // its clock is its own: the tests' wall is years from the database's
	wants(t, nianbao(t, "", "doctor"), exitDone, "clock        ok", "a demonstration: its clock stands at",
		"no signing key yet: the first serve makes one in "+data, "no mail server is set up: mails will wait in the outbox")

	key := data + "/signing-key.pem"
	wants(t, nianbao(t, "", "doctor", "--signing-key", key), exitFailed, "certificate  WRONG", "1 of 8 parts are wrong")
	wants(t, nianbao(t, "", "doctor", "--smtp", "ftp://mail.example"), exitFailed, "mail         WRONG")
	wants(t, nianbao(t, "", "doctor", "--clamd", "http://scanner.example"), exitFailed, "scanner      WRONG", "use tcp://host:port or unix:///path")
	wants(t, nianbao(t, "", "doctor", "--clamd", "tcp://127.0.0.1:1"), exitFailed, "scanner      WRONG", "start clamd")
	wants(t, nianbao(t, "", "doctor", "--clamd", scantest.Start(t).URL), exitDone, "scanner      ok", "ClamAV 1.0.0-test")
	wants(t, nianbao(t, "", "doctor"), exitDone, "no virus scanner is set up")
	wants(t, nianbao(t, "", "doctor", "--smtp", "smtp://mail.example:25"), exitFailed, "mail         WRONG") // a demonstration writes to nobody

	failed := func(query string, args ...any) {
		t.Helper()
		if _, err := db.ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	failed(`INSERT INTO event_consumer (name, position, attempts, failed_at, retry_at, last_error) VALUES ('notify', 4, 3, 5, $1, '没有收件人')`, wallAt.Add(time.Hour))
	wants(t, nianbao(t, "", "doctor"), exitFailed, "background   WRONG", "consumer notify cannot get over event 5: 没有收件人")
	failed(`DELETE FROM instance`)
	wants(t, nianbao(t, "", "doctor"), exitFailed, "database     WRONG", "the database has no instance row", "mend the database first: nothing else was checked")

	t.Setenv("NIANBAO_DATABASE_URL", pgtest.Empty(t))
	wants(t, nianbao(t, "", "doctor"), exitFailed, "database     WRONG", "is not applied: run nianbao migrate up")
	t.Setenv("NIANBAO_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none?connect_timeout=1")
	wants(t, nianbao(t, "", "doctor"), exitFailed, "the database cannot be reached: nothing else was checked")
	if _, err := isDemo(t.Context(), db); err == nil || errors.Is(err, sql.ErrNoRows) {
		t.Errorf("a database without its instance row: %v", err)
	}
}
