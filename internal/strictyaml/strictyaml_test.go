package strictyaml_test

import (
	"errors"
	"io"
	"testing"

	"codeberg.org/accolade/accolade/internal/strictyaml"
)

type shape struct {
	Lines []string       `yaml:"lines"`
	More  map[string]int `yaml:"more"`
	Inner *shape         `yaml:"inner"`
}

// What the library panics on is an error, as all that cannot be read.
func TestDecode(t *testing.T) {
	for text, want := range map[string]bool{
		"lines: [a]\nmore: {b: 1}\n":      true,
		"lines: !000000\n0: 1":            false,
		"inner:\n  lines: !a\n  more: #x": false,
		"lines: &a\n":                     false,
		"liens: [a]\n":                    false,
		"lines: [a\n":                     false,
	} {
		var s shape
		if err := strictyaml.Decode([]byte(text), &s); (err == nil) != want {
			t.Errorf("%q: error %v, want one: %v", text, err, !want)
		}
		_, err := strictyaml.Parse([]byte(text))
		if err != nil && err.Error() == "" {
			t.Errorf("%q is refused without a word", text)
		}
	}
	if err := strictyaml.Decode([]byte("# nothing\n"), &shape{}); !errors.Is(err, io.EOF) {
		t.Errorf("an empty file gives %v, want io.EOF", err)
	}
}
