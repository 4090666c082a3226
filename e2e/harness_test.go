package e2e

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience of the harness. They end a hang; nothing is measured by them.
const (
	startPatience = 5 * time.Minute // a demonstration makes itself up before it listens
	stopPatience  = 30 * time.Second
	cliPatience   = 5 * time.Minute
)

// place is where a program's data lies: a data folder and, unless the program runs its own PostgreSQL, a database.
type place struct {
	data        string
	databaseURL string
}

func (p place) args(args ...string) []string {
	args = append(args, "--data", p.data)
	if p.databaseURL != "" {
		args = append(args, "--database-url", p.databaseURL)
	}
	return args
}

// environ is the environment without any setting of the program, so that a developer's own never reaches a test.
func environ() []string {
	var kept []string
	for _, e := range os.Environ() {
		if !strings.HasPrefix(e, "NIANBAO_") && !strings.HasPrefix(e, "DATABASE_URL=") && !strings.HasPrefix(e, "PG") {
			kept = append(kept, e)
		}
	}
	return kept
}

// result is what one run of a command gave.
type result struct {
	code           int
	stdout, stderr string
}

// command runs the program with exactly these arguments.
func command(ctx context.Context, stdin string, args ...string) (result, error) {
	ctx, cancel := context.WithTimeout(ctx, cliPatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopPatience
	cmd.Env, cmd.Stdin = environ(), strings.NewReader(stdin)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return result{}, fmt.Errorf("nianbao %s: %w", strings.Join(args, " "), err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}, nil
}

// run runs a command on the place's data and wants exit code 0. Safe in any goroutine.
func (p place) run(ctx context.Context, args ...string) (string, error) {
	r, err := command(ctx, "", p.args(args...)...)
	if err != nil {
		return "", err
	}
	if r.code != 0 {
		return "", fmt.Errorf("nianbao %s: exit %d\nstdout: %s\nstderr: %s", strings.Join(args, " "), r.code, r.stdout, r.stderr)
	}
	return r.stdout, nil
}

// must is run for the test's own goroutine.
func (p place) must(t testing.TB, args ...string) string {
	t.Helper()
	out, err := p.run(t.Context(), args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wants runs a command on the place's data and wants this exit code; a failure must be one line that says something.
func (p place) wants(t testing.TB, code int, args ...string) result {
	t.Helper()
	r, err := command(t.Context(), "", p.args(args...)...)
	if err != nil {
		t.Fatal(err)
	}
	checkExit(t, r, code, args)
	return r
}

func checkExit(t testing.TB, r result, code int, args []string) {
	t.Helper()
	if r.code != code {
		t.Fatalf("nianbao %s: exit %d, want %d\nstdout: %s\nstderr: %s", strings.Join(args, " "), r.code, code, r.stdout, r.stderr)
	}
	told := 0
	for line := range strings.Lines(r.stderr) {
		if !strings.HasPrefix(line, `{"time":`) { // the log of serve
			told++
		}
	}
	if code != 0 && told != 1 {
		t.Errorf("nianbao %s: a failure is told in one line on stderr, got: %q", strings.Join(args, " "), r.stderr)
	}
}

// server is a running `nianbao serve`.
type server struct {
	place
	url    string // without a slash at the end
	cmd    *exec.Cmd
	log    *logBuffer
	exited chan struct{} // closed once the process is gone
}

// startServer runs `serve` on a free port and waits until it listens. It is stopped when the test ends; its log is
// shown when the test failed.
func startServer(t testing.TB, p place, args ...string) *server {
	t.Helper()
	s, err := launch(p, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.shutdown(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("log of %s, without INFO:\n%s", s.url, s.log.tail(30))
		}
	})
	return s
}

func launch(p place, args ...string) (*server, error) {
	cmd := exec.Command(program, p.args(append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)...)
	cmd.Env = environ()
	s := &server{place: p, cmd: cmd, log: &logBuffer{}, exited: make(chan struct{})}
	cmd.Stderr = s.log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start serve: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start serve: %w", err)
	}
	listening := make(chan string, 1)
	go s.read(stdout, listening)
	select {
	case s.url = <-listening:
		return s, nil
	case <-s.exited:
		return nil, fmt.Errorf("serve ended before it listened: %v\n%s", cmd.ProcessState, s.log.tail(50))
	case <-time.After(startPatience):
		return nil, errors.Join(fmt.Errorf("serve did not listen within %s\n%s", startPatience, s.log.tail(50)), s.shutdown())
	}
}

// read follows standard output to its end and then waits for the process.
func (s *server) read(stdout io.Reader, listening chan<- string) {
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			listening <- address
			continue
		}
		fmt.Fprintln(s.log, "stdout:", lines.Text())
	}
	_ = s.cmd.Wait()
	close(s.exited)
}

// shutdown asks the server to end and wants exit code 0; it is harmless twice.
func (s *server) shutdown() error {
	select {
	case <-s.exited:
		return nil
	default:
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may just have ended
	select {
	case <-s.exited:
	case <-time.After(stopPatience):
		_ = s.cmd.Process.Kill()
		<-s.exited
		return fmt.Errorf("serve did not end within %s of SIGTERM", stopPatience)
	}
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("serve ended with %v after SIGTERM\n%s", s.cmd.ProcessState, s.log.tail(50))
	}
	return nil
}

// stop ends the server in the middle of a test.
func (s *server) stop(t testing.TB) {
	t.Helper()
	if err := s.shutdown(); err != nil {
		t.Fatal(err)
	}
}

// logBuffer keeps what a program wrote; safe for concurrent use.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

// tail is the last n lines that are more than information.
func (b *logBuffer) tail(n int) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := slices.DeleteFunc(strings.Split(strings.TrimRight(b.text.String(), "\n"), "\n"), func(line string) bool {
		return strings.Contains(line, `"level":"INFO"`)
	})
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

// each calls f for 0 … n-1 from so many goroutines and gives the first errors; after one no new call begins.
func each(n, workers int, f func(i int) error) error {
	var mu sync.Mutex
	var next int
	var failed []error
	var group sync.WaitGroup
	for range min(n, workers) {
		group.Go(func() {
			for {
				mu.Lock()
				i := next
				next++
				stop := i >= n || len(failed) > 0
				mu.Unlock()
				if stop {
					return
				}
				if err := f(i); err != nil {
					mu.Lock()
					failed = append(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	group.Wait()
	return errors.Join(failed...)
}
