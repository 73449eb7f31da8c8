package contract

import (
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Client is an organisation that we serve.
type Client struct {
	ID        string      `json:"id"` // chosen, or made from the name, once; never changes: `mairie-de-kerlann`
	Name      string      `json:"name"`
	Kind      ClientKind  `json:"kind"`
	SIREN     string      `json:"siren,omitempty"` // nine digits
	SIRET     string      `json:"siret,omitempty"` // fourteen digits, starting with the SIREN
	RNA       string      `json:"rna,omitempty"`   // associations: W and nine digits
	VATNumber string      `json:"vat_number,omitempty"`
	Language  string      `json:"language"` // of letters and invoices: fr or en
	Address   Address     `json:"address"`
	Delivery  *Address    `json:"delivery,omitempty"` // where the service is given, if elsewhere
	Contacts  []Contact   `json:"contacts,omitempty"`
	Firms     []Firm      `json:"firms,omitempty"`
	Chorus    Chorus      `json:"chorus,omitzero"`  // what its invoices carry for Chorus Pro
	Late      LateLaw     `json:"late,omitempty"`   // what it owes for paying late; empty: by its kind (see LateLaw)
	Member    *Membership `json:"member,omitempty"` // of the cooperative; nil: holds no share
	Added     time.Time   `json:"added"`
}

// ClientKind decides which identifiers the law wants.
type ClientKind string

// The kinds of client.
const (
	Business    ClientKind = "business"
	Association ClientKind = "association"
	School      ClientKind = "school"
	TownHall    ClientKind = "town-hall"
	SoleTrader  ClientKind = "sole-trader"
)

// ClientKinds are all of them, in the order of help texts.
var ClientKinds = []ClientKind{Business, Association, School, TownHall, SoleTrader}

// Address is a postal address.
type Address struct {
	Lines    []string `json:"lines"` // street and what precedes it, at most four
	PostCode string   `json:"postcode,omitempty"`
	City     string   `json:"city"`
	Country  string   `json:"country,omitempty"` // ISO 3166 alpha-2, FR unless told
}

// Contact is a person at the client's.
type Contact struct {
	Name  string `json:"name"`
	Roles []Role `json:"roles,omitempty"`
	Mail  string `json:"mail,omitempty"`
	Phone string `json:"phone,omitempty"`
}

// Role is what a contact is asked about.
type Role string

// The roles of contacts.
const (
	Manager   Role = "manager"   // signs
	Billing   Role = "billing"   // receives the invoices
	Technical Role = "technical" // our first word on site
	OnSite    Role = "on-site"   // opens the door
)

// Roles are all of them.
var Roles = []Role{Manager, Billing, Technical, OnSite}

// Firm is an outside firm of a client, in whose name we call: the Internet
// provider, whoever keeps the printers.
type Firm struct {
	Name     string `json:"name"`
	Trade    string `json:"trade"`              // internet, printer, phone, software, or the client's own word
	Customer string `json:"customer,omitempty"` // the client's number with that firm
	Person   string `json:"person,omitempty"`
	Mail     string `json:"mail,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Note     string `json:"note,omitempty"`
}

// Check tidies the client's fields and refuses what cannot be.
func (c *Client) Check() error {
	c.Name = tidy(c.Name)
	if err := checkText("name", c.Name, 1, 100); err != nil {
		return err
	}
	if slug(c.Name) == "" {
		return invalid("name", c.Name, "it needs a letter or a digit")
	}
	if !slices.Contains(ClientKinds, c.Kind) {
		return invalid("kind", c.Kind, "%s", OneOf(ClientKinds))
	}
	if c.Language == "" {
		c.Language = "fr"
	}
	if c.Language != "fr" && c.Language != "en" {
		return invalid("language", c.Language, "want fr or en")
	}
	if err := c.checkNumbers(); err != nil {
		return err
	}
	if err := c.Address.check("address"); err != nil {
		return err
	}
	if c.Delivery != nil {
		if err := c.Delivery.check("delivery address"); err != nil {
			return err
		}
	}
	if c.Member != nil {
		if err := c.Member.check(); err != nil {
			return err
		}
	}
	if err := c.checkLate(); err != nil {
		return err
	}
	return c.Chorus.check(c.SIRET)
}

// checkNumbers follows article R123-237 of the Code de commerce (SIREN of
// businesses) and Chorus Pro (SIRET of public bodies).
func (c *Client) checkNumbers() error {
	c.SIREN, c.SIRET, c.RNA, c.VATNumber = compact(c.SIREN), compact(c.SIRET), compact(c.RNA), compact(c.VATNumber)
	if c.SIRET != "" {
		if err := CheckSIRET(c.SIRET); err != nil {
			return err
		}
		if c.SIREN == "" {
			c.SIREN = c.SIRET[:9]
		}
	}
	if c.SIREN != "" {
		if err := CheckSIREN(c.SIREN); err != nil {
			return err
		}
		if c.SIRET != "" && c.SIRET[:9] != c.SIREN {
			return invalid("siret", c.SIRET, "it does not start with the SIREN %s", c.SIREN)
		}
	}
	switch {
	case (c.Kind == Business || c.Kind == SoleTrader) && c.SIREN == "":
		return invalid("siren", "", "the law wants it on the invoices of a %s", c.Kind)
	case c.Kind == TownHall && c.SIRET == "":
		return invalid("siret", "", "public bodies are invoiced through Chorus Pro, which wants it")
	case c.RNA != "" && c.Kind != Association:
		return invalid("rna", c.RNA, "only associations have one; this is a %s", c.Kind)
	case c.RNA != "":
		if err := CheckRNA(c.RNA); err != nil {
			return err
		}
	}
	if c.VATNumber != "" {
		return CheckVAT(c.VATNumber, c.SIREN)
	}
	return nil
}

func (a *Address) check(field string) error {
	a.PostCode, a.City, a.Country = tidy(a.PostCode), tidy(a.City), strings.ToUpper(tidy(a.Country))
	a.Lines = slices.DeleteFunc(slices.Clone(a.Lines), func(l string) bool { return tidy(l) == "" })
	if a.Country == "" {
		a.Country = "FR"
	}
	switch {
	case len(a.Lines) == 0:
		return invalid(field, "", "want at least the street")
	case len(a.Lines) > 4:
		return invalid(field, strings.Join(a.Lines, ", "), "at most four lines before the post code")
	case a.City == "":
		return invalid(field+" city", "", "want the town")
	case len(a.Country) != 2 || !letters(a.Country):
		return invalid(field+" country", a.Country, "want a two-letter code such as FR")
	case a.Country == "FR" && (len(a.PostCode) != 5 || !allDigits(a.PostCode)):
		return invalid(field+" post code", a.PostCode, "want five digits")
	}
	for i := range a.Lines {
		a.Lines[i] = tidy(a.Lines[i])
		if err := checkText(field, a.Lines[i], 1, 100); err != nil {
			return err
		}
	}
	return checkText(field+" city", a.City, 1, 100)
}

// Check tidies the contact's fields and refuses what cannot be.
func (c *Contact) Check() error {
	c.Name, c.Mail, c.Phone = tidy(c.Name), tidy(c.Mail), tidy(c.Phone)
	if err := checkText("contact", c.Name, 1, 100); err != nil {
		return err
	}
	for _, r := range c.Roles {
		if !slices.Contains(Roles, r) {
			return invalid("role", r, "%s", OneOf(Roles))
		}
	}
	slices.Sort(c.Roles)
	c.Roles = slices.Compact(c.Roles)
	return checkReach(c.Mail, c.Phone)
}

// Check tidies the firm's fields and refuses what cannot be.
func (f *Firm) Check() error {
	f.Name, f.Trade, f.Person, f.Mail, f.Phone = tidy(f.Name), strings.ToLower(tidy(f.Trade)), tidy(f.Person), tidy(f.Mail), tidy(f.Phone)
	if err := checkText("firm", f.Name, 1, 100); err != nil {
		return err
	}
	if err := checkText("trade", f.Trade, 1, 40); err != nil {
		return err
	}
	return checkReach(f.Mail, f.Phone)
}

// CheckMail refuses what is no plain mail address in ASCII, which every relay takes.
func CheckMail(address string) error {
	a, err := mail.ParseAddress(address)
	if err != nil || a.Address != address || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return invalid("mail", address, "want an address such as anne@example.fr, of letters without accents")
	}
	return nil
}

func checkReach(address, phone string) error {
	if address != "" {
		if err := CheckMail(address); err != nil {
			return err
		}
	}
	if phone != "" && (len(phone) > 30 || strings.Trim(phone, "+0123456789 .-()") != "") {
		return invalid("phone", phone, "want digits, spaces and a leading +")
	}
	return nil
}

// checkText bounds a text and keeps control characters out of documents.
func checkText(field, s string, least, most int) error {
	switch n := len([]rune(s)); {
	case n < least:
		return invalid(field, s, "want %d to %d characters", least, most)
	case n > most:
		return invalid(field, string([]rune(s)[:20])+"…", "want at most %d characters", most)
	}
	return CheckPlain(field, s)
}

// CheckPlain keeps control characters, and what is no text at all, out of documents.
func CheckPlain(field, s string) error {
	switch {
	case !utf8.ValidString(s):
		return invalid(field, "with bytes that are no UTF-8", "want one line of plain text")
	case strings.ContainsFunc(s, unicode.IsControl):
		return invalid(field, "with a control character", "want one line of plain text")
	}
	return nil
}

// tidy trims a text and makes one space of many.
func tidy(s string) string { return norm.NFC.String(strings.Join(strings.Fields(s), " ")) }

// nameKey is what makes two names the same: case, accents and punctuation do not count.
func nameKey(s string) string { return slug(s) }

// slug turns a name into an identifier: `Mairie de Kerlann` is `mairie-de-kerlann`.
func slug(s string) string {
	s = strings.NewReplacer("œ", "oe", "Œ", "oe", "æ", "ae", "Æ", "ae", "ß", "ss").Replace(s)
	var b strings.Builder
	dash := false
	for _, r := range norm.NFD.String(strings.ToLower(s)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // an accent
		default:
			dash = true
		}
	}
	return b.String()
}

func list[T ~string](values []T) string {
	var s []string
	for _, v := range values {
		s = append(s, string(v))
	}
	return strings.Join(s, ", ")
}

// OneOf says what a field may hold that has few values.
func OneOf[T ~string](values []T) string { return "want one of " + list(values) }
