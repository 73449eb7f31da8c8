package report_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/notify"
	"codeberg.org/accolade/accolade/internal/report"
)

// box keeps the mails to us.
type box struct {
	keys   []string
	texts  []string
	files  []notify.Attachment
	broken bool
}

func (b *box) SendFiles(_ context.Context, key, _, text string, files ...notify.Attachment) error {
	if b.broken {
		return errors.New("the relay is away")
	}
	b.keys, b.texts, b.files = append(b.keys, key), append(b.texts, text), append(b.files, files...)
	return nil
}

// TestReminders: each of the two comes once, with the letter, also after mornings without
// a controller or a relay; what is renewed or ended is no matter any more.
func TestReminders(t *testing.T) {
	f := kerlann(t) // to 2027-09-14
	mails := &box{}
	morning := func(day string, want ...string) {
		t.Helper()
		f.at(day)
		mails.keys = nil
		r := &report.Reminder{Reports: f.reports, Mailer: mails, Log: slog.New(slog.DiscardHandler)}
		if err := r.Run(t.Context(), f.Now()); (err != nil) != mails.broken {
			t.Errorf("on %s: %v", day, err)
		}
		if got := fmt.Sprint(mails.keys); got != fmt.Sprint(want) {
			t.Errorf("on %s: mails %s, want %s", day, got, want)
		}
	}
	const first, second = "contract/term/kerlann-1/2027-09-14/090", "contract/term/kerlann-1/2027-09-14/030"
	morning("2027-06-15")
	mails.broken = true
	morning("2027-06-16")
	mails.broken = false
	morning("2027-06-17", first)
	morning("2027-06-18")
	if len(mails.files) != 1 || mails.files[0].Name != "renouvellement-kerlann-1.pdf" || !strings.HasPrefix(string(mails.files[0].Content), "%PDF-") {
		t.Errorf("%d files are with the mail, want the letter", len(mails.files))
	}
	for _, want := range []string{"The term of the contract kerlann-1 ends on 2027-09-14, in 89 days.", "accolade letter renewal kerlann makes it anew",
		"Votre engagement se termine le", "accolade contract renew kerlann, or accolade contract end kerlann --on 2027-09-14"} {
		if !strings.Contains(strings.ReplaceAll(mails.texts[0], "\u00a0", " "), want) {
			t.Errorf("the mail does not say %q:\n%s", want, mails.texts[0])
		}
	}
	// The price list asks for a price again: no letter, and why.
	_, err := f.book.EditOffer(anne, "classic", func(o *contract.Offer) error { o.Hour = contract.Price{State: contract.Required}; return nil })
	f.must(err)
	morning("2027-08-20", second) // five days without a controller
	if len(mails.files) != 1 || !strings.Contains(mails.texts[1], "There is no letter for the client yet: offers.classic.overage is still") {
		t.Errorf("without a price the mail says %s", mails.texts[1])
	}
	morning("2027-09-15")
	_, err = f.book.EditOffer(anne, "classic", func(o *contract.Offer) error { o.Hour = contract.PriceOf(6000); return nil })
	f.must(err)
	_, err = f.book.Renew(anne, contract.Renew{Client: "kerlann"}, false)
	f.must(err)
	morning("2027-09-16")
	morning("2028-08-30", "contract/term/kerlann-1/2028-09-14/030") // both are due: the later one alone
	morning("2028-08-31")
	// A client who leaves needs no letter.
	f.client("Penmarch", "classic", "2028-09-01", 3)
	_, err = f.book.End(anne, contract.End{Client: "Penmarch", On: f.day("2029-08-31")})
	f.must(err)
	morning("2029-08-30")
}
