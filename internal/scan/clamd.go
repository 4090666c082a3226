// Package scan asks a virus scanner about files: clamd, by its own protocol
// over a socket.
//
// It owns the protocol and nothing else: what is asked about, when, and what
// follows is package filing's. Invariants: a file is streamed, never held; an
// answer that is not understood is an error, never "clean"; every call is
// bounded in time.
package scan

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strings"
	"time"
)

// ErrTooLarge says that the file is longer than the scanner takes (clamd's
// StreamMaxLength): an operator must raise it, trying again does not help.
var ErrTooLarge = errors.New("clamd: the file is longer than StreamMaxLength")

const (
	// chunk is how much is sent at once.
	chunk = 64 << 10
	// idle is how long one read or write may take; a scan itself at most scanTime.
	idle     = 30 * time.Second
	scanTime = 5 * time.Minute
	// maxReply bounds an answer: one line.
	maxReply = 4 << 10
)

// Clamd is a clamd at an address. It keeps no connection and is safe for
// concurrent use.
type Clamd struct{ network, address string }

// NewClamd reads an address: tcp://host:port or unix:///path.
func NewClamd(address string) (*Clamd, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, fmt.Errorf("clamd address %q: %w", address, err)
	}
	switch {
	case u.Scheme == "tcp" && u.Port() != "" && u.Hostname() != "" && u.Path == "" && u.User == nil:
		return &Clamd{"tcp", u.Host}, nil
	case u.Scheme == "unix" && u.Host == "" && len(u.Path) > 1:
		return &Clamd{"unix", u.Path}, nil
	}
	return nil, fmt.Errorf("clamd address %q: use tcp://host:port or unix:///path", address)
}

// Version asks what the scanner is, such as "ClamAV 1.0.7/27482/Tue Dec 10 …",
// whose last parts are the number and the day of its signatures.
func (c *Clamd) Version(ctx context.Context) (string, error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, "zVERSION\x00"); err != nil {
		return "", fmt.Errorf("clamd: ask for its version: %w", err)
	}
	reply, err := readReply(conn)
	if err == nil && !strings.HasPrefix(reply, "ClamAV") {
		err = fmt.Errorf("clamd: it answers %q, which is no clamd's answer", reply)
	}
	return reply, err
}

// Scan streams a file and gives the name of the virus found in it, "" if it is
// clean.
func (c *Clamd) Scan(ctx context.Context, file io.Reader) (virus string, err error) {
	conn, err := c.dial(ctx)
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	sent := send(conn, file)
	if errors.Is(sent, errFile) {
		return "", sent
	}
	// A scanner that has had enough answers and closes: its answer says more than the failed write.
	if err := conn.SetReadDeadline(time.Now().Add(scanTime)); err != nil { // a duration, never stored
		return "", fmt.Errorf("clamd: %w", err)
	}
	reply, err := readReply(conn)
	if err != nil {
		return "", errors.Join(sent, err)
	}
	return verdict(reply)
}

// verdict reads an answer such as "stream: OK" or "stream: Win.Test FOUND".
func verdict(reply string) (virus string, err error) {
	said := strings.TrimPrefix(reply, "stream: ")
	name, found := strings.CutSuffix(said, " FOUND")
	switch {
	case said == "OK":
		return "", nil
	case found && name != "":
		return name, nil
	case strings.Contains(said, "size limit exceeded"):
		return "", ErrTooLarge
	}
	return "", fmt.Errorf("clamd: it answers %q", reply)
}

// errFile marks a failure to read the file, as opposed to one of the scanner.
var errFile = errors.New("read the file to scan")

// send writes the file in chunks, each behind its length, and an empty one at
// the end.
func send(conn net.Conn, file io.Reader) error {
	w := bufio.NewWriterSize(conn, chunk+4)
	if _, err := w.WriteString("zINSTREAM\x00"); err != nil {
		return fmt.Errorf("clamd: send: %w", err)
	}
	buffer := make([]byte, chunk)
	for {
		n, err := io.ReadFull(file, buffer)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return fmt.Errorf("%w: %w", errFile, err)
		}
		// n is 0 at the end, which is the empty chunk.
		if err := conn.SetWriteDeadline(time.Now().Add(idle)); err != nil { // a duration, never stored
			return fmt.Errorf("clamd: send: %w", err)
		}
		if err := writeChunk(w, buffer[:n]); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}

func writeChunk(w *bufio.Writer, data []byte) error {
	var length [4]byte
	binary.BigEndian.PutUint32(length[:], uint32(len(data))) //nolint:gosec // at most chunk
	for _, part := range [][]byte{length[:], data} {
		if _, err := w.Write(part); err != nil {
			return fmt.Errorf("clamd: send: %w", err)
		}
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("clamd: send: %w", err)
	}
	return nil
}

// dial connects; the connection ends with ctx.
func (c *Clamd) dial(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{Timeout: idle}
	conn, err := dialer.DialContext(ctx, c.network, c.address)
	if err != nil {
		return nil, fmt.Errorf("clamd at %s: %w", c.address, err)
	}
	if err := conn.SetDeadline(time.Now().Add(idle)); err != nil { // a duration, never stored
		return nil, errors.Join(fmt.Errorf("clamd at %s: %w", c.address, err), conn.Close())
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	return &boundConn{conn, stop}, nil
}

// boundConn is closed when its context ends.
type boundConn struct {
	net.Conn
	stop func() bool
}

func (c *boundConn) Close() error {
	c.stop()
	return c.Conn.Close()
}

// readReply reads one answer, which ends with NUL or with the connection.
func readReply(conn net.Conn) (string, error) {
	reply, err := bufio.NewReader(io.LimitReader(conn, maxReply)).ReadString(0)
	if err != nil && (!errors.Is(err, io.EOF) || reply == "") {
		return "", fmt.Errorf("clamd: read its answer: %w", err)
	}
	return strings.TrimSpace(strings.TrimSuffix(reply, "\x00")), nil
}
