package notify

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"mime"
	"net"
	netmail "net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"nianbao/internal/workday"
)

// mailServer is a real SMTP server in this process.
type mailServer struct {
	mu       sync.Mutex
	received []*netmail.Message
	bodies   []string
	secure   []bool // came over TLS
	users    []string
	refuse   func(to string) *smtp.SMTPError
	addr     string
	stop     func()
}

type mailSession struct {
	server *mailServer
	conn   *smtp.Conn
	user   string
}

func (s *mailServer) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &mailSession{server: s, conn: c}, nil
}

func (s *mailSession) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *mailSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if password != "p@ss" {
			return errors.New("wrong password")
		}
		s.user = user
		return nil
	}), nil
}

func (s *mailSession) Mail(string, *smtp.MailOptions) error { return nil }

func (s *mailSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.server.refuse != nil {
		if err := s.server.refuse(to); err != nil {
			return err
		}
	}
	return nil
}

func (s *mailSession) Data(r io.Reader) error {
	m, err := netmail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return err
	}
	_, secure := s.conn.TLSConnectionState()
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.received = append(s.server.received, m)
	s.server.bodies = append(s.server.bodies, string(body))
	s.server.secure = append(s.server.secure, secure)
	s.server.users = append(s.server.users, s.user)
	return nil
}

func (s *mailSession) Reset()        {}
func (s *mailSession) Logout() error { return nil }

func (s *mailServer) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.received)
}

// startMail starts a server on a free port; config nil: it offers no TLS; implicit: it speaks TLS from the start.
func startMail(t testing.TB, config *tls.Config, implicit bool) *mailServer {
	t.Helper()
	ms := &mailServer{}
	server := smtp.NewServer(ms)
	server.Domain, server.AllowInsecureAuth = "localhost", true
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ms.addr = listener.Addr().String()
	if implicit {
		listener = tls.NewListener(listener, config)
	} else {
		server.TLSConfig = config
	}
	go func() { _ = server.Serve(listener) }()
	ms.stop = sync.OnceFunc(func() { _ = server.Close() })
	t.Cleanup(ms.stop)
	return ms
}

// certificate makes a server's certificate and the client's trust in it.
func certificate(t testing.TB) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.ParseIP("127.0.0.1")}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, &tls.Config{RootCAs: pool}
}

func sendTo(t testing.TB, c SMTPConfig, m Mail) error {
	t.Helper()
	c.From = "年报系统 <nianbao@mzj.example>"
	s, err := NewSMTP(c)
	if err != nil {
		t.Fatal(err)
	}
	return s.Send(t.Context(), m)
}

var sample = Mail{ID: "0190a000-0000-7000-8000-000000000001", Kind: "receipt", To: "甲方 <a@org.example>",
	Subject: "2018年度报告已收到，回执编号 𬭎1", Body: "试验协会：\n\n年度报告已收到。\n", Date: time.Date(2019, 3, 24, 8, 0, 0, 0, workday.Shanghai)}

func TestMailAsItArrives(t *testing.T) {
	ms := startMail(t, nil, false)
	m := sample
	m.Files = []File{{Name: "结论书.pdf", PDF: []byte("%PDF-1.7 …")}}
	if err := sendTo(t, SMTPConfig{URL: "smtp://" + ms.addr, LoopbackOnly: true}, m); err != nil {
		t.Fatal(err)
	}
	got := ms.received[0].Header
	for header, want := range map[string]string{
		"Nianbao-Kind": "receipt", "Message-Id": "<0190a000-0000-7000-8000-000000000001@mzj.example>",
		"Auto-Submitted": "auto-generated", "Date": "Sun, 24 Mar 2019 08:00:00 +0800",
	} {
		if got.Get(header) != want {
			t.Errorf("%s: %q, want %q", header, got.Get(header), want)
		}
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Get("Subject"))
	if err != nil || subject != sample.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	if kind := got.Get("Content-Type"); !strings.HasPrefix(kind, "multipart/mixed") {
		t.Errorf("content type %q", kind)
	}
	if !strings.Contains(ms.bodies[0], "application/pdf") || !strings.Contains(ms.bodies[0], "text/plain; charset=UTF-8") {
		t.Errorf("body %s", ms.bodies[0])
	}
}

func TestTransportSecurity(t *testing.T) {
	serverTLS, trust := certificate(t)
	_, stranger := certificate(t)
	tests := map[string]struct {
		offered, implicit bool
		url               string
		trust             *tls.Config
		secure            bool
		user              string
		fails             bool
	}{
		"STARTTLS where offered":       {offered: true, url: "smtp://", trust: trust, secure: true},
		"plain on loopback":            {url: "smtp://"},
		"TLS from the start":           {offered: true, implicit: true, url: "smtps://", trust: trust, secure: true},
		"sign-in over STARTTLS":        {offered: true, url: "smtp://u:p%40ss@", trust: trust, secure: true, user: "u"},
		"sign-in refused":              {offered: true, url: "smtp://u:wrong@", trust: trust, fails: true},
		"STARTTLS with a false server": {offered: true, url: "smtp://", trust: stranger, fails: true},
		"smtps to a plain server":      {url: "smtps://", trust: trust, fails: true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var config *tls.Config
			if tt.offered {
				config = serverTLS
			}
			ms := startMail(t, config, tt.implicit)
			err := sendTo(t, SMTPConfig{URL: tt.url + ms.addr, TLS: tt.trust}, sample)
			if (err != nil) != tt.fails {
				t.Fatalf("error %v", err)
			}
			if tt.fails {
				if _, permanent := errors.AsType[*PermanentError](err); permanent {
					t.Errorf("a fault of the connection ended the mail: %v", err)
				}
				return
			}
			if ms.secure[0] != tt.secure || ms.users[0] != tt.user {
				t.Errorf("secure %v, user %q", ms.secure[0], ms.users[0])
			}
		})
	}
}

func TestSMTPSettings(t *testing.T) {
	tests := map[string]struct {
		config SMTPConfig
		ok     bool
	}{
		"plain":                      {SMTPConfig{URL: "smtp://mail.example:25", From: "a@b.example"}, true},
		"tls":                        {SMTPConfig{URL: "smtps://u:p@mail.example", From: "a@b.example"}, true},
		"no scheme":                  {SMTPConfig{URL: "mail.example:25", From: "a@b.example"}, false},
		"other scheme":               {SMTPConfig{URL: "http://mail.example", From: "a@b.example"}, false},
		"no host":                    {SMTPConfig{URL: "smtp://:25", From: "a@b.example"}, false},
		"no sender":                  {SMTPConfig{URL: "smtp://mail.example"}, false},
		"demonstration to the world": {SMTPConfig{URL: "smtp://mail.example", From: "a@b.example", LoopbackOnly: true}, false},
		"demonstration, name that only sounds like it": {SMTPConfig{URL: "smtp://localhost.example", From: "a@b.example", LoopbackOnly: true}, false},
		"demonstration to localhost":                   {SMTPConfig{URL: "smtp://localhost:2525", From: "a@b.example", LoopbackOnly: true}, true},
		"demonstration to ::1":                         {SMTPConfig{URL: "smtp://[::1]:2525", From: "a@b.example", LoopbackOnly: true}, true},
	}
	for name, tt := range tests {
		if _, err := NewSMTP(tt.config); (err == nil) != tt.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestRefusals(t *testing.T) {
	tests := map[string]struct {
		code      int
		to        string
		permanent bool
	}{
		"mailbox unknown":   {550, "a@org.example", true},
		"mailbox busy":      {450, "a@org.example", false},
		"greylisted":        {451, "a@org.example", false},
		"not an address":    {0, "不是地址", true},
		"injected header":   {0, "a@org.example\r\nBcc: b@org.example", true},
		"policy of the day": {421, "a@org.example", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ms := startMail(t, nil, false)
			ms.refuse = func(string) *smtp.SMTPError { return &smtp.SMTPError{Code: tt.code, Message: "no"} }
			m := sample
			m.To = tt.to
			err := sendTo(t, SMTPConfig{URL: "smtp://" + ms.addr}, m)
			if _, permanent := errors.AsType[*PermanentError](err); err == nil || permanent != tt.permanent {
				t.Errorf("permanent = %v: %v", permanent, err)
			}
		})
	}
}
