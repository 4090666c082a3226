package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/workday"
	"nianbao/notify"
)

// wallAt is the wall clock of these tests.
var wallAt = time.Date(2019, time.January, 20, 9, 0, 0, 0, workday.Shanghai)

// outcome is what one run of the program did.
type outcome struct {
	code           int
	stdout, stderr string
}

// nianbao runs the program in this process, on an empty data folder unless the arguments name another.
func nianbao(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, process{strings.NewReader(stdin), &stdout, &stderr, func() time.Time { return wallAt }})
	return outcome{code, stdout.String(), stderr.String()}
}

func TestUsage(t *testing.T) {
	t.Setenv("NIANBAO_DATA", t.TempDir())
	tests := []struct {
		name   string
		args   []string
		code   int
		stdout string // part of it
		stderr string // part of it
	}{
		{"no command is help", nil, exitDone, "seasons import", ""},
		{"help", []string{"help"}, exitDone, "Commands:", ""},
		{"help of a command", []string{"help", "calendar", "due"}, exitDone, "--working-days", ""},
		{"--help of a command", []string{"serve", "--help"}, exitDone, "$NIANBAO_PUBLIC_URL", ""},
		{"help of nothing", []string{"help", "dance"}, exitUsage, "", "no such command: dance"},
		{"unknown command", []string{"dance"}, exitUsage, "", "dance"},
		{"unknown flag", []string{"doctor", "--loud"}, exitUsage, "", "--loud"},
		{"missing file", []string{"seasons", "import", "none.yaml"}, exitUsage, "", "none.yaml"},
		{"not a date", []string{"calendar", "due", "--from", "31 March", "--working-days", "1"}, exitUsage, "", "31 March"},
		{"empty window", []string{"calendar", "due", "--from", "2019-03-31", "--working-days", "0"}, exitUsage, "", "between 1 and"},
		{"no window", []string{"calendar", "due", "--from", "2019-03-31"}, exitUsage, "", "between 1 and"},
		{"too many samples", []string{"sample", "organisations", "--count", "1000001", "--authority", "440100"}, exitUsage, "", "--count"},
		{"filer without organisation", []string{"token", "issue", "--role", "filer"}, exitUsage, "", "--organisation"},
		{"reviewer without name", []string{"token", "issue", "--role", "reviewer", "--authority", "440100"}, exitUsage, "", "--name"},
		{"no such role", []string{"token", "issue", "--role", "king"}, exitUsage, "", "king"},
		{"token for ever", []string{"token", "issue", "--role", "filer", "--organisation", "x", "--days", "0"}, exitUsage, "", "--days"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := nianbao(t, "", tt.args...)
			if got.code != tt.code || !strings.Contains(got.stdout, tt.stdout) || !strings.Contains(got.stderr, tt.stderr) {
				t.Errorf("got %+v", got)
			}
			if got.code != exitDone && strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("a failure is one line on stderr, got %q", got.stderr)
			}
		})
	}
}

func TestCalendarDue(t *testing.T) {
	t.Setenv("NIANBAO_DATA", t.TempDir())
	tests := []struct {
		name  string
		stdin string
		args  []string
		want  outcome
	}{
		{"over Qingming 2019", "", []string{"--from", "2019-03-29", "--working-days", "10"}, outcome{exitDone, "2019-04-15\n", ""}},
		{"beyond the notices", "", []string{"--from", "2027-03-31", "--working-days", "10"}, outcome{exitDone, "2027-04-14 provisional\n", ""}},
		{"lines", "2024-03-29,10\n\n2026-02-10, 10\n", []string{"--from", "-"}, outcome{exitDone, "2024-04-15\n2026-03-02\n", ""}},
		{"a bad line stops there, earlier answers stand", "2024-03-29,10\nsoon\n", []string{"--from", "-"},
			outcome{exitFailed, "2024-04-15\n", "nianbao: standard input, line 2: \"soon\" is not DATE,N, such as 2019-03-29,10\n"}},
		{"a bad day in a line", "2024-02-30,10\n", []string{"--from", "-"},
			outcome{exitFailed, "", "nianbao: standard input, line 1: --from: \"2024-02-30\" is not a date such as 2019-03-29\n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := nianbao(t, tt.stdin, append([]string{"calendar", "due"}, tt.args...)...)
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(outcome{})); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestSampleOrganisationsIsDeterministic(t *testing.T) {
	t.Setenv("NIANBAO_DATA", t.TempDir())
	args := []string{"sample", "organisations", "--count", "30", "--seed", "7", "--authority", "440100"}
	first, again := nianbao(t, "", args...), nianbao(t, "", args...)
	if first.code != exitDone || first.stdout != again.stdout || strings.Count(first.stdout, "\n") != 31 {
		t.Errorf("same arguments must give the same 31 lines, got %d and %d lines, code %d", strings.Count(first.stdout, "\n"),
			strings.Count(again.stdout, "\n"), first.code)
	}
	args[5] = "8"
	if other := nianbao(t, "", args...); other.stdout == first.stdout {
		t.Error("another seed gave the same organisations")
	}
}

// write puts a file into a folder of the test and gives its path.
func write(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// wants fails unless the run ended with the code and said the words on either output.
func wants(t *testing.T, got outcome, code int, words ...string) {
	t.Helper()
	for _, word := range words {
		if !strings.Contains(got.stdout+got.stderr, word) {
			t.Errorf("%q is missing in %+v", word, got)
		}
	}
	if got.code != code {
		t.Errorf("exit code %d, want %d: %+v", got.code, code, got)
	}
}

const (
	oneAuthority = "code,name,level,parent\n440100,试点市民政局,city,\n"
	oneSeason    = "authority: \"440100\"\nreport_year: 2018\nregistered_by: 2018-12-31\nopens_on: 2019-01-14\ndue_on: 2019-03-31\n"
)

// TestSetUpASeason goes the operator's way on one database, from an empty one to a season with obligations and a token.
func TestSetUpASeason(t *testing.T) {
	t.Setenv("NIANBAO_DATA", t.TempDir())
	t.Setenv("NIANBAO_DATABASE_URL", pgtest.Empty(t))

	wants(t, nianbao(t, "", "migrate", "status"), exitDone, "pending")
	wants(t, nianbao(t, "", "authorities", "import", write(t, "a.csv", oneAuthority)), exitDone, "1 rows read, 1 new")
	wants(t, nianbao(t, "", "migrate", "up"), exitDone, "0 applied")

	register := nianbao(t, "", "sample", "organisations", "--count", "12", "--authority", "440100").stdout
	lines := strings.SplitAfter(register, "\n")
	uscc := strings.SplitN(lines[2], ",", 2)[0]
	broken := strings.Replace(lines[1], ",", "X,", 1)
	file := write(t, "o.csv", lines[0]+broken+strings.Join(lines[2:], ""))
	wants(t, nianbao(t, "", "organisations", "import", "--dry-run", file), exitDone, "12 rows read, 11 new, 0 changed, 0 unchanged, 1 refused", "2")
	wants(t, nianbao(t, "", "organisations", "import", file), exitDone, "11 new", "refused:")
	wants(t, nianbao(t, "", "organisations", "import", file), exitDone, "11 unchanged")
	wants(t, nianbao(t, "", "organisations", "import", write(t, "none.csv", lines[0]+broken)), exitFailed, "every row was refused")

	season := write(t, "s.yaml", oneSeason)
	wants(t, nianbao(t, "", "seasons", "import", season), exitDone, "season 440100 2018: created", "obligations: 11 new")
	wants(t, nianbao(t, "", "seasons", "import", season), exitDone, "unchanged", "obligations: 0 new")
	later := write(t, "s.yaml", strings.Replace(oneSeason, "2019-03-31", "2019-04-30", 1))
	wants(t, nianbao(t, "", "seasons", "import", later), exitDone, "due_on: 2019-03-31 → 2019-04-30", "11 with another due day")
	wants(t, nianbao(t, "", "seasons", "import", write(t, "bad.yaml", oneSeason+"duedate: 2019-04-01\n")), exitFailed, "duedate")

	wants(t, nianbao(t, "", "organisations", "import", write(t, "all.csv", register)), exitDone, "1 new", "1")
	body := nianbao(t, "", "sample", "report", "--organisation", uscc, "--year", "2018")
	wants(t, body, exitDone, `"values"`, uscc)
	if again := nianbao(t, "", "sample", "report", "--organisation", uscc, "--year", "2018"); again != body {
		t.Error("the same arguments gave another report")
	}
	wants(t, nianbao(t, "", "sample", "report", "--organisation", uscc, "--year", "2017"), exitFailed, "no season")

	token := nianbao(t, "", "token", "issue", "--role", "filer", "--organisation", uscc)
	if token.code != exitDone || !strings.HasPrefix(token.stdout, "nb_") || strings.Count(token.stdout, "\n") != 1 {
		t.Errorf("the token is printed alone, got %+v", token)
	}
	wants(t, nianbao(t, "", "token", "issue", "--role", "reviewer", "--authority", "440199", "--name", "x"), exitFailed, "440199")
	wants(t, nianbao(t, "", "account", "invite", "--role", "reviewer", "--authority", "440100", "--email", "a@b.example", "--name", "何静"),
		exitDone, "http://127.0.0.1:8080/activate/")
	invite := []string{"account", "invite", "--role", "filer", "--organisation", uscc, "--editor", "--name", "林晓", "--public-url", "https://nianbao.example/"}
	wants(t, nianbao(t, "", append(invite, "--email", "unmailed@b.example", "--no-mail")...), exitDone, "https://nianbao.example/activate/")
	mailed := nianbao(t, "", append(invite, "--email", "mailed@b.example")...)
	wants(t, mailed, exitDone, "https://nianbao.example/activate/")
	if got := outboxOf(t); !strings.HasPrefix(got, "mailed@b.example ") || !strings.Contains(got, strings.TrimSpace(mailed.stdout)) {
		t.Errorf("the outbox holds %q, want the one mail with its link %s", got, mailed.stdout)
	}
	wants(t, nianbao(t, "", "account", "invite", "--role", "admin", "--authority", "440100", "--email", "c@b.example", "--name", "何静", "--editor"),
		exitUsage, "--editor")

	wants(t, nianbao(t, "", "job", "list"), exitDone, "open-seasons", "sweep-late", "advance-listings", "watch-windows", "remind")
	wants(t, nianbao(t, "", "job", "run", "open-seasons"), exitDone)
	wants(t, nianbao(t, "", "job", "run", "dance"), exitUsage, "dance")
	wants(t, nianbao(t, "", "job", "run", "remind", "--as-of", "2019-03-01T08:00:00+08:00"), exitFailed, "only on a demonstration")
	// The tests' wall clock stands in 2019, the database's does not: just what doctor is for.
	wants(t, nianbao(t, "", "doctor"), exitFailed, "database     ok", "no mail server", "clock        WRONG", "set both by NTP", "1 of 8")
}

// outboxOf is the one mail that waits, as "recipient text".
func outboxOf(t *testing.T) string {
	t.Helper()
	db, err := postgres.Open(t.Context(), os.Getenv("NIANBAO_DATABASE_URL"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	list, err := notify.Outbox(t.Context(), db, "", notify.Page{Limit: 10})
	if err != nil || len(list) != 1 {
		t.Fatalf("outbox %+v, %v; want one mail", list, err)
	}
	return list[0].Recipient + " " + list[0].Revealed()
}

func TestCalendarImport(t *testing.T) {
	t.Setenv("NIANBAO_DATA", t.TempDir())
	t.Setenv("DATABASE_URL", pgtest.Empty(t))
	due := []string{"calendar", "due", "--from", "2027-04-30", "--working-days", "1"}
	wants(t, nianbao(t, "", due...), exitDone, "2027-05-03 provisional")
	notice := write(t, "2027.csv", "date,kind,festival,notice_year\n2027-05-01,off,劳动节,2027\n2027-05-02,off,劳动节,2027\n2027-05-03,off,劳动节,2027\n")
	provisional := applyForRemoval(t)
	wants(t, nianbao(t, "", "calendar", "import", notice), exitDone, "3 new",
		"moved: 0 due days, 0 days to refile, 0 review windows, 1 times of listings")
	if day, open := provisional(); day != "2027-05-07" || open {
		t.Errorf("an application of 29 April is decided by %s, provisional %v", day, open)
	}
	wants(t, nianbao(t, "", "calendar", "import", notice), exitDone, "3 unchanged", "0 times of listings")
	if got := nianbao(t, "", due...); got.stdout != "2027-05-04\n" {
		t.Errorf("with the notice the first working day is 4 May and certain, got %+v", got)
	}
	wants(t, nianbao(t, "", "calendar", "import", write(t, "bad.csv", "date,kind,festival,notice_year\n2027-02-30,off,x,2027\n")), exitFailed, "2027-02-30")
}

// applyForRemoval writes an application of 29 April 2027, to be decided within five working days, as it was told before
// the notice for the year; the answer reads the day back.
func applyForRemoval(t *testing.T) func() (day string, provisional bool) {
	t.Helper()
	db, err := postgres.Open(t.Context(), os.Getenv("DATABASE_URL"), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	_, err = db.ExecContext(t.Context(), `
INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at) VALUES ('440100', '试点市民政局', 'city', '试民社', now(), now());
INSERT INTO organisation (id, uscc, name, type, registered_on, authority_code, status, created_at, updated_at)
	VALUES (gen_random_uuid(), '52440100MJK00009XH', '试点市中心', 'service', '2012-06-18', '440100', 'active', now(), now());
INSERT INTO season (id, authority_code, report_year, regime, registered_by, opens_on, due_on, spec, created_at, updated_at)
	VALUES (gen_random_uuid(), '440100', 2026, 'annual_report', '2026-12-31', '2027-01-14', '2027-03-31', '{}', now(), now());
INSERT INTO obligation (id, authority_code, organisation_id, season_id, report_year, type, form, opens_on, due_on, overdue_after, created_at, updated_at)
	SELECT gen_random_uuid(), '440100', g.id, s.id, 2026, 'service', 'service-2004', s.opens_on, s.due_on, s.due_on, now(), now() FROM organisation g, season s;
INSERT INTO listing (id, obligation_id, authority_code, organisation_id, report_year, ground, basis, status, notified_on, listed_on, created_at, updated_at)
	SELECT gen_random_uuid(), id, authority_code, organisation_id, 2026, 'not_filed', '', 'listed', '2027-04-01', '2027-04-19', now(), now() FROM obligation;
INSERT INTO listing_removal (id, listing_id, text, applied_at, due_on, due_provisional, actor_id, actor_name)
	SELECT gen_random_uuid(), id, '已补报。', '2027-04-29 09:00+08', '2027-05-06', true, 'p1', '张三' FROM listing`)
	if err != nil {
		t.Fatal(err)
	}
	return func() (day string, provisional bool) {
		if err := db.QueryRowContext(t.Context(), `SELECT due_on::text, due_provisional FROM listing_removal`).Scan(&day, &provisional); err != nil {
			t.Fatal(err)
		}
		return day, provisional
	}
}

func TestHidePassword(t *testing.T) {
	tests := []struct{ in, url, env string }{
		{"postgres://u:p%40ss@h:5432/db?sslmode=disable", "postgres://u@h:5432/db?sslmode=disable", "PGPASSWORD=p@ss"},
		{"postgres://u@h/db", "postgres://u@h/db", ""},
		{"host=/run/x user=postgres", "host=/run/x user=postgres", ""},
	}
	for _, tt := range tests {
		url, env := hidePassword(tt.in)
		if url != tt.url || strings.Join(env, ",") != tt.env {
			t.Errorf("%s: got %s %v", tt.in, url, env)
		}
	}
}
