// Package scantest is a clamd for tests: it speaks the protocol of the real one
// over a socket of this machine, and finds "virus" in what holds Signature.
package scantest

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// Signature is what the test's clamd takes for a virus, under the name Virus.
const (
	Signature = "nianbao-test-virus-7c1e"
	Virus     = "Nianbao.Test"
)

// Clamd is a running one.
type Clamd struct {
	// URL is its address for --clamd.
	URL string

	mu      sync.Mutex
	largest int64
	down    bool
	streams int
}

// Start runs one on a free port until the test ends.
func Start(t testing.TB) *Clamd {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &Clamd{URL: "tcp://" + listener.Addr().String(), largest: 25 << 20}
	var serving sync.WaitGroup
	serving.Add(1)
	go func() {
		defer serving.Done()
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go c.serve(conn)
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	return c
}

// SetDown makes it close every connection without an answer.
func (c *Clamd) SetDown(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
}

// SetStreamMaxLength bounds a file, as the setting of that name does.
func (c *Clamd) SetStreamMaxLength(n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.largest = n
}

// Streams is how many files it was sent whole.
func (c *Clamd) Streams() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.streams
}

func (c *Clamd) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	c.mu.Lock()
	down, largest := c.down, c.largest
	c.mu.Unlock()
	if down {
		return
	}
	r := bufio.NewReader(conn)
	command, err := r.ReadString(0)
	if err != nil {
		return
	}
	switch strings.TrimSuffix(command, "\x00") {
	case "zVERSION":
		_, _ = io.WriteString(conn, "ClamAV 1.0.0-test/1/Thu Jan  1 00:00:00 2026\x00")
	case "zINSTREAM":
		_, _ = io.WriteString(conn, c.scan(r, largest)+"\x00")
	default:
		_, _ = io.WriteString(conn, "UNKNOWN COMMAND\x00")
	}
}

func (c *Clamd) scan(r io.Reader, largest int64) string {
	var file bytes.Buffer
	for {
		var length uint32
		if err := binary.Read(r, binary.BigEndian, &length); err != nil {
			return "INSTREAM: Can't read file ERROR"
		}
		if length == 0 {
			break
		}
		if _, err := io.CopyN(&file, r, int64(length)); err != nil {
			return "INSTREAM: Can't read file ERROR"
		}
	}
	if int64(file.Len()) > largest { // the real one hangs up earlier; here the answer must arrive for certain
		return "INSTREAM size limit exceeded. ERROR"
	}
	c.mu.Lock()
	c.streams++
	c.mu.Unlock()
	if bytes.Contains(file.Bytes(), []byte(Signature)) {
		return "stream: " + Virus + " FOUND"
	}
	return "stream: OK"
}
