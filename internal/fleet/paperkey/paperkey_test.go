package paperkey

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/secret"
)

func testKey(t *testing.T) Key {
	t.Helper()
	now := time.Date(2026, 9, 14, 13, 30, 0, 0, time.UTC)
	text, _, err := fleet.NewVaultKey(now)
	if err != nil {
		t.Fatal(err)
	}
	return Key{Box: "kerlann", Client: "Atelier Kerlann, architectes", Vault: "central", URL: "https://vault.example:8007", Datastore: "accolade", Namespace: "kerlann", Text: text, Printed: now}
}

func TestRender(t *testing.T) {
	k := testKey(t)
	pdf, err := Render(k)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(pdf, []byte("%PDF-")) || bytes.Count(pdf, []byte("/Type /Page\n")) != 1 {
		t.Errorf("want one page of PDF, got %d bytes with %d pages", len(pdf), bytes.Count(pdf, []byte("/Type /Page\n")))
	}
	if again, err := Render(k); err != nil || !bytes.Equal(pdf, again) {
		t.Errorf("the same key gives other bytes (%v)", err)
	}
	k.Text = secret.New("no JSON")
	if _, err := Render(k); err == nil || strings.Contains(err.Error(), "no JSON at") {
		t.Errorf("a key that is no JSON gives %v", err)
	}
}

// The text on the paper is the whole key: what pdftotext reads is the JSON again.
func TestTextIsTheKey(t *testing.T) {
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("pdftotext (package poppler-utils) is not installed, and CI=true forbids skipping")
		}
		t.Skip("needs pdftotext (package poppler-utils)")
	}
	k := testKey(t)
	pdf, err := Render(k)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, "-layout", file, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
	if !strings.Contains(squeeze(string(out)), squeeze(k.Text.Reveal())) {
		t.Errorf("the paper reads\n%s\nwithout the whole key", out)
	}
	if keep := os.Getenv("KEEP_PDF"); keep != "" {
		if err := os.WriteFile(keep, pdf, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
