// Package agenda writes planned work as an iCalendar file (RFC 5545) that every
// calendar program takes in: a technician's, or a client's.
//
// An event keeps its identity: a plan that was moved or cancelled replaces the one that
// a calendar has already. A client's file holds what a client may read, and of his own
// plans alone.
package agenda

import (
	"fmt"
	"io"
	"strings"

	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/support"
)

// Options of a file.
type Options struct {
	// Client is whose file it is, by ID; "": one of ours, with the notes for us alone.
	Client string
	Names  map[string]string // of clients, by ID
}

// words are the kinds of work as a calendar shows them.
var words = map[contract.Work]string{
	contract.Accompaniment: "Accompagnement", contract.Training: "Formation", contract.Assistance: "Assistance",
	contract.Intervention: "Intervention", contract.Travel: "Déplacement", //nolint:misspell // French
}

// Write writes plans, in the order given. The same plans give the same bytes. It names no
// METHOD: the one for files like this (RFC 5546, 3.2.1) wants an organiser with an address
// for each event, which is not ours to make up.
func Write(w io.Writer, plans []support.Plan, o Options) error {
	c := &calendar{}
	c.line("BEGIN", "VCALENDAR")
	c.line("VERSION", "2.0")
	c.line("PRODID", "-//Accolade//Accolade//FR")
	c.line("X-WR-CALNAME", text(o.title()))
	empty := true
	for _, p := range plans {
		if o.Client == "" || o.Client == p.Client {
			c.event(p, o)
			empty = false
		}
	}
	if empty {
		c.filler()
	}
	c.line("END", "VCALENDAR")
	_, err := io.WriteString(w, c.b.String())
	return err
}

func (o Options) title() string {
	if o.Client == "" {
		return "Interventions prévues"
	}
	return "Interventions prévues : " + o.name(o.Client)
}

func (o Options) name(client string) string {
	if name := o.Names[client]; name != "" {
		return name
	}
	return client
}

func (c *calendar) event(p support.Plan, o Options) {
	c.line("BEGIN", "VEVENT")
	c.line("UID", text(p.UID))
	c.line("DTSTAMP", instant(p.Changed))
	c.line("LAST-MODIFIED", instant(p.Changed))
	c.line("SEQUENCE", fmt.Sprint(p.Changes))
	c.line("DTSTART", instant(p.Start))
	c.line("DTEND", instant(p.End()))
	c.line("SUMMARY", text(summary(p, o)))
	if p.Where != "" {
		c.line("LOCATION", text(p.Where))
	}
	if d := description(p, o); d != "" {
		c.line("DESCRIPTION", text(d))
	}
	status := "CONFIRMED"
	if p.State == support.Cancelled {
		status = "CANCELLED"
	}
	c.line("STATUS", status)
	c.line("END", "VEVENT")
}

func summary(p support.Plan, o Options) string {
	if o.Client != "" {
		return words[p.Kind]
	}
	return o.name(p.Client) + " : " + strings.ToLower(words[p.Kind])
}

// description says who, for whom and what; why something was cancelled is for us, as
// our own notes are.
func description(p support.Plan, o Options) string {
	lines := []string{"Avec : " + p.Who}
	add := func(what, said string) {
		if said != "" {
			lines = append(lines, what+said)
		}
	}
	add("Pour : ", p.For)
	add("", p.Note)
	if o.Client == "" {
		add("Pour nous : ", p.Private)
		add("Annulé : ", p.Why)
	}
	return strings.Join(lines, "\n")
}
