package secret

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"pgregory.net/rapid"
)

const plaintext = "hunter2-Zürich"

func TestValueIsNeverPrinted(t *testing.T) {
	v := New(plaintext)
	type holder struct {
		Name string
		Key  Value
		Ptr  *Value
		key  Value
	}
	in := holder{"box", v, &v, v}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%c", "%U", "%e", "%b", "%o", "%T", "%10s", "%-10v", "%w"} {
		for _, subject := range []any{v, &v, in, &in, []Value{v}, map[string]Value{"k": v}, [1]holder{in}} {
			got := fmt.Sprintf(verb, subject)
			for _, leak := range []string{plaintext, "hunter2", fmt.Sprintf("%x", plaintext), fmt.Sprintf("%X", plaintext)} {
				if strings.Contains(got, leak) {
					t.Errorf("%s of %T shows it: %s", verb, subject, got)
				}
			}
		}
		if got := fmt.Sprintf(verb, v); got != mask && verb != "%T" && verb != "%w" {
			t.Errorf("%s gives %q, want %s", verb, got, mask)
		}
	}
	if err := fmt.Errorf("log in with %v", v); strings.Contains(err.Error(), "hunter2") {
		t.Errorf("an error shows it: %v", err)
	}
}

func TestValueIsNeverEncoded(t *testing.T) {
	v := New(plaintext)
	type holder struct {
		Key  Value            `json:"key" yaml:"key"`
		Map  map[string]Value `json:"map" yaml:"map" xml:"-"`
		List []Value          `json:"list" yaml:"list"`
	}
	in := holder{v, map[string]Value{"a": v}, []Value{v}}
	encoders := map[string]func(any) ([]byte, error){
		"json": json.Marshal, "yaml": yaml.Marshal, "xml": func(a any) ([]byte, error) { return xml.Marshal(a) },
	}
	for name, encode := range encoders {
		for _, subject := range []any{in, &in} {
			got, err := encode(subject)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if bytes.Contains(got, []byte("hunter2")) || !bytes.Contains(got, []byte(mask)) {
				t.Errorf("%s gives %s, want %s for each value", name, got, mask)
			}
		}
	}
	for name, handler := range map[string]func(*bytes.Buffer) slog.Handler{
		"text": func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		"json": func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var buf bytes.Buffer
		slog.New(handler(&buf)).Info("x", "key", v, "holder", in, "ptr", &v, slog.Group("g", "k", v))
		if strings.Contains(buf.String(), "hunter2") {
			t.Errorf("slog %s shows it: %s", name, buf.String())
		}
	}
}

func TestValueIsRead(t *testing.T) {
	var fromJSON, fromYAML struct{ Key Value }
	if err := json.Unmarshal([]byte(`{"Key":"abc"}`), &fromJSON); err != nil {
		t.Error(err)
	}
	if err := yaml.Unmarshal([]byte("key: abc\n"), &fromYAML); err != nil {
		t.Error(err)
	}
	if fromJSON.Key.Reveal() != "abc" || fromYAML.Key.Reveal() != "abc" {
		t.Errorf("read %q from JSON and %q from YAML, want abc", fromJSON.Key.Reveal(), fromYAML.Key.Reveal())
	}
	if !New("").IsZero() || New("a").IsZero() || !New("a").Equal(New("a")) || New("a").Equal(New("b")) {
		t.Error("IsZero or Equal is wrong")
	}
}

func TestGenerate(t *testing.T) {
	a, b := Generate(24), Generate(24)
	if len(a.Reveal()) != 24 || a.Equal(b) {
		t.Errorf("want two different values of 24 characters")
	}
	if strings.ContainsAny(a.Reveal()+b.Reveal(), "0O1lI") {
		t.Error("a generated value has a character that is misread on paper")
	}
}

func TestKeeperKeepsItsKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "key")
	first, err := OpenKeeper(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file: %v %v, want mode 0600", info.Mode(), err)
	}
	second, err := OpenKeeper(path)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.String().Draw(t, "value")
		sealed, err := first.Seal(New(want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := second.Open(sealed)
		if err != nil || got.Reveal() != want {
			t.Fatalf("sealed %q, opened %q (%v)", want, got.Reveal(), err)
		}
		if len(want) > 3 && bytes.Contains(sealed, []byte(want)) {
			t.Fatalf("the ciphertext contains %q", want)
		}
		sealed[len(sealed)-1] ^= 1
		if _, err := second.Open(sealed); err == nil {
			t.Fatal("changed ciphertext was opened")
		}
	})
}

func TestSealedInJSON(t *testing.T) {
	k, err := OpenKeeper(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := k.Seal(New(plaintext))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(struct{ Key Sealed }{sealed})
	if err != nil {
		t.Fatal(err)
	}
	var back struct{ Key Sealed }
	if err := json.Unmarshal(raw, &back); err != nil {
		t.Fatal(err)
	}
	if v, err := k.Open(back.Key); err != nil || v.Reveal() != plaintext {
		t.Errorf("after JSON: %v", err)
	}
}

func TestKeeperRefusals(t *testing.T) {
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	if _, err := OpenKeeper(good); err != nil {
		t.Fatal(err)
	}
	open := filepath.Join(dir, "open")
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	write(t, open, string(text), 0o644)
	write(t, filepath.Join(dir, "empty"), "", 0o600)
	write(t, filepath.Join(dir, "bad"), "AGE-SECRET-KEY-1NOTREALLY", 0o600)
	for name, want := range map[string]string{"open": "mode 0644", "empty": "it is empty", "bad": "no age identity"} {
		_, err := OpenKeeper(filepath.Join(dir, name))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to say %q", name, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "NOTREALLY") {
			t.Errorf("%s: the error shows the key: %v", name, err)
		}
	}
	other, err := OpenKeeper(filepath.Join(dir, "other"))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := other.Seal(New("x"))
	if err != nil {
		t.Fatal(err)
	}
	k, _ := OpenKeeper(good)
	if _, err := k.Open(sealed); err == nil {
		t.Error("a keeper opened what another one sealed")
	}
}

func TestPassphrase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	fast := func(p string) wrapped { return wrapped{New(p), 10} }
	first, err := open(path, fast("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil || bytes.Contains(raw, []byte("AGE-SECRET-KEY")) {
		t.Errorf("the key lies open in its file (%v)", err)
	}
	second, err := open(path, fast("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := first.Seal(New("x"))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := second.Open(sealed); err != nil || v.Reveal() != "x" {
		t.Errorf("after opening again: %v", err)
	}
	if _, err := open(path, fast("wrong")); err == nil || !strings.Contains(err.Error(), "passphrase is wrong") {
		t.Errorf("wrong passphrase: %v", err)
	}
	if _, err := OpenKeeper(path); err == nil || !strings.Contains(err.Error(), "none was given") {
		t.Errorf("no passphrase: %v", err)
	}
	if _, err := OpenKeeperWithPassphrase(path, Value{}); err == nil {
		t.Error("an empty passphrase was accepted")
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}
