package contract

import (
	"slices"

	"codeberg.org/accolade/accolade/internal/store"
)

// AddContact puts a person on a client's list; names are unique there.
func (b *Book) AddContact(a Actor, client string, p Contact) (Client, error) {
	return b.editClient(a, "contact.add", client, func(_ store.Tx, c *Client) (string, error) {
		return p.Name, c.addContact(p)
	})
}

func (c *Client) addContact(p Contact) error {
	if err := p.Check(); err != nil {
		return err
	}
	if c.contact(p.Name) >= 0 {
		return refused("change it with: accolade contact edit", "%s has a contact named %s already", c.Name, p.Name)
	}
	c.Contacts = append(c.Contacts, p)
	return nil
}

// EditContact changes a person on a client's list.
func (b *Book) EditContact(a Actor, client, name string, edit func(*Contact) error) (Client, error) {
	return b.editClient(a, "contact.edit", client, func(_ store.Tx, c *Client) (string, error) {
		i := c.contact(name)
		if i < 0 {
			return "", &store.NotFoundError{Kind: "contact", ID: name}
		}
		p := c.Contacts[i]
		if err := edit(&p); err != nil {
			return "", err
		}
		if err := p.Check(); err != nil {
			return "", err
		}
		if j := c.contact(p.Name); j >= 0 && j != i {
			return "", refused("", "%s has another contact named %s", c.Name, p.Name)
		}
		c.Contacts[i] = p
		return p.Name, nil
	})
}

func (c *Client) contact(name string) int {
	return slices.IndexFunc(c.Contacts, func(p Contact) bool { return nameKey(p.Name) == nameKey(name) })
}

// AddFirm puts an outside firm into a client's contact book.
func (b *Book) AddFirm(a Actor, client string, f Firm) (Client, error) {
	return b.editClient(a, "firm.add", client, func(_ store.Tx, c *Client) (string, error) {
		if err := f.Check(); err != nil {
			return "", err
		}
		if c.firm(f.Name) >= 0 {
			return "", refused("change it with: accolade firm edit", "%s has a firm named %s already", c.Name, f.Name)
		}
		c.Firms = append(c.Firms, f)
		return f.Name, nil
	})
}

// EditFirm changes an outside firm in a client's contact book.
func (b *Book) EditFirm(a Actor, client, name string, edit func(*Firm) error) (Client, error) {
	return b.editClient(a, "firm.edit", client, func(_ store.Tx, c *Client) (string, error) {
		i := c.firm(name)
		if i < 0 {
			return "", &store.NotFoundError{Kind: "firm", ID: name}
		}
		f := c.Firms[i]
		if err := edit(&f); err != nil {
			return "", err
		}
		if err := f.Check(); err != nil {
			return "", err
		}
		if j := c.firm(f.Name); j >= 0 && j != i {
			return "", refused("", "%s has another firm named %s", c.Name, f.Name)
		}
		c.Firms[i] = f
		return f.Name, nil
	})
}

func (c *Client) firm(name string) int {
	return slices.IndexFunc(c.Firms, func(f Firm) bool { return nameKey(f.Name) == nameKey(name) })
}
