package sepa

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/sharedtest"
)

// corpus is how many orders of each version are held against the schema.
const corpus = 150

// validate asks xmllint about all files at once, and returns what it says of those
// that are not valid.
func validate(t *testing.T, schema string, files []string) map[string]string {
	t.Helper()
	xsd := sharedtest.Dir(t, "standards", "iso20022", schema+".xsd")
	if _, err := exec.LookPath("xmllint"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("needs xmllint: .ci/packages test installs it")
		}
		t.Skip("needs xmllint: .ci/packages test installs it")
	}
	var stderr bytes.Buffer
	cmd := exec.Command("xmllint", append([]string{"--noout", "--nonet", "--schema", xsd}, files...)...)
	cmd.Stderr = &stderr
	err := cmd.Run()
	said := stderr.String()
	bad := map[string]string{}
	for _, file := range files {
		if strings.Contains(said, file+" validates\n") {
			continue
		}
		var lines []string
		for line := range strings.Lines(said) {
			if strings.Contains(line, file) {
				lines = append(lines, line)
			}
		}
		bad[file] = strings.Join(lines, "")
	}
	if (err != nil) != (len(bad) > 0) {
		t.Fatalf("xmllint: %v, %d files not valid:\n%s", err, len(bad), said)
	}
	return bad
}

func save(t *testing.T, dir, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestOrdersAreValid: every order that is written is one by the ISO schema.
func TestOrdersAreValid(t *testing.T) {
	gen := rapid.Custom(drawOrder)
	for _, f := range Formats {
		dir := t.TempDir()
		var files []string
		for seed := range corpus {
			b, err := gen.Example(seed).Write(f)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, save(t, dir, fmt.Sprintf("%03d.xml", seed), b))
		}
		for file, said := range validate(t, string(f), files) {
			t.Errorf("%s: %s is not valid:\n%s", f, file, said)
		}
	}
}

// TestBrokenOrdersAreNot shows that the check above can fail.
func TestBrokenOrdersAreNot(t *testing.T) {
	broken := map[string][2]string{
		"amount with a comma":     {">615.72</InstdAmt>", ">615,72</InstdAmt>"},
		"amount below zero":       {">615.72</InstdAmt>", ">-615.72</InstdAmt>"},
		"amount without currency": {`<InstdAmt Ccy="EUR">615.72`, `<InstdAmt>615.72`},
		"no mandate's day":        {"<DtOfSgntr>2026-09-01</DtOfSgntr>", "<DtOfSgntr></DtOfSgntr>"},
		"a day that is none":      {"<ReqdColltnDt>2026-11-30</ReqdColltnDt>", "<ReqdColltnDt>2026-11-31</ReqdColltnDt>"},
		"sequence type unknown":   {"<SeqTp>FRST</SeqTp>", "<SeqTp>NEXT</SeqTp>"},
		"identifier too long":     {"<MsgId>DEBIT-000001", "<MsgId>DEBIT-000001" + strings.Repeat("0", 24)},
		"IBAN with spaces":        {"<IBAN>FR14", "<IBAN>FR14 "},
		"no debtor":               {"<Dbtr>\n          <Nm>Mairie de Kerlann</Nm>\n        </Dbtr>", ""},
		"charge bearer unknown":   {"<ChrgBr>SLEV</ChrgBr>", "<ChrgBr>OUR</ChrgBr>"},
		"element of nobody":       {"<PmtMtd>DD</PmtMtd>", "<PmtMtd>DD</PmtMtd><Note/>"},
		"order of elements":       {"<NbOfTxs>3</NbOfTxs>\n      <CtrlSum>954.24</CtrlSum>", "<CtrlSum>954.24</CtrlSum>\n      <NbOfTxs>3</NbOfTxs>"},
		"namespace of another":    {"pain.008.001", "pain.001.001"},
	}
	for _, f := range Formats {
		good, err := order(t).Write(f)
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		var files []string
		for name, change := range broken {
			b := bytes.ReplaceAll(good, []byte(change[0]), []byte(change[1]))
			if bytes.Equal(b, good) {
				t.Errorf("%s: there is no %s to break", name, change[0])
			}
			files = append(files, save(t, dir, strings.ReplaceAll(name, " ", "-")+".xml", b))
		}
		bad := validate(t, string(f), files)
		for _, file := range files {
			if bad[file] == "" {
				t.Errorf("%s: the schema accepts %s", f, filepath.Base(file))
			}
		}
	}
}
