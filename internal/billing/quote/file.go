package quote

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/strictyaml"
)

// BadFile is a file that no quote can be made from; Error begins with file, line and
// column where they are known.
type BadFile struct {
	Place string // `devis.yaml:3:12`
	Err   error
}

func (b *BadFile) Error() string { return b.Place + ": " + b.Err.Error() }

func (b *BadFile) Unwrap() error { return b.Err }

// largest is more than any quote that a person writes, in bytes.
const largest = 64 << 10

// scalar is a value as it was written, so that 149.00 is never a float, nor 01000 octal.
type scalar string

// UnmarshalYAML keeps the value's own text.
func (s *scalar) UnmarshalYAML(node ast.Node) error {
	switch n := node.(type) {
	case *ast.NullNode:
		*s = ""
	case *ast.StringNode:
		*s = scalar(n.Value)
	case *ast.LiteralNode:
		*s = scalar(n.Value.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		*s = scalar(n.GetToken().Value)
	default:
		return &yaml.SyntaxError{Message: "want a single value", Token: node.GetToken()}
	}
	return nil
}

// The file's shape.
type (
	document struct {
		Client    scalar    `yaml:"client"`
		Prospect  *prospect `yaml:"prospect"`
		Offer     scalar    `yaml:"offer"`
		Version   scalar    `yaml:"version"`
		Employees scalar    `yaml:"employees"`
		Why       scalar    `yaml:"why"`
		Start     scalar    `yaml:"start"`
		Valid     scalar    `yaml:"valid"`
		Charges   []charge  `yaml:"charges"`
		Discounts []lowered `yaml:"discounts"`
		Note      scalar    `yaml:"note"`
	}
	charge struct {
		Text scalar `yaml:"text"`
		Net  scalar `yaml:"net"`
	}
	lowered struct {
		Reason scalar `yaml:"reason"`
		Net    scalar `yaml:"net"`
	}
	prospect struct {
		ID        scalar    `yaml:"id"`
		Name      scalar    `yaml:"name"`
		Kind      scalar    `yaml:"kind"`
		SIREN     scalar    `yaml:"siren"`
		SIRET     scalar    `yaml:"siret"`
		RNA       scalar    `yaml:"rna"`
		VATNumber scalar    `yaml:"vat_number"`
		Language  scalar    `yaml:"language"`
		Address   address   `yaml:"address"`
		Delivery  *address  `yaml:"delivery"`
		Contacts  []contact `yaml:"contacts"`
	}
	address struct {
		Lines    []scalar `yaml:"lines"`
		PostCode scalar   `yaml:"postcode"`
		City     scalar   `yaml:"city"`
		Country  scalar   `yaml:"country"`
	}
	contact struct {
		Name  scalar   `yaml:"name"`
		Roles []scalar `yaml:"roles"`
		Mail  scalar   `yaml:"mail"`
		Phone scalar   `yaml:"phone"`
	}
)

// Parse reads a request from YAML. name is what errors call the file; all of them are
// *BadFile.
func Parse(name string, data []byte) (Request, error) {
	if len(data) > largest || !utf8.Valid(data) {
		return Request{}, &BadFile{name, fmt.Errorf("want UTF-8 text of at most %d KiB", largest>>10)}
	}
	var d document
	if err := strictyaml.Decode(data, &d); err != nil && !errors.Is(err, io.EOF) {
		var y yaml.Error
		if errors.As(err, &y) && y.GetToken() != nil && y.GetToken().Position != nil {
			p := y.GetToken().Position
			return Request{}, &BadFile{fmt.Sprintf("%s:%d:%d", name, p.Line, p.Column), errors.New(y.GetMessage())}
		}
		return Request{}, &BadFile{name, err}
	}
	r, err := d.request()
	if err == nil {
		err = r.Check()
	}
	if err != nil {
		return Request{}, &BadFile{place(name, data, err), err}
	}
	return r, nil
}

// request reads the values.
func (d document) request() (r Request, err error) {
	r = Request{Client: string(d.Client), Offer: string(d.Offer), Why: string(d.Why), Note: string(d.Note)}
	if d.Prospect != nil {
		r.Prospect = d.Prospect.client()
	}
	for _, n := range []struct {
		field string
		text  scalar
		into  *int
	}{{"version", d.Version, &r.Version}, {"employees", d.Employees, &r.Employees}} {
		if n.text == "" {
			continue
		}
		if *n.into, err = strconv.Atoi(string(n.text)); err != nil {
			return r, invalid(n.field, n.text, "want a whole number")
		}
	}
	for _, n := range []struct {
		field string
		text  scalar
		into  *calendar.Date
	}{{"start", d.Start, &r.Start}, {"valid", d.Valid, &r.Valid}} {
		if err := n.into.UnmarshalText([]byte(n.text)); err != nil {
			return r, invalid(n.field, n.text, "want a day such as 2027-01-01")
		}
	}
	for i, c := range d.Charges {
		if r.Charges, err = appendItem(r.Charges, fmt.Sprintf("charges[%d].net", i), c.Text, c.Net); err != nil {
			return r, err
		}
	}
	for i, c := range d.Discounts {
		if r.Discounts, err = appendItem(r.Discounts, fmt.Sprintf("discounts[%d].net", i), c.Reason, c.Net); err != nil {
			return r, err
		}
	}
	return r, nil
}

func appendItem(items []Item, field string, text, net scalar) ([]Item, error) {
	cents, err := money.ParseCents(string(net))
	if err != nil {
		return nil, invalid(field, net, "want euros before tax, such as 149.00")
	}
	return append(items, Item{string(text), cents}), nil
}

func (p prospect) client() *contract.Client {
	c := &contract.Client{ID: string(p.ID), Name: string(p.Name), Kind: contract.ClientKind(p.Kind), SIREN: string(p.SIREN), SIRET: string(p.SIRET),
		RNA: string(p.RNA), VATNumber: string(p.VATNumber), Language: string(p.Language), Address: p.Address.address()}
	if p.Delivery != nil {
		a := p.Delivery.address()
		c.Delivery = &a
	}
	for _, x := range p.Contacts {
		who := contract.Contact{Name: string(x.Name), Mail: string(x.Mail), Phone: string(x.Phone)}
		for _, r := range x.Roles {
			who.Roles = append(who.Roles, contract.Role(r))
		}
		c.Contacts = append(c.Contacts, who)
	}
	return c
}

func (a address) address() contract.Address {
	out := contract.Address{PostCode: string(a.PostCode), City: string(a.City), Country: string(a.Country)}
	for _, l := range a.Lines {
		out.Lines = append(out.Lines, string(l))
	}
	return out
}

// place is where the refused field stands, or what holds it if it is missing.
func place(name string, data []byte, err error) string {
	var bad *contract.Invalid
	if !errors.As(err, &bad) {
		return name
	}
	file, perr := strictyaml.Parse(data)
	if perr != nil {
		return name
	}
	for field := bad.Field; field != ""; {
		if path, err := yaml.PathString("$." + field); err == nil {
			if node, err := path.FilterFile(file); err == nil && node != nil && node.GetToken() != nil {
				p := node.GetToken().Position
				return fmt.Sprintf("%s:%d:%d", name, p.Line, p.Column)
			}
		}
		cut := strings.LastIndexByte(field, '.')
		if cut < 0 {
			break
		}
		field = field[:cut]
	}
	return name
}
