package postgres

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// fakePrograms makes folders of PostgreSQL programs that only know their version.
func fakePrograms(t *testing.T, versions map[string]string) (pattern string) {
	t.Helper()
	top := t.TempDir()
	for folder, version := range versions {
		dir := filepath.Join(top, folder, "bin")
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"initdb", "postgres"} {
			script := fmt.Sprintf("#!/bin/sh\necho '%s'\n", version)
			if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o755); err != nil {
				t.Fatal(err)
			}
		}
	}
	return filepath.Join(top, "*/bin")
}

func TestFindPrograms(t *testing.T) {
	t.Setenv("PATH", "/bin") // without PostgreSQL, with what the fakes' shell needs
	if _, err := os.Stat("/bin/initdb"); err == nil {
		t.Setenv("PATH", "/nowhere")
	}
	const debian = "postgres (PostgreSQL) %s (Debian %s-1)"
	many := fakePrograms(t, map[string]string{
		"9.6": fmt.Sprintf(debian, "9.6.24", "9.6.24"),
		"15":  fmt.Sprintf(debian, "15.18", "15.18"),
		"17":  "postgres (PostgreSQL) 17beta1",
		"100": "something else",
	})
	old := fakePrograms(t, map[string]string{"14": "postgres (PostgreSQL) 14.9"})
	tests := []struct {
		name    string
		folders []string
		major   int
		want    int // 0: an error
	}{
		{"the newest", []string{many, old}, 0, 17},
		{"the one that the data needs", []string{many}, 15, 15},
		{"data of an older major than is supported for new data", []string{many, old}, 14, 14},
		{"data of a major that lacks", []string{many}, 16, 0},
		{"only an old one", []string{old}, 0, 0},
		{"none", []string{"/nowhere/*"}, 0, 0},
	}
	for _, tt := range tests {
		got, err := findPrograms(tt.folders, tt.major)
		if got.Major != tt.want || (err == nil) != (tt.want != 0) {
			t.Errorf("%s: %+v, %v; want %d", tt.name, got, err, tt.want)
		}
		if tt.want == 0 && tt.major == 0 && !errors.Is(err, ErrNotInstalled) {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
}

func TestProgramsOnPATHCount(t *testing.T) {
	pattern := fakePrograms(t, map[string]string{"elsewhere": "postgres (PostgreSQL) 16.1"})
	matches, err := filepath.Glob(pattern)
	if err != nil || len(matches) != 1 {
		t.Fatal(matches, err)
	}
	t.Setenv("PATH", matches[0]+":/bin")
	got, err := findPrograms(nil, 16)
	if err != nil || got.Dir != matches[0] || got.Path("pg_dump") != matches[0]+"/pg_dump" {
		t.Errorf("%+v, %v", got, err)
	}
}
