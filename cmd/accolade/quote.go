package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/api"
	"codeberg.org/accolade/accolade/internal/billing/quote"
	"codeberg.org/accolade/accolade/internal/contract"
)

func newQuoteCommand(e *env) *cobra.Command {
	c := &cobra.Command{
		Use:   "quote",
		Short: "What is offered to a client until a day, and what became of it",
		Long: `A quote offers a version of an offer, for a number of employees, with one-off lines and
discounts, until its last day. It is for a client, or for somebody who becomes one by
accepting. Once it has its number nothing on it changes: another price is another quote.
Accepted, it becomes the contract, with the prices that it says.`,
	}
	c.AddCommand(newQuoteCreate(e), newQuoteImport(e), newQuoteExport(e), newQuoteList(e), newQuoteShow(e), newQuotePDF(e),
		newQuoteAccept(e), newQuoteRefuse(e), newQuoteWithdraw(e))
	return c
}

func newQuoteCreate(e *env) *cobra.Command {
	var n api.NewQuote
	var p clientFlags
	var prospect, contact, mail string
	var charges, discounts []string
	c := &cobra.Command{
		Use:   "create CLIENT|--prospect NAME --offer OFFER --start DATE [--employees N]",
		Short: "Make a quote and give it its number",
		Example: `  accolade quote create kerlann --offer classic --employees 12 --start 2027-01-01
  accolade quote create --prospect "Mairie de Kerlann" --kind town-hall --siret 21560121200016 \
    --address "Place de la Mairie" --postcode 56400 --city Kerlann --offer classic --employees 4 \
    --start 2027-01-01 --charge "Deuxième écran=149.00" --discount "Remise de bienvenue=50"`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: e.completeClients(),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			if len(args) > 0 {
				n.Client = args[0]
			}
			if prospect != "" {
				who := &api.NewProspect{ClientFields: p.fields(c.Flags(), contract.Address{})}
				who.Name = &prospect
				if contact != "" {
					who.Contact = api.ContactFields{Name: &contact, Mail: given(c.Flags(), "mail"), Roles: []string{string(contract.Manager), string(contract.Billing)}}
				}
				n.Prospect = who
			}
			var err error
			if n.Charges, err = quoteItems(c, "charge", charges); err != nil {
				return err
			}
			if n.Discounts, err = quoteItems(c, "discount", discounts); err != nil {
				return err
			}
			q, err := client.CreateQuote(c.Context(), n)
			if err != nil {
				return err
			}
			return e.printQuote(q)
		}),
	}
	fs := c.Flags()
	fs.StringVar(&n.Offer, "offer", "", "classic, island, solo, or one of your own")
	fs.IntVar(&n.Employees, "employees", 0, "or seats; none for offers without a monthly price")
	fs.StringVar(&n.Why, "why", "", "why more than 25 employees is right")
	fs.StringVar(&n.Start, "start", "", "the contract's first day, 2027-01-01")
	fs.StringVar(&n.Valid, "valid", "", fmt.Sprintf("the last day to accept (default: %d days from today)", quote.ValidDays))
	fs.StringArrayVar(&charges, "charge", nil, "one-off line, TEXT=EUROS before tax; may be repeated")
	fs.StringArrayVar(&discounts, "discount", nil, "off the first invoice, REASON=EUROS before tax; may be repeated")
	fs.StringVar(&n.Note, "note", "", "for the client, on the quote")
	fs.StringVar(&prospect, "prospect", "", "name of somebody who is no client yet")
	p.addIdentity(c)
	fs.StringVar(&contact, "contact", "", "who signs and gets the invoices there")
	fs.StringVar(&mail, "mail", "", "that person's mail address")
	cobra.CheckErr(c.MarkFlagRequired("offer"))
	cobra.CheckErr(c.MarkFlagRequired("start"))
	cobra.CheckErr(c.RegisterFlagCompletionFunc("offer", e.completeFlag(offerNames)))
	return c
}

// quoteItems reads TEXT=EUROS.
func quoteItems(c *cobra.Command, flag string, given []string) (items []api.QuoteItem, err error) {
	for _, g := range given {
		cut := strings.LastIndexByte(g, '=')
		if cut < 0 {
			return nil, usage(c, fmt.Errorf("--%s %q: want TEXT=EUROS, such as \"Deuxième écran=149.00\"", flag, g))
		}
		items = append(items, api.QuoteItem{Text: g[:cut], Amount: strings.TrimSpace(g[cut+1:])})
	}
	return items, nil
}

func newQuoteImport(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE",
		Short: "Make a quote from YAML",
		Long: `Make a quote from a file as accolade quote export writes it (- is standard input). A
file that is refused names line and column, and leaves nothing.`,
		Example: "  accolade quote export D2026-0001 > quote.yaml\n  accolade quote import quote.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			text, err := e.readInput(args[0], "name a quote in YAML, as accolade quote export writes it")
			if err != nil {
				return err
			}
			q, err := client.ImportQuote(c.Context(), api.QuoteFile{Name: filepath.Base(args[0]), Text: string(text)})
			if err != nil {
				return err
			}
			return e.printQuote(q)
		}),
	}
}

func newQuoteExport(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "export NUMBER",
		Short:             "Write a quote as YAML, to make another one from",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(quoteNumbers),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			return client.ExportQuote(c.Context(), strings.ToUpper(args[0]), e.stdout)
		}),
	}
}

func quoteNumbers(c *cobra.Command, client *api.Client) ([]string, error) {
	all, err := client.Quotes(c.Context(), "")
	return names(all, func(q api.Quote) string { return q.Number }), err
}

func newQuoteList(e *env) *cobra.Command {
	var state string
	states := texts([]quote.State{quote.Open, quote.Accepted, quote.Refused, quote.Withdrawn, quote.Expired})
	c := &cobra.Command{
		Use:   "list",
		Short: "List quotes, the oldest first",
		Args:  cobra.NoArgs,
		RunE: e.withController(func(c *cobra.Command, client *api.Client, _ []string) error {
			all, err := client.Quotes(c.Context(), state)
			if err != nil {
				return err
			}
			t := newTable("number", "for", "offer", "date", "valid", "state", "monthly#", "once#", "contract")
			for _, q := range all {
				t.add(q.Number, q.Buyer.Name, q.Offer.Name, q.Date, q.Valid, q.Now, e.euros(q.Monthly().Net), e.euros(q.Once().Net), q.Contract)
			}
			return e.print(all, t)
		}),
	}
	c.Flags().StringVar(&state, "state", "", "only these: "+strings.Join(states, ", "))
	cobra.CheckErr(c.RegisterFlagCompletionFunc("state", cobra.FixedCompletions(states, cobra.ShellCompDirectiveNoFileComp)))
	return c
}

func newQuoteShow(e *env) *cobra.Command {
	return &cobra.Command{
		Use:               "show NUMBER",
		Short:             "Show a quote and what became of it",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(quoteNumbers),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			q, err := client.Quote(c.Context(), strings.ToUpper(args[0]))
			if err != nil {
				return err
			}
			return e.printQuote(q)
		}),
	}
}

func newQuotePDF(e *env) *cobra.Command {
	var to string
	c := &cobra.Command{
		Use:               "pdf NUMBER --to FILE|DIR",
		Short:             "Write the PDF of a quote, to send and to sign",
		Long:              `Write the PDF of a quote; a folder gets NUMBER.pdf. Its words are those of quote/fr.txt: see templates in the configuration.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(quoteNumbers),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			number := strings.ToUpper(args[0])
			return e.save(to, number+".pdf", func(w io.Writer) error { return client.QuotePaper(c.Context(), number, w) })
		}),
	}
	c.Flags().StringVar(&to, "to", "", "file, or folder")
	cobra.CheckErr(c.MarkFlagRequired("to"))
	return c
}

func newQuoteAccept(e *env) *cobra.Command {
	var a api.QuoteAnswer
	c := e.newQuoteAnswer("accept", &a)
	c.Short = "Make the contract that was quoted"
	c.Long = `Makes the contract at the prices of the quote, with its one-off lines and discounts; a
prospect becomes a client. It is signed until the quote's last day (--on may lie before
today, when the paper took its time), and only once.`
	c.Flags().StringVar(&a.On, "on", "", "the day beside the signature (default: today)")
	c.Flags().StringVar(&a.Start, "start", "", "the contract's first day (default: as quoted)")
	return c
}

func newQuoteRefuse(e *env) *cobra.Command {
	var a api.QuoteAnswer
	c := e.newQuoteAnswer("refuse", &a)
	c.Short = "Note that the client said no"
	c.Flags().StringVar(&a.Reason, "reason", "", "why, for us")
	return c
}

func newQuoteWithdraw(e *env) *cobra.Command {
	var a api.QuoteAnswer
	c := e.newQuoteAnswer("withdraw", &a)
	c.Short = "Take a quote back before it is accepted"
	c.Flags().StringVar(&a.Reason, "reason", "", "why")
	cobra.CheckErr(c.MarkFlagRequired("reason"))
	return c
}

// newQuoteAnswer is a verb that decides a quote.
func (e *env) newQuoteAnswer(verb string, a *api.QuoteAnswer) *cobra.Command {
	return &cobra.Command{
		Use:               verb + " NUMBER",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: e.completeNames(quoteNumbers),
		RunE: e.withController(func(c *cobra.Command, client *api.Client, args []string) error {
			q, err := client.AnswerQuote(c.Context(), strings.ToUpper(args[0]), verb, *a)
			if err != nil {
				return err
			}
			if q.Contract != "" {
				e.say("contract %s signed; print it with: accolade contract pdf %s --to DIR", q.Contract, q.Contract)
			}
			return e.printQuote(q)
		}),
	}
}

func (e *env) printQuote(q api.Quote) error {
	t := newTable("field", "value")
	t.add("number", q.Number)
	t.add("state", q.Now)
	t.add("for", joined(q.Buyer.Name, q.Client))
	t.add("offer", offerWords(q.Offer))
	if q.Employees > 0 {
		t.add("employees", joined(fmt.Sprint(q.Employees), q.Why))
	}
	t.add("valid", "until "+q.Valid.String())
	t.add("start", q.Start)
	for _, i := range q.Charges {
		t.add("charge", fmt.Sprintf("%s, %s", i.Net, i.Text))
	}
	for _, i := range q.Discounts {
		t.add("discount", fmt.Sprintf("%s, %s", i.Net, i.Text))
	}
	if m := q.Monthly(); len(m.Lines) > 0 {
		t.add("monthly", fmt.Sprintf("%s, with tax %s", m.Net, m.Total))
	}
	if o := q.Once(); o.Net != 0 {
		t.add("once", fmt.Sprintf("%s, with tax %s", o.Net, o.Total))
	}
	for _, event := range q.Events {
		t.add(string(event.State), joined(fmt.Sprintf("on %s, by %s", event.On, event.By), event.Reason))
	}
	if q.Contract != "" {
		t.add("contract", q.Contract)
	}
	return e.print(q, t)
}
