package e2e

import (
	"io"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
)

// mailServer is a real SMTP server in this process. It counts the mails by receiver and kind.
type mailServer struct {
	url string

	mu    sync.Mutex
	count map[string]map[string]int // by address, by the header Nianbao-Kind
	total int
}

// startMail starts a mail server on a free port.
func startMail(t testing.TB) *mailServer {
	t.Helper()
	m := &mailServer{count: map[string]map[string]int{}}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m.url = "smtp://" + listener.Addr().String()
	server := smtp.NewServer(m)
	server.Domain = "localhost"
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends with Close below
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
	})
	return m
}

// NewSession begins a connection.
func (m *mailServer) NewSession(*smtp.Conn) (smtp.Session, error) {
	return &mailSession{server: m}, nil
}

// received counts mails so far.
func (m *mailServer) received() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.total
}

// to is how many mails of each kind an address got.
func (m *mailServer) to(address string) map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	counts := map[string]int{}
	for kind, n := range m.count[strings.ToLower(address)] {
		counts[kind] = n
	}
	return counts
}

// addresses is how many different receivers there were.
func (m *mailServer) addresses() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.count)
}

type mailSession struct {
	server *mailServer
	to     []string
}

func (s *mailSession) Mail(string, *smtp.MailOptions) error { return nil }

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = append(s.to, strings.ToLower(to))
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	message, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, message.Body); err != nil {
		return err
	}
	kind := message.Header.Get("Nianbao-Kind")
	m := s.server
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, to := range s.to {
		if m.count[to] == nil {
			m.count[to] = map[string]int{}
		}
		m.count[to][kind]++
		m.total++
	}
	return nil
}

func (s *mailSession) Reset() { s.to = nil }

func (s *mailSession) Logout() error { return nil }
