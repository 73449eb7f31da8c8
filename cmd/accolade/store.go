package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func newStoreCommand(e *env) *cobra.Command {
	c := &cobra.Command{Use: "store", Short: "Copy the controller's store"}
	c.AddCommand(newStoreCopy(e))
	return c
}

func newStoreCopy(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "copy FILE",
		Short: "Write a consistent copy of the store while the controller runs",
		Long: `Write a consistent copy of the store to FILE, mode 0600, while the controller runs. A
file that is there already is not replaced.

accoladed restore FILE brings it back. What is sealed in it opens only together with
the key identity.age of the controller's state folder: keep that somewhere else.`,
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) (err error) {
			client, err := e.controller()
			if err != nil {
				return err
			}
			f, err := os.OpenFile(args[0], os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
			if errors.Is(err, os.ErrExist) {
				return &failure{what: args[0] + " is there already", fix: "choose another name, or move it away", code: exitRefused}
			}
			if err != nil {
				return err
			}
			defer func() {
				if err != nil {
					err = errors.Join(err, os.Remove(args[0]))
				}
			}()
			if err = client.CopyStore(c.Context(), f); err == nil {
				err = f.Sync()
			}
			if err = errors.Join(err, f.Close()); err != nil {
				return err
			}
			info, err := os.Stat(args[0])
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(e.stdout, "%s: %d bytes\n", args[0], info.Size())
			return err
		},
	}
}
