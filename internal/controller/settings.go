package controller

import (
	"slices"
	"sync"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/config"
	"codeberg.org/accolade/accolade/internal/operation"
)

// settings are those in force, and the way to take up what may change while the
// controller runs: the looks of papers.
type settings struct {
	load  func() (config.Config, []config.Origin, error) // nil: they are as at the start for good
	bills *billing.Service

	mu      sync.Mutex
	origins []config.Origin
}

// Origins says where each setting in force comes from.
func (s *settings) Origins() []config.Origin {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.origins)
}

// Reload reads all sources anew and takes up what it can: all of it, or nothing where
// something is wrong. It returns what is not as it was.
func (s *settings) Reload() ([]config.Change, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.load == nil {
		return nil, &operation.Refused{Why: "this controller was started with settings that it cannot read again", Fix: "restart it"}
	}
	conf, origins, err := s.load()
	if err != nil {
		return nil, badSettings(err)
	}
	seller, err := conf.Letterhead()
	if err != nil {
		return nil, badSettings(err)
	}
	before := s.bills.Letterhead()
	s.bills.Dress(seller)
	changes := config.Take(s.origins, origins)
	if other := func(c config.Change) bool { return c.Key == config.LogoKey }; before.Logo != seller.Logo && !slices.ContainsFunc(changes, other) {
		changes = append(changes, config.Change{Key: config.LogoKey, From: conf.Logo, To: conf.Logo, Live: true})
	}
	return changes, nil
}

func badSettings(err error) error {
	return &operation.Refused{Why: err.Error(), Fix: "nothing was taken up, papers look as before; mend it, look at it with accoladed check-config, then again: accolade config reload"}
}
