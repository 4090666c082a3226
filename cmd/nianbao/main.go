// Command nianbao is the annual-report filing system of China's registered social organisations, one command per job.
//
// This package owns what belongs to the process: flags and environment, wiring, the wall clock, the clock's table of
// jobs (jobs.go), the table of page routes (pages.go) and of API routes (routes.go). It owns no rule of the trade: those
// live in filing, review, notify and internal. time.Now is read here and nowhere else.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// Exit codes of the public contract.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

// cli is every command and setting. Each flag is also an environment variable NIANBAO_<FLAG>.
type cli struct {
	Data        string `default:"./data" placeholder:"DIR" help:"Data folder: the private PostgreSQL, documents and keys."`
	DatabaseURL string `name:"database-url" env:"NIANBAO_DATABASE_URL,DATABASE_URL" placeholder:"URL" help:"PostgreSQL 15 or newer; without it the program runs its own in the data folder."`

	Serve         serveCmd         `cmd:"" help:"Serve pages and API, and run the clock's jobs."`
	Migrate       migrateCmd       `cmd:"" help:"The database schema."`
	Authorities   authoritiesCmd   `cmd:"" help:"Registration authorities."`
	Organisations organisationsCmd `cmd:"" help:"The register of social organisations."`
	Seasons       seasonsCmd       `cmd:"" help:"Filing seasons."`
	Reports       reportsCmd       `cmd:"" help:"Accepted reports of earlier years."`
	Calendar      calendarCmd      `cmd:"" help:"Holidays and working days."`
	Account       accountCmd       `cmd:"" help:"People."`
	Token         tokenCmd         `cmd:"" help:"Bearer tokens for programs."`
	Job           jobCmd           `cmd:"" help:"The clock's jobs."`
	Sample        sampleCmd        `cmd:"" help:"Made-up, valid data for trials."`
	Verify        verifyCmd        `cmd:"" help:"Is a PDF genuine, unchanged and in force?"`
	Audit         auditCmd         `cmd:"" help:"The event log."`
	Backup        backupCmd        `cmd:"" help:"Database, blobs and keys in one consistent set."`
	Restore       restoreCmd       `cmd:"" help:"Bring a backup back into an empty place."`
	Doctor        doctorCmd        `cmd:"" help:"Check the set-up and say what to do."`
	Help          helpCmd          `cmd:"" help:"Explain the commands."`
}

// environment is what a command may touch of the process.
type environment struct {
	ctx    context.Context //nolint:containedctx // one per process; commands are methods called by the flag parser
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	wall   func() time.Time
	log    *slog.Logger

	data        string
	databaseURL string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], process{os.Stdin, os.Stdout, os.Stderr, time.Now})
	stop()
	os.Exit(code)
}

// process is the outside of one run, so that tests can run commands in their own process.
type process struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	wall   func() time.Time
}

// run parses the arguments, runs one command and returns the exit code. A failure is one line on stderr that says what
// and what to do.
func run(ctx context.Context, args []string, p process) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("nianbao"),
		kong.Description("Annual reports of China's registered social organisations: filing, form review, conclusions, lists."),
		kong.DefaultEnvars("NIANBAO"),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(code int) { exited = code }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		fmt.Fprintln(p.stderr, "nianbao:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"help"}
	}
	command, err := parser.Parse(args)
	if exited >= 0 { // --help has printed
		return exited
	}
	if err != nil {
		fmt.Fprintf(p.stderr, "nianbao: %s; see nianbao help\n", oneLine(err))
		return exitUsage
	}
	env := &environment{
		ctx: ctx, stdin: p.stdin, stdout: p.stdout, stderr: p.stderr, wall: p.wall,
		log:  slog.New(slog.NewJSONHandler(p.stderr, &slog.HandlerOptions{Level: logLevel(command.Command())})),
		data: c.Data, databaseURL: c.DatabaseURL,
	}
	err = command.Run(env, parser)
	var usage *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &usage):
		fmt.Fprintf(p.stderr, "nianbao: %s; see nianbao %s --help\n", oneLine(err), command.Command())
		return exitUsage
	default:
		fmt.Fprintf(p.stderr, "nianbao: %s\n", oneLine(err))
		return exitFailed
	}
}

// logLevel keeps a command's stderr to its one line of failure; only serve tells of its ordinary life.
func logLevel(command string) slog.Level {
	if command == "serve" {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// usageError is a wrong use that only the command itself can see; exit code 2.
type usageError struct{ reason string }

func (e *usageError) Error() string { return e.reason }

func usagef(format string, args ...any) error { return &usageError{fmt.Sprintf(format, args...)} }

func oneLine(err error) string {
	return strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == '\n' || r == '\r' }), "; ")
}

type helpCmd struct {
	Command []string `arg:"" optional:"" help:"The command to explain."`
}

// Run prints what --help would print for the command named.
func (h *helpCmd) Run(parser *kong.Kong) error {
	node := parser.Model.Node
	for _, word := range h.Command {
		if node = child(node, word); node == nil {
			return usagef("no such command: %s", strings.Join(h.Command, " "))
		}
	}
	// What Parse says after it has printed is that the command's arguments lack; the help is complete all the same.
	_, _ = parser.Parse(append(slices.Clone(h.Command), "--help"))
	return nil
}

// child is the node's subcommand of that name, nil if there is none.
func child(node *kong.Node, name string) *kong.Node {
	for _, c := range node.Children {
		if c.Type == kong.CommandNode && c.Name == name {
			return c
		}
	}
	return nil
}
