package filing

import (
	"bytes"
	"context"
	"io"
	"testing"
	"time"

	"gocloud.dev/blob"

	"nianbao/filing/attachment"
)

func TestSweepAttachments(t *testing.T) {
	w := fileWorld(t, 2)
	listed, other := w.orgs[0], w.orgs[1]
	w.mustPut(listed, attachment.Declaration, 1, testPicture(1, 0))
	receipt := w.mustSubmit(listed, "1")
	w.sendBack(receipt.SubmissionID, "2019-02-20")
	first := w.mustPut(listed, attachment.Declaration, 1, testPicture(2, 0)) // the submission lists the one before
	gone := w.mustPut(other, attachment.Declaration, 1, testPicture(3, 0))
	kept := w.mustPut(other, attachment.Declaration, 1, testPicture(4, 0))
	// An upload that was cut off: on record, with what its writer left.
	w.exec(`INSERT INTO attachment_upload (blob_key, started_at) VALUES ('attachments/x/y', $1)`, w.db.Now())
	for _, key := range []string{"attachments/x/y", "attachments/x/y.17c.tmp"} {
		if err := w.svc.blobs.WriteAll(w.ctx, key, []byte("x"), nil); err != nil {
			t.Fatal(err)
		}
	}
	before := len(w.blobKeys())
	if sum, err := w.svc.SweepAttachments(w.ctx, w.db.Now().Add(23*time.Hour)); err != nil || sum != (SweepSummary{}) || len(w.blobKeys()) != before {
		t.Errorf("too early: %s, %v", sum, err)
	}
	sum, err := w.svc.SweepAttachments(w.ctx, w.db.Now().Add(25*time.Hour))
	if err != nil || sum != (SweepSummary{Uploads: 1, Files: 1}) {
		t.Errorf("swept: %s, %v", sum, err)
	}
	if keys := w.blobKeys(); len(keys) != before-3 || w.uploads() != 0 {
		t.Errorf("in the store: %v", keys)
	}
	for _, a := range []Attachment{first, kept} {
		if err := w.opens(a); err != nil {
			t.Errorf("a file in force: %v", err)
		}
	}
	list, err := SubmissionAttachments(w.ctx, w.db, receipt.SubmissionID)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	if err := w.opens(list[0]); err != nil {
		t.Errorf("the submission's file: %v", err)
	}
	if ok, _ := w.svc.blobs.Exists(w.ctx, gone.BlobKey); ok {
		t.Error("the replaced file is still there")
	}
	if sum, err := w.svc.SweepAttachments(w.ctx, w.db.Now().Add(25*time.Hour)); err != nil || sum != (SweepSummary{}) {
		t.Errorf("again: %s, %v", sum, err)
	}
}

// An upload that the sweep overtook is not taken, and its file goes.
func TestUploadOvertakenByTheSweep(t *testing.T) {
	w := fileWorld(t, 1)
	target, rule, err := w.svc.attachmentTarget(w.ctx, w.orgs[0].ID, 2018, attachment.Declaration)
	if err != nil {
		t.Fatal(err)
	}
	file, err := spool(bytes.NewReader(testPicture(1, 0)), attachment.Declaration, rule.MaxBytes)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	w.exec(`CREATE FUNCTION overtake() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.dropped_at := now(); RETURN NEW; END $$`)
	w.exec(`CREATE TRIGGER overtake BEFORE INSERT ON attachment_upload FOR EACH ROW EXECUTE FUNCTION overtake()`)
	_, _, err = w.svc.keep(w.ctx, keeping{target: target, rule: rule, file: file, PutAttachment: PutAttachment{Kind: attachment.Declaration, Actor: filer}})
	wantCode(t, err, 400, "incomplete_body")
	if n := w.uploads() + len(w.blobKeys()) + w.count(`SELECT count(*) FROM attachment`); n != 0 {
		t.Errorf("%d things stayed", n)
	}
}

// A store that fails leaves no row, and what the program was writing is on record.
func TestStoreThatFails(t *testing.T) {
	w := fileWorld(t, 1)
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	_, _, err := w.svc.PutAttachment(ctx, PutAttachment{OrganisationID: w.orgs[0].ID, Year: 2018, Kind: attachment.Declaration, Name: "a.png", Actor: filer,
		Content: io.MultiReader(bytes.NewReader(testPicture(1, 0)), readerFunc(func([]byte) (int, error) { cancel(); return 0, io.EOF }))})
	if err == nil {
		t.Fatal("stored for a caller that is gone")
	}
	if n := len(w.blobKeys()) + w.count(`SELECT count(*) FROM attachment`); n != 0 {
		t.Errorf("%d things stayed", n)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// A file that is not whole in the store is an error, not a shorter file.
func TestDamagedStore(t *testing.T) {
	w := fileWorld(t, 1)
	a := w.mustPut(w.orgs[0], attachment.Declaration, 1, testPicture(1, 0))
	if err := w.svc.blobs.WriteAll(w.ctx, a.BlobKey, []byte("short"), &blob.WriterOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.svc.OpenAttachment(w.ctx, a); err == nil {
		t.Error("opened")
	}
}

// opens tells whether a file can be opened and closed.
func (w *world) opens(a Attachment) error {
	r, err := w.svc.OpenAttachment(w.ctx, a)
	if err != nil {
		return err
	}
	return r.Close()
}
