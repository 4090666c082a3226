//go:build bench

package e2e

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// benchClients is how many clients submit at once.
const benchClients = 16

// rawRequest is an HTTP request ready to be written: the client of a load test must cost little beside the server.
func rawRequest(method, path, token, key string, body []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench\r\n", method, path)
	if token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	if key != "" {
		fmt.Fprintf(&b, "Idempotency-Key: %s\r\n", key)
	}
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

// connection is one client's connection to a server.
type connection struct {
	net.Conn
	in *bufio.Reader
}

func dial(url string) (*connection, error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		return nil, err
	}
	return &connection{conn, bufio.NewReaderSize(conn, 64<<10)}, nil
}

// do sends a request and reads the answer.
func (c *connection) do(raw []byte) (status int, body []byte, err error) {
	if _, err := c.Write(raw); err != nil {
		return 0, nil, err
	}
	response, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, nil, err
	}
	body, err = io.ReadAll(response.Body)
	return response.StatusCode, body, errors.Join(err, response.Body.Close())
}

// throughput has 16 clients send what next gives them for warm-up and then for the time measured, and gives the requests
// a second that were answered with 201 within that time. next gives nil when there is nothing left.
func throughput(t *testing.T, url string, measureFor time.Duration, next func() []byte) float64 {
	t.Helper()
	warm := time.Now().Add(measureFor / 8)
	end := warm.Add(measureFor)
	var answered, left atomic.Int64
	var mu sync.Mutex
	var failed error
	var group sync.WaitGroup
	left.Store(1)
	for range benchClients {
		group.Go(func() {
			err := func() error {
				conn, err := dial(url)
				if err != nil {
					return err
				}
				defer conn.Close()
				for time.Now().Before(end) {
					raw := next()
					if raw == nil {
						left.Store(0)
						return nil
					}
					status, body, err := conn.do(raw)
					if err != nil || status != http.StatusCreated {
						return fmt.Errorf("status %d: %w: %.600s", status, err, body)
					}
					if now := time.Now(); now.After(warm) && now.Before(end) {
						answered.Add(1)
					}
				}
				return nil
			}()
			mu.Lock()
			failed = errors.Join(failed, err)
			mu.Unlock()
		})
	}
	group.Wait()
	if failed != nil {
		t.Fatal(failed)
	}
	if left.Load() == 0 {
		t.Fatal("the reports made ready did not last: make more")
	}
	return float64(answered.Load()) / measureFor.Seconds()
}
