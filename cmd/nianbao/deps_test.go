package main_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The direction of the house (docs/architecture.md):
// cmd → web pages, api → review, notify → filing → internal. These rules pin it over `go list`.

// module is the import path that all of our packages begin with.
const module = "nianbao/"

// listed is one of our packages: its path below the module, what it imports, and all that it depends on through those.
type listed struct {
	path          string
	imports, deps []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-f", `{{.ImportPath}}|{{join .Imports " "}}|{{join .Deps " "}}`, "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for line := range strings.Lines(string(out)) {
		part := strings.Split(strings.TrimSpace(line), "|")
		if len(part) != 3 {
			t.Fatalf("go list said %q", line)
		}
		all = append(all, listed{strings.TrimPrefix(part[0], module), strings.Fields(part[1]), strings.Fields(part[2])})
	}
	return all
}

// under tells whether path is one of the folders or lies below one.
func under(path string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool { return path == f || strings.HasPrefix(path, f+"/") })
}

// isWeb tells whether a package serves pages or the API.
func isWeb(path string) bool {
	return strings.HasSuffix(path, "/web") || under(path, "cmd/nianbao/api")
}

func isDomain(path string) bool { return under(path, "filing", "review", "notify") && !isWeb(path) }

// reach gives those of paths that are one of the given packages or below one.
func reach(paths []string, packages ...string) (found []string) {
	for _, p := range paths {
		if under(p, packages...) {
			found = append(found, p)
		}
	}
	return found
}

const (
	echo   = "github.com/labstack/echo"
	cron   = "github.com/robfig/cron"
	gofpdf = "github.com/jung-kurt/gofpdf"
	goose  = "github.com/pressly/goose"
	pq     = "github.com/lib/pq"
)

func ours(paths ...string) (full []string) {
	for _, p := range paths {
		full = append(full, module+p)
	}
	return full
}

func TestDirectionOfDependencies(t *testing.T) {
	rules := []struct {
		name   string
		of     func(path string) bool
		never  []string
		direct bool // only what the package itself imports counts
	}{
		{"filing knows neither review nor notify", func(p string) bool { return under(p, "filing") && !isWeb(p) }, ours("review", "notify"), false},
		{"review does not know notify", func(p string) bool { return under(p, "review") && !isWeb(p) }, ours("notify"), false},
		{"notify does not know review", func(p string) bool { return under(p, "notify") && !isWeb(p) }, ours("review"), false},
		{"no domain package knows the web, Echo, cron or gofpdf", isDomain, append(ours("internal/web", "filing/web", "review/web", "review/publication/web"), echo, cron, gofpdf), false},
		{"the ground knows nothing of what stands on it", func(p string) bool { return under(p, "internal") }, ours("cmd", "filing", "review", "notify"), false},
		{"nothing imports the program", func(p string) bool { return !under(p, "cmd") }, ours("cmd"), false},
		{"templates and migrations stand alone", func(p string) bool { return under(p, "templates", "migrations") }, []string{"nianbao", "github.com", "golang.org", "gocloud.dev", "rsc.io", "cel.dev"}, false},
		{"gofpdf is known in internal/document/pdf alone", func(p string) bool { return p != "internal/document/pdf" }, []string{gofpdf}, true},
		{"Echo is known in web packages and the program alone", func(p string) bool { return !isWeb(p) && !under(p, "cmd", "internal/web") }, []string{echo}, true},
		{"cron is known in internal/clock and the program alone", func(p string) bool { return !under(p, "internal/clock", "cmd") }, []string{cron}, true},
		{"migrating is internal/postgres's alone", func(p string) bool { return !under(p, "internal/postgres") }, []string{goose}, true},
		{"pages and the API hold no SQL", isWeb, []string{pq, "database/sql", "github.com/jmoiron/sqlx"}, true},
		{"pure packages know no database", func(p string) bool {
			return under(p, "internal/workday", "internal/money", "filing/form", "filing/check", "internal/document/pdf")
		}, append(ours("internal/postgres"), pq, "github.com/jmoiron/sqlx"), true},
	}
	all := packages(t)
	for _, rule := range rules {
		for _, p := range all {
			if !rule.of(p.path) {
				continue
			}
			seen := p.deps
			if rule.direct {
				seen = p.imports
			}
			if found := reach(seen, rule.never...); len(found) > 0 {
				t.Errorf("%s: %s depends on %s", rule.name, p.path, strings.Join(found, ", "))
			}
		}
	}
}

// Each top-level folder has a purpose (docs/architecture.md); a Go package elsewhere has none.
func TestPackagesLieInTheHouse(t *testing.T) {
	for _, p := range packages(t) {
		if !under(p.path, "cmd", "filing", "review", "notify", "templates", "migrations", "internal", "docs", "e2e", "deploy") {
			t.Errorf("package %s lies outside the house", p.path)
		}
	}
}
