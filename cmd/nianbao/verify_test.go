package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nianbao/internal/document"
	"nianbao/internal/document/pdf"
	"nianbao/internal/postgres"
	"nianbao/internal/postgres/pgtest"
	"nianbao/internal/web"
	"nianbao/internal/web/webtest"
	"nianbao/internal/workday"
)

// issued is the town's conclusion: its id, number and file.
func (w *town) issued() (id, number string, content []byte) {
	w.t.Helper()
	id = w.one(`SELECT id FROM document WHERE kind = 'conclusion'`)
	number = w.one(`SELECT number FROM document_order WHERE id = $1`, id)
	content, err := w.node.blobs.ReadAll(w.t.Context(), w.one(`SELECT blob_key FROM document WHERE id = $1`, id))
	w.must(err)
	return id, number, content
}

// TestVerifyAndBackupOfDocuments goes with a town's conclusion out of the house and, by a backup, into another one.
func TestVerifyAndBackupOfDocuments(t *testing.T) {
	w := newTown(t)
	id, number, genuine := w.issued()
	file := write(t, "genuine.pdf", string(genuine))
	t.Run("with the register", func(t *testing.T) { w.verifyWithRegister(t, number, genuine) })
	t.Run("offline", func(t *testing.T) { w.verifyOffline(t, genuine) })
	t.Run("backup", func(t *testing.T) { w.movesHouse(t, id, genuine) })
	t.Run("revoked", func(t *testing.T) {
		w.node.db.MustExec(`UPDATE document_standing SET standing = 'revoked' WHERE document_id = $1`, id)
		got := nianbao(t, "", "verify", file, "--data", w.node.env.data, "--database-url", pgtest.URL(t, w.node.db))
		wants(t, got, exitFailed, "revoked: genuine and unchanged, but no longer in force")
	})
}

// stranger draws a conclusion that nobody ordered and signs it with the key of a data folder.
func (w *town) stranger(data string) []byte {
	w.t.Helper()
	page, err := document.Compose(document.Composition{
		Facts: &document.ConclusionFacts{Party: document.Party{Authority: "试验市民政局", Organisation: "试验市无名中心",
			USCC: "52440100MJK00009XH", OrganisationType: "社会服务机构", ReportYear: 2018},
			Outcome: "pass", ReceiptNo: "1", SubmittedOn: workday.NewDate(2019, 3, 26), Basis: "《条例》", Stamp: true},
		Number: "试民社年审〔2019〕99999号", VerifyCode: "7KQM-2F9D-XW3H", IssuedOn: workday.NewDate(2019, 4, 2),
		OrderedAt: w.now, PublicURL: "http://nianbao.example"})
	w.must(err)
	renderer, err := pdf.New()
	w.must(err)
	rendered, err := renderer.Render(page)
	w.must(err)
	signer, err := document.OwnSigner(data, "试验市民政局", w.now)
	w.must(err)
	signed, err := signer.Sign(rendered, document.SignOptions{Name: "试验市民政局", Reason: "试验", At: w.now})
	w.must(err)
	return signed
}

func (w *town) verifyWithRegister(t *testing.T, number string, genuine []byte) {
	at := []string{"--data", w.node.env.data, "--database-url", pgtest.URL(t, w.node.db)}
	changed := bytes.Clone(genuine)
	changed[len(changed)/2] ^= 1
	for _, tc := range []struct {
		name    string
		content []byte
		code    int
		says    []string
	}{
		{"genuine", genuine, exitDone, []string{"genuine, unchanged, in force: conclusion, " + number}},
		{"one bit changed", changed, exitFailed, []string{"changed: ", "文件已被改动，与签发时不一致。"}},
		{"cut", genuine[:len(genuine)-7], exitFailed, nil},
		{"appended to", append(bytes.Clone(genuine), "\n% more\n"...), exitFailed, []string{"appended_to: ", "被追加了其他内容"}},
		{"a letter", []byte("Dear all,"), exitFailed, []string{"not_signed: ", "没有电子签名"}},
		{"nothing", nil, exitFailed, []string{"not_signed: "}},
		{"ours, but never issued", w.stranger(w.node.env.data), exitFailed, []string{"unknown: ", "没有签发过这份文书"}},
		{"another house's", w.stranger(t.TempDir()), exitFailed, []string{"unknown_signer: ", "不是本系统认可的登记管理机关"}},
	} {
		got := nianbao(t, "", append([]string{"verify", write(t, "a.pdf", string(tc.content))}, at...)...)
		wants(t, got, tc.code, tc.says...)
		if quiet := got.stdout; tc.code == exitFailed && (quiet != "" || strings.Count(got.stderr, "\n") != 1) {
			t.Errorf("%s: a failure is one line on stderr, got %+v", tc.name, got)
		}
	}
	// The register knows its documents also where the certificate lacks.
	got := nianbao(t, "", "verify", write(t, "a.pdf", string(genuine)), "--data", t.TempDir(), at[2], at[3])
	wants(t, got, exitDone, "in force")
}

func (w *town) verifyOffline(t *testing.T, genuine []byte) {
	file, data := write(t, "a.pdf", string(genuine)), w.node.env.data
	elsewhere, certificate := t.TempDir(), filepath.Join(data, document.CertificateFile)
	other := t.TempDir()
	foreign := write(t, "foreign.pdf", string(w.stranger(other)))
	wants(t, nianbao(t, "", "verify", file, "--data", data), exitDone, "genuine, unchanged; whether it is in force is unknown without the database")
	wants(t, nianbao(t, "", "verify", file, "--data", elsewhere, "--signing-cert", certificate), exitDone, "is unknown without the database")
	wants(t, nianbao(t, "", "verify", file, "--data", elsewhere), exitFailed, "no certificate to check against: give --signing-cert")
	wants(t, nianbao(t, "", "verify", file, "--data", data, "--signing-cert", filepath.Join(elsewhere, "none.pem")), exitFailed, "none.pem")
	wants(t, nianbao(t, "", "verify", file, "--data", data, "--signing-cert", file), exitFailed, "nianbao: ")
	wants(t, nianbao(t, "", "verify", foreign, "--data", data), exitFailed, "unknown_signer: ")
	wants(t, nianbao(t, "", "verify", file, "--data", other), exitFailed, "unknown_signer: ")
	appended := write(t, "b.pdf", string(genuine)+"x")
	wants(t, nianbao(t, "", "verify", appended, "--data", data), exitFailed, "appended_to: ")
	wants(t, nianbao(t, "", "verify", elsewhere, "--data", data), exitFailed, filepath.Base(elsewhere))
	large := filepath.Join(elsewhere, "large.pdf")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, maxPDF+1); err != nil {
		t.Fatal(err)
	}
	wants(t, nianbao(t, "", "verify", large, "--data", data), exitFailed, "larger than any document of this system")
	for _, dir := range []string{data, elsewhere, other} {
		if _, err := os.Stat(filepath.Join(dir, "postgres")); !os.IsNotExist(err) {
			t.Errorf("verify made a database in %s: %v", dir, err)
		}
	}
}

// movesHouse backs the town up, restores it elsewhere and asks there for the conclusion.
func (w *town) movesHouse(t *testing.T, id string, genuine []byte) {
	before := fetchPDF(t, w.url, id)
	if !bytes.Equal([]byte(before.Body), genuine) {
		t.Fatal("the town serves other bytes than it stored")
	}
	set, here, there := filepath.Join(t.TempDir(), "set"), w.node.env.data, t.TempDir()
	url := pgtest.Empty(t)
	wants(t, nianbao(t, "", "backup", set, "--data", here, "--database-url", pgtest.URL(t, w.node.db)), exitDone, "blobs and the keys")
	full := write(t, "x", "x")
	wants(t, nianbao(t, "", "restore", set, "--data", there, "--database-url", url, "--blobs", "file://"+filepath.Dir(full)),
		exitFailed, "the blob store is not empty: restore into a new --data folder or an empty --blobs")
	wants(t, nianbao(t, "", "restore", set, "--data", there, "--database-url", url), exitDone, "restored the backup of ")
	wants(t, nianbao(t, "", "restore", set, "--data", t.TempDir(), "--database-url", url), exitFailed, "the database is not empty")

	after := fetchPDF(t, serveAt(t, there, url, w.now), id)
	if after.Body != before.Body || after.Header.Get("ETag") != before.Header.Get("ETag") || after.Header.Get("ETag") == "" {
		t.Errorf("restored: %d bytes with ETag %s, before %d with %s", len(after.Body), after.Header.Get("ETag"), len(before.Body), before.Header.Get("ETag"))
	}
	file := write(t, "restored.pdf", after.Body)
	wants(t, nianbao(t, "", "verify", file, "--data", there, "--database-url", url), exitDone, "genuine, unchanged, in force")
	wants(t, nianbao(t, "", "verify", file, "--data", there), exitDone, "is unknown without the database")
	wants(t, nianbao(t, "", "audit", "verify", "--data", there, "--database-url", url), exitDone, "in order and unchanged")
}

// serveAt serves the data of a folder and a database, as after a restore.
func serveAt(t *testing.T, data, url string, now time.Time) string {
	t.Helper()
	wall := func() time.Time { return now }
	db, err := postgres.Open(t.Context(), url, wall)
	if err != nil {
		t.Fatal(err)
	}
	e := &environment{ctx: t.Context(), wall: wall, data: data, log: slog.New(slog.DiscardHandler)}
	n, err := e.wire(&store{db: db, calendar: workday.Builtin()}, outside{PublicURL: "http://nianbao.example"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	app, err := web.New(web.Config{DB: db, Log: e.log, PublicURL: "http://nianbao.example", Wall: wall, Ready: n.readyToServe, Site: site()})
	if err != nil {
		t.Fatal(err)
	}
	routes, err := n.routes(app)
	if err == nil {
		err = app.Mount(routes)
	}
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(app.Handler())
	t.Cleanup(server.Close)
	return server.URL
}

// fetchPDF downloads a document as the filer whose it is.
func fetchPDF(t *testing.T, base, id string) webtest.Answer {
	t.Helper()
	b := webtest.NewBrowser(t, base)
	b.SignIn("filer1@city.example")
	a := b.Get("/api/v1/documents/" + id)
	if a.Status != http.StatusOK || a.Header.Get("Content-Type") != "application/pdf" {
		t.Fatalf("document: %d %s", a.Status, a.Header.Get("Content-Type"))
	}
	return a
}
