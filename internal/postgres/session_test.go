package postgres_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/lib/pq"

	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
)

func TestOpenRefusesAPooler(t *testing.T) {
	url := pgtest.Empty(t)
	for name, handle := range map[string]func(client net.Conn, startup []byte){
		"that knows few startup parameters, as pgbouncer": func(client net.Conn, _ []byte) {
			_, _ = client.Write(message('E', "SFATAL\x00C08P01\x00Munsupported startup parameter: lock_timeout\x00\x00"))
		},
		"that drops startup parameters": func(client net.Conn, startup []byte) {
			forward(t, client, url, bytes.Replace(startup, []byte("nianbao.direct"), []byte("nianbao.behind"), 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			addr := listen(t, handle)
			db, err := postgres.Open(t.Context(), "postgres://nianbao@"+addr+"/x?sslmode=disable", time.Now)
			if !errors.Is(err, postgres.ErrPooler) {
				t.Errorf("opened %v, %v", db, err)
			}
		})
	}
}

func TestOpenWaitsForAServerThatStarts(t *testing.T) {
	url := pgtest.Empty(t)
	tries := 0
	addr := listen(t, func(client net.Conn, startup []byte) {
		if tries++; tries < 3 {
			_, _ = client.Write(message('E', "SFATAL\x00C57P03\x00Mthe database system is starting up\x00\x00"))
			return
		}
		forward(t, client, url, startup)
	})
	db, err := postgres.Open(t.Context(), "postgres://nianbao@"+addr+"/x?sslmode=disable", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if tries != 3 {
		t.Errorf("connected at try %d", tries)
	}
}

// listen accepts connections one after another, reads the startup message of each and hands both on.
func listen(t *testing.T, handle func(client net.Conn, startup []byte)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			head := make([]byte, 4)
			if _, err := io.ReadFull(client, head); err == nil {
				startup := make([]byte, binary.BigEndian.Uint32(head)-4)
				if _, err := io.ReadFull(client, startup); err == nil {
					handle(client, append(head, startup...))
				}
			}
			_ = client.Close()
		}
	}()
	return l.Addr().String()
}

// forward plays a client's connection on the test server, beginning with startup.
func forward(t *testing.T, client net.Conn, url string, startup []byte) {
	config, err := pq.NewConfig(url)
	if err != nil {
		t.Error(err)
		return
	}
	network, address := "tcp", net.JoinHostPort(config.Host, strconv.Itoa(int(config.Port)))
	if filepath.IsAbs(config.Host) {
		network, address = "unix", filepath.Join(config.Host, ".s.PGSQL."+strconv.Itoa(int(config.Port)))
	}
	server, err := net.Dial(network, address)
	if err != nil {
		t.Error(err)
		return
	}
	// The proxy's database name "x" stands for the test's own.
	startup = bytes.Replace(startup, []byte("database\x00x\x00"), []byte("database\x00"+config.Database+"\x00"), 1)
	binary.BigEndian.PutUint32(startup, uint32(len(startup)))
	if _, err := server.Write(startup); err != nil {
		t.Error(err)
	}
	go func() { _, _ = io.Copy(server, client); _ = server.Close() }()
	_, _ = io.Copy(client, server)
}

// message is one message of the server's protocol.
func message(kind byte, body string) []byte {
	m := binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(body)+4))
	return append(m, body...)
}

// TestOpenGivesUpOnAServerThatNeverStarts when its caller does.
func TestOpenGivesUpOnAServerThatNeverStarts(t *testing.T) {
	addr := listen(t, func(client net.Conn, _ []byte) {
		_, _ = client.Write(message('E', "SFATAL\x00C57P03\x00Mthe database system is starting up\x00\x00"))
	})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	db, err := postgres.Open(ctx, "postgres://nianbao@"+addr+"/x?sslmode=disable", time.Now)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("opened %v, %v", db, err)
	}
}

// TestOpenFindsTheLivingHost of several, as after a failover.
func TestOpenFindsTheLivingHost(t *testing.T) {
	url := pgtest.Empty(t)
	addr := listen(t, func(client net.Conn, startup []byte) { forward(t, client, url, startup) })
	db, err := postgres.Open(t.Context(), "postgres://nianbao@127.0.0.1:1,"+addr+"/x?sslmode=disable", time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var zone string
	if err := db.GetContext(t.Context(), &zone, `SELECT current_setting('TimeZone')`); err != nil || zone != "Asia/Shanghai" {
		t.Errorf("zone %q, %v", zone, err)
	}
}
