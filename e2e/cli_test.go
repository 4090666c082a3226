package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nianbao/internal/postgres/pgtest"
)

// emptyPlace is a new database with a data folder beside it, for commands.
func emptyPlace(t testing.TB) place {
	t.Helper()
	return place{data: filepath.Join(t.TempDir(), "data"), databaseURL: pgtest.Empty(t)}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		code int
		args string
	}{
		{0, ""}, {0, "help"}, {0, "--help"}, {0, "help serve"}, {0, "serve --help"}, {0, "token issue --help"}, {0, "help seasons import"},
		{2, "nonsense"}, {2, "help nonsense"}, {2, "serve --nonsense"}, {2, "calendar due"}, {2, "token issue --role king"},
		{2, "calendar due --from 2019-02-30 --working-days 10"}, {2, "calendar due --from 2019-03-29 --working-days 0"},
		{2, "sample organisations --count 0 --authority 440100"}, {2, "sample organisations --count 3 --authority 4401"},
		{2, "token issue --role reviewer --authority 440100"}, {2, "backup"},
	} {
		t.Run(c.args, func(t *testing.T) {
			args := strings.Fields(c.args)
			r, err := command(t.Context(), "", args...)
			if err != nil {
				t.Fatal(err)
			}
			checkExit(t, r, c.code, args)
			if c.code == 0 && r.stdout == "" {
				t.Error("help prints nothing")
			}
		})
	}
}

// TestHelpNamesEveryCommand holds the list of commands to the contract.
func TestHelpNamesEveryCommand(t *testing.T) {
	for _, name := range strings.Split("serve,migrate up,migrate status,authorities import,organisations import,seasons import,"+
		"reports import,calendar import,calendar due,account invite,token issue,job list,job run,sample organisations,"+
		"sample report,verify,audit verify,backup,restore,doctor", ",") {
		r, err := command(t.Context(), "", append(strings.Fields(name), "--help")...)
		if err != nil {
			t.Fatal(err)
		}
		checkExit(t, r, 0, []string{name})
		if !strings.Contains(r.stdout, "nianbao "+name) {
			t.Errorf("%s --help does not say how it is used: %s", name, r.stdout)
		}
	}
}

// TestCalendarDue asks for every day of the half-year by lines and compares with the calendar kept by hand.
func TestCalendarDue(t *testing.T) {
	var lines, want strings.Builder
	for from := date(2018, 12, 31); from < date(2019, 6, 20); from++ {
		for _, n := range []int{1, 2, 5, 10, 15} {
			if end := from.plus(n); end <= lastDay {
				fmt.Fprintf(&lines, "%s,%d\n", from, n)
				fmt.Fprintln(&want, end)
			}
		}
	}
	r, err := command(t.Context(), lines.String(), "calendar", "due", "--from", "-")
	if err != nil {
		t.Fatal(err)
	}
	checkExit(t, r, 0, []string{"calendar", "due"})
	asked, got, wanted := strings.Split(lines.String(), "\n"), strings.Split(r.stdout, "\n"), strings.Split(want.String(), "\n")
	for i := range wanted {
		if i >= len(got) || got[i] != wanted[i] {
			t.Fatalf("line %d, %s: %q, want %q", i+1, asked[i], got[min(i, len(got)-1)], wanted[i])
		}
	}
	for _, c := range []struct{ from, want string }{
		{"2026-02-10", "2026-03-02"}, {"2024-03-29", "2024-04-15"}, {"2999-01-01", "provisional"},
	} {
		r, err := command(t.Context(), "", "calendar", "due", "--from", c.from, "--working-days", "10")
		if err != nil {
			t.Fatal(err)
		}
		if r.code != 0 || !strings.HasSuffix(strings.TrimSpace(r.stdout), c.want) {
			t.Errorf("10 working days from %s: exit %d, %q, want %s", c.from, r.code, r.stdout, c.want)
		}
	}
	r, err = command(t.Context(), "2019-03-29,10\nnonsense\n", "calendar", "due", "--from", "-")
	if err != nil {
		t.Fatal(err)
	}
	checkExit(t, r, 1, []string{"calendar", "due", "--from", "-"})
	if !strings.HasPrefix(r.stdout, "2019-04-15\n") || !strings.Contains(r.stderr, "line 2") {
		t.Errorf("a bad line: %q, %q", r.stdout, r.stderr)
	}
}

func TestSampleOrganisations(t *testing.T) {
	sample := func(seed string) string {
		r, err := command(t.Context(), "", "sample", "organisations", "--count", "300", "--seed", seed, "--authority", authority)
		if err != nil {
			t.Fatal(err)
		}
		checkExit(t, r, 0, []string{"sample", "organisations"})
		return r.stdout
	}
	one := sample("7")
	if one != sample("7") {
		t.Error("the same arguments gave other bytes")
	}
	if one == sample("8") {
		t.Error("another seed gave the same bytes")
	}
	p := emptyPlace(t)
	dir := t.TempDir()
	p.must(t, "authorities", "import", writeFile(t, dir, "authorities.csv", "code,name,level,parent\n440100,试验市民政局,city,\n"))
	file := writeFile(t, dir, "organisations.csv", one)
	wantCounts(t, p.must(t, "organisations", "import", "--dry-run", file), "300 rows read, 300 new")
	wantCounts(t, p.must(t, "organisations", "import", file), "300 rows read, 300 new")
	wantCounts(t, p.must(t, "organisations", "import", file), "300 rows read, 0 new, 0 changed, 300 unchanged, 0 refused")
}

func wantCounts(t *testing.T, out, want string) {
	t.Helper()
	if !strings.Contains(out, want) {
		t.Errorf("the import says %q, want %q", out, want)
	}
}

// TestImportRefusesRows wants every bad row named with number, field and reason, and the good ones taken.
func TestImportRefusesRows(t *testing.T) {
	p := emptyPlace(t)
	dir := t.TempDir()
	p.must(t, "authorities", "import", writeFile(t, dir, "a.csv", "code,name,level,parent\n440100,试验市民政局,city,\n440104,试验市东区民政局,county,440100\n"))
	good := "52440104MJL9876586,试验市东区阳光社工服务中心,service,2015-06-01,440104,active\n"
	rows := writeFile(t, dir, "o.csv", "uscc,name,type,registered_on,authority,status\n"+
		"51440100MJK1A2B31L,试验市甲协会,association,2010-05-04,440100,active\n"+
		"51440100MJK1A2B31X,试验市乙协会,association,2010-05-04,440100,active\n"+ // check character
		"53440000500123453J,试验基金会,foundation,2010-13-04,440100,active\n"+ // no such day
		"52440100MJK00009XH,试验市丙中心,service,2010-05-04,999999,active\n"+ // no such authority
		"52440100MJK0001960,试验市丁中心,club,2010-05-04,440100,active\n"+ // no such type
		good)
	wantCounts(t, p.must(t, "organisations", "import", "--dry-run", rows), "6 rows read, 2 new, 0 changed, 0 unchanged, 4 refused")
	out := p.must(t, "organisations", "import", rows)
	wantCounts(t, out, "6 rows read, 2 new, 0 changed, 0 unchanged, 4 refused")
	for row, field := range map[int]string{3: "uscc", 4: "registered_on", 5: "authority", 6: "type"} {
		found := false
		for line := range strings.Lines(out) {
			found = found || strings.Contains(line, fmt.Sprint(row)) && strings.Contains(line, field)
		}
		if !found {
			t.Errorf("row %d is not refused for %s:\n%s", row, field, out)
		}
	}
	bad := writeFile(t, dir, "bad.csv", "uscc,name,type,registered_on,authority,status\n51440100MJK1A2B31X,试验市乙协会,association,2010-05-04,440100,active\n")
	p.wants(t, 1, "organisations", "import", bad)
	p.wants(t, 1, "organisations", "import", writeFile(t, dir, "no.csv", "name,type\n甲,service\n"))
	p.wants(t, 1, "seasons", "import", writeFile(t, dir, "s.yaml", seasonFile+"nonsense: 1\n"))
}

// TestSampleReport holds the harness's bodies to the command's, byte for byte, and wants no finding at any time.
func TestSampleReport(t *testing.T) {
	r := newReplay(t, mix{2, 2, 2}, 1)
	r.cluster.travel(t, opens.at("09:00:00"))
	check := func() {
		for _, p := range r.plans {
			if !p.org.owes() || p.org.known > begins {
				continue
			}
			for seed := 1; seed <= 2; seed++ {
				out := r.place.must(t, "sample", "report", "--organisation", p.org.uscc, "--year", "2018", "--seed", fmt.Sprint(seed))
				body, err := sampleReport(p.org, seed)
				if err != nil {
					t.Fatal(err)
				}
				if out != string(body)+"\n" {
					t.Errorf("%s, seed %d: the command prints another body than the harness makes", p.org.uscc, seed)
				}
				var found struct{ Findings []json.RawMessage }
				got, err := r.people[p.org.uscc].call(t.Context(), http.MethodPost, "/reports/2018/checks", []byte(out))
				if err == nil {
					err = got.want(http.StatusOK, &found)
				}
				if err != nil || len(found.Findings) > 0 {
					t.Errorf("%s, seed %d: %v, findings %s", p.org.uscc, seed, err, found.Findings)
				}
			}
		}
	}
	check()
	r.cluster.travel(t, lastDay.at("09:00:00"))
	check()
}

func TestMigrate(t *testing.T) {
	p := emptyPlace(t)
	if out := p.must(t, "migrate", "status"); !strings.Contains(out, "pending") {
		t.Errorf("an empty database: %s", out)
	}
	if out := p.must(t, "migrate", "up"); strings.HasPrefix(out, "0 ") {
		t.Errorf("the first run applied: %s", out)
	}
	if out := p.must(t, "migrate", "up"); !strings.HasPrefix(out, "0 ") {
		t.Errorf("the second run applied: %s", out)
	}
	if out := p.must(t, "migrate", "status"); strings.Contains(out, "pending") {
		t.Errorf("after the run: %s", out)
	}
	if out := p.must(t, "audit", "verify"); out == "" {
		t.Error("audit verify says nothing")
	}
	p.must(t, "doctor")
}

// TestVerify tells a genuine document from a changed one, an appended one, a stranger and no document.
func TestVerify(t *testing.T) {
	r := newReplay(t, mix{1, 1, 1}, 1)
	genuine := r.conclusionOf(r.plans[0], opens+1)
	dir := t.TempDir()
	file := writeFile(t, dir, "genuine.pdf", string(genuine))
	if out := r.place.must(t, "verify", file); !strings.Contains(out, "in force") {
		t.Errorf("the genuine document: %s", out)
	}
	changed := bytes.Clone(genuine)
	changed[len(changed)/2] ^= 1
	r.place.wants(t, 1, "verify", writeFile(t, dir, "changed.pdf", string(changed)))
	r.place.wants(t, 1, "verify", writeFile(t, dir, "appended.pdf", string(genuine)+"\n% more\n"))
	r.place.wants(t, 1, "verify", writeFile(t, dir, "text.pdf", "no document"))

	_, certificate := signingFiles(t, r.place.data)
	elsewhere := place{data: filepath.Join(dir, "elsewhere")}
	if out := elsewhere.must(t, "verify", "--signing-cert", certificate, file); !strings.Contains(out, "unknown") {
		t.Errorf("offline, the standing cannot be known: %s", out)
	}
	elsewhere.wants(t, 1, "verify", file) // nothing to check against
	if _, err := os.Stat(filepath.Join(elsewhere.data, "postgres")); err == nil {
		t.Error("verify has started a database")
	}
	r.cluster.nodes[0].stop(t)
	if out := r.place.must(t, "verify", file); !strings.Contains(out, "unknown") {
		t.Errorf("with the server stopped: %s", out)
	}
}
