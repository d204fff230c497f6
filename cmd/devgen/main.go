// Command devgen compiles devcontainer.cue into the files of a dev container and checks that they are fresh.
//
// This package is the outside world: flags, exit codes, and the reading and writing of files.
//
//   - main.go is the command line, interrupt.go and lock.go how a run ends early and waits for another one.
//   - check.go, diff.go, doc.go, generate.go, init.go, report.go, schema.go, trace.go, validate.go and version.go are a command
//     each. compile.go is what those that read the spec begin with.
//   - manifest.go, survey.go, section.go and write.go are the tree: what devgen wrote, what stands there now, devgen's lines
//     in a file of the user's, and the writing.
//   - record.go is where the records of builds come from, and worth.go how report tells of them.
//   - result.go is what a command has to tell; text.go, json.go and github.go are how.
//
// A new command is a file with a function that makes its cobra.Command and a line in newRoot. One with a result fills it in
// a function for telling, and gets --format by addFormat; one without prints to c.OutOrStdout(). How it ends is an *exit.
// Any other error that it returns is a mistake in the command line.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/devgen/devgen/schema"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func main() {
	debug.SetGCPercent(250)       // a run is short: memory is cheaper than collecting it
	debug.SetMemoryLimit(1 << 30) // but not for a spec of thousands of volumes
	logrus.SetOutput(io.Discard)  // compose-go would warn of variables that only the developer's machine has
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends devgen where it stands
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// The exit codes.
const (
	exitOK      = 0
	exitDrift   = 1 // something would change, or a rule found something under --strict
	exitUsage   = 2 // a flag or an argument
	exitInvalid = 3 // the spec
	exitFailed  = 4 // a file could not be read or written, or devgen has a defect
)

// An exit is how a command ends when not well. Its result was printed by then; err, if there is one, is still to be told.
type exit struct {
	code int
	err  error
}

func (e *exit) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

// execute is the command and its answer to whatever went wrong.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	out := &checked{w: stdout}
	root := newRoot(out, stderr)
	root.SetArgs(append([]string{}, args...)) // of nil cobra takes those of the process
	err := guard(stderr, func() error { return root.ExecuteContext(ctx) })
	if out.err != nil {
		err = out.failed(err)
	}
	if err == nil {
		return exitOK
	}
	var e *exit
	if !errors.As(err, &e) { // cobra's own
		errors.As(usage(root, err), &e)
	}
	for _, line := range lines(e.err) {
		if strings.HasPrefix(line, hintPrefix) {
			fmt.Fprintln(stderr, line)
			continue
		}
		fmt.Fprintln(stderr, "devgen:", line)
	}
	return e.code
}

// guard makes a defect of devgen an exit as any other, and prints what is needed to find it.
func guard(stderr io.Writer, body func() error) (err error) {
	defer func() {
		if defect := recover(); defect != nil {
			text := fmt.Sprint(defect)
			fmt.Fprintf(stderr, "%s\n%s", text, debug.Stack())
			first, _, _ := strings.Cut(text, "\n")
			err = &exit{exitFailed, fmt.Errorf("a defect of devgen, please report it with what stands on stderr: %s", first)}
		}
	}()
	return body()
}

// lines are what an error has to say: a line for each of those that errors.Join has joined.
func lines(err error) (all []string) {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{schema.OneLine(strings.TrimSpace(err.Error()))}
	}
	for _, e := range joined.Unwrap() {
		all = append(all, lines(e)...)
	}
	return all
}

// A checked writer remembers that something was not written: results that nobody gets are a failure.
type checked struct {
	w   io.Writer
	err error
}

func (c *checked) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	if c.err == nil {
		c.err = err
	}
	return n, err
}

// failed is the exit of a command whose results were not written, however it ended otherwise.
func (c *checked) failed(err error) error {
	var end *exit
	if errors.As(err, &end) && end.err != nil {
		return &exit{exitFailed, errors.Join(end.err, c.err)}
	}
	return &exit{exitFailed, c.err}
}

// options are the flags. Each command reads those it knows.
type options struct {
	dir    string
	spec   string
	tags   []string
	strict bool
	dryRun bool
	force  bool
	format choice
	color  choice
}

func newRoot(stdout, stderr io.Writer) *cobra.Command {
	o := options{
		format: choice{among: []string{formatText, formatJSON, formatGitHub}},
		color:  choice{value: "auto", among: []string{"auto", "always", "never"}},
	}
	root := &cobra.Command{
		Use:   "devgen",
		Short: "Compile devcontainer.cue into the files of a dev container",
		Long: `devgen compiles one file, devcontainer.cue, into the GitHub workflow that prebuilds a dev container image, the
compose files, devcontainer.json and what belongs to them. Edit the spec, run devgen, commit.

Without a command it generates.

Exit codes: 0 ok, 1 drift or findings, 2 usage, 3 the spec is invalid, 4 could not run.`,
		SilenceErrors: true,
		SilenceUsage:  true,

		SuggestionsMinimumDistance: 2,

		Version: version(),
		PersistentPreRunE: func(*cobra.Command, []string) error {
			return enter(o.dir)
		},
		Args: knownCommand,
		RunE: telling(&o, generate),
	}
	root.SetOut(stdout) // before InitDefaultCompletionCmd, which keeps the writer that it finds
	root.SetErr(stderr)
	root.SetVersionTemplate("devgen {{.Version}}\n")
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(newHelp(root))
	flags := root.PersistentFlags()
	flags.StringVarP(&o.dir, "directory", "C", ".", "work in this folder, the root of the repository")
	flags.StringVar(&o.spec, "spec", schema.DefaultFile, "the spec: a .cue, .yaml or .json file")
	flags.StringArrayVarP(&o.tags, "tag", "t", nil, "set an @tag field of the spec, as key=value")
	flags.BoolVar(&o.strict, "strict", false, "warnings fail too")
	flags.Var(&o.color, "color", "colours: auto, always or never; auto heeds the terminal and NO_COLOR")
	root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions(o.color.among, cobra.ShellCompDirectiveNoFileComp))
	generating := func(c *cobra.Command) *cobra.Command {
		c.Flags().BoolVar(&o.dryRun, "dry-run", false, "only tell what would change; exit 1 if anything would")
		c.Flags().BoolVar(&o.force, "force", false, "overwrite files edited by hand too, and keep each as FILE.orig")
		return addFormat(c, &o)
	}
	generating(root)
	root.AddCommand(
		generating(newGenerate(&o)),
		addFormat(newCheck(&o), &o),
		newDiff(&o),
		newInit(&o),
		addFormat(newValidate(&o), &o),
		newDoc(),
		newReport(&o),
		newSchema(),
		newTrace(&o),
		newVersion(),
	)
	addCompletion(root)
	return root
}

// addCompletion adds cobra's command, but for a shell that there is not.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Args, c.RunE = knownCommand, func(c *cobra.Command, _ []string) error { return c.Help() }
		}
	}
}

// enter makes dir the working folder.
func enter(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err != nil && (dir == "" || errors.Is(err, os.ErrNotExist)):
		err = fmt.Errorf("-C %s: no such folder", cmp.Or(dir, `""`))
	case err == nil && !info.IsDir():
		err = fmt.Errorf("-C %s: not a folder", dir)
	case err == nil:
		err = os.Chdir(dir)
	}
	if err != nil {
		return &exit{exitUsage, err}
	}
	return nil
}

// knownCommand refuses a word that is no command, with what was probably meant.
func knownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q", args[0])
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		text += fmt.Sprintf(" (did you mean %s?)", near[0])
	}
	return usage(c, errors.New(text))
}

// noArguments refuses any word behind a command.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage(c, fmt.Errorf("%s takes no arguments, but got %q", c.Name(), args[0]))
}

// flagError tells an unknown flag with what was probably meant, and a bad value without the insides of Go.
func flagError(c *cobra.Command, err error) error {
	var value *pflag.InvalidValueError
	if errors.As(err, &value) && value.GetFlag().Value.Type() == "bool" {
		err = fmt.Errorf("--%s: %q is not allowed; want true or false", value.GetFlag().Name, value.GetValue())
	}
	if errors.As(err, &value) && value.GetFlag().Value.Type() == "word" {
		err = fmt.Errorf("--%s: %q is not allowed; %w", value.GetFlag().Name, value.GetValue(), value.Unwrap())
	}
	var unknown *pflag.NotExistError
	if errors.As(err, &unknown) {
		var names []string
		c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		if hint := schema.Nearest("--"+unknown.GetSpecifiedName(), names); hint != "" {
			err = fmt.Errorf("%w (%s)", err, hint)
		}
	}
	return usage(c, err)
}

// hintPrefix begins the line that tells where to look.
const hintPrefix = `run "`

func usage(c *cobra.Command, err error) error {
	return &exit{exitUsage, errors.Join(err, fmt.Errorf("%s%s --help\" for what there is", hintPrefix, c.CommandPath()))}
}

// newHelp is cobra's, but for a topic that there is not.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Tell about a command",
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return knownCommand(root, args)
			}
			return c.Help()
		},
	}
}

// count is "1 file" or "2 files".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
