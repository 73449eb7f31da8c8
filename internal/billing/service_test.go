package billing_test

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/operation"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

var anne = contract.Actor{Who: "anne", From: "unix"}

// firm is a cooperative with its books open.
type firm struct {
	*testing.T
	clock.Clock
	now    time.Time
	db     store.DB
	book   *contract.Book
	ledger *support.Ledger
	bills  *billing.Service
}

func (f *firm) Now() time.Time { return f.now }

// at moves the clock to the morning of a day.
func (f *firm) at(s string) {
	f.Helper()
	f.now = f.day(s).Midnight(calendar.Paris()).Add(9 * time.Hour).UTC()
}

func (f *firm) day(s string) calendar.Date {
	f.Helper()
	d, err := calendar.Parse(s)
	f.must(err)
	return d
}

func (f *firm) month(s string) calendar.Month { return f.day(s + "-01").MonthOf() }

func (f *firm) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *firm) refuses(err error, words ...string) {
	f.Helper()
	if err == nil {
		f.Errorf("nothing was refused, want %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			f.Errorf("error %q, want it to say %q", err, w)
		}
	}
}

func seller() billing.Seller {
	return billing.Seller{Name: "Accolade", LegalForm: "SCIC SARL", Capital: "capital variable", Address: []string{"12 quai", "56100 Lorient"},
		SIREN: "123456782", RCS: "Lorient", VATRegime: billing.Normal, VATNumber: "FR32123456782", IBAN: "FR7630006000011234567890189", LateRate: "12 %"}
}

func newFirm(t *testing.T) *firm {
	f := &firm{T: t, Clock: clock.Real(), db: store.Memory()}
	offers, err := contract.ReadOffers("")
	f.must(err)
	for name, o := range offers {
		o.Hour = contract.PriceOf(6000)
		if o.Setup.State != contract.NoPrice {
			o.Setup = contract.PriceOf(25000)
		}
		offers[name] = o
	}
	f.book = contract.NewBook(f.db, f, calendar.Paris(), offers)
	f.ledger = support.NewLedger(f.db, f, calendar.Paris())
	f.bills = billing.New(billing.Options{DB: f.db, Clock: f, Zone: calendar.Paris(), Seller: seller(), Documents: filepath.Join(t.TempDir(), "documents"),
		Render: func(inv billing.Invoice) ([]byte, error) { return []byte("paper of " + inv.Number), nil }})
	f.at("2026-09-14")
	return f
}

func (f *firm) client(name, offer, start string, employees int) {
	f.Helper()
	_, err := f.book.AddClient(anne, contract.Client{Name: name, Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}})
	f.must(err)
	_, err = f.book.Sign(anne, contract.New{Client: name, Offer: offer, Start: f.day(start), Employees: employees})
	f.must(err)
}

func (f *firm) headcount(client, from string, n int) {
	f.Helper()
	_, err := f.book.SetHeadcount(anne, contract.Change{Client: client, Headcount: contract.Headcount{From: f.day(from), Count: n}})
	f.must(err)
}

func (f *firm) work(client, day string, minutes calendar.Minutes) support.Entry {
	f.Helper()
	e, err := f.ledger.Add(anne, support.Booking{Client: client, Date: f.day(day), Minutes: minutes, Kind: contract.Accompaniment, Who: "anne"})
	f.must(err)
	return e
}

func (f *firm) finalise(m string) []billing.Invoice {
	f.Helper()
	_, err := f.bills.Finalise(anne, f.month(m))
	f.must(err)
	all, err := f.bills.Invoices(f.month(m))
	f.must(err)
	return all
}

// amounts are the lines of an invoice in cents, with the month that each is for.
func amounts(inv billing.Invoice) (out []string) {
	for _, l := range inv.Lines {
		out = append(out, l.For.String()+" "+string(l.Part)+" "+l.Net.Decimal())
	}
	return out
}

func (f *firm) wantLines(inv billing.Invoice, want ...string) {
	f.Helper()
	if got := amounts(inv); !slices.Equal(got, want) {
		f.Errorf("%s has the lines\n  %s\nwant\n  %s", inv.Number, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// TestDemo is the story of the demonstration, through store and services.
func TestDemo(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	f.at("2026-09-30")
	f.work("kerlann", "2026-09-16", 1110)
	_, err := f.bills.Finalise(anne, f.month("2026-09"))
	f.refuses(err, "2026-09 has not ended: today is 2026-09-30")
	_, err = f.bills.Preview(f.month("2026-09"), false)
	f.refuses(err, "has not ended")
	f.at("2026-10-01")
	sep := f.finalise("2026-09")[0]
	if sep.Number != "F2026-0001" || sep.Date != f.day("2026-09-30") || sep.Net != 24960 || sep.Tax != 4992 || sep.Total != 29952 {
		t.Errorf("September: %s of %s: %s + %s = %s", sep.Number, sep.Date, sep.Net, sep.Tax, sep.Total)
	}
	f.at("2026-11-01")
	f.headcount("kerlann", "2026-10-20", 13)
	f.work("kerlann", "2026-10-06", 120)
	oct := f.finalise("2026-10")[0]
	if oct.Number != "F2026-0002" || oct.Date != f.day("2026-10-31") || oct.Net != 51310 || oct.Tax != 10262 || oct.Total != 61572 {
		t.Errorf("October: %s of %s: %s + %s = %s", oct.Number, oct.Date, oct.Net, oct.Tax, oct.Total)
	}
	f.wantLines(oct, "2026-10 subscription 286.84", "2026-10 subscription 196.26", "2026-10 hours 30.00")
	if a := oct.Allowance; a.Used != 1230 || a.Over != 30 || a.Left != 0 {
		t.Errorf("allowance = %+v", a)
	}
}

func TestTwiceChangesNothing(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	f.at("2026-10-01")
	first, err := f.bills.Finalise(anne, f.month("2026-09"))
	f.must(err)
	before := f.content()
	f.at("2026-10-05")
	second, err := f.bills.Finalise(contract.Actor{Who: "paul"}, f.month("2026-09"))
	f.must(err)
	if !reflect.DeepEqual(first, second) || !bytes.Equal(before, f.content()) {
		t.Error("finalising twice changed something")
	}
}

// content is all that the store holds.
func (f *firm) content() []byte {
	var b bytes.Buffer
	f.must(f.db.View(func(tx store.Tx) error {
		for k, v := range tx.Scan(nil) {
			b.Write(k)
			b.Write(v)
		}
		return nil
	}))
	return b.Bytes()
}

func TestOrderOfMonths(t *testing.T) {
	f := newFirm(t)
	f.at("2027-02-01")
	_, err := f.bills.Finalise(anne, f.month("2026-09"))
	f.refuses(err, "no contract has started")
	f.client("Kerlann", "classic", "2026-11-15", 2)
	_, err = f.bills.Finalise(anne, f.month("2026-12"))
	f.refuses(err, "2026-11 is not finalised")
	_, err = f.bills.Finalise(anne, f.month("2026-10"))
	f.refuses(err, "before the first month that is invoiced here, 2026-11")
	pending, err := f.bills.Pending(f.month("2027-12"))
	f.must(err)
	if len(pending) != 3 || pending[0] != f.month("2026-11") || pending[2] != f.month("2027-01") {
		t.Errorf("pending = %v, want November to January", pending)
	}
	for i, m := range []string{"2026-11", "2026-12", "2027-01"} {
		if got, want := f.finalise(m)[0].Number, []string{"F2026-0001", "F2026-0002", "F2027-0001"}[i]; got != want {
			t.Errorf("%s got the number %s, want %s", m, got, want)
		}
	}
	_, err = f.bills.Finalise(anne, f.month("2026-10"))
	f.refuses(err, "before the first month that is invoiced here, 2026-11")
}

// TestSeriesUsed: a counter that stands behind what was issued gives no number twice, and
// the refusal leaves nothing.
func TestSeriesUsed(t *testing.T) {
	f := billed(t)
	f.credit(billing.CreditInput{Invoice: "F2026-0001", Reason: "Erreur"})
	f.advance(10_00)
	for series, issue := range map[string]func() error{
		"invoice/2026": func() error { _, err := f.bills.Finalise(anne, f.month("2026-11")); return err },
		"credit/2026": func() error {
			_, err := f.bills.Credit(anne, billing.CreditInput{Invoice: "F2026-0002", Reason: "Erreur"})
			return err
		},
		"advance/2026": func() error {
			_, err := f.bills.IssueAdvance(anne, billing.AdvanceInput{Contract: "kerlann-1", Text: "Un autre", Net: 1_00})
			return err
		},
	} {
		f.must(f.db.Update(func(tx store.Tx) error { return tx.Delete([]byte("n/" + series)) }))
		before := f.content()
		f.refuses(issue(), "2026-0001 is used already: the counter of its series stands behind what was issued", "accoladed restore")
		if !bytes.Equal(f.content(), before) {
			t.Errorf("%s: what was refused left something", series)
		}
	}
}

func TestMissingSeller(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	f.at("2026-10-01")
	f.bills.Seller.IBAN, f.bills.Seller.RCS, f.bills.Seller.VATNumber = "", "", ""
	_, err := f.bills.Finalise(anne, f.month("2026-09"))
	f.refuses(err, "seller.iban", "seller.rcs", "seller.vat_number")
	p, err := f.bills.Preview(f.month("2026-09"), false)
	f.must(err)
	if len(p.Missing) != 3 || len(p.Drafts) != 1 {
		t.Errorf("preview = %+v", p)
	}
	f.bills.Seller.VATRegime = billing.Franchise
	f.bills.Seller.IBAN, f.bills.Seller.RCS = "FR76", "Lorient"
	inv := f.finalise("2026-09")[0]
	if inv.Tax != 0 || inv.Total != 24960 || inv.Groups[0].Category != billing.Exempt {
		t.Errorf("franchise: %+v", inv)
	}
}

// TestUnready: what keeps a client from being invoiced is told before a month is finalised.
func TestUnready(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	f.at("2026-10-01")
	p, err := f.bills.Preview(f.month("2026-09"), false)
	f.must(err)
	const why = "neither a SIREN nor a mail address"
	if len(p.Unready) != 1 || !strings.Contains(p.Unready[0], why) || !strings.Contains(p.Unready[0], "accolade contact add kerlann") {
		t.Errorf("the preview says %q", p.Unready)
	}
	f.refuses(f.bills.Check(f.month("2026-09")), why)
}

// TestLate brings hours and headcounts for months that are finalised.
func TestLate(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	f.at("2026-10-01")
	f.work("kerlann", "2026-09-16", 1110)
	f.finalise("2026-09")
	f.at("2026-11-01")
	f.work("kerlann", "2026-09-20", 120) // 30 minutes of it beyond the allowance
	f.work("kerlann", "2026-10-06", 60)
	f.headcount("kerlann", "2026-09-21", 13) // 10 days of one more: 39 x 10 / 30
	oct := f.finalise("2026-10")[0]
	f.wantLines(oct, "2026-10 subscription 507.00", "2026-09 subscription 13.00", "2026-09 hours 30.00", "2026-10 hours 60.00")
	if !strings.Contains(oct.Lines[1].Title, "septembre 2026") || !strings.Contains(oct.Lines[2].Detail, "septembre 2026") {
		t.Errorf("the late lines do not name their month: %q, %q", oct.Lines[1].Title, oct.Lines[2].Detail)
	}
	f.at("2026-12-01")
	nov := f.finalise("2026-11")[0]
	f.wantLines(nov, "2026-11 subscription 507.00")
}

// TestLateCredit corrects hours that were invoiced.
func TestLateCredit(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 1)
	f.at("2026-10-01")
	for d := range 3 {
		f.work("kerlann", f.day("2026-09-16").AddDays(d).String(), 700)
	}
	wrong := f.work("kerlann", "2026-09-20", 60)
	sep := f.finalise("2026-09")[0]
	f.wantLines(sep, "2026-09 subscription 20.80", "2026-09 hours 960.00")
	f.at("2026-11-01")
	half := calendar.Minutes(30)
	_, err := f.ledger.Correct(anne, wrong.ID, support.Correction{Minutes: &half, Why: "lunch"})
	f.must(err)
	oct := f.finalise("2026-10")[0]
	f.wantLines(oct, "2026-10 subscription 39.00", "2026-09 hours -30.00")
	if oct.Total != 1080 {
		t.Errorf("October is %s, want 9.00 + 1.80", oct.Total)
	}
}

// TestHeldCredit keeps a credit that is larger than the invoice for later ones.
func TestHeldCredit(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 20)
	f.at("2026-10-01")
	f.finalise("2026-09")
	f.at("2026-11-01")
	_, err := f.book.SetHeadcount(anne, contract.Change{Client: "kerlann", Replace: true, Headcount: contract.Headcount{From: f.day("2026-09-15"), Count: 2}})
	f.must(err)
	p, err := f.bills.Preview(f.month("2026-10"), false)
	f.must(err)
	if p.Drafts[0].Held != -37440 {
		t.Errorf("held %s, want -374.40", p.Drafts[0].Held)
	}
	var credited money.Cents
	for m := f.month("2026-10"); m.Before(f.month("2027-10")); m = m.Add(1) {
		f.now = m.Add(1).First().Midnight(calendar.Paris()).Add(time.Hour)
		if m == f.month("2027-01") {
			f.headcount("kerlann", "2027-01-01", 20)
		}
		for _, inv := range f.finalise(m.String()) {
			if inv.Net < 0 {
				t.Errorf("%s is negative", inv.Number)
			}
			for _, l := range inv.Lines {
				if l.For == f.month("2026-09") {
					credited += l.Net
				}
			}
		}
	}
	if credited != -37440 {
		t.Errorf("credited %s in all, want -374.40 once", credited)
	}
}

func TestEarlyEnd(t *testing.T) {
	for _, early := range []contract.EarlyEnd{contract.Bill, contract.Waive} {
		f := newFirm(t)
		f.client("Kerlann", "classic", "2026-09-01", 2)
		end := contract.End{Client: "kerlann", On: f.day("2026-10-15"), Early: early}
		if early == contract.Waive { // the offer would bill it
			_, err := f.book.End(anne, end)
			f.refuses(err, "reason is missing: the offer classic bills the months left until 2027-08-31: say why they are waived")
			end.Reason = "l'école ferme"
		}
		k, err := f.book.End(anne, end)
		f.must(err)
		if k.Ending.Reason != end.Reason {
			t.Errorf("the reason is kept as %q", k.Ending.Reason)
		}
		f.at("2026-11-01")
		f.finalise("2026-09")
		want := []string{"2026-10 subscription 37.74"}
		if early == contract.Bill { // 16/31 of October and ten whole months, for two
			want = append(want, "2026-10 early-end 820.26")
		}
		f.wantLines(f.finalise("2026-10")[0], want...)
		f.at("2026-12-01")
		if rest := f.finalise("2026-11"); len(rest) != 0 {
			t.Errorf("%s: invoices after the end: %v", early, amounts(rest[0]))
		}
	}
}

func TestSolo(t *testing.T) {
	f := newFirm(t)
	f.client("Marie", "solo", "2026-09-10", 0)
	f.at("2026-11-01")
	f.work("marie", "2026-10-06", 95)
	f.wantLines(f.finalise("2026-09")[0], "2026-09 setup 250.00")
	f.wantLines(f.finalise("2026-10")[0], "2026-10 hours 95.00")
	f.at("2026-12-01")
	if rest := f.finalise("2026-11"); len(rest) != 0 {
		t.Errorf("an invoice over nothing: %+v", rest)
	}
}

func TestSoFar(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	f.at("2026-09-20")
	p, err := f.bills.Preview(f.month("2026-09"), true)
	f.must(err)
	if net, _, _ := p.Sums(); net != 9360 || p.SoFar != f.day("2026-09-20") { // 12 x 39 x 6/30
		t.Errorf("so far %s, want 93.60", net)
	}
	_, err = f.bills.Preview(f.month("2026-10"), true)
	f.refuses(err, "2026-10 has not begun")
}

// TestConcurrentNumbers finalises from many sides at once: no number is missing or
// taken twice.
func TestConcurrentNumbers(t *testing.T) {
	f := newFirm(t)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		f.client("Client "+name, "classic", "2026-09-15", 3)
	}
	f.at("2027-02-01")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for m := f.month("2026-09"); !m.After(f.month("2027-01")); m = m.Add(1) {
				if _, err := f.bills.Finalise(anne, m); err != nil {
					f.Error(err)
				}
			}
		})
	}
	wg.Wait()
	var numbers []string
	for m := f.month("2026-09"); !m.After(f.month("2027-01")); m = m.Add(1) {
		for _, inv := range f.finalise(m.String()) {
			numbers = append(numbers, inv.Number)
		}
	}
	if len(numbers) != 25 || numbers[0] != "F2026-0001" || numbers[19] != "F2026-0020" || numbers[20] != "F2027-0001" {
		t.Errorf("numbers = %v, want twenty of 2026 and five of 2027", numbers)
	}
}

func TestDocuments(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	f.at("2026-10-01")
	f.finalise("2026-09")
	var docs []billing.Document
	f.must(f.bills.MonthDocuments(t.Context(), f.month("2026-09"), func(doc billing.Document, _, _ int) { docs = append(docs, doc) }))
	file := filepath.Join(f.bills.Documents, docs[0].SHA256+".pdf")
	if b, err := os.ReadFile(file); err != nil || string(b) != "paper of F2026-0001" {
		t.Errorf("document = %q, %v", b, err)
	}
	f.must(os.WriteFile(file, []byte("damaged"), 0o600))
	f.at("2026-10-02")
	again, err := f.bills.Document("F2026-0001")
	f.must(err)
	if b, _ := os.ReadFile(file); string(b) != "paper of F2026-0001" || again != docs[0] {
		t.Errorf("a damaged file became %q, record %+v", b, again)
	}
	f.bills.Render = func(billing.Invoice) ([]byte, error) { return []byte("other"), nil }
	f.must(os.Remove(file))
	_, err = f.bills.Document("F2026-0001")
	f.refuses(err, "renders other bytes")
	left, err := os.ReadDir(f.bills.Documents)
	f.must(err)
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestXML: the hash of the XML is frozen, an invoice that cannot be written takes no
// number, and a file with another XML is not made.
func TestXML(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-14", 3)
	f.at("2026-10-01")
	f.bills.XML = func(billing.Invoice) ([]byte, error) { return nil, &operation.Refused{Why: "no address"} }
	_, err := f.bills.Finalise(anne, f.month("2026-09"))
	f.refuses(err, "no address")
	f.bills.XML = func(inv billing.Invoice) ([]byte, error) { return []byte("<" + inv.Number + "/>"), nil }
	done, err := f.bills.Finalise(anne, f.month("2026-09"))
	f.must(err)
	if len(done.Invoices) != 1 || done.Invoices[0] != "F2026-0001" {
		t.Fatalf("after a refusal the numbers are %v", done.Invoices)
	}
	f.bills.XML = func(billing.Invoice) ([]byte, error) { return []byte("<other/>"), nil }
	_, err = f.bills.Document("F2026-0001")
	f.refuses(err, "this program writes its XML as")
}

// TestNoDoorToChange looks for a way to change what is frozen: none of the package's
// exported methods takes an invoice, and tampering with the store is found.
func TestNoDoorToChange(t *testing.T) {
	service := reflect.TypeFor[*billing.Service]()
	for i := range service.NumMethod() {
		m := service.Method(i)
		for j := 1; j < m.Type.NumIn(); j++ {
			if in := m.Type.In(j); in == reflect.TypeFor[billing.Invoice]() || in == reflect.TypeFor[*billing.Invoice]() {
				t.Errorf("Service.%s takes an invoice", m.Name)
			}
		}
	}
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	f.at("2026-10-01")
	f.finalise("2026-09")
	_, err := f.book.EditClient(anne, "kerlann", func(c *contract.Client) error { c.Name = "Kerlann neuf"; return nil })
	f.must(err)
	inv, _, err := f.bills.Invoice("F2026-0001")
	f.must(err)
	if inv.Client.Name != "Kerlann" {
		t.Errorf("the frozen invoice follows the client's new name: %s", inv.Client.Name)
	}
	f.must(f.db.Update(func(tx store.Tx) error {
		key := []byte("c/invoice/F2026-0001")
		raw, err := tx.Get(key)
		if err != nil {
			return err
		}
		return tx.Put(key, bytes.Replace(raw, []byte(`"total":29952`), []byte(`"total":19952`), 1))
	}))
	_, _, err = f.bills.Invoice("F2026-0001")
	f.refuses(err, "F2026-0001 was changed after it was finalised")
}

// TestFailingStore leaves nothing half-written when the transaction fails at its end.
func TestFailingStore(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	f.at("2026-10-01")
	before := f.content()
	stop := os.ErrDeadlineExceeded
	err := f.db.Update(func(tx store.Tx) error {
		if _, err := f.bills.FinaliseTx(tx, anne, f.month("2026-09")); err != nil {
			return err
		}
		return stop
	})
	if err != stop || !bytes.Equal(before, f.content()) {
		t.Errorf("after a failed commit (%v) the store differs", err)
	}
	if got := f.finalise("2026-09")[0].Number; got != "F2026-0001" {
		t.Errorf("the number after a failed commit is %s, want F2026-0001", got)
	}
}

// TestFirstMonth takes over a contract whose first months were invoiced elsewhere:
// their hours count, their days and hours are not billed, neither now nor late.
func TestFirstMonth(t *testing.T) {
	f := newFirm(t)
	f.bills.From = f.month("2026-10")
	f.client("Kerlann", "classic", "2026-08-01", 2)
	f.at("2026-11-01")
	f.work("kerlann", "2026-08-10", 1190)
	f.work("kerlann", "2026-10-06", 30)
	_, err := f.bills.Finalise(anne, f.month("2026-09"))
	f.refuses(err, "before the first month that is invoiced here, 2026-10")
	oct := f.finalise("2026-10")[0]
	f.wantLines(oct, "2026-10 subscription 78.00", "2026-10 hours 20.00")
	f.at("2026-12-01")
	f.work("kerlann", "2026-09-10", 60)
	f.headcount("kerlann", "2026-09-01", 3)
	nov := f.finalise("2026-11")[0]
	f.wantLines(nov, "2026-11 subscription 117.00", "2026-10 subscription 39.00")
	if nov.Allowance.Used != 1280 {
		t.Errorf("used %s, want 21h20: hours of before count", nov.Allowance.Used)
	}
}

// TestLateEnd enters an end that lies in finalised months: what was billed too much
// is taken off, and what ending early costs is due, by the months they belong to.
func TestLateEnd(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-01", 2)
	f.at("2026-12-01")
	f.finalise("2026-09")
	f.finalise("2026-10")
	_, err := f.book.End(anne, contract.End{Client: "kerlann", On: f.day("2026-09-30"), Early: contract.Bill})
	f.must(err)
	// October was billed; it and the ten months after it are due in one line now.
	f.wantLines(f.finalise("2026-11")[0], "2026-09 early-end 858.00", "2026-10 subscription -78.00")
	_, err = f.book.End(anne, contract.End{Client: "kerlann", On: f.day("2026-09-30"), Early: contract.Waive, Reason: "fermé", Replace: true})
	f.must(err)
	f.at("2027-01-01")
	p, err := f.bills.Preview(f.month("2026-12"), false)
	f.must(err)
	if len(p.Drafts) != 1 || p.Drafts[0].Held != -85800 || p.Drafts[0].Due() {
		t.Errorf("December = %+v, want 858.00 held: no invoice can carry it", p.Drafts)
	}
}

// TestNoRoomForPapers loses no number when papers cannot be written: they are
// written later, from what was frozen.
func TestNoRoomForPapers(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 12)
	f.at("2026-10-01")
	f.must(os.WriteFile(f.bills.Documents, []byte("in the way"), 0o600))
	inv := f.finalise("2026-09")[0]
	_, err := f.bills.Document(inv.Number)
	f.refuses(err, "F2026-0001", "not a directory")
	f.must(os.Remove(f.bills.Documents))
	if paper, err := f.bills.Paper(inv.Number); err != nil || string(paper) != "paper of F2026-0001" {
		t.Errorf("paper = %q, %v", paper, err)
	}
	if again := f.finalise("2026-09"); len(again) != 1 || again[0].Number != inv.Number {
		t.Errorf("the month has %v now", again)
	}
}

// A public body that came to demand a field after it signed is not invoiced without.
func TestChorusProDemands(t *testing.T) {
	f := newFirm(t)
	f.at("2026-10-02")
	f.client("Kerlann", "classic", "2026-09-15", 12)
	edit := func(change func(*contract.Chorus)) {
		_, err := f.book.EditClient(anne, "kerlann", func(c *contract.Client) error {
			c.SIREN, c.SIRET = "", "35600000000048"
			change(&c.Chorus)
			return nil
		})
		f.must(err)
	}
	edit(func(c *contract.Chorus) { c.CommitmentDemanded, c.Service = true, "DSI" })
	f.refuses(f.bills.Check(f.month("2026-09")), "Kerlann demands", "commitment")
	_, err := f.bills.Finalise(anne, f.month("2026-09"))
	f.refuses(err, "Kerlann demands", "commitment")
	if done, err := f.bills.Months(); err != nil || len(done) > 0 {
		t.Errorf("a refused month left %v, %v", done, err)
	}
	edit(func(c *contract.Chorus) { c.Commitment = "EJ-42" })
	inv := f.finalise("2026-09")[0]
	if inv.Number != "F2026-0001" || inv.Client.Service != "DSI" || inv.Client.Commitment != "EJ-42" {
		t.Errorf("invoice %s carries %q and %q", inv.Number, inv.Client.Service, inv.Client.Commitment)
	}
}
