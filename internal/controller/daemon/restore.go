package daemon

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"codeberg.org/accolade/accolade/internal/controller"
	"codeberg.org/accolade/accolade/internal/store"
)

func (p *program) restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Put a copy of the store in the place of the store",
		Long: `restore puts a copy (accolade store copy, or one of the nightly copies in the state
folder) in the place of the store. The controller must not run. The copy is checked
first; the store that is there is kept beside it with the ending .replaced.

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
			if err := store.Restore(args[0], to); err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout, "restored %s from %s\n", to, args[0])
			return err
		},
	}
}
