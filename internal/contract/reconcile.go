package contract

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/store"
)

// Comparison holds the accounts on a client's servers against the headcount that is
// billed. A difference is a proposal: it waits for a human, and books nothing by itself.
type Comparison struct {
	Contract string        `json:"contract"`
	Client   string        `json:"client"`
	On       calendar.Date `json:"on"` // the last day on which all servers were asked
	At       time.Time     `json:"at"`
	Accounts []string      `json:"accounts"` // that count, by name
	// Steps are the counts that differ and the first day each was seen; the last is the
	// present one. None: nothing differs, or it was dismissed.
	Steps     []Headcount `json:"steps,omitempty"`
	Dismissed *Dismissal  `json:"dismissed,omitempty"`
}

// Dismissal is a difference that a human said no to: it is proposed again only when
// another count is seen, or another one is billed.
type Dismissal struct {
	Found  int           `json:"found"`
	Billed int           `json:"billed"`
	On     calendar.Date `json:"on"`
	By     string        `json:"by"`
	Reason string        `json:"reason"`
}

// Found is how many accounts count.
func (c Comparison) Found() int { return len(c.Accounts) }

// Proposed reports whether a human has to decide, with so many billed today.
func (c Comparison) Proposed(billed int) bool { return len(c.Steps) > 0 && c.Found() != billed }

var comparisons = store.NewCollection[Comparison]("comparison", 1)

// Counts reports whether a contract has a headcount on a day: that of an offer by the
// employee or by the seat, while it runs.
func (c Contract) Counts(on calendar.Date) bool {
	return c.Runs(on) && c.OfferOn(on).Unit != NoUnit
}

// Compare takes in a contract's accounts on servers as of today, all of them.
// Those that the contract leaves out are no employees. The same accounts on the same day
// change nothing.
func (b *Book) Compare(contractID string, accounts []string) (c Comparison, err error) {
	err = b.db.Update(func(tx store.Tx) error {
		k, err := contracts.Get(tx, contractID)
		if err != nil {
			return err
		}
		if c, err = comparisonOf(tx, k); err != nil {
			return err
		}
		today := b.Today()
		if !k.Counts(today) {
			return nil
		}
		billed := k.CountOn(today)
		was := c.Proposed(billed)
		c.On, c.At = today, b.clock.Now()
		c.Accounts = []string{}
		for _, name := range slices.Sorted(slices.Values(accounts)) {
			if !slices.Contains(k.LeftOut, name) {
				c.Accounts = append(c.Accounts, name)
			}
		}
		c.Accounts = slices.Compact(c.Accounts)
		c.see(billed)
		if is := c.Proposed(billed); is == was {
			return comparisons.Put(tx, k.ID, c)
		}
		return b.changeTx(tx, Actor{Who: "controller"}, "headcount.propose", func(tx store.Tx) (string, string, error) {
			return "contract/" + k.ID, fmt.Sprintf("%d accounts, %d billed on %s", c.Found(), billed, today), comparisons.Put(tx, k.ID, c)
		})
	})
	return c, err
}

// see brings the proposal up to date with the accounts that were found.
func (c *Comparison) see(billed int) {
	found := c.Found()
	d := c.Dismissed
	switch n := len(c.Steps); {
	case found == billed:
		c.Steps, c.Dismissed = nil, nil
	case d != nil && d.Found == found && d.Billed == billed:
		c.Steps = nil
	case n == 0 || c.Steps[n-1].Count != found:
		c.Dismissed = nil
		if n > 0 && c.Steps[n-1].From == c.On {
			c.Steps = c.Steps[:n-1]
		}
		c.Steps = append(slices.Clip(c.Steps), Headcount{From: c.On, Count: found})
	}
}

func comparisonOf(tx store.Tx, k Contract) (Comparison, error) {
	c, err := comparisons.Get(tx, k.ID)
	if errors.Is(err, store.ErrNotFound) {
		return Comparison{Contract: k.ID, Client: k.Client}, nil
	}
	return c, err
}

// Compared is a comparison with what is billed today.
type Compared struct {
	Comparison
	Billed int `json:"billed"`
	Found  int `json:"found"`
	// Proposed is the change that waits for a human: since its first day. Nil: none does.
	Proposed *Headcount `json:"proposed,omitempty"`
}

// Comparisons are those of contracts that run today, by contract.
func (b *Book) Comparisons() (all []Compared, err error) {
	err = b.db.View(func(tx store.Tx) error {
		all = nil
		known, err := comparisons.List(tx)
		if err != nil {
			return err
		}
		for _, c := range known {
			k, err := contracts.Get(tx, c.Contract)
			if err != nil {
				return err
			}
			if k.Counts(b.Today()) {
				all = append(all, c.with(k.CountOn(b.Today())))
			}
		}
		return nil
	})
	return all, err
}

func (c Comparison) with(billed int) Compared {
	out := Compared{Comparison: c, Billed: billed, Found: c.Found()}
	if c.Proposed(billed) {
		out.Proposed = &c.Steps[len(c.Steps)-1]
	}
	return out
}

// Acceptance is how a human takes a proposal.
type Acceptance struct {
	Contract string
	From     calendar.Date // the present count from this day on; zero: each count from the first day it was seen
	Force    bool          // beyond MostEmployees
	Note     string
}

// AcceptHeadcount books what was seen.
func (b *Book) AcceptHeadcount(a Actor, y Acceptance) (Contract, error) {
	return b.edit(a, "headcount.accept", "", y.Contract, func(tx store.Tx, k *Contract) (string, error) {
		c, err := b.proposal(tx, *k)
		if err != nil {
			return "", err
		}
		steps := c.Steps
		if !y.From.IsZero() {
			steps = []Headcount{{From: y.From, Count: c.Found()}}
		}
		detail := ""
		for _, h := range steps {
			h.Note = y.Note
			said, err := k.setHeadcount(Change{Headcount: h, Force: y.Force, Replace: true})
			if err != nil {
				return "", err
			}
			detail = said
		}
		c.Steps, c.Dismissed = nil, nil
		return detail + ", as seen on the server", comparisons.Put(tx, k.ID, c)
	})
}

// DismissHeadcount says no to a proposal: the headcount that is billed is right.
func (b *Book) DismissHeadcount(a Actor, contractID, reason string) (out Compared, err error) {
	reason = tidy(reason)
	if err := checkText("reason", reason, 1, 200); err != nil {
		return out, err
	}
	err = b.change(a, "headcount.dismiss", func(tx store.Tx) (string, string, error) {
		k, err := contracts.Get(tx, contractID)
		if err != nil {
			return "", "", err
		}
		c, err := b.proposal(tx, k)
		if err != nil {
			return "", "", err
		}
		billed := k.CountOn(b.Today())
		c.Steps, c.Dismissed = nil, &Dismissal{Found: c.Found(), Billed: billed, On: b.Today(), By: a.Who, Reason: reason}
		out = c.with(billed)
		return "contract/" + k.ID, fmt.Sprintf("%d accounts, %d billed: %s", c.Found(), billed, reason), comparisons.Put(tx, k.ID, c)
	})
	return out, err
}

// proposal is the comparison of a contract that waits for a human.
func (b *Book) proposal(tx store.Tx, k Contract) (Comparison, error) {
	c, err := comparisonOf(tx, k)
	if err == nil && !c.Proposed(k.CountOn(b.Today())) {
		err = refused("accolade headcount list --all shows what was seen", "no change of the headcount of %s is proposed", k.ID)
	}
	return c, err
}

// mostLeftOut bounds the accounts that are no employees.
const mostLeftOut = 100

// LeaveOut says which accounts on the client's servers are no employees: shared ones,
// machines, ours. It replaces what was said before, and counts from the next look on.
func (b *Book) LeaveOut(a Actor, contractID string, accounts []string) (Contract, error) {
	return b.edit(a, "headcount.leave-out", "", contractID, func(_ store.Tx, k *Contract) (string, error) {
		k.LeftOut = nil
		for _, name := range accounts {
			if err := checkText("account", tidy(name), 1, 64); err != nil {
				return "", err
			}
			k.LeftOut = append(k.LeftOut, tidy(name))
		}
		slices.Sort(k.LeftOut)
		k.LeftOut = slices.Compact(k.LeftOut)
		if len(k.LeftOut) > mostLeftOut {
			return "", invalid("accounts", len(k.LeftOut), "at most %d", mostLeftOut)
		}
		return fmt.Sprintf("%s: %v", k.ID, k.LeftOut), nil
	})
}

// groupName is the form of a group's name in YunoHost.
var groupName = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// GroupAccounts says which group of which server holds a contract's accounts, or that none
// does (an empty one). It counts from the next look on; what was seen before is forgotten,
// since it was of other accounts.
func (b *Book) GroupAccounts(a Actor, contractID string, g AccountGroup) (Contract, error) {
	return b.edit(a, "headcount.group", "", contractID, func(tx store.Tx, k *Contract) (string, error) {
		detail := k.ID + ": none"
		switch {
		case g == (AccountGroup{}):
			k.Group = nil
		case k.LastOffer().Unit == NoUnit:
			return "", invalid("group", g.Name, "the offer %s counts nobody", k.LastOffer().Name)
		case !groupName.MatchString(g.Name) || slices.Contains([]string{"all_users", "visitors", "admins"}, g.Name):
			return "", invalid("group", g.Name, "want a group of YunoHost that is this contract's alone: lower-case letters, digits and underscores")
		case g.Server == "":
			return "", invalid("server", "", "want the server that the group is on")
		default:
			all, err := contracts.List(tx)
			if err != nil {
				return "", err
			}
			for _, o := range all {
				if o.ID != k.ID && o.Group != nil && *o.Group == g && o.Client != k.Client && (o.Ending == nil || !o.Ending.On.Before(b.Today())) {
					return "", refused("make one for each on the server", "the group %s on server %s holds the accounts of %s", g.Name, g.Server, o.ID)
				}
			}
			k.Group = &g
			detail = fmt.Sprintf("%s: %s on server %s", k.ID, g.Name, g.Server)
		}
		if seen, err := comparisons.Has(tx, k.ID); err != nil || !seen {
			return detail, err
		}
		return detail, comparisons.Delete(tx, k.ID)
	})
}
