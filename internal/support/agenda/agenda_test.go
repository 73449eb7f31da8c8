package agenda_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"
	"pgregory.net/rapid"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/support"
	"codeberg.org/accolade/accolade/internal/support/agenda"
)

var names = map[string]string{"kerlann": "Mairie de Kerlann, l'école; et \\ la cantine", "riec": "Riec"}

// plan draws one.
func plan(t *rapid.T, n int) support.Plan {
	word := rapid.StringMatching(`[a-zé€;,:\\ "]{0,60}( [A-Zà-ü😀]{1,60})?`)
	start := time.Date(2026, 10, 20, 0, 0, 0, 0, time.UTC).Add(time.Duration(rapid.IntRange(0, 40*24*60).Draw(t, "start")) * time.Minute)
	return support.Plan{ID: fmt.Sprintf("P%06d", n), UID: fmt.Sprintf("P%06d-1@accolade", n), Client: rapid.SampledFrom([]string{"kerlann", "riec"}).Draw(t, "client"), Start: start,
		Minutes: calendar.Minutes(rapid.IntRange(1, 600).Draw(t, "minutes")), Kind: rapid.SampledFrom(contract.Works).Draw(t, "kind"), Who: "anne" + word.Draw(t, "who"),
		For: word.Draw(t, "for"), Where: word.Draw(t, "where"), Note: word.Draw(t, "note"), Private: "secret" + word.Draw(t, "private"), Why: "because" + word.Draw(t, "why"),
		State:   rapid.SampledFrom([]support.PlanState{support.Planned, support.Done, support.Cancelled}).Draw(t, "state"),
		Changes: rapid.IntRange(0, 9).Draw(t, "changes"), Changed: start.Add(-time.Hour)}
}

// TestReadBack: a parser that is not ours reads what was written, whatever the texts
// hold; lines are as long as they may be; a client reads nothing that is not for him.
func TestReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var plans []support.Plan
		for n := range rapid.IntRange(0, 5).Draw(t, "plans") {
			plans = append(plans, plan(t, n))
		}
		o := agenda.Options{Client: rapid.SampledFrom([]string{"", "kerlann", "riec"}).Draw(t, "of"), Names: names}
		var b bytes.Buffer
		if err := agenda.Write(&b, plans, o); err != nil {
			t.Fatal(err)
		}
		lines(t, b.String())
		read, err := ics.ParseCalendar(&b)
		if err != nil {
			t.Fatal(err)
		}
		events := read.Events()
		if len(read.Components) == 0 {
			t.Fatal("the file holds no component: RFC 5545, 3.6, wants one")
		}
		for _, p := range plans {
			if o.Client != "" && p.Client != o.Client {
				continue
			}
			if len(events) == 0 {
				t.Fatalf("%s is not there", p.ID)
			}
			same(t, events[0], p, o)
			events = events[1:]
		}
		if len(events) > 0 {
			t.Fatalf("%d events too many", len(events))
		}
	})
}

// lines looks at the form of the file: RFC 5545, 3.1.
func lines(t *rapid.T, file string) {
	all := strings.Split(file, "\r\n")
	if all[len(all)-1] != "" {
		t.Fatal("the last line has no end")
	}
	for _, l := range all {
		if len(l) > 75 || strings.ContainsAny(l, "\r\n") || !utf8.ValidString(l) {
			t.Fatalf("line of %d octets: %q", len(l), l)
		}
	}
}

func same(t *rapid.T, e *ics.VEvent, p support.Plan, o agenda.Options) {
	get := func(name ics.ComponentProperty) string {
		if v := e.GetProperty(name); v != nil {
			return v.Value
		}
		return ""
	}
	start, err1 := e.GetStartAt()
	end, err2 := e.GetEndAt()
	stamp, err3 := e.GetDtStampTime()
	status := map[support.PlanState]string{support.Planned: "CONFIRMED", support.Done: "CONFIRMED", support.Cancelled: "CANCELLED"}[p.State]
	if err1 != nil || err2 != nil || err3 != nil || !start.Equal(p.Start) || !end.Equal(p.End()) || !stamp.Equal(p.Changed) ||
		e.Id() != p.UID || get(ics.ComponentPropertySequence) != fmt.Sprint(p.Changes) || get(ics.ComponentPropertyStatus) != status || get(ics.ComponentPropertyLocation) != p.Where {
		t.Fatalf("%+v\nwas read as %+v (%v %v %v)", p, e.Properties, err1, err2, err3)
	}
	if name := names[p.Client]; o.Client == "" && !strings.HasPrefix(get(ics.ComponentPropertySummary), name+" : ") {
		t.Fatalf("summary %q, want %s", get(ics.ComponentPropertySummary), name)
	}
	said := get(ics.ComponentPropertyDescription)
	if !strings.HasPrefix(said, "Avec : "+p.Who) || !strings.Contains(said, p.Note) || strings.Contains(said, p.Private) != (o.Client == "") || strings.Contains(said, p.Why) != (o.Client == "") {
		t.Fatalf("%+v\nis described to %q as %q", p, o.Client, said)
	}
}

// TestFile shows one as it is written.
func TestFile(t *testing.T) {
	start := time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC)
	plans := []support.Plan{{UID: "P000001-1@accolade", Client: "riec", Start: start, Minutes: 90, Kind: contract.Training, Who: "anne", For: "Yann", Where: "quai", Note: "Tableur; mise en page, formules et impression : à préparer avec l'école", Private: "clé chez le voisin", State: support.Planned, Changes: 2, Changed: start.Add(-24 * time.Hour)}}
	var b bytes.Buffer
	if err := agenda.Write(&b, plans, agenda.Options{Client: "riec", Names: names}); err != nil {
		t.Fatal(err)
	}
	want := `BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Accolade//Accolade//FR
X-WR-CALNAME:Interventions prévues : Riec
BEGIN:VEVENT
UID:P000001-1@accolade
DTSTAMP:20261024T003000Z
LAST-MODIFIED:20261024T003000Z
SEQUENCE:2
DTSTART:20261025T003000Z
DTEND:20261025T020000Z
SUMMARY:Formation
LOCATION:quai
DESCRIPTION:Avec : anne\nPour : Yann\nTableur\; mise en page\, formules et 
 impression : à préparer avec l'école
STATUS:CONFIRMED
END:VEVENT
END:VCALENDAR
`
	if got := strings.ReplaceAll(b.String(), "\r\n", "\n"); got != want {
		t.Errorf("wrote\n%s\nwant\n%s", got, want)
	}
}
