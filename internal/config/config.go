// Package config reads what the controller is told: a strict YAML file, environment
// variables ACCOLADE_… over it, flags over both. One table (keys.go) says for every
// key what it means and what it may hold; file, environment, flags, the sample file
// and `accolade config` all follow from it. An unknown key and a value of the wrong
// type are errors that name file, line and column.
//
// The package looks at nothing but these three sources: whether a path exists or a
// relay answers is for whoever uses the value.
package config

import (
	"fmt"
	"time"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/billing/books"
	"codeberg.org/accolade/accolade/internal/billing/brand"
	"codeberg.org/accolade/accolade/internal/billing/margin"
	"codeberg.org/accolade/accolade/internal/secret"
)

// Config is the result. Paths in the file that are relative are relative to the
// file's folder; all others to the working directory.
type Config struct {
	State       string // folder, mode 0700, owned by the controller's user
	Socket      string // path of the unix socket
	SocketGroup string // group that may open the socket; empty: the controller's own
	SocketRole  string // role of that group's members
	Listen      string // HOST:PORT for TLS and tokens; empty: none
	TLS         TLS
	Identity    Identity
	Log         Log
	Timezone    string         // IANA name; schedules, months and letters follow it
	Offers      string         // price list file; empty: the one that ships
	Blueprints  string         // folder of blueprint files
	Templates   string         // folder of texts of one's own; empty: those that ship
	Logo        string         // file of the logo on papers; empty: none
	Seller      billing.Seller // all that the law wants on an invoice
	Billing     Billing
	Costs       margin.Settings // what things cost us; without defaults
	Accounts    books.Accounts  // where sales are booked, in exports
	Dolibarr    Dolibarr
	Platform    Platform
	Relay       Relay
	Notify      Notify
	Backup      Backup
	Sandbox     string // control URL of a sandbox; empty in real life
}

// Zone is Timezone, which Load has checked.
func (c Config) Zone() *time.Location {
	zone, err := time.LoadLocation(c.Timezone)
	if err != nil {
		return time.UTC
	}
	return zone
}

// TLS names the files of the listener's certificate (PEM); without them the
// controller makes its own.
type TLS struct{ Certificate, Key string }

// Identity is the key that opens what is sealed in the store.
type Identity struct{ PassphraseFile string }

// Letterhead is the seller with the logo that Logo names, which is read and made fit for
// paper here.
func (c *Config) Letterhead() (billing.Seller, error) {
	if c.Logo == "" {
		return c.Seller, nil
	}
	png, err := brand.ReadLogo(c.Logo)
	if err != nil {
		return c.Seller, fmt.Errorf("seller.logo %s is refused: %w", c.Logo, err)
	}
	return c.Seller.WithLogo(png), nil
}

// Passphrase reads PassphraseFile; an empty path is no passphrase.
func (i Identity) Passphrase() (secret.Value, error) { return secretFile(i.PassphraseFile) }

// Log says what goes to standard error.
type Log struct {
	Level  string // debug, info, warn, error
	Format string // text, json
}

// Billing says how months become invoices.
type Billing struct {
	Finalise string // manual, auto
	Schedule string // cron expression of the preview of the month that ended
	// FirstMonth is the first month that is invoiced here, `2026-09`; earlier ones were
	// invoiced elsewhere. Empty: every month of every contract.
	FirstMonth string
	LateRates  string // yearly, of interest for late payment: `2026-07-01 12.15, 2027-01-01 12`
	LatePublic string // the same that public bodies owe
}

// Dolibarr is where finalised invoices can be brought.
type Dolibarr struct {
	URL      string // of its start page; empty: none
	KeyFile  string
	Invoices string // draft, validated
}

// Key reads KeyFile.
func (d Dolibarr) Key() (secret.Value, error) { return secretFile(d.KeyFile) }

// Platform is where the approved platform takes deposits.
type Platform struct {
	URL     string // file:///FOLDER or sftp://USER@HOST/FOLDER; empty: none
	KeyFile string // for SFTP
	HostKey string
}

// Relay sends our own mail, and servers' mail unless their blueprint says otherwise.
type Relay struct {
	Host         string
	Port         int
	User         string
	PasswordFile string
	From         string
	Security     string // starttls, tls, none
}

// Password reads PasswordFile; an empty path is no password.
func (r Relay) Password() (secret.Value, error) { return secretFile(r.PasswordFile) }

// Notify says whom to tell.
type Notify struct{ Mail string }

// Backup is what boxes get unless they are told otherwise.
type Backup struct {
	LocalSchedule   string // systemd calendar event, kept by the box itself
	LocalRetention  string // prune-backups of the box's own disk
	RemoteSchedule  string // cron expression of the controller
	RemoteRetention string // prune-backups of the vault
	RetryUntil      string // HH:MM: a vault that is away is retried until then, and told then
}
