package postgres

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// fileLock is a flock(2) on a file of the private server's folder. The file stays; the kernel drops the lock when the
// process ends, in whatever way.
type fileLock struct{ file *os.File }

type lockMode int

const (
	shared    lockMode = syscall.LOCK_SH
	exclusive lockMode = syscall.LOCK_EX
)

// openLock opens the file, making it if need be. It follows no link: root opens it in a folder of another user.
func openLock(path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open lock: %w", err)
	}
	return &fileLock{f}, nil
}

// try takes the lock, or changes its mode, without waiting. After a failed change the old mode is lost too.
func (l *fileLock) try(mode lockMode) bool {
	for {
		err := syscall.Flock(int(l.file.Fd()), int(mode)|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			return err == nil
		}
	}
}

// release is safe on nil and when called again.
func (l *fileLock) release() {
	if l != nil {
		_ = l.file.Close() // drops the lock
	}
}

// lockStart takes the right to start, adopt or stop the server, waiting while another process does.
func (c *cluster) lockStart(ctx context.Context) (*fileLock, error) {
	l, err := c.openLock("start.lock")
	if err != nil {
		return nil, err
	}
	for !l.try(exclusive) {
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			l.release()
			return nil, fmt.Errorf("another process has been starting or stopping it all the while: %w", err)
		}
	}
	return l, nil
}

// lockServe makes this process the folder's one serve. It tries for a moment, since Serving holds the lock while it
// looks, and since a serve that was told to end may not have ended yet.
func (c *cluster) lockServe(ctx context.Context) (*fileLock, error) {
	l, err := c.openLock("serve.lock")
	if err != nil {
		return nil, err
	}
	for range 20 {
		if l.try(exclusive) {
			return l, nil
		}
		if err := pause(ctx, 10*time.Millisecond); err != nil {
			l.release()
			return nil, err
		}
	}
	l.release()
	return nil, ErrServing
}

// openLock opens a lock file of the cluster, owned by whom the data folder belongs to.
func (c *cluster) openLock(name string) (*fileLock, error) {
	l, err := openLock(c.file(name))
	if err != nil {
		return nil, err
	}
	if err := c.shareFile(c.file(name)); err != nil {
		l.release()
		return nil, err
	}
	return l, nil
}
