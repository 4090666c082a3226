package filing

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"gocloud.dev/blob/memblob"

	"nianbao/filing/attachment"
	"nianbao/filing/check"
	"nianbao/internal/event"
	"nianbao/internal/registry"
)

// filesAsked is a season's line that asks for two kinds.
const filesAsked = "attachments: [{kind: audit_report, max_bytes: 3000, max_files: 2}, {kind: declaration, required: true}]"

// fileWorld is a world whose season asks for files, with a store for them.
func fileWorld(t *testing.T, count int, lines ...string) *world {
	t.Helper()
	w := newWorld(t, "2019-01-14", count)
	w.svc.blobs = memblob.OpenBucket(nil)
	t.Cleanup(func() { _ = w.svc.blobs.Close() })
	if len(lines) == 0 {
		lines = []string{filesAsked}
	}
	w.importSeason(lines...)
	return w
}

// picture is a PNG of its own for every seed, padded to size bytes by a chunk
// that says nothing; 0 for as it comes.
func testPicture(seed uint64, size int) []byte {
	m := image.NewGray(image.Rect(0, 0, 8, 8))
	random := rand.New(rand.NewPCG(seed, seed))
	for i := range m.Pix {
		m.Pix[i] = byte(random.Uint32())
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	data := b.Bytes()
	if size == 0 {
		return data
	}
	const end = 12 // the length of the last chunk
	pad := make([]byte, 12+size-len(data)-12)
	pad[2], pad[3] = byte((len(pad)-12)>>8), byte(len(pad)-12)
	copy(pad[4:], "teSt")
	return append(append(data[:len(data)-end:len(data)-end], pad...), data[len(data)-end:]...)
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (w *world) put(org registry.Organisation, kind attachment.Kind, n int, data []byte) (Attachment, bool, error) {
	return w.svc.PutAttachment(w.ctx, PutAttachment{OrganisationID: org.ID, Year: 2018, Kind: kind, N: n, Name: "扫描件.png",
		Content: bytes.NewReader(data), Actor: filer})
}

func (w *world) mustPut(org registry.Organisation, kind attachment.Kind, n int, data []byte) Attachment {
	w.t.Helper()
	a, _, err := w.put(org, kind, n, data)
	if err != nil {
		w.t.Fatalf("put %s %d: %v", kind, n, err)
	}
	return a
}

// slots are the files in force: kind and slot with the beginning of the hash.
func (w *world) slots(org registry.Organisation) map[string]string {
	w.t.Helper()
	list, err := Attachments(w.ctx, w.db, w.obligation(org).ID)
	if err != nil {
		w.t.Fatal(err)
	}
	out := map[string]string{}
	for _, a := range list {
		out[fmt.Sprintf("%s %d", a.Kind, a.N)] = a.SHA256
	}
	return out
}

// blobKeys are the keys in the store.
func (w *world) blobKeys() []string {
	w.t.Helper()
	var keys []string
	for list := w.svc.blobs.List(nil); ; {
		object, err := list.Next(w.ctx)
		if errors.Is(err, io.EOF) {
			return keys
		}
		if err != nil {
			w.t.Fatal(err)
		}
		keys = append(keys, object.Key)
	}
}

func (w *world) uploads() int { return w.count(`SELECT count(*) FROM attachment_upload`) }

func TestPutAndReplaceAttachments(t *testing.T) {
	w := fileWorld(t, 1)
	org := w.orgs[0]
	one, two, three := testPicture(1, 0), testPicture(2, 0), testPicture(3, 0)

	a, created, err := w.put(org, attachment.AuditReport, 1, one)
	if err != nil || !created {
		t.Fatalf("first: %v, created %v", err, created)
	}
	want := Attachment{ID: a.ID, ObligationID: w.obligation(org).ID, AuthorityCode: authority, OrganisationID: org.ID, ReportYear: 2018,
		Kind: attachment.AuditReport, N: 1, Name: "扫描件.png", MediaType: attachment.TypePNG, Bytes: int64(len(one)), Pages: 1,
		SHA256: sumOf(one), BlobKey: a.BlobKey, Scan: ScanNone, CreatedAt: noon("2019-01-14"), ActorName: filer.Name}
	stored, err := OwnAttachment(w.ctx, w.db, org.ID, a.ID)
	if diff := cmp.Diff(want, stored, cmp.Comparer(func(a, b time.Time) bool { return a.Equal(b) })); err != nil || diff != "" {
		t.Errorf("stored (%v):\n%s", err, diff)
	}
	if again, created, err := w.put(org, attachment.AuditReport, 1, one); err != nil || created || again.ID != a.ID {
		t.Errorf("the same again: %v, created %v, %s", err, created, again.ID)
	}
	if b := w.mustPut(org, attachment.AuditReport, 0, two); b.N != 2 {
		t.Errorf("the next free slot is %d", b.N)
	}
	_, _, err = w.put(org, attachment.AuditReport, 0, three)
	wantCode(t, err, 409, CodeAttachmentsFull)
	if replaced, created, err := w.put(org, attachment.AuditReport, 1, three); err != nil || created || replaced.N != 1 {
		t.Errorf("replace: %v, created %v", err, created)
	}
	if diff := cmp.Diff(map[string]string{"audit_report 1": sumOf(three), "audit_report 2": sumOf(two)}, w.slots(org)); diff != "" {
		t.Errorf("slots:\n%s", diff)
	}
	if n := w.uploads(); n != 0 {
		t.Errorf("%d uploads still on record", n)
	}
	if got := w.events(); got[event.AttachmentAddedKind] != 3 {
		t.Errorf("events: %v", got)
	}
	r, err := w.svc.OpenAttachment(w.ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if data, err := io.ReadAll(r); err != nil || !bytes.Equal(data, one) {
		t.Errorf("content of %d bytes, %v", len(data), err)
	}
}

// Of what is refused nothing stays: no row, no file, no upload on record.
func TestRefusedAttachments(t *testing.T) {
	w := fileWorld(t, 2)
	org := w.orgs[0]
	fine := testPicture(1, 0)
	cut := iotest.ErrReader(io.ErrUnexpectedEOF)
	for name, tc := range map[string]struct {
		change func(*PutAttachment)
		status int
		code   string
	}{
		"another year":       {func(c *PutAttachment) { c.Year = 2011 }, 404, "not_found"},
		"kind not asked for": {func(c *PutAttachment) { c.Kind = attachment.Charter }, 404, "attachment_not_asked"},
		"no kind":            {func(c *PutAttachment) { c.Kind = "../x" }, 404, "attachment_not_asked"},
		"slot beyond":        {func(c *PutAttachment) { c.N = 3 }, 404, "attachment_not_asked"},
		"slot below":         {func(c *PutAttachment) { c.N = -1 }, 404, "attachment_not_asked"},
		"one byte too many":  {func(c *PutAttachment) { c.Content = bytes.NewReader(testPicture(1, 3001)) }, 413, "file_too_large"},
		"endless":            {func(c *PutAttachment) { c.Content = zeroes{} }, 413, "file_too_large"},
		"empty":              {func(c *PutAttachment) { c.Content = strings.NewReader("") }, 422, attachment.CodeEmpty},
		"cut off":            {func(c *PutAttachment) { c.Content = io.MultiReader(bytes.NewReader(fine[:20]), cut) }, 400, "incomplete_body"},
		"a text":             {func(c *PutAttachment) { c.Content = strings.NewReader("审计报告") }, 415, attachment.CodeType},
		"half a picture":     {func(c *PutAttachment) { c.Content = bytes.NewReader(fine[:len(fine)-5]) }, 422, attachment.CodeDamaged},
		"NUL in the name":    {func(c *PutAttachment) { c.Name = "a\x00.png" }, 422, attachment.CodeBadFileName},
	} {
		c := PutAttachment{OrganisationID: org.ID, Year: 2018, Kind: attachment.AuditReport, N: 1, Name: "a.png", Content: bytes.NewReader(fine), Actor: filer}
		tc.change(&c)
		t.Run(name, func(t *testing.T) {
			_, _, err := w.svc.PutAttachment(w.ctx, c)
			wantCode(t, err, tc.status, tc.code)
		})
	}
	if n := w.uploads() + w.count(`SELECT count(*) FROM attachment`) + len(w.blobKeys()); n != 0 {
		t.Errorf("%d things stayed", n)
	}
	if a := w.mustPut(org, attachment.AuditReport, 1, testPicture(1, 3000)); a.Bytes != 3000 {
		t.Errorf("at the limit exactly: %d bytes", a.Bytes)
	}
	other, err := OwnAttachment(w.ctx, w.db, w.orgs[1].ID, w.mustPut(org, attachment.AuditReport, 2, fine).ID)
	if !errors.Is(err, ErrNoAttachment) {
		t.Errorf("another's file: %v, %v", other.ID, err)
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestSeenSlot(t *testing.T) {
	w := fileWorld(t, 1)
	org := w.orgs[0]
	one, two := testPicture(1, 0), testPicture(2, 0)
	put := func(data []byte, seen string) error {
		_, _, err := w.svc.PutAttachment(w.ctx, PutAttachment{OrganisationID: org.ID, Year: 2018, Kind: attachment.Declaration, N: 1, Name: "a.png",
			Content: bytes.NewReader(data), Seen: &seen, Actor: filer})
		return err
	}
	wantCode(t, put(one, AnyFile), 412, "stale")
	wantCode(t, put(one, sumOf(one)), 412, "stale")
	if err := put(one, ""); err != nil {
		t.Errorf("into an empty slot: %v", err)
	}
	wantCode(t, put(two, ""), 412, "stale")
	wantCode(t, put(two, sumOf(two)), 412, "stale")
	if err := put(two, sumOf(one)); err != nil {
		t.Errorf("over the one seen: %v", err)
	}
	if err := put(one, AnyFile); err != nil {
		t.Errorf("over any: %v", err)
	}
	if got := w.slots(org); got["declaration 1"] != sumOf(one) || len(got) != 1 {
		t.Errorf("slots: %v", got)
	}
}

// Several at once into the same slot: each is taken in its turn, the last one
// stands, and nothing is left of the others but what the sweep will find.
func TestPutsAtOnceIntoTheSameSlot(t *testing.T) {
	w := fileWorld(t, 1)
	org := w.orgs[0]
	var wait sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wait.Go(func() { _, _, errs[i] = w.put(org, attachment.AuditReport, 1, testPicture(uint64(i), 0)) })
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got := w.slots(org); len(got) != 1 {
		t.Errorf("slots: %v", got)
	}
	if n := w.count(`SELECT count(*) FROM attachment WHERE ended_how = 'replaced'`); n != len(errs)-1 || w.uploads() != 0 {
		t.Errorf("%d replaced, %d uploads on record", n, w.uploads())
	}
	// With what was seen, one wins; into free slots, each finds its own until they are full.
	empty := ""
	for i := range errs {
		wait.Go(func() {
			_, _, errs[i] = w.svc.PutAttachment(w.ctx, PutAttachment{OrganisationID: org.ID, Year: 2018, Kind: attachment.Declaration, N: 1, Name: "a.png",
				Content: bytes.NewReader(testPicture(uint64(i), 0)), Seen: &empty, Actor: filer})
		})
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		wantCode(t, err, 412, "stale")
	}
	if won != 1 {
		t.Errorf("%d won", won)
	}
	if keys := w.blobKeys(); len(keys) != len(errs)+1 {
		t.Errorf("%d files in the store", len(keys))
	}
}

func TestDeleteAttachment(t *testing.T) {
	w := fileWorld(t, 2)
	org := w.orgs[0]
	a := w.mustPut(org, attachment.Declaration, 1, testPicture(1, 0))
	del := func(org registry.Organisation, n int, seen *string) error {
		return w.svc.DeleteAttachment(w.ctx, DeleteAttachment{OrganisationID: org.ID, Year: 2018, Kind: attachment.Declaration, N: n, Seen: seen, Actor: filer})
	}
	wantCode(t, del(w.orgs[1], 1, nil), 404, "not_found")
	wantCode(t, del(org, 2, nil), 404, "not_found")
	other := strings.Repeat("0", 64)
	wantCode(t, del(org, 1, &other), 412, "stale")
	if err := del(org, 1, &a.SHA256); err != nil {
		t.Fatal(err)
	}
	wantCode(t, del(org, 1, nil), 404, "not_found")
	if _, err := OwnAttachment(w.ctx, w.db, org.ID, a.ID); !errors.Is(err, ErrNoAttachment) {
		t.Errorf("a deleted file that nothing lists: %v", err)
	}
}

func codes(findings []check.Finding) (list []string) {
	for _, f := range findings {
		list = append(list, f.Check)
	}
	return list
}

// A submission lists its files for good; they stay in the draft after a return,
// and what replaces them there does not touch the list.
func TestSubmissionListsItsFiles(t *testing.T) {
	w := fileWorld(t, 2)
	org := w.orgs[0]
	_, err := w.submit(org, "1")
	wantCode(t, err, 422, "form_checks_failed")
	refused, _ := errors.AsType[*CheckError](err)
	if len(refused.Findings) != 1 || refused.Findings[0].Check != CheckAttachmentRequired || refused.Findings[0].Keys == nil ||
		len(refused.Findings[0].Keys) != 0 || !strings.Contains(refused.Findings[0].Message, "声明签章页") || refused.Findings[0].Basis == "" {
		t.Errorf("findings: %+v", refused.Findings)
	}
	found, err := w.svc.Check(w.ctx, Check{OrganisationID: org.ID, Year: 2018, Body: w.body(org, 2018, 1)})
	if err != nil || fmt.Sprint(codes(found)) != "[ATT-REQUIRED]" {
		t.Errorf("check: %v, %v", codes(found), err)
	}
	declared := w.mustPut(org, attachment.Declaration, 1, testPicture(1, 0))
	audited := w.mustPut(org, attachment.AuditReport, 2, testPicture(2, 0))
	receipt := w.mustSubmit(org, "1")
	if again := w.mustSubmit(org, "1"); again.SubmissionID != receipt.SubmissionID {
		t.Error("the key gave another submission")
	}
	_, _, err = w.put(org, attachment.Declaration, 1, testPicture(3, 0))
	wantCode(t, err, 409, CodeAlreadySubmitted)
	wantCode(t, w.svc.DeleteAttachment(w.ctx, DeleteAttachment{OrganisationID: org.ID, Year: 2018, Kind: attachment.Declaration, N: 1, Actor: filer}), 409, CodeAlreadySubmitted)

	w.sendBack(receipt.SubmissionID, "2019-02-20")
	w.mustPut(org, attachment.Declaration, 1, testPicture(4, 0))
	if got := w.slots(org); got["declaration 1"] != sumOf(testPicture(4, 0)) || got["audit_report 2"] != audited.SHA256 {
		t.Errorf("after the return: %v", got)
	}
	second, err := w.svc.Submit(w.ctx, Submit{OrganisationID: org.ID, Year: 2018, Body: w.body(org, 2018, 2), IdempotencyKey: "2", Actor: filer})
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[uuid.UUID]string{receipt.SubmissionID: declared.SHA256, second.SubmissionID: sumOf(testPicture(4, 0))} {
		list, err := SubmissionAttachments(w.ctx, w.db, id)
		if err != nil || len(list) != 2 || list[0].Kind != attachment.AuditReport || list[0].SHA256 != audited.SHA256 || list[1].SHA256 != want {
			t.Errorf("files of %s: %+v, %v", id, list, err)
		}
	}
	if _, err := w.db.ExecContext(w.ctx, `DELETE FROM submission_attachment`); err == nil {
		t.Error("the list of a submission can be changed")
	}
	if _, err := SubmittedAttachment(w.ctx, w.db, authority, declared.ID); err != nil {
		t.Errorf("the authority's look at a replaced file of the first submission: %v", err)
	}
	if _, err := SubmittedAttachment(w.ctx, w.db, "440104", declared.ID); !errors.Is(err, ErrNoAttachment) {
		t.Errorf("another authority: %v", err)
	}
	draft := w.mustPut(w.orgs[1], attachment.Declaration, 1, testPicture(5, 0))
	if _, err := SubmittedAttachment(w.ctx, w.db, authority, draft.ID); !errors.Is(err, ErrNoAttachment) {
		t.Errorf("a draft's file is the authority's to see: %v", err)
	}
}

// While reports are submitted, their required file is taken away: either the
// report was first, and the file stays, or it is refused. Never a report without.
func TestDeleteAndSubmitAtOnce(t *testing.T) {
	const rounds = 6
	w := fileWorld(t, rounds)
	var wait sync.WaitGroup
	var submitted, deleted [rounds]error
	for i, org := range w.orgs {
		w.mustPut(org, attachment.Declaration, 1, testPicture(1, 0))
		body := w.body(org, 2018, 1)
		wait.Go(func() {
			_, submitted[i] = w.svc.Submit(w.ctx, Submit{OrganisationID: org.ID, Year: 2018, Body: body, IdempotencyKey: "1", Actor: filer})
		})
		wait.Go(func() {
			deleted[i] = w.svc.DeleteAttachment(w.ctx, DeleteAttachment{OrganisationID: org.ID, Year: 2018, Kind: attachment.Declaration, N: 1, Actor: filer})
		})
	}
	wait.Wait()
	for i := range w.orgs {
		if (submitted[i] == nil) == (deleted[i] == nil) {
			t.Errorf("submitted: %v; deleted: %v", submitted[i], deleted[i])
		}
	}
	without := w.count(`SELECT count(*) FROM submission s WHERE NOT EXISTS (SELECT FROM submission_attachment a WHERE a.submission_id = s.id)`)
	if without != 0 {
		t.Errorf("%d submissions without the file", without)
	}
}
