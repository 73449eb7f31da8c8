package controller

import (
	"context"
	"errors"
	"maps"
	"slices"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/headcount"
	"codeberg.org/accolade/accolade/internal/yunohost"
)

// buildHeadcounts makes the look at who has an account on clients' servers.
func (c *Controller) buildHeadcounts() error {
	c.services.Headcounts = &headcount.Reconciler{
		Book: c.services.Book, Servers: c.services.Fleet.Servers, Accounts: c.accounts, Busy: c.busy, Log: c.log,
		Sharing: func(box string) ([]string, error) { return c.services.Reports.Sharing(box) },
	}
	return c.scheduler.Add(c.services.Headcounts.Entry())
}

// accounts asks a server through its guest agent; the first admin, who is ours, is left out.
func (c *Controller) accounts(ctx context.Context, s fleet.Server) (found headcount.Accounts, err error) {
	box, err := c.services.Fleet.Box(s.Box)
	if err != nil {
		return found, err
	}
	hv, err := c.links.box(box)
	if err != nil {
		return found, err
	}
	result, err := c.services.Provisioning.Result(s.Name)
	if err != nil {
		return found, err
	}
	users, groups, err := yunohost.New(hv, s.VMID, c.clock, "headcount").UsersAndGroups(ctx)
	if err == nil && len(users) == 0 {
		err = errors.New("its list of accounts is empty: that is no answer, since the first admin is on it")
	}
	delete(users, result.Admin)
	return headcount.Accounts{Names: slices.Sorted(maps.Keys(users)), Groups: groups}, err
}

// busy is the operation that holds a box.
func (c *Controller) busy(box string) (string, error) {
	held, err := c.engine.Leases()
	for _, l := range held {
		if l.Name == "box/"+box {
			return l.Operation, err
		}
	}
	return "", err
}
