package timesheet_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/store"
	"codeberg.org/accolade/accolade/internal/support"
	"codeberg.org/accolade/accolade/internal/support/timesheet"
)

var anne = contract.Actor{Who: "anne", From: "unix"}

// noon is a clock that stands.
type noon struct{ clock.Clock }

func (noon) Now() time.Time { return time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC) }

// office is a store with three clients since September.
func office(t *testing.T) *store.MemoryDB {
	t.Helper()
	db, clk := store.Memory(), noon{clock.Real()}
	offers, err := contract.ReadOffers("")
	if err != nil {
		t.Fatal(err)
	}
	classic := offers["classic"]
	classic.Hour = contract.PriceOf(6000)
	offers["classic"] = classic
	book := contract.NewBook(db, clk, calendar.Paris(), offers)
	for _, name := range clients {
		if _, err := book.AddClient(anne, contract.Client{Name: name, Kind: contract.School, Address: contract.Address{Lines: []string{"1 rue"}, PostCode: "56100", City: "Lorient"}}); err != nil {
			t.Fatal(err)
		}
		if _, err := book.Sign(anne, contract.New{Client: name, Offer: "classic", Start: calendar.NewDate(2026, 9, 15), Employees: 3}); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

func ledger(db store.DB) *support.Ledger {
	return support.NewLedger(db, noon{clock.Real()}, calendar.Paris())
}

var clients = []string{"kerlann", "penmarch", "riec"}

var text = rapid.OneOf(rapid.Just(""), rapid.StringN(0, 20, 60), rapid.SampledFrom([]string{"=1+1", "'t Hof", "''", "-", "+33", "@x", "_x0041_", "1.50", "2026-10-06", "a;b\"c,d", "total", "12", "0.5", "\u2028é\u00a0e\u0301"}))

// work books and corrects a drawn ledger; what the ledger refuses is not in it.
func work(t *rapid.T, l *support.Ledger) {
	for range rapid.IntRange(0, 25).Draw(t, "bookings") {
		b := support.Booking{Client: rapid.SampledFrom(clients).Draw(t, "client"), Kind: rapid.SampledFrom(contract.Works).Draw(t, "kind"),
			Date: calendar.NewDate(2026, 10, 20).AddDays(rapid.IntRange(0, 8).Draw(t, "day")), Minutes: calendar.Minutes(rapid.IntRange(1, 300).Draw(t, "minutes")),
			Who: rapid.SampledFrom([]string{"anne", "paul", "=x"}).Draw(t, "who"), For: text.Draw(t, "for"), Where: text.Draw(t, "where"), Note: text.Draw(t, "note"), Private: text.Draw(t, "private"),
			Began: rapid.SampledFrom([]string{"", "00:00", "02:30", "02:45:10", "02:30:00+01:00", "02:10:05+02:00", "09:00", "14:30", "23:59:59"}).Draw(t, "began")}
		if b.Kind == contract.Travel {
			b.Mode = rapid.SampledFrom([]fleet.Travel{"", fleet.Bike, fleet.Truck}).Draw(t, "mode")
		}
		var made []support.Entry
		var err error
		if rapid.Bool().Draw(t, "group") {
			made, err = l.AddGroup(anne, b, []support.Seat{{Client: clients[0], Seats: rapid.IntRange(1, 9).Draw(t, "seats")}, {Client: clients[1], Seats: 2}})
		} else {
			made = make([]support.Entry, 1)
			made[0], err = l.Add(anne, b)
		}
		if err != nil || !rapid.Bool().Draw(t, "correct") {
			continue
		}
		c := support.Correction{Why: "x", Minutes: new(calendar.Minutes(rapid.IntRange(0, 90).Draw(t, "right minutes")))}
		if rapid.Bool().Draw(t, "moved") {
			c.Date = new(b.Date.AddDays(1))
		}
		_, _ = l.Correct(anne, made[0].ID, c)
	}
}

// kept is what a sheet keeps of an entry: neither who booked it when, nor its number.
var kept = cmp.Options{cmpopts.IgnoreFields(support.Entry{}, "ID", "Booked", "By", "Source", "Replaces"), cmpopts.IgnoreFields(support.Group{}, "ID"), cmpopts.EquateEmpty()}

// TestThereAndBack: a drawn ledger is exported and imported into an empty one: the
// same work stands there, in the same sessions, and exported again it gives the same
// rows.
func TestThereAndBack(t *testing.T) {
	empty := office(t)
	rapid.Check(t, func(t *rapid.T) {
		one := ledger(empty.Clone())
		work(t, one)
		formats := []timesheet.Format{timesheet.CSV}
		if rapid.IntRange(0, 2).Draw(t, "also as XLSX, which takes its time") == 0 {
			formats = append(formats, timesheet.XLSX)
		}
		for _, format := range formats {
			two := ledger(empty.Clone())
			file, before := export(t, one, format)
			rows, bad, err := timesheet.Read(file, "nobody")
			if err != nil || len(bad) > 0 {
				t.Fatalf("the sheet is not read: %v %v", err, bad)
			}
			if _, err := two.Import(anne, support.Import{Name: "hours", Data: file, Rows: rows}); err != nil {
				t.Fatalf("the sheet is not booked: %v", err)
			}
			again, after := export(t, two, format)
			if diff := cmp.Diff(before, after, kept); diff != "" {
				t.Fatal(diff)
			}
			if sessions(before) != sessions(after) {
				t.Fatalf("sessions %s became %s", sessions(before), sessions(after))
			}
			anew, _, err := timesheet.Read(again, "nobody")
			if diff := cmp.Diff(rows, anew, cmpopts.IgnoreFields(support.Shared{}, "Session"), cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Fatal(err, diff)
			}
		}
	})
}

// sessions tells which entries, by their place, are of one session.
func sessions(all []support.Entry) string {
	number := map[string]int{}
	var b strings.Builder
	for _, e := range all {
		if e.Group == nil {
			b.WriteString("- ")
			continue
		}
		if _, seen := number[e.Group.ID]; !seen {
			number[e.Group.ID] = len(number)
		}
		fmt.Fprintf(&b, "%d ", number[e.Group.ID])
	}
	return b.String()
}

func export(t *rapid.T, l *support.Ledger, f timesheet.Format) ([]byte, []support.Entry) {
	all, err := l.List(support.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	standing := support.Standing(all)
	var sum calendar.Minutes
	for _, e := range all {
		sum += e.Minutes
	}
	for _, e := range standing {
		sum -= e.Minutes
	}
	if sum != 0 {
		t.Fatalf("what stands differs from the ledger by %s", sum)
	}
	var b bytes.Buffer
	if err := timesheet.Write(&b, f, standing, timesheet.Options{Private: true, Zone: calendar.Paris()}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), standing
}

// TestPrivate: notes for us alone go out only where they are asked for.
func TestPrivate(t *testing.T) {
	entries := []support.Entry{{Client: "kerlann", Date: calendar.NewDate(2026, 10, 6), Minutes: 60, Kind: contract.Training, Who: "anne", Private: "radin"}}
	for _, format := range []timesheet.Format{timesheet.CSV, timesheet.XLSX} {
		for _, with := range []bool{false, true} {
			var b bytes.Buffer
			if err := timesheet.Write(&b, format, entries, timesheet.Options{Private: with, Zone: calendar.Paris()}); err != nil {
				t.Fatal(err)
			}
			rows, _, err := timesheet.Read(b.Bytes(), "")
			if err != nil || (rows[0].Booking.Private != "") != with {
				t.Errorf("%s, asked for %t: %+v, %v", format, with, rows, err)
			}
		}
	}
}

// workbook is one that somebody typed.
func workbook(t testing.TB, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	for i, r := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &r); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestTypedWorkbook: days and times are numbers there, rows may be empty, and half an
// hour is not guessed from 0.5.
func TestTypedWorkbook(t *testing.T) {
	rows, bad, err := timesheet.Read(workbook(t, []any{"Date", "client", "minutes", "kind", "began", "note"},
		[]any{46301, "kerlann", 90, "Training", 0.604166666666667, "tableur"},
		[]any{},
		[]any{"2026-10-07", "riec", "1h30", "training"},
		[]any{46301, "kerlann", 0.5, "training"},
		[]any{"hier", "kerlann", 5, "training"},
		[]any{46301, "kerlann", 5, "training", "", "", "more"}), "anne")
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 2 || rows[0].Booking != (support.Booking{Client: "kerlann", Date: calendar.NewDate(2026, 10, 6), Minutes: 90, Kind: "training", Who: "anne", Note: "tableur", Began: "14:30:00"}) || rows[1].Line != 4 {
		t.Errorf("rows %+v", rows)
	}
	want := `[{5 duration "0.5": want 18h30, 2h, 45min, 1:30 or whole minutes} {6 date "hier": want the form 2026-09-15} {7 7 fields, the header has 6}]`
	if got := fmt.Sprint(bad); got != want {
		t.Errorf("bad rows %s\nwant %s", got, want)
	}
}

// TestSpoiltSheets are refused as a whole, with a sentence.
func TestSpoiltSheets(t *testing.T) {
	for data, want := range map[string]string{
		"":                              "the file is empty",
		"date;client\n":                 "column minutes is missing",
		"date;date\n":                   "stands twice",
		"datum\n":                       `column "datum" is not known`,
		"\xff\xfe":                      "not UTF-8",
		"\"":                            "extraneous",
		"PK\x03\x04 and no more":        "no workbook that can be read",
		string(workbook(t)):             "the file is empty",
		string(workbook(t, []any{"x"})): `column "x" is not known`,
	} {
		if _, _, err := timesheet.Read([]byte(data), ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", data, err, want)
		}
	}
	for row, want := range map[string]string{
		"S1;1;3;":   `duration ""`,
		"S1;x;3;90": `seats "x": want a number of seats of the session S1`,
		"S1;3;3;90": "seats 3 of 3",
		";1;3;90":   "seats 1: it belongs to a session",
		"S1;1;0;90": `of seats "0"`,
	} {
		_, bad, err := timesheet.Read([]byte("date;client;minutes;kind;session;seats;of seats;session minutes\n2026-10-06;k;30;training;"+row), "")
		if err != nil || len(bad) != 1 || !strings.Contains(bad[0].Why, want) {
			t.Errorf("%s: %v %v, want %q", row, bad, err, want)
		}
	}
}

// FuzzRead: a sheet of either kind is read or refused, and a refused one gives no rows.
func FuzzRead(f *testing.F) {
	f.Add([]byte("date;client;minutes;kind\n2026-10-06;k;90;training\n"))
	f.Add([]byte("\ufeffdate,client,minutes,kind\n\"\n"))
	f.Add([]byte("date;client;minutes;kind;session;seats;of seats;session minutes\n2026-10-06;k;30;training;S;1;3;90\n"))
	f.Add(workbook(f, []any{"date", "client", "minutes", "kind", "began"}, []any{46301, "k", 90, "training", 0.6}, []any{"total"}))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, bad, err := timesheet.Read(data, "anne")
		if err != nil && (rows != nil || bad != nil) {
			t.Error("a refused file gave rows")
		}
		for _, r := range rows {
			if r.Line < 2 || r.Booking.Minutes < 0 || r.Booking.Date.IsZero() || (r.Shared.Session == "") != (r.Shared.Of == 0) {
				t.Errorf("row %+v", r)
			}
		}
	})
}
