// Package agreement keeps the papers that contracts are signed on: what each of them said
// when it was made. A paper may have been signed, so it never changes, whatever becomes of
// names, addresses, texts and terms; what is to be said differently is another version,
// which names the one that it replaces and what differs.
//
// It makes no contract and changes none (package contract does), and draws none (package
// paper does).
package agreement

import (
	"errors"
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/quote"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Paper is all that a contract's paper says.
type Paper struct {
	Contract string         `json:"contract"` // contract.Contract.ID
	Version  int            `json:"version"`  // from 1
	Made     calendar.Date  `json:"made"`
	Start    calendar.Date  `json:"start"` // of the commitment that it is about
	Client   billing.Buyer  `json:"client"`
	Seller   billing.Seller `json:"seller"`
	Text     string         `json:"text"` // the articles, filled in
	// Replaces is the day of the version before, and Changes what differs from it, as the
	// paper says it: in French. The first version has neither.
	Replaces calendar.Date `json:"replaces,omitzero"`
	Changes  []string      `json:"changes,omitempty"`
	At       time.Time     `json:"at"`
	By       string        `json:"by"`
}

// Name is the name of its file, without the ending.
func (p Paper) Name() string {
	if p.Version == 1 {
		return p.Contract
	}
	return fmt.Sprintf("%s-v%d", p.Contract, p.Version)
}

// Service keeps papers. All fields are needed.
type Service struct {
	DB    store.DB
	Clock clock.Clock
	Zone  *time.Location // where days begin and end
	Bills *billing.Service
	// Articles are what a contract agrees on, for a commitment that starts on a day.
	Articles func(k contract.Contract, start calendar.Date, client billing.Buyer, seller billing.Seller) (string, error)
}

// papers has no door to change one: they are only inserted.
var papers = store.NewCollection[Paper]("agreement", 1,
	store.WithIndex("contract", func(p Paper) []string { return []string{p.Contract} }))

// Made is the latest paper of a contract, and what one that is made today would say
// differently.
type Made struct {
	Paper
	Differs []string `json:"differs,omitempty"`
}

// Make has a contract (by ID) have a paper: the first one is made, a later call finds it.
// With anew the next version is made, if it would say anything else.
func (s *Service) Make(a contract.Actor, id string, anew bool) (m Made, err error) {
	err = s.DB.Update(func(tx store.Tx) error {
		fresh, err := s.today(tx, id)
		if err != nil {
			return err
		}
		last, found, err := latest(tx, id)
		switch {
		case err != nil:
			return err
		case found && !anew:
			m = Made{last, differences(last, fresh)}
			return nil
		case found:
			fresh.Version, fresh.Replaces, fresh.Changes = last.Version+1, last.Made, differences(last, fresh)
			if fresh.Changes == nil {
				return &operation.Refused{Why: fmt.Sprintf("a paper of %s that is made today would say what version %d of %s says", id, last.Version, last.Made),
					Fix: "accolade contract pdf " + id + " writes that one"}
			}
		}
		if missing := fresh.Seller.Missing(); len(missing) > 0 {
			return quote.Incomplete("contract", missing)
		}
		if err := billing.KeepLogo(tx, fresh.Seller); err != nil {
			return err
		}
		fresh.At, fresh.By = s.Clock.Now(), a.Who
		m = Made{Paper: fresh}
		return contract.Audited(tx, fresh.At, a, "contract.paper", func(tx store.Tx) (string, string, error) {
			return "contract/" + id, fmt.Sprintf("version %d, for %s", fresh.Version, fresh.Client.Name), papers.Insert(tx, fmt.Sprintf("%s/%04d", id, fresh.Version), fresh)
		})
	})
	return m, err
}

// today is the first version of a contract's paper, as it would be made today: a renewed
// contract's is about its last commitment.
func (s *Service) today(tx store.Tx, id string) (Paper, error) {
	k, err := contract.ContractByID(tx, id)
	if err != nil {
		return Paper{}, err
	}
	c, err := contract.ClientByRef(tx, k.Client)
	if err != nil {
		return Paper{}, err
	}
	p := Paper{Contract: id, Version: 1, Made: calendar.Of(s.Clock.Now(), s.Zone), Start: k.Start, Client: billing.BuyerOf(c), Seller: s.Bills.Letterhead()}
	p.Client.Mail, p.Client.Language = "", "" // no word of it
	if n := len(k.Renewals); n > 0 {
		p.Start = k.Renewals[n-1].From
	}
	p.Text, err = s.Articles(k, p.Start, p.Client, p.Seller)
	return p, err
}

// Paper is one version of a contract's paper, with the logo that it was made with;
// version 0 is the latest.
func (s *Service) Paper(id string, version int) (p Paper, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		last, found, err := latest(tx, id)
		switch {
		case err != nil:
			return err
		case !found:
			return &operation.Refused{Why: fmt.Sprintf("no paper of the contract %s was made", id), Fix: "accolade contract pdf " + id + " --to FILE makes it"}
		case version < 0 || version > last.Version:
			return &contract.Invalid{Field: "version", Value: fmt.Sprint(version), Allowed: fmt.Sprintf("the paper of %s has the versions 1 to %d", id, last.Version)}
		}
		if p = last; version > 0 && version != last.Version {
			if p, err = papers.Get(tx, fmt.Sprintf("%s/%04d", id, version)); err != nil {
				return err
			}
		}
		p.Seller, err = billing.Letterhead(tx, p.Seller)
		return err
	})
	return p, err
}

// latest is the last version of a contract's paper.
func latest(tx store.Tx, id string) (last Paper, found bool, err error) {
	all, err := papers.ByIndex(tx, "contract", id)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	for _, p := range all {
		if p.Version > last.Version {
			last = p
		}
	}
	return last, len(all) > 0, err
}
