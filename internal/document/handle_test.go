package document_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/queue"
)

func issueJob(id uuid.UUID) queue.Job {
	return queue.Job{Kind: document.IssueJob, Payload: fmt.Appendf(nil, `{"document_id":%q}`, id)}
}

// A program that dies after any step leaves something that the next run
// completes: the same file, one document, one event.
func TestWorkCutOffAtAnyStepIsCompleted(t *testing.T) {
	for _, step := range []string{"before the file", "after the file", "inside the transaction"} {
		t.Run(step, func(t *testing.T) {
			o := newOffice(t)
			ordered := o.place(document.Order{Facts: conclusionFacts()})
			restore := func() {}
			switch step {
			case "before the file":
				whole := o.issuer.Blobs
				closed := openBlobs(t)
				if err := closed.Close(); err != nil {
					t.Fatal(err)
				}
				o.issuer.Blobs = closed
				restore = func() { o.issuer.Blobs = whole }
			case "after the file":
				restore = o.refuse("document_order", "UPDATE")
			case "inside the transaction":
				restore = o.refuse("event", "INSERT")
			}
			if err := o.issuer.Handle(t.Context(), issueJob(ordered.ID)); err == nil {
				t.Fatal("the first run was to fail")
			}
			if _, err := document.ByID(t.Context(), o.db, ordered.ID); !errors.Is(err, document.ErrNotFound) {
				t.Errorf("half a document: %v", err)
			}
			restore()
			if err := o.issuer.Handle(t.Context(), issueJob(ordered.ID)); err != nil {
				t.Fatal(err)
			}
			pdf, err := document.Read(t.Context(), o.issuer.Blobs, o.document(ordered.ID))
			if err != nil {
				t.Fatal(err)
			}
			if got := document.CheckSignature(pdf, o.trusted()); got.Verdict != document.VerdictGenuine {
				t.Errorf("verdict %s", got.Verdict)
			}
			if n := o.events(event.DocumentIssuedKind, ordered.ID); n != 1 {
				t.Errorf("%d events document.issued, want 1", n)
			}
		})
	}
}

// refuse lets the database refuse an operation on a table until it is lifted.
func (o *office) refuse(table, operation string) (lift func()) {
	o.t.Helper()
	run := func(query string) {
		if _, err := o.db.ExecContext(context.Background(), query); err != nil {
			o.t.Fatal(err)
		}
	}
	run(fmt.Sprintf(`CREATE TRIGGER cut_off BEFORE %s ON %s FOR EACH ROW EXECUTE FUNCTION refuse_change()`, operation, table))
	return func() { run(fmt.Sprintf(`DROP TRIGGER cut_off ON %s`, table)) }
}

func TestJobsThatCannotBeDoneEnd(t *testing.T) {
	o := newOffice(t)
	for name, job := range map[string]queue.Job{
		"no JSON":       {Payload: []byte("{")},
		"unknown order": issueJob(uuid.New()),
	} {
		err := o.issuer.Handle(t.Context(), job)
		if err == nil {
			t.Errorf("%s: done", name)
		}
	}
	err := o.inTx(func(ctx context.Context, tx *postgres.Tx) error {
		return queue.Enqueue(ctx, tx, queue.New{Kind: document.IssueJob, Payload: map[string]any{"document_id": uuid.New()}})
	})
	if err != nil {
		t.Fatal(err)
	}
	o.work()
	depth, err := queue.Depth(t.Context(), o.db)
	if err != nil || depth[document.IssueJob][queue.Dead] != 1 {
		t.Errorf("the queue holds %v, %v; want one dead job", depth, err)
	}
}

// The same order gives the same bytes on another node, so a file lost from
// the store can be made again.
func TestTheSameOrderGivesTheSameBytes(t *testing.T) {
	o := newOffice(t)
	ordered := o.place(document.Order{Facts: conclusionFacts()})
	o.work()
	d := o.document(ordered.ID)
	first, err := document.Read(t.Context(), o.issuer.Blobs, d)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.db.ExecContext(t.Context(), `ALTER TABLE document DISABLE TRIGGER document_immutable`); err != nil {
		t.Fatal(err)
	}
	for _, undo := range []string{`DELETE FROM document`, `UPDATE document_order SET state = 'ordered'`} {
		if _, err := o.db.ExecContext(t.Context(), undo); err != nil {
			t.Fatal(err)
		}
	}
	other := *o.issuer
	other.Renderer, other.Blobs = renderer(t), openBlobs(t)
	if err := other.Handle(t.Context(), issueJob(ordered.ID)); err != nil {
		t.Fatal(err)
	}
	second, err := document.Read(t.Context(), other.Blobs, d)
	if err != nil || !slices.Equal(first, second) {
		t.Errorf("made again, the file differs: %v", err)
	}
}

func TestIssuedDocumentsAreImmutable(t *testing.T) {
	o := newOffice(t)
	o.place(document.Order{Facts: conclusionFacts()})
	o.work()
	for _, query := range []string{`UPDATE document SET number = 'x'`, `DELETE FROM document`} {
		if _, err := o.db.ExecContext(t.Context(), query); err == nil || !strings.Contains(err.Error(), "immutable") {
			t.Errorf("%s: %v", query, err)
		}
	}
}

// Many transactions number at once, some roll back: no number is lost or
// given twice.
func TestNumbersAreGaplessUnderLoad(t *testing.T) {
	o := newOffice(t)
	stop := errors.New("changed my mind")
	var mu sync.Mutex
	var got []int64
	var group sync.WaitGroup
	for worker := range 6 {
		group.Go(func() {
			for n := range 10 {
				var seq int64
				err := o.inTx(func(ctx context.Context, tx *postgres.Tx) (err error) {
					seq, _, err = document.NextNumber(ctx, tx, authority, document.KindConclusion, 2019)
					if err == nil && (worker+n)%3 == 0 {
						err = stop
					}
					return err
				})
				switch {
				case err == nil:
					mu.Lock()
					got = append(got, seq)
					mu.Unlock()
				case !errors.Is(err, stop):
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	slices.Sort(got)
	for i, seq := range got {
		if seq != int64(i+1) {
			t.Fatalf("numbers %v: want 1…%d", got, len(got))
		}
	}
}

func TestNumbersAreCountedPerKindAndYear(t *testing.T) {
	o := newOffice(t)
	for _, tc := range []struct {
		kind document.Kind
		year int
		want string
	}{
		{document.KindConclusion, 2019, "试民社年审〔2019〕00001号"}, {document.KindConclusion, 2019, "试民社年审〔2019〕00002号"},
		{document.KindPriorNotice, 2019, "试民社列告〔2019〕00001号"}, {document.KindConclusion, 2020, "试民社年审〔2020〕00001号"},
	} {
		err := o.inTx(func(ctx context.Context, tx *postgres.Tx) error {
			_, got, err := document.NextNumber(ctx, tx, authority, tc.kind, tc.year)
			if got != tc.want {
				t.Errorf("%s %d: %s, want %s", tc.kind, tc.year, got, tc.want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := o.inTx(func(ctx context.Context, tx *postgres.Tx) error {
		_, _, err := document.NextNumber(ctx, tx, "999999", document.KindConclusion, 2019)
		return err
	})
	if err == nil {
		t.Error("an authority that is not there numbers")
	}
}

// Two starts at once on one empty folder end with one key, used by both.
func TestOwnSignerByTwoAtOnce(t *testing.T) {
	dir := t.TempDir()
	var group sync.WaitGroup
	signers := make([]*document.Signer, 2)
	for i := range signers {
		group.Go(func() {
			// The loser of the race may find half a pair; a second look settles it.
			for t.Context().Err() == nil {
				s, err := document.OwnSigner(dir, "x", issuedAt)
				if err == nil {
					signers[i] = s
					return
				}
			}
		})
	}
	group.Wait()
	if signers[0] == nil || signers[1] == nil || !signers[0].Certificate().Equal(signers[1].Certificate()) {
		t.Error("two starts do not share one key")
	}
	files, err := filepath.Glob(filepath.Join(dir, ".new-*"))
	if err != nil || len(files) != 0 {
		t.Errorf("left behind: %v, %v", files, err)
	}
}

func TestOwnSignerSaysWhatIsWrongWithTheFolder(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "nowhere")
	if _, err := document.OwnSigner(missing, "x", issuedAt); err == nil || !strings.Contains(err.Error(), missing) {
		t.Errorf("folder missing: %v", err)
	}
	dir := t.TempDir()
	for _, name := range []string{document.KeyFile, document.CertificateFile} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("-----BEGIN"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := document.OwnSigner(dir, "x", issuedAt); err == nil || !strings.Contains(err.Error(), document.KeyFile) {
		t.Errorf("broken key: %v", err)
	}
}
