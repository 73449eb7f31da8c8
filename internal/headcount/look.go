package headcount

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
)

// look is one round through contracts; each server is asked once in it.
type look struct {
	*Reconciler
	contracts []contract.Contract
	today     calendar.Date
	servers   []fleet.Server // in service
	asked     map[string]answer
}

type answer struct {
	Accounts
	err error
}

// errNoServer says that a client has no server yet.
var errNoServer = errors.New("no server")

// accountsOf are the names of a contract's accounts: the members of its group, or else
// all who are on its client's servers and in no group of another contract.
func (l *look) accountsOf(ctx context.Context, k contract.Contract) (names []string, err error) {
	switch {
	case k.Group != nil:
		names, err = l.members(ctx, k)
	case k.OfferOn(l.today).Unit == contract.PerSeat:
		err = untold(k)
	default:
		names, err = l.others(ctx, k)
	}
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(k.LeftOut, n) }) {
		return nil, errors.New("no account there counts yet, and a contract has one employee or seat at least: import the accounts, or end the contract")
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// untold says what is missing of a contract on a shared server.
func untold(k contract.Contract) error {
	return fmt.Errorf("its accounts share a server with others, and nothing tells them apart: put them into a group of their own there (web admin: Users, Manage groups), then: accolade headcount group %s --server NAME --group GROUP", k.Client)
}

// members are who is in a contract's group. Somebody who is in another contract's group
// too would be billed twice.
func (l *look) members(ctx context.Context, k contract.Contract) ([]string, error) {
	i := slices.IndexFunc(l.servers, func(s fleet.Server) bool { return s.Name == k.Group.Server })
	if i < 0 {
		return nil, fmt.Errorf("server %s, where its group %s is, is not in service: name another with accolade headcount group %s --server NAME --group GROUP", k.Group.Server, k.Group.Name, k.Client)
	}
	a, err := l.ask(ctx, l.servers[i])
	if err != nil {
		return nil, err
	}
	group, err := a.group(k)
	if err != nil {
		return nil, err
	}
	names := among(group, a.Names)
	for _, o := range l.contracts {
		if o.ID == k.ID || o.Group == nil || o.Group.Server != k.Group.Server || !o.Counts(l.today) {
			continue
		}
		for _, name := range among(a.Groups[o.Group.Name], names) {
			if !slices.Contains(k.LeftOut, name) && !slices.Contains(o.LeftOut, name) {
				return nil, fmt.Errorf("account %s is in the group %s of %s and in the group %s of %s: take it out of one of them on server %s, or leave it out of one contract: accolade headcount leave-out",
					name, k.Group.Name, k.ID, o.Group.Name, o.ID, o.Group.Server)
			}
		}
	}
	return names, nil
}

// group are the members of a contract's group.
func (a Accounts) group(k contract.Contract) ([]string, error) {
	members, there := a.Groups[k.Group.Name]
	if !there {
		return nil, fmt.Errorf("server %s has no group %s (it has %s): make it there (web admin: Users, Manage groups), or name another with accolade headcount group %s --server %s --group GROUP",
			k.Group.Server, k.Group.Name, strings.Join(slices.Sorted(maps.Keys(a.Groups)), ", "), k.Client, k.Group.Server)
	}
	return members, nil
}

// others are who is on a client's servers and in no group of another client's contract.
func (l *look) others(ctx context.Context, k contract.Contract) (names []string, err error) {
	found := false
	for _, s := range l.servers {
		if s.Client != k.Client {
			continue
		}
		found = true
		if err := l.apart(s, k); err != nil {
			return nil, err
		}
		a, err := l.ask(ctx, s)
		if err != nil {
			return nil, err
		}
		var theirs []string
		for _, o := range l.contracts {
			if o.Client == k.Client || o.Group == nil || o.Group.Server != s.Name {
				continue
			}
			group, err := a.group(o)
			if err != nil && o.Counts(l.today) {
				return nil, err // its accounts would be taken for this one's
			}
			theirs = append(theirs, group...)
		}
		names = append(names, slices.DeleteFunc(slices.Clone(a.Names), func(n string) bool { return slices.Contains(theirs, n) })...)
	}
	if !found {
		return nil, errNoServer
	}
	return names, nil
}

// apart refuses a server whose box is known to be shared with a contract that has no
// group there: that one's accounts would be billed to this one.
func (l *look) apart(s fleet.Server, k contract.Contract) error {
	sharing, err := l.Sharing(s.Box)
	if err != nil {
		return err
	}
	for _, o := range l.contracts {
		if o.Client != k.Client && o.Counts(l.today) && slices.Contains(sharing, o.ID) && (o.Group == nil || o.Group.Server != s.Name) {
			return fmt.Errorf("server %s is on a box that %s shares (accolade hardware list), and nothing tells its accounts apart: put them into a group there, then: accolade headcount group %s --server %s --group GROUP", s.Name, o.ID, o.Client, s.Name)
		}
	}
	return nil
}

// among are those of some names that are in a list.
func among(names, list []string) (both []string) {
	for _, n := range names {
		if slices.Contains(list, n) {
			both = append(both, n)
		}
	}
	return both
}

// ask asks a server, once in a look.
func (l *look) ask(ctx context.Context, s fleet.Server) (Accounts, error) {
	known, asked := l.asked[s.Name]
	if !asked {
		known.Accounts, known.err = l.one(ctx, s)
		if known.err != nil {
			known.err = fmt.Errorf("server %s: %w", s.Name, known.err)
		}
		l.asked[s.Name] = known
	}
	return known.Accounts, known.err
}

func (l *look) one(ctx context.Context, s fleet.Server) (Accounts, error) {
	if busy, err := l.Busy(s.Box); err != nil {
		return Accounts{}, err
	} else if busy != "" {
		return Accounts{}, fmt.Errorf("operation %s works on box %s", busy, s.Box)
	}
	limited, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	found, err := l.Accounts(limited, s)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return found, fmt.Errorf("no answer within %s", askLimit)
	}
	return found, err
}
