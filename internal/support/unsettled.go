package support

import (
	"errors"
	"slices"

	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// unsettled names the entries of a contract that count and that no month has
// settled, so that a month need not read the ledger from its beginning. It is kept
// from the contract's first settled month on, and repeats what ledger and
// settlements say; billing compares them.
type unsettled struct {
	Contract string   `json:"contract"`
	Entries  []string `json:"entries"` // their IDs
}

var unsettleds = store.NewCollection[unsettled]("unsettled", 1)

// Unsettled are the entries of a contract that no month has settled; kept is false
// where nobody has called KeepUnsettled yet.
func Unsettled(tx store.Tx, contractID string) (open []Entry, kept bool, err error) {
	u, err := unsettleds.Get(tx, contractID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	for _, id := range u.Entries {
		e, err := entries.Get(tx, id)
		if err != nil {
			return nil, true, err
		}
		open = append(open, e)
	}
	return open, true, err
}

// KeepUnsettled is told by whoever settles a month which entries it left.
func KeepUnsettled(tx store.Tx, contractID string, open []Entry) error {
	u := unsettled{Contract: contractID, Entries: []string{}}
	for _, e := range open {
		u.Entries = append(u.Entries, e.ID)
	}
	return unsettleds.Put(tx, contractID, u)
}

// noteUnsettled adds an entry that is being booked.
func noteUnsettled(tx store.Tx, e Entry) error {
	if e.Contract == "" {
		return nil
	}
	u, err := unsettleds.Get(tx, e.Contract)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	} else if err != nil {
		return err
	}
	k, err := contract.ContractByID(tx, e.Contract)
	if err != nil || !k.OfferOn(e.Date).Settled(e.Kind) {
		return err
	}
	u.Entries = append(slices.Clip(u.Entries), e.ID)
	return unsettleds.Put(tx, e.Contract, u)
}
