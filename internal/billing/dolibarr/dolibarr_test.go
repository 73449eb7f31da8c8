package dolibarr_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/books/bookstest"
	"codeberg.org/accolade/accolade/internal/billing/dolibarr"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/secret"
	sim "codeberg.org/accolade/accolade/internal/sim/dolibarr"
)

const key = "b1c0ffee"

// wire carries requests to a handler without a network. A handler that breaks off is a
// connection that broke.
type wire struct{ http.Handler }

func (w wire) RoundTrip(r *http.Request) (res *http.Response, err error) {
	defer func() {
		if broke := recover(); broke != nil {
			res, err = nil, errors.New("unexpected EOF")
		}
	}()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	rec := httptest.NewRecorder()
	if r.Body == nil {
		r.Body = http.NoBody
	}
	w.ServeHTTP(rec, r)
	return rec.Result(), nil
}

func connect(there http.Handler) *dolibarr.Client {
	return dolibarr.New(dolibarr.Config{URL: "http://dolibarr.example/", Key: secret.New(key), Clock: clock.Real(),
		Wrap: func(http.RoundTripper) http.RoundTripper { return wire{there} }})
}

func newSim(change ...func(*sim.Config)) *sim.Server {
	c := sim.Config{Key: key, Now: func() time.Time { return time.Date(2026, 10, 2, 8, 0, 0, 0, time.UTC) }}
	for _, f := range change {
		f(&c)
	}
	return sim.New(c)
}

// kerlann is the October of docs/billing.md.
func kerlann() books.Document {
	month := bookstest.Month.Add(1)
	line := func(part billing.Part, title, detail string, quantity int64, price money.UnitPrice, unit billing.Unit, per int64, net money.Cents) billing.Line {
		return billing.Line{Part: part, Title: title, Detail: detail, For: month, From: month.First(), To: month.Last(), Quantity: quantity, Unit: unit, Price: price, Per: per, Net: net, Category: billing.Standard, Rate: 2000}
	}
	return books.Document{Kind: books.Invoice, Number: "F2026-0002", Month: month, Date: month.Last(), Due: month.Last().AddDays(30), Contract: "kerlann-1", Offer: "classic",
		Client: billing.Buyer{ID: "kerlann", Name: "École de Kerlann", SIREN: "732829320", SIRET: "73282932000074", Address: contract.Address{Lines: []string{"rue du Quai"}, PostCode: "56100", City: "Lorient", Country: "FR"}},
		Lines: []billing.Line{
			line(billing.Subscription, "Serveur", "12 salariés, 1-19 octobre", 12, 23_903226, billing.Employee, 1, 286_84),
			line(billing.Subscription, "Serveur", "13 salariés, 20-31 octobre", 13, 15_096774, billing.Employee, 1, 196_26),
			line(billing.Hours, "Accompagnement", "30 min", 30, 60_000000, billing.Minute, 60, 30_00)},
		Groups: []billing.TaxGroup{{Category: billing.Standard, Rate: 2000, Net: 513_10, Tax: 102_62}}, Net: 513_10, Tax: 102_62, Total: 615_72}
}

// note takes the hours of that October back.
func note() books.Document {
	d := kerlann()
	d.Kind, d.Number, d.Refers = books.CreditNote, "A2026-0001", "F2026-0002"
	d.Lines = d.Lines[2:]
	d.Groups = []billing.TaxGroup{{Category: billing.Standard, Rate: 2000, Net: 30_00, Tax: 6_00}}
	d.Net, d.Tax, d.Total = 30_00, 6_00, 36_00
	return d
}

func send(t *testing.T, c *dolibarr.Client, d books.Document, validate bool) dolibarr.Sent {
	t.Helper()
	sent, err := c.Send(t.Context(), d, validate)
	if err != nil {
		t.Fatalf("%s: %v", d.Number, err)
	}
	return sent
}

func refuses(t *testing.T, c *dolibarr.Client, d books.Document, words ...string) {
	t.Helper()
	_, err := c.Send(t.Context(), d, true)
	if _, ok := errors.AsType[*dolibarr.Refusal](err); !ok {
		t.Errorf("%s: %v, want a refusal", d.Number, err)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %v, want it to say %q", d.Number, err, w)
		}
	}
}

func TestSend(t *testing.T) {
	for name, old := range map[string]bool{"lists that are empty": false, "lists that are not found": true} {
		t.Run(name, func(t *testing.T) {
			there := newSim(func(c *sim.Config) { c.EmptyInvoices404, c.CodeRequired = old, true })
			c := connect(there)
			if sent := send(t, c, kerlann(), false); !sent.Created || sent.Validated || sent.ID != 1 {
				t.Errorf("sent %+v", sent)
			}
			if sent := send(t, c, kerlann(), true); sent.Created || !sent.Validated {
				t.Errorf("sent again, to be validated: %+v", sent)
			}
			if sent := send(t, c, kerlann(), true); sent.Created || !sent.Validated {
				t.Errorf("sent a third time: %+v", sent)
			}
			send(t, c, note(), true)
			invoices, parties := there.Invoices(), there.Parties()
			if len(invoices) != 2 || len(parties) != 1 || there.Calls("POST /invoices/{id}/validate") != 2 {
				t.Fatalf("there are %d invoices and %d third parties", len(invoices), len(parties))
			}
			i, n, p := invoices[0], invoices[1], parties[0]
			if i.Ref != "F2026-0002" || i.RefClient != "F2026-0002" || i.Net != 513_10 || i.Tax != 102_62 || i.Total != 615_72 || i.Type != 0 || i.Status != 1 {
				t.Errorf("the invoice is %+v", i)
			}
			if l := i.Lines[0]; l.Quantity != "12.00000000" || l.Price != "23.90323" || l.Net != 286_84 || l.Text != "Serveur: 12 salariés, 1-19 octobre" {
				t.Errorf("its first line is %+v", l)
			}
			if l := i.Lines[2]; l.Quantity != "1.00000000" || l.Price != "30.00000" {
				t.Errorf("its line of hours is %+v", l)
			}
			if n.Ref != "A2026-0001" || n.Type != 2 || n.Source != i.ID || n.Total != -36_00 || n.Party != i.Party {
				t.Errorf("the credit note is %+v", n)
			}
			if at := time.Unix(i.Date, 0).UTC().Format("2006-01-02"); at != "2026-10-31" {
				t.Errorf("it is of %s", at)
			}
			if p.SIREN != "732829320" || p.Code != "CU2610-00001" || p.Town != "Lorient" || p.Country != 1 || p.Ext != "accolade-kerlann" {
				t.Errorf("the third party is %+v", p)
			}
		})
	}
}

// Third parties are matched by SIREN however it is written, and those without one by our
// own identifier.
func TestThirdParties(t *testing.T) {
	there := newSim()
	there.AddParty(sim.Party{Name: "Another", SIREN: "552100554"})
	known := there.AddParty(sim.Party{Name: "Kerlann, école", SIREN: "732 829 320"})
	c := connect(there)
	send(t, c, kerlann(), false)
	club := kerlann()
	club.Number, club.Client = "F2026-0003", billing.Buyer{ID: "club-de-voile", Name: "Club de voile"}
	send(t, c, club, false)
	club.Number = "F2026-0004"
	send(t, c, club, false)
	if i := there.Invoices(); i[0].Party != known || i[1].Party != i[2].Party || len(there.Parties()) != 3 {
		t.Errorf("invoices %+v", i)
	}
	there.AddParty(sim.Party{Name: "Kerlann bis", SIREN: "732829320"})
	again := kerlann()
	again.Number = "F2026-0005"
	refuses(t, c, again, "several third parties for École de Kerlann: 2, 4")
}

// What is refused stays refused until somebody mends it, and then goes on.
func TestRefusals(t *testing.T) {
	there := newSim(func(c *sim.Config) { c.UniqueSIREN = true })
	c := connect(there)
	refuses(t, c, note(), "F2026-0002, is not in Dolibarr")
	send(t, c, kerlann(), false)
	there.Edit(1, func(i *sim.Invoice) { i.Total++ })
	refuses(t, c, kerlann(), "comes to 615.73 EUR in Dolibarr, ours to 615.72 EUR")
	there.Edit(1, func(i *sim.Invoice) { i.Total--; i.Lines = nil })
	refuses(t, c, kerlann(), "ErrorObjectMustHaveLinesToBeValidated")
	there.Edit(1, func(i *sim.Invoice) { i.Lines = []sim.Line{{}}; i.Status, i.Ref = 1, "FA2610-0001" })
	refuses(t, c, kerlann(), "validated in Dolibarr under another number, FA2610-0001")
	there.Edit(1, func(i *sim.Invoice) { i.Status, i.Ref = 0, "(PROV1)" })
	if sent := send(t, c, kerlann(), true); sent.Created || !sent.Validated {
		t.Errorf("mended: %+v", sent)
	}
	other := kerlann()
	other.Number = "F2026-0009"
	send(t, c, other, false)
	there.Edit(2, func(i *sim.Invoice) { i.RefClient = "F2026-0002" })
	refuses(t, c, kerlann(), "several invoices with this customer reference: 1, 2")
}

// Whatever goes wrong with any request, sending again ends with one invoice, validated
// once.
func TestHalfDone(t *testing.T) {
	halfDone(t, newSim, kerlann(), func(i []sim.Invoice, p []sim.Party) bool {
		return len(i) == 1 && len(p) == 1 && i[0].Status == 1 && i[0].Ref == "F2026-0002"
	})
}

// halfDone sends a document to a Dolibarr which breaks at one request, at each in turn and
// in each way, until it is there; then it has to look right.
func halfDone(t *testing.T, make func(...func(*sim.Config)) *sim.Server, d books.Document, right func([]sim.Invoice, []sim.Party) bool) {
	t.Helper()
	for _, way := range []sim.Break{sim.LoseAnswer, sim.Drop, sim.Busy} {
		for at := 1; ; at++ {
			there := make()
			n := 0
			there.Configure(func(c *sim.Config) {
				c.Break = func(*http.Request) sim.Break {
					if n++; n == at {
						return way
					}
					return sim.Nothing
				}
			})
			synctest.Test(t, func(t *testing.T) {
				c := connect(there)
				for try := 0; ; try++ {
					_, err := c.Send(t.Context(), d, true)
					if err == nil {
						break
					}
					if !errors.Is(err, dolibarr.ErrUnreachable) || try > 1 {
						t.Fatalf("break %d at request %d: %v", way, at, err)
					}
				}
			})
			if i, p := there.Invoices(), there.Parties(); !right(i, p) {
				t.Errorf("break %d at request %d: %+v, %d third parties", way, at, i, len(p))
			}
			if n < at {
				break
			}
		}
	}
}

// Lists of several pages are read to their end.
func TestPages(t *testing.T) {
	there := newSim()
	for range 230 {
		there.AddParty(sim.Party{Name: "old", SIREN: "732 829320"})
	}
	refuses(t, connect(there), kerlann(), "several third parties", "1, 2, ", ", 230")
	if n := there.Calls("GET /thirdparties"); n != 3 {
		t.Errorf("%d pages were read, want 3", n)
	}
}

// A wrong key, a missing right, a proxy and another program are told apart.
func TestFailures(t *testing.T) {
	var answered *dolibarr.Failed
	for name, c := range map[string]struct {
		there   http.Handler
		is      error
		refused bool
		words   string
	}{
		"key":       {newSim(func(c *sim.Config) { c.Key = "other" }), dolibarr.ErrKey, false, "401 Unauthorized: Error user not valid"},
		"right":     {newSim(func(c *sim.Config) { c.Denied = []string{"facture creer"} }), dolibarr.ErrKey, false, "403 Forbidden: Insuffisant rights"},
		"party":     {newSim(func(c *sim.Config) { c.Denied = []string{"societe lire"} }), dolibarr.ErrKey, false, "GET /thirdparties: 401 Unauthorized"},
		"program":   {http.NotFoundHandler(), nil, false, "404 Not Found"},
		"no module": {http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("Module Api must be enabled.<br><br>")) }), nil, false, "the answer is no JSON"},
		"busy":      {newSim(func(c *sim.Config) { c.Break = func(*http.Request) sim.Break { return sim.Busy } }), dolibarr.ErrUnreachable, false, "503 Service Unavailable"},
		"redirect":  {http.RedirectHandler("https://elsewhere.example", http.StatusFound), nil, false, "302"},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := connect(c.there).Send(t.Context(), kerlann(), true)
			if err == nil || !strings.Contains(err.Error(), c.words) || c.is != nil && !errors.Is(err, c.is) || !errors.As(err, &answered) {
				t.Errorf("%s: %v", name, err)
			}
			if strings.Contains(err.Error(), key) {
				t.Errorf("%s: the error tells the key", name)
			}
		})
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := connect(newSim()).Send(ctx, kerlann(), true); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled sending: %v", err)
	}
}

// Every document comes to the same amounts in Dolibarr, or is refused because a credit
// note holds what cannot stand in one there.
func TestAmounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		there := newSim()
		c := connect(there)
		d := bookstest.Document().Filter(func(d books.Document) bool { return len(d.Lines) > 0 }).Draw(t, "document")
		d.Client = kerlann().Client
		d.Number = "F2026-0007"
		if d.Kind == books.CreditNote {
			source := kerlann()
			if _, err := c.Send(context.Background(), source, true); err != nil {
				t.Fatal(err)
			}
			d.Number, d.Refers = "A2026-0007", source.Number
		}
		sent, err := c.Send(context.Background(), d, true)
		if refusal, ok := errors.AsType[*dolibarr.Refusal](err); ok && d.Kind == books.CreditNote && strings.Contains(refusal.Why, "counts the other way") {
			return
		}
		if err != nil || !sent.Validated {
			t.Fatalf("%+v, %v", sent, err)
		}
		all := there.Invoices()
		got := all[len(all)-1]
		if got.Net != int64(d.Signed(d.Net)) || got.Tax != int64(d.Signed(d.Tax)) || got.Total != int64(d.Signed(d.Total)) {
			t.Fatalf("in Dolibarr %d + %d = %d, ours %d + %d = %d", got.Net, got.Tax, got.Total, d.Signed(d.Net), d.Signed(d.Tax), d.Signed(d.Total))
		}
	})
}
