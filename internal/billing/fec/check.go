package fec

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"codeberg.org/accolade/accolade/internal/calendar"
)

// mostFaults are told; a file with more is broken as a whole.
const mostFaults = 100

// Count is what a file holds.
type Count struct {
	Entries, Records int
	First, Last      int   // entry numbers
	Debit, Credit    int64 // cents
}

// Check reads a file and tells what it holds. What is wrong with it comes back as
// Faults; any other error is the reader's. Numbers may begin anywhere: a month goes on
// where the one before it ended.
func Check(r io.Reader) (Count, error) {
	c := checker{}
	in := bufio.NewReader(r)
	for line := 1; ; line++ {
		text, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return c.count, err
		}
		c.line = line
		c.record(bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r")))
		if err != nil || len(c.faults) >= mostFaults {
			break
		}
	}
	c.close()
	if len(c.faults) > 0 {
		return c.count, c.faults
	}
	return c.count, nil
}

var nameForm = regexp.MustCompile(`^\d{9}FEC(\d{8})\.txt$`)

// CheckName looks at the name of a file.
func CheckName(name string) error {
	m := nameForm.FindStringSubmatch(name)
	if m == nil || !isDate(m[1]) {
		return &Fault{Rule: FileName, Why: name + " is not SIRENFECAAAAMMJJ.txt"}
	}
	return nil
}

// checker is what is known of a file after some of its lines.
type checker struct {
	line   int
	faults Faults
	count  Count
	entry  []string // the first record of the entry under way
	begun  int      // its line
	off    int64    // its debits less its credits so far
	spoilt bool     // something of it could not be read
	valid  string   // the last ValidDate
}

func (c *checker) fault(column string, rule Rule, why string, a ...any) {
	c.faults = append(c.faults, &Fault{c.line, column, rule, fmt.Sprintf(why, a...)})
}

func (c *checker) record(text []byte) {
	if len(text) == 0 {
		if c.line == 1 {
			c.fault("", Header, "the file is empty: want the names of the columns")
			return
		}
		c.fault("", EmptyLine, "the line is empty")
		return
	}
	if why := badText(text); why != "" {
		c.fault("", Encoding, "%s", why)
		c.spoilt = true
		return
	}
	fields := strings.Split(string(text), separator)
	if c.line == 1 {
		c.header(fields)
		return
	}
	if len(fields) != len(Columns) {
		c.fault("", Fields, "%d fields, want %d", len(fields), len(Columns))
		c.spoilt = true
		return
	}
	c.count.Records++
	c.fields(fields)
	c.sequence(fields)
	c.amounts(fields)
}

// badText says why bytes are no text of the encodings that the article allows.
func badText(b []byte) string {
	if bytes.HasPrefix(b, []byte("\ufeff")) {
		return "a byte-order mark begins the file"
	}
	latin := !utf8.Valid(b)
	for _, x := range b {
		if x < ' ' && x != '\t' || x == 0x7f || latin && x >= 0x80 && x < 0xa0 {
			return fmt.Sprintf("the byte 0x%02x is no character of a text", x)
		}
	}
	return ""
}

func (c *checker) header(fields []string) {
	for i, want := range Columns {
		switch {
		case i >= len(fields):
			c.fault(want, Header, "the column is missing")
			return
		case fields[i] != want:
			c.fault(want, Header, "column %d is %q, want %s", i+1, fields[i], want)
			return
		}
	}
	if len(fields) > len(Columns) {
		c.fault("", Header, "%d columns, want %d", len(fields), len(Columns))
	}
}

// Positions of columns.
const (
	journalCode = iota
	journalLib
	ecritureNum
	ecritureDate
	compteNum
	compteLib
	compAuxNum
	compAuxLib
	pieceRef
	pieceDate
	ecritureLib
	debit
	credit
	ecritureLet
	dateLet
	validDate
	montantDevise
	iDevise
)

var required = []int{journalCode, journalLib, ecritureNum, ecritureDate, compteNum, compteLib, pieceRef, pieceDate, ecritureLib, validDate}

// fields looks at each field by itself.
func (c *checker) fields(f []string) {
	for _, i := range required {
		if strings.TrimSpace(f[i]) == "" {
			c.fault(Columns[i], Required, "it is never blank")
		}
	}
	for _, i := range []int{ecritureDate, pieceDate, dateLet, validDate} {
		if f[i] != "" && !isDate(f[i]) {
			c.fault(Columns[i], DateForm, "%q is no day of the form AAAAMMJJ", f[i])
		}
	}
	if f[compteNum] != "" && !accountForm.MatchString(f[compteNum]) {
		c.fault(Columns[compteNum], AccountNo, "%q does not begin with three digits of the plan comptable", f[compteNum])
	}
	if (f[ecritureLet] == "") != (f[dateLet] == "") {
		c.fault(Columns[dateLet], Lettering, "EcritureLet and DateLet stand together or not at all")
	}
	if (f[montantDevise] == "") != (f[iDevise] == "") {
		c.fault(Columns[iDevise], Currency, "Montantdevise and Idevise stand together or not at all")
	}
	if f[montantDevise] != "" && !amountForm.MatchString(f[montantDevise]) {
		c.fault(Columns[montantDevise], AmountForm, "%q is no amount such as 299,52", f[montantDevise])
	}
}

var (
	accountForm = regexp.MustCompile(`^[1-8]\d{2}[0-9A-Za-z]*$`) // classes 1 to 8
	amountForm  = regexp.MustCompile(`^[+-]?\d{1,15},\d{2}$`)
)

func isDate(s string) bool {
	if len(s) != 8 {
		return false
	}
	_, err := calendar.Parse(s[:4] + "-" + s[4:6] + "-" + s[6:])
	return err == nil
}

// sequence follows entries from record to record.
func (c *checker) sequence(f []string) {
	if c.entry != nil && f[ecritureNum] == c.entry[ecritureNum] {
		for _, i := range []int{journalCode, journalLib, ecritureDate, pieceRef, pieceDate, validDate} {
			if f[i] != c.entry[i] {
				c.fault(Columns[i], OneEntry, "%q, but the entry %s began with %q in line %d", f[i], f[ecritureNum], c.entry[i], c.begun)
			}
		}
		return
	}
	c.close()
	n, err := strconv.Atoi(f[ecritureNum])
	switch {
	case f[ecritureNum] == "": // told already
	case err != nil || n < 1 || strconv.Itoa(n) != f[ecritureNum]:
		c.fault(Columns[ecritureNum], Sequence, "%q is no number of an entry", f[ecritureNum])
	case c.count.Entries > 0 && n != c.count.Last+1:
		c.fault(Columns[ecritureNum], Sequence, "%d follows %d", n, c.count.Last)
	}
	if c.count.Entries == 0 {
		c.count.First = n
	}
	if err == nil {
		c.count.Last = n
	}
	if f[validDate] < c.valid {
		c.fault(Columns[validDate], Order, "%s follows %s", f[validDate], c.valid)
	}
	c.valid = max(c.valid, f[validDate])
	c.count.Entries++
	c.entry, c.begun, c.off, c.spoilt = slices.Clone(f), c.line, 0, false
}

func (c *checker) amounts(f []string) {
	d, dok := cents(f[debit])
	k, kok := cents(f[credit])
	if !dok {
		c.fault(Columns[debit], AmountForm, "%q is no amount such as 299,52", f[debit])
	}
	if !kok {
		c.fault(Columns[credit], AmountForm, "%q is no amount such as 299,52", f[credit])
	}
	if !dok || !kok {
		c.spoilt = true
		return
	}
	if d != 0 && k != 0 {
		c.fault(Columns[credit], OneSide, "debit %s and credit %s in one record", f[debit], f[credit])
	}
	c.off += d - k
	c.count.Debit, c.count.Credit = c.count.Debit+d, c.count.Credit+k
}

func cents(s string) (int64, bool) {
	if !amountForm.MatchString(s) {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.Replace(s, ",", "", 1), 10, 64)
	return n, err == nil
}

// close ends the entry under way.
func (c *checker) close() {
	if c.entry == nil || c.spoilt || c.off == 0 {
		return
	}
	line := c.line
	c.line = c.begun
	c.fault("", Balance, "the debits of the entry %s exceed its credits by %d cents", c.entry[ecritureNum], c.off)
	c.line = line
}
