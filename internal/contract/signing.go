package contract

import (
	"fmt"
	"slices"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/store"
)

// New is what a contract is signed with.
type New struct {
	Client    string // ID or name
	Offer     string
	Terms     *Offer // the version that was quoted; nil: the offer's present one
	Start     calendar.Date
	Employees int // or seats; 0 for offers without a unit, and 1 for an island's by default
	Force     bool
	Note      string // why a headcount beyond MostEmployees is right
}

// Sign makes a contract of a client on an offer as it is today.
func (b *Book) Sign(a Actor, n New) (Contract, error) {
	var k Contract
	err := b.db.Update(func(tx store.Tx) (err error) {
		k, err = b.SignTx(tx, a, n)
		return err
	})
	return k, err
}

// SignTx is Sign inside a transaction of somebody who changes more than the contract.
func (b *Book) SignTx(tx store.Tx, a Actor, n New) (Contract, error) {
	var k Contract
	err := b.changeTx(tx, a, "contract.add", func(tx store.Tx) (_, _ string, err error) {
		client, err := ClientByRef(tx, n.Client)
		if err != nil {
			return "", "", err
		}
		offer, err := b.terms(tx, n)
		if err != nil {
			return "", "", err
		}
		if n.Start.IsZero() {
			return "", "", invalid("start", "", "want a date such as 2026-09-15")
		}
		earlier, err := contractsOf(tx, client.ID)
		if err != nil {
			return "", "", err
		}
		for _, o := range earlier {
			if o.Ending == nil || !o.Ending.On.Before(n.Start) {
				return "", "", refused(fmt.Sprintf("end it first: accolade contract end %s --on DATE", client.ID),
					"%s has the contract %s from %s%s, and contracts of one client do not overlap", client.Name, o.ID, o.Start, until(o))
			}
		}
		if err := client.Invoiceable(); err != nil {
			return "", "", err
		}
		k = Contract{ID: fmt.Sprintf("%s-%d", client.ID, len(earlier)+1), Client: client.ID, Offer: offer, Start: n.Start, Signed: b.clock.Now()}
		detail := fmt.Sprintf("offer %s version %d from %s", offer.Name, offer.Version, n.Start)
		if k.Headcounts, err = n.headcounts(offer); err != nil {
			return "", "", err
		}
		for _, h := range k.Headcounts {
			detail += h.audit()
		}
		if err := KeepVersion(tx, offer); err != nil {
			return "", "", err
		}
		return "contract/" + k.ID, detail, contracts.Insert(tx, k.ID, k)
	})
	return k, err
}

func (b *Book) terms(tx store.Tx, n New) (Offer, error) {
	if n.Terms != nil {
		return *n.Terms, nil
	}
	return b.Signable(tx, n.Offer)
}

// headcounts is what a contract begins with: none for offers without a unit.
func (n New) headcounts(offer Offer) ([]Headcount, error) {
	if offer.Unit == NoUnit {
		if n.Employees != 0 {
			return nil, invalid("employees", n.Employees, "the offer %s has no monthly price to multiply", offer.Name)
		}
		return nil, nil
	}
	if offer.Unit == PerSeat && n.Employees == 0 {
		n.Employees = 1
	}
	h := Headcount{From: n.Start, Count: n.Employees, Note: tidy(n.Note)}
	return []Headcount{h}, h.check(n.Force)
}

// FirstCount is how many employees or seats a contract would begin with; 0 for offers
// without a unit.
func (n New) FirstCount(offer Offer) (int, error) {
	first, err := n.headcounts(offer)
	if err != nil || first == nil {
		return 0, err
	}
	return first[0].Count, nil
}

func until(k Contract) string {
	if k.Ending == nil {
		return " on, without an end"
	}
	return " to " + k.Ending.On.String()
}

func (h Headcount) check(force bool) error {
	switch {
	case h.Count < 1:
		return invalid("employees", h.Count, "want 1 or more")
	case h.Count > mostForced:
		return invalid("employees", h.Count, "at most %d", mostForced)
	case h.Count > MostEmployees && !force:
		return invalid("employees", h.Count, "we serve up to %d; if it is right, add --force and say why with --note", MostEmployees)
	case h.Count > MostEmployees && h.Note == "":
		return invalid("note", "", "more than %d employees need a note for the audit", MostEmployees)
	}
	return checkText("note", h.Note, 0, 500)
}

func (h Headcount) audit() string {
	s := fmt.Sprintf(", %d from %s", h.Count, h.From)
	if h.Note != "" {
		s += ": " + h.Note
	}
	return s
}

// Change is a new headcount.
type Change struct {
	Client   string // ID or name; its latest contract is meant
	Contract string // or this one
	Headcount
	Force   bool
	Replace bool // put it in the place of one with the same day
}

// SetHeadcount enters a headcount from a day on. It may lie in the past, also in
// months that were invoiced: the difference comes on the next invoice.
func (b *Book) SetHeadcount(a Actor, c Change) (Contract, error) {
	return b.edit(a, "contract.headcount", c.Client, c.Contract, func(_ store.Tx, k *Contract) (string, error) { return k.setHeadcount(c) })
}

func (c *Contract) setHeadcount(n Change) (string, error) {
	n.Note = tidy(n.Note)
	switch {
	case c.Offer.Unit == NoUnit:
		return "", invalid("employees", n.Count, "the offer %s has no monthly price to multiply", c.Offer.Name)
	case n.From.IsZero():
		return "", invalid("from", "", "want the first day, such as 2026-10-20")
	case n.From.Before(c.Start):
		return "", invalid("from", n.From, "the contract %s starts on %s", c.ID, c.Start)
	case c.Ending != nil && n.From.After(c.Ending.On):
		return "", invalid("from", n.From, "the contract %s ends on %s", c.ID, c.Ending.On)
	}
	if err := n.check(n.Force); err != nil {
		return "", err
	}
	i, found := slices.BinarySearchFunc(c.Headcounts, n.Headcount, func(x, y Headcount) int { return x.From.Compare(y.From) })
	switch {
	case found && !n.Replace:
		return "", refused("if that one is wrong, add --replace", "%s has a headcount from %s already: %d", c.ID, n.From, c.Headcounts[i].Count)
	case found:
		old := c.Headcounts[i]
		c.Headcounts[i] = n.Headcount
		return fmt.Sprintf("%s%s instead of %d", c.ID, n.audit(), old.Count), nil
	}
	c.Headcounts = slices.Insert(c.Headcounts, i, n.Headcount)
	return c.ID + n.audit(), nil
}

// End is how a contract is ended.
type End struct {
	Client   string
	Contract string
	On       calendar.Date // the last day
	Early    EarlyEnd      // empty: as the offer says
	Noticed  calendar.Date // the day on which notice was given; zero: today
	Reason   string        // why what is left is waived; needed where the offer bills it
	Replace  bool          // of an ending that was entered before
}

// End ends a contract on a day, which may lie in the past or in the future.
func (b *Book) End(a Actor, e End) (Contract, error) {
	return b.edit(a, "contract.end", e.Client, e.Contract, func(_ store.Tx, k *Contract) (string, error) {
		if e.Noticed.IsZero() {
			e.Noticed = b.Today()
		}
		switch {
		case e.On.IsZero():
			return "", invalid("on", "", "want the last day, such as 2027-09-14")
		case e.On.Before(k.Start):
			return "", invalid("on", e.On, "the contract %s starts on %s, it cannot end before", k.ID, k.Start)
		case e.Early != "" && e.Early != Bill && e.Early != Waive:
			return "", invalid("early end", e.Early, "want bill or waive")
		case e.Noticed.After(b.Today()):
			return "", invalid("noticed", e.Noticed, "notice is entered once it was given; today is %s", b.Today())
		case k.Ending != nil && !e.Replace:
			return "", refused("if that day is wrong, add --replace", "the contract %s ends on %s already", k.ID, k.Ending.On)
		}
		offer := k.OfferOn(e.On)
		var notice calendar.Date
		if offer.NoticeMonths > 0 {
			notice = e.Noticed.AddMonths(offer.NoticeMonths)
			if e.On.Before(notice) && e.Early == "" {
				return "", refused(fmt.Sprintf("end it on %s, or say what becomes of the days left: --early bill or --early waive", notice),
					"notice given on %s runs for %d months, to %s", e.Noticed, offer.NoticeMonths, notice)
			}
		}
		if e.Early == "" {
			e.Early = offer.EarlyEnd
		}
		k.Ending = &Ending{On: e.On, Early: e.Early, Notice: notice, Reason: tidy(e.Reason)}
		if err := k.waived(offer); err != nil {
			return "", err
		}
		// A renewal that has not begun by then never does.
		k.Renewals = slices.DeleteFunc(k.Renewals, func(r Renewal) bool { return r.From.After(e.On) })
		detail := fmt.Sprintf("%s on %s, days left until %s: %s", k.ID, e.On, k.OwedTo(), e.Early)
		if k.Ending.Reason != "" {
			detail += ", " + k.Ending.Reason
		}
		return detail, nil
	})
}

// waived refuses to give away without a reason what the offer bills.
func (c Contract) waived(offer Offer) error {
	given := offer.EarlyEnd == Bill && c.Ending.Early == Waive && c.Ending.On.Before(c.OwedTo())
	if given && c.Ending.Reason == "" {
		return invalid("reason", "", "the offer %s bills the months left until %s: say why they are waived", offer.Name, c.OwedTo())
	}
	return checkText("reason", c.Ending.Reason, 0, 200)
}

func (b *Book) edit(a Actor, action, client, id string, edit func(store.Tx, *Contract) (string, error)) (Contract, error) {
	var k Contract
	err := b.change(a, action, func(tx store.Tx) (string, string, error) {
		var err error
		if k, err = findContract(tx, client, id); err != nil {
			return "", "", err
		}
		k.Headcounts, k.Renewals = slices.Clone(k.Headcounts), slices.Clone(k.Renewals)
		detail, err := edit(tx, &k)
		if err != nil {
			return "", "", err
		}
		if err := apart(tx, k); err != nil {
			return "", "", err
		}
		return "contract/" + k.ID, detail, contracts.Put(tx, k.ID, k)
	})
	return k, err
}

// apart refuses an ending that would let a contract run into the client's next one.
func apart(tx store.Tx, k Contract) error {
	others, err := contractsOf(tx, k.Client)
	for _, o := range others {
		if err == nil && o.ID != k.ID && o.Start.After(k.Start) && (k.Ending == nil || !k.Ending.On.Before(o.Start)) {
			return refused("", "the client's next contract %s starts on %s, and contracts of one client do not overlap", o.ID, o.Start)
		}
	}
	return err
}

func findContract(tx store.Tx, client, id string) (Contract, error) {
	if id != "" {
		return contracts.Get(tx, id)
	}
	c, err := ClientByRef(tx, client)
	if err != nil {
		return Contract{}, err
	}
	all, err := contractsOf(tx, c.ID)
	if err != nil {
		return Contract{}, err
	}
	if len(all) == 0 {
		return Contract{}, refused(fmt.Sprintf("sign one with: accolade contract add %s --offer NAME --start DATE", c.ID), "%s has no contract", c.Name)
	}
	return all[len(all)-1], nil
}

// contractsOf are a client's contracts (by Client.ID), oldest first.
func contractsOf(tx store.Tx, client string) ([]Contract, error) {
	all, err := contracts.ByIndex(tx, "client", client)
	slices.SortFunc(all, func(a, b Contract) int { return a.Start.Compare(b.Start) })
	return all, err
}

// ContractsOf are a client's contracts (by Client.ID), oldest first.
func (b *Book) ContractsOf(client string) (all []Contract, err error) {
	err = b.db.View(func(tx store.Tx) error {
		all, err = contractsOf(tx, client)
		return err
	})
	return all, err
}

// ContractOn is the contract of a client (by Client.ID) that runs on a day.
func ContractOn(tx store.Tx, client string, day calendar.Date) (Contract, bool, error) {
	all, err := contractsOf(tx, client)
	for _, k := range all {
		if k.Runs(day) {
			return k, true, err
		}
	}
	return Contract{}, false, err
}

// ContractByID finds a contract, inside a transaction.
func ContractByID(tx store.Tx, id string) (Contract, error) { return contracts.Get(tx, id) }

// AllContracts are the contracts of all clients, inside a transaction.
func AllContracts(tx store.Tx) ([]Contract, error) { return contracts.List(tx) }

// Contract finds a contract by its ID, or by a client's ID or name: its latest.
func (b *Book) Contract(ref string) (k Contract, err error) {
	err = b.db.View(func(tx store.Tx) error {
		if k, err = contracts.Get(tx, ref); err == nil {
			return nil
		}
		k, err = findContract(tx, ref, "")
		return err
	})
	return k, err
}

// Contracts are all contracts.
func (b *Book) Contracts() (all []Contract, err error) {
	err = b.db.View(func(tx store.Tx) error {
		all, err = AllContracts(tx)
		return err
	})
	return all, err
}
