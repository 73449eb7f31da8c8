// Package daemon is the command line of the controller service: flags, sub-commands,
// exit codes. It is a package and not the command itself so that tests of the
// technicians' command can run both programs in one process.
package daemon

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"codeberg.org/accolade/accolade/internal/config"
	"codeberg.org/accolade/accolade/internal/controller"
	"codeberg.org/accolade/accolade/internal/version"
)

// program is one call of accoladed.
type program struct {
	stdout, stderr io.Writer
	environ        []string
	file           string
	settings       map[string]*pflag.Flag // by key
	configured     bool                   // errors from here on are failures, not wrong use
}

// Main runs accoladed until ctx ends, and returns its exit code: 0 stopped as asked,
// 1 failed, 2 wrong use or wrong configuration.
func Main(ctx context.Context, args []string, stdout, stderr io.Writer, environ []string) int {
	p := &program{stdout: stdout, stderr: stderr, environ: environ, settings: map[string]*pflag.Flag{}}
	root := p.root()
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(stderr, "accoladed: %s\n", strings.TrimSuffix(line, "\n"))
	}
	if p.configured {
		return 1
	}
	return 2
}

func (p *program) getenv(name string) string {
	for _, kv := range p.environ {
		if v, ok := strings.CutPrefix(kv, name+"="); ok {
			return v
		}
	}
	return ""
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "accoladed",
		Short: "The Accolade controller: watches the boxes, runs the schedules, answers accolade",
		Long: `accoladed watches the boxes, runs the schedules and the operations, and answers
the command line accolade on its socket.

Settings come from a YAML file, from environment variables over it, and from flags
over both. Stopping it loses nothing: operations go on at the next start.

EXIT STATUS: 0 stopped as asked; 1 failed; 2 wrong use or wrong configuration.`,
		Version:       version.String(),
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(c *cobra.Command, _ []string) error { return p.serve(c.Context()) },
	}
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetVersionTemplate("accoladed {{.Version}}\n")
	flags := root.PersistentFlags()
	flags.StringVar(&p.file, "config", p.getenv("ACCOLADE_CONFIG"), "configuration file (ACCOLADE_CONFIG); "+config.DefaultFile+" if that exists")
	for _, k := range config.Keys {
		flags.String(k.Flag(), k.Default, k.Explain())
		p.settings[k.Name] = flags.Lookup(k.Flag())
	}
	root.AddCommand(p.versionCommand(), p.checkCommand(), p.restoreCommand())
	return root
}

// load reads the configuration; what is wrong with it is wrong use.
func (p *program) load() (config.Config, []config.Origin, error) {
	conf, origins, err := config.Load(p.sources())
	p.configured = err == nil
	return conf, origins, err
}

func (p *program) sources() config.Sources {
	given := map[string]string{}
	for name, f := range p.settings {
		if f.Changed {
			given[name] = f.Value.String()
		}
	}
	return config.Sources{File: p.file, Env: p.environ, Flags: given}
}

// serve runs the controller until ctx ends.
func (p *program) serve(ctx context.Context) error {
	conf, origins, err := p.load()
	if err != nil {
		return err
	}
	sources := p.sources()
	c, err := controller.Start(ctx, conf, controller.Options{
		Origins: origins, Version: version.String(), Log: p.stderr,
		Reload: func() (config.Config, []config.Origin, error) { return config.Load(sources) },
	})
	if err != nil {
		return err
	}
	failed := c.Wait(ctx)
	if err := c.Close(); failed == nil {
		failed = err
	}
	return failed
}

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Show this program's version", Args: cobra.NoArgs, RunE: func(*cobra.Command, []string) error {
		p.configured = true
		_, err := fmt.Fprintln(p.stdout, "accoladed", version.String())
		return err
	}}
}
