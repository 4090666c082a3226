package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// documentPictures are the kinds of document that the demonstration has issued: the picture's name and the title that
// the desk's list gives it.
var documentPictures = []struct{ name, title string }{
	{"document-conclusion", "年度报告审查结论书"},
	{"document-return", "年度报告退回补正通知书"},
	{"document-prior-notice", "列入活动异常名录事先告知书"},
	{"document-spot-check", "列入抽查监督名单告知书"},
	{"document-penalty", "行政处罚立案告知书"},
	{"document-listing", "列入活动异常名录决定书"},
	{"document-removal", "移出活动异常名录决定书"},
}

// photographDocuments writes a picture of the first page of each kind of document.
func (d *demonstration) photographDocuments() {
	d.t.Helper()
	p := d.tab(reviewerOne)
	found := map[string]string{}
	for path := "/desk/documents"; path != "" && len(found) < len(documentPictures); {
		p.open(path)
		for _, kind := range documentPictures {
			href := ask[string](p, `[...document.querySelectorAll('main a[href^="/desk/documents/0"]')].find(a => a.closest("tr").innerText.includes(`+
				quote(kind.title)+`))?.getAttribute("href") ?? ""`)
			if href != "" && found[kind.name] == "" {
				found[kind.name] = href
			}
		}
		path = p.link(`main a[href*="/desk/documents?cursor="]`)
	}
	for _, kind := range documentPictures {
		if found[kind.name] == "" {
			d.t.Errorf("the demonstration has no %s", kind.title)
			continue
		}
		writePicture(d.t, kind.name, firstPage(d.t, p.fetch(found[kind.name])))
	}
}

// firstPage draws the first page of a PDF.
func firstPage(t testing.TB, pdf []byte) []byte {
	t.Helper()
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		t.Fatal("pdftoppm is missing: apt-get install poppler-utils")
	}
	file := writeFile(t, t.TempDir(), "document.pdf", string(pdf))
	out, err := exec.CommandContext(t.Context(), "pdftoppm", "-r", "60", "-png", "-f", "1", "-singlefile", filepath.Clean(file)).Output()
	if err != nil {
		t.Fatalf("pdftoppm: %v", err)
	}
	return out
}
