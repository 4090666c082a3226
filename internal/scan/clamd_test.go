package scan_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"nianbao/internal/scan"
	"nianbao/internal/scan/scantest"
)

func client(t *testing.T, url string) *scan.Clamd {
	t.Helper()
	c, err := scan.NewClamd(url)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestScan(t *testing.T) {
	server := scantest.Start(t)
	c := client(t, server.URL)
	for name, tc := range map[string]struct {
		file  string
		virus string
	}{
		"clean":              {strings.Repeat("年报", 100_000), ""},
		"empty":              {"", ""},
		"one chunk exactly":  {strings.Repeat("x", 64<<10), ""},
		"infected":           {"x" + scantest.Signature, scantest.Virus},
		"across two chunks":  {strings.Repeat("x", 64<<10-5) + scantest.Signature, scantest.Virus},
		"at the end of many": {strings.Repeat("x", 3<<20) + scantest.Signature, scantest.Virus},
	} {
		virus, err := c.Scan(t.Context(), strings.NewReader(tc.file))
		if err != nil || virus != tc.virus {
			t.Errorf("%s: %q, %v", name, virus, err)
		}
	}
	if version, err := c.Version(t.Context()); err != nil || !strings.HasPrefix(version, "ClamAV") {
		t.Errorf("version %q, %v", version, err)
	}
}

func TestScanIsNeverCleanByMistake(t *testing.T) {
	server := scantest.Start(t)
	c := client(t, server.URL)
	server.SetStreamMaxLength(1000)
	if _, err := c.Scan(t.Context(), bytes.NewReader(make([]byte, 2<<20))); !errors.Is(err, scan.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
	server.SetDown(true)
	if virus, err := c.Scan(t.Context(), strings.NewReader("x")); err == nil {
		t.Errorf("a scanner that hangs up: %q", virus)
	}
	server.SetDown(false)
	if _, err := c.Scan(t.Context(), iotest.ErrReader(io.ErrClosedPipe)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("a file that cannot be read: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Scan(ctx, strings.NewReader("x")); err == nil {
		t.Error("a call that was given up")
	}
	if _, err := client(t, "tcp://127.0.0.1:1").Scan(t.Context(), strings.NewReader("x")); err == nil {
		t.Error("nobody listens")
	}
}

// Whatever else is behind the address, its answer is not taken for a verdict.
func TestAnswersOfAnotherServer(t *testing.T) {
	for _, said := range []string{"", "stream: \x00", "stream: OK2\x00", "OK FOUND TOO\x00", " FOUND\x00", "stream:  ERROR\x00", "HTTP/1.1 400 Bad Request\r\n", strings.Repeat("x", 10_000)} {
		address := filepath.Join(t.TempDir(), "s")
		listener, err := net.Listen("unix", address)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_, _ = io.CopyN(io.Discard, conn, int64(len("zINSTREAM\x00")+4+1+4))
				_, _ = io.WriteString(conn, said)
				_ = conn.Close()
			}
		}()
		c := client(t, "unix://"+address)
		if virus, err := c.Scan(t.Context(), strings.NewReader("x")); err == nil {
			t.Errorf("%q was taken as a verdict: %q", said, virus)
		}
		_ = listener.Close()
	}
}

func TestAddresses(t *testing.T) {
	for _, good := range []string{"tcp://127.0.0.1:3310", "tcp://[::1]:3310", "tcp://clamd.example:3310", "unix:///run/clamav/clamd.ctl"} {
		if _, err := scan.NewClamd(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{"", "127.0.0.1:3310", "tcp://clamd", "tcp://:3310", "unix://relative/path", "unix://", "http://x:1", "tcp://a:1/path", "tcp://u:p@a:1"} {
		if _, err := scan.NewClamd(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}
