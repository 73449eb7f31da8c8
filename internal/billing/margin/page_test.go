package margin

import (
	"math/big"
	"os"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/support"
)

// onPaper reads the example of docs/margin.md and reckons each of its rows.
func onPaper(t *testing.T) map[string]money.Cents {
	t.Helper()
	page, err := os.ReadFile("../../../docs/margin.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, ok := strings.Cut(string(page), "\n## One client, on the day of the installation\n")
	if !ok {
		t.Fatal("docs/margin.md has lost its example")
	}
	number := func(s string) *big.Rat {
		x, ok := new(big.Rat).SetString(strings.TrimSpace(s))
		if !ok {
			t.Fatalf("docs/margin.md: %q is no number", s)
		}
		return x
	}
	rows := map[string]money.Cents{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 3 || strings.HasPrefix(cells[0], " ---") || strings.HasPrefix(cells[0], " what") {
			continue
		}
		exact := big.NewRat(100, 1)
		if from, less, minus := strings.Cut(cells[1], " - "); minus {
			exact.Mul(exact, new(big.Rat).Sub(number(from), number(less)))
		} else {
			for factor := range strings.SplitSeq(cells[1], " x ") {
				exact.Mul(exact, number(factor))
			}
		}
		name := strings.Trim(cells[0], " *")
		rows[name] = money.Round(exact)
		if want := money.Round(new(big.Rat).Mul(big.NewRat(100, 1), number(cells[2]))); rows[name] != want {
			t.Errorf("docs/margin.md: %s: %s is %s, not %s", name, cells[1], rows[name], want)
		}
	}
	return rows
}

// TestPage holds the example of docs/margin.md against Reckon.
func TestPage(t *testing.T) {
	want := onPaper(t)
	start, installed := day(t, "2027-01-01"), day(t, "2026-12-20")
	k := contract.Contract{ID: "kerlann-1", Client: "kerlann", Offer: classic, Start: start, Headcounts: []contract.Headcount{{From: start, Count: 3}}}
	before := []support.Entry{
		{Client: "kerlann", Date: installed, Minutes: 600, Kind: contract.Intervention},
		{Client: "kerlann", Date: installed, Minutes: 120, Kind: contract.Travel},
	}
	box := Hardware{Name: "kerlann", Price: 400_00, Age: 36, From: start, Contracts: []string{"kerlann-1"}, Server: true,
		Space: map[calendar.Month]int64{{Year: 2026, Month: 12}: 50_000_000_000}}
	m := Reckon(installed, rates, []Case{{Contract: k}}, []Hardware{box}, before).Contracts[0]
	for what, got := range map[string]money.Cents{
		"income of the year": m.AtEnd.Income, "hardware, worn off": m.AtEnd.Hardware, "travel": m.AtEnd.Travel, "vault": m.AtEnd.Vault, "relay": m.AtEnd.Relay,
		"margin at the end": m.AtEnd.Margin(), "not worn off": m.Residual, "if not renewed": m.NotRenewed(), "hours, done": m.ToDate.Hours,
	} {
		if paper, there := want[what]; !there || got != paper {
			t.Errorf("%s is %s, docs/margin.md says %s", what, got, paper)
		}
	}
	if paper := want["hours, done"] + want["hours, owed"] + want["hours, upkeep"]; m.AtEnd.Hours != paper {
		t.Errorf("hours cost %s, docs/margin.md says %s", m.AtEnd.Hours, paper)
	}
	if m.Committed.String() != "2027-12-31" || m.BreakEven.String() != "2028-12-31" {
		t.Errorf("committed to %s, earns from %s; docs/margin.md says 2027-12-31 and 2028-12-31", m.Committed, m.BreakEven)
	}
}
