package config

import (
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/margin"
	"codeberg.org/accolade/accolade/internal/billing/sepa"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
)

const keepPattern = `keep-(all=1|(last|hourly|daily|weekly|monthly|yearly)=\d+)(,keep-(last|hourly|daily|weekly|monthly|yearly)=\d+)*`

// Keys is every setting, in the order of the sample file.
var Keys = []Key{
	path("state", func(c *Config) *string { return &c.State }, "/var/lib/accolade",
		"Folder of all that the controller keeps: store, keys, documents. Mode 0700, owned by its user; made at first start."),
	path("socket", func(c *Config) *string { return &c.Socket }, "/run/accolade/accoladed.sock",
		"Unix socket for the command line on this machine. Whoever may open it needs no token."),
	text("socket_group", func(c *Config) *string { return &c.SocketGroup }, "", "the name of a group",
		"Group whose members may open the socket; empty is the controller's own group.", nil).like("accolade"),
	choice("socket_role", func(c *Config) *string { return &c.SocketRole }, "admin",
		"What the members of that group may do. Root and the controller's own user are always admins.", "admin", "tech", "billing", "reader"),
	text("listen", func(c *Config) *string { return &c.Listen }, "", "HOST:PORT",
		"Address for technicians elsewhere: TLS, each with a token of their own (accolade token add). Empty: the socket only.", isHostPort).like("0.0.0.0:8443"),
	path("tls.certificate", func(c *Config) *string { return &c.TLS.Certificate }, "",
		"Certificate chain in PEM for `listen`. Without it the controller makes its own, whose fingerprint it logs.").like("tls/certificate.pem"),
	path("tls.key", func(c *Config) *string { return &c.TLS.Key }, "", "Private key of that certificate in PEM.").like("tls/key.pem"),
	path("identity.passphrase_file", func(c *Config) *string { return &c.Identity.PassphraseFile }, "",
		"File with the passphrase of the state folder's identity.age on its first line, not readable by others; best on another medium, such as a systemd credential. Empty: the key's file mode alone protects it.").like("/run/credentials/accoladed.service/passphrase"),
	choice("log.level", func(c *Config) *string { return &c.Log.Level }, "info", "From which weight on events are logged.", "debug", "info", "warn", "error"),
	choice("log.format", func(c *Config) *string { return &c.Log.Format }, "text", "Form of the log on standard error.", "text", "json"),
	text("timezone", func(c *Config) *string { return &c.Timezone }, "Europe/Paris", "a name such as Europe/Paris",
		"Time zone of schedules, of months, and of dates on paper.", isZone),
	path("offers", func(c *Config) *string { return &c.Offers }, "",
		"Price list. Empty: the one that ships, which leaves open the prices that nobody has told us.").like("offers.yaml"),
	path("blueprints", func(c *Config) *string { return &c.Blueprints }, "/etc/accolade/blueprints", "Folder of blueprint files, NAME.yaml."),

	text("seller.name", func(c *Config) *string { return &c.Seller.Name }, "", "a name", "Who sells, as registered.", nil).like("Accolade"),
	text("seller.legal_form", func(c *Config) *string { return &c.Seller.LegalForm }, "", "a legal form", "Legal form, as printed.", nil).like("SCIC SARL"),
	text("seller.capital", func(c *Config) *string { return &c.Seller.Capital }, "", "an amount in words", "Share capital, as on the letterhead.", nil).like("18 500 €, capital variable"),
	lines("seller.address", func(c *Config) *[]string { return &c.Seller.Address }, "lines of an address, the last one postcode and town",
		"Address of the seat, line by line (in a variable or flag: separated by |).").like("12 rue du Port|56100 Lorient"),
	digits("seller.siren", func(c *Config) *string { return &c.Seller.SIREN }, "nine digits that pass Luhn", "SIREN.", contract.CheckSIREN).like("732 829 320"),
	text("seller.rcs", func(c *Config) *string { return &c.Seller.RCS }, "", "a town", "Town of the trade register (RCS).", nil).like("Lorient"),
	choice("seller.vat_regime", func(c *Config) *string { return (*string)(&c.Seller.VATRegime) }, "",
		"normal: VAT on services. franchise: none, with the sentence of art. 293 B CGI.", "normal", "franchise").like("normal"),
	text("seller.vat_number", func(c *Config) *string { return &c.Seller.VATNumber }, "", "FR, two characters, the SIREN",
		"Intra-community VAT number; needed with the regime normal.", matches(`FR[0-9A-Z]{2}\d{9}`)).like("FR44732829320"),
	toggle("seller.vat_on_debits", func(c *Config) *bool { return &c.Seller.VATOnDebits }, "Whether the payment of VAT on debits was chosen; it is then printed."),
	text("seller.iban", func(c *Config) *string { return &c.Seller.IBAN }, "", "an IBAN", "Where clients pay to; spaces do not matter.",
		parsed(sepa.ParseIBAN)).like("FR14 2004 1010 0505 0001 3M02 606"),
	text("seller.bic", func(c *Config) *string { return &c.Seller.BIC }, "", "8 or 11 characters", "BIC of that account.",
		parsed(sepa.ParseBIC)).like("PSSTFRPPLIL"),
	text("seller.ics", func(c *Config) *string { return &c.Seller.ICS }, "", "a creditor identifier", "Identifiant créancier SEPA, from your bank; needed for direct debits.",
		parsed(sepa.ParseICS)).like("FR72ZZZ123456"),
	text("seller.late_rate", func(c *Config) *string { return &c.Seller.LateRate }, "", "a rate, as printed",
		"Rate of the late-payment penalties (art. L441-10 code de commerce).", nil).like("trois fois le taux d'intérêt légal"),
	text("seller.early_discount", func(c *Config) *string { return &c.Seller.EarlyDiscount }, "", "a sentence", "Discount for early payment, as printed; empty is none, and said so.", nil).like("Escompte de 1 % sous huit jours"),
	text("seller.late_rate_en", func(c *Config) *string { return &c.Seller.LateRateEN }, "", "a rate, as printed",
		"The rate of the penalties in English, for clients whose language is en. Empty: as seller.late_rate says it.", nil).like("three times the French statutory interest rate"),
	text("seller.early_discount_en", func(c *Config) *string { return &c.Seller.EarlyDiscountEN }, "", "a sentence",
		"The discount for early payment in English. Empty: as seller.early_discount says it.", nil).like("1% discount for payment within eight days"),
	text("seller.mail", func(c *Config) *string { return &c.Seller.Mail }, "", "a mail address", "Mail address for questions about an invoice.", isMail).like("factures@accolade.example"),
	text("seller.phone", func(c *Config) *string { return &c.Seller.Phone }, "", "a telephone number", "Telephone.", nil).like("+33 2 97 00 00 00"),

	choice("billing.finalise", func(c *Config) *string { return &c.Billing.Finalise }, "manual",
		"manual: a technician makes the month's drafts invoices. auto: the schedule does.", "manual", "auto"),
	text("billing.schedule", func(c *Config) *string { return &c.Billing.Schedule }, "0 6 1 * *", "a cron expression", "When the month that ended is previewed (and finalised, with auto).", isCron),
	text("billing.first_month", func(c *Config) *string { return &c.Billing.FirstMonth }, "", "a month",
		"First month that is invoiced here, for contracts whose earlier months were invoiced elsewhere; their hours still count against the allowance. Empty: every month of every contract.", isMonth).like("2026-09"),
	text("billing.late_rates", func(c *Config) *string { return &c.Billing.LateRates }, "", "days and yearly percentages: 2026-07-01 12.15, 2027-01-01 12",
		"Rates of interest for late payment, each from a day on: what seller.late_rate says, for each half of a year. Needed for reminders.", isRates).like("2026-07-01 12.15, 2027-01-01 12"),

	text("costs.hour", func(c *Config) *string { return &c.Costs.Hour }, "", "euros before tax",
		"What an hour of work costs us, with all that a wage brings. accolade margin needs all settings of costs; none has a default.", parsed(margin.ParseEuros)).like("35.00"),
	text("costs.travel_hour", func(c *Config) *string { return &c.Costs.TravelHour }, "", "euros before tax", "What an hour on the way costs us, with the vehicle.", parsed(margin.ParseEuros)).like("45.00"),
	text("costs.vault_gb", func(c *Config) *string { return &c.Costs.VaultGB }, "", "euros before tax, with at most six decimals",
		"What 10^9 bytes in a vault cost us for a month.", parsed(margin.ParsePrice)).like("0.008"),
	text("costs.relay", func(c *Config) *string { return &c.Costs.Relay }, "", "euros before tax", "What one server's mail through the relay costs us for a month.", parsed(margin.ParseEuros)).like("1.50"),
	text("costs.spare", func(c *Config) *string { return &c.Costs.Spare }, "", "a percentage",
		"What is put on the price of each machine for those that wait in stock: one spare for five machines is 20.", parsed(money.ParseRate)).like("20"),
	text("costs.life", func(c *Config) *string { return &c.Costs.Life }, "", "months, 1 to 240", "How long a machine lasts, from its making.", parsed(margin.ParseLife)).like("96"),
	text("costs.upkeep", func(c *Config) *string { return &c.Costs.Upkeep }, "", "a duration such as 30min",
		"How much of our own work to expect for each contract and month, beyond the hours that it includes.", parsed(margin.ParseUpkeep)).like("30min"),

	account("accounts.journal", func(c *Config) *books.Account { return &c.Accounts.Journal }, "VE Ventes", "Journal of the sales in a FEC: its code, then its name.", books.ParseJournal),
	account("accounts.clients", func(c *Config) *books.Account { return &c.Accounts.Clients }, "411 Clients", "Account of what clients owe; each is a sub-account of it by its ID.", books.ParseAccount),
	account("accounts.sales", func(c *Config) *books.Account { return &c.Accounts.Sales }, "706 Prestations de services", "Account of the sales.", books.ParseAccount),
	account("accounts.deposits", func(c *Config) *books.Account { return &c.Accounts.Deposits }, "4191 Clients - avances et acomptes reçus", "Account of deposits on sales to come.", books.ParseAccount),
	account("accounts.vat", func(c *Config) *books.Account { return &c.Accounts.VAT }, "44571 TVA collectée", "Account of the VAT on them.", books.ParseAccount),
	rates("accounts.vat_by_rate", func(c *Config) *map[money.Rate]books.Account { return &c.Accounts.ByRate },
		"Accounts of their own for the VAT at some rates (in a variable or flag: separated by |).").like("20 % = 445712 TVA collectée 20 %|5.5 % = 445711 TVA collectée 5,5 %"),

	text("dolibarr.url", func(c *Config) *string { return &c.Dolibarr.URL }, "", "https://HOST, or http:// on this machine",
		"Start page of a Dolibarr to which accolade export dolibarr brings invoices. Empty: none.", isDolibarrURL).like("https://dolibarr.example"),
	path("dolibarr.key_file", func(c *Config) *string { return &c.Dolibarr.KeyFile }, "", "File with the API key (DOLAPIKEY) of a user of its own there, not readable by others.").like("dolibarr-key"),
	choice("dolibarr.invoices", func(c *Config) *string { return &c.Dolibarr.Invoices }, "draft", "Whether invoices are left there as drafts or validated, under our numbers.", "draft", "validated"),

	text("relay.host", func(c *Config) *string { return &c.Relay.Host }, "", "a host name", "SMTP relay for our mails and for those of the servers. Empty: none.", nil).like("smtp.relay.example"),
	number("relay.port", func(c *Config) *int { return &c.Relay.Port }, 587, 1, 65535, "Its port."),
	text("relay.user", func(c *Config) *string { return &c.Relay.User }, "", "a user name", "User at the relay.", nil).like("accolade"),
	path("relay.password_file", func(c *Config) *string { return &c.Relay.PasswordFile }, "", "File with that user's password on its first line, not readable by others.").like("relay-password"),
	text("relay.from", func(c *Config) *string { return &c.Relay.From }, "", "a mail address", "Sender of our mails.", isMail).like("accolade@accolade.example"),
	choice("relay.security", func(c *Config) *string { return &c.Relay.Security }, "starttls", "How the connection is protected.", "starttls", "tls", "none"),
	text("notify.mail", func(c *Config) *string { return &c.Notify.Mail }, "", "a mail address", "Who is told by mail when a night went wrong. Empty: the log and accolade status only.", isMail).like("equipe@accolade.example"),

	text("backup.local.schedule", func(c *Config) *string { return &c.Backup.LocalSchedule }, "01:30", "a calendar event of Proxmox, such as 01:30 or mon..fri 02:00",
		"When a box backs up to its own disk, in its own time zone; set on the box at enrolment.", matches(`[A-Za-z0-9*:/.,\- ]+`)),
	text("backup.local.retention", func(c *Config) *string { return &c.Backup.LocalRetention }, "keep-last=3,keep-daily=7,keep-weekly=5,keep-monthly=12", "keep-…=N pairs joined by commas",
		"What the box keeps of these.", matches(keepPattern)),
	text("backup.remote.schedule", func(c *Config) *string { return &c.Backup.RemoteSchedule }, "30 2 * * *", "a cron expression",
		"When the controller begins the backups to the vaults.", isCron),
	text("backup.remote.retention", func(c *Config) *string { return &c.Backup.RemoteRetention }, "keep-daily=14,keep-weekly=8,keep-monthly=12", "keep-…=N pairs joined by commas",
		"What a vault keeps of these.", matches(keepPattern)),
	text("backup.retry_until", func(c *Config) *string { return &c.Backup.RetryUntil }, "08:00", "HH:MM", "Until when a vault that is away is tried again; then it is told.", matches(`([01]\d|2[0-3]):[0-5]\d`)),

	text("sandbox", func(c *Config) *string { return &c.Sandbox }, "", "an http:// URL", "Control address of a sandbox (accolade sandbox), for demonstrations and training: time comes from there, and boxes that are not the sandbox's are refused.", isControlURL).like("http://127.0.0.1:18000"),
}
