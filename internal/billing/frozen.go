package billing

import (
	"iter"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

// readAtOnce are read in one transaction, so that a slow reader holds none open.
const readAtOnce = 128

// Frozen are the finalised invoices of a month, by number, however many there are: a
// few at a time are in memory.
func (s *Service) Frozen(m calendar.Month) iter.Seq2[Invoice, error] {
	return func(yield func(Invoice, error) bool) {
		numbers, err := s.numbers(m)
		if err != nil {
			yield(Invoice{}, err)
			return
		}
		inPortions(s.DB, numbers, archive.get, yield)
	}
}

// Settled are the entries of the ledger that a finalised month settled: those that
// count against an allowance or cost money, by contract and day. They are the same for
// ever; what is booked later is settled by a later month. Minutes are negative of an entry
// that an invoice had settled which was replaced in this month.
func (s *Service) Settled(m calendar.Month) iter.Seq2[support.Entry, error] {
	return func(yield func(support.Entry, error) bool) {
		var ids []settledEntry
		if _, err := s.numbers(m); err != nil { // refuses a month that is open
			yield(support.Entry{}, err)
			return
		}
		if err := s.DB.View(func(tx store.Tx) (err error) {
			ids = nil
			prefix := m.String() + "/"
			for id, done := range settlements.From(tx, prefix, &err) {
				if !strings.HasPrefix(id, prefix) {
					break
				}
				for _, entry := range done.Entries {
					ids = append(ids, settledEntry{entry, done.Credit != ""})
				}
			}
			return err
		}); err != nil {
			yield(support.Entry{}, err)
			return
		}
		inPortions(s.DB, ids, readSettled, yield)
	}
}

// settledEntry names an entry of the ledger that a settlement holds.
type settledEntry struct {
	id   string
	back bool // it is open again
}

func readSettled(tx store.Tx, e settledEntry) (support.Entry, error) {
	entry, err := support.EntryByID(tx, e.id)
	if e.back {
		entry.Minutes = -entry.Minutes
	}
	return entry, err
}

// inPortions reads records that never change, a portion in each transaction.
func inPortions[K, T any](db store.DB, ids []K, get func(store.Tx, K) (T, error), yield func(T, error) bool) {
	var none T
	for portion := range slices.Chunk(ids, readAtOnce) {
		var read []T
		if err := db.View(func(tx store.Tx) error {
			read = read[:0]
			for _, id := range portion {
				v, err := get(tx, id)
				if err != nil {
					return err
				}
				read = append(read, v)
			}
			return nil
		}); err != nil {
			yield(none, err)
			return
		}
		for _, v := range read {
			if !yield(v, nil) {
				return
			}
		}
	}
}
