package contract

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/store"
)

// editedSource is what an offer that was added or edited through the book names as
// its source.
const editedSource = "edited here"

// Offers are the offers that contracts can be signed on, by name. An offer lives
// in one place: the cooperative's own file, else the book, else the file that ships.
func (b *Book) Offers() ([]Offer, error) {
	all := maps.Clone(b.files)
	err := b.db.View(func(tx store.Tx) error {
		edited, err := offers.List(tx)
		for _, o := range edited {
			if file, known := b.files[o.Name]; !known || file.Source == shippedFile {
				all[o.Name] = o
			}
		}
		return err
	})
	return slices.SortedFunc(maps.Values(all), func(a, b Offer) int { return strings.Compare(a.Name, b.Name) }), err
}

// Offer finds an offer by name.
func (b *Book) Offer(name string) (o Offer, err error) {
	err = b.db.View(func(tx store.Tx) error {
		o, err = b.offer(tx, name)
		return err
	})
	return o, err
}

func (b *Book) offer(tx store.Tx, name string) (Offer, error) {
	file, known := b.files[name]
	if known && file.Source != shippedFile {
		return file, nil
	}
	o, err := offers.Get(tx, name)
	if known && errors.Is(err, store.ErrNotFound) {
		return file, nil
	}
	return o, err
}

// Signable is an offer as it is today, refused while one of its prices is not told.
func (b *Book) Signable(tx store.Tx, name string) (Offer, error) {
	o, err := b.offer(tx, name)
	if err != nil {
		return Offer{}, err
	}
	return o, o.signable()
}

// AddOffer puts a new offer on the price list.
func (b *Book) AddOffer(a Actor, o Offer) (Offer, error) {
	o.Version, o.Source = 1, editedSource
	if err := o.Check(); err != nil {
		return Offer{}, err
	}
	return o, b.change(a, "offer.add", func(tx store.Tx) (string, string, error) {
		if old, err := b.offer(tx, o.Name); err == nil {
			return "", "", refused("change it with: accolade offer edit "+o.Name, "an offer named %s is there already (%s)", o.Name, old.Source)
		} else if !errors.Is(err, store.ErrNotFound) {
			return "", "", err
		}
		return "offer/" + o.Name, o.Title, offers.Insert(tx, o.Name, o)
	})
}

// EditOffer makes the next version of an offer. Contracts keep the version that
// they were signed with.
func (b *Book) EditOffer(a Actor, name string, edit func(*Offer) error) (Offer, error) {
	var o Offer
	err := b.change(a, "offer.edit", func(tx store.Tx) (string, string, error) {
		var err error
		if o, err = b.offer(tx, name); err != nil {
			return "", "", err
		}
		if o.Source != shippedFile && o.Source != editedSource {
			return "", "", refused("change it there, then: systemctl reload-or-restart accoladed", "the offer %s stands in %s", name, o.Source)
		}
		o.Counts = slices.Clone(o.Counts)
		if err := edit(&o); err != nil {
			return "", "", err
		}
		o.Name, o.Source = name, editedSource
		o.Version++
		if err := o.Check(); err != nil {
			return "", "", err
		}
		return "offer/" + name, fmt.Sprintf("version %d: price %s, setup %s, %s %s", o.Version, o.Price, o.Setup, o.HourKey(), o.Hour), offers.Put(tx, name, o)
	})
	return o, err
}
