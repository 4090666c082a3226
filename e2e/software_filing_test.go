package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// step is one block of commands of docs/software-filing.md and the answer that the page shows under it.
type step struct {
	commands string
	shown    string // "" where none is
}

var fence = regexp.MustCompile("(?ms)^```(sh|sh serve|json)\n(.*?)^```$")

// readSteps takes the page apart. The block that starts the server is the test's own.
func readSteps(t *testing.T, page string) []step {
	t.Helper()
	var steps []step
	for _, block := range fence.FindAllStringSubmatch(page, -1) {
		switch block[1] {
		case "sh":
			steps = append(steps, step{commands: block[2]})
		case "json":
			if len(steps) == 0 || steps[len(steps)-1].shown != "" {
				t.Fatalf("an answer without commands:\n%s", block[2])
			}
			steps[len(steps)-1].shown = block[2]
		}
	}
	return steps
}

// TestSoftwareFilingPage runs every command of docs/software-filing.md against a server, as somebody would who reads it,
// and compares what comes with what the page shows: the same members of the same kinds, and the same words for states.
func TestSoftwareFilingPage(t *testing.T) {
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("install %s: the page's commands need it", tool)
		}
	}
	page, err := os.ReadFile("../docs/software-filing.md")
	if err != nil {
		t.Fatal(err)
	}
	steps := readSteps(t, string(page))
	if len(steps) < 18 {
		t.Fatalf("%d blocks of commands: the page is not read whole", len(steps))
	}
	p := place{data: filepath.Join(t.TempDir(), "data")}
	server := startServer(t, p, "--demo", "--demo-data", "none", "--clock", date(2019, 3, 18).at("09:00:00"))

	dir := t.TempDir()
	var script strings.Builder
	script.WriteString("set -euo pipefail\n")
	for i, s := range steps {
		fmt.Fprintf(&script, "echo 'block %d' >&2\nexec >answer-%d\n%s", i, i, s.commands)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script.String())
	cmd.Dir = dir
	cmd.Env = append(environ(), "PATH="+filepath.Dir(program)+":"+os.Getenv("PATH"), "NIANBAO_DATA="+p.data, "BASE="+server.url)
	var told strings.Builder
	cmd.Stderr = &told
	if err := cmd.Run(); err != nil {
		t.Fatalf("the commands end with %v:\n%s", err, told.String())
	}
	for i, s := range steps {
		if s.shown == "" {
			continue
		}
		answer, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("answer-%d", i)))
		if err != nil {
			t.Fatal(err)
		}
		var want, got any
		if err := json.Unmarshal([]byte(s.shown), &want); err != nil {
			t.Errorf("the page shows no JSON: %v\n%s", err, s.shown)
		}
		if err := json.Unmarshal(answer, &got); err != nil {
			t.Errorf("%s\nanswers %v: %s", s.commands, err, answer)
		}
		for _, difference := range unlike("", want, got) {
			t.Errorf("%s\n%s\nanswer: %s", s.commands, difference, answer)
		}
	}
}

// literal are the members whose very values the page must show.
var literal = regexp.MustCompile(`\.(status|code|kind|outcome|check|severity|form|report_year|version)$`)

// unlike lists where an answer differs in shape from the one shown. Of a list the page shows the first.
func unlike(path string, want, got any) []string {
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			return []string{path + ": is no object"}
		}
		var all []string
		for name := range got {
			if _, shown := want[name]; !shown {
				all = append(all, path+"."+name+": is not shown")
			}
		}
		for name, value := range want {
			if _, there := got[name]; !there {
				all = append(all, path+"."+name+": is not there")
				continue
			}
			all = append(all, unlike(path+"."+name, value, got[name])...)
		}
		return all
	case []any:
		got, ok := got.([]any)
		if !ok || len(want) > 0 && len(got) == 0 || len(want) == 0 && len(got) > 0 {
			return []string{fmt.Sprintf("%s: shown as a list of %d, is %v", path, len(want), got)}
		}
		if len(want) == 0 {
			return nil
		}
		return unlike(path+"[0]", want[0], got[0])
	}
	if fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) || literal.MatchString(path) && want != got {
		return []string{fmt.Sprintf("%s: shown as %v, is %v", path, want, got)}
	}
	return nil
}
