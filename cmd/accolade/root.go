package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/version"
)

// nouns builds every noun's command tree. A new noun is one file and one line here.
var nouns = []func(*env) *cobra.Command{
	newAuditCommand,
	newBackupCommand,
	newBoxCommand,
	newClientCommand,
	newConfigCommand,
	newContactCommand,
	newContractCommand,
	newDebitCommand,
	newDemoCommand,
	newDoctorCommand,
	newFirmCommand,
	newHeadcountCommand,
	newHoursCommand,
	newInvoiceCommand,
	newMailCommand,
	newMandateCommand,
	newMonthCommand,
	newExportCommand,
	newOfferCommand,
	newOperationCommand,
	newPaymentCommand,
	newQuoteCommand,
	newReminderCommand,
	newMarginCommand,
	newHardwareCommand,
	newLetterCommand,
	newSandboxCommand,
	newScheduleCommand,
	newServerCommand,
	newSiteCommand,
	newStatementCommand,
	newStatusCommand,
	newStoreCommand,
	newTokenCommand,
	newVaultCommand,
	newVersionCommand,
}

// run parses the arguments, does the work and returns the exit code.
func run(ctx context.Context, args []string, e *env) int {
	root := newRoot(e)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	e.close()
	return e.report(err)
}

func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "accolade",
		Short: "Run the computer rooms of many small organisations",
		Long: `accolade speaks to the controller, accoladed: on this machine through its unix
socket, from elsewhere through TLS with a technician's token.

  accolade status                    the one table of the morning
  accolade NOUN VERB --help          what a verb does, with examples

` + exitHelp,
		Version:       version.String(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetVersionTemplate("accolade {{.Version}}\n")
	root.CompletionOptions.HiddenDefaultCmd = false
	root.SuggestionsMinimumDistance = 2
	e.addFlags(root.PersistentFlags())
	cobra.CheckErr(root.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, cobra.ShellCompDirectiveNoFileComp)))
	for _, noun := range nouns {
		root.AddCommand(noun(e))
	}
	prepare(e, root)
	helpful(root)
	return root
}

// prepare gives every command of the tree the same manners: errors before the work
// starts are errors of use, and a noun without a verb shows its verbs.
func prepare(e *env, c *cobra.Command) {
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error { return usage(c, flagTrouble(err)) })
	if c.Runnable() {
		c.Args = argTrouble(c.Args)
	}
	if c.RunE == nil && c.Run == nil && c.HasSubCommands() {
		c.Args = cobra.ArbitraryArgs
		c.RunE = func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return c.Help()
			}
			return usage(c, unknownVerb(c, args[0]))
		}
	}
	if work := c.RunE; work != nil {
		c.RunE = func(c *cobra.Command, args []string) error {
			if err := e.check(); err != nil {
				return usage(c, err)
			}
			e.started = true
			return work(c, args)
		}
	}
	for _, sub := range c.Commands() {
		prepare(e, sub)
	}
}

func unknownVerb(c *cobra.Command, word string) error {
	if near := c.SuggestionsFor(word); len(near) > 0 {
		return fmt.Errorf("%s has no %q; did you mean %s?", c.CommandPath(), word, strings.Join(near, " or "))
	}
	var verbs []string
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			verbs = append(verbs, sub.Name())
		}
	}
	return fmt.Errorf("%s has no %q; it has: %s", c.CommandPath(), word, strings.Join(verbs, ", "))
}
