// Package report tells people how things stand: us, what each contract earns; each
// client, month by month, what was done, what is left of his hours, and what comes.
//
// It gathers what other rooms know and keeps nothing of its own but what machines
// cost. It computes no invoice and sends nothing, and what is private in the ledger
// never reaches a letter.
package report

import (
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/margin"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
	"codeberg.org/accolade/accolade/templates"
)

// Parts are what a Service is put together from.
type Parts struct {
	DB     store.DB
	Clock  clock.Clock
	Zone   *time.Location // where months begin and end
	Book   *contract.Book
	Ledger *support.Ledger
	Bills  *billing.Service
	Fleet  *fleet.Registry
	Costs  margin.Settings
	// Space tells how many bytes the backups of a box's servers took in the vault, by the
	// month in which that was last seen.
	Space func(box string) (map[calendar.Month]int64, error)
	// Records knows of the servers' backups, for letters; nil: nothing is known.
	Records Records
	Texts   templates.Texts // of letters
}

// Service makes reports.
type Service struct {
	Parts
	earned earned
}

// New builds a service.
func New(p Parts) *Service { return &Service{Parts: p} }

func (s *Service) today() calendar.Date { return calendar.Of(s.Clock.Now(), s.Zone) }

// book runs fn in one transaction with the audit record of what it did.
func (s *Service) book(a contract.Actor, action string, fn func(store.Tx) (object, detail string, err error)) error {
	return s.DB.Update(func(tx store.Tx) error { return contract.Audited(tx, s.Clock.Now(), a, action, fn) })
}
