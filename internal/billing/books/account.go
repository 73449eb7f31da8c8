package books

import (
	"fmt"
	"regexp"
	"strings"

	"codeberg.org/accolade/accolade/internal/money"
)

// Account is an account of the chart (plan comptable général).
type Account struct {
	Number string // `411`; the first three characters are digits
	Name   string
}

// Accounts are where sales are booked.
type Accounts struct {
	Journal  Account // code and name: `VE`, Ventes
	Clients  Account // what clients owe; each is a sub-account by the client's ID
	Sales    Account
	Deposits Account                // what is paid before the service
	VAT      Account                // tax collected
	ByRate   map[money.Rate]Account // tax collected at rates that have an account of their own
}

// Usual are the accounts of the plan comptable général for a seller of services.
func Usual() Accounts {
	return Accounts{Journal: Account{"VE", "Ventes"}, Clients: Account{"411", "Clients"},
		Sales: Account{"706", "Prestations de services"}, Deposits: Account{"4191", "Clients - avances et acomptes reçus"}, VAT: Account{"44571", "TVA collectée"}}
}

// credited is the account of what a document is for.
func (a Accounts) credited(d Document) Account {
	if d.Advance {
		return a.Deposits
	}
	return a.Sales
}

// vat is the account of the tax at a rate.
func (a Accounts) vat(r money.Rate) Account {
	if own, ok := a.ByRate[r]; ok {
		return own
	}
	return a.VAT
}

// String is what ParseAccount reads.
func (a Account) String() string { return strings.TrimSpace(a.Number + " " + a.Name) }

var (
	accountForm = regexp.MustCompile(`^[1-8]\d{2}[0-9A-Z]{0,17}$`)
	journalForm = regexp.MustCompile(`^[0-9A-Za-z]{1,10}$`)
)

// ParseAccount reads `44571 TVA collectée`: a number of the plan comptable, classes 1
// to 8, and a name.
func ParseAccount(s string) (Account, error) {
	return parse(s, accountForm, "an account has a number that begins with three digits")
}

// ParseJournal reads `VE Ventes`: a code and a name.
func ParseJournal(s string) (Account, error) {
	return parse(s, journalForm, "a journal has a code of letters and digits")
}

func parse(s string, form *regexp.Regexp, want string) (Account, error) {
	number, name, _ := strings.Cut(Plain(s), " ")
	if !form.MatchString(number) || name == "" {
		return Account{}, fmt.Errorf("%q: %s, and a name after it", s, want)
	}
	return Account{number, name}, nil
}
