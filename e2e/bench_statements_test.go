//go:build bench

package e2e

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The reference of a figure is the same SQL without our program around it. So that it is the same, it is not written
// down a second time here but taken from what the server was really asked: PostgreSQL's own log.

// statement is one statement as PostgreSQL was asked to run it.
type statement struct {
	session string // the server's process
	text    string
	params  []string // SQL literals, as the log gives them
}

// record gives the statements that the cluster is asked while work runs, in order.
func (c *benchCluster) record(t *testing.T, work func()) []statement {
	t.Helper()
	path := filepath.Join(c.data, "postgres", "postgres.log")
	c.logStatements(t, `SET log_line_prefix = '%p|'`, `SET log_statement = 'all'`)
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	work()
	c.logStatements(t, `RESET log_statement`, `RESET log_line_prefix`)
	log, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, err := log.Seek(before.Size(), io.SeekStart); err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(log)
	if err != nil {
		t.Fatal(err)
	}
	return parseStatementLog(string(raw))
}

func (c *benchCluster) logStatements(t *testing.T, settings ...string) {
	t.Helper()
	for _, s := range settings {
		execSQL(t, c.db, "ALTER SYSTEM "+s)
	}
	execSQL(t, c.db, "SELECT pg_reload_conf()")
	time.Sleep(500 * time.Millisecond) // sessions take the setting over at their next statement after the signal
}

var logLine = regexp.MustCompile(`^(\d+)\|(LOG|DETAIL):  (?s:(statement|execute [^:]*|parameters): (.*))$`)

// parseStatementLog reads the log; a line that begins with a tab goes on the one before. The statements of sessions that
// worked at the same time come one session after another, so that one client can run them: their transactions share no
// rows.
func parseStatementLog(log string) []statement {
	var statements []statement
	last := map[string]int{} // of each session
	for _, entry := range strings.Split(strings.ReplaceAll(log, "\n\t", "\x00"), "\n") {
		m := logLine.FindStringSubmatch(strings.ReplaceAll(entry, "\x00", "\n"))
		switch {
		case m == nil || strings.HasPrefix(m[4], "ALTER SYSTEM") || strings.HasPrefix(m[4], "SELECT pg_reload_conf"):
		case m[3] == "parameters":
			if at, ok := last[m[1]]; ok {
				statements[at].params = parseParameters(m[4])
			}
		default:
			last[m[1]] = len(statements)
			statements = append(statements, statement{session: m[1], text: strings.TrimRight(strings.TrimSpace(m[4]), ";")})
		}
	}
	slices.SortStableFunc(statements, func(a, b statement) int { return cmp.Compare(a.session, b.session) })
	return statements
}

// parseParameters splits "$1 = 'a', $2 = NULL" into the literals.
func parseParameters(text string) []string {
	var params []string
	for text != "" {
		_, rest, ok := strings.Cut(text, " = ")
		if !ok {
			return params
		}
		end := len(rest)
		if strings.HasPrefix(rest, "'") {
			for at := 1; at < len(rest); at++ {
				if rest[at] != '\'' {
					continue
				}
				if at+1 < len(rest) && rest[at+1] == '\'' {
					at++
					continue
				}
				end = at + 1
				break
			}
		} else if comma := strings.Index(rest, ", "); comma >= 0 {
			end = comma
		}
		params = append(params, rest[:end])
		text = strings.TrimPrefix(rest[end:], ", ")
	}
	return params
}

var parameter = regexp.MustCompile(`\$(\d+)`)

// inScript writes the statement with each parameter replaced by what f gives for it.
func (s statement) inScript(f func(n int) string) string {
	return parameter.ReplaceAllStringFunc(s.text, func(ref string) string {
		n, err := strconv.Atoi(ref[1:])
		if err != nil {
			return ref
		}
		return f(n)
	})
}

// control tells whether the statement only begins or ends a transaction.
func (s statement) control() bool {
	word, _, _ := strings.Cut(strings.ToUpper(s.text), " ")
	return slices.Contains([]string{"BEGIN", "COMMIT", "END", "ROLLBACK"}, word)
}

// psqlScript writes the statements for psql: each text prepared once, as the program has it, then executed with its
// parameters.
func psqlScript(t *testing.T, statements []statement) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "same.sql")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	prepared := map[string]string{}
	for _, s := range statements {
		if len(s.params) == 0 {
			fmt.Fprintf(file, "%s;\n", s.text)
			continue
		}
		name, ok := prepared[s.text]
		if !ok {
			name = fmt.Sprintf("s%d", len(prepared))
			prepared[s.text] = name
			fmt.Fprintf(file, "PREPARE %s AS %s;\n", name, s.text)
		}
		fmt.Fprintf(file, "EXECUTE %s(%s);\n", name, strings.Join(s.params, ", "))
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

var anyUUID = regexp.MustCompile(`^'[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'$`)

// pgbenchScript writes the statements of one request for pgbench, to be run for one organisation after another: ids
// are computed from the running number as the benchmark's data has them, new ids get a series of their own, every other
// parameter is sent as it was, by a variable. Both come back: the script and the variables.
func pgbenchScript(t *testing.T, name string, i int, statements []statement) (path string, variables []string) {
	t.Helper()
	known := map[string]string{
		"'" + numberedID(organisationSeries, i) + "'": idOf(organisationSeries, ":i"),
		"'" + numberedID(obligationSeries, i) + "'":   idOf(obligationSeries, ":i"),
	}
	var b strings.Builder
	b.WriteString("\\set n :n + 1\n\\set i :base + :client_id * :share + :n\n")
	for at, s := range statements {
		if s.control() {
			fmt.Fprintf(&b, "%s;\n", s.text)
			continue
		}
		named := map[int]bool{}
		sql := s.inScript(func(n int) string {
			literal := s.params[n-1]
			if expression, ok := known[literal]; ok {
				return expression
			}
			if anyUUID.MatchString(literal) && made(s.text) {
				known[literal] = idOf(submissionSeries, ":i")
				return known[literal]
			}
			if literal == "NULL" || literal == "''" { // pgbench has no empty variables
				return literal
			}
			variable := fmt.Sprintf("%s_%d_%d", name, at, n)
			if !named[n] {
				named[n] = true
				variables = append(variables, variable+"="+strings.ReplaceAll(strings.TrimSuffix(strings.TrimPrefix(literal, "'"), "'"), "''", "'"))
			}
			return ":" + variable
		})
		fmt.Fprintf(&b, "%s;\n", sql)
	}
	path = filepath.Join(t.TempDir(), name+".sql")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path, variables
}

// made tells whether a statement brings new rows into being, and so new ids.
func made(text string) bool { return strings.Contains(text, "INSERT INTO") }
