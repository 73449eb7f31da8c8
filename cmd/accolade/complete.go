package main

import (
	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

// completeNames completes a verb's first argument from what the controller knows.
// Without a controller there is nothing to complete: a shell in the middle of a line
// is no place for an error.
func (e *env) completeNames(list func(*cobra.Command, *api.Client) ([]string, error)) cobra.CompletionFunc {
	return func(c *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return e.ask(c, list), cobra.ShellCompDirectiveNoFileComp
	}
}

// completeFlag completes a flag's value in the same way.
func (e *env) completeFlag(list func(*cobra.Command, *api.Client) ([]string, error)) cobra.CompletionFunc {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		return e.ask(c, list), cobra.ShellCompDirectiveNoFileComp
	}
}

func (e *env) ask(c *cobra.Command, list func(*cobra.Command, *api.Client) ([]string, error)) []string {
	e.quiet = true
	client, err := e.controller()
	if err != nil {
		return nil
	}
	found, err := list(c, client)
	if err != nil {
		return nil
	}
	return found
}

// names picks one text of each.
func names[T any](list []T, of func(T) string) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = of(v)
	}
	return out
}
