package contract

import "slices"

// LateLaw is the law by which a client owes interest and a fee for paying late.
type LateLaw string

// The laws of late payment.
const (
	// Commerce is between professionals: articles L441-10 and D441-5 du Code de commerce.
	Commerce LateLaw = "commerce"
	// PublicOrder is of public bodies: articles L2192-13, R2192-31 and D2192-35 du Code de la
	// commande publique. Nobody can waive that interest (L2192-14).
	PublicOrder LateLaw = "public"
	// NoLate claims nothing.
	NoLate LateLaw = "none"
)

// LateLaws are all of them, in the order of help texts.
var LateLaws = []LateLaw{Commerce, PublicOrder, NoLate}

// LateLaw is the law for a client: as a human said or, where the kind settles it, by the
// kind. An association may buy as a professional or not, by what it does (Cour de
// cassation, of article L441-6, now L441-10), and a school may be a public body or
// the work of an association: of these nothing is claimed until somebody says so.
func (c Client) LateLaw() LateLaw {
	switch {
	case c.Late != "":
		return c.Late
	case c.Kind == TownHall:
		return PublicOrder
	case c.Kind == Business || c.Kind == SoleTrader:
		return Commerce
	}
	return NoLate
}

// checkLate refuses a law that is none, and another than its own for a town hall.
func (c *Client) checkLate() error {
	switch {
	case c.Late != "" && !slices.Contains(LateLaws, c.Late):
		return invalid("late law", string(c.Late), "want one of %s", list(LateLaws))
	case c.Kind == TownHall && c.Late != "" && c.Late != PublicOrder:
		return invalid("late law", string(c.Late), "a town hall owes what the Code de la commande publique says, and nobody can waive it (L2192-14): want public")
	}
	return nil
}
