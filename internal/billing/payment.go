package billing

import (
	"fmt"
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

// Payment is money that a client paid. It is never changed but in two ways: what of it
// is still unused may go to another invoice, and the whole may be undone, once.
type Payment struct {
	ID       string        `json:"id"` // `P000001`
	Client   string        `json:"client"`
	On       calendar.Date `json:"on"`
	Amount   money.Cents   `json:"amount"`
	How      Method        `json:"how"`
	Parts    []match.Part  `json:"parts"` // what of it goes to which invoice
	Note     string        `json:"note,omitempty"`
	Movement string        `json:"movement,omitempty"` // on the bank account that it came with
	Account  string        `json:"account,omitempty"`  // IBAN that it came from
	Debit    string        `json:"debit,omitempty"`    // order of direct debits that collected it
	Mandate  string        `json:"mandate,omitempty"`
	At       time.Time     `json:"at"`
	By       string        `json:"by"`
	Undone   *Undone       `json:"undone,omitempty"`
}

// Undone says why a payment does not count.
type Undone struct {
	On       calendar.Date `json:"on"`
	Reason   string        `json:"reason"`
	Movement string        `json:"movement,omitempty"` // with which the bank took it back
	At       time.Time     `json:"at"`
	By       string        `json:"by"`
}

// Rest is what of a payment no invoice has used; of one that was undone, nothing.
func (p Payment) Rest() money.Cents {
	if p.Undone != nil {
		return 0
	}
	return p.Amount - total(p.Parts)
}

// total adds up parts.
func total(parts []match.Part) (sum money.Cents) {
	for _, x := range parts {
		sum += x.Amount
	}
	return sum
}

// Method is how a client paid.
type Method string

// The methods of payment.
const (
	ByTransfer Method = "transfer"
	ByDebit    Method = "debit"
	ByCheque   Method = "cheque"
	ByCard     Method = "card"
	ByCash     Method = "cash"
)

// Methods are all of them, in the order of help texts.
var Methods = []Method{ByTransfer, ByCheque, ByCard, ByCash, ByDebit}

var payments = store.NewCollection[Payment]("payment", 1,
	store.WithIndex("client", func(p Payment) []string { return []string{p.Client} }),
	store.WithIndex("account", func(p Payment) []string { // where a client is known to pay from
		if p.Account == "" || p.Undone != nil {
			return nil
		}
		return []string{p.Client}
	}),
	store.WithIndex("unused", func(p Payment) []string {
		if p.Rest() <= 0 {
			return nil
		}
		return []string{everyone}
	}),
	store.WithIndex("debit", func(p Payment) []string { // that a bank may still take back
		if p.Debit == "" || p.Undone != nil {
			return nil
		}
		return []string{everyone}
	}))

// NewPayment is what is told of a payment.
type NewPayment struct {
	Invoices []string      // of one client; paid in this order
	Amount   money.Cents   // zero: what the invoices are due
	On       calendar.Date // zero: today
	How      Method        // empty: a transfer
	Note     string
	KeepRest bool // what is more than is due stays with the client, for another invoice
	Again    bool // though the same is recorded
}

// Pay records a payment by hand.
func (s *Service) Pay(a contract.Actor, n NewPayment) (p Payment, err error) {
	err = s.book(a, "payment.add", func(tx store.Tx) (string, string, error) {
		p, err = s.payTx(tx, a, n, Payment{})
		return "payment/" + p.ID, p.audit(), err
	})
	return p, err
}

// payTx records a payment; from carries what a movement or an order adds to it.
func (s *Service) payTx(tx store.Tx, a contract.Actor, n NewPayment, from Payment) (Payment, error) {
	p := from
	var err error
	if p.Note, err = checkNote("note", n.Note, false); err != nil {
		return p, err
	}
	p.On, p.How = n.On, n.How
	if p.On.IsZero() {
		p.On = s.Today()
	}
	if p.How == "" {
		p.How = ByTransfer
	}
	switch {
	case !slices.Contains(Methods, p.How):
		return p, &sepa.Invalid{Field: "method", Value: string(p.How), Allowed: "want transfer, cheque, card, cash or debit"}
	case p.On.After(s.Today()):
		return p, &sepa.Invalid{Field: "date", Value: p.On.String(), Allowed: fmt.Sprintf("a payment is recorded once it is there; today is %s", s.Today())}
	case len(n.Invoices) == 0:
		return p, &sepa.Invalid{Field: "invoice", Allowed: "want the number of each invoice that is paid"}
	}
	due, err := s.dueTx(tx, n.Invoices)
	if err != nil {
		return p, err
	}
	var owed money.Cents
	for _, r := range due {
		owed += r.Left()
	}
	if p.Client, p.Amount = due[0].Client, n.Amount; p.Amount == 0 {
		p.Amount = owed
	}
	if err := sepa.CheckAmount(p.Amount); err != nil {
		return p, err
	}
	if p.Amount > owed && !n.KeepRest {
		return p, refused("give the other invoices that it pays, or keep the rest for the client's next invoice: --keep-rest", "%s is %s more than %s is due", p.Amount, p.Amount-owed, strings.Join(n.Invoices, " "))
	}
	for left, i := p.Amount, 0; left > 0 && i < len(due); i++ {
		x := match.Part{Invoice: due[i].Invoice, Amount: min(left, due[i].Left())}
		if left -= x.Amount; x.Amount > 0 {
			p.Parts = append(p.Parts, x)
		}
	}
	if err := s.newPayment(tx, p, n.Again); err != nil {
		return p, err
	}
	return s.recordTx(tx, a, p)
}

// newPayment refuses a payment that is recorded already, unless again is said: the same by
// hand lately, or by hand what a movement on the account brings.
func (s *Service) newPayment(tx store.Tx, p Payment, again bool) error {
	all, err := payments.ByIndex(tx, "client", p.Client)
	if err != nil || again {
		return err
	}
	for _, old := range all {
		if old.Undone != nil || old.Movement != "" || old.Amount != p.Amount || old.On != p.On || old.How != p.How || !beginAlike(old.Parts, p.Parts) {
			continue
		}
		what := fmt.Sprintf("the payment %s of %s by %s on %s", old.ID, old.Amount, old.How, old.On)
		if p.Movement != "" {
			return refused("if it is that payment: accolade statement ignore "+p.Movement+" --reason "+old.ID+"; if it is another one, add --again", "%s was recorded by hand", what)
		}
		if err := s.twice(same{what, old.At, old.By}); err != nil {
			return err
		}
	}
	return nil
}

// recordTx gives a payment its ID and books its parts.
func (s *Service) recordTx(tx store.Tx, a contract.Actor, p Payment) (Payment, error) {
	id, err := store.NextID(tx, "payment")
	if err != nil {
		return p, err
	}
	p.ID, p.At, p.By = "P"+id, s.Clock.Now(), a.Who
	if err := applyParts(tx, p.Parts, 1); err != nil {
		return p, err
	}
	return p, payments.Insert(tx, p.ID, p)
}

// beginAlike reports whether two payments begin with the same invoice. One that was paid in
// part and is asked for again does: what is paid in full cannot be named again.
func beginAlike(a, b []match.Part) bool {
	return len(a) > 0 && len(b) > 0 && a[0].Invoice == b[0].Invoice
}

// longestNote bounds notes and reasons, in characters.
const longestNote = 200

// checkNote makes one line of a note, and bounds it.
func checkNote(field, note string, needed bool) (string, error) {
	note = strings.Join(strings.Fields(note), " ")
	switch r := []rune(note); {
	case note == "" && needed:
		return "", &sepa.Invalid{Field: field, Allowed: fmt.Sprintf("say why, in at most %d characters", longestNote)}
	case len(r) > longestNote:
		return "", &sepa.Invalid{Field: field, Value: string(r[:20]) + "…", Allowed: fmt.Sprintf("at most %d characters, this has %d", longestNote, len(r))}
	}
	return note, nil
}

// dueTx are the receivables of invoices that one client has to pay.
func (s *Service) dueTx(tx store.Tx, numbers []string) ([]Receivable, error) {
	var due []Receivable
	for i, number := range numbers {
		r, err := receivable(tx, number)
		switch {
		case err != nil:
			return nil, err
		case slices.Contains(numbers[:i], number):
			return nil, &sepa.Invalid{Field: "invoice", Value: number, Allowed: "it is named twice"}
		case i > 0 && r.Client != due[0].Client:
			return nil, refused("record one payment per client", "%s is of %s, %s of %s", r.Invoice, r.Name, due[0].Invoice, due[0].Name)
		case r.Left() <= 0:
			return nil, refused("accolade payment list --client "+r.Client+" shows with what", "%s is paid", r.Invoice)
		}
		due = append(due, r)
	}
	return due, nil
}

// applyParts books parts on their invoices, or (with -1) takes them off.
func applyParts(tx store.Tx, parts []match.Part, sign money.Cents) error {
	for _, x := range parts {
		if _, err := changeReceivable(tx, x.Invoice, func(r *Receivable) { r.Paid += sign * x.Amount }); err != nil {
			return err
		}
	}
	return nil
}

func (p Payment) audit() string {
	var parts []string
	for _, x := range p.Parts {
		parts = append(parts, x.Invoice+" "+x.Amount.Decimal())
	}
	return fmt.Sprintf("%s of %s by %s on %s: %s", p.Amount, p.Client, p.How, p.On, strings.Join(parts, ", "))
}

// UsePayment gives what is left of a payment to an invoice of the same client.
func (s *Service) UsePayment(a contract.Actor, id, invoice string) (p Payment, err error) {
	err = s.book(a, "payment.use", func(tx store.Tx) (string, string, error) {
		if p, err = payments.Get(tx, id); err != nil {
			return "", "", err
		}
		if p.Rest() <= 0 {
			return "", "", refused("", "nothing is left of payment %s", id)
		}
		due, err := s.dueTx(tx, []string{invoice})
		if err != nil {
			return "", "", err
		}
		if due[0].Client != p.Client {
			return "", "", refused("", "payment %s is of %s, %s of %s", id, p.Client, invoice, due[0].Client)
		}
		x := match.Part{Invoice: invoice, Amount: min(p.Rest(), due[0].Left())}
		if err := applyParts(tx, []match.Part{x}, 1); err != nil {
			return "", "", err
		}
		p.Parts = append(p.Parts, x)
		return "payment/" + id, fmt.Sprintf("%s of it for %s", x.Amount, invoice), payments.Put(tx, id, p)
	})
	return p, err
}

// UndoPayment makes a payment count no longer: it was recorded by mistake, or came back
// without a word of the bank. A movement that it came with is open again.
func (s *Service) UndoPayment(a contract.Actor, id, reason string) (p Payment, err error) {
	if reason, err = checkNote("reason", reason, true); err != nil {
		return p, err
	}
	err = s.book(a, "payment.undo", func(tx store.Tx) (string, string, error) {
		if p, err = s.undoTx(tx, a, id, Undone{On: s.Today(), Reason: reason}); err != nil {
			return "", "", err
		}
		if p.Movement != "" {
			if err := reopen(tx, p.Movement, p.ID); err != nil {
				return "", "", err
			}
		}
		return "payment/" + id, reason, nil
	})
	return p, err
}

func (s *Service) undoTx(tx store.Tx, a contract.Actor, id string, u Undone) (Payment, error) {
	p, err := payments.Get(tx, id)
	if err != nil {
		return p, err
	}
	if p.Undone != nil {
		return p, refused("", "payment %s was undone on %s: %s", id, p.Undone.On, p.Undone.Reason)
	}
	if err := applyParts(tx, p.Parts, -1); err != nil {
		return p, err
	}
	u.At, u.By = s.Clock.Now(), a.Who
	p.Undone = &u
	return p, payments.Put(tx, id, p)
}

// Payments are those of one client or, with an empty reference, all, in the order in
// which they were recorded.
func (s *Service) Payments(client string) (all []Payment, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		if client == "" {
			all, err = payments.List(tx)
			return err
		}
		c, err := contract.ClientByRef(tx, client)
		if err != nil {
			return err
		}
		all, err = payments.ByIndex(tx, "client", c.ID)
		return err
	})
	return all, err
}

// Payment is one payment.
func (s *Service) Payment(id string) (p Payment, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		p, err = payments.Get(tx, id)
		return err
	})
	return p, err
}
