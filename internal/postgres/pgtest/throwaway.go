package pgtest

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"

	"nianbao/internal/postgres"
)

// guard is a shell script that waits until its standard input ends, which it does when the test process ends in
// whatever way, then stops the server and removes its folder. It must not hold the test's output open, or `go test`
// would wait for it.
const guard = `
read -r _
pid_file="$1/postgres/cluster/postmaster.pid"
if read -r pid 2>/dev/null <"$pid_file"; then kill -QUIT "$pid" 2>/dev/null; fi
n=0
while [ -e "$pid_file" ] && [ $n -lt 100 ]; do sleep 0.05; n=$((n + 1)); done
rm -rf "$1"
`

// throwaway starts a server that ends with this process, and gives its connection settings.
func throwaway(ctx context.Context) (url string, err error) {
	dir, err := os.MkdirTemp("", "nianbao-pgtest-")
	if err != nil {
		return "", err
	}
	if err := watchOver(dir); err != nil {
		return "", err
	}
	private, err := postgres.StartPrivate(ctx, postgres.PrivateOptions{DataDir: dir, Throwaway: true})
	if err != nil {
		return "", err
	}
	return private.URL(), nil
}

// guards holds the writing ends of the guards' inputs for the life of the process: collected as garbage one would close.
var guards []io.Closer

// watchOver starts the guard of a folder.
func watchOver(dir string) error {
	cmd := exec.Command("/bin/sh", "-c", guard, "guard", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C must not end it first
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	guards = append(guards, stdin)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the guard of %s: %w", dir, err)
	}
	return nil
}
