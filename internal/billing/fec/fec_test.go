package fec_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/books/bookstest"
	"codeberg.org/accolade/accolade/internal/billing/fec"
	"codeberg.org/accolade/accolade/internal/money"
)

func write(t interface{ Fatal(...any) }, after int, docs []books.Document) []byte {
	var b bytes.Buffer
	if err := fec.Write(&b, books.Usual().Entries(after, bookstest.Month.Last().AddDays(2), bookstest.Each(docs))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What is written passes the checker, comes to what the documents do, and is the same
// the second time.
func TestWrittenFilesPass(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		docs := bookstest.Documents(12).Draw(t, "documents")
		file := write(t, 41, docs)
		got, err := fec.Check(bytes.NewReader(file))
		if err != nil {
			t.Fatalf("%v\n%s", err, file)
		}
		var entries int
		var turnover money.Cents
		for _, d := range docs {
			e, err := books.Usual().Entry(d)
			if err != nil {
				t.Fatal(err)
			}
			if len(e.Lines) > 0 {
				entries++
			}
			for _, p := range e.Lines {
				turnover += p.Debit
			}
		}
		if got.Entries != entries || got.Debit != int64(turnover) || got.Credit != got.Debit || entries > 0 && (got.First != 42 || got.Last != 41+entries) {
			t.Fatalf("the file holds %+v; want %d entries from 42 on over %s", got, entries, turnover)
		}
		if !bytes.Equal(file, write(t, 41, docs)) {
			t.Fatal("written twice, the file differs")
		}
	})
}

// The file in testdata is written out by hand from the article; the writer agrees.
func TestSample(t *testing.T) {
	want, err := os.ReadFile("testdata/good.txt")
	if err != nil {
		t.Fatal(err)
	}
	want = bytes.ReplaceAll(bytes.TrimSuffix(want, []byte("\n")), []byte("\n"), []byte("\r\n"))
	if count, err := fec.Check(bytes.NewReader(want)); err != nil || count != (fec.Count{Entries: 2, Records: 6, First: 12, Last: 13, Debit: 66772, Credit: 66772}) {
		t.Errorf("the sample holds %+v: %v", count, err)
	}
	if got := write(t, 11, sample()); !bytes.Equal(got, want) {
		t.Errorf("written:\n%s\nwant:\n%s", got, want)
	}
}

// One file for each rule, each the sample with one thing wrong: its name is the rule,
// its first line says where the fault is, and is no part of it.
func TestBrokenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/broken/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	var seen []fec.Rule
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want, text, _ := strings.Cut(string(b), "\n")
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		rule, _, _ := strings.Cut(name, "_")
		seen = append(seen, fec.Rule(rule))
		_, err = fec.Check(strings.NewReader(strings.TrimSuffix(text, "\n")))
		faults, ok := errors.AsType[fec.Faults](err)
		if !ok || len(faults) != 1 || faults[0].Error() != want || faults[0].Rule != fec.Rule(rule) {
			t.Errorf("%s: %v\nwant: %s", name, err, want)
		}
	}
	for _, rule := range []fec.Rule{fec.Encoding, fec.Header, fec.EmptyLine, fec.Fields, fec.Required, fec.DateForm, fec.AccountNo, fec.AmountForm, fec.OneSide,
		fec.Sequence, fec.OneEntry, fec.Balance, fec.Order, fec.Lettering, fec.Currency} {
		if !slices.Contains(seen, rule) {
			t.Errorf("no file in testdata/broken breaks the rule %s", rule)
		}
	}
}

func TestNames(t *testing.T) {
	if got := fec.Name("732 829 320", bookstest.Month.Last()); got != "732829320FEC20260930.txt" || fec.CheckName(got) != nil {
		t.Errorf("name %s: %v", got, fec.CheckName(got))
	}
	for _, bad := range []string{"", "732829320FEC20260931.txt", "73282932FEC20260930.txt", "732829320fec20260930.txt", "732829320FEC20260930.csv"} {
		if fec.CheckName(bad) == nil {
			t.Errorf("the name %q passes", bad)
		}
	}
}

// The encodings that the article allows.
func TestEncodings(t *testing.T) {
	file := write(t, 0, sample())
	latin := bytes.ReplaceAll(bytes.ReplaceAll(file, []byte("é"), []byte{0xe9}), []byte("É"), []byte{0xc9})
	if _, err := fec.Check(bytes.NewReader(latin)); err != nil || bytes.Equal(latin, file) {
		t.Errorf("ISO 8859-15: %v", err)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(write(f, 11, sample()))
	f.Add([]byte("\xef\xbb\xbf"))
	f.Add([]byte("\n\n\t\t"))
	f.Fuzz(func(t *testing.T, b []byte) {
		count, err := fec.Check(bytes.NewReader(b))
		faults, ok := errors.AsType[fec.Faults](err)
		if err != nil && !ok {
			t.Fatalf("an error of the reader: %v", err)
		}
		for _, fault := range faults {
			if fault.Line < 1 || fault.Rule == "" || fault.Why == "" {
				t.Errorf("fault %+v", fault)
			}
		}
		if err == nil && count.Debit != count.Credit {
			t.Errorf("a file passes with debits of %d and credits of %d", count.Debit, count.Credit)
		}
	})
}
