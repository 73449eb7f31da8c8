package main

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/operation"
)

func newOperationCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "operation",
		Short: "See the controller's work, follow it, end it, try again",
		Long: `An operation is a run of several steps: a server being provisioned, a backup, a box
being enrolled. It belongs to the controller and survives its restarts. One that failed
or was cancelled undoes what it did, last step first, and says what stays behind.`,
	}
	c.AddCommand(newOperationList(e), newOperationShow(e), newOperationFollow(e), newOperationCancel(e), newOperationRetry(e))
	return c
}

// stateCell is a state as it is drawn.
func stateCell(s operation.State) cell {
	c := cell{text: string(s)}
	switch s {
	case operation.Failed, operation.Blocked:
		c.colour = red
	case operation.Undoing, operation.Cancelled:
		c.colour = yellow
	case operation.Done:
		c.colour = green
	}
	return c
}

func newOperationList(e *env) *cobra.Command {
	var f api.OperationFilter
	c := &cobra.Command{
		Use:   "list",
		Short: "List the operations that go on; with --all those that ended too",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Operations(c.Context(), f)
			if err != nil {
				return err
			}
			t := newTable("id", "kind", "subject", "state", "step", "by", "created", "about")
			for _, op := range list {
				t.add(op.ID, op.Kind, op.Subject, stateCell(op.State), op.Step, op.By, e.when(op.Created), gist(op))
			}
			return e.print(list, t)
		}),
	}
	c.Flags().BoolVar(&f.All, "all", false, "those that ended too")
	c.Flags().StringVar(&f.Subject, "subject", "", "only of one subject, such as server/horizon")
	c.Flags().StringVar(&f.Kind, "kind", "", "only of one kind, such as server.provision")
	c.Flags().IntVar(&f.Limit, "limit", 0, "at most so many (500)")
	return c
}

// gist is the one line that says most about an operation.
func gist(op operation.Operation) string {
	switch {
	case op.Problem != nil:
		return op.Problem.What
	case op.Waiting != "":
		return op.Waiting
	case op.Progress.Text != "":
		return op.Progress.Text
	}
	return ""
}

func newOperationShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show ID",
		Short:             "Show one operation with its steps",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeOperations(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			op, err := client.Operation(c.Context(), args[0])
			if err != nil {
				return err
			}
			t := newTable("step", "state", "attempts#", "took#", "error")
			for _, s := range op.Steps {
				t.add(s.Name, stepCell(s.State), attempts(s), took(s), s.Error)
			}
			t.note = summary(e, op)
			return e.print(op, t)
		}),
	}
}

func stepCell(s operation.StepState) cell {
	c := cell{text: string(s)}
	switch s {
	case operation.StepFailed:
		c.colour = red
	case operation.StepRemains, operation.StepUndone:
		c.colour = yellow
	case operation.StepDone:
		c.colour = green
	}
	return c
}

func attempts(s operation.StepStatus) string {
	if s.Attempts == 0 {
		return ""
	}
	return strconv.Itoa(s.Attempts)
}

// summary is what stands below the steps.
func summary(e *env, op operation.Operation) string {
	lines := []string{"", op.Kind + " " + op.Subject + ": " + string(op.State) + ", started by " + op.By + " " + e.when(op.Created)}
	if op.Waiting != "" {
		lines = append(lines, "waiting: "+op.Waiting)
	}
	if op.Problem != nil {
		lines = append(lines, "problem: "+op.Problem.What)
		if op.Problem.Fix != "" {
			lines = append(lines, "     → "+op.Problem.Fix)
		}
	}
	for _, left := range op.CannotUndo {
		lines = append(lines, "left behind: "+left)
	}
	return strings.Join(lines, "\n")
}

func newOperationFollow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "follow ID",
		Short: "Watch an operation until it has ended",
		Long: `Watch an operation until it has ended. A restart of the controller does not matter, and
neither does leaving with Ctrl-C: the operation goes on.

EXIT STATUS: 0 if it is done, 1 if it failed or was cancelled.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeOperations(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			return e.follow(c.Context(), client, args[0])
		}),
	}
}

func newOperationCancel(e *env) *cobra.Command {
	var detach *bool
	c := &cobra.Command{
		Use:               "cancel ID",
		Short:             "End an operation; what was done is undone",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeOperations(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			if err := e.confirm("Operation "+args[0]+" will end and undo what it did", args[0]); err != nil {
				return err
			}
			op, err := client.CancelOperation(c.Context(), args[0])
			if err != nil || *detach {
				return err
			}
			if err := e.follow(c.Context(), client, op.ID); err != nil && !cancelled(c, client, op.ID) {
				return err
			}
			return nil
		}),
	}
	detach = detachFlag(c)
	return c
}

// cancelled says that the operation ended the way that was asked for.
func cancelled(c *cobra.Command, client *api.Client, id string) bool {
	op, err := client.Operation(c.Context(), id)
	return err == nil && op.State == operation.Cancelled
}

func newOperationRetry(e *env) *cobra.Command {
	var detach *bool
	c := &cobra.Command{
		Use:               "retry ID",
		Short:             "Have an operation that failed go on",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeOperations(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			op, err := client.RetryOperation(c.Context(), args[0])
			if err != nil {
				return err
			}
			return e.watch(c, client, op, *detach)
		}),
	}
	detach = detachFlag(c)
	return c
}

func (e *env) completeOperations() cobra.CompletionFunc {
	return e.completeNames(func(c *cobra.Command, client *api.Client) ([]string, error) {
		list, err := client.Operations(c.Context(), api.OperationFilter{All: true, Limit: 50})
		return names(list, func(op operation.Operation) string {
			return op.ID + "\t" + op.Kind + " " + op.Subject + ", " + string(op.State)
		}), err
	})
}
