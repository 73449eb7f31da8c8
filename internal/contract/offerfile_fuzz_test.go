package contract

import (
	"os"
	"testing"
)

// FuzzParseOffers: a price list that is taken holds offers that pass their own check.
func FuzzParseOffers(f *testing.F) {
	shipped, err := os.ReadFile("offers.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(shipped)
	f.Add([]byte("offers:\n  classic:\n    overage: 60.00\n"))
	f.Add([]byte("offers: {classic: {price: [1], included: 20 h, vat: 20}}"))
	f.Add([]byte("offers:\n  classic: &a {price: 1}\n  solo: *a\n"))
	f.Add([]byte("offers:\n  classic:\n    counts: !0\n    price: #\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		offers, err := parseOffers("offers.yaml", data, nil)
		if err != nil && err.Error() == "" {
			t.Error("it is refused without a word")
		}
		for name, o := range offers {
			if err := o.Check(); err != nil || o.Name != name {
				t.Errorf("offer %q is taken as %+v: %v", name, o, err)
			}
		}
	})
}
