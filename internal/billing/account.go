package billing

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

// Account carries a contract's finalised months forward, so that the next month need
// not read all of them again. It is written in the transaction that finalises a
// month, and it holds nothing of its own: settlements and ledger give it again
// (see replay), and before a month is frozen the two are compared.
type Account struct {
	Contract string                   `json:"contract"`
	Through  calendar.Month           `json:"through"`         // the last finalised month that it takes in
	Used     map[int]calendar.Minutes `json:"used,omitempty"`  // of the allowance, by contract year
	Ahead    map[int]calendar.Minutes `json:"ahead,omitempty"` // see Settlement
	// Even is the digest of the terms under which every month through Through was
	// billed what it comes to. As long as the contract's terms have that digest, nothing
	// can be late but hours. Empty: a credit is held.
	Even string `json:"even,omitempty"`
}

var accounts = store.NewCollection[Account]("account", 1)

// terms is the digest of all that a contract's own lines up to a month depend on.
// What begins or ends after that month is not part of it.
func terms(k contract.Contract, from, through calendar.Month) (string, error) {
	known := struct {
		From       calendar.Month
		Start      calendar.Date
		Offer      contract.Offer
		Headcounts []contract.Headcount
		Ending     *contract.Ending
		Renewals   []contract.Renewal `json:",omitempty"`
	}{From: from, Start: k.Start, Offer: k.Offer}
	last := through.Last()
	for _, h := range k.Headcounts {
		if !h.From.After(last) {
			known.Headcounts = append(known.Headcounts, h)
		}
	}
	for _, r := range k.Renewals {
		if !r.From.After(last) {
			known.Renewals = append(known.Renewals, r)
		}
	}
	if k.Ending != nil && !k.Ending.On.After(last) {
		known.Ending = k.Ending
	}
	content, err := json.Marshal(known)
	if err != nil {
		return "", fmt.Errorf("contract %s: digest of its terms: %w", k.ID, err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:]), nil
}

// balance is a case on its way through the months.
type balance struct {
	Case
	used  map[int]calendar.Minutes // of the allowance, by contract year
	ahead map[int]calendar.Minutes // billed beyond it, and more than used comes to
	open  []support.Entry          // counted and not settled, in order
	even  bool                     // every closed month was billed what it comes to
}

// balance is what the finalised months of a case left.
func (c Case) balance() *balance {
	b := &balance{Case: c, used: map[int]calendar.Minutes{}, even: c.Even}
	settled := map[string]bool{}
	if c.Account != nil {
		maps.Copy(b.used, c.Account.Used)
		b.ahead = c.Account.Ahead
	} else {
		for _, s := range c.Settled {
			maps.Copy(b.used, s.Used)
			b.ahead = s.Ahead
			for _, id := range s.Entries {
				settled[id] = s.Credit == ""
			}
		}
	}
	for _, e := range support.InOrder(c.Entries) {
		if !settled[e.ID] && c.Contract.OfferOn(e.Date).Settled(e.Kind) {
			b.open = append(b.open, e)
		}
	}
	return b
}

// close takes in the month of a draft.
func (b *balance) close(d Draft) {
	b.used, b.ahead = d.Settlement.Used, d.Settlement.Ahead
	b.open = slices.DeleteFunc(slices.Clone(b.open), func(e support.Entry) bool { return slices.Contains(d.Settlement.Entries, e.ID) })
	b.Extras = slices.DeleteFunc(slices.Clone(b.Extras), func(x Extra) bool { return slices.Contains(d.Settlement.Extras, x.ID) })
	b.Advances = slices.Clone(b.Advances)
	for i := range b.Advances {
		b.Advances[i] = b.Advances[i].after(d.Invoice)
	}
	b.Advances = slices.DeleteFunc(b.Advances, func(x Advance) bool { return x.Left().Net == 0 })
	b.Settled = append(slices.Clip(b.Settled), d.Settlement)
	b.even = !d.uneven // held, it was not even before either
	b.Finalised = d.Settlement.Month
}

// keep writes what the closed months leave for the next one.
func (b *balance) keep(tx store.Tx) error {
	account := Account{Contract: b.Contract.ID, Through: b.Finalised, Used: b.used, Ahead: b.ahead}
	if b.even {
		var err error
		if account.Even, err = terms(b.Contract, b.From, b.Finalised); err != nil {
			return err
		}
	}
	if err := accounts.Put(tx, account.Contract, account); err != nil {
		return err
	}
	return support.KeepUnsettled(tx, account.Contract, b.open)
}
