package demo

import (
	"fmt"
	"net"
	"strings"

	"codeberg.org/accolade/accolade/internal/sim/sandbox"
)

// What the technician has typed before: configuration, price list, blueprint, users.

const config = `# The controller of the demo.
state: %s
socket: %s
offers: %s
log:
  level: info
seller:
  name: Coopérative Informatique de la Rade
  legal_form: SCIC SARL
  capital: capital variable
  address: 3 rue du Port, 56100 Lorient
  siren: "404833048"
  rcs: RCS Lorient
  vat_regime: normal
  vat_number: FR83404833048
  iban: FR7630006000011234567890189
  late_payment_rate: "3 fois le taux d'intérêt légal"
billing:
  finalise: auto
relay:
  host: %s
  port: %s
  user: accolade
  password_file: %s
`

const offers = `# The price list: what the cooperative has settled by its own decision.
offers:
  classic:
    title: Informatique partagée
    price_cents: 3900
    unit: employee
    term_months: 12
    included_minutes: 1200
    overage_cents_per_hour: 6000
`

const blueprint = `# An architects' office with twelve people.
name: bureau
domain: horizon.example
image:
  url: %s
size:
  cores: 4
  memory: 8 GiB
  disk: 64 GiB
network:
  mode: dhcp
admin:
  username: technique
  fullname: Equipe Technique
apps:
  - id: nextcloud
    path: /nextcloud
  - id: dolibarr
    path: /dolibarr
`

// users is the list that the office sent: twelve people.
func users() string {
	people := []string{"Maëlle Le Gall", "Yann Le Goff", "Soazig Riou", "Erwan Le Bihan", "Nolwenn Guillou", "Gwendal Morvan",
		"Anne Kermarrec", "Loïc Tanguy", "Enora Le Roux", "Malo Jégou", "Rozenn Caradec", "Tristan Le Floch"}
	plain := strings.NewReplacer("ë", "e", "ï", "i", "é", "e", " ", "")
	var b strings.Builder
	b.WriteString("username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\n")
	for _, name := range people {
		first, last, _ := strings.Cut(name, " ")
		user := strings.ToLower(plain.Replace(first) + "." + plain.Replace(last))
		fmt.Fprintf(&b, "%s;%s;%s;;%s@horizon.example;0;;;\n", user, first, last, user)
	}
	return b.String()
}

// work is what is typed at 08:00 of a day.
var work = map[string][][]string{
	"2026-09-16": {hours("accompaniment", "2026-09-15", "09:00", "8h", "Installation des postes, premières formations")},
	"2026-09-22": {hours("accompaniment", "2026-09-21", "09:00", "7h30", "Nextcloud en équipe")},
	"2026-09-29": {hours("accompaniment", "2026-09-28", "14:00", "3h", "Dolibarr : devis et factures")},
	"2026-10-14": {hours("accompaniment", "2026-10-13", "10:00", "2h", "Partages et droits")},
	"2026-10-19": {{"contract", "headcount", clientName, "13", "--from", "2026-10-20"}},
}

func hours(kind, date, from, length, note string) []string {
	return []string{"hours", "add", "--client", clientName, "--kind", kind, "--who", "erwan", "--date", date, "--from", from,
		"--duration", length, "--note", note}
}

func relayHost(r sandbox.RelayInfo) string {
	host, _, err := net.SplitHostPort(r.Address)
	if err != nil {
		return r.Address
	}
	return host
}

func relayPort(r sandbox.RelayInfo) string {
	_, port, err := net.SplitHostPort(r.Address)
	if err != nil {
		return ""
	}
	return port
}
