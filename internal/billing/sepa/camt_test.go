package sepa

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/money"
)

func sample(t testing.TB, format string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", format+".xml"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func read(t testing.TB, b []byte) Statement {
	t.Helper()
	all, err := Read(bytes.NewReader(b))
	if err != nil || len(all) != 1 {
		t.Fatalf("%d statements, %v", len(all), err)
	}
	return all[0]
}

func line(m Movement) string {
	why := ""
	if m.Return != nil {
		why = m.Return.Why()
	}
	return strings.Join([]string{m.Booked.String(), m.Amount.Decimal(), m.Name, m.IBAN, m.EndToEnd, m.Mandate, m.Batch, m.Text, why}, "|")
}

var kerlann = "MAIRIE DE KERLANN|FR1420041010050500013M02606"

// TestStatements: both versions say the same; a batch is taken apart, what is pending
// waits.
func TestStatements(t *testing.T) {
	want := []string{
		"2026-10-28|299.52|" + kerlann + "||||FACTURE F2026-0001 SEPTEMBRE VIR SEPA RECU|",
		"2026-11-04|200.00|ASSOC. LES AMIS DE SAINT-GOUSTAN|DE89370400440532013000|VIR-88120|||ACOMPTE F 2026 0002 ET MERCI VIR SEPA RECU|",
		"2026-11-30|615.72|" + kerlann + "|F2026-0002|KERLANN-1|DEBIT-000001-2|F2026-0002 Octobre 2026 REMISE PRLV SEPA DEBIT-000001|",
		"2026-11-30|338.52|ECOLE NOEL + FILS|DE89370400440532013000|F2026-0003|NOEL-1|DEBIT-000001-2|F2026-0003 REMISE PRLV SEPA DEBIT-000001|",
		"2026-11-30|-12.40|||||||",
		"2026-11-30|-480.00|SCI DU QUAI|FR7630004000031234567890143|LOYER-11|||LOYER NOVEMBRE VIR SEPA EMIS|",
	}
	want[4] = "2026-11-30|-12.40||||||COMMISSION REMISE PRLV|"
	for _, f := range []string{"camt.053.001.02", "camt.053.001.08"} {
		s := read(t, sample(t, f))
		var got []string
		for _, m := range s.Movements {
			got = append(got, line(m))
		}
		all := want
		if f == "camt.053.001.08" {
			all = append(slices.Clone(want), "2026-11-30|39.00|COLLEGE DU BLAVET|FR7630004000031234567890143||||F2026-0004 VIR SEPA RECU|")
		}
		if !slices.Equal(got, all) {
			t.Errorf("%s:\n%s\nwant\n%s", f, strings.Join(got, "\n"), strings.Join(all, "\n"))
		}
		if s.Account != "FR7630006000011234567890189" || s.Pending != 1 || *s.Opening != 12500_00 || *s.Closing != 12500_00+s.Sum() || s.From.String() != "2026-10-28" || s.To.String() != "2026-11-30" {
			t.Errorf("%s: %+v", f, s)
		}
	}
}

// TestReturns: what came back, and why.
func TestReturns(t *testing.T) {
	s := read(t, sample(t, "camt.054.001.08"))
	var got []string
	for _, m := range s.Movements {
		got = append(got, line(m))
	}
	want := []string{
		"2026-12-03|-615.72|" + kerlann + "|F2026-0002|KERLANN-1|DEBIT-000001-2|F2026-0002 Octobre 2026 IMPAYE PRLV SEPA|AM04: there is not enough money on the account",
		"2026-12-04|-338.52|ECOLE NOEL + FILS|DE89370400440532013000|F2026-0003|NOEL-1|DEBIT-000001-2|F2026-0003 IMPAYE PRLV SEPA|MD06: the debtor disputes it and has his money back (CONTESTATION DU DEBITEUR)",
	}
	if !slices.Equal(got, want) || s.Opening != nil {
		t.Errorf("returns:\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := (Return{Code: "ZZ99"}).Why(); got != "ZZ99" {
		t.Errorf("an unknown reason is %q", got)
	}
}

// TestSamplesAreValid: what the reader is tested on is what banks may send.
func TestSamplesAreValid(t *testing.T) {
	for _, f := range statements {
		for file, said := range validate(t, f, []string{filepath.Join("testdata", f+".xml")}) {
			t.Errorf("%s is not valid:\n%s", file, said)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for name, tc := range map[string]struct{ old, new, want string }{
		"cut off":             {"</BkToCstmrStmt>\n</Document>", "", "it is no XML"},
		"format":              {"camt.053.001.02", "camt.053.001.04", "statement file of the format camt.053.001.04 is refused: want one of camt.053.001.08"},
		"a direct debit":      {"camt.053.001.02", "pain.008.001.02", "of the format pain.008.001.02"},
		"currency":            {`<Amt Ccy="EUR">200.00`, `<Amt Ccy="CHF">200.00`, "statement REL-2026-11-02: entry 2: amount 200.00 CHF is refused: only EUR is read"},
		"tenths of cents":     {`<Amt Ccy="EUR">200.00`, `<Amt Ccy="EUR">200.001`, "amount 200.001 is refused: want euros and whole cents"},
		"comma":               {`<Amt Ccy="EUR">200.00`, `<Amt Ccy="EUR">200,00`, "want euros and whole cents"},
		"more than there is":  {`<Amt Ccy="EUR">200.00`, `<Amt Ccy="EUR">999999999999.00`, "want euros and whole cents"},
		"direction":           {"<CdtDbtInd>DBIT</CdtDbtInd>", "<CdtDbtInd>BOTH</CdtDbtInd>", "direction BOTH is refused: want CRDT or DBIT"},
		"an entry is missing": {`<Amt Ccy="EUR">480.00</Amt>`, `<Amt Ccy="EUR">481.00</Amt>`, "statement REL-2026-11-02: closing balance 13461.36 EUR is refused: the opening balance 12500.00 EUR and the entries 960.36 EUR come to 13460.36 EUR: the file is not whole"},
		"account":             {"<IBAN>FR7630006000011234567890189</IBAN>", "<IBAN></IBAN>", "account is missing"},
		"account's currency":  {"<Ccy>EUR</Ccy>", "<Ccy>USD</Ccy>", "only accounts in EUR"},
		"day":                 {"<BookgDt><Dt>2026-11-04</Dt></BookgDt>\n        <ValDt><Dt>2026-11-04</Dt></ValDt>", "<BookgDt><Dt>soon</Dt></BookgDt>", "booking date is missing"},
		"characters":          {`encoding="UTF-8"`, `encoding="EBCDIC"`, "the characters of EBCDIC are not read"},
		"no statement":        {"Stmt>", "Nothing>", "there is no statement in it"},
		"entity":              {"<BkToCstmrStmt>", "<BkToCstmrStmt>&own;", "it is no XML"},
	} {
		b := bytes.ReplaceAll(sample(t, "camt.053.001.02"), []byte(tc.old), []byte(tc.new))
		_, err := Read(bytes.NewReader(b))
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		says(t, err, tc.want)
	}
	_, err := Read(bytes.NewReader(bytes.Repeat([]byte(" "), MostStatement+1)))
	says(t, err, "of more than 16 MB is refused")
	_, err = Read(strings.NewReader(""))
	says(t, err, "statement file")
}

// TestOldCharacters: banks still write ISO 8859-1.
func TestOldCharacters(t *testing.T) {
	b := bytes.ReplaceAll(sample(t, "camt.053.001.02"), []byte(`encoding="UTF-8"`), []byte(`encoding="ISO-8859-1"`))
	b = bytes.ReplaceAll(b, []byte("ECOLE NOEL"), []byte("\xc9COLE NO\xcbL"))
	if got := read(t, b).Movements[3].Name; got != "ÉCOLE NOËL + FILS" {
		t.Errorf("name %q", got)
	}
}

// TestMovementsKeepTheirNames: the same movement has the same ID in every file, and two
// that say the same have two.
func TestMovementsKeepTheirNames(t *testing.T) {
	old, young := read(t, sample(t, "camt.053.001.02")), read(t, sample(t, "camt.053.001.08"))
	for i, m := range old.Movements {
		if young.Movements[i].ID != m.ID {
			t.Errorf("%s is %s in one file and %s in the other", line(m), m.ID, young.Movements[i].ID)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var entries strings.Builder
		var sum money.Cents
		n := rapid.IntRange(0, 20).Draw(t, "entries")
		for range n {
			c := money.Cents(rapid.Int64Range(1, 3).Draw(t, "cents"))
			direction, sign := "CRDT", money.Cents(1)
			if rapid.Bool().Draw(t, "out") {
				direction, sign = "DBIT", -1
			}
			sum += sign * c
			fmt.Fprintf(&entries, `<Ntry><Amt Ccy="EUR">%s</Amt><CdtDbtInd>%s</CdtDbtInd><Sts>BOOK</Sts><BookgDt><DtTm>2026-11-0%dT08:00:00</DtTm></BookgDt></Ntry>`, c.Decimal(), direction, rapid.IntRange(1, 3).Draw(t, "day"))
		}
		file := `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt><Stmt><Id>1</Id><Acct><Id><IBAN>FR1420041010050500013M02606</IBAN></Id></Acct>` + entries.String() + `</Stmt></BkToCstmrStmt></Document>`
		all, err := Read(strings.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]bool{}
		for _, m := range all[0].Movements {
			ids[m.ID] = true
		}
		if len(ids) != n || all[0].Sum() != sum {
			t.Fatalf("%d movements over %s have %d IDs and come to %s", n, sum, len(ids), all[0].Sum())
		}
	})
}

// TestUnequalDetails: a sum whose details do not come to it stays one movement.
func TestUnequalDetails(t *testing.T) {
	b := bytes.ReplaceAll(sample(t, "camt.053.001.08"), []byte(`            <Amt Ccy="EUR">338.52</Amt>`), []byte(`            <Amt Ccy="EUR">338.00</Amt>`))
	m := read(t, b).Movements[2]
	if m.Amount != 954_24 || !strings.Contains(m.Text, "F2026-0002") || !strings.Contains(m.Text, "F2026-0003") || m.Batch != "DEBIT-000001-2" {
		t.Errorf("movement %+v", m)
	}
}

// FuzzRead begins with small files: the fuzzer shortens what it finds byte by byte.
func FuzzRead(f *testing.F) {
	const acct, ns = `<Id>1</Id><Acct><Id><IBAN>X</IBAN></Id></Acct>`, `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:`
	f.Add([]byte(ns + `camt.053.001.02"><BkToCstmrStmt><Stmt>` + acct + `<Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1</Amt><CdtDbtInd>CRDT</CdtDbtInd></Bal><Ntry><Amt Ccy="EUR">2.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><ValDt><Dt>2026-11-30</Dt></ValDt></Ntry></Stmt></BkToCstmrStmt></Document>`))
	f.Add([]byte(ns + `camt.054.001.08"><BkToCstmrDbtCdtNtfctn><Ntfctn>` + acct + `<Ntry><Amt Ccy="EUR">3.5</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>2026-11-30T08:00:00</DtTm></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>F1</EndToEndId></Refs><Amt Ccy="EUR">3.5</Amt><RtrInf><Rsn><Cd>AM04</Cd></Rsn></RtrInf></TxDtls></NtryDtls></Ntry></Ntfctn></BkToCstmrDbtCdtNtfctn></Document>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := Read(bytes.NewReader(b))
		if err != nil {
			says(t, err, "statement")
			return
		}
		for _, s := range all {
			if s.Opening != nil && s.Closing != nil && *s.Opening+s.Sum() != *s.Closing {
				t.Errorf("%s does not add up", s.ID)
			}
			ids := map[string]bool{}
			for _, m := range s.Movements {
				if ids[m.ID] || m.Booked.IsZero() {
					t.Errorf("movement %+v", m)
				}
				ids[m.ID] = true
			}
		}
	})
}
