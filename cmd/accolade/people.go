package main

import (
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
)

// people are those of a client's lists that have names: its contacts, its firms.
type people[T any] struct {
	noun string // "contact"
	all  string // what the list holds: "the people at a client's"
	one  string // "a person at a client's"
	of   func(api.ClientInfo) []T
	name func(T) string
	draw func([]T) *table
}

func (p people[T]) list(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "list CLIENT",
		Short:             "List " + p.all,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			k, err := client.ClientInfo(c.Context(), args[0])
			if err != nil {
				return err
			}
			return p.print(e, k)
		}),
	}
}

func (p people[T]) show(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show CLIENT NAME",
		Short:             "Show " + p.one,
		Args:              cobra.ExactArgs(2),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			k, err := client.ClientInfo(c.Context(), args[0])
			if err != nil {
				return err
			}
			for _, one := range p.of(k) {
				if strings.EqualFold(p.name(one), args[1]) {
					return e.print(one, p.draw([]T{one}))
				}
			}
			return &failure{what: k.Name + " has no " + p.noun + " named " + args[1], fix: "accolade " + p.noun + " list " + k.ID + " shows them", code: exitNotFound}
		}),
	}
}

func (p people[T]) print(e *env, k api.ClientInfo) error {
	list := p.of(k)
	if list == nil {
		list = []T{}
	}
	return e.print(list, p.draw(list))
}
