package billing

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
)

// TestEnglishLines: the lines of a client whose language is en, of each kind there is.
func TestEnglishLines(t *testing.T) {
	inEnglish := func(edit func(*Case)) Case {
		c := demo(t)
		c.Client.Language = "en"
		if edit != nil {
			edit(&c)
		}
		return c
	}
	sep, oct, nov := month(t, "2026-09"), month(t, "2026-10"), month(t, "2026-11")
	closed := func(c Case, through calendar.Month) Case {
		for m := sep; !m.After(through); m = m.Add(1) {
			c.Settled = append(c.Settled, Compute(m, calendar.Date{}, c, seller()).Settlement)
			c.Finalised = m
		}
		return c
	}
	late := closed(inEnglish(nil), oct)
	late.Contract.Headcounts = slices.Clone(late.Contract.Headcounts)
	late.Contract.Headcounts[1].Count = 14
	late.Entries = append(late.Entries, entry(t, "H0004", "2026-10-07", 90, contract.Training))
	late.Extras = []Extra{{ID: "X0001", Kind: Charge, Month: oct, Text: "Second screen", Net: 14900}}

	for _, test := range []struct {
		name  string
		month calendar.Month
		c     Case
		want  []string
	}{
		{"own", oct, inEnglish(nil), []string{
			"Server, installation, accompaniment and assistance: 12\u00a0employees, 1 to 19\u00a0October 2026 (19\u00a0days of 31, at €39.00)",
			"Server, installation, accompaniment and assistance: 13\u00a0employees, 20 to 31\u00a0October 2026 (12\u00a0days of 31, at €39.00)",
			"Accompaniment beyond the allowance: 2\u00a0h in October 2026, of which 30\u00a0min beyond the 20\u00a0h included a year"}},
		{"late", nov, late, []string{
			"Server, installation, accompaniment and assistance: 14\u00a0employees, 1 to 30\u00a0November 2026",
			"Adjustment for October 2026: 12\u00a0employees, 1 to 19\u00a0October 2026; 14\u00a0employees, 20 to 31\u00a0October 2026: €498.19 instead of €483.10 already invoiced",
			"Accompaniment beyond the allowance: Hours of October 2026 recorded after invoicing: 1\u00a0h\u00a030\u00a0min",
			"Second screen: In October 2026, recorded after invoicing"}},
		{"set up, by the hour", sep, inEnglish(func(c *Case) {
			c.Contract.Offer, c.Contract.Headcounts = offer(t, "solo"), nil
			c.Entries = c.Entries[:1]
		}), []string{
			"Set-up of one machine, and training: Set-up, one-off fee, on 15\u00a0September 2026",
			"Training and assistance by the hour: 18\u00a0h\u00a030\u00a0min in September 2026"}},
		{"ended early", oct, inEnglish(func(c *Case) {
			c.Contract.Ending = &contract.Ending{On: date(t, "2026-10-19"), Early: contract.Bill}
			c.Entries = nil
		}), []string{
			"Server, installation, accompaniment and assistance: 12\u00a0employees, 1 to 19\u00a0October 2026 (19\u00a0days of 31, at €39.00)",
			"Monthly fees due until the term: Contract ended on 19\u00a0October 2026, before the term on 14\u00a0September 2027: 12\u00a0employees, at €39.00 a month"}},
	} {
		d := Compute(test.month, calendar.Date{}, test.c, seller())
		var got []string
		for _, l := range d.Invoice.Lines {
			got = append(got, l.Title+": "+l.Detail)
		}
		if diff := cmp.Diff(test.want, got); diff != "" || d.Invoice.Language != English {
			t.Errorf("%s, in %q (-want +got):\n%s", test.name, d.Invoice.Language, diff)
		}
	}
}

// TestEnglishMentions: the law's substance in English, its own words in French behind.
func TestEnglishMentions(t *testing.T) {
	s := seller()
	for got, want := range map[string]string{
		English.Late(s, contract.Commerce):              "Late-payment penalties: three times the French statutory interest rate, payable without reminder from the day after the due date.",
		English.Recovery(contract.Commerce):             "Fixed compensation for recovery costs in case of late payment: €40.00.",
		English.Discount(s):                             "No discount for early payment.",
		English.Operation():                             "Category of operation: supply of services (prestation de services).",
		English.Exemption(Exempt):                       "VAT not applicable, art. 293 B of the French tax code (TVA non applicable, art. 293 B du CGI)",
		English.Form(s):                                 "SCIC SARL with variable capital",
		English.Hours(-90):                              "-1\u00a0h\u00a030\u00a0min",
		English.Span(s1(t), s1(t)):                      "on 1\u00a0October 2026",
		English.Span(s1(t), month(t, "2026-11").Last()): "1\u00a0October 2026 to 30\u00a0November 2026",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	s.LateRateEN, s.EarlyDiscount, s.EarlyDiscountEN, s.Capital = "12%", "Escompte de 1 %", "1% within eight days", "€18,500"
	if got := English.Late(s, contract.Commerce) + English.Discount(s) + English.Form(s); got != "Late-payment penalties: 12%, payable without reminder from the day after the due date.1% within eight days.SCIC SARL with a capital of €18,500" {
		t.Errorf("as the seller says it: %q", got)
	}
}

func s1(t *testing.T) calendar.Date { return month(t, "2026-10").First() }

// TestNoDate: a document about a day that nobody knows says nothing, and does not fall over.
func TestNoDate(t *testing.T) {
	for _, in := range []Language{French, English} {
		if words := in.Date(calendar.Date{}); words != "" {
			t.Errorf("no date in %s is %q", in.Tag(), words)
		}
	}
}
