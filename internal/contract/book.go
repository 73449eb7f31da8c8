package contract

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/audit"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Book keeps clients, offers and contracts in the store. Whatever it refuses
// leaves nothing behind; whatever it changes stands in the audit.
type Book struct {
	db    store.DB
	clock clock.Clock
	zone  *time.Location
	files map[string]Offer // from ReadOffers
}

// Actor is who changes something, and from where.
type Actor struct{ Who, From string }

var (
	clients = store.NewCollection[Client]("client", 1,
		store.WithIndex("name", func(c Client) []string { return []string{nameKey(c.Name)} }))
	contracts = store.NewCollection[Contract]("contract", 1,
		store.WithIndex("client", func(c Contract) []string { return []string{c.Client} }))
	offers = store.NewCollection[Offer]("offer", 1)
	// versions are the offers that something was signed or quoted on, and each edition.
	versions = store.NewCollection[Offer]("offer-version", 1)
)

// NewBook opens the book. The offers are those of ReadOffers; zone is where days
// begin and end.
func NewBook(db store.DB, clk clock.Clock, zone *time.Location, offers map[string]Offer) *Book {
	return &Book{db: db, clock: clk, zone: zone, files: offers}
}

// Today is the present day.
func (b *Book) Today() calendar.Date { return calendar.Of(b.clock.Now(), b.zone) }

// Zone is where days begin and end.
func (b *Book) Zone() *time.Location { return b.zone }

// change runs fn in one transaction with the audit record of what it did.
func (b *Book) change(a Actor, action string, fn func(store.Tx) (object, detail string, err error)) error {
	return b.db.Update(func(tx store.Tx) error { return b.changeTx(tx, a, action, fn) })
}

func (b *Book) changeTx(tx store.Tx, a Actor, action string, fn func(store.Tx) (object, detail string, err error)) error {
	return Audited(tx, b.clock.Now(), a, action, fn)
}

// Audited runs fn with the audit record of what it did: both are kept, or neither.
func Audited(tx store.Tx, now time.Time, a Actor, action string, fn func(store.Tx) (object, detail string, err error)) error {
	object, detail, err := fn(tx)
	if err != nil {
		return err
	}
	return audit.Append(tx, now, audit.Record{Who: a.Who, From: a.From, Action: action, Object: object, Result: "ok", Detail: detail})
}

// refused builds an operation.Refused.
func refused(fix, why string, args ...any) error {
	return &operation.Refused{Why: fmt.Sprintf(why, args...), Fix: fix}
}

// AddClient takes in a client whose name nobody else has.
func (b *Book) AddClient(a Actor, c Client) (Client, error) {
	err := b.db.Update(func(tx store.Tx) (err error) {
		c, err = b.AddClientTx(tx, a, c)
		return err
	})
	return c, err
}

// AddClientTx is AddClient inside a transaction of somebody who changes more.
func (b *Book) AddClientTx(tx store.Tx, a Actor, c Client) (Client, error) {
	if err := c.CheckNew(); err != nil {
		return Client{}, err
	}
	c.Added = b.clock.Now()
	return c, b.changeTx(tx, a, "client.add", func(tx store.Tx) (string, string, error) {
		if err := nameFree(tx, c.Name, c.ID, true); err != nil {
			return "", "", err
		}
		return "client/" + c.ID, c.Name, clients.Insert(tx, c.ID, c)
	})
}

// CheckNew is Check of a client with all its contacts who has no ID yet, and gives it one.
func (c *Client) CheckNew() error {
	if err := c.Check(); err != nil {
		return err
	}
	given := c.Contacts
	c.Contacts = nil
	for _, contact := range given {
		if err := c.addContact(contact); err != nil {
			return err
		}
	}
	if c.ID == "" {
		c.ID = slug(c.Name)
	} else if c.ID != slug(c.ID) || len(c.ID) > 60 {
		return invalid("id", c.ID, "want lower-case letters, digits and dashes, such as kerlann")
	}
	return nil
}

// Unknown refuses somebody who is to become a client and whose name a client has.
func Unknown(tx store.Tx, c Client) error { return nameFree(tx, c.Name, c.ID, true) }

// nameFree refuses a name that differs from another client's only by case,
// accents or punctuation. A fresh client must not take an ID that is in use either.
func nameFree(tx store.Tx, name, id string, fresh bool) error {
	same, err := clients.ByIndex(tx, "name", nameKey(name))
	if err != nil {
		return err
	}
	if fresh {
		other, err := clients.Get(tx, id)
		switch {
		case err == nil:
			same = append(same, other)
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
	}
	for _, other := range same {
		if fresh || other.ID != id {
			return refused("show it with: accolade client show "+other.ID, "a client named %q is there already (%s)", other.Name, other.ID)
		}
	}
	return nil
}

// EditClient changes a client by edit; its ID stays.
func (b *Book) EditClient(a Actor, ref string, edit func(*Client) error) (Client, error) {
	return b.editClient(a, "client.edit", ref, func(tx store.Tx, c *Client) (string, error) {
		before := *c
		if err := edit(c); err != nil {
			return "", err
		}
		c.ID, c.Added = before.ID, before.Added
		if err := c.Check(); err != nil {
			return "", err
		}
		if nameKey(c.Name) != nameKey(before.Name) {
			return "", nameFree(tx, c.Name, c.ID, false)
		}
		return "", nil
	})
}

func (b *Book) editClient(a Actor, action, ref string, edit func(store.Tx, *Client) (string, error)) (Client, error) {
	var c Client
	err := b.change(a, action, func(tx store.Tx) (string, string, error) {
		var err error
		if c, err = ClientByRef(tx, ref); err != nil {
			return "", "", err
		}
		detail, err := edit(tx, &c)
		if err != nil {
			return "", "", err
		}
		return "client/" + c.ID, detail, clients.Put(tx, c.ID, c)
	})
	return c, err
}

// Client finds a client by ID or name.
func (b *Book) Client(ref string) (c Client, err error) {
	err = b.db.View(func(tx store.Tx) error {
		c, err = ClientByRef(tx, ref)
		return err
	})
	return c, err
}

// ClientByRef finds a client by ID or name, inside a transaction.
func ClientByRef(tx store.Tx, ref string) (Client, error) {
	if strings.TrimSpace(ref) == "" {
		return Client{}, invalid("client", "", "want a client's name; accolade client list shows them")
	}
	c, err := clients.Get(tx, ref)
	if err == nil {
		return c, nil
	}
	named, err2 := clients.ByIndex(tx, "name", nameKey(ref))
	if err2 != nil {
		return Client{}, err2
	}
	if len(named) > 0 {
		return named[0], nil
	}
	return Client{}, err
}

// Clients are all clients, by ID.
func (b *Book) Clients() (all []Client, err error) {
	err = b.db.View(func(tx store.Tx) error {
		all, err = clients.List(tx)
		return err
	})
	return all, err
}
