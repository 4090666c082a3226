//go:build system

package e2e

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nianbao/internal/scan"
)

// localVirus is what the test's own signature finds. It is no virus, and no other scanner knows it.
const localVirus = "nianbao-local-test-signature-5b1f2c"

// startClamd runs the real clamd with one signature of our own, so that it needs no download, and gives its address.
func startClamd(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("clamd")
	if err != nil {
		path = "/usr/sbin/clamd"
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatal("clamd is missing: run deploy/setup.sh system, or apt-get install clamav-daemon")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	signature := fmt.Sprintf("Nianbao.Local:0:*:%s\n", hex.EncodeToString([]byte(localVirus)))
	socket := filepath.Join(dir, "clamd.sock")
	config := fmt.Sprintf("Foreground yes\nLocalSocket %s\nDatabaseDirectory %s\nOfficialDatabaseOnly no\nUser root\n", socket, dir)
	for name, text := range map[string]string{"test.ndb": signature, "clamd.conf": config} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() != 0 {
		config = strings.Replace(config, "User root\n", "", 1)
		if err := os.WriteFile(filepath.Join(dir, "clamd.conf"), []byte(config), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, path, "--config-file="+filepath.Join(dir, "clamd.conf"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		_ = cmd.Wait() // it was killed
	})
	client, err := scan.NewClamd("unix://" + socket)
	if err != nil {
		t.Fatal(err)
	}
	if err := eventually(startPatience, func() error { _, err := client.Version(t.Context()); return err }); err != nil {
		t.Fatalf("clamd does not answer: %v\n%s", err, out.String())
	}
	return "unix://" + socket
}

func TestClamdProtocol(t *testing.T) {
	client, err := scan.NewClamd(startClamd(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ file, virus string }{
		"clean":    {strings.Repeat("年报", 100_000), ""},
		"infected": {"text before " + localVirus + " and after", "Nianbao.Local.UNOFFICIAL"},
		"large":    {strings.Repeat("x", 10<<20), ""},
	} {
		virus, err := client.Scan(t.Context(), strings.NewReader(tc.file))
		if err != nil || virus != tc.virus {
			t.Errorf("%s: %q, %v", name, virus, err)
		}
	}
}

// TestFilesThroughClamd sends a clean and an infected file to a serving node with the real clamd beside it.
func TestFilesThroughClamd(t *testing.T) {
	p := place{data: t.TempDir()}
	s := startServer(t, p, "--demo", "--demo-data", "none", "--clock", "2019-01-20T09:00:00+08:00", "--clamd", startClamd(t))
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	p.must(t, "authorities", "import", file("a.csv", "code,name,level,parent\n440100,试点市民政局,city,\n"))
	register := p.must(t, "sample", "organisations", "--count", "1", "--authority", "440100")
	p.must(t, "organisations", "import", file("o.csv", register))
	p.must(t, "seasons", "import", file("s.yaml", "authority: \"440100\"\nreport_year: 2018\nregistered_by: 2018-12-31\nopens_on: 2019-01-14\n"+
		"due_on: 2019-03-31\nattachments: [{kind: other}]\n"))
	uscc := strings.Split(strings.Split(register, "\n")[1], ",")[0]
	filer := caller{&cluster{nodes: []*server{s}}, strings.TrimSpace(p.must(t, "token", "issue", "--role", "filer", "--organisation", uscc))}

	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 9, 9))); err != nil {
		t.Fatal(err)
	}
	send := func(n int, content []byte) {
		t.Helper()
		a, err := filer.call(t.Context(), http.MethodPut, fmt.Sprintf("/reports/2018/attachments/other/%d", n), content, "Content-Type", "image/png")
		if err != nil {
			t.Fatal(err)
		}
		if err := a.want(http.StatusCreated, nil); err != nil || !bytes.Contains(a.body, []byte(`"status":"held"`)) {
			t.Fatalf("%v: %s", err, a.body)
		}
	}
	send(1, picture.Bytes())
	send(2, append(picture.Bytes(), localVirus...))
	var list struct {
		Items []struct {
			N      int
			Status string
		}
	}
	err := eventually(time.Minute, func() error {
		if err := filer.get(t.Context(), "/reports/2018/attachments", &list); err != nil {
			return err
		}
		if len(list.Items) != 2 || list.Items[0].Status != "usable" || list.Items[1].Status != "infected" {
			text, _ := json.Marshal(list)
			return fmt.Errorf("the files stand at %s", text)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int]int{1: http.StatusOK, 2: http.StatusConflict} {
		a, err := filer.call(t.Context(), http.MethodGet, fmt.Sprintf("/reports/2018/attachments/other/%d", n), nil)
		if err != nil || a.status != want {
			t.Errorf("file %d: %d, %v", n, a.status, err)
		}
	}
}
