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
timezone: Europe/Paris
seller:
  name: Coopérative informatique de la Rade
  legal_form: SCIC SARL
  capital: 18 500 €, capital variable
  address: [3 rue du Port, 56100 Lorient]
  siren: "834912750"
  rcs: Lorient
  vat_regime: normal
  vat_number: FR91834912750
  iban: FR76 3000 6000 0112 3456 7890 189
  bic: AGRIFRPP
  late_rate: trois fois le taux d'intérêt légal
  mail: factures@rade.example
  phone: +33 2 97 00 00 00
billing:
  finalise: auto
relay:
  host: %s
  port: %s
  user: accolade
  password_file: %s
  from: accolade@rade.example
  security: none
notify:
  mail: equipe@rade.example
`

const offers = `# What the cooperative has settled by its own decision.
offers:
  classic:
    overage: 60.00
`

const blueprint = `# An architects' office with twelve people.
domain: horizon.example
admin:
  username: technique
  fullname: Equipe Technique
size:
  cores: 4
  memory: 8G
  disk: 64G
image:
  url: %s
relay: true
apps:
  - id: nextcloud
    args:
      path: /nextcloud
  - id: dolibarr
    args:
      path: /dolibarr
`

// users is the list that the office sent: twelve people.
func users() string {
	people := []string{"Maëlle Le Gall", "Yann Le Goff", "Soazig Riou", "Erwan Le Bihan", "Nolwenn Guillou", "Gwendal Morvan",
		"Anne Kermarrec", "Loïc Tanguy", "Enora Le Roux", "Malo Jégou", "Rozenn Caradec", "Tristan Le Floch"}
	plain := strings.NewReplacer("ë", "e", "ï", "i", "é", "e", " ", "")
	var b strings.Builder
	b.WriteString("username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\n")
	for i, name := range people {
		first, last, _ := strings.Cut(name, " ")
		user := strings.ToLower(plain.Replace(first) + "." + plain.Replace(last))
		password := "" // YunoHost's list may hold them; most people choose their own
		if i == 0 {
			password = "Far-Breton-22"
		}
		fmt.Fprintf(&b, "%s;%s;%s;%s;%s@horizon.example;0;;;\n", user, first, last, password, user)
	}
	return b.String()
}

// arrivalUsers is the list with who comes in October.
const arrivalUsers = "username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\n" +
	"katell.prigent;Katell;Prigent;;katell.prigent@horizon.example;0;;;\n"

// work is what is typed at 08:00 of a day.
var work = map[string][][]string{
	"2026-09-16": {hours("8h", "2026-09-15", "Installation des postes, premières formations")},
	"2026-09-22": {hours("7h30", "2026-09-21", "Nextcloud en équipe")},
	"2026-09-29": {hours("3h", "2026-09-28", "Dolibarr : devis et factures")},
	"2026-10-14": {hours("2h", "2026-10-13", "Partages et droits")},
	"2026-10-12": {{"invoice", "credit", "F2026-0001", "--net", "39", "--text", "Geste commercial", "--reason", "Accès lent le 16 septembre"}},
	arrivalDay:   {{"contract", "headcount", clientName, "13", "--from", "2026-10-20"}},
}

func hours(length, date, note string) []string {
	return []string{"hours", "add", clientName, length, "--kind", "accompaniment", "--technician", "erwan", "--date", date, "--note", note}
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
