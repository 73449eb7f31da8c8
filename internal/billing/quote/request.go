package quote

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

// Request is what a quote is made from; as a file it is YAML, see Parse.
type Request struct {
	Client    string           // ID or name; empty: Prospect
	Prospect  *contract.Client // who is no client yet
	Offer     string
	Version   int // that the writer had before him; 0: whichever is there
	Employees int // or seats
	Why       string
	Start     calendar.Date
	Valid     calendar.Date // zero: ValidDays from today
	Charges   []Item
	Discounts []Item
	Note      string
}

// ValidDays is how long a quote holds that names no last day.
const ValidDays = 30

// Bounds of what is typed: a quote is to be read by people.
const (
	mostItems = 40
	mostText  = 200
	mostNote  = 2000
	mostNet   = money.Cents(1_000_000_00)
)

// Check tidies the request and refuses what no quote can say. The field of an
// contract.Invalid is the path in the file: `charges[1].net`.
func (r *Request) Check() error {
	r.Client, r.Offer, r.Why = tidy(r.Client), tidy(r.Offer), tidy(r.Why)
	switch {
	case (r.Client == "") == (r.Prospect == nil):
		return invalid("client", r.Client, "want either a client, or a prospect who becomes one")
	case r.Offer == "":
		return invalid("offer", "", "want an offer of the price list: accolade offer list")
	case r.Version < 0:
		return invalid("version", r.Version, "want the offer's version, 1 or more")
	case r.Start.IsZero():
		return invalid("start", "", "want the contract's first day, such as 2027-01-01")
	}
	if p := r.Prospect; p != nil {
		if err := p.CheckNew(); err != nil {
			if bad, ok := errors.AsType[*contract.Invalid](err); ok {
				return invalid("prospect."+prospectPath(bad.Field), bad.Value, "%s", bad.Allowed)
			}
			return err
		}
	}
	for _, list := range []struct {
		name, text string
		items      []Item
	}{{"charges", "text", r.Charges}, {"discounts", "reason", r.Discounts}} {
		if len(list.items) > mostItems {
			return invalid(list.name, len(list.items), "at most %d", mostItems)
		}
		for i := range list.items {
			item, at := &list.items[i], fmt.Sprintf("%s[%d].", list.name, i)
			item.Text = tidy(item.Text)
			if err := checkText(at+list.text, item.Text, 1, mostText); err != nil {
				return err
			}
			if item.Net <= 0 || item.Net > mostNet {
				return invalid(at+"net", item.Net.Decimal(), "want euros before tax, above 0 and at most %s", mostNet)
			}
		}
	}
	if err := checkText("why", r.Why, 0, mostText); err != nil {
		return err
	}
	r.Note = tidyLines(r.Note)
	return checkText("note", strings.ReplaceAll(r.Note, "\n", " "), 0, mostNote)
}

// prospectPath is where in the file a field of a client stands.
func prospectPath(field string) string {
	switch field {
	case "address":
		return "address.lines"
	case "address post code":
		return "address.postcode"
	case "address city", "address country":
		return strings.Replace(field, " ", ".", 1)
	}
	return field
}

func invalid(field string, value any, allowed string, args ...any) error {
	return &contract.Invalid{Field: field, Value: fmt.Sprint(value), Allowed: fmt.Sprintf(allowed, args...)}
}

// checkText bounds a text and keeps what is no letter out of documents.
func checkText(field, s string, least, most int) error {
	runes := []rune(s)
	switch n := len(runes); {
	case n < least:
		return invalid(field, "", "want %d to %d characters", least, most)
	case n > most:
		return invalid(field, string(runes[:20])+"…", "want at most %d characters", most)
	}
	return contract.CheckPlain(field, s)
}

// tidy makes one space of many.
func tidy(s string) string { return norm.NFC.String(strings.Join(strings.Fields(s), " ")) }

// tidyLines is tidy of each line of a text; blank lines at its ends are dropped.
func tidyLines(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = tidy(lines[i])
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}
