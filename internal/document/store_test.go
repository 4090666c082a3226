package document_test

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"gocloud.dev/blob"

	"nianbao/internal/document"
	"nianbao/internal/event"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/queue"
	"nianbao/internal/workday"
)

const authority = "440100"

var reviewer = event.Actor{Kind: event.ActorPerson, ID: "p1", Name: "王审"}

// office is a database with an authority, and an issuer on it.
type office struct {
	t      *testing.T
	db     *postgres.DB
	clock  *pgtest.Clock
	issuer *document.Issuer
}

func newOffice(t *testing.T) *office {
	t.Helper()
	db, clock := pgtest.NewAt(t, issuedAt)
	if _, err := db.ExecContext(t.Context(), `INSERT INTO authority (code, name, level, number_prefix, created_at, updated_at)
		VALUES ($1, '试验市民政局', 'city', '试民社', $2, $2)`, authority, issuedAt); err != nil {
		t.Fatal(err)
	}
	key := newKey(t)
	return &office{t: t, db: db, clock: clock, issuer: &document.Issuer{
		DB: db, Renderer: renderer(t), Signer: newSigner(t, key, certificate(t, "试验市民政局", key, nil, nil)),
		Blobs: openBlobs(t), PublicURL: "https://nianbao.example.cn", Demonstration: true,
	}}
}

func openBlobs(t *testing.T) *blob.Bucket {
	t.Helper()
	address, err := document.BlobURL(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	bucket, err := document.OpenBlobs(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = bucket.Close() })
	return bucket
}

func (o *office) inTx(fn func(ctx context.Context, tx *postgres.Tx) error) error {
	return postgres.InTx(o.t.Context(), o.db, func(tx *postgres.Tx) error { return fn(tx.Context(), tx) })
}

func (o *office) place(order document.Order) document.Ordered {
	o.t.Helper()
	order.AuthorityCode, order.IssuedOn = authority, workday.NewDate(2019, 4, 2)
	if order.OrganisationID == uuid.Nil {
		order.OrganisationID = uuid.New()
	}
	if order.SubjectID == uuid.Nil {
		order.SubjectID = uuid.New()
	}
	var out document.Ordered
	err := o.inTx(func(ctx context.Context, tx *postgres.Tx) (err error) {
		out, err = document.Place(ctx, tx, order)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return out
}

// work does the queue's due work and says how many jobs it did.
func (o *office) work() int {
	o.t.Helper()
	worker := queue.NewWorker(o.db, map[string]queue.Handler{document.IssueJob: o.issuer.Handle}, queue.Options{})
	n, err := worker.Drain(o.t.Context())
	if err != nil {
		o.t.Fatal(err)
	}
	return n
}

func (o *office) document(id uuid.UUID) document.Document {
	o.t.Helper()
	d, err := document.ByID(o.t.Context(), o.db, id)
	if err != nil {
		o.t.Fatal(err)
	}
	return d
}

// events counts the events of one kind about a document.
func (o *office) events(kind event.Kind, id uuid.UUID) int {
	o.t.Helper()
	var n int
	if err := o.db.GetContext(o.t.Context(), &n, `SELECT count(*) FROM event WHERE kind = $1 AND subject_id = $2`, kind, id); err != nil {
		o.t.Fatal(err)
	}
	return n
}

func (o *office) trusted() []*x509.Certificate {
	return []*x509.Certificate{o.issuer.Signer.Certificate()}
}

func TestOrderedDocumentIsIssued(t *testing.T) {
	o := newOffice(t)
	organisation, subject := uuid.New(), uuid.New()
	ordered := o.place(document.Order{OrganisationID: organisation, SubjectID: subject, Facts: conclusionFacts()})
	if want := "试民社年审〔2019〕00001号"; ordered.Number != want {
		t.Errorf("number %s, want %s", ordered.Number, want)
	}
	if _, err := document.ByID(t.Context(), o.db, ordered.ID); !errors.Is(err, document.ErrNotFound) {
		t.Errorf("before it is issued: %v, want ErrNotFound", err)
	}
	if n := o.work(); n != 1 {
		t.Fatalf("worked %d jobs, want 1", n)
	}
	got := o.document(ordered.ID)
	want := document.Document{ID: ordered.ID, Kind: document.KindConclusion, AuthorityCode: authority, OrganisationID: organisation,
		SubjectID: subject, Number: ordered.Number, VerifyCode: ordered.VerifyCode, IssuedOn: workday.NewDate(2019, 4, 2),
		Pages: 2, Standing: document.InForce, SHA256: got.SHA256, Size: got.Size, BlobKey: got.BlobKey, CreatedAt: got.CreatedAt}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("document (-want +got):\n%s", diff)
	}
	pdf, err := document.Read(t.Context(), o.issuer.Blobs, got)
	if err != nil || int64(len(pdf)) != got.Size {
		t.Fatalf("read %d bytes of %d: %v", len(pdf), got.Size, err)
	}
	result, err := document.Verify(t.Context(), o.db, pdf, o.trusted())
	if err != nil || !result.InForce() || result.Document.ID != ordered.ID {
		t.Errorf("verify: %+v, %v", result, err)
	}
	if n := o.events(event.DocumentIssuedKind, ordered.ID); n != 1 {
		t.Errorf("%d events document.issued, want 1", n)
	}
	if byCode, err := document.ByCode(t.Context(), o.db, ordered.VerifyCode); err != nil || byCode.ID != ordered.ID {
		t.Errorf("by code: %v, %v", byCode.ID, err)
	}
}

func TestRolledBackOrderLeavesNothing(t *testing.T) {
	o := newOffice(t)
	stop := errors.New("stop")
	err := o.inTx(func(ctx context.Context, tx *postgres.Tx) error {
		_, err := document.Place(ctx, tx, document.Order{AuthorityCode: authority, IssuedOn: workday.NewDate(2019, 4, 2),
			OrganisationID: uuid.New(), SubjectID: uuid.New(), Facts: conclusionFacts()})
		return errors.Join(err, stop)
	})
	if !errors.Is(err, stop) || strings.Contains(err.Error(), "\n") {
		t.Fatalf("the order failed: %v", err)
	}
	if n := o.work(); n != 0 {
		t.Errorf("worked %d jobs of a rolled back order", n)
	}
	if ordered := o.place(document.Order{Facts: conclusionFacts()}); ordered.Number != "试民社年审〔2019〕00001号" {
		t.Errorf("the next number is %s: the rolled back one was lost", ordered.Number)
	}
}

// Two nodes work the same order at once, and each again: one document, one event.
func TestDocumentIsIssuedOnceByManyAtOnce(t *testing.T) {
	o := newOffice(t)
	ordered := o.place(document.Order{Facts: conclusionFacts()})
	job := queue.Job{Kind: document.IssueJob, Payload: fmt.Appendf(nil, `{"document_id":%q}`, ordered.ID)}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 2 {
				if err := o.issuer.Handle(t.Context(), job); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if n := o.events(event.DocumentIssuedKind, ordered.ID); n != 1 {
		t.Errorf("%d events document.issued, want 1", n)
	}
	var blobs int
	for iter := o.issuer.Blobs.List(nil); ; blobs++ {
		if _, err := iter.Next(t.Context()); err != nil {
			break
		}
	}
	if blobs != 1 {
		t.Errorf("%d files in the store, want 1", blobs)
	}
}

// failing renders only after it has failed a number of times.
type failing struct {
	document.Renderer
	left int
}

func (f *failing) Render(p document.Page) (document.Rendered, error) {
	if f.left > 0 {
		f.left--
		return document.Rendered{}, errors.New("out of paper")
	}
	return f.Renderer.Render(p)
}

func TestFailedWorkIsRetriedUntilDone(t *testing.T) {
	o := newOffice(t)
	o.issuer.Renderer = &failing{o.issuer.Renderer, 2}
	ordered := o.place(document.Order{Facts: conclusionFacts()})
	for range 3 {
		o.work()
		o.clock.Advance(time.Hour)
	}
	if d := o.document(ordered.ID); d.Number != ordered.Number {
		t.Errorf("issued %s", d.Number)
	}
}

func TestUnprintableNameHoldsTheDocument(t *testing.T) {
	o := newOffice(t)
	facts := conclusionFacts()
	facts.Organisation = "试验市ก中心"
	ordered := o.place(document.Order{Facts: facts})
	o.work()
	order, err := document.OrderByID(t.Context(), o.db, ordered.ID)
	if err != nil || order.State != document.StateHeld || !strings.Contains(order.HeldReason, "U+0E01") {
		t.Fatalf("state %s, reason %q, %v", order.State, order.HeldReason, err)
	}
	held, err := document.HeldOrders(t.Context(), o.db, authority, 10)
	if err != nil || len(held) != 1 || held[0].ID != ordered.ID {
		t.Errorf("held orders: %v, %v", held, err)
	}
	revive := func() {
		if err := o.inTx(func(ctx context.Context, tx *postgres.Tx) error {
			n, err := queue.Revive(ctx, tx, document.IssueJob, queue.Held)
			if n != 1 {
				t.Errorf("revived %d jobs, want 1", n)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
		o.work()
	}
	revive() // nothing was put right
	if n := o.events(event.DocumentHeldKind, ordered.ID); n != 1 {
		t.Errorf("%d events document.held, want 1", n)
	}
	o.issuer.Renderer = substituting{o.issuer.Renderer}
	revive()
	if d := o.document(ordered.ID); d.Standing != document.InForce {
		t.Errorf("standing %s", d.Standing)
	}
	if n := o.events(event.DocumentIssuedKind, ordered.ID); n != 1 {
		t.Errorf("%d events document.issued, want 1", n)
	}
}

// substituting stands for a font that has got the missing character.
type substituting struct{ document.Renderer }

func (s substituting) Render(p document.Page) (document.Rendered, error) {
	for i, b := range p.Blocks {
		switch b := b.(type) {
		case document.Addressee:
			p.Blocks[i] = document.Addressee{Text: strings.ReplaceAll(b.Text, "ก", "甲")}
		case document.Table:
			for n := range b.Rows {
				b.Rows[n].Value = strings.ReplaceAll(b.Rows[n].Value, "ก", "甲")
			}
		}
	}
	return s.Renderer.Render(p)
}

func TestStandingMovesForwardOnly(t *testing.T) {
	o := newOffice(t)
	first := o.place(document.Order{Facts: conclusionFacts()})
	o.work()
	pdf, err := document.Read(t.Context(), o.issuer.Blobs, o.document(first.ID))
	if err != nil {
		t.Fatal(err)
	}
	second := o.place(document.Order{Facts: conclusionFacts(), SupersedesID: event.Ref(first.ID)})
	if got := o.document(first.ID).Standing; got != document.InForce {
		t.Errorf("before the second is issued the first is %s", got)
	}
	o.work()
	old := o.document(first.ID)
	if old.Standing != document.Superseded || old.SupersededBy.UUID != second.ID {
		t.Errorf("the first is %s by %v", old.Standing, old.SupersededBy)
	}
	result, err := document.Verify(t.Context(), o.db, pdf, o.trusted())
	if err != nil || result.Verdict != document.VerdictGenuine || result.InForce() {
		t.Errorf("the superseded file: %+v, %v", result, err)
	}
	for range 2 {
		if err := o.inTx(func(ctx context.Context, tx *postgres.Tx) error {
			return document.Revoke(ctx, tx, first.ID, "列入有误", reviewer)
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.inTx(func(ctx context.Context, tx *postgres.Tx) error {
		return document.Supersede(ctx, tx, first.ID, second.ID, reviewer)
	}); err != nil {
		t.Fatal(err)
	}
	if got := o.document(first.ID); got.Standing != document.Revoked || got.StandingReason != "列入有误" {
		t.Errorf("revoked, then superseded: %s (%s)", got.Standing, got.StandingReason)
	}
	for kind, want := range map[event.Kind]int{event.DocumentSupersededKind: 1, event.DocumentRevokedKind: 1} {
		if n := o.events(kind, first.ID); n != want {
			t.Errorf("%d events %s, want %d", n, kind, want)
		}
	}
}

func TestRevokedBeforeItIsIssued(t *testing.T) {
	o := newOffice(t)
	ordered := o.place(document.Order{Facts: conclusionFacts()})
	if err := o.inTx(func(ctx context.Context, tx *postgres.Tx) error {
		return document.Revoke(ctx, tx, ordered.ID, "误发", reviewer)
	}); err != nil {
		t.Fatal(err)
	}
	o.work()
	if got := o.document(ordered.ID).Standing; got != document.Revoked {
		t.Errorf("standing %s, want revoked", got)
	}
	err := o.inTx(func(ctx context.Context, tx *postgres.Tx) error {
		return document.Revoke(ctx, tx, uuid.New(), "x", reviewer)
	})
	if !errors.Is(err, document.ErrNotFound) {
		t.Errorf("revoke of an unknown document: %v", err)
	}
}

func TestVerifyTellsWhatTheRegisterKnows(t *testing.T) {
	o, elsewhere := newOffice(t), newOffice(t)
	ordered := o.place(document.Order{Facts: conclusionFacts()})
	o.work()
	pdf, err := document.Read(t.Context(), o.issuer.Blobs, o.document(ordered.ID))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		db      *postgres.DB
		trusted []*x509.Certificate
		pdf     []byte
		want    document.Verdict
	}{
		"issued":                  {o.db, o.trusted(), pdf, document.VerdictGenuine},
		"certificate replaced":    {o.db, elsewhere.trusted(), pdf, document.VerdictGenuine},
		"not on record":           {elsewhere.db, o.trusted(), pdf, document.VerdictUnknown},
		"appended":                {o.db, o.trusted(), append(pdf[:len(pdf):len(pdf)], '\n'), document.VerdictAppended},
		"foreign and not on file": {elsewhere.db, elsewhere.trusted(), pdf, document.VerdictUnknownSigner},
	} {
		got, err := document.Verify(t.Context(), tc.db, tc.pdf, tc.trusted)
		if err != nil || got.Verdict != tc.want || (got.Document != nil) != (tc.want == document.VerdictGenuine) {
			t.Errorf("%s: %s (document %v, %v), want %s", name, got.Verdict, got.Document, err, tc.want)
		}
	}
}

func TestDamagedStoreIsNoticed(t *testing.T) {
	o := newOffice(t)
	ordered := o.place(document.Order{Facts: conclusionFacts()})
	o.work()
	d := o.document(ordered.ID)
	if err := o.issuer.Blobs.WriteAll(t.Context(), d.BlobKey, []byte("%PDF-1.4 something else"), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := document.Read(t.Context(), o.issuer.Blobs, d); !errors.Is(err, document.ErrDamaged) {
		t.Errorf("changed file: %v", err)
	}
	if err := o.issuer.Blobs.Delete(t.Context(), d.BlobKey); err != nil {
		t.Fatal(err)
	}
	if _, err := document.Read(t.Context(), o.issuer.Blobs, d); !errors.Is(err, document.ErrDamaged) {
		t.Errorf("missing file: %v", err)
	}
}

func TestListsArePagedNewestFirst(t *testing.T) {
	o := newOffice(t)
	organisation := uuid.New()
	var want, subjects []uuid.UUID
	for range 5 {
		subject := uuid.New()
		ordered := o.place(document.Order{OrganisationID: organisation, SubjectID: subject, Facts: conclusionFacts()})
		o.work()
		o.clock.Advance(time.Minute)
		want, subjects = append([]uuid.UUID{ordered.ID}, want...), append(subjects, subject)
	}
	o.place(document.Order{Facts: conclusionFacts()})
	o.work()
	var got []uuid.UUID
	for from := (document.Cursor{}); ; {
		page, err := document.ListForOrganisation(t.Context(), o.db, organisation, from, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, d := range page {
			got = append(got, d.ID)
		}
		from = document.After(page[len(page)-1])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listed (-want +got):\n%s", diff)
	}
	all, err := document.ListForAuthority(t.Context(), o.db, authority, document.Cursor{}, 100)
	if err != nil || len(all) != 6 {
		t.Errorf("the authority's list has %d, %v", len(all), err)
	}
	about, err := document.ListForSubjects(t.Context(), o.db, subjects[:2]...)
	if err != nil || len(about) != 2 || about[0].ID != want[4] {
		t.Errorf("about two subjects: %d, %v", len(about), err)
	}
}

func TestImpossibleOrdersAreRefused(t *testing.T) {
	o := newOffice(t)
	noBasis := &document.ListingFacts{Party: conclusionFacts().Party, DueOn: workday.NewDate(2019, 3, 31), ListedOn: workday.NewDate(2019, 4, 18)}
	unqualified := conclusionFacts()
	unqualified.Outcome = "unqualified"
	for name, facts := range map[string]document.Facts{"no facts": nil, "no basis": noBasis, "unqualified": unqualified,
		"empty": &document.ReceiptFacts{}} {
		err := o.inTx(func(ctx context.Context, tx *postgres.Tx) error {
			_, err := document.Place(ctx, tx, document.Order{AuthorityCode: authority, IssuedOn: workday.NewDate(2019, 4, 2), Facts: facts})
			return err
		})
		if !errors.Is(err, document.ErrFacts) {
			t.Errorf("%s: %v, want ErrFacts", name, err)
		}
	}
	o.place(document.Order{Facts: conclusionFacts(), Number: "X1"})
	err := o.inTx(func(ctx context.Context, tx *postgres.Tx) error {
		_, err := document.Place(ctx, tx, document.Order{AuthorityCode: authority, IssuedOn: workday.NewDate(2019, 4, 2), Facts: conclusionFacts(), Number: "X1"})
		return err
	})
	if !postgres.IsUnique(err, "document_order_number") {
		t.Errorf("same number again: %v", err)
	}
}

func TestBlobStoreAddresses(t *testing.T) {
	for _, address := range []string{"ftp://x/y", "gs://bucket", "blobs", "://"} {
		if b, err := document.OpenBlobs(t.Context(), address); err == nil {
			b.Close()
			t.Errorf("%s opened", address)
		}
	}
	b, err := document.OpenBlobs(t.Context(), "s3://bucket?endpoint=http://127.0.0.1:9&region=us-east-1&use_path_style=true")
	if err != nil {
		t.Fatalf("s3: %v", err)
	}
	b.Close()
}
