//go:build bench

package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"fmt"
	"html/template"
	"math/big"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"rsc.io/qr"

	"nianbao/internal/document"
	"nianbao/internal/document/pdf"
	"nianbao/internal/workday"
)

const (
	minOverChromium   = 30.0
	maxConclusionCPU  = 8 * time.Millisecond
	conclusionBatches = 6
	chromiumPrints    = 15 // a batch
	conclusionsBefore = 20 // glyphs that all share are unpacked by then
)

// benchConclusions makes conclusions with their stamp sheet, each for another organisation, on one goroutine, and has
// Chromium print the same sheets. Both are counted by the processor time they take, all threads and processes, so that
// the figure is per core and a busy machine does not change it much.
func benchConclusions(t *testing.T, tb *table) {
	ours := conclusionCPU(t, 600*time.Duration(*benchSeconds)*time.Millisecond)
	theirs := chromiumCPU(t)
	perSecond := func(cpu time.Duration) string { return fmt.Sprintf("%.1f/s per core", 1/cpu.Seconds()) }
	ratio := theirs.Seconds() / ours.Seconds()
	tb.add(t, figure{what: "conclusions with stamp sheet, rendered and signed; reference: Chromium prints the same sheets",
		measured: perSecond(ours), reference: perSecond(theirs), ratio: fmt.Sprintf("%.0f×", ratio),
		limit: fmt.Sprintf("≥ %.0f×", minOverChromium), met: ratio >= minOverChromium})
	tb.add(t, figure{what: "processor time of one conclusion", measured: milliseconds(ours), reference: milliseconds(theirs),
		limit: "≤ " + milliseconds(maxConclusionCPU), met: ours <= maxConclusionCPU})
}

// milliseconds prints a duration for the tables.
func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1000) }

// conclusionPage composes the n-th conclusion.
func conclusionPage(t *testing.T, n int) document.Page {
	t.Helper()
	facts := &document.ConclusionFacts{
		Party: document.Party{Authority: "试验市民政局", Organisation: fmt.Sprintf("试验市向阳第%d社会工作服务中心", n),
			USCC: "52440100MJK00009XH", OrganisationType: "社会服务机构", ReportYear: 2018},
		Outcome: "pass", ReceiptNo: fmt.Sprintf("2018-%07d", n), SubmittedOn: workday.NewDate(2019, 3, 26),
		Basis: "《民办非企业单位登记管理暂行条例》第二十三条", Stamp: true,
	}
	composed, err := document.Compose(document.Composition{Facts: facts, Number: fmt.Sprintf("试民社年审〔2019〕%05d号", n),
		VerifyCode: "7KQM-2F9D-XW3H", IssuedOn: workday.NewDate(2019, 4, 2),
		OrderedAt: time.Date(2019, 4, 2, 16, 20, 11, 0, workday.Shanghai), PublicURL: "https://nianbao.example.cn"})
	if err != nil {
		t.Fatal(err)
	}
	return composed
}

// conclusionCPU is the processor time of one of our conclusions.
func conclusionCPU(t *testing.T, measureFor time.Duration) time.Duration {
	renderer, err := pdf.New()
	if err != nil {
		t.Fatal(err)
	}
	signer := benchSigner(t)
	one := func(n int) {
		composed := conclusionPage(t, n)
		drawn, err := renderer.Render(composed)
		if err != nil {
			t.Fatal(err)
		}
		opts := document.SignOptions{Name: composed.Authority, Reason: "签发" + composed.Title, At: composed.IssuedAt}
		if _, err := signer.Sign(drawn, opts); err != nil {
			t.Fatal(err)
		}
	}
	for n := range conclusionsBefore {
		one(n)
	}
	n := conclusionsBefore
	return leastCPU(conclusionBatches, func() time.Duration {
		before, first, deadline := ownCPU(t), n, time.Now().Add(measureFor/conclusionBatches)
		for time.Now().Before(deadline) {
			one(n)
			n++
		}
		return (ownCPU(t) - before) / time.Duration(n-first)
	})
}

// leastCPU is the least that a batch took for each piece: what else runs on the machine can only add to it, by the
// caches and the half of a core that it takes away.
func leastCPU(batches int, batch func() time.Duration) time.Duration {
	least := batch()
	for range batches - 1 {
		least = min(least, batch())
	}
	return least
}

func benchSigner(t *testing.T) *document.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "试验市民政局"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := document.NewSigner(key, cert)
	if err != nil {
		t.Fatal(err)
	}
	return signer
}

// chromiumCPU is the processor time that a running Chromium takes to print the same sheets, all its processes together.
func chromiumCPU(t *testing.T) time.Duration {
	ctx, stop := chromedp.NewExecAllocator(t.Context(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)...)
	defer stop()
	ctx, stop = chromedp.NewContext(ctx)
	defer stop()
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("start Chromium (apt-get install chromium): %v", err)
	}
	pid := chromedp.FromContext(ctx).Browser.Process().Pid
	tree, err := chromedp.Call(ctx, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		t.Fatal(err)
	}
	var printed []byte
	one := func(n int) {
		content := page.SetDocumentContentParams{FrameID: tree.FrameTree.Frame.ID, HTML: sheetsHTML(t, conclusionPage(t, n))}
		if _, err := chromedp.Call(ctx, page.SetDocumentContent, content); err != nil {
			t.Fatalf("show the sheets in Chromium: %v", err)
		}
		if printed, err = chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPreferCSSPageSize())); err != nil {
			t.Fatalf("print with Chromium: %v", err)
		}
	}
	for n := range 5 {
		one(n)
	}
	if !bytes.HasPrefix(printed, []byte("%PDF-")) || bytes.Count(printed, []byte("/Type /Page\n")) != 2 {
		t.Fatalf("Chromium did not print two sheets: %.80q", printed)
	}
	n := 5
	return leastCPU(conclusionBatches, func() time.Duration {
		before := treeCPU(t, pid)
		for range chromiumPrints {
			one(n)
			n++
		}
		return (treeCPU(t, pid) - before) / chromiumPrints
	})
}

// sheetsTemplate shows the blocks of a page much as the document does: same words, same table, same code, a round seal.
var sheetsTemplate = template.Must(template.New("sheets").Parse(`<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><style>
@page{size:A4;margin:25mm 26mm}body{font-family:"Noto Serif CJK SC","Noto Serif SC",serif;font-size:12pt;line-height:1.8}
h1{text-align:center;font-size:22pt}.head{color:#b22;text-align:center;font-size:26pt;border-bottom:3px double #b22}.ref{text-align:right}
p{text-indent:2em}.em{text-align:center;font-size:18pt;font-weight:bold}table{width:100%;border-collapse:collapse}td,th{border:1px solid #222;padding:4px}
.sign{position:relative;text-align:right}.sign img{position:absolute;left:0;width:26mm}.break{break-before:page}.note{font-size:9pt}</style><body>
{{range .}}{{if eq .Kind "letterhead"}}<div class="head">{{.Text}}</div>{{else if eq .Kind "title"}}<h1>{{.Text}}</h1>
{{else if eq .Kind "reference"}}<div class="ref">{{.Text}}</div>{{else if eq .Kind "emphasis"}}<div class="em">{{.Text}}</div>
{{else if eq .Kind "table"}}<table>{{range .Rows}}<tr><th>{{.Label}}</th><td>{{.Value}}</td></tr>{{end}}</table>
{{else if eq .Kind "signature"}}<div class="sign"><img src="{{.QR}}"><div>{{.Text}}</div><div>{{.Date}}</div>
<svg width="42mm" height="42mm" viewBox="0 0 42 42"><circle cx="21" cy="21" r="20" fill="none" stroke="#c22" stroke-width="1"/>
<path id="a" d="M5 21a16 16 0 0 1 32 0" fill="none"/><text font-size="4" fill="#c22"><textPath href="#a">{{.Text}}</textPath></text>
<text x="21" y="24" font-size="9" text-anchor="middle" fill="#c22">★</text></svg></div>
{{else if eq .Kind "stamp"}}<table><tr>{{range .Heads}}<th>{{.}}</th>{{end}}</tr><tr>{{range .Cells}}<td>{{.}}</td>{{end}}</tr></table>
{{else if eq .Kind "break"}}<div class="break"></div>{{else if eq .Kind "note"}}<div class="note">{{.Text}}</div>{{else}}<p>{{.Text}}</p>{{end}}
{{end}}</body></html>`))

// htmlBlock is one block for the template.
type htmlBlock struct {
	Kind, Text, Date string
	Rows             []document.Row
	Heads, Cells     []string
	QR               template.URL
}

func sheetsHTML(t *testing.T, p document.Page) string {
	t.Helper()
	code, err := qr.Encode(p.VerifyURL, qr.M)
	if err != nil {
		t.Fatal(err)
	}
	image := template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(code.PNG()))
	blocks := make([]htmlBlock, 0, len(p.Blocks))
	for _, block := range p.Blocks {
		blocks = append(blocks, toHTMLBlock(block, image))
	}
	var b strings.Builder
	if err := sheetsTemplate.Execute(&b, blocks); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func toHTMLBlock(block document.Block, image template.URL) htmlBlock {
	switch b := block.(type) {
	case document.Letterhead:
		return htmlBlock{Kind: "letterhead", Text: b.Text}
	case document.Reference:
		return htmlBlock{Kind: "reference", Text: b.Text}
	case document.Title:
		return htmlBlock{Kind: "title", Text: b.Text}
	case document.Addressee:
		return htmlBlock{Text: b.Text}
	case document.Paragraph:
		return htmlBlock{Text: b.Text}
	case document.Heading:
		return htmlBlock{Text: b.Text}
	case document.Emphasis:
		return htmlBlock{Kind: "emphasis", Text: b.Label + b.Text}
	case document.Table:
		return htmlBlock{Kind: "table", Rows: b.Rows}
	case document.Signature:
		return htmlBlock{Kind: "signature", Text: b.Authority, Date: b.Date, QR: image}
	case document.StampField:
		return htmlBlock{Kind: "stamp", Heads: b.Heads, Cells: b.Cells}
	case document.Note:
		return htmlBlock{Kind: "note", Text: b.Text}
	case document.SheetBreak:
		return htmlBlock{Kind: "break"}
	}
	return htmlBlock{}
}

// ownCPU is the processor time of this process so far.
func ownCPU(t *testing.T) time.Duration {
	t.Helper()
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		t.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// treeCPU is the processor time so far of a process and all below it, those that ended and were waited for included.
func treeCPU(t *testing.T, root int) time.Duration {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	parent, ticks := map[int]int{}, map[int]int{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		raw, err := os.ReadFile("/proc/" + entry.Name() + "/stat")
		if err != nil {
			continue // ended meanwhile
		}
		fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
		parent[pid], _ = strconv.Atoi(fields[1])
		for _, n := range fields[11:15] { // utime, stime, and the same of children waited for
			used, _ := strconv.Atoi(n)
			ticks[pid] += used
		}
	}
	sum := 0
	for pid := range parent {
		at := pid
		for at != root && at != 0 {
			at = parent[at]
		}
		if at == root {
			sum += ticks[pid]
		}
	}
	return time.Duration(sum) * time.Second / 100 // USER_HZ is 100 on every Linux
}
