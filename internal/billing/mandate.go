package billing

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/store"
)

// SignedMandate is a client's leave to collect from an account, with what was done with it.
type SignedMandate struct {
	sepa.Mandate
	Client  string        `json:"client"` // ID
	OneOff  bool          `json:"one_off,omitempty"`
	Last    bool          `json:"last,omitempty"` // the next debit is the last one
	Uses    []Use         `json:"uses,omitempty"` // debits that were ordered and not taken back before they were carried out
	Revoked calendar.Date `json:"revoked,omitzero"`
	Why     string        `json:"why,omitempty"` // it was revoked
	At      time.Time     `json:"at"`
	By      string        `json:"by"`
}

// Use is a debit by a mandate.
type Use struct {
	Order    string        `json:"order"`
	Invoice  string        `json:"invoice"`
	On       calendar.Date `json:"on"`
	Sequence sepa.Sequence `json:"sequence"`
}

// lapse is after how many months without a debit a mandate is void (rulebook, 4.1).
const lapse = 36

// unusable says why a mandate cannot be used on a day; empty: it can.
func (m SignedMandate) unusable(on calendar.Date) string {
	last := m.Signed
	if n := len(m.Uses); n > 0 {
		last = m.Uses[n-1].On
	}
	switch {
	case !m.Revoked.IsZero():
		return fmt.Sprintf("mandate %s was revoked on %s", m.ID, m.Revoked)
	case m.OneOff && len(m.Uses) > 0:
		return fmt.Sprintf("mandate %s was for one debit, of %s", m.ID, m.Uses[0].Invoice)
	case m.finished():
		return fmt.Sprintf("mandate %s had its last debit, of %s", m.ID, m.Uses[len(m.Uses)-1].Invoice)
	case last.AddMonths(lapse).Before(on):
		return fmt.Sprintf("mandate %s was last used on %s, and lapsed after %d months", m.ID, last, lapse)
	}
	return ""
}

func (m SignedMandate) finished() bool {
	return slices.ContainsFunc(m.Uses, func(u Use) bool { return u.Sequence == sepa.Final })
}

// next is the sequence type of the next debit, by the mandate's history.
func (m SignedMandate) next() sepa.Sequence {
	switch {
	case m.OneOff:
		return sepa.OneOff
	case m.Last:
		return sepa.Final
	case len(m.Uses) == 0:
		return sepa.First
	}
	return sepa.Recurrent
}

var mandates = store.NewCollection[SignedMandate]("mandate", 1,
	store.WithIndex("client", func(m SignedMandate) []string { return []string{m.Client} }),
	store.WithIndex("same", func(m SignedMandate) []string { return []string{sameMandate(m.ID)} }))

// sameMandate is what makes two references the same to a bank: case and spaces do not count.
func sameMandate(id string) string { return strings.ToUpper(strings.Join(strings.Fields(id), "")) }

// AddMandate takes in a signed mandate. Without a reference it gets one made of the
// client's ID; without a debtor, the client's name.
func (s *Service) AddMandate(a contract.Actor, client string, m SignedMandate) (SignedMandate, error) {
	err := s.book(a, "mandate.add", func(tx store.Tx) (string, string, error) {
		c, err := contract.ClientByRef(tx, client)
		if err != nil {
			return "", "", err
		}
		all, err := mandates.ByIndex(tx, "client", c.ID)
		if err != nil {
			return "", "", err
		}
		for _, old := range all {
			if old.unusable(s.Today()) == "" && !old.OneOff && !m.OneOff {
				return "", "", refused("accolade mandate revoke "+old.ID, "%s has the mandate %s already", c.Name, old.ID)
			}
		}
		if m.Client = c.ID; m.ID == "" {
			m.ID = reference(c.ID, len(all)+1)
		}
		if m.Debtor == "" {
			m.Debtor = c.Name
		}
		if m.Mandate, err = m.Tidy(s.Today()); err != nil {
			return "", "", err
		}
		same, err := mandates.ByIndex(tx, "same", sameMandate(m.ID))
		if err != nil {
			return "", "", err
		}
		if len(same) > 0 {
			return "", "", &store.ExistsError{Kind: "mandate", ID: same[0].ID}
		}
		m.Uses, m.Last, m.Revoked, m.Why, m.At, m.By = nil, false, calendar.Date{}, "", s.Clock.Now(), a.Who
		return "mandate/" + m.ID, fmt.Sprintf("of %s, signed on %s", c.ID, m.Signed), mandates.Insert(tx, m.ID, m)
	})
	return m, err
}

// reference is a mandate's own within 35 characters.
func reference(client string, n int) string {
	end := fmt.Sprintf("-%d", n)
	id := strings.ToUpper(client)
	return strings.TrimRight(id[:min(len(id), 35-len(end))], "-") + end
}

// RevokeMandate ends a mandate today or, with afterNext, with its next debit, which is
// then announced to the bank as the last one.
func (s *Service) RevokeMandate(a contract.Actor, id, why string, afterNext bool) (m SignedMandate, err error) {
	if why, err = checkNote("reason", why, false); err != nil {
		return m, err
	}
	err = s.book(a, "mandate.revoke", func(tx store.Tx) (string, string, error) {
		if m, err = mandates.Get(tx, id); err != nil {
			return "", "", err
		}
		if no := m.unusable(s.Today()); no != "" {
			return "", "", refused("", "%s", no)
		}
		m.Why = why
		if afterNext {
			m.Last = true
		} else {
			m.Revoked = s.Today()
		}
		return "mandate/" + m.ID, why, mandates.Put(tx, m.ID, m)
	})
	return m, err
}

// Mandates are those of one client or, with an empty reference, all.
func (s *Service) Mandates(client string) (all []SignedMandate, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		if client == "" {
			all, err = mandates.List(tx)
			return err
		}
		c, err := contract.ClientByRef(tx, client)
		if err != nil {
			return err
		}
		all, err = mandates.ByIndex(tx, "client", c.ID)
		return err
	})
	return all, err
}

// Mandate is one mandate.
func (s *Service) Mandate(id string) (m SignedMandate, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		m, err = mandates.Get(tx, id)
		return err
	})
	return m, err
}

// mandateOf is the mandate to collect a client's invoices with, or why there is none.
func mandateOf(tx store.Tx, client string, on calendar.Date) (SignedMandate, string, error) {
	all, err := mandates.ByIndex(tx, "client", client)
	if err != nil || len(all) == 0 {
		return SignedMandate{}, "there is no mandate", err
	}
	why := ""
	slices.SortFunc(all, func(a, b SignedMandate) int { return b.At.Compare(a.At) })
	for _, m := range all {
		no := m.unusable(on)
		if no == "" {
			return m, "", nil
		}
		if why == "" {
			why = no
		}
	}
	return SignedMandate{}, why, nil
}
