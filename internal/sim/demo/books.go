package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// unchecked is told of electronic invoices where the official rules cannot be run.
const unchecked = "unchecked"

// Exit codes of accolade invoice validate.
const (
	exitTrouble   = 1 // a file breaks a rule
	exitUnchecked = 7 // the rules cannot be run here
)

// keepBooks does what whoever does the books does in November: the documents are
// gathered and held against the official rules, both months are exported.
func (s *story) keepBooks(ctx context.Context) error {
	for _, month := range []string{"2026-09", "2026-10"} {
		if err := s.countMonth(ctx, month); err != nil {
			return err
		}
	}
	var all []struct {
		Number string `json:"number"`
		Type   string `json:"type"`
	}
	if err := s.ask(ctx, &all, "invoice", "list"); err != nil {
		return err
	}
	documents := filepath.Join(s.dir, "invoices")
	if err := os.MkdirAll(documents, 0o700); err != nil {
		return err
	}
	var files []string
	for _, inv := range all {
		if inv.Type == "credit-note" {
			s.figures.CreditNotes++
		}
		file := filepath.Join(documents, inv.Number+".pdf")
		if err := s.do(ctx, "invoice", "document", inv.Number, "--to", file); err != nil {
			return err
		}
		files = append(files, file)
	}
	if err := s.judge(ctx, files); err != nil {
		return err
	}
	books := filepath.Join(s.dir, "books")
	for _, month := range []string{"2026-09", "2026-10"} {
		for _, format := range []string{"csv", "xlsx", "fec"} {
			if err := s.do(ctx, "export", "month", month, "--format", format, "--to", books); err != nil {
				return err
			}
		}
	}
	return s.balance(books)
}

// judge holds the documents against the official rules, where these and the programs
// that run them are there; CI insists.
func (s *story) judge(ctx context.Context, files []string) error {
	args := append([]string{"invoice", "validate", "--standards", s.opts.Standards, "-o", "json"}, files...)
	s.out.line("$ accolade %s", shown(args))
	said, err := s.accolade(ctx, "", args...)
	var exit *exec.ExitError
	switch {
	case err == nil:
	case !errors.As(err, &exit):
		return err
	case exit.ExitCode() == exitUnchecked && os.Getenv("CI") != "true":
		s.figures.FacturX = unchecked
		_, why, _ := strings.Cut(err.Error(), "accolade: ")
		s.out.line("not checked: %s", strings.Split(why, "\n")[0])
		return nil
	case exit.ExitCode() != exitTrouble:
		return err
	}
	var verdicts []struct {
		File  string `json:"file"`
		Valid bool   `json:"valid"`
	}
	if err := json.Unmarshal([]byte(said), &verdicts); err != nil {
		return fmt.Errorf("the verdicts of accolade invoice validate: %w: %.200s", err, said)
	}
	valid := 0
	for _, v := range verdicts {
		if v.Valid {
			valid++
		}
	}
	s.figures.FacturX = fmt.Sprintf("%d/%d", valid, len(files))
	if valid < len(files) {
		s.out.line("%s", said)
	}
	return nil
}

// balance adds up the months' FEC as their reader would: debits and credits, in all.
func (s *story) balance(dir string) error {
	found, err := filepath.Glob(filepath.Join(dir, "*FEC*.txt"))
	if err != nil || len(found) != 2 {
		return fmt.Errorf("a FEC for each month was to be in %s, there are %v (%w)", dir, found, err)
	}
	debits, credits := new(big.Rat), new(big.Rat)
	for _, file := range found {
		if err := addEntries(file, debits, credits); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	s.figures.FECBalanced = debits.Sign() > 0 && debits.Cmp(credits) == 0
	s.out.line("FEC: debits %s, credits %s", debits.FloatString(2), credits.FloatString(2))
	return nil
}

// addEntries adds a file's columns Debit and Credit, the twelfth and thirteenth.
func addEntries(file string, debits, credits *big.Rat) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	for i, line := range strings.Split(string(content), "\n") {
		if i == 0 {
			continue // the names of the columns
		}
		fields := strings.Split(strings.TrimSuffix(line, "\r"), "\t")
		if len(fields) != 18 {
			return fmt.Errorf("line %d has %d columns, not 18", i+1, len(fields))
		}
		for _, sum := range []struct {
			of   *big.Rat
			text string
		}{{debits, fields[11]}, {credits, fields[12]}} {
			x, ok := new(big.Rat).SetString(strings.Replace(sum.text, ",", ".", 1))
			if !ok {
				return fmt.Errorf("line %d: %q is no amount", i+1, sum.text)
			}
			sum.of.Add(sum.of, x)
		}
	}
	return nil
}
