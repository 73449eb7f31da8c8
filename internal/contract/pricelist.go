package contract

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
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

// Signable is an offer as it is today, refused while one of its prices is not told, and
// while it is not what was signed under the same version before.
func (b *Book) Signable(tx store.Tx, name string) (Offer, error) {
	o, err := b.offer(tx, name)
	if err != nil {
		return Offer{}, err
	}
	if err := o.signable(); err != nil {
		return Offer{}, err
	}
	kept, err := versions.Get(tx, versionKey(o.Name, o.Version))
	if errors.Is(err, store.ErrNotFound) {
		return o, nil
	}
	if kept.Source = o.Source; err == nil && !reflect.DeepEqual(kept, o) {
		err = refused(fmt.Sprintf("give it version %d there, then: systemctl reload-or-restart accoladed", o.Version+1),
			"the offer %s in %s is not what version %d was when it was signed or quoted (accolade offer show %s --version %d)", o.Name, o.Source, o.Version, o.Name, o.Version)
	}
	return o, err
}

func versionKey(name string, version int) string { return fmt.Sprintf("%s/%06d", name, version) }

// KeepVersion keeps what an offer said when something was signed or quoted on it. A version
// that is kept never changes.
func KeepVersion(tx store.Tx, o Offer) error {
	err := versions.Insert(tx, versionKey(o.Name, o.Version), o)
	if errors.Is(err, store.ErrExists) {
		return nil
	}
	return err
}

// OfferVersion is an offer as it was in a version, if that is the present one, or one that
// something was signed or quoted on.
func (b *Book) OfferVersion(name string, version int) (o Offer, err error) {
	err = b.db.View(func(tx store.Tx) error {
		if o, err = versions.Get(tx, versionKey(name, version)); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if o, err = b.offer(tx, name); err == nil && o.Version != version {
			err = invalid("version", version, "the offer %s is at version %d, and nothing was signed or quoted on that one", name, o.Version)
		}
		return err
	})
	return o, err
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
		for taken := true; taken; {
			o.Version++
			if taken, err = versions.Has(tx, versionKey(name, o.Version)); err != nil {
				return "", "", err
			}
		}
		if err := o.Check(); err != nil {
			return "", "", err
		}
		return "offer/" + name, fmt.Sprintf("version %d: price %s, setup %s, %s %s", o.Version, o.Price, o.Setup, o.HourKey(), o.Hour), offers.Put(tx, name, o)
	})
	return o, err
}
