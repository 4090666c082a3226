package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	startPatience = 60 * time.Second // crash recovery of a large log takes a while
	stopPatience  = 30 * time.Second
	pollEvery     = 5 * time.Millisecond
	maxLogBytes   = 10 << 20
)

// ensureRunning starts the server unless it runs already, and returns when it takes connections; how says which. The
// caller holds start.lock.
func (c *cluster) ensureRunning(ctx context.Context) (how string, err error) {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	if pid := c.postmaster(); pid != 0 {
		ready, err := c.awaitReady(ctx, pid)
		if err != nil {
			return "", err
		}
		if ready && c.socketExists() {
			return "joined", nil
		}
		if err := c.stop(ctx); err != nil { // it is ending, or nobody can reach it any more
			return "", err
		}
	}
	how = "started"
	if c.existingMajor() == 0 {
		how = "created"
	}
	if err := c.create(); err != nil {
		return "", err
	}
	if err := c.clearLeftovers(ctx); err != nil {
		return "", err
	}
	return how, c.start(ctx)
}

// start runs the server as a process of its own, and returns when it takes connections.
func (c *cluster) start(ctx context.Context) error {
	if err := c.makeFolder(c.socketDir); err != nil {
		return fmt.Errorf("make the socket's folder: %w", err)
	}
	log, err := c.openLog()
	if err != nil {
		return err
	}
	defer log.Close()
	before, err := log.Seek(0, 2)
	if err != nil {
		return err
	}
	cmd, cleanup, err := c.command("postgres", c.serverArguments)
	if err != nil {
		return err
	}
	defer cleanup()
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start postgres: %w", err)
	}
	ended := make(chan struct{})
	go func() { // reaps it whenever it ends; the users find out by its process, as those that did not start it must
		_ = cmd.Wait()
		close(ended)
	}()
	return c.awaitStart(ctx, cmd, ended, before)
}

func (c *cluster) serverArguments(base string) []string {
	socketDir := c.socketDir
	if socketDir == c.file("run") {
		socketDir = base + "/run"
	}
	return []string{
		"-D", base + "/cluster", "-p", socketPort,
		"-c", "listen_addresses=", "-c", "unix_socket_directories=" + socketDir,
	}
}

func (c *cluster) awaitStart(ctx context.Context, cmd *exec.Cmd, ended <-chan struct{}, logOffset int64) error {
	for {
		if file, ok := c.readPIDFile(); ok && file.pid == cmd.Process.Pid && file.status == "ready" {
			return nil
		}
		select {
		case <-ended:
			return fmt.Errorf("postgres ended at once: %s", c.logSince(logOffset))
		case <-ctx.Done():
			_ = cmd.Process.Signal(syscall.SIGQUIT) // nobody else knows of it yet
			<-ended
			return fmt.Errorf("postgres is not ready (%w): %s", ctx.Err(), c.logSince(logOffset))
		case <-time.After(pollEvery):
		}
	}
}

// awaitReady waits for a server that another process has started. False: it ended or is ending.
func (c *cluster) awaitReady(ctx context.Context, pid int) (bool, error) {
	for {
		file, ok := c.readPIDFile()
		if !ok || file.pid != pid || !c.isOurs(pid) || file.status == "stopping" {
			return false, nil
		}
		if file.status == "ready" {
			return true, nil
		}
		if err := pause(ctx, pollEvery); err != nil {
			return false, fmt.Errorf("postgres (process %d) does not become ready, see %s: %w", pid, c.file("postgres.log"), err)
		}
	}
}

// stop ends the server in order: SIGINT is a fast shutdown that does not wait for clients. If that takes too long it is
// told to drop everything, which the next start recovers from.
func (c *cluster) stop(ctx context.Context) error {
	defer c.removeSocketDir()
	for _, step := range []struct {
		signal   syscall.Signal
		patience time.Duration
	}{{syscall.SIGINT, 20 * time.Second}, {syscall.SIGQUIT, 5 * time.Second}, {syscall.SIGKILL, 5 * time.Second}} {
		pid := c.postmaster()
		if pid == 0 {
			return nil
		}
		if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop postgres (process %d): %w", pid, err)
		}
		deadline := time.Now().Add(step.patience)
		for c.postmaster() == pid && time.Now().Before(deadline) {
			if err := pause(ctx, pollEvery); err != nil {
				return fmt.Errorf("postgres (process %d) does not stop: %w", pid, err)
			}
		}
	}
	if pid := c.postmaster(); pid != 0 {
		return fmt.Errorf("postgres (process %d) does not stop", pid)
	}
	return nil
}

// removeSocketDir drops a temporary socket folder once the server is gone.
func (c *cluster) removeSocketDir() {
	if c.socketDir == c.file("run") || c.postmaster() != 0 {
		return
	}
	_ = os.RemoveAll(c.socketDir) // a leftover is found again or replaced by chooseSocketDir
	_ = os.Remove(c.file("socket-folder"))
}

// running tells whether a server process is there; it may still be starting.
func (c *cluster) running() bool { return c.postmaster() != 0 }

// postmaster is the process id of the running server, 0 if there is none.
func (c *cluster) postmaster() int {
	file, ok := c.readPIDFile()
	if !ok || !c.isOurs(file.pid) {
		return 0
	}
	return file.pid
}

type pidFile struct {
	pid    int
	status string // starting, stopping, ready, standby
}

// readPIDFile reads postmaster.pid: the process on line 1, its state on line 8. False: there is none that names one.
func (c *cluster) readPIDFile() (pidFile, bool) {
	text, err := os.ReadFile(filepath.Join(c.dataDir(), "postmaster.pid"))
	if err != nil {
		return pidFile{}, false
	}
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 1 {
		return pidFile{}, false
	}
	file := pidFile{pid: pid}
	if len(lines) >= 8 {
		file.status = strings.TrimSpace(lines[7])
	}
	return file, true
}

// isOurs tells whether pid is a living postgres process that works in this cluster. A zombie is not alive, though kill(pid, 0) says so: under
// a first process that reaps slowly, as in containers, one stays for seconds after kill -9. Nor is another program
// that got the number.
func (c *cluster) isOurs(pid int) bool {
	if !throughProc() {
		return syscall.Kill(pid, 0) == nil
	}
	return livingPostgres(pid) && c.worksHere(pid)
}

// livingPostgres reads the name and the state of a process: "42 (postgres) S …", Z for a zombie.
func livingPostgres(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, ok := bytes.Cut(stat, []byte(" (postgres) "))
	return ok && len(rest) > 0 && rest[0] != 'Z' && rest[0] != 'X'
}

// worksHere tells whether the process's working folder is the cluster, as that of every PostgreSQL process is.
func (c *cluster) worksHere(pid int) bool {
	cwd, err := os.Stat(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return false
	}
	here, err := os.Stat(c.dataDir())
	return err == nil && os.SameFile(cwd, here)
}

// clearLeftovers makes room after kill -9 of the server: ends the processes that outlived it, and removes its lock
// files, which PostgreSQL itself leaves alone while the number they name is taken, by a zombie or by a stranger.
func (c *cluster) clearLeftovers(ctx context.Context) error {
	if _, err := os.Stat(filepath.Join(c.dataDir(), "postmaster.pid")); errors.Is(err, fs.ErrNotExist) || !throughProc() {
		return nil
	}
	signal, hard := syscall.SIGQUIT, time.Now().Add(3*time.Second)
	for pids := c.workers(); len(pids) > 0; pids = c.workers() {
		if time.Now().After(hard) {
			signal = syscall.SIGKILL
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, signal) // gone already, or seen again in the next round
		}
		if err := pause(ctx, 4*pollEvery); err != nil {
			return fmt.Errorf("processes %v of a killed postgres do not end: %w", pids, err)
		}
	}
	socket := filepath.Join(c.socketDir, ".s.PGSQL."+socketPort)
	for _, path := range []string{filepath.Join(c.dataDir(), "postmaster.pid"), socket, socket + ".lock"} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// workers are the living processes whose working folder is the cluster.
func (c *cluster) workers() []int {
	folders, _ := filepath.Glob("/proc/[0-9]*")
	var pids []int
	for _, folder := range folders {
		pid, err := strconv.Atoi(filepath.Base(folder))
		if err == nil && c.isOurs(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func (c *cluster) socketExists() bool {
	info, err := os.Stat(filepath.Join(c.socketDir, ".s.PGSQL."+socketPort))
	return err == nil && info.Mode()&fs.ModeSocket != 0
}

// openLog opens the log for appending; a large one makes room first, the one before is kept.
func (c *cluster) openLog() (*os.File, error) {
	path := c.file("postgres.log")
	if info, err := os.Stat(path); err == nil && info.Size() > maxLogBytes {
		if err := os.Rename(path, path+".1"); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	return f, c.shareFile(path)
}

// logSince is what PostgreSQL has said from offset on, on one line for an error.
func (c *cluster) logSince(offset int64) string {
	text, err := os.ReadFile(c.file("postgres.log"))
	if err != nil || int64(len(text)) <= offset {
		return "it said nothing"
	}
	return strings.Join(strings.Fields(string(text[offset:])), " ")
}
