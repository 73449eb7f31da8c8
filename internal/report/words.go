package report

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/paper"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/templates"
)

// monthText is `octobre 2026`.
func monthText(m calendar.Month) string {
	_, words, _ := strings.Cut(billing.DateText(m.First()), "\u00a0")
	return words
}

// ofMonth is `de septembre 2026` or `d'octobre 2026`.
func ofMonth(m calendar.Month) string {
	words := monthText(m)
	if strings.ContainsAny(words[:1], "ao") {
		return "d'" + words
	}
	return "de " + words
}

// shortDay is `31 oct. 2026`.
func shortDay(d calendar.Date) string {
	return fmt.Sprintf("%d\u00a0%s\u00a0%d", d.Day, shortMonths[d.Month-1], d.Year)
}

// dayMonth is `6 oct.`.
func dayMonth(d calendar.Date) string {
	return fmt.Sprintf("%d\u00a0%s", d.Day, shortMonths[d.Month-1])
}

var shortMonths = [...]string{"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."}

// hourText is `14 h` or `14 h 30`, of the clock.
func hourText(hour, minute int) string {
	if minute == 0 {
		return fmt.Sprintf("%d\u00a0h", hour)
	}
	return fmt.Sprintf("%d\u00a0h\u00a0%02d", hour, minute)
}

func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[n:]
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

func plural(n int) string {
	if n > 1 {
		return "s"
	}
	return ""
}

// one reports whether a duration takes the singular: one hour and something, or one
// minute.
func one(m calendar.Minutes) bool { return m == 1 || m >= 60 && m < 120 }

func hoursOrNone(m calendar.Minutes) string {
	if m == 0 {
		return ""
	}
	return billing.HoursWords(m)
}

// unbroken keeps French double punctuation on the line of its word, in mails too.
func unbroken(doc *paper.Letter) {
	fix := strings.NewReplacer(" :", "\u00a0:", " ;", "\u00a0;", " ?", "\u00a0?", " !", "\u00a0!", " %", "\u00a0%", " €", "\u00a0€", "« ", "«\u00a0", " »", "\u00a0»").Replace
	for i := range doc.Parts {
		p := &doc.Parts[i]
		for _, list := range [][]string{p.Paragraphs, p.After} {
			for n := range list {
				list[n] = fix(list[n])
			}
		}
		for n := range p.Rows {
			p.Rows[n].Text = fix(p.Rows[n].Text)
		}
	}
}

// contactOf is who is greeted: the manager, else the first contact.
func contactOf(c contract.Client) string {
	name := ""
	for _, p := range c.Contacts {
		for _, role := range p.Roles {
			if role == contract.Manager {
				return p.Name
			}
		}
		if name == "" {
			name = p.Name
		}
	}
	return name
}

// reach is how to reach us.
func reach(s billing.Seller) string {
	var parts []string
	for _, p := range []string{s.Phone, s.Mail} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.Join(parts, " ou ")
}

func shares(m *contract.Membership) string {
	if m == nil {
		return ""
	}
	return fmt.Sprintf("%d part%s, depuis le %s", m.Shares, plural(m.Shares), billing.DateText(m.Since))
}

// legal is who writes, before the law.
func legal(s billing.Seller) string {
	return strings.Join(append(append([]string{s.Name}, s.Address...), s.FormText(), "SIREN "+s.SIREN, s.RegisterText()), " · ")
}

// mailValues are what templates/letter/mail.html is filled with.
type mailValues struct {
	Subject string
	Intro   string // the text that comes before the letter; its lines stay
	Letter  paper.Letter
	Legal   string
}

// gaugeWidths are the two ends of a bar, in per cent.
type gaugeWidths struct {
	Used, Left int64
	Colour     string
}

// Percent splits a bar; the template calls it.
func (mailValues) Percent(g paper.Gauge) gaugeWidths {
	used := min(100, max(0, g.Used*100/max(1, g.Whole)))
	w := gaugeWidths{used, 100 - used, "#0f626a"}
	if g.Used*100 >= g.Whole*75 {
		w.Colour = "#a65400"
	}
	return w
}

func mailHTML(v mailValues) ([]byte, error) {
	var out bytes.Buffer
	err := templates.LetterMail(&out, v)
	return out.Bytes(), err
}

// plain is a letter without any form.
func plain(doc paper.Letter) string {
	var b strings.Builder
	para := func(words string) { b.WriteString(words + "\n\n") }
	for _, f := range doc.Figures {
		fmt.Fprintf(&b, "%s : %s %s\n", f.Label, f.Value, f.Note)
	}
	b.WriteString("\n")
	for _, p := range doc.Parts {
		if p.Title != "" {
			b.WriteString(strings.ToUpper(p.Title) + "\n\n")
		}
		if p.Warning != "" {
			para("! " + p.Warning)
		}
		for _, words := range p.Paragraphs {
			para(words)
		}
		for _, r := range p.Rows {
			b.WriteString(strings.TrimSpace(fmt.Sprintf("%s  %s  %s", r.Day, r.Title, r.Amount)) + "\n")
			if r.Text != "" {
				b.WriteString("        " + r.Text + "\n")
			}
		}
		if len(p.Rows) > 0 {
			b.WriteString("\n")
		}
		for _, words := range p.After {
			para(words)
		}
	}
	return strings.TrimSpace(strings.ReplaceAll(b.String(), "\u00a0", " ")) + "\n"
}
