package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/account"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
)

// gateway is an SMS gateway in the test's own process.
type gateway struct {
	*httptest.Server
	mu     sync.Mutex
	got    []string // "key user:password to text"
	status int
	says   string
}

func startGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{status: http.StatusOK}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		var in struct{ To, Text string }
		raw, err := io.ReadAll(r.Body)
		if err != nil || json.Unmarshal(raw, &in) != nil || r.Method != http.MethodPost || r.URL.Path != "/send" ||
			!strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			t.Errorf("%s %s: %s %v", r.Method, r.URL, raw, err)
		}
		user, password, _ := r.BasicAuth()
		g.got = append(g.got, fmt.Sprintf("%s %s:%s %s %s", r.Header.Get("Idempotency-Key"), user, password, in.To, in.Text))
		if g.status/100 == 3 {
			w.Header().Set("Location", "/elsewhere")
		}
		w.WriteHeader(g.status)
		_, _ = io.WriteString(w, g.says)
	}))
	t.Cleanup(g.Close)
	return g
}

// url is the gateway's address with credentials.
func (g *gateway) url() string {
	return strings.Replace(g.URL, "http://", "http://sender:s%40fe@", 1) + "/send"
}

func TestSMSSettings(t *testing.T) {
	for _, tc := range []struct {
		url      string
		loopback bool
		says     string // "": taken
	}{
		{"https://u:p@sms.example/send", false, ""},
		{"https://sms.example", false, ""},
		{"http://127.0.0.1:8081/", false, ""},
		{"http://localhost/x", true, ""},
		{"https://[::1]:8443/", true, ""},
		{"http://sms.example/", false, "https"},
		{"https://u:p@sms.example/", true, "loopback"},
		{"ftp://127.0.0.1/", false, "https://user"},
		{"sms.example", false, "https://user"},
		{"", false, "https://user"},
		{"https://u:secret@/", false, "https://user"},
	} {
		_, err := NewSMS(SMSConfig{URL: tc.url, LoopbackOnly: tc.loopback})
		if (err == nil) != (tc.says == "") || err != nil && !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%q, loopback only %v: %v, want %q", tc.url, tc.loopback, err, tc.says)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

func TestSMSAnswers(t *testing.T) {
	g := startGateway(t)
	s, err := NewSMS(SMSConfig{URL: g.url(), LoopbackOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for status, want := range map[int]string{200: "", 202: "", 204: "", 302: "again", 400: "permanent", 401: "again", 403: "again",
		404: "again", 408: "again", 422: "permanent", 429: "again", 500: "again", 503: "again"} {
		g.status, g.says = status, "原因"
		if status == http.StatusNoContent {
			g.says = ""
		}
		err := s.SendText(t.Context(), Text{ID: "1", To: "13800138000", Body: "你好"})
		got := ""
		if _, permanent := errors.AsType[*PermanentError](err); permanent {
			got = "permanent"
		} else if err != nil {
			got = "again"
		}
		if got != want || err != nil && !strings.Contains(err.Error(), "原因") {
			t.Errorf("status %d: %v, want %q", status, err, want)
		}
	}
	if g.got[0] != "1 sender:s@fe 13800138000 你好" || len(g.got) != 13 {
		t.Errorf("%d calls, the first %q; want no redirect followed", len(g.got), g.got[0])
	}
	g.Close()
	if err := s.SendText(t.Context(), Text{}); err == nil {
		t.Error("a gateway that is gone takes a message")
	}
}

// activation posts the letter with a code, as account does.
func (w *world) activation(sms bool) (organisation uuid.UUID) {
	w.t.Helper()
	organisation, _ = w.organisation("甲")
	l := account.Letter{Kind: account.LetterActivation, Key: "1", To: "contact@org.example", SMS: sms, AuthorityCode: "440100", Authority: "试验市民政局",
		OrganisationID: event.Ref(organisation), Body: "甲", Secret: "123456", ExpiresAt: w.clock.Now().Add(15 * time.Minute)}
	if sms {
		l.To = "13800138000"
	}
	w.letter(l)
	return organisation
}

func (w *world) letter(l account.Letter) {
	w.t.Helper()
	if err := postgres.InTx(w.t.Context(), w.db, func(tx *postgres.Tx) error { return w.s.PostLetter(tx.Context(), tx, l) }); err != nil {
		w.t.Fatal(err)
	}
}

func TestTextMessageIsSentOnceAndRecorded(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	g := startGateway(t)
	gate, err := NewSMS(SMSConfig{URL: g.url()})
	if err != nil {
		t.Fatal(err)
	}
	w.activation(true)
	w.work(w.s) // a node without a gateway
	list, err := Outbox(t.Context(), w.db, "440100", Page{Limit: 5})
	if err != nil || len(list) != 1 || list[0].State != "queued" || list[0].Channel != ChannelSMS || list[0].Kind != KindActivation ||
		strings.Contains(list[0].Body, "123456") || !strings.Contains(list[0].Revealed(), "123456") {
		t.Fatalf("outbox %+v, %v", list, err)
	}
	w.s.texts = gate
	texts := func() {
		t.Helper()
		handlers := map[string]queue.Handler{SMSJobKind: w.s.Handle}
		if _, err := queue.NewWorker(w.db, handlers, queue.Options{}).Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	g.status = http.StatusServiceUnavailable
	texts()
	g.status = http.StatusOK
	w.clock.Advance(time.Minute)
	texts()
	texts()
	id := list[0].ID
	want := id.String() + " sender:s@fe 13800138000 验证码 123456，用于启用甲的年度报告账户，15 分钟内有效。请勿告诉他人。"
	if diff := cmp.Diff([]string{want, want}, g.got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	var d Delivery
	if err := w.db.Get(&d, `SELECT `+deliveryColumns+` FROM delivery WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	if d.State != "sent" || d.Attempts != 2 || d.Secret != "" || d.SentAt == nil {
		t.Errorf("delivery %+v", d)
	}
	results := w.results(id)
	if len(results) != 2 || !strings.Contains(results[0], "503") || results[1] != "sent" {
		t.Errorf("results %q", results)
	}
	var data string
	if err := w.db.Get(&data, `SELECT data FROM event WHERE kind = 'delivery.sent'`); err != nil || !strings.Contains(data, `"sms"`) {
		t.Errorf("event %s, %v", data, err)
	}
}

func TestRefusedTextMessageFailsAndCanBeSentAgain(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	g := startGateway(t)
	gate, err := NewSMS(SMSConfig{URL: g.url()})
	if err != nil {
		t.Fatal(err)
	}
	w.s.texts = gate
	w.activation(true)
	texts := func() {
		t.Helper()
		if _, err := queue.NewWorker(w.db, map[string]queue.Handler{SMSJobKind: w.s.Handle}, queue.Options{}).Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	g.status = http.StatusUnprocessableEntity
	texts()
	failed, err := FailedOf(t.Context(), w.db, "440100", Page{Limit: 5})
	if err != nil || len(failed) != 1 {
		t.Fatalf("failed %+v, %v", failed, err)
	}
	g.status = http.StatusOK
	if err := Retry(t.Context(), w.db, "440100", failed[0].ID); err != nil {
		t.Fatal(err)
	}
	texts()
	if len(g.got) != 2 || !strings.Contains(g.got[1], "123456") {
		t.Errorf("sent %q", g.got)
	}
}

func TestWithoutGatewayTextMessagesAreHeldAndResumed(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	w.activation(true)
	none := w.service(nil)
	if _, err := queue.NewWorker(w.db, map[string]queue.Handler{SMSJobKind: none.Handle}, queue.Options{}).Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, err := none.Resume(t.Context()); n != 0 || err != nil {
		t.Errorf("resumed %d without means, %v", n, err)
	}
	g := startGateway(t)
	gate, err := NewSMS(SMSConfig{URL: g.url()})
	if err != nil {
		t.Fatal(err)
	}
	none.texts = gate
	if n, err := none.Resume(t.Context()); n != 1 || err != nil {
		t.Errorf("resumed %d, %v; want 1", n, err)
	}
}
