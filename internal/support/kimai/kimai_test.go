package kimai_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/support"
	"codeberg.org/accolade/accolade/internal/support/kimai"
)

const mapping = `
users: {anne: anne, "7": paul}
customers: {"Mairie de Kerlann": kerlann, Interne: "-"}
projects: {"12": kerlann, "Coop/Partage": penmarch}
activities: {Formation: training, "3": assistance}
`

func mapped(t interface{ Fatal(...any) }) kimai.Mapping {
	m, err := kimai.ReadMapping("map.yaml", []byte(mapping))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const head = "Date,From,To,Duration,Currency,Price,\"Internal price\",\"Hourly price\",\"Fixed price\",Name,User,email,\"Staff number\",Customer,Project,Activity,Description,Billable,Tags,Type,category,Account,project_number,VAT-ID,\"Order number\"\n"

func row(day, from, to, took, user, customer, project, activity, note string) string {
	return strings.Join([]string{day, from, to, took, "EUR,0,0,0,0", "Anne Le Goff", user, "anne@example.fr,", customer, project, activity, note, "1,,timesheet,work,,,,"}, ",") + "\n"
}

// show writes what a file holds, in short.
func show(t support.Takeover) string {
	var b strings.Builder
	for _, f := range t.Records {
		fmt.Fprintf(&b, "%d %s %s %s %s %s %s %s\n", f.Line, f.ID, f.Who, f.Client, f.Kind, f.Began.UTC().Format("2006-01-02T15:04:05"), f.Took, f.Note)
	}
	for _, r := range t.Left {
		fmt.Fprintf(&b, "left %d %s\n", r.Line, r.Why)
	}
	for _, r := range t.Bad {
		fmt.Fprintf(&b, "bad %d %s\n", r.Line, r.Why)
	}
	return b.String()
}

// TestFiles reads both kinds as Kimai writes them.
func TestFiles(t *testing.T) {
	for name, c := range map[string]struct{ file, want string }{
		"csv": {head +
			row("2026-11-02", "09:00", "10:30", "1:30", "anne", "Mairie de Kerlann", "Serveur", "Formation", "\"' -> réunion\nà deux\"") +
			row("2026-07-02", "09:00", "10:30", "1.5", "anne", "Coop", "Partage", "travel", "") +
			row("2026-11-02", "11:00", "", "0:00", "anne", "Mairie de Kerlann", "Serveur", "Formation", "") +
			row("2026-11-02", "11:00", "11:30", "0:30", "anne", "Interne", "Réunion", "thé", "") +
			row("2026-11-31", "09:00", "10:30", "1:30", "anne", "Mairie de Kerlann", "Serveur", "Formation", "") +
			row("2026-11-02", "9h", "10:30", "1:30", "anne", "Mairie de Kerlann", "Serveur", "Formation", "") +
			row("2026-11-02", "09:00", "10:30", "1h30", "anne", "Mairie de Kerlann", "Serveur", "Formation", "") +
			row("2026-11-02", "09:00", "10:30", "1:30", "eve", "Mairie de Kerlann", "Serveur", "Formation", "") +
			row("2026-11-02", "09:00", "10:30", "1:30", "anne", "Mairie de Kerlann", "Serveur", "Thé", "") +
			"2026-11-02,09:00\n",
			`2  anne kerlann training 2026-11-02T08:00:00 1h30m0s -> réunion
à deux
4  anne penmarch travel 2026-07-02T07:00:00 1h30m0s 
left 5 it runs still; the next import takes it
left 6 the mapping leaves it out
bad 7 date "2026-11-31": there is no such day: November 2026 has 30 days
bad 8 begin "9h": want a time such as 09:00
bad 9 duration "1h30": want 1:30, 1:30:15 or hours such as 1.5
bad 12 2 fields, the header has 25
bad 10 user eve or Anne Le Goff is not in the mapping: add it under users
bad 11 activity Thé is not in the mapping: add it under activities
`},
		"json": {`[
 {"activity":3,"project":12,"user":7,"tags":[],"id":41,"begin":"2026-11-02T09:00:00+0100","end":"2026-11-02T10:30:30+0100","duration":5430,"break":0,"description":"imprimante","rate":0.0,"internalRate":0.0,"exported":false,"billable":true,"metaFields":[]},
 {"activity":{"id":9,"name":"Formation"},"project":{"id":13,"name":"Partage","customer":{"id":2,"name":"Coop"}},"user":{"id":8,"username":"anne","alias":"Anne"},"id":42,"begin":"2026-07-01T23:30:00-0200","end":"2026-07-02T00:30:00-0200","duration":3000,"break":600,"description":null},
 {"activity":3,"project":12,"user":7,"id":43,"begin":"2026-11-02T09:00:00+0100","end":null,"duration":0},
 {"activity":3,"project":99,"user":7,"id":44,"begin":"2026-11-02T09:00:00+0100","end":"2026-11-02T10:30:00+0100","duration":5400},
 {"activity":3,"project":12,"user":7,"id":45,"begin":"2026-11-02 09:00","end":"2026-11-02T10:30:00+0100","duration":5400},
 {"activity":3,"project":12,"user":7,"id":46,"begin":"2026-11-02T09:00:00+0100","end":"2026-11-02T08:30:00+0100","duration":-5},
 {"activity":3,"project":12,"user":7,"begin":"2026-11-02T09:00:00+0100"}
]
[{"activity":3,"project":12,"user":7,"id":47,"begin":"2026-11-03T09:00:00+0100","end":"2026-11-03T10:00:00+0100","duration":"3600"}]`,
			`2 41 paul kerlann assistance 2026-11-02T08:00:00 1h30m30s imprimante
3 42 anne penmarch training 2026-07-02T01:30:00 50m0s 
left 4 record 43: it runs still; the next import takes it
bad 6 record 45: begin "2026-11-02 09:00": want a time such as 2026-11-02T09:00:00+0100
bad 7 record 46: end "2026-11-02T08:30:00+0100": it lies before the begin 2026-11-02T09:00:00+0100
bad 8 id is missing: want Kimai's number of the record
bad 10 not a timesheet: json: cannot unmarshal string into Go struct field timesheet.duration of type int64
bad 5 record 44: project 99 is not in the mapping: add it under projects
`},
	} {
		got, err := kimai.Read(name, []byte(c.file), mapped(t), calendar.Paris())
		if err != nil || show(got) != c.want {
			t.Errorf("%s (%v):\n%s\nwant\n%s", name, err, show(got), c.want)
		}
	}
}

// TestSpoiltFiles are refused as a whole, with a sentence.
func TestSpoiltFiles(t *testing.T) {
	for file, want := range map[string]string{
		"":      "the file is empty",
		"a,b\n": "column date is missing from the header",
		"Date,From,Duration,Customer,Project,Activity\n": "column User is missing",
		`{"code":401,"message":"no"}`:                    "want an array of timesheets",
		`[{"id":1}`:                                      "line 1: unexpected EOF",
		"[\xff]":                                         "the file is not UTF-8",
		"Date,Date,From,Duration,User,Customer,Project,Activity\n": "two columns are called date",
	} {
		if _, err := kimai.Read("f", []byte(file), mapped(t), calendar.Paris()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", file, err, want)
		}
	}
	for file, want := range map[string]string{
		"users: [a]":             "map.yaml:1:8",
		"user: {a: b}":           `unknown field "user"`,
		"activities: {A: tea}":   "A: tea",
		"users: {anne}":          "users anne is refused: it has no value",
		"projects: {a: ' '}":     "projects a is refused: it has no value",
		"timezone: Mars/Olympus": "want a name such as Europe/Paris",
	} {
		if _, err := kimai.ReadMapping("map.yaml", []byte(file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", file, err, want)
		}
	}
}

// TestCSVAndJSONAgree: the same work, written as CSV and as JSON, is read as the same
// instants and, to the minute, the same time; across changes of the clock too.
func TestCSVAndJSONAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		began := time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 400*24*60).Draw(t, "minute")) * time.Minute).In(calendar.Paris())
		if again := time.Date(began.Year(), began.Month(), began.Day(), began.Hour(), began.Minute(), 0, 0, calendar.Paris()); !again.Equal(began) {
			return // the hour that comes twice: a CSV does not say which
		}
		seconds := rapid.IntRange(60, 30*3600).Draw(t, "seconds")
		note := rapid.StringMatching(`[a-zé=@' ,"-]{0,12}`).Draw(t, "note")
		if strings.HasPrefix(note, "' ") {
			return // a CSV does not say whether Kimai or its user began so
		}
		var csvFile bytes.Buffer
		w := csv.NewWriter(&csvFile)
		guarded := note
		if note != "" && strings.ContainsRune("=-@+", rune(note[0])) {
			guarded = "' " + note
		}
		_ = w.Write([]string{"Date", "From", "To", "Duration", "User", "Customer", "Project", "Activity", "Description"})
		_ = w.Write([]string{began.Format("2006-01-02"), began.Format("15:04"), "x", fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60), "anne", "Coop", "Partage", "Formation", guarded})
		w.Flush()
		jsonFile, err := json.Marshal([]map[string]any{{"id": 1, "begin": began.Format("2006-01-02T15:04:05-0700"), "end": began.Add(time.Duration(seconds) * time.Second).Format("2006-01-02T15:04:05-0700"),
			"duration": seconds, "user": map[string]any{"id": 2, "username": "anne"}, "project": map[string]any{"id": 1, "name": "Partage", "customer": map[string]any{"id": 1, "name": "Coop"}},
			"activity": map[string]any{"id": 1, "name": "Formation"}, "description": note}})
		if err != nil {
			t.Fatal(err)
		}
		one, err1 := kimai.Read("a.csv", csvFile.Bytes(), mapped(t), calendar.Paris())
		two, err2 := kimai.Read("a.json", jsonFile, mapped(t), calendar.Paris())
		if err1 != nil || err2 != nil || len(one.Records) != 1 || len(two.Records) != 1 {
			t.Fatalf("%v, %v:\n%s%s", err1, err2, show(one), show(two))
		}
		a, b := one.Records[0], two.Records[0]
		if !a.Began.Equal(b.Began) || a.Took != b.Took || a.Client != b.Client || a.Note != b.Note || a.Who != b.Who || a.Kind != contract.Training {
			t.Fatalf("CSV %+v\nJSON %+v", a, b)
		}
	})
}

// FuzzRead: whatever a file holds, it is read or refused, and what is read is bounded.
func FuzzRead(f *testing.F) {
	f.Add([]byte(head+row("2026-11-02", "09:00", "10:30", "1:30", "anne", "Mairie de Kerlann", "Serveur", "Formation", "x")), []byte(mapping))
	f.Add([]byte(`[{"activity":3,"project":12,"user":7,"id":41,"begin":"2026-11-02T09:00:00+0100","end":"2026-11-02T10:30:30+0100","duration":5430}]`), []byte(mapping))
	f.Add([]byte(`[{"user":{"id":1},"project":{"customer":null}}] [] {}`), []byte("timezone: UTC"))
	f.Add([]byte("Datum;Von;Dauer;Benutzer;Kunde;Projekt;Tätigkeit\n2026-01-01;24:00;9999:59;a;b;c;d\n\"\n"), []byte("users: {a: -}"))
	f.Fuzz(func(t *testing.T, data, mapping []byte) {
		m, err := kimai.ReadMapping("map.yaml", mapping)
		if err != nil {
			return
		}
		got, err := kimai.Read("f", data, m, calendar.Paris())
		if err != nil {
			return
		}
		for _, r := range got.Records {
			if r.Took < 0 || r.Took > 31*24*time.Hour || r.Who == "" || r.Kind == "" || r.Line < 1 || r.Began.IsZero() && r.Began.Location() == nil {
				t.Fatalf("read %+v", r)
			}
		}
	})
}
