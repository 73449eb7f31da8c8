package daemon

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/clock"
	"codeberg.org/accolade/accolade/internal/controller"
	"codeberg.org/accolade/accolade/internal/mail"
	"codeberg.org/accolade/accolade/internal/store"
)

func (p *program) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a copy of the store in the place of the store",
		Long: `restore puts a copy (accolade store copy, or one of the nightly copies in the state
folder) in the place of the store. The controller must not run. The copy is checked
first; the store that is there is kept beside it with the ending .replaced.

Mails that were waiting in the copy may have been sent since it was taken. They are in
doubt then, and are not sent before somebody says so (accolade mail).

What is sealed in the copy opens only with the identity file of the state folder that
it was taken from (identity.age).`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			conf, _, err := p.load()
			if err != nil {
				return err
			}
			if _, err := os.Stat(args[0]); errors.Is(err, os.ErrNotExist) {
				return fmt.Errorf("there is no file %s: name a copy, made by accolade store copy or one of the nightly ones in the state folder", args[0])
			}
			to := controller.StoreFile(conf.State)
			var doubts int
			err = store.Restore(args[0], to, func(tx store.Tx) (err error) {
				doubts, err = mail.Doubt(tx, clock.Real().Now())
				return err
			})
			if err != nil {
				return err
			}
			if _, err = fmt.Fprintf(p.stdout, "restored %s from %s\n", to, args[0]); err != nil || doubts == 0 {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "%d mails were waiting when the copy was taken, and may have been sent since: they wait for you, see accolade mail list --state doubtful\n", doubts)
			return err
		},
	}
}
