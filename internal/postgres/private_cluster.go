package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	baseFolder = "postgres" // in the data folder
	socketPort = "5432"     // only part of the socket's file name: the server listens on no network address
	// maxSocketPath is what sun_path holds, less the terminating zero.
	maxSocketPath = 107
	// inheritedBase is the path of the base folder inside the server's processes when root starts them, see command.
	inheritedBase = "/proc/self/fd/3"
)

// cluster is a PostgreSQL data folder and the processes on it.
type cluster struct {
	base      string // DATA/postgres, absolute
	socketDir string // as clients see it
	programs  Programs
	throwaway bool
	owner     *syscall.Credential // as whom PostgreSQL runs; nil: as we do
	shareBase bool                // the base folder's own files belong to owner too
}

// newCluster finds the programs and prepares the folders; it starts nothing.
func newCluster(dataDir string, throwaway bool) (*cluster, error) {
	data, err := filepath.Abs(dataDir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	c := &cluster{base: filepath.Join(data, baseFolder), throwaway: throwaway}
	if c.programs, err = FindPrograms(c.existingMajor()); err != nil {
		return nil, err
	}
	if err := c.findOwner(data); err != nil {
		return nil, err
	}
	// The owner must be able to pass the base folder; what lies in it is guarded by modes of its own.
	if err := os.Mkdir(c.base, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := c.shareFile(c.base); err != nil {
		return nil, err
	}
	if err := c.makeFolder(c.file("run")); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *cluster) file(name string) string { return filepath.Join(c.base, name) }
func (c *cluster) dataDir() string         { return c.file("cluster") }

// existingMajor is the major version that the data is of, 0 if there is none yet.
func (c *cluster) existingMajor() int {
	text, err := os.ReadFile(filepath.Join(c.dataDir(), "PG_VERSION"))
	if err != nil {
		return 0
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0
	}
	return major
}

// findOwner decides as whom PostgreSQL runs, since it refuses root: as the owner of an existing cluster, as the owner of
// the data folder if that is not root, else as the system user postgres. Whoever is not root can only be themselves.
func (c *cluster) findOwner(data string) error {
	dataOwner, err := ownerOf(data)
	if err != nil {
		return err
	}
	clusterOwner, err := ownerOf(c.dataDir())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if us := os.Geteuid(); us != 0 {
		if clusterOwner != nil && int(clusterOwner.Uid) != us {
			return fmt.Errorf("%s belongs to user %d: run as that user or as root", c.dataDir(), clusterOwner.Uid)
		}
		return nil
	}
	switch {
	case clusterOwner != nil && clusterOwner.Uid != 0:
		c.owner = clusterOwner
	case dataOwner.Uid != 0:
		c.owner = dataOwner
	default:
		if c.owner, err = systemUser(); err != nil {
			return err
		}
	}
	// A folder of an ordinary user stays usable by them; in root's, the server's user gets no more than it needs.
	c.shareBase = c.owner.Uid == dataOwner.Uid
	return nil
}

func systemUser() (*syscall.Credential, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root and there is no system user `postgres`: "+
			"make one with `adduser --system --group postgres`, or run nianbao as an ordinary user (%w)", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("system user postgres: %w", err)
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("system user postgres: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func ownerOf(path string) (*syscall.Credential, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return nil, fmt.Errorf("%s: this system does not tell the owner of a file", path)
	}
	return &syscall.Credential{Uid: stat.Uid, Gid: stat.Gid}, nil
}

// makeFolder makes a folder that only the cluster's owner can enter.
func (c *cluster) makeFolder(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return c.giveAway(dir)
}

// shareFile gives a file of the base folder to the cluster's owner if the data folder is theirs.
func (c *cluster) shareFile(path string) error {
	if !c.shareBase {
		return nil
	}
	return c.giveAway(path)
}

// giveAway gives a file that root has made to the cluster's owner.
func (c *cluster) giveAway(path string) error {
	if c.owner == nil {
		return nil
	}
	return os.Lchown(path, int(c.owner.Uid), int(c.owner.Gid))
}

// chooseSocketDir takes run/, or for a long path the temporary folder noted in socket-folder, or a new one. The caller
// holds start.lock.
func (c *cluster) chooseSocketDir() error {
	c.socketDir = c.file("run")
	if len(c.socketDir)+len("/.s.PGSQL."+socketPort) <= maxSocketPath {
		return nil
	}
	note := c.file("socket-folder")
	if text, err := os.ReadFile(note); err == nil {
		if info, err := os.Stat(string(text)); err == nil && info.IsDir() {
			c.socketDir = string(text)
			return nil
		}
	}
	parent := os.TempDir()
	if len(parent) > maxSocketPath/2 {
		parent = "/tmp"
	}
	dir, err := os.MkdirTemp(parent, "nianbao-socket-")
	if err != nil {
		return fmt.Errorf("make a folder for the socket: %w", err)
	}
	c.socketDir = dir
	if err := c.giveAway(dir); err != nil {
		return err
	}
	if err := os.Remove(note); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := os.OpenFile(note, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(dir)
	return errors.Join(err, f.Close(), c.shareFile(note))
}

// command is a PostgreSQL program run as the cluster's owner, in a clean environment, in a session of its own so that
// Ctrl-C reaches nianbao alone. paths gives the paths as that program sees them.
//
// As root the program gets the base folder as an open descriptor and names it through /proc, because its user may not
// be able to pass the folders above (/root is 0700): no permission but the folder's own is asked for then.
func (c *cluster) command(name string, args func(base string) []string) (cmd *exec.Cmd, cleanup func(), err error) {
	base, cleanup := c.base, func() {}
	cmd = exec.Command(c.programs.Path(name))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: c.owner}
	if c.owner != nil && throughProc() {
		folder, err := os.Open(c.base)
		if err != nil {
			return nil, nil, err
		}
		cmd.ExtraFiles = []*os.File{folder} // becomes descriptor 3
		cleanup = func() { _ = folder.Close() }
		base = inheritedBase
	}
	cmd.Args = append(cmd.Args, args(base)...)
	cmd.Dir = "/"
	cmd.Env = serverEnvironment()
	return cmd, cleanup, nil
}

func throughProc() bool {
	_, err := os.Stat("/proc/self/fd")
	return err == nil
}

// serverEnvironment drops what would change PostgreSQL's settings, language or zone.
func serverEnvironment() []string {
	var env []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "PG") && !strings.HasPrefix(v, "LC_") && !strings.HasPrefix(v, "LANG") && !strings.HasPrefix(v, "TZ=") {
			env = append(env, v)
		}
	}
	return append(env, "LC_ALL=C.UTF-8")
}

// create makes the cluster if it is not there: beside its place, then renamed, so that a kill in the middle leaves no
// half one.
func (c *cluster) create() error {
	if _, err := os.Stat(filepath.Join(c.dataDir(), "PG_VERSION")); err == nil {
		return nil
	}
	if err := os.Remove(c.dataDir()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there but holds no database: move it away (%w)", c.dataDir(), err)
	}
	fresh := c.file("cluster.new")
	if err := os.RemoveAll(fresh); err != nil {
		return err
	}
	if err := c.makeFolder(fresh); err != nil {
		return err
	}
	err := c.run("initdb", func(base string) []string {
		return []string{"-D", base + "/cluster.new", "-U", clusterUser, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"}
	})
	if err != nil {
		return err
	}
	if err := c.configure(filepath.Join(fresh, "postgresql.conf")); err != nil {
		return fmt.Errorf("write postgresql.conf: %w", err)
	}
	if err := os.Rename(fresh, c.dataDir()); err != nil {
		return err
	}
	if c.throwaway {
		return nil
	}
	return syncFilesystem(c.base)
}

// run runs a program to its end; its output is part of the error.
func (c *cluster) run(name string, args func(base string) []string) error {
	cmd, cleanup, err := c.command(name, args)
	if err != nil {
		return err
	}
	defer cleanup()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, bytes.TrimSpace(out))
	}
	return nil
}

// syncFilesystem makes what initdb wrote durable in one call instead of one per file.
func syncFilesystem(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}
