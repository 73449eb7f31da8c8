package support_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/support"
	"codeberg.org/accolade/accolade/internal/support/timesheet"
)

// book reads a sheet and imports it.
func book(l *support.Ledger, in support.Import) ([]support.Entry, error) {
	rows, bad, err := timesheet.Read(in.Data, anne.Who)
	if err != nil {
		return nil, &contract.Invalid{Field: "file", Value: in.Name, Allowed: err.Error()}
	}
	in.Rows, in.Bad = rows, bad
	return l.Import(anne, in)
}

func TestImport(t *testing.T) {
	l, _ := office(t)
	sheet := func(rows ...string) support.Import {
		return support.Import{Name: "hours.csv", Data: []byte("\ufeffdate;client;minutes;kind;note\n" + strings.Join(rows, "\n"))}
	}
	_, err := book(l, sheet("2026-10-06;kerlann;1h30;training;ok", "2026-02-30;kerlann;60;training;", "2026-10-07;nobody;60;training;",
		"2026-10-07;kerlann;1.5;training;", "2026-10-07;kerlann;60;training", "2026-10-08;kerlann;1500;training;"))
	wants(t, err, "hours.csv: 5 of 6 rows", `line 3: date "2026-02-30": there is no such day`, "line 4:", `"nobody"`, `line 5: duration "1.5"`, "line 6: 4 fields, the header has 5", "line 7: minutes 1500")
	if all, _ := l.List(support.Filter{}); len(all) != 0 {
		t.Errorf("%d entries were booked from a bad file", len(all))
	}
	good := sheet("2026-10-06;kerlann;1h30;training;ok", "2026-10-06;penmarch;30min;assistance;")
	good.DryRun = true
	if made, err := book(l, good); err != nil || len(made) != 2 {
		t.Errorf("dry run: %d, %v", len(made), err)
	}
	good.DryRun = false
	if made, err := book(l, good); err != nil || len(made) != 2 || made[0].Who != "anne" || made[0].Source != "hours.csv" {
		t.Errorf("import: %+v, %v", made, err)
	}
	_, err = book(l, good)
	wants(t, err, "imported on 2026-11-02")
	for data, want := range map[string]string{"": "empty", "date;client\n": "column minutes is missing", "date;date\n": "stands twice", "datum\n": `column "datum" is not known`, "\xff\xfe": "not UTF-8"} {
		_, err := book(l, support.Import{Name: "x.csv", Data: []byte(data)})
		wants(t, err, want)
	}
}

// TestManyBadRows names three bad rows among a thousand.
func TestManyBadRows(t *testing.T) {
	l, _ := office(t)
	var b strings.Builder
	b.WriteString("date,client,minutes,kind,technician\n")
	for i := range 1000 {
		client := "kerlann"
		if i == 10 || i == 500 || i == 999 {
			client = "nobody"
		}
		fmt.Fprintf(&b, "2026-10-06,%s,1,assistance,tech %d\n", client, i)
	}
	_, err := book(l, support.Import{Name: "big.csv", Data: []byte(b.String())})
	var bad *support.BadRows
	if !errors.As(err, &bad) || len(bad.Rows) != 3 || bad.Rows[0].Line != 12 || bad.Rows[2].Line != 1001 {
		t.Errorf("error %v, want lines 12, 502 and 1001", err)
	}
}
