package contract

import (
	"fmt"
	"strings"

	"codeberg.org/accolade/accolade/internal/calendar"
)

// Chorus is what a public body has its invoices carry, so that Chorus Pro hands
// them to the right desk. Each body says in Chorus Pro's directory which it demands.
type Chorus struct {
	Service            string `json:"service,omitempty"`             // service code, BT-10
	Commitment         string `json:"commitment,omitempty"`          // commitment number (numéro d'engagement), BT-13
	ServiceDemanded    bool   `json:"service_demanded,omitempty"`    // no invoice without a service code
	CommitmentDemanded bool   `json:"commitment_demanded,omitempty"` // no invoice without a commitment number
}

// missing are the fields that the body demands and nobody has told, by the names
// of their flags.
func (c Chorus) missing() []string {
	var fields []string
	if c.ServiceDemanded && c.Service == "" {
		fields = append(fields, "service-code")
	}
	if c.CommitmentDemanded && c.Commitment == "" {
		fields = append(fields, "commitment")
	}
	return fields
}

// Invoiceable refuses to sign with or to invoice a public body that would send the
// invoice back.
func (c Client) Invoiceable() error {
	missing := c.Chorus.missing()
	if len(missing) == 0 {
		return nil
	}
	return refused(fmt.Sprintf("accolade client edit %s --%s VALUE", c.ID, missing[0]),
		"%s demands on its invoices in Chorus Pro what nobody has told: %s", c.Name, strings.Join(missing, ", "))
}

// check bounds the fields as the form of Chorus Pro does.
func (c *Chorus) check(siret string) error {
	c.Service, c.Commitment = tidy(c.Service), tidy(c.Commitment)
	if err := checkText("service-code", c.Service, 0, 100); err != nil {
		return err
	}
	if err := checkText("commitment", c.Commitment, 0, 50); err != nil {
		return err
	}
	if *c != (Chorus{}) && siret == "" {
		return invalid("siret", "", "Chorus Pro finds a body by it, and service code and commitment number belong to Chorus Pro")
	}
	return nil
}

// Membership is a client's place in the cooperative.
type Membership struct {
	Shares int           `json:"shares"` // held
	Since  calendar.Date `json:"since"`  // first subscribed
}

// mostShares is a typing error's bound, not the statutes'.
const mostShares = 1_000_000

func (m *Membership) check() error {
	switch {
	case m.Shares < 1 || m.Shares > mostShares:
		return invalid("shares", m.Shares, "want 1 to %d, or 0 for a client who holds none", mostShares)
	case m.Since.IsZero():
		return invalid("member-since", "", "want the day on which the shares were subscribed, such as 2026-09-15")
	}
	return nil
}
