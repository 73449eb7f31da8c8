package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing/margin"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

// reckoned is the client of docs/margin.md, looked at some months later; scale makes his
// amounts larger, below zero makes him one who never earns.
func reckoned(on string, scale int64) (margin.Report, calendar.Date) {
	parse := func(s string) calendar.Date { d, _ := calendar.Parse(s); return d }
	start := parse("2027-01-01")
	offer := contract.Offer{Name: "classic", Unit: contract.PerEmployee, Price: contract.PriceOf(money.Cents(39_00 * max(1, scale))), TermMonths: 12, Included: 1200,
		Counts: []contract.Work{contract.Accompaniment}, Hour: contract.PriceOf(60_00), EarlyEnd: contract.Waive}
	k := margin.Case{Contract: contract.Contract{ID: "kerlann-1", Client: "kerlann", Offer: offer, Start: start, Headcounts: []contract.Headcount{{From: start, Count: 3}}},
		Income: map[calendar.Month]money.Cents{}}
	today, whole := parse(on), max(1, scale)
	for m := start.MonthOf(); m.Before(today.MonthOf()); m = m.Add(1) {
		k.Income[m] = money.Cents(117_00 * whole)
	}
	k.Entries = []support.Entry{{Client: "kerlann", Date: parse("2026-12-20"), Minutes: 600, Kind: contract.Intervention}}
	box := margin.Hardware{Name: "kerlann", Price: money.Cents(400_00 * whole), Age: 36, From: start, Contracts: []string{"kerlann-1"}, Server: true}
	if scale < 0 { // one who never earns
		scale = 1
		k.Contract.Headcounts[0].Count = 1
	}
	rates := margin.Rates{Hour: money.Cents(35_00 * scale), TravelHour: 45_00, VaultGB: 20_000, Relay: 1_50, Spare: 20_00, Life: 96, Upkeep: 30}
	return margin.Reckon(today, rates, []margin.Case{k}, []margin.Hardware{box}, nil), today
}

// TestSVG: well-formed, the same twice, within its frame, and names are escaped. With
// ACCOLADE_KEEP_SVG the pictures are left there to be looked at.
func TestSVG(t *testing.T) {
	for name, of := range map[string]struct {
		on    string
		scale int64
		title string
		earns string
	}{
		"day-one":  {"2026-12-20", 1, "Atelier d'architecture Kerlann & Le Goff", "Rentable"},
		"year-two": {"2028-03-17", 1, "Association des amis du Château de Comper-en-Brocéliande et de la forêt <œcuménique> voisine", "Rentable"},
		"large":    {"2027-06-30", 1000, "Tous les contrats", "Rentable"},
		"never":    {"2027-06-30", -1, "Cher", "Ne devient pas rentable dans les dix ans"},
	} {
		r, on := reckoned(of.on, of.scale)
		m := r.Contracts[0]
		if of.title == "Tous les contrats" {
			m = r.All
		}
		svg := SVG(of.title, m, on)
		if again := SVG(of.title, m, on); !bytes.Equal(svg, again) {
			t.Errorf("%s: other bytes the second time", name)
		}
		for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		for _, want := range []string{"Revenus", "Coûts", "Marge", "Si ", of.earns} {
			if !strings.Contains(string(svg), want) {
				t.Errorf("%s: the picture does not say %q", name, want)
			}
		}
		if keep := os.Getenv("ACCOLADE_KEEP_SVG"); keep != "" {
			if err := os.WriteFile(filepath.Join(keep, name+".svg"), svg, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if svg := string(SVG("Rien", margin.Margin{}, calendar.NewDate(2027, 1, 1))); !strings.Contains(svg, "Rien n&#39;est encore enregistré") {
		t.Errorf("an empty margin gives %s", svg)
	}
}
