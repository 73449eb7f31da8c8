package billing

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
)

// house is a cooperative with its books open, at a time that is moved by hand.
type house struct {
	clock.Clock
	now    time.Time
	db     store.DB
	book   *contract.Book
	ledger *support.Ledger
	bills  *Service
}

func (h *house) Now() time.Time { return h.now }

func newHouse(t testing.TB, db store.DB) *house {
	offers := map[string]contract.Offer{}
	for _, name := range []string{"classic", "island", "solo"} {
		offers[name] = offer(t, name)
	}
	return houseWith(t, db, offers)
}

func houseWith(t testing.TB, db store.DB, offers map[string]contract.Offer) *house {
	h := &house{Clock: clock.Real(), db: db}
	h.book = contract.NewBook(h.db, h, calendar.Paris(), offers)
	h.ledger = support.NewLedger(h.db, h, calendar.Paris())
	h.bills = New(Options{DB: h.db, Clock: h, Zone: calendar.Paris(), Seller: seller(), Documents: t.TempDir()})
	h.to(calendar.NewDate(2026, 1, 1))
	return h
}

// to moves to nine in the morning of a day.
func (h *house) to(day calendar.Date) {
	h.now = day.Midnight(calendar.Paris()).Add(9 * time.Hour).UTC()
}

func (h *house) today() calendar.Date { return calendar.Of(h.now, calendar.Paris()) }

// sign brings a client with a contract.
func (h *house) sign(name, offer string, start calendar.Date, employees int) error {
	client, err := h.book.AddClient(anne, contract.Client{Name: name, Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}})
	if err == nil {
		_, err = h.book.Sign(anne, contract.New{Client: client.ID, Offer: offer, Start: start, Employees: employees})
	}
	return err
}

var anne = contract.Actor{Who: "anne", From: "unix"}

// TestAccountSaysWhatTheLedgerSays lives through arbitrary months, in which hours and
// headcounts come in time and late, hours are corrected and contracts end. Whatever
// happens, a draft from the account is the draft from the whole ledger, to the byte.
func TestAccountSaysWhatTheLedgerSays(t *testing.T) {
	offers := map[string]contract.Offer{"classic": offer(t, "classic"), "island": offer(t, "island"), "solo": offer(t, "solo")}
	island, solo := offers["island"], offers["solo"]
	island.Travel = contract.Trips{Rule: contract.PerTrip, Each: contract.PriceOf(700)}
	solo.Travel = contract.Trips{Rule: contract.PerMode, Bike: contract.PriceOf(0), Truck: contract.PriceOf(2550)}
	offers["island"], offers["solo"] = island, solo
	rapid.Check(t, func(rt *rapid.T) {
		h := houseWith(t, store.Memory(), offers)
		if rapid.Bool().Draw(rt, "taken over") {
			h.bills.From = calendar.Month{Year: 2026, Month: 3}
		}
		clients := []string{"a", "b", "c"}
		for i, offer := range []string{"classic", "island", "solo"} {
			employees := i + 3
			if offer == "solo" {
				employees = 0
			}
			if err := h.sign(clients[i], offer, h.today().AddDays(rapid.IntRange(0, 90).Draw(rt, "start")), employees); err != nil {
				rt.Fatal(err)
			}
		}
		var booked []string
		// What is refused (a day without a contract, an entry corrected twice) changes nothing.
		actions := map[string]func(*rapid.T){
			"work": func(rt *rapid.T) {
				e, err := h.ledger.Add(anne, h.travelling(rt, support.Booking{Client: rapid.SampledFrom(clients).Draw(rt, "client"), Who: "anne", Minutes: calendar.Minutes(rapid.IntRange(1, 480).Draw(rt, "minutes")),
					Kind: rapid.SampledFrom(contract.Works).Draw(rt, "kind"), Date: h.today().AddDays(-rapid.IntRange(0, 70).Draw(rt, "ago"))}))
				if err == nil {
					booked = append(booked, e.ID)
				}
			},
			"correct": func(rt *rapid.T) {
				if len(booked) == 0 {
					return
				}
				minutes := calendar.Minutes(rapid.IntRange(0, 600).Draw(rt, "minutes"))
				made, err := h.ledger.Correct(anne, rapid.SampledFrom(booked).Draw(rt, "entry"), support.Correction{Minutes: &minutes, Why: "wrong"})
				if err == nil && len(made) == 2 {
					booked = append(booked, made[1].ID)
				}
			},
			"headcount": func(rt *rapid.T) {
				_, _ = h.book.SetHeadcount(anne, contract.Change{Client: rapid.SampledFrom(clients[:2]).Draw(rt, "client"), Replace: true,
					Headcount: contract.Headcount{From: h.today().AddDays(rapid.IntRange(-90, 40).Draw(rt, "from")), Count: rapid.IntRange(1, 25).Draw(rt, "count")}})
			},
			"end": func(rt *rapid.T) {
				if rapid.IntRange(0, 9).Draw(rt, "really") > 0 {
					return
				}
				_, _ = h.book.End(anne, contract.End{Client: rapid.SampledFrom(clients).Draw(rt, "client"), Replace: true, On: h.today().AddDays(rapid.IntRange(-60, 60).Draw(rt, "on")),
					Early: rapid.SampledFrom([]contract.EarlyEnd{contract.Bill, contract.Waive}).Draw(rt, "early"), Reason: "geste"})
			},
			"month": func(rt *rapid.T) {
				last := h.today().MonthOf()
				h.to(last.Add(1).First())
				pending, err := h.bills.Pending(last)
				if err != nil {
					rt.Fatal(err)
				}
				if rapid.IntRange(0, 5).Draw(rt, "leave open") == 0 {
					return
				}
				for _, m := range pending {
					if _, err := h.bills.Finalise(anne, m); err != nil {
						rt.Fatal(err)
					}
				}
				h.same(rt)
			},
			"credit":  func(rt *rapid.T) { h.creditAny(rt, rapid.IntRange(0, 2).Draw(rt, "replace") > 0) },
			"compare": func(rt *rapid.T) { h.same(rt) },
		}
		rt.Repeat(actions)
	})
}

// travelling gives travel a mode, or leaves it open.
func (h *house) travelling(t *rapid.T, b support.Booking) support.Booking {
	if b.Kind == contract.Travel {
		b.Mode = rapid.SampledFrom([]fleet.Travel{"", fleet.Bike, fleet.Truck}).Draw(t, "mode")
	}
	return b
}

// same compares the drafts of the next months and what the check says.
func (h *house) same(t interface{ Fatal(...any) }) {
	if wrong, err := h.bills.Differences(context.Background()); err != nil || len(wrong) > 0 {
		t.Fatal("the check says", wrong, err)
	}
	err := h.db.View(func(tx store.Tx) error {
		last, err := lastFinalised(tx)
		if err != nil {
			return err
		}
		all, err := contract.AllContracts(tx)
		if err != nil {
			return err
		}
		for _, k := range all {
			kept, err := h.bills.caseOf(tx, k, last)
			if err != nil {
				return err
			}
			whole, err := h.bills.wholeCase(tx, k, last)
			if err != nil {
				return err
			}
			for _, m := range []calendar.Month{h.today().MonthOf(), h.today().MonthOf().Add(2)} {
				if diff := cmp.Diff(Compute(m, calendar.Date{}, whole, seller()), Compute(m, calendar.Date{}, kept, seller()),
					cmpopts.IgnoreUnexported(Draft{}), cmpopts.EquateEmpty()); diff != "" {
					return fmt.Errorf("%s of %s: from the account (+) it is something else than from the ledger (-):\n%s", m, k.ID, diff)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestWrongAccount falsifies what is kept in each way there is: the check names it, and
// the month that is finalised next comes to what the ledger says.
func TestWrongAccount(t *testing.T) {
	for what, c := range map[string]struct {
		falsify func(store.Tx) error
		says    string
	}{
		"minutes used": {func(tx store.Tx) error {
			return falsified(tx, func(a *Account) { a.Used[0] = 1 })
		}, "minutes used are kept as map[0:1min]"},
		"an open entry lost": {func(tx store.Tx) error {
			return support.KeepUnsettled(tx, "kerlann-1", nil)
		}, "hours not settled are kept as [], the ledger has [H000002]"},
		"an entry open that was settled": {func(tx store.Tx) error {
			all, err := support.EntriesOf(tx, "kerlann-1")
			if err != nil {
				return err
			}
			return support.KeepUnsettled(tx, "kerlann-1", all)
		}, "hours not settled are kept as [H000001 H000002]"},
		"an entry open that is not there": {func(tx store.Tx) error {
			return support.KeepUnsettled(tx, "kerlann-1", []support.Entry{{ID: "H000009"}})
		}, `no entry "H000009"`},
		"even though a headcount came late": {func(tx store.Tx) error {
			k, err := contract.ContractByID(tx, "kerlann-1")
			if err != nil {
				return err
			}
			digest, err := terms(k, calendar.Month{}, calendar.Month{Year: 2026, Month: 1})
			if err != nil {
				return err
			}
			return falsified(tx, func(a *Account) { a.Even = digest })
		}, "closed months are kept as even, and 1 amounts of them are late"},
	} {
		t.Run(what, func(t *testing.T) {
			h := newHouse(t, store.Memory())
			must := func(err error) {
				t.Helper()
				if err != nil {
					t.Fatal(err)
				}
			}
			work := func(day string, minutes calendar.Minutes) {
				t.Helper()
				_, err := h.ledger.Add(anne, support.Booking{Client: "kerlann", Date: date(t, day), Minutes: minutes, Kind: contract.Training, Who: "anne"})
				must(err)
			}
			must(h.sign("Kerlann", "classic", date(t, "2026-01-01"), 12))
			h.to(date(t, "2026-02-10"))
			work("2026-01-20", 1000)
			_, err := h.bills.Finalise(anne, month(t, "2026-01"))
			must(err)
			work("2026-02-05", 300)
			_, err = h.book.SetHeadcount(anne, contract.Change{Client: "kerlann", Headcount: contract.Headcount{From: date(t, "2026-01-15"), Count: 13}})
			must(err)
			h.to(date(t, "2026-03-01"))
			right, err := h.bills.Preview(month(t, "2026-02"), false)
			must(err)

			must(h.db.Update(c.falsify))
			wrong, err := h.bills.Differences(t.Context())
			must(err)
			if len(wrong) != 1 || wrong[0].Contract != "kerlann-1" || !strings.Contains(wrong[0].What, c.says) {
				t.Errorf("the check says %+v, want of kerlann-1: %s", wrong, c.says)
			}
			must(h.bills.mend(t.Context(), anne))
			_, err = h.bills.Finalise(anne, month(t, "2026-02"))
			must(err)
			got, err := h.bills.Invoices(month(t, "2026-02"))
			must(err)
			want := right.Drafts[0].Invoice
			want.Number = got[0].Number
			if diff := cmp.Diff(want, got[0]); diff != "" {
				t.Errorf("the invoice is not what the ledger says:\n%s", diff)
			}
			if wrong, err := h.bills.Differences(t.Context()); err != nil || len(wrong) > 0 {
				t.Errorf("after the month was finalised the check says %v, %v", wrong, err)
			}
		})
	}
}

func falsified(tx store.Tx, change func(*Account)) error {
	a, err := accounts.Get(tx, "kerlann-1")
	if err != nil {
		return err
	}
	change(&a)
	return accounts.Put(tx, a.Contract, a)
}

// TestOldStore finalises months as a program did that kept no accounts, and wants the
// next one to come to the same.
func TestOldStore(t *testing.T) {
	h := newHouse(t, store.Memory())
	if err := h.sign("Kerlann", "classic", date(t, "2026-01-01"), 12); err != nil {
		t.Fatal(err)
	}
	for m := month(t, "2026-01"); m.Before(month(t, "2026-07")); m = m.Add(1) {
		h.to(m.Add(1).First())
		if _, err := h.ledger.Add(anne, support.Booking{Client: "kerlann", Date: m.Last(), Minutes: 400, Kind: contract.Training, Who: "anne"}); err != nil {
			t.Fatal(err)
		}
		before, err := h.bills.Preview(m, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.db.Update(func(tx store.Tx) error {
			if err := accounts.Delete(tx, "kerlann-1"); err != nil {
				return err
			}
			for key := range tx.Scan([]byte("c/unsettled/")) {
				if err := tx.Delete(key); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		after, err := h.bills.Preview(m, false)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, after, cmpopts.IgnoreUnexported(Draft{})); diff != "" {
			t.Fatalf("%s without accounts (+) is something else than with (-):\n%s", m, diff)
		}
		if m.Month%2 == 0 { // entries that are booked before a month is settled again
			if _, err := h.ledger.Add(anne, support.Booking{Client: "kerlann", Date: m.Last().AddDays(-1), Minutes: 10, Kind: contract.Training, Who: "anne"}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.bills.Finalise(anne, m); err != nil {
			t.Fatal(err)
		}
		h.same(t)
	}
}
