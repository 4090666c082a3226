package filing

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"nianbao/filing/attachment"
	"nianbao/internal/event"
	"nianbao/internal/queue"
	"nianbao/internal/scan"
	"nianbao/internal/scan/scantest"
)

// scanWorld is a fileWorld with a scanner and a worker for its jobs.
func scanWorld(t *testing.T) (*world, *scantest.Clamd, func()) {
	t.Helper()
	w := fileWorld(t, 1)
	server := scantest.Start(t)
	scanner, err := scan.NewClamd(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	w.svc.scanner = scanner
	worker := queue.NewWorker(w.db, map[string]queue.Handler{ScanJob: w.svc.HandleScan}, queue.Options{})
	return w, server, func() {
		t.Helper()
		if _, err := worker.Drain(w.ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) scanOf(id uuid.UUID) ScanState {
	w.t.Helper()
	a, err := OwnAttachment(w.ctx, w.db, w.orgs[0].ID, id)
	if err != nil {
		w.t.Fatal(err)
	}
	return a.Scan
}

func TestFilesAreHeldUntilScanned(t *testing.T) {
	w, server, drain := scanWorld(t)
	org := w.orgs[0]
	server.SetDown(true)
	a := w.mustPut(org, attachment.Declaration, 1, testPicture(1, 0))
	drain()
	if got := w.scanOf(a.ID); got != ScanHeld {
		t.Fatalf("before a scanner is there: %s", got)
	}
	if _, err := w.svc.OpenAttachment(w.ctx, a); !errors.Is(err, ErrAttachmentHeld) {
		t.Errorf("opened while held: %v", err)
	}
	_, err := w.submit(org, "1")
	refused, _ := errors.AsType[*CheckError](err)
	if refused == nil || fmt.Sprint(codes(refused.Findings)) != "[ATT-HELD]" {
		t.Errorf("submitted while held: %v", err)
	}
	if n, err := HeldAttachments(w.ctx, w.db); n != 1 || err != nil {
		t.Errorf("%d held, %v", n, err)
	}
	server.SetDown(false)
	w.clock.Set(noon("2019-01-15")) // the queue tries again
	drain()
	if got := w.scanOf(a.ID); got != ScanClean {
		t.Fatalf("after the scan: %s", got)
	}
	w.mustSubmit(org, "1")
	if got := w.events(); got[event.AttachmentClearedKind] != 1 || got[event.AttachmentInfectedKind] != 0 {
		t.Errorf("events: %v", got)
	}
}

func TestInfectedFileIsRemoved(t *testing.T) {
	w, _, drain := scanWorld(t)
	org := w.orgs[0]
	bad := append(testPicture(1, 0), scantest.Signature...)
	a := w.mustPut(org, attachment.Declaration, 1, bad)
	drain()
	if got := w.scanOf(a.ID); got != ScanInfected || len(w.blobKeys()) != 0 {
		t.Errorf("scan %s, in the store %v", got, w.blobKeys())
	}
	now, err := OwnAttachment(w.ctx, w.db, org.ID, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.svc.OpenAttachment(w.ctx, now); !errors.Is(err, ErrAttachmentInfected) {
		t.Errorf("opened: %v", err)
	}
	_, err = w.submit(org, "1")
	refused, _ := errors.AsType[*CheckError](err)
	if refused == nil || fmt.Sprint(codes(refused.Findings)) != "[ATT-INFECTED]" {
		t.Errorf("submitted with an infected file: %v", err)
	}
	if got := w.events(); got[event.AttachmentInfectedKind] != 1 {
		t.Errorf("events: %v", got)
	}
	// The same content again is looked at again; a clean one takes its place.
	again := w.mustPut(org, attachment.Declaration, 1, bad)
	if again.ID == a.ID || again.Scan != ScanHeld {
		t.Errorf("the same again: %+v", again)
	}
	w.mustPut(org, attachment.Declaration, 1, testPicture(2, 0))
	drain()
	w.mustSubmit(org, "1")
}

// A run that was cut off between the verdict and the removal is finished by the next.
func TestInfectedContentIsRemovedInTheEnd(t *testing.T) {
	w, _, _ := scanWorld(t)
	a := w.mustPut(w.orgs[0], attachment.Declaration, 1, append(testPicture(1, 0), scantest.Signature...))
	if err := w.svc.recordScan(w.ctx, a, scantest.Virus); err != nil {
		t.Fatal(err)
	}
	job := queue.Job{Payload: fmt.Appendf(nil, `{"attachment_id":"%s"}`, a.ID)}
	for range 2 {
		if err := w.svc.HandleScan(w.ctx, job); err != nil {
			t.Fatal(err)
		}
	}
	if keys := w.blobKeys(); len(keys) != 0 || w.events()[event.AttachmentInfectedKind] != 1 {
		t.Errorf("in the store %v, events %v", keys, w.events())
	}
}

func TestFileBeyondTheScannersLimitWaitsForAPerson(t *testing.T) {
	w, server, drain := scanWorld(t)
	server.SetStreamMaxLength(50)
	a := w.mustPut(w.orgs[0], attachment.Declaration, 1, testPicture(1, 0))
	drain()
	held, err := queue.List(w.ctx, w.db, queue.Held, 10)
	if err != nil || len(held) != 1 || !strings.Contains(held[0].LastError, "StreamMaxLength") || w.scanOf(a.ID) != ScanHeld {
		t.Errorf("held jobs %+v, %v, scan %s", held, err, w.scanOf(a.ID))
	}
}
