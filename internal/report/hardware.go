package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"codeberg.org/accolade/accolade/internal/billing/margin"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
)

// Hardware is what a machine cost: a box of ours, or another one that a contract has.
type Hardware struct {
	Name      string        `json:"name"`
	Box       string        `json:"box,omitempty"`       // of the fleet
	Contracts []string      `json:"contracts,omitempty"` // that share it; none: those of the box's clients
	Price     money.Cents   `json:"price"`               // as bought, before tax
	Age       int           `json:"age"`                 // months since its making, on the day From
	From      calendar.Date `json:"from"`
	Until     calendar.Date `json:"until,omitzero"` // given up
}

var hardware = store.NewCollection[Hardware]("hardware", 1)

// SetHardware keeps what a machine cost, in the place of what was known of it.
func (s *Service) SetHardware(a contract.Actor, h Hardware) (Hardware, error) {
	rates, err := s.rates()
	if err != nil {
		return h, err
	}
	h.Name = strings.TrimSpace(h.Name)
	if err := h.machine().Check(rates.Life); err != nil {
		return h, err
	}
	if h.Box == "" && len(h.Contracts) == 0 {
		return h, &contract.Invalid{Field: "box", Allowed: "want the box that it is, or the contracts that it serves (or both, where several share a box)"}
	}
	slices.Sort(h.Contracts)
	h.Contracts = slices.Compact(h.Contracts)
	return h, s.book(a, "hardware.set", func(tx store.Tx) (string, string, error) {
		if h.Box != "" {
			if _, err := fleet.Boxes.Get(tx, h.Box); err != nil {
				return "", "", err
			}
		}
		for _, id := range h.Contracts {
			if _, err := contract.ContractByID(tx, id); err != nil {
				return "", "", err
			}
		}
		if err := s.alone(tx, h); err != nil {
			return "", "", err
		}
		return "hardware/" + h.Name, fmt.Sprintf("%s, %d months old, from %s", h.Price, h.Age, h.From), hardware.Put(tx, h.Name, h)
	})
}

// alone refuses to have one box's cost under two names at the same time.
func (s *Service) alone(tx store.Tx, h Hardware) error {
	all, err := hardware.List(tx)
	for _, o := range all {
		together := (o.Until.IsZero() || !o.Until.Before(h.From)) && (h.Until.IsZero() || !h.Until.Before(o.From))
		if err == nil && h.Box != "" && o.Box == h.Box && o.Name != h.Name && together {
			return &operation.Refused{Why: fmt.Sprintf("the box %s is in the books as %s already", h.Box, o.Name), Fix: "change that: accolade hardware set " + o.Name}
		}
	}
	return err
}

// RemoveHardware forgets a machine that was entered by mistake.
func (s *Service) RemoveHardware(a contract.Actor, name string) error {
	return s.book(a, "hardware.remove", func(tx store.Tx) (string, string, error) {
		h, err := hardware.Get(tx, name)
		if err != nil {
			return "", "", err
		}
		return "hardware/" + name, h.Price.String(), hardware.Delete(tx, name)
	})
}

// Hardware lists the machines by name.
func (s *Service) Hardware() (all []Hardware, err error) {
	err = s.DB.View(func(tx store.Tx) error {
		all, err = hardware.List(tx)
		return err
	})
	return all, err
}

func (h Hardware) machine() margin.Hardware {
	return margin.Hardware{Name: h.Name, Price: h.Price, Age: h.Age, From: h.From, Until: h.Until, Contracts: h.Contracts, Server: h.Box != ""}
}

// machines are those of the margin: boxes with their clients' contracts and the space
// of their backups.
func (s *Service) machines(contracts []contract.Contract) ([]margin.Hardware, error) {
	all, err := s.Hardware()
	if err != nil {
		return nil, err
	}
	var out []margin.Hardware
	for _, h := range all {
		m := h.machine()
		if h.Box != "" {
			if m.Space, err = s.Space(h.Box); err != nil {
				return nil, err
			}
		}
		if len(m.Contracts) == 0 {
			if m.Contracts, err = s.contractsOn(h.Box, contracts); err != nil {
				return nil, err
			}
		}
		out = append(out, m)
	}
	return out, nil
}

// Sharing are the contracts that a box's cost was entered for by name, today.
func (s *Service) Sharing(box string) (ids []string, err error) {
	all, err := s.Hardware()
	for _, h := range all {
		if h.Box == box && (h.Until.IsZero() || !h.Until.Before(s.today())) {
			ids = append(ids, h.Contracts...)
		}
	}
	return ids, err
}

// contractsOn are those of the clients whom a box, or a server on it, belongs to.
func (s *Service) contractsOn(box string, contracts []contract.Contract) ([]string, error) {
	names := map[string]bool{}
	b, err := s.Fleet.Box(box)
	if err != nil {
		return nil, err
	}
	names[b.Client] = true
	servers, err := s.Fleet.ServersOn(box)
	if err != nil {
		return nil, err
	}
	for _, server := range servers {
		names[server.Client] = true
	}
	ids := map[string]bool{}
	for name := range names {
		c, err := s.Book.Client(name)
		if name == "" || errors.Is(err, store.ErrNotFound) {
			continue // a box of a client whom the books do not know by that name
		}
		if err != nil {
			return nil, err
		}
		ids[c.ID] = true
	}
	var found []string
	for _, k := range contracts {
		if ids[k.Client] {
			found = append(found, k.ID)
		}
	}
	return found, nil
}
