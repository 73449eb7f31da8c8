package billing

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/billing/match"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/store"
)

// Movement is a movement on the bank account, and what was made of it.
type Movement struct {
	sepa.Movement
	Statement string    `json:"statement"` // the bank's, that it came with first
	State     State     `json:"state"`
	Payments  []string  `json:"payments,omitempty"` // made of it, or undone by it
	Debit     string    `json:"debit,omitempty"`    // batch whose money it is
	Note      string    `json:"note,omitempty"`     // why it is none of ours
	At        time.Time `json:"at"`                 // when it was read
	Closed    time.Time `json:"closed,omitzero"`
	By        string    `json:"by,omitempty"` // who closed it
}

// State says what was made of a movement.
type State string

// The states of movements. Nothing leaves Waiting but by a human.
const (
	Waiting State = "open"
	Booked  State = "booked"  // as payments
	Back    State = "back"    // it took a payment back
	Ignored State = "ignored" // it is about something else
)

var movements = store.NewCollection[Movement]("movement", 1,
	store.WithIndex("state", func(m Movement) []string { return []string{string(m.State)} }))

// Imported is what a statement file brought.
type Imported struct {
	Statements []ReadStatement `json:"statements"`
	New        int             `json:"new"`
	Known      int             `json:"known"` // movements that another file had brought before
}

// ReadStatement is one statement of a file that was read.
type ReadStatement struct {
	ID        string        `json:"id"`
	From      calendar.Date `json:"from,omitzero"`
	To        calendar.Date `json:"to,omitzero"`
	Movements int           `json:"movements"`
	Sum       money.Cents   `json:"sum"`
	Pending   int           `json:"pending,omitempty"` // not booked yet: they will come again
}

// ImportStatement reads a file of the bank into the books: in full, or not at all.
// Movements that are known add nothing.
func (s *Service) ImportStatement(a contract.Actor, file io.Reader) (in Imported, err error) {
	all, err := sepa.Read(file)
	if err != nil {
		return in, err
	}
	ours, err := sepa.ParseIBAN(s.Seller.IBAN)
	if err != nil {
		return in, refused("set seller.iban in accoladed's configuration file, then restart it", "the configuration names no account of ours to compare the statement with")
	}
	for _, x := range all {
		in.Statements = append(in.Statements, ReadStatement{x.ID, x.From, x.To, len(x.Movements), x.Sum(), x.Pending})
		if x.Account != ours {
			return in, refused("import statements of the account that clients pay to, seller.iban", "statement %s is of account %s, ours is %s", x.ID, sepa.Fours(x.Account), sepa.Fours(ours))
		}
	}
	err = s.book(a, "statement.import", func(tx store.Tx) (string, string, error) {
		in.New, in.Known = 0, 0
		var names []string
		for _, x := range all {
			names = append(names, x.ID)
			for _, m := range x.Movements {
				known, err := movements.Has(tx, m.ID)
				if err != nil {
					return "", "", err
				}
				if known {
					in.Known++
					continue
				}
				in.New++
				if err := movements.Insert(tx, m.ID, Movement{Movement: m, Statement: x.ID, State: Waiting, At: s.Clock.Now()}); err != nil {
					return "", "", err
				}
			}
		}
		return "statement/" + strings.Join(names, " "), fmt.Sprintf("%d movements new, %d known", in.New, in.Known), nil
	})
	return in, err
}

// Readings are what a movement may be about.
type Readings struct {
	Movement Movement         `json:"movement"`
	Payments []match.Proposal `json:"payments,omitempty"`
	Batches  []match.Batch    `json:"batches,omitempty"`
	Returns  []match.Back     `json:"returns,omitempty"`
}

// Movements are those of a state, by day; with none, all.
func (s *Service) Movements(state State) (all []Movement, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		if state == "" {
			all, err = movements.List(tx)
		} else {
			all, err = movements.ByIndex(tx, "state", string(state))
		}
		return err
	})
	slices.SortStableFunc(all, func(a, b Movement) int { return a.Booked.Compare(b.Booked) })
	return all, err
}

// Propose reads all open movements. Nothing is booked.
func (s *Service) Propose() (all []Readings, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		open, err := movements.ByIndex(tx, "state", string(Waiting))
		if err != nil || len(open) == 0 {
			return err
		}
		slices.SortStableFunc(open, func(a, b Movement) int { return a.Booked.Compare(b.Booked) })
		b, err := booksFor(tx)
		if err != nil {
			return err
		}
		for _, m := range open {
			all = append(all, b.read(m))
		}
		return nil
	})
	return all, err
}

// Reading is what one movement may be about, by its ID or the beginning of it.
func (s *Service) Reading(id string) (r Readings, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		m, err := movementByRef(tx, id)
		if err != nil {
			return err
		}
		if r.Movement = m; m.State != Waiting {
			return nil
		}
		b, err := booksFor(tx)
		r = b.read(m)
		return err
	})
	return r, err
}

// compared is what movements are compared with.
type compared struct {
	open      []match.Open
	batches   []match.Batch
	collected []match.Collected
}

func (b compared) read(m Movement) Readings {
	return Readings{m, match.Payments(m.Movement, b.open), match.Batches(m.Movement, b.batches), match.Returns(m.Movement, b.collected)}
}

// booksFor gathers what is open and what may come back.
func booksFor(tx store.Tx) (b compared, err error) {
	open, err := openOf(tx, everyone)
	if err != nil {
		return b, err
	}
	accounts := map[string][]string{}
	for _, r := range open {
		if _, known := accounts[r.Client]; !known {
			if accounts[r.Client], err = accountsOf(tx, r.Client); err != nil {
				return b, err
			}
		}
		b.open = append(b.open, match.Open{Invoice: r.Invoice, Client: r.Client, Name: r.Name, Date: r.Date, Due: r.Left(), Accounts: accounts[r.Client]})
	}
	live, err := debits.ByIndex(tx, "live", everyone)
	if err != nil {
		return b, err
	}
	for _, d := range live {
		for _, x := range d.Waiting() {
			b.batches = append(b.batches, match.Batch{ID: x.ID, Run: d.ID, Sum: x.Sum})
		}
	}
	paid, err := payments.ByIndex(tx, "debit", everyone)
	for _, p := range paid {
		for _, x := range p.Parts {
			b.collected = append(b.collected, match.Collected{Payment: p.ID, Invoice: x.Invoice, Amount: p.Amount, Mandate: p.Mandate, On: p.On})
		}
	}
	return b, err
}

// accountsOf are the IBANs that a client has a mandate on or has paid from.
func accountsOf(tx store.Tx, client string) ([]string, error) {
	var ibans []string
	all, err := mandates.ByIndex(tx, "client", client)
	if err != nil {
		return nil, err
	}
	for _, m := range all {
		ibans = append(ibans, m.IBAN)
	}
	paid, err := payments.ByIndex(tx, "account", client)
	for _, p := range paid {
		ibans = append(ibans, p.Account)
	}
	slices.Sort(ibans)
	return slices.Compact(ibans), err
}

// movementByRef finds a movement by its ID or a beginning that no other has.
func movementByRef(tx store.Tx, ref string) (found Movement, err error) {
	ref = strings.ToUpper(ref)
	n := 0
	for id, m := range movements.From(tx, ref, &err) {
		if ref == "" || !strings.HasPrefix(id, ref) {
			break
		}
		found = m
		n++
	}
	switch {
	case err != nil:
		return found, err
	case n == 0:
		return found, &store.NotFoundError{Kind: "movement", ID: ref}
	case n > 1:
		return found, refused("give more of it", "%d movements begin with %s", n, ref)
	}
	return found, nil
}
