package reduce_test

import (
	"bytes"
	"os"
	"testing"

	"codeberg.org/accolade/accolade/internal/sharedtest"
	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/apispec/reduce"
)

// The tables that the program carries are those of the official descriptions.
func TestTablesAreTheDescriptions(t *testing.T) {
	for _, name := range apispec.Names {
		t.Run(name, func(t *testing.T) {
			official, err := os.ReadFile(sharedtest.Dir(t, "schema", reduce.Sources[name]))
			if err != nil {
				t.Fatal(err)
			}
			want, err := reduce.Table(name, official)
			if err != nil {
				t.Fatal(err)
			}
			packed, err := apispec.Table(name)
			if err != nil {
				t.Fatal(err)
			}
			got, err := apispec.Unpack(packed)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("table %s differs from the official description (%d bytes, want %d): run go generate ./internal/sim/apispec", name, len(got), len(want))
			}
		})
	}
}
