package main

import (
	"bytes"
	"errors"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/billing/einvoice/rules"
	"codeberg.org/accolade/accolade/internal/billing/facturx"
)

func newInvoiceValidate(e *env) *cobra.Command {
	var dir string
	c := &cobra.Command{
		Use:   "validate FILE… --standards DIR",
		Short: "Hold electronic invoices, of anyone, against the official rules",
		Long: `Hold files against the schemas and rules of their publishers: XML in CII (EN 16931,
Factur-X 1.09 and the French rules) or UBL 2.1 (EN 16931), and PDF that carries XML
(Factur-X, ZUGFeRD). It needs no controller, but xmllint, java and Saxon-HE; the folder
holds the rules as facturx-1.09-en16931, en16931-cii, fr-ctc, ubl-2.1 and en16931-ubl.

Code 0: no file breaks a rule whose flag is fatal or error. Code 1: one does. Code 7: the
rules, or a program that runs them, are not there, and nothing was checked.`,
		Example: "  accolade invoice validate *.pdf --standards /usr/share/e-invoicing\n  accolade invoice validate reçue.xml --standards standards -o json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			var docs []rules.Document
			var unread []rules.Verdict
			for _, file := range args {
				content, err := readNamed(file, "name invoices as XML (CII, UBL) or as PDF that carries it; accolade invoice document and xml write our own")
				if err != nil {
					return err
				}
				if bytes.HasPrefix(content, []byte("%PDF-")) {
					if content, err = facturx.Extract(content); err != nil {
						unread = append(unread, rules.Verdict{File: file, Findings: []rules.Finding{{File: file, Rule: "attachment", Flag: "fatal", Text: err.Error()}}})
						continue
					}
				}
				docs = append(docs, rules.Document{Name: file, XML: content})
			}
			s, err := rules.Open(dir)
			if errors.Is(err, rules.ErrMissing) {
				return &failure{what: err.Error(), fix: "nothing was checked; --standards names the folder of the rules", code: exitUnchecked}
			} else if err != nil {
				return err
			}
			verdicts, err := s.Judge(c.Context(), docs...)
			if err != nil {
				return err
			}
			return e.printVerdicts(append(verdicts, unread...))
		},
	}
	c.Flags().StringVar(&dir, "standards", "", "folder of the official rules")
	cobra.CheckErr(c.MarkFlagRequired("standards"))
	cobra.CheckErr(c.MarkFlagDirname("standards"))
	return c
}

func (e *env) printVerdicts(verdicts []rules.Verdict) error {
	t := newTable("file", "syntax", "valid", "rule", "flag", "what")
	trouble := false
	for _, v := range verdicts {
		word := "yes"
		if !v.Valid {
			word, trouble = "no", true
		}
		if len(v.Findings) == 0 {
			t.add(v.File, v.Syntax, word, "", "", "")
		}
		for _, f := range v.Findings {
			t.add(v.File, v.Syntax, word, f.Rule, f.Flag, f.Text)
		}
	}
	if err := e.print(verdicts, t); err != nil || !trouble {
		return err
	}
	return errTrouble
}
