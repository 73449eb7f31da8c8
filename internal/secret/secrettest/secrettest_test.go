package secrettest

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/secret"
)

// found tells whether a collector finds the secret in a text.
func found(told, text string) bool {
	c := New()
	c.Tell(told, "test")
	c.Add("text", []byte(text))
	finds, _ := c.Search()
	return len(finds) > 0
}

func TestEveryForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringMatching(`[!-~é€]{8,40}`).Draw(t, "secret")
		before, after := rapid.StringN(0, 9, 9).Draw(t, "before"), rapid.StringN(0, 9, 9).Draw(t, "after")
		longer := before + value + after
		quoted, err := json.Marshal(longer)
		if err != nil {
			t.Fatal(err)
		}
		wrapped := ""
		for i, digit := range base64.StdEncoding.EncodeToString([]byte(longer)) {
			if wrapped += string(digit); i%7 == 6 {
				wrapped += "\n"
			}
		}
		for form, text := range map[string]string{
			"plain": longer, "JSON": string(quoted), "Go": fmt.Sprintf("%q", longer), "query": url.QueryEscape(longer), "path": url.PathEscape(longer),
			"hex": hex.EncodeToString([]byte(longer)), "HEX": fmt.Sprintf("%X", longer),
			"base64": base64.StdEncoding.EncodeToString([]byte(longer)), "base64 for URLs": base64.URLEncoding.EncodeToString([]byte(longer)),
			"base64 in a query": url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(longer))), "base64 in lines": wrapped,
		} {
			if !found(value, text) {
				t.Errorf("%s: %q is not found in %q", form, value, text)
			}
		}
		other := value[:3] + "\x00" + value[4:]
		if found(value, other) {
			t.Errorf("%q is found in %q", value, other)
		}
	})
}

func TestPartsOfALargerSecret(t *testing.T) {
	for name, whole := range map[string]string{
		"document": `{"kdf":null,"created":"2026-09-14T12:00:00Z","data":"cGFydC1vZi1pdA==","list":[{"user":"maelle","password":"part-of-it"}]}`,
		"form":     "domain=nextcloud.example&password=part-of-it\n",
		"table":    "username;password;mail\nmaelle;part-of-it;maelle@horizon.example\n",
	} {
		if !found(whole, "… part-of-it …") {
			t.Errorf("%s: its secret part is not found", name)
		}
		if found(whole, "2026-09-14T12:00:00Z maelle@horizon.example nextcloud.example") {
			t.Errorf("%s: what is no secret is found", name)
		}
	}
}

func TestPackedTexts(t *testing.T) {
	const value = "hunter2-Zürich"
	line := bytes.Repeat([]byte("all is well, "), 100)
	line = append(line, value...)
	var gz, zipped, pdf bytes.Buffer
	g := gzip.NewWriter(&gz)
	z := zip.NewWriter(&zipped)
	entry, err := z.Create("sheet.xml")
	if err != nil {
		t.Fatal(err)
	}
	pdf.WriteString("%PDF-1.7\n1 0 obj\nstream\r\n")
	p := zlib.NewWriter(&pdf)
	for _, w := range []interface{ Write([]byte) (int, error) }{g, entry, p} {
		if _, err := w.Write(line); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []interface{ Close() error }{g, z, p} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"gzip": gz.String(), "zip": zipped.String(), "PDF": pdf.String()} {
		if strings.Contains(text, value) {
			t.Fatalf("%s: it is not packed", name)
		}
		if !found(value, text) {
			t.Errorf("%s: what is packed is not found", name)
		}
	}
}

func TestWatchIsToldOfEverySecret(t *testing.T) {
	c := Watch(t)
	path := filepath.Join(t.TempDir(), "identity.age")
	keeper, err := secret.OpenKeeper(path)
	if err != nil {
		t.Fatal(err)
	}
	var read secret.Value
	if err := json.Unmarshal([]byte(`"read-from-json"`), &read); err != nil {
		t.Fatal(err)
	}
	made := secret.Generate(24)
	sealed, err := keeper.Seal(secret.New("sealed-and-opened"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := keeper.Open(sealed); err != nil {
		t.Fatal(err)
	}
	log := c.Stream("log")
	key, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"read-from-json", made.Reveal(), "sealed-and-opened", string(key)} {
		if _, err := fmt.Fprintln(log, text); err != nil {
			t.Fatal(err)
		}
	}
	finds, size := c.Search()
	if len(finds) != 4 || size.Secrets != 4 {
		t.Errorf("%d secrets are known and %d found, want 4: %v", size.Secrets, len(finds), finds)
	}
	for _, f := range finds {
		if !strings.Contains(f.Secret, "secrettest") || strings.Contains(f.String(), made.Reveal()) {
			t.Errorf("want the maker named and no secret shown: %s", f)
		}
	}
	c.Open("read-from-json")
	if finds, _ := c.Search(); len(finds) != 3 {
		t.Errorf("%d found after one was opened to all, want 3", len(finds))
	}
}

func TestRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "told")
	if err := Record(path); err != nil {
		t.Fatal(err)
	}
	secret.New("made-in-another-process")
	c := New()
	if err := c.TellFile(path); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || os.WriteFile(path, append(text, `{"text":"cut-of`...), 0o600) != nil || c.TellFile(path) != nil {
		t.Error("a last line that was cut off is no fault")
	}
	c.Add("log", []byte("made-in-another-process"))
	if finds, _ := c.Search(); len(finds) != 1 {
		t.Errorf("found %v, want the recorded secret", finds)
	}
}

func TestTree(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"open": 0o644, "key": 0o600} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("hunter2-Zürich"), mode); err != nil {
			t.Fatal(err)
		}
	}
	c := New()
	c.Tell("hunter2-Zürich", "test")
	c.Tree(t, dir, Except{Path: "key", Mode: 0o600, Why: "it is the key"})
	if finds, _ := c.Search(); len(finds) != 1 || finds[0].Source != "file open" {
		t.Errorf("found %v, want the open file alone", finds)
	}
}

func BenchmarkSearch(b *testing.B) {
	c := New()
	for range 500 {
		c.Tell(secret.Generate(32).Reveal(), "benchmark")
	}
	text := bytes.Repeat([]byte("time=2026-09-14T12:00:00Z level=INFO msg=\"box enrolled\" box=horizon\n"), 1<<14)
	c.Add("log", text)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		c.Search()
	}
}
