package postgres

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// minimumMajor is the oldest PostgreSQL that is supported.
const minimumMajor = 15

// ErrNotInstalled says that the PostgreSQL programs lack, and what to do.
var ErrNotInstalled = errors.New("PostgreSQL 15 or newer is not installed: run `make setup`, or `apt-get install postgresql`, or give --database-url")

// Programs is a folder of PostgreSQL server programs of one major version.
type Programs struct {
	Dir   string
	Major int
}

// Path is the file of one of them, such as "pg_dump".
func (p Programs) Path(name string) string { return filepath.Join(p.Dir, name) }

// programFolders are where distributions put server programs. Debian keeps them off PATH.
var programFolders = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/local/pgsql/bin",
	"/usr/libexec/postgresql*",
	"/opt/homebrew/opt/postgresql*/bin",
	"/usr/local/opt/postgresql*/bin",
}

// FindPrograms finds the newest installed PostgreSQL, in the folders of distributions before PATH. A major other than
// zero asks for just that one, as an existing cluster or a server to dump does.
func FindPrograms(major int) (Programs, error) { return findPrograms(programFolders, major) }

func findPrograms(folders []string, major int) (Programs, error) {
	var found []Programs
	for _, dir := range programDirs(folders) {
		if v, ok := programsVersion(dir); ok {
			found = append(found, Programs{Dir: dir, Major: v})
		}
	}
	slices.SortStableFunc(found, func(a, b Programs) int { return cmp.Compare(b.Major, a.Major) })
	for _, p := range found {
		if p.Major == major || major == 0 && p.Major >= minimumMajor {
			return p, nil
		}
	}
	if major != 0 {
		return Programs{}, fmt.Errorf("PostgreSQL %d is needed for this data and is not installed: `apt-get install postgresql-%d`", major, major)
	}
	return Programs{}, ErrNotInstalled
}

func programDirs(folders []string) []string {
	var dirs []string
	for _, pattern := range folders {
		matches, _ := filepath.Glob(pattern) // the only error is a bad pattern; ours are constant
		dirs = append(dirs, matches...)
	}
	if p, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(p); err == nil {
			dirs = append(dirs, filepath.Dir(real))
		}
	}
	return dirs
}

var versionPattern = regexp.MustCompile(`\) (\d+)`)

// programsVersion asks the programs in dir for their major version; false if one lacks.
func programsVersion(dir string) (int, bool) {
	for _, name := range []string{"initdb", "postgres"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode()&0o111 == 0 {
			return 0, false
		}
	}
	out, err := exec.Command(filepath.Join(dir, "postgres"), "--version").Output()
	if err != nil {
		return 0, false
	}
	match := versionPattern.FindSubmatch(out)
	if match == nil {
		return 0, false
	}
	major, err := strconv.Atoi(string(match[1]))
	return major, err == nil
}
