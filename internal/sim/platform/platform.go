// Package platform simulates an approved platform as its folder shows it: it takes away
// the files that lie there whole, judges each, and writes what becomes of it beside, as
// SIREN_NUMBER.status. It knows no real platform's rules beyond the plainest: a PDF with a
// readable invoice inside whose number is the file's, of a seller that is registered, to a
// buyer that is in the directory, each number once.
package platform

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Config of a platform.
type Config struct {
	Folder    string
	Sellers   []string // SIREN of those who may deposit
	Directory []string // SIREN of those who can be reached
	Extract   func(pdf []byte) ([]byte, error)
	Now       func() time.Time
}

// Platform is one platform.
type Platform struct {
	Config
	Taken []string // names of files, in order, rejected ones too
	seen  map[string]bool
}

// New makes a platform.
func New(c Config) *Platform { return &Platform{Config: c, seen: map[string]bool{}} }

// status is what a platform says of a file, as it is read back.
type status struct {
	On    string `json:"on"`
	State string `json:"state"`
	Why   string `json:"why,omitempty"`
}

// Collect takes all files that are there, and answers to each.
func (p *Platform) Collect() error {
	found, err := filepath.Glob(filepath.Join(p.Folder, "*.pdf"))
	if err != nil {
		return err
	}
	slices.Sort(found)
	for _, path := range found {
		pdf, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
		name := filepath.Base(path)
		p.Taken = append(p.Taken, name)
		state, why := "deposited", p.judge(name, pdf)
		if why != "" {
			state = "rejected"
		}
		if err := p.Answer(strings.TrimSuffix(name, ".pdf"), state, why); err != nil {
			return err
		}
	}
	return nil
}

// Answer says something of SIREN_NUMBER: rejected, refused, approved or paid.
func (p *Platform) Answer(name, state, why string) error {
	path := filepath.Join(p.Folder, name+".status")
	var all []status
	if text, err := os.ReadFile(path); err == nil {
		if err := json.Unmarshal(text, &all); err != nil {
			return err
		}
	}
	text, err := json.Marshal(append(all, status{p.Now().UTC().Format(time.DateOnly), state, why}))
	if err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

// invoice is what a platform looks at.
type invoice struct {
	XMLName xml.Name
	Number  string   `xml:"ExchangedDocument>ID"`
	Seller  string   `xml:"SupplyChainTradeTransaction>ApplicableHeaderTradeAgreement>SellerTradeParty>SpecifiedLegalOrganization>ID"`
	Buyer   string   `xml:"SupplyChainTradeTransaction>ApplicableHeaderTradeAgreement>BuyerTradeParty>SpecifiedLegalOrganization>ID"`
	Lines   []string `xml:"SupplyChainTradeTransaction>IncludedSupplyChainTradeLineItem>AssociatedDocumentLineDocument>LineID"`
	Total   string   `xml:"SupplyChainTradeTransaction>ApplicableHeaderTradeSettlement>SpecifiedTradeSettlementHeaderMonetarySummation>DuePayableAmount"`
}

// judge says why a file is rejected; empty: it is not.
func (p *Platform) judge(name string, pdf []byte) string {
	siren, number, ok := strings.Cut(strings.TrimSuffix(name, ".pdf"), "_")
	if !ok {
		return "the name is not SIREN_NUMBER.pdf"
	}
	text, err := p.Extract(pdf)
	if err != nil {
		return err.Error()
	}
	var inv invoice
	if err := xml.Unmarshal(text, &inv); err != nil {
		return "the XML cannot be read: " + err.Error()
	}
	switch {
	case inv.XMLName.Local != "CrossIndustryInvoice" || inv.Number == "" || len(inv.Lines) == 0 || inv.Total == "":
		return "the XML is no invoice (CII)"
	case inv.Number != number:
		return fmt.Sprintf("the invoice says number %s, the file %s", inv.Number, number)
	case inv.Seller != siren:
		return fmt.Sprintf("the invoice says seller %s, the file %s", inv.Seller, siren)
	case !slices.Contains(p.Sellers, siren):
		return "seller " + siren + " is not registered here"
	case !slices.Contains(p.Directory, inv.Buyer):
		return fmt.Sprintf("SIREN %q of the buyer is not in the directory", inv.Buyer)
	case p.seen[siren+"_"+number]:
		return "number " + number + " was deposited before"
	}
	p.seen[siren+"_"+number] = true
	return ""
}
