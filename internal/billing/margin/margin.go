// Package margin says what a contract earns: its income less what it costs us, month
// by month, to date and at the end of what the client is committed to, and what is
// lost if the client leaves then.
//
// It is arithmetic alone, in whole cents: what is shared is split so that the shares
// come to the whole, and what is spread over days comes to the whole on the last one.
// The formulas are in docs/margin.md, with an example that a test reckons from that
// page. The package reads nothing and knows no invoice: whoever calls it brings the
// income.
package margin

import (
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

// Rates are what things cost us, before tax.
type Rates struct {
	Hour       money.Cents      // of work
	TravelHour money.Cents      // on the way: work and vehicle
	VaultGB    money.UnitPrice  // of 10^9 bytes in a vault for a month
	Relay      money.Cents      // of one server's mail for a month
	Spare      money.Rate       // put on the price of a machine, for those that wait in stock
	Life       int              // months from a machine's making to its end
	Upkeep     calendar.Minutes // of our own work that nobody asked for, to expect a month and contract
}

// Case is one contract with what is known of it.
type Case struct {
	Contract contract.Contract
	Name     string                         // of the client
	Income   map[calendar.Month]money.Cents // before tax, up to today; credit notes taken off
	Entries  []support.Entry                // up to today, also of kinds that nobody is billed for
}

// Sum is what came in and what it cost.
type Sum struct {
	Income   money.Cents `json:"income"`
	Hardware money.Cents `json:"hardware"` // worn off
	Hours    money.Cents `json:"hours"`
	Travel   money.Cents `json:"travel"`
	Vault    money.Cents `json:"vault"`
	Relay    money.Cents `json:"relay"`
}

// Cost is all that it cost.
func (s Sum) Cost() money.Cents { return s.Hardware + s.Hours + s.Travel + s.Vault + s.Relay }

// Margin is what is left of the income.
func (s Sum) Margin() money.Cents { return s.Income - s.Cost() }

// Plus adds up.
func (s Sum) Plus(o Sum) Sum {
	return Sum{s.Income + o.Income, s.Hardware + o.Hardware, s.Hours + o.Hours, s.Travel + o.Travel, s.Vault + o.Vault, s.Relay + o.Relay}
}

// Monthly is what one month comes to.
type Monthly struct {
	Month   calendar.Month `json:"month"`
	Planned bool           `json:"planned,omitempty"` // it is not over: what is still to come is reckoned
	Sum
	// Residual is what of the hardware is not worn off at the end of the month, of the last
	// one on the day Committed.
	Residual money.Cents `json:"residual"`
}

// Margin is what a contract earns.
type Margin struct {
	Client   string        `json:"client"`
	Name     string        `json:"name"`
	Contract string        `json:"contract"`
	Since    calendar.Date `json:"since,omitzero"`
	// Committed is the last day that the client is bound to: the term's, or the end of
	// a notice given today, or the day of an ending.
	Committed calendar.Date `json:"committed,omitzero"`
	Machines  int           `json:"machines"` // that serve it; of none, what it costs is not known
	ToDate    Sum           `json:"to_date"`
	AtEnd     Sum           `json:"at_end"`   // on the day Committed
	Residual  money.Cents   `json:"residual"` // of the hardware, on that day: lost if the machine is not used again
	// BreakEven is the end of the month from which on the client may leave without a
	// loss; none if that never comes within horizon months.
	BreakEven calendar.Date `json:"break_even,omitzero"`
	Months    []Monthly     `json:"months"` // up to Committed
}

// NotRenewed is what is earned, or lost, if the client leaves on the day Committed and
// the machine is worth nothing any more.
func (m Margin) NotRenewed() money.Cents { return m.AtEnd.Margin() - m.Residual }

// Report is the margin of every contract, and of all.
type Report struct {
	On        calendar.Date `json:"on"`
	Contracts []Margin      `json:"contracts"` // by contract
	// Common is what no contract bears: machines in stock, hours of clients without one.
	Common Margin `json:"common"`
	All    Margin `json:"all"` // the sum
}

// horizon is how many months ahead a break-even is looked for.
const horizon = 120
