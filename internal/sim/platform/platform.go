// Package platform simulates an approved platform as its folder shows it: it takes away
// the files that lie there whole, judges each, and writes what becomes of it beside, as
// SIREN_NUMBER.status. It wants a PDF with an invoice inside that obeys the rules which
// platforms check (see Check) and whose number is the file's, of a seller that is
// registered, to a buyer that is in the directory, each number once. What else a real
// platform asks for is not known here.
package platform

import (
	"encoding/json"
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
	broken, err := Check(text)
	switch {
	case err != nil:
		return "the XML is no invoice (CII): " + err.Error()
	case len(broken) > 0:
		return "the invoice breaks " + listed(broken)
	}
	root, err := parse(text)
	if err != nil {
		return err.Error()
	}
	agreement := root.one("SupplyChainTradeTransaction/ApplicableHeaderTradeAgreement")
	says, seller, buyer := root.say("ExchangedDocument/ID"), agreement.say("SellerTradeParty/SpecifiedLegalOrganization/ID"), agreement.say("BuyerTradeParty/SpecifiedLegalOrganization/ID")
	switch {
	case says != number:
		return fmt.Sprintf("the invoice says number %s, the file %s", says, number)
	case seller != siren:
		return fmt.Sprintf("the invoice says seller %s, the file %s", seller, siren)
	case !slices.Contains(p.Sellers, siren):
		return "seller " + siren + " is not registered here"
	case !slices.Contains(p.Directory, buyer):
		return fmt.Sprintf("SIREN %q of the buyer is not in the directory", buyer)
	case p.seen[siren+"_"+number]:
		return "number " + number + " was deposited before"
	}
	p.seen[siren+"_"+number] = true
	return ""
}

// listed names what an invoice breaks, the first three in full.
func listed(all []Finding) string {
	var words []string
	for i, f := range all {
		if i == 3 {
			words = append(words, fmt.Sprintf("%d more", len(all)-i))
			break
		}
		words = append(words, f.String())
	}
	return strings.Join(words, "; ")
}
