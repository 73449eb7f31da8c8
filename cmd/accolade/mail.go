package main

import (
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/mail"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

func newMailCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "mail",
		Short: "Mails to clients: what was sent, what waits, what came back",
		Long: `Mails go out through the cooperative's relay, over TLS, from a queue that survives
restarts; none goes out twice. month send and invoice send put mails in.

  queued    waits for its turn: the relay said not now, or is away
  sent      the relay took it
  refused   the relay will never take it, or did not for five days: retry --to ADDRESS
  doubtful  the answer of the relay was lost, so it may have the mail: look for the
            Message-ID in its log, then sent or resend
  bounced   it came back, as you noted with bounced
  dropped   it does not go, as you decided with drop`,
	}
	c.AddCommand(newMailList(e), newMailShow(e), newMailPreview(e),
		newMailChange(e, "retry", "Try a mail now: one that waits, was refused or came back", "  accolade mail retry M000007 --to compta@kerlann.fr", "to"),
		newMailChange(e, "resend", "Send a mail in doubt again: the relay has not got it", "  accolade mail resend M000007", ""),
		newMailChange(e, "sent", "Note of a mail in doubt that the relay has it", "  accolade mail sent M000007", ""),
		newMailChange(e, "bounced", "Note that a mail came back", "  accolade mail bounced M000007 --reason \"mailbox full\"", "reason"),
		newMailChange(e, "drop", "Decide that a mail does not go", "  accolade mail drop M000007 --reason \"sent by post\"", "reason"))
	return c
}

func newMailList(e *env) *cobra.Command {
	var of, state string
	c := &cobra.Command{
		Use:     "list",
		Short:   "List mails, the oldest first",
		Example: "  accolade mail list --state doubtful",
		Args:    cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			list, err := client.Mails(c.Context(), of, state)
			if err != nil {
				return err
			}
			return e.printMails(list, list)
		}),
	}
	c.Flags().StringVar(&of, "client", "", "of this client alone")
	c.Flags().StringVar(&state, "state", "", "queued, sent, refused, doubtful, bounced or dropped")
	cobra.CheckErr(c.RegisterFlagCompletionFunc("client", e.completeClients()))
	var states []string
	for _, s := range mail.States {
		states = append(states, string(s))
	}
	cobra.CheckErr(c.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(states, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

func newMailShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "show MAIL",
		Short: "Show what became of a mail",
		Args:  cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			m, err := client.Mail(c.Context(), strings.ToUpper(args[0]))
			if err != nil {
				return err
			}
			t := newTable("at", "by", "state", "why")
			for _, h := range m.History {
				t.add(e.when(h.At), h.By, string(h.State), h.Why)
			}
			t.note = m.Subject + "\nto " + m.To + ", Message-ID " + m.MessageID
			for _, f := range m.Files {
				t.note += "\n" + f.Name
			}
			if !m.Next.IsZero() {
				t.note += "\nnext attempt: " + e.when(m.Next)
			}
			return e.print(m, t)
		}),
	}
}

func newMailPreview(e *env) *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:   "preview MAIL|NUMBER",
		Short: "Write a mail as .eml, or the one that an invoice would get",
		Long: `Write a mail as the relay gets it, to the byte, to standard output or into a file that
any mail program opens. Of an invoice that was not sent yet: the mail that it would get.`,
		Example: "  accolade mail preview F2026-0001 --to facture.eml",
		Args:    cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			fetch := func(w io.Writer) error { return client.MailMessage(c.Context(), strings.ToUpper(args[0]), w) }
			if to == "" {
				return fetch(e.stdout)
			}
			if err := wholefile.Write(wholefile.OS, to, fetch); err != nil {
				return err
			}
			return os.Chmod(to, 0o644)
		}),
	}
	c.Flags().StringVar(&to, "to", "", "file; standard output if absent")
	return c
}

// newMailChange is a decision about mails, with one flag or none.
func newMailChange(e *env, verb, short, example, flag string) *cobra.Command {
	var change api.MailChange
	c := &cobra.Command{
		Use:     verb + " MAIL...",
		Short:   short,
		Example: example,
		Args:    cobra.MinimumNArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			var list []api.Mail
			for _, id := range upper(args) {
				m, err := client.ChangeMail(c.Context(), id, verb, change)
				if err != nil {
					return err
				}
				list = append(list, m)
			}
			return e.printMails(list, list)
		}),
	}
	switch flag {
	case "to":
		c.Flags().StringVar(&change.To, "to", "", "another address")
	case "reason":
		c.Flags().StringVar(&change.Reason, "reason", "", "why, for the record")
		cobra.CheckErr(c.MarkFlagRequired("reason"))
	}
	return c
}

func (e *env) printMails(list []api.Mail, v any) error {
	t := newTable("mail", "queued", "to", "subject", "state", "why")
	for _, m := range list {
		t.add(m.ID, e.when(m.Date), m.To, m.Subject, string(m.State), m.Why)
	}
	return e.print(v, t)
}
