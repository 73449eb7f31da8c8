// Package secret holds values that must not be seen: a Value prints as *** in every
// way that Go prints things, and a Keeper turns it into ciphertext (age) that may
// lie in the store.
//
// It owns the key file. It never writes a plain value anywhere, and it does not
// decide who may see one: code that calls Reveal does.
package secret

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"io"
	"log/slog"
	"math/big"
)

// mask is what a reader sees instead of a value.
const mask = "***"

// Value is a secret text: a password, a token, a key. The zero Value is empty.
//
// fmt (all verbs), slog, JSON, YAML and text encoding show ***. Reading a Value
// from JSON, YAML or text works, so that a configuration file can hold one; writing
// it back does not. To store one, seal it.
type Value struct {
	text *string // behind a pointer, so that reflection-based printers stop at an address
}

// New makes a Value of s.
func New(s string) Value {
	if s == "" {
		return Value{}
	}
	observe(s)
	return Value{&s}
}

// Reveal returns the text. Hand it only to what needs it, and never to a log, an
// error or an argument of a process.
func (v Value) Reveal() string {
	if v.text == nil {
		return ""
	}
	return *v.text
}

// IsZero tells whether the value is empty.
func (v Value) IsZero() bool { return v.text == nil }

// Equal compares two values in constant time.
func (v Value) Equal(w Value) bool {
	return subtle.ConstantTimeCompare([]byte(v.Reveal()), []byte(w.Reveal())) == 1
}

// String returns ***.
func (v Value) String() string { return mask }

// GoString returns ***.
func (v Value) GoString() string { return mask }

// Format writes *** for every verb and flag.
func (v Value) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, mask) }

// LogValue returns ***.
func (v Value) LogValue() slog.Value { return slog.StringValue(mask) }

// MarshalText returns ***; so encoders of YAML, XML and map keys see it.
func (v Value) MarshalText() ([]byte, error) { return []byte(mask), nil }

// MarshalJSON returns "***".
func (v Value) MarshalJSON() ([]byte, error) { return []byte(`"` + mask + `"`), nil }

// MarshalYAML returns ***.
func (v Value) MarshalYAML() (any, error) { return mask, nil }

// UnmarshalText takes the text as the value.
func (v *Value) UnmarshalText(text []byte) error {
	*v = New(string(text))
	return nil
}

// alphabet leaves out what is misread on paper: 0 O, 1 l I.
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789"

// Generate returns a random value of n letters and digits, 5.8 bits each, that can
// be read out from paper.
func Generate(n int) Value {
	text := make([]byte, n)
	size := big.NewInt(int64(len(alphabet)))
	for i := range text {
		// crypto/rand's reader never fails: the program ends if the system has no randomness.
		k, _ := rand.Int(rand.Reader, size)
		text[i] = alphabet[k.Int64()]
	}
	return New(string(text))
}
