package report_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/fleet"
	"codeberg.org/accolade/accolade/internal/report"
	"codeberg.org/accolade/accolade/internal/support"
	"codeberg.org/accolade/accolade/templates"
)

// records are what is known of the servers in a test.
type records struct{}

func (records) Backups(client string, from, _ time.Time) ([]report.Backups, error) {
	return []report.Backups{{Server: "kerlann", Made: 30, Missed: 1, Last: from.AddDate(0, 0, 29).Add(90 * time.Minute), Proof: from.AddDate(0, 0, 10)}}, nil
}

func (records) Events(client string, from, _ time.Time) ([]report.Event, error) {
	return []report.Event{{Day: day(from.AddDate(0, 0, 10)), Of: "kerlann", What: report.Restored},
		{Day: day(from.AddDate(0, 0, 11)), Of: "kiosk", What: report.Updated, Detail: "Proxmox VE, de la version 9.1.2 à la version 9.2.4"}}, nil
}

// kerlann is a member with a year of hours, looked at in November.
func kerlann(t *testing.T) *firm {
	f := newFirm(t, func(p *report.Parts) { p.Records = records{} })
	_, err := f.book.AddClient(anne, contract.Client{Name: "Atelier d'architecture Kerlann & Le Goff", ID: "kerlann", Kind: contract.Business, SIREN: "732829320",
		Address: contract.Address{Lines: []string{"4 rue de l'Assemblée nationale"}, PostCode: "56100", City: "Lorient"},
		Member:  &contract.Membership{Shares: 4, Since: f.day("2026-09-15")}})
	f.must(err)
	_, err = f.book.AddContact(anne, "kerlann", contract.Contact{Name: "Anne Le Goff", Roles: []contract.Role{contract.Manager}, Mail: "anne@kerlann.example"})
	f.must(err)
	_, err = f.book.Sign(anne, contract.New{Client: "kerlann", Offer: "classic", Start: f.day("2026-09-15"), Employees: 12})
	f.must(err)
	f.at("2026-11-01")
	return f
}

func (f *firm) letter(m string) report.Letter {
	f.Helper()
	l, err := f.reports.Monthly("kerlann", f.month(m))
	f.must(err)
	f.keep(l)
	return l
}

// keep leaves the letter for whoever sets ACCOLADE_KEEP_PDF to look at it.
func (f *firm) keep(l report.Letter) {
	f.Helper()
	if dir := os.Getenv("ACCOLADE_KEEP_PDF"); dir != "" {
		name := filepath.Join(dir, strings.NewReplacer("/", "-", " ", "-").Replace(f.Name()))
		f.must(os.WriteFile(name+".pdf", l.PDF, 0o600))
		f.must(os.WriteFile(name+".html", l.HTML, 0o600))
	}
}

// says wants words in paper, mail and text.
func (f *firm) says(l report.Letter, want ...string) {
	f.Helper()
	forms := map[string]string{"text": l.Text, "html": unescaped(l.HTML), "paper": f.paper(l.PDF)}
	for name, words := range forms {
		words = strings.Join(strings.Fields(strings.ReplaceAll(words, "\u00a0", " ")), " ")
		for _, w := range want {
			if words != "" && !strings.Contains(words, w) {
				f.Errorf("the %s does not say %q:\n%s", name, w, words)
			}
		}
	}
}

func unescaped(html []byte) string {
	return strings.NewReplacer("&#39;", "'", "&amp;", "&", "&#43;", "+", "<br>", " ", "<strong>", "", "</strong>", "", "<p style=\"margin:0 0 8px\">", "", "</p>", "").Replace(string(html))
}

// paper is what the PDF says, where pdftotext is there.
func (f *firm) paper(pdf []byte) string {
	f.Helper()
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		if os.Getenv("CI") == "true" {
			f.Fatal("pdftotext is not installed: apt-get install poppler-utils")
		}
		return ""
	}
	cmd := exec.Command(tool, "-raw", "-enc", "UTF-8", "-", "-")
	cmd.Stdin = bytes.NewReader(pdf)
	out, err := cmd.Output()
	f.must(err)
	return strings.ReplaceAll(string(out), "’", "'") // paper has the apostrophes of print
}

func day(at time.Time) calendar.Date { return calendar.Of(at, calendar.Paris()) }

const secret = "mot de passe du patron sur un post-it"

func (f *firm) october() {
	f.work(support.Booking{Client: "kerlann", Minutes: 120, Kind: contract.Training, Note: "Nextcloud : agendas partagés, avec l'équipe", Private: secret}, "2026-10-06")
	f.work(support.Booking{Client: "kerlann", Minutes: 45, Kind: contract.Assistance, Note: "Imprimante : appel au prestataire"}, "2026-10-14")
	f.work(support.Booking{Client: "kerlann", Minutes: 40, Kind: contract.Travel, Private: secret}, "2026-10-14")
	f.work(support.Booking{Client: "kerlann", Minutes: 30, Kind: contract.Intervention, Note: "Disque de sauvegarde remplacé"}, "2026-10-20")
}

// TestLetter: a month at a glance, on one page, the same in paper and mail, the same
// bytes twice.
func TestLetter(t *testing.T) {
	f := kerlann(t)
	f.october()
	wrong := f.work(support.Booking{Client: "kerlann", Minutes: 300, Kind: contract.Assistance, Note: "Une erreur"}, "2026-10-21")
	right := calendar.Minutes(15)
	_, err := f.ledger.Correct(anne, wrong.ID, support.Correction{Minutes: &right, Why: "2 h de trop"})
	f.must(err)
	_, err = f.ledger.Plan(anne, support.Booking{Client: "kerlann", Date: f.day("2026-11-17"), Began: "14:30", Minutes: 120, Kind: contract.Training, Who: "anne",
		Note: "Visioconférence pour tous", Private: secret}, false)
	f.must(err)
	l := f.letter("2026-10")
	if l.Pages != 1 {
		t.Errorf("it has %d pages", l.Pages)
	}
	f.says(l, "Bonjour Anne Le Goff,", "il vous reste 17 h jusqu'au 14 septembre 2027", "Nextcloud : agendas partagés", "2 h", "45 min",
		"1 h 10 de déplacements et d'interventions", "Disque de sauvegarde remplacé", "30 sauvegardes hors de vos murs", "1 nuit sans", "est bien dans le coffre",
		"une sauvegarde a été restaurée le 11 octobre 2026", "Sauvegarde restaurée sur le serveur kerlann",
		"12 oct.", "Mise à jour de la machine kiosk", "de la version 9.1.2 à la version 9.2.4", "Votre engagement court jusqu'au 14 septembre 2027 ; il peut être renouvelé à partir du 15 septembre 2027",
		"4 parts, depuis le 15 septembre 2026", "La facture de novembre 2026 sera de 468,00 € HT (12 salariés)",
		"17 nov.", "Formation, à 14 h 30", "Visioconférence pour tous")
	body, err := l.Mail("Bonjour Anne,\n\nVoici la facture <F2026-0001>.\n  IBAN : FR76\n")
	f.must(err)
	if mail := unescaped(body); !strings.Contains(mail, "Voici la facture &lt;F2026-0001&gt;.\n  IBAN : FR76") || strings.Contains(mail, "Bonjour Anne Le Goff") || !strings.Contains(mail, "Disque de sauvegarde") {
		t.Errorf("as the body of another mail it is %s", mail)
	}
	again := f.letter("2026-10")
	if !bytes.Equal(l.PDF, again.PDF) || !bytes.Equal(l.HTML, again.HTML) || l.Text != again.Text {
		t.Error("the same letter has other bytes the second time")
	}
	if l.Subject != "Accolade : votre lettre, octobre 2026" || l.Name != "lettre-kerlann-2026-10" {
		t.Errorf("subject %q, name %q", l.Subject, l.Name)
	}
}

// TestWarnings: at 75 % the letter warns before hours cost money, at 100 % it says so.
func TestWarnings(t *testing.T) {
	f := kerlann(t)
	f.work(support.Booking{Client: "kerlann", Minutes: 930, Kind: contract.Training}, "2026-10-06")
	f.says(f.letter("2026-10"), "Vous avez utilisé 15 h 30 de vos 20 h d'accompagnement de l'année : il vous reste 4 h 30", "Parlons-en avant.")
	f.work(support.Booking{Client: "kerlann", Minutes: 300, Kind: contract.Training}, "2026-10-07")
	f.says(f.letter("2026-10"), "sont épuisées depuis le 7 octobre 2026, et dépassées de 30 min", "plus les heures au-delà du forfait")
}

// TestPrivateNotes: no letter of any form holds a private note.
func TestPrivateNotes(t *testing.T) {
	f := kerlann(t)
	for _, kind := range contract.Works {
		f.work(support.Booking{Client: "kerlann", Minutes: 10, Kind: kind, Private: secret}, "2026-10-06")
		f.work(support.Booking{Client: "kerlann", Minutes: 10, Kind: kind, Note: "Pour le client", Private: secret}, "2026-10-06")
	}
	for i := range 120 { // also where the letter is condensed
		f.work(support.Booking{Client: "kerlann", Minutes: 5, Kind: contract.Assistance, Note: fmt.Sprint("Appel ", i), Private: secret}, fmt.Sprintf("2026-10-%02d", 1+i%28))
	}
	_, err := f.ledger.Plan(anne, support.Booking{Client: "kerlann", Date: f.day("2026-11-17"), Began: "14:30", Minutes: 120, Kind: contract.Training, Who: "anne", Private: secret}, false)
	f.must(err)
	l := f.letter("2026-10")
	for name, words := range map[string]string{"text": l.Text, "html": string(l.HTML), "paper": f.paper(l.PDF)} {
		if strings.Contains(words, "post-it") {
			t.Errorf("the %s holds a private note", name)
		}
	}
	f.says(l, "Pour le client")
}

// TestLongLetters: two pages at most, whatever there is; what has no room is summed up.
func TestLongLetters(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("Réglages œuvrés à la main, vérifiés avec l'équipe ; ", 30))
	for _, of := range []struct {
		name    string
		entries int
		note    string
		pages   int
		want    []string
	}{
		{"two pages", 22, "Appel : la boîte partagée n'affichait plus les messages de la veille, réindexée", 2, nil},
		{"long notes", 12, long, 2, []string{"Des notes sont abrégées"}},
		{"many", 150, long, 2, []string{"S'y ajoutent, faute de place,", "assistance", "Des notes sont abrégées"}},
		{"no spaces", 3, strings.Repeat("x", 1900), 2, nil},
	} {
		t.Run(of.name, func(t *testing.T) {
			f := kerlann(t)
			for i := range of.entries {
				f.work(support.Booking{Client: "kerlann", Minutes: 5, Kind: contract.Assistance, Note: of.note}, fmt.Sprintf("2026-10-%02d", 1+i%28))
			}
			l := f.letter("2026-10")
			if l.Pages > of.pages {
				t.Errorf("it has %d pages, want %d at most", l.Pages, of.pages)
			}
			f.says(l, of.want...)
			// Nothing is lost: the rows that are there and those that are summed up.
			rows := strings.Count(l.Text, "  Assistance  ") + strings.Count(l.Text, "  Sauvegarde restaur") + strings.Count(l.Text, "  Mise à jour de la machine")
			var rest int
			if _, after, cut := strings.Cut(l.Text, "faute de place, "); cut {
				if _, err := fmt.Sscan(after, &rest); err != nil {
					t.Fatal(err)
				}
			}
			if rows+rest != of.entries+2 { // and the events
				t.Errorf("%d rows and %d summed up, of %d entries and two events", rows, rest, of.entries)
			}
		})
	}
}

// TestFrench: what is one, and what there is none of, is said so.
func TestFrench(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "classic", "2026-09-15", 1)
	f.at("2026-11-01")
	f.work(support.Booking{Client: "kerlann", Minutes: 60, Kind: contract.Training, Note: "Prise en main"}, "2026-10-06")
	f.work(support.Booking{Client: "kerlann", Minutes: 119, Kind: contract.Intervention, Note: "Câble"}, "2026-10-07")
	l := f.letter("2026-10")
	f.says(l, "1 h a été décomptée.", "À quoi s'ajoute 1 h 59 de", "vos heures, ce que nous avons fait", "HT (1 salarié)")
	f.work(support.Booking{Client: "kerlann", Minutes: 60, Kind: contract.Training, Note: "Suite"}, "2026-10-08")
	f.says(f.letter("2026-10"), "2 h ont été décomptées.")
	if strings.Contains(l.Text, "sauvegarde") {
		t.Errorf("it speaks of backups where none is known:\n%s", l.Text)
	}
}

// TestOtherContracts: by the hour, at its end, and where there is none.
func TestOtherContracts(t *testing.T) {
	f := newFirm(t)
	f.client("Kerlann", "solo", "2026-09-15", 0)
	f.at("2026-10-20")
	f.work(support.Booking{Client: "kerlann", Minutes: 90, Kind: contract.Training, Note: "Prise en main"}, "2026-10-06")
	_, err := f.book.End(anne, contract.End{Client: "kerlann", On: f.day("2026-10-20")})
	f.must(err)
	f.at("2026-12-02")
	f.says(f.letter("2026-10"), "En octobre 2026, 1 h 30 d'accompagnement, facturée à l'heure.", "Votre contrat prend fin le 20 octobre 2026.")
	for want, m := range map[string]string{"has no contract in 2026-11": "2026-11", "the month 2026-12 has not ended": "2026-12"} {
		if _, err := f.reports.Monthly("kerlann", f.month(m)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", m, err, want)
		}
	}
}

// TestRenewal: what changes, and until when the client may say no.
func TestRenewal(t *testing.T) {
	f := kerlann(t)
	_, err := f.book.EditOffer(anne, "classic", func(o *contract.Offer) error {
		o.Price, o.NoticeMonths = contract.PriceOf(41_50), 2
		return nil
	})
	f.must(err)
	f.at("2027-06-16")
	l, err := f.reports.Renewal("kerlann")
	f.must(err)
	f.keep(l)
	f.says(l, "Votre engagement se termine le 14 septembre 2027.", "Le prix passe de 39,00 € à 41,50 € HT par salarié et par mois, selon notre tarif du jour.",
		"498,00 € HT par mois au lieu de 468,00 €", "Un nouvel engagement de 12 mois, du 15 septembre 2027 au 14 septembre 2028.",
		"Dites-le nous au plus tard le 14 septembre 2027 : il n'y a pas de préavis.", "rien ne se renouvelle de soi-même")
	_, err = f.book.Renew(anne, contract.Renew{Client: "kerlann"}, false)
	f.must(err)
	l, err = f.reports.Renewal("kerlann")
	f.must(err)
	f.says(l, "Votre contrat est renouvelé à partir du 15 septembre 2027.")
	f.at("2028-05-02")
	l, err = f.reports.Renewal("kerlann")
	f.must(err)
	f.says(l, "Le prix reste de 41,50 €", "Dites-le nous au plus tard le 14 juillet 2028 : le préavis est de 2 mois.")
	f.client("Yann", "solo", "2027-01-01", 0)
	if _, err := f.reports.Renewal("yann"); err == nil || !strings.Contains(err.Error(), "has no term to renew") {
		t.Errorf("without a term: %v", err)
	}
}

// TestOwnWords: the cooperative's own text, and one that would lose the work.
func TestOwnWords(t *testing.T) {
	dir := t.TempDir()
	f := newFirm(t, func(p *report.Parts) { p.Texts = templates.Texts{Folder: dir} })
	f.client("Kerlann", "classic", "2026-09-15", 3)
	f.at("2026-11-01")
	f.work(support.Booking{Client: "kerlann", Minutes: 45, Kind: contract.Assistance, Note: "Un appel"}, "2026-10-14")
	file := filepath.Join(dir, "letter", "fr.txt")
	f.must(os.MkdirAll(filepath.Dir(file), 0o700))
	f.must(os.WriteFile(file, []byte("Demat,\n\n# Vos heures\n\n# Ce qui a été fait\n\n# Incidents, mises à jour\n\n# Le mois prochain\nKenavo.\n"), 0o600))
	f.says(f.letter("2026-10"), "Demat,", "Un appel", "Kenavo.")
	f.must(os.WriteFile(file, []byte("Demat,\n\n# Vos heures\n\n# Le mois prochain\n"), 0o600))
	if _, err := f.reports.Monthly("kerlann", f.month("2026-10")); err == nil || !strings.Contains(err.Error(), `no line says "# Ce qui a été fait"`) {
		t.Errorf("a text without the part of the work: %v", err)
	}
}

// TestTrips: a trip that the contract bills is a line, and said to cost something.
func TestTrips(t *testing.T) {
	f := newFirm(t)
	_, err := f.book.EditOffer(anne, "classic", func(o *contract.Offer) error {
		o.Travel = contract.Trips{Rule: contract.PerTrip, Each: contract.PriceOf(15_00)}
		return nil
	})
	f.must(err)
	f.client("Kerlann", "classic", "2026-09-15", 3)
	f.at("2026-11-01")
	f.work(support.Booking{Client: "kerlann", Minutes: 50, Kind: contract.Travel, Mode: fleet.Bike}, "2026-10-14")
	f.says(f.letter("2026-10"), "1 déplacement : il est facturé au prix de votre contrat.", "14 oct.", "50 min")
}
