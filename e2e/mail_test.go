package e2e

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"regexp"
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
	codes map[string]string         // the last one-time code by address
	total int
}

var sixDigits = regexp.MustCompile(`验证码：(\d{6})`)

// startMail starts a mail server on a free port.
func startMail(t testing.TB) *mailServer {
	t.Helper()
	m := &mailServer{count: map[string]map[string]int{}, codes: map[string]string{}}
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

// code waits for the one-time code that an address is sent.
func (m *mailServer) code(t testing.TB, address string) (code string) {
	t.Helper()
	err := eventually(startPatience, func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		if code = m.codes[strings.ToLower(address)]; code == "" {
			return fmt.Errorf("no mail with a code for %s", address)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return code
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
	body := message.Body
	if message.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	code := sixDigits.FindSubmatch(text)
	kind := message.Header.Get("Nianbao-Kind")
	m := s.server
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, to := range s.to {
		if m.count[to] == nil {
			m.count[to] = map[string]int{}
		}
		m.count[to][kind]++
		if code != nil {
			m.codes[to] = string(code[1])
		}
		m.total++
	}
	return nil
}

func (s *mailSession) Reset() { s.to = nil }

func (s *mailSession) Logout() error { return nil }
