package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Text is one text message to send.
type Text struct {
	ID   string // stable over tries: sent as Idempotency-Key
	To   string // telephone number, digits
	Body string
}

// TextSender sends one text message. An error that trying again cannot mend is a *PermanentError.
type TextSender interface {
	SendText(ctx context.Context, t Text) error
}

// SMSConfig is how to reach a gateway.
type SMSConfig struct {
	URL          string // https://user:password@host/path; http:// on loopback only
	LoopbackOnly bool   // a demonstration: text messages never leave the machine
	Client       *http.Client
}

// SMS sends by one gateway: a POST of {"to": …, "text": …} in JSON, with the URL's user and password as basic
// authentication. Any 2xx answer means that the gateway has taken the message.
type SMS struct {
	address  string
	user     *url.Userinfo
	client   http.Client
	deadline time.Duration
}

// smsTimeout bounds one sending.
const smsTimeout = 20 * time.Second

// NewSMS checks the settings; it does not connect.
func NewSMS(c SMSConfig) (*SMS, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("the SMS gateway must be given as https://user:password@host/path") // the URL holds a password
	}
	loopback := isLoopback(u.Hostname())
	switch {
	case c.LoopbackOnly && !loopback:
		return nil, fmt.Errorf("a demonstration sends text messages to loopback hosts only, not to %s", u.Hostname())
	case u.Scheme == "http" && !loopback:
		return nil, fmt.Errorf("the SMS gateway %s must be reached by https: http is for this machine only", u.Hostname())
	}
	s := &SMS{user: u.User, deadline: smsTimeout}
	u.User = nil
	s.address = u.String()
	if c.Client != nil {
		s.client = *c.Client
	}
	// A gateway that moved must be told by its new address: credentials and numbers follow nobody.
	s.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return s, nil
}

// refusedForGood are the answers about the message itself. All others, also those about the sign-in and the address, are
// for the operator to mend, and the message waits for that.
var refusedForGood = []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity}

// maxAnswer is how much of a refusal is kept, in bytes.
const maxAnswer = 300

// SendText hands t to the gateway.
func (s *SMS) SendText(ctx context.Context, t Text) error {
	body, err := json.Marshal(map[string]string{"to": t.To, "text": t.Body})
	if err != nil {
		return &PermanentError{fmt.Errorf("write the text message: %w", err)}
	}
	ctx, cancel := context.WithTimeout(ctx, s.deadline)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("SMS gateway: %w", err)
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("Idempotency-Key", t.ID)
	if s.user != nil {
		password, _ := s.user.Password()
		req.SetBasicAuth(s.user.Username(), password)
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return fmt.Errorf("SMS gateway: %w", err)
	}
	said, readErr := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err := resp.Body.Close(); readErr == nil {
		readErr = err
	}
	if resp.StatusCode/100 == 2 {
		return nil // taken; what else it says, or how the connection ends, changes nothing
	}
	err = fmt.Errorf("SMS gateway answers %s: %s", resp.Status, bytes.ToValidUTF8(bytes.TrimSpace(said), []byte("?")))
	if slices.Contains(refusedForGood, resp.StatusCode) {
		return &PermanentError{err}
	}
	return errors.Join(err, readErr)
}
