package rules

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Document is an electronic invoice that is to be judged. Names need not differ.
type Document struct {
	Name string
	XML  []byte
}

// Verdict says whether a document is valid, and by which rules it is not.
type Verdict struct {
	File     string    `json:"file"`
	Syntax   string    `json:"syntax,omitempty"` // CII, or the UBL document's name; empty: no invoice
	Valid    bool      `json:"valid"`
	Findings []Finding `json:"findings"` // warnings too
}

// syntaxes are the sets by the root element of a document.
var syntaxes = map[xml.Name]struct {
	name string
	set  Set
}{
	{Space: "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100", Local: "CrossIndustryInvoice"}: {"CII", FacturX},
	{Space: "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2", Local: "Invoice"}:                    {"UBL Invoice", UBLInvoice},
	{Space: "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2", Local: "CreditNote"}:              {"UBL CreditNote", UBLCreditNote},
}

// Judge holds each document against the rules of its syntax.
func (s Standards) Judge(ctx context.Context, docs ...Document) (verdicts []Verdict, err error) {
	folder, err := os.MkdirTemp("", "judged-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	verdicts = make([]Verdict, len(docs))
	staged := map[string]int{} // documents by their file
	for i, d := range docs {
		verdicts[i] = Verdict{File: d.Name, Findings: []Finding{}}
		root, err := rootOf(d.XML)
		known, ok := syntaxes[root]
		if err != nil || !ok {
			verdicts[i].Findings = []Finding{{File: d.Name, Rule: "syntax", Flag: "fatal", Text: noInvoice(root, err)}}
			continue
		}
		verdicts[i].Syntax = known.name
		file := filepath.Join(folder, fmt.Sprintf("%06d.xml", i))
		if err := os.WriteFile(file, d.XML, 0o600); err != nil {
			return nil, err
		}
		staged[file] = i
	}
	for _, known := range syntaxes {
		var files []string
		for file, i := range staged {
			if verdicts[i].Syntax == known.name {
				files = append(files, file)
			}
		}
		if len(files) == 0 {
			continue
		}
		slices.Sort(files)
		found, err := s.Check(ctx, known.set, files...)
		if err != nil {
			return nil, err
		}
		for _, f := range found {
			v := &verdicts[staged[f.File]]
			f.File = v.File
			v.Findings = append(v.Findings, f)
		}
	}
	for i, v := range verdicts {
		verdicts[i].Valid = !slices.ContainsFunc(v.Findings, Finding.Bad)
	}
	return verdicts, nil
}

func noInvoice(root xml.Name, err error) string {
	if err != nil {
		return "this is no XML: " + err.Error()
	}
	return fmt.Sprintf("the root element is %s of %q: neither CrossIndustryInvoice, nor a UBL Invoice or CreditNote", root.Local, root.Space)
}

func rootOf(b []byte) (xml.Name, error) {
	d := xml.NewDecoder(bytes.NewReader(b))
	for {
		t, err := d.Token()
		if err != nil {
			return xml.Name{}, err
		}
		if start, ok := t.(xml.StartElement); ok {
			return start.Name, nil
		}
	}
}
