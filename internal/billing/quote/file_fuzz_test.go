package quote_test

import (
	"bytes"
	"reflect"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing/quote"
)

// FuzzParse: whatever is taken passes its own check, and is the same once it was written
// and read again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"client: kerlann\noffer: classic\nemployees: 3\nstart: 2027-01-01\n",
		"client: kerlann\noffer: solo\nversion: 2\nstart: 2027-01-01\nvalid: 2026-12-31\ncharges: [{text: Écran, net: 149.00}]\ndiscounts:\n  - reason: \"Remise: #1\"\n    net: 0.10\nnote: |\n  deux\n\n  lignes\n",
		"prospect:\n  name: Mairie de Kerlann\n  kind: town-hall\n  siret: 21560121200016\n  address:\n    lines: [Place, \"'\"]\n    postcode: 01000\n    city: K\n  delivery: {lines: [rue], postcode: '56100', city: L, country: fr}\n  contacts:\n    - {name: Anne, roles: [billing, manager], mail: a@b.example, phone: +33 2}\noffer: classic\nemployees: 26\nwhy: stagiaires\nstart: 2027-01-01\n",
		"client: &a kerlann\noffer: *a\n",
		"client: !!str 12\noffer: ~\nstart: null\n",
		"note: \"\\u2028\\ud83d\\ude00\\x41\\_\"\n",
		"{client: k, offer: o, start: 2027-01-01, note: 'it''s'}",
		"client: >-\n  a\n  b\noffer: o\nstart: 2027-01-01\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := quote.Parse("q.yaml", data)
		if err != nil {
			if err.Error() == "" {
				t.Error("it is refused without a word")
			}
			return
		}
		text := r.YAML()
		again, err := quote.Parse("q.yaml", text)
		if err != nil {
			t.Fatalf("what was taken as %+v is written as\n%s\nand refused: %v", r, text, err)
		}
		if !reflect.DeepEqual(r, again) {
			t.Errorf("%+v is written as\n%s\nand read as %+v", r, text, again)
		}
		if !bytes.Equal(text, again.YAML()) {
			t.Errorf("written again it is\n%s\ninstead of\n%s", again.YAML(), text)
		}
	})
}
