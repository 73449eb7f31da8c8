package sepa

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/money"
)

func day(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// says wants one sentence of an *Invalid with these words.
func says(t testing.TB, err error, want string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("refused: %v", err)
		}
		return
	}
	if _, ok := errors.AsType[*Invalid](err); !ok || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q, want one sentence that says %q", err, want)
	}
}

func TestIBAN(t *testing.T) {
	for in, want := range map[string]string{
		"FR14 2004 1010 0505 0001 3M02 606": "FR1420041010050500013M02606",
		"fr7630006000011234567890189":       "FR7630006000011234567890189",
		"DE89 3704 0044 0532 0130 00":       "DE89370400440532013000",
		"BE68 5390 0754 7034":               "BE68539007547034",
		"NO93 8601 1117 947":                "NO9386011117947",
		"MT84MALT011000012345MTLCAST001S":   "MT84MALT011000012345MTLCAST001S",
	} {
		if got, err := ParseIBAN(in); err != nil || got != want {
			t.Errorf("ParseIBAN(%q) = %s, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"":                                  "iban is missing: want an account number",
		"FR14 2004 1010 0505 0001 3M02 607": "iban FR14 2004 1010 0505 0001 3M02 607 is refused: its check digits do not fit (modulus 97)",
		"FR14 2004 1010 0505 0001 3M02 60":  "an account number of FR has 27 characters, this one has 26",
		"US64SVBKUS6S3300958879":            "US is no country of SEPA",
		"FR1420041010050500013M0260é":       "letters and digits alone",
		"1420041010050500013M02606FR":       "begins with the two letters of a country",
		"FR":                                "begins with the two letters of a country",
	} {
		_, err := ParseIBAN(in)
		says(t, err, want)
	}
	if got := Fours("FR1420041010050500013M02606"); got != "FR14 2004 1010 0505 0001 3M02 606" {
		t.Errorf("Fours = %s", got)
	}
}

// TestIBANIsChecked: modulus 97 finds every single wrong character and every swap of
// two neighbours.
func TestIBANIsChecked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		iban := drawIBAN(t)
		if got, err := ParseIBAN(iban); err != nil || got != iban {
			t.Fatalf("%s: %v", iban, err)
		}
		i := rapid.IntRange(4, len(iban)-2).Draw(t, "place")
		swapped := iban[:i] + iban[i+1:i+2] + iban[i:i+1] + iban[i+2:]
		if _, err := ParseIBAN(swapped); err == nil && swapped != iban {
			t.Fatalf("%s became %s and passes", iban, swapped)
		}
		wrong := iban[:i] + string(digits[rapid.IntRange(0, 9).Draw(t, "digit")]) + iban[i+1:]
		if _, err := ParseIBAN(wrong); err == nil && wrong != iban {
			t.Fatalf("%s became %s and passes", iban, wrong)
		}
	})
}

// checked gives an account or a creditor its check digits.
func checked(country, rest string) string {
	return fmt.Sprintf("%s%02d%s", country, 98-modulo97(rest+country+"00"), rest)
}

func drawIBAN(t *rapid.T) string {
	country := rapid.SampledFrom([]string{"FR", "FR", "FR", "DE", "BE", "NO", "ES", "IE", "NL"}).Draw(t, "country")
	return checked(country, rapid.StringOfN(rapid.RuneFrom([]rune(digits)), ibanLengths[country]-4, ibanLengths[country]-4, -1).Draw(t, "account"))
}

func TestICS(t *testing.T) {
	french := fmt.Sprintf("FR%02dZZZ123456", 98-modulo97("123456FR00"))
	for _, in := range []string{french, "DE98ZZZ09999999999", strings.ToLower(french), french[:4] + " ABC " + french[7:]} {
		if _, err := ParseICS(in); err != nil {
			t.Errorf("ParseICS(%s): %v", in, err)
		}
	}
	for in, want := range map[string]string{
		"":                  "ics is missing",
		french[:12] + "7":   "its check digits do not fit",
		french + "7":        "a French one has 13 characters, this one has 14",
		"FRZZ72123456A":     "want country, two check digits",
		"DE98ZZZ0999999999": "its check digits do not fit",
	} {
		_, err := ParseICS(in)
		says(t, err, want)
	}
}

func TestBIC(t *testing.T) {
	for in, want := range map[string]string{"AGRIFRPP": "", "psst frpp lil": "", "AGRIFRP": "8 or 11 characters", "AGRIFRPPXX": "8 or 11", "A1RIFRPP": "8 or 11", "": "bic is missing"} {
		_, err := ParseBIC(in)
		says(t, err, want)
	}
}

func TestLatin(t *testing.T) {
	for in, want := range map[string]string{
		"École Saint-Goustan, Pléchâtel & Cie": "Ecole Saint-Goustan, Plechatel + Cie",
		"L’œuvre de Noël n° 3":                 "L'oeuvre de Noel no 3",
		"  a \t b\n c ":                        "a b c",
		"Mairie (Ploemeur) 50 %":               "Mairie (Ploemeur) 50 pct",
		"日本 Ωmega":                             ".. .mega",
		"ﬁn Ⅳ":                                 "fin IV",
	} {
		if got := Latin(in); got != want {
			t.Errorf("Latin(%q) = %q, want %q", in, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		got := Latin(rapid.String().Draw(t, "text"))
		if strings.Trim(got, latin) != "" || got != Latin(got) {
			t.Fatalf("%q is not what banks take", got)
		}
	})
}

func TestIdentifier(t *testing.T) {
	for in, want := range map[string]string{
		"F2026-0001": "", "A/B+c (1)": "", strings.Repeat("x", 35): "",
		"":                      "mandate is missing",
		strings.Repeat("x", 36): "at most 35 characters, this has 36",
		"/F1":                   "neither begins nor ends with a slash",
		"F1/":                   "neither begins nor ends with a slash",
		"F//1":                  "nor holds two in a row",
		" F1":                   "begins nor ends with a space",
		"F_1":                   "banks take a-z",
		"é":                     "banks take a-z",
		"a\nb":                  `mandate "a\nb" is refused`,
	} {
		says(t, checkIdentifier("mandate", in), want)
	}
}

// TestEaster compares with Gauss's rule and its two exceptions, an independent way.
func TestEaster(t *testing.T) {
	for year := 1900; year <= 2199; year++ {
		k := year / 100
		m := (15 - (13+8*k)/25 + k - k/4) % 30
		n := (4 + k - k/4) % 7
		d := (19*(year%19) + m) % 30
		e := (2*(year%4) + 4*(year%7) + 6*d + n) % 7
		add := 22 + d + e
		if d == 29 && e == 6 || d == 28 && e == 6 && (11*m+11)%30 < 19 {
			add -= 7
		}
		want := calendar.NewDate(year, time.March, 1).AddDays(add - 1)
		if got := easterSunday(year); got != want {
			t.Errorf("Easter %d is %s, want %s", year, got, want)
		}
	}
	if got := easterSunday(2026); got != day(t, "2026-04-05") {
		t.Errorf("Easter 2026 is %s", got)
	}
}

func TestBankingDays(t *testing.T) {
	for d, want := range map[string]bool{
		"2026-01-01": false, "2026-01-02": true, "2026-04-02": true, "2026-04-03": false, "2026-04-06": false, "2026-04-07": true,
		"2026-05-01": false, "2026-05-08": true, "2026-05-14": true, "2026-07-14": true, "2026-12-24": true, "2026-12-25": false, "2026-12-26": false,
		"2027-12-26": false, "2027-12-27": true, "2026-11-28": false,
	} {
		if bankingDay(day(t, d)) != want {
			t.Errorf("TARGET works on %s: %v, want %v", d, !want, want)
		}
	}
	// 2026 has 365 days, 104 of them Saturdays and Sundays, and holidays on other days:
	// 1 January, 3 and 6 April, 1 May, 25 December (the 26th is a Saturday).
	n := 0
	for d := day(t, "2026-01-01"); d.Year == 2026; d = d.AddDays(1) {
		if bankingDay(d) {
			n++
		}
	}
	if n != 365-104-5 {
		t.Errorf("2026 has %d banking days, want %d", n, 365-104-5)
	}
}

func TestCollectionDate(t *testing.T) {
	for in, want := range map[string]string{
		"2026-11-25 2026-11-26": "",
		"2026-11-25 2026-11-25": "today, 2026-11-25, the earliest is 2026-11-26",
		"2026-11-25 2026-11-24": "the earliest is 2026-11-26",
		"2026-11-27 2026-11-30": "",                           // Friday for Monday
		"2026-11-28 2026-11-30": "the earliest is 2026-12-01", // Saturday: Friday is over
		"2026-11-25 2026-11-29": "banks do not work on that day; the next one is 2026-11-30",
		"2026-04-02 2026-04-07": "",
		"2026-04-03 2026-04-07": "the earliest is 2026-04-08", // Good Friday is no banking day
	} {
		today, on, _ := strings.Cut(in, " ")
		says(t, CheckCollectionDate(day(t, on), day(t, today)), want)
	}
	says(t, CheckCollectionDate(calendar.Date{}, day(t, "2026-11-25")), "collection date is missing")
	rapid.Check(t, func(t *rapid.T) {
		today := calendar.NewDate(2026, 1, 1).AddDays(rapid.IntRange(0, 3000).Draw(t, "today"))
		first := Earliest(today)
		if err := CheckCollectionDate(first, today); err != nil {
			t.Fatal(err)
		}
		for d := today.AddDays(-5); d.Before(first); d = d.AddDays(1) {
			if CheckCollectionDate(d, today) == nil {
				t.Fatalf("on %s, %s is accepted before the earliest, %s", today, d, first)
			}
		}
	})
}

func TestMandate(t *testing.T) {
	good := Mandate{ID: "KERLANN-1", Signed: day(t, "2026-09-01"), Debtor: "Mairie de Kerlann", IBAN: "FR14 2004 1010 0505 0001 3M02 606"}
	for want, change := range map[string]func(*Mandate){
		"":                                   func(*Mandate) {},
		"signed is missing":                  func(m *Mandate) { m.Signed = calendar.Date{} },
		"today is 2026-09-15":                func(m *Mandate) { m.Signed = day(t, "2026-09-16") },
		"from before 2009-11-01":             func(m *Mandate) { m.Signed = day(t, "2009-10-31") },
		"debtor is missing":                  func(m *Mandate) { m.Debtor = " " },
		"debtor 日本 is refused":               func(m *Mandate) { m.Debtor = "日本" },
		"at most 35 characters, this has 36": func(m *Mandate) { m.ID = strings.Repeat("M", 36) },
		"within the European Economic Area":  func(m *Mandate) { m.IBAN = checked("CH", "00762011623852957") },
		"its check digits do not fit":        func(m *Mandate) { m.IBAN = "FR14 2004 1010 0505 0001 3M02 607" },
		"bic XX is refused: want 8 or 11":    func(m *Mandate) { m.BIC = "XX" },
	} {
		m := good
		change(&m)
		_, err := m.Tidy(day(t, "2026-09-15"))
		says(t, err, want)
	}
}

func TestTransferPayload(t *testing.T) {
	good := Transfer{Name: "Coopérative Accolade", IBAN: "FR76 3000 6000 0112 3456 7890 189", BIC: "AGRIFRPP", Amount: 299_52, Text: "F2026-0001"}
	got, err := good.Payload()
	if want := "BCD\n002\n1\nSCT\nAGRIFRPP\nCoopérative Accolade\nFR7630006000011234567890189\nEUR299.52\n\n\nF2026-0001"; err != nil || got != want {
		t.Errorf("payload %q, %v", got, err)
	}
	for want, change := range map[string]func(*Transfer){
		"":                                  func(f *Transfer) { f.BIC, f.Amount = "", mostAmount },
		"name is missing":                   func(f *Transfer) { f.Name = "" },
		"amount 0.00 is refused":            func(f *Transfer) { f.Amount = 0 },
		"between 0.01 EUR and 999999999.99": func(f *Transfer) { f.Amount = mostAmount + 1 },
		"at most 140 characters":            func(f *Transfer) { f.Text = strings.Repeat("x", 141) },
		"the QR code may hold 331 bytes":    func(f *Transfer) { f.Text = strings.Repeat("é", 140) },
		"iban is missing":                   func(f *Transfer) { f.IBAN = "" },
	} {
		f := good
		change(&f)
		_, err := f.Payload()
		says(t, err, want)
	}
}

func TestAmount(t *testing.T) {
	for c, want := range map[money.Cents]string{1: "", mostAmount: "", 0: "amount 0.00 is refused", -1: "amount -0.01", mostAmount + 1: "amount 1000000000.00"} {
		says(t, CheckAmount(c), want)
	}
}

func FuzzIBAN(f *testing.F) {
	f.Add("FR14 2004 1010 0505 0001 3M02 606")
	f.Add("fr\u00a076")
	f.Fuzz(func(t *testing.T, s string) {
		iban, err := ParseIBAN(s)
		if err != nil {
			says(t, err, "iban")
			return
		}
		if again, err := ParseIBAN(Fours(iban)); err != nil || again != iban || modulo97(iban[4:]+iban[:4]) != 1 {
			t.Errorf("%q is %s, then %s, %v", s, iban, again, err)
		}
	})
}

func FuzzICS(f *testing.F) {
	f.Add("DE98ZZZ09999999999")
	f.Add("agri frpp")
	f.Fuzz(func(t *testing.T, s string) {
		if bic, err := ParseBIC(s); err != nil {
			says(t, err, "bic")
		} else if again, err := ParseBIC(bic); err != nil || again != bic {
			t.Errorf("%q is the bank %s, then %s, %v", s, bic, again, err)
		}
		ics, err := ParseICS(s)
		if err != nil {
			says(t, err, "ics")
			return
		}
		if again, err := ParseICS(ics); err != nil || again != ics || checkIdentifier("ics", ics) != nil {
			t.Errorf("%q is %s, then %s, %v", s, ics, again, err)
		}
	})
}
