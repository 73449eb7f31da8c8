// Package rules holds electronic invoices against the official rules: the XML
// schemas through xmllint, and the compiled Schematron of EN 16931, Factur-X and
// the French reform through Saxon.
//
// It owns how the rules are run and how their reports are read. It knows no rule
// itself, and carries none: they lie in a folder beside, as their publishers give
// them out.
package rules

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Set is the rules of one syntax, in the order in which they are run.
type Set struct {
	Schema  string   // XSD, relative to the standards' folder
	Scripts []string // compiled Schematron (XSLT)
}

// The sets of rules.
var (
	// FacturX is what a French Factur-X file in profile EN 16931 obeys.
	FacturX = Set{"facturx-1.09-en16931/Factur-X_EN16931.xsd", []string{
		"en16931-cii/EN16931-CII-validation.xslt", "facturx-1.09-en16931/Factur-X_1.09_EN16931.xsl", "fr-ctc/BR-FR-Flux2-Schematron-CII.xslt"}}
	// UBLInvoice and UBLCreditNote are EN 16931 in UBL 2.1.
	UBLInvoice    = Set{"ubl-2.1/maindoc/UBL-Invoice-2.1.xsd", []string{"en16931-ubl/EN16931-UBL-validation.xslt"}}
	UBLCreditNote = Set{"ubl-2.1/maindoc/UBL-CreditNote-2.1.xsd", []string{"en16931-ubl/EN16931-UBL-validation.xslt"}}
)

// saxon is where Debian's libsaxonhe-java puts the processor.
const saxon = "/usr/share/java/Saxon-HE.jar"

// ErrMissing is returned where the rules, or a program that runs them, are absent.
var ErrMissing = errors.New("the official rules cannot be run here")

// Standards is a folder of official rules, and the programs that run them.
type Standards struct{ dir string }

// Open finds the programs, and the rules in a folder.
func Open(dir string) (Standards, error) {
	for _, tool := range [][2]string{{"xmllint", "libxml2-utils"}, {"java", "default-jre-headless"}} {
		if _, err := exec.LookPath(tool[0]); err != nil {
			return Standards{}, fmt.Errorf("%w: %s is not installed: apt-get install %s", ErrMissing, tool[0], tool[1])
		}
	}
	if _, err := os.Stat(saxon); err != nil {
		return Standards{}, fmt.Errorf("%w: %s is not there: apt-get install libsaxonhe-java", ErrMissing, saxon)
	}
	if _, err := os.Stat(filepath.Join(dir, FacturX.Schema)); err != nil {
		return Standards{}, fmt.Errorf("%w: %s holds no %s", ErrMissing, dir, FacturX.Schema)
	}
	abs, err := filepath.Abs(dir)
	return Standards{abs}, err
}

// Finding is a rule that a file breaks.
type Finding struct {
	File string `json:"file"`
	Rule string `json:"rule"` // `BR-CO-15`; `schema` for the XSD
	Flag string `json:"flag"` // fatal, error or warning
	At   string `json:"at,omitempty"`
	Text string `json:"text"`
}

// Bad tells whether the file is invalid for it.
func (f Finding) Bad() bool { return f.Flag == "fatal" || f.Flag == "error" }

func (f Finding) String() string {
	return fmt.Sprintf("%s: %s (%s) %s", filepath.Base(f.File), f.Rule, f.Flag, f.Text)
}

// Check runs a set over files with different names. Many files in one call cost
// little more than one: starting Saxon takes most of the time. A file that breaks the
// schema is not shown to the other rules, which take its order for granted.
func (s Standards) Check(ctx context.Context, set Set, files ...string) ([]Finding, error) {
	found, err := s.Schema(ctx, set.Schema, files...)
	if err != nil {
		return nil, err
	}
	shaped := slices.DeleteFunc(slices.Clone(files), func(file string) bool {
		return slices.ContainsFunc(found, func(f Finding) bool { return f.File == file })
	})
	if len(shaped) == 0 {
		return found, nil
	}
	folder, err := staged(shaped)
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	for _, script := range set.Scripts {
		more, err := s.transform(ctx, script, folder, shaped)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	slices.SortStableFunc(found, func(a, b Finding) int { return strings.Compare(a.File, b.File) })
	return found, nil
}

// staged puts links to files into a folder of their own.
func staged(files []string) (string, error) {
	folder, err := os.MkdirTemp("", "invoices-")
	if err != nil {
		return "", err
	}
	for _, file := range files {
		abs, err := filepath.Abs(file)
		if err == nil {
			err = os.Symlink(abs, filepath.Join(folder, filepath.Base(file)))
		}
		if err != nil {
			return "", errors.Join(err, os.RemoveAll(folder))
		}
	}
	return folder, nil
}

// Schema holds files against an XML schema of the folder.
func (s Standards) Schema(ctx context.Context, schema string, files ...string) ([]Finding, error) {
	cmd := exec.CommandContext(ctx, "xmllint", append([]string{"--nonet", "--noout", "--schema", filepath.Join(s.dir, schema)}, files...)...)
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	var found []Finding
	for line := range strings.Lines(said.String()) {
		line = strings.TrimSpace(line)
		if strings.HasSuffix(line, " validates") {
			continue
		}
		for _, file := range files {
			if rest, ok := strings.CutPrefix(line, file); ok {
				found = append(found, Finding{File: file, Rule: "schema", Flag: "fatal", Text: strings.TrimSpace(strings.TrimLeft(rest, ":"))})
				break
			}
		}
	}
	if err != nil && len(found) == 0 {
		return nil, fmt.Errorf("xmllint with %s: %w: %s", schema, err, said.String())
	}
	return found, nil
}

func (s Standards) transform(ctx context.Context, script, folder string, files []string) ([]Finding, error) {
	out, err := os.MkdirTemp("", "svrl-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(out) }()
	// Short runs: the quick compiler alone is faster than both.
	cmd := exec.CommandContext(ctx, "java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto", "-cp", saxon, "net.sf.saxon.Transform",
		"-s:"+folder, "-xsl:"+filepath.Join(s.dir, script), "-o:"+out)
	if said, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("saxon with %s: %w: %s", script, err, said)
	}
	var found []Finding
	for _, file := range files {
		name := filepath.Base(file)
		report, err := os.ReadFile(filepath.Join(out, name))
		if err != nil {
			return nil, fmt.Errorf("saxon with %s made no report of %s: %w", script, name, err)
		}
		more, err := parse(report)
		if err != nil {
			return nil, fmt.Errorf("saxon's report with %s of %s: %w", script, name, err)
		}
		for i := range more {
			more[i].File = file
		}
		found = append(found, more...)
	}
	return found, nil
}

// parse reads a report in SVRL (ISO/IEC 19757-3).
func parse(report []byte) ([]Finding, error) {
	type failed struct {
		ID       string `xml:"id,attr"`
		Flag     string `xml:"flag,attr"`
		Location string `xml:"location,attr"`
		Text     string `xml:"text"`
	}
	var svrl struct {
		XMLName xml.Name `xml:"http://purl.oclc.org/dsdl/svrl schematron-output"`
		Fired   []struct {
			Context string `xml:"context,attr"`
		} `xml:"fired-rule"`
		Failed   []failed `xml:"failed-assert"`
		Reported []failed `xml:"successful-report"`
	}
	if err := xml.Unmarshal(report, &svrl); err != nil {
		return nil, err
	}
	if len(svrl.Fired) == 0 {
		return nil, errors.New("not one rule looked at the file")
	}
	var found []Finding
	for _, f := range append(svrl.Failed, svrl.Reported...) {
		if f.Flag == "" {
			f.Flag = "error"
		}
		found = append(found, Finding{Rule: f.ID, Flag: f.Flag, At: f.Location, Text: strings.Join(strings.Fields(f.Text), " ")})
	}
	return found, nil
}
