package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
)

// Mail is one mail to send.
type Mail struct {
	ID      string // stable: becomes the left side of the Message-ID
	Kind    string // header Nianbao-Kind
	To      string
	Subject string
	Body    string // plain text
	Date    time.Time
	Files   []File
}

// File goes with a mail.
type File struct {
	Name string
	PDF  []byte
}

// Sender sends one mail. An error that trying again cannot mend is a *PermanentError.
type Sender interface {
	Send(ctx context.Context, m Mail) error
}

// PermanentError is a mail that the server, or its own address, refuses for good.
type PermanentError struct{ Err error }

// Error is the refusal in the server's words.
func (e *PermanentError) Error() string { return e.Err.Error() }

// Unwrap gives the refusal.
func (e *PermanentError) Unwrap() error { return e.Err }

// SMTPConfig is how to reach a mail server.
type SMTPConfig struct {
	URL          string      // smtp:// or smtps://user:password@host:port
	From         string      // such as 年报系统 <nianbao@example.gov.cn>
	LoopbackOnly bool        // a demonstration: mail never leaves the machine
	TLS          *tls.Config // nil: the system's trust
}

// SMTP sends by one mail server.
type SMTP struct {
	host    string
	options []mail.Option
	from    *netmail.Address
	timeout time.Duration
}

// smtpTimeout bounds each step of a sending.
const smtpTimeout = 20 * time.Second

// NewSMTP checks the settings; it does not connect. smtps:// is TLS from the start; smtp:// takes STARTTLS where the
// server offers it, and goes without only to loopback addresses.
func NewSMTP(c SMTPConfig) (*SMTP, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errors.New("the mail server must be given as smtp://user:password@host:port or smtps://…")
	}
	from, err := netmail.ParseAddress(c.From)
	if err != nil {
		return nil, fmt.Errorf("the sender's address %q: %w", c.From, err)
	}
	loopback := isLoopback(u.Hostname())
	if c.LoopbackOnly && !loopback {
		return nil, fmt.Errorf("a demonstration sends mail to loopback hosts only, not to %s", u.Hostname())
	}
	options := []mail.Option{mail.WithTimeout(smtpTimeout), mail.WithHELO("localhost")}
	if at := strings.LastIndexByte(from.Address, '@'); at >= 0 {
		options[1] = mail.WithHELO(from.Address[at+1:])
	}
	config := &tls.Config{}
	if c.TLS != nil {
		config = c.TLS.Clone()
	}
	config.ServerName, config.MinVersion = u.Hostname(), tls.VersionTLS12
	options = append(options, mail.WithTLSConfig(config))
	port := 25
	switch {
	case u.Scheme == "smtps":
		port = 465
		options = append(options, mail.WithSSL())
	case loopback:
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil {
			return nil, fmt.Errorf("the mail server's port %q: %w", p, err)
		}
	}
	options = append(options, mail.WithPort(port))
	if password, ok := u.User.Password(); ok {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(u.User.Username()),
			mail.WithPassword(password))
	}
	if _, err := mail.NewClient(u.Hostname(), options...); err != nil {
		return nil, fmt.Errorf("mail server settings: %w", err)
	}
	return &SMTP{host: u.Hostname(), options: options, from: from, timeout: smtpTimeout}, nil
}

// isLoopback tells localhost and literal loopback addresses; a name that merely resolves to one does not count.
func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Send sends m over a connection of its own.
func (s *SMTP) Send(ctx context.Context, m Mail) error {
	msg, err := s.message(m)
	if err != nil {
		return &PermanentError{err}
	}
	client, err := mail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("mail server settings: %w", err)
	}
	// A server that takes the connection and then says nothing must not hold up the queue.
	ctx, cancel := context.WithTimeout(ctx, 3*s.timeout)
	defer cancel()
	if err := client.DialWithContext(ctx); err != nil {
		// Nothing was said of this mail yet: unreachable, no TLS or a refused sign-in is for the operator to mend.
		return fmt.Errorf("connect to the mail server: %w", err)
	}
	err = client.Send(msg)
	// The mail is taken or refused by now; how the connection ends changes nothing.
	_ = client.Close()
	if err == nil {
		return nil
	}
	if sendErr, ok := errors.AsType[*mail.SendError](err); ok && !sendErr.IsTemp() && sendErr.ErrorCode() >= 500 {
		return &PermanentError{err}
	}
	return fmt.Errorf("send mail: %w", err)
}

// message builds the MIME message; an address that is none is an error.
func (s *SMTP) message(m Mail) (*mail.Msg, error) {
	msg := mail.NewMsg(mail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	if err := msg.To(m.To); err != nil {
		return nil, fmt.Errorf("recipient %q: %w", m.To, err)
	}
	domain := s.from.Address[strings.LastIndexByte(s.from.Address, '@')+1:]
	msg.SetMessageIDWithValue(m.ID + "@" + domain)
	msg.SetDateWithValue(m.Date)
	msg.SetGenHeader("Nianbao-Kind", m.Kind)
	msg.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers
	msg.Subject(m.Subject)
	msg.SetBodyString(mail.TypeTextPlain, m.Body)
	for _, f := range m.Files {
		if err := msg.AttachReader(f.Name, bytes.NewReader(f.PDF), mail.WithFileContentType("application/pdf")); err != nil {
			return nil, fmt.Errorf("attach %s: %w", f.Name, err)
		}
	}
	return msg, nil
}
