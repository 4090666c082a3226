package notify

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"nianbao/internal/event"
	"nianbao/internal/queue"
	"nianbao/internal/workday"
)

// receipt makes one mail to send.
func (w *world) receipt() (organisation, delivery uuid.UUID) {
	w.t.Helper()
	organisation, obligation := w.organisation("甲")
	w.happen(w.event(event.SubmissionReceivedKind, organisation, obligation,
		event.SubmissionReceived{ReceiptNo: "R1", ReviewDueOn: workday.NewDate(2019, 4, 9)}))
	if err := w.db.GetContext(w.t.Context(), &delivery, `SELECT id FROM delivery WHERE channel = 'mail'`); err != nil {
		w.t.Fatal(err)
	}
	return organisation, delivery
}

func (w *world) mail() Delivery {
	w.t.Helper()
	var d Delivery
	if err := w.db.GetContext(w.t.Context(), &d, `SELECT `+deliveryColumns+` FROM delivery WHERE channel = 'mail'`); err != nil {
		w.t.Fatal(err)
	}
	return d
}

func (w *world) results(delivery uuid.UUID) []string {
	w.t.Helper()
	list, err := Attempts(w.t.Context(), w.db, delivery)
	if err != nil {
		w.t.Fatal(err)
	}
	out := []string{}
	for _, a := range list {
		out = append(out, a.Result)
	}
	return out
}

func TestMailIsSentOnceAndRecorded(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	_, id := w.receipt()
	w.work(w.s)
	w.work(w.s)
	if len(w.sender.sent) != 1 || w.sender.sent[0].Kind != "receipt" || w.sender.sent[0].ID != id.String() {
		t.Fatalf("sent %+v", w.sender.sent)
	}
	d := w.mail()
	if d.State != "sent" || d.Attempts != 1 || d.SentAt == nil || !d.SentAt.Equal(day(3, 24, 8)) {
		t.Errorf("delivery %+v", d)
	}
	if diff := cmp.Diff([]string{"sent"}, w.results(id)); diff != "" {
		t.Error(diff)
	}
	// The queue's job once more, as after a crash between the record and the job's end.
	if err := w.s.Handle(t.Context(), queue.Job{ID: uuid.New(), Attempt: 2, Payload: []byte(`{"delivery_id":"` + id.String() + `"}`)}); err != nil {
		t.Error(err)
	}
	if len(w.sender.sent) != 1 {
		t.Errorf("sent %d times", len(w.sender.sent))
	}
	var kinds []string
	if err := w.db.SelectContext(t.Context(), &kinds, `SELECT kind FROM event WHERE subject_id = $1`, id); err != nil || len(kinds) != 1 || kinds[0] != "delivery.sent" {
		t.Errorf("events %v, %v", kinds, err)
	}
}

func TestTransientFailureIsTriedAgain(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	_, id := w.receipt()
	w.sender.fail = func(Mail) error { return errors.New("busy") }
	w.work(w.s)
	if d := w.mail(); d.State != "queued" || d.Attempts != 1 || d.LastError != "busy" {
		t.Errorf("delivery %+v", d)
	}
	w.work(w.s) // its time has not come
	w.sender.fail = nil
	w.clock.Advance(time.Minute)
	w.work(w.s)
	if d := w.mail(); d.State != "sent" || d.Attempts != 2 || d.LastError != "" {
		t.Errorf("delivery %+v", d)
	}
	if diff := cmp.Diff([]string{"busy", "sent"}, w.results(id)); diff != "" {
		t.Error(diff)
	}
}

func TestEndlessFailureEnds(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	w.receipt()
	w.sender.fail = func(Mail) error { return errors.New("busy") }
	for range maxAttempts + 5 {
		w.work(w.s)
		w.clock.Advance(time.Hour)
	}
	if d := w.mail(); d.State != "failed" || d.Attempts != maxAttempts {
		t.Errorf("delivery %+v", d)
	}
}

func TestRefusedMailFailsAndShows(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	ms := startMail(t, nil, false)
	ms.refuse = func(string) *smtp.SMTPError { return &smtp.SMTPError{Code: 550, Message: "no such user"} }
	sender, err := NewSMTP(SMTPConfig{URL: "smtp://" + ms.addr, From: "a@b.example"})
	if err != nil {
		t.Fatal(err)
	}
	organisation, id := w.receipt()
	w.exec(`UPDATE delivery SET recipient = 'a@org.example' WHERE channel = 'mail'`)
	w.work(w.service(sender))
	failed, err := FailedOf(t.Context(), w.db, "440100", Page{Limit: 10})
	if err != nil || len(failed) != 1 || failed[0].ID != id || !strings.Contains(failed[0].LastError, "no such user") {
		t.Fatalf("failed %+v, %v", failed, err)
	}
	if n, err := Unreachable(t.Context(), w.db, organisation, day(3, 1, 0)); err != nil || n != 1 {
		t.Errorf("unreachable %d, %v", n, err)
	}
	var public bool
	if err := w.db.GetContext(t.Context(), &public, `SELECT public FROM event WHERE kind = 'delivery.failed' AND subject_id = $1`, id); err != nil || public {
		t.Errorf("event public %v, %v", public, err)
	}
	ms.refuse = nil
	if err := Retry(t.Context(), w.db, "440106", id); !errors.Is(err, ErrNotFound) {
		t.Errorf("another authority's: %v", err)
	}
	if err := Retry(t.Context(), w.db, "440100", id); err != nil {
		t.Fatal(err)
	}
	w.work(w.service(sender))
	if d := w.mail(); d.State != "sent" || ms.count() != 1 {
		t.Errorf("delivery %+v, received %d", d, ms.count())
	}
}

// TestWithoutMailServer: mails wait where they can be seen, nothing loops, and all go once there is a server.
func TestWithoutMailServer(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	w.receipt()
	w.organisation("乙")
	w.remind()
	none := w.service(nil)
	w.work(none)
	w.clock.Advance(100 * time.Hour)
	if n := w.work(none); n != 0 {
		t.Errorf("the queue looped over %d jobs", n)
	}
	waiting, err := Outbox(t.Context(), w.db, "440100", Page{Limit: 2})
	if err != nil || len(waiting) != 2 || waiting[0].State != "queued" || waiting[0].Attempts != 0 {
		t.Fatalf("outbox %+v, %v", waiting, err)
	}
	last := waiting[1]
	rest, err := Outbox(t.Context(), w.db, "", Page{Before: last.CreatedAt, BeforeID: last.ID, Limit: 2})
	if err != nil || len(rest) != 1 {
		t.Fatalf("the rest %+v, %v", rest, err)
	}
	if n, err := none.Resume(t.Context()); err != nil || n != 0 {
		t.Errorf("resumed %d without a server, %v", n, err)
	}
	if n, err := w.s.Resume(t.Context()); err != nil || n != 3 {
		t.Errorf("resumed %d, %v", n, err)
	}
	w.work(w.s)
	if len(w.sender.sent) != 3 {
		t.Errorf("sent %d", len(w.sender.sent))
	}
}

func TestTwoNodesSendOnce(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	ms := startMail(t, nil, false)
	sender, err := NewSMTP(SMTPConfig{URL: "smtp://" + ms.addr, From: "a@b.example"})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		w.organisation(string(rune('a'+i%26)) + strings.Repeat("x", i/26))
	}
	w.remind()
	var wg sync.WaitGroup
	for range 2 {
		s := w.service(sender)
		wg.Go(func() {
			if _, err := queue.NewWorker(w.db, map[string]queue.Handler{JobKind: s.Handle}, queue.Options{}).Drain(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := ms.count(); n != 40 {
		t.Errorf("%d mails", n)
	}
}

func TestDocumentGoesWithTheMail(t *testing.T) {
	for name, ready := range map[string]bool{"made": true, "never made": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, day(4, 2, 8))
			organisation, obligation := w.organisation("甲")
			e := w.event(event.DocumentIssuedKind, organisation, obligation, event.DocumentIssued{Kind: "conclusion", Number: "1号"})
			w.conclusion(e.SubjectID.UUID, organisation, obligation)
			w.happen(e)
			s := w.service(w.sender)
			s.attach = func(_ context.Context, id uuid.UUID) (string, []byte, error) {
				if id != e.SubjectID.UUID {
					t.Errorf("asked for %s", id)
				}
				if !ready {
					return "", nil, ErrNotReady
				}
				return "审查结论书.pdf", []byte("%PDF"), nil
			}
			for range documentAttempts {
				w.work(s)
				w.clock.Advance(2 * time.Hour)
			}
			if len(w.sender.sent) != 1 || (len(w.sender.sent[0].Files) == 1) != ready {
				t.Errorf("sent %+v", w.sender.sent)
			}
		})
	}
}

func TestInboxAndReading(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	organisation, _ := w.receipt()
	unread := func(want int) {
		t.Helper()
		if n, err := Unread(t.Context(), w.db, organisation); err != nil || n != want {
			t.Errorf("unread %d, want %d, %v", n, want, err)
		}
	}
	unread(1)
	list, err := InboxOf(t.Context(), w.db, organisation, Page{Limit: 10})
	if err != nil || len(list) != 1 {
		t.Fatalf("inbox %+v, %v", list, err)
	}
	if _, err := OpenMessage(t.Context(), w.db, uuid.New(), list[0].ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("another organisation's: %v", err)
	}
	if _, err := OpenDeskMessage(t.Context(), w.db, "440100", uuid.New(), list[0].ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("from the desk: %v", err)
	}
	unread(1)
	d, err := OpenMessage(t.Context(), w.db, organisation, list[0].ID)
	if err != nil || d.State != "read" || !d.ReadAt.Equal(day(3, 24, 8)) {
		t.Errorf("opened %+v, %v", d, err)
	}
	w.clock.Advance(time.Hour)
	if d, err = OpenMessage(t.Context(), w.db, organisation, list[0].ID); err != nil || !d.ReadAt.Equal(day(3, 24, 8)) {
		t.Errorf("the first reading counts: %+v, %v", d, err)
	}
	unread(0)
}

func TestNewRefusesAPublicURLThatIsNone(t *testing.T) {
	for _, u := range []string{"", "nianbao.example", "ftp://nianbao.example", "https://"} {
		if _, err := New(Config{PublicURL: u}); err == nil {
			t.Errorf("%q was taken", u)
		}
	}
}

// TestHoldUnsendable: a serving program without a mail server tries nothing; what it enqueued goes once there is one.
func TestHoldUnsendable(t *testing.T) {
	w := newWorld(t, day(3, 24, 8))
	w.organisation("甲")
	none := w.service(nil)
	none.HoldUnsendable()
	if _, err := none.Remind(t.Context(), w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	depth, err := queue.Depth(t.Context(), w.db)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]map[queue.State]int{JobKind: {queue.Held: 1}}, depth); diff != "" {
		t.Errorf("jobs (-want +got):\n%s", diff)
	}
	held, err := queue.List(t.Context(), w.db, queue.Held, 10)
	if err != nil || len(held) != 1 || !strings.Contains(held[0].LastError, "--smtp") {
		t.Errorf("held %+v, %v", held, err)
	}
	w.s.HoldUnsendable() // has a mail server: nothing of it waits
	if n, err := w.s.Resume(t.Context()); err != nil || n != 1 {
		t.Errorf("resumed %d, %v", n, err)
	}
	w.organisation("乙")
	w.remind()
	w.work(w.s)
	if len(w.sender.sent) != 2 {
		t.Errorf("sent %d, want 2", len(w.sender.sent))
	}
}
