package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// usageError is a wrong call of the program.
type usageError struct {
	command string
	err     error
}

func (u *usageError) Error() string { return u.err.Error() }
func (u *usageError) Unwrap() error { return u.err }

// usage says that the command was called wrongly.
func usage(c *cobra.Command, err error) error {
	if errors.As(err, new(*usageError)) {
		return err
	}
	return &usageError{command: c.CommandPath(), err: err}
}

// flagTrouble says what the flag parser found in words of ours.
func flagTrouble(err error) error {
	if m := negative.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s is refused: want a number above zero", m[1])
	}
	if bad, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		kind := bad.GetFlag().Value.Type()
		want := kinds[kind]
		if want == "" {
			want = "a value of the kind " + kind
		}
		return fmt.Errorf("--%s %s is refused: want %s", bad.GetFlag().Name, bad.GetValue(), want)
	}
	if other, ok := errors.AsType[*pflag.NotExistError](err); ok && slices.Contains(formats, other.GetSpecifiedName()) {
		return fmt.Errorf("there is no --%s: want -o %s", other.GetSpecifiedName(), other.GetSpecifiedName())
	}
	if bare, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return fmt.Errorf("--%s stands without its value", bare.GetFlag().Name)
	}
	return err
}

// kinds are what flags hold that are no texts.
var kinds = map[string]string{"int": "a whole number", "ints": "a whole number", "uint": "a whole number of zero or more", "uint64": "a whole number of zero or more",
	"float64": "a number", "bool": "true or false", "duration": "a duration such as 30s"}

// negative is how the flag parser sees a negative number that stands where a
// positive one belongs.
var negative = regexp.MustCompile(`unknown shorthand flag: '\d' in (-[\d.hm]+)$`)

// argTrouble looks at what stands on the command line before any work: as many
// arguments as the command takes, none of them empty, and the flags that it needs.
func argTrouble(args cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, given []string) error {
		var err error
		if args != nil {
			err = args(c, given)
		}
		var missing []string
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if len(f.Annotations[cobra.BashCompOneRequiredFlag]) > 0 && !f.Changed {
				missing = append(missing, "--"+f.Name)
			}
		})
		how := strings.TrimSuffix(c.UseLine(), " [flags]")
		switch {
		case err != nil && counted.MatchString(err.Error()):
			what := "none is given"
			if len(given) > 0 {
				what = "given is " + strings.Join(given, " ")
			}
			err = fmt.Errorf("these are not its arguments: want %s; %s", how, what)
		case err != nil:
		case slices.ContainsFunc(given, func(s string) bool { return strings.TrimSpace(s) == "" }):
			err = fmt.Errorf("an argument is empty: want %s", how)
		case len(missing) > 0:
			is := map[bool]string{true: "is", false: "are"}[len(missing) == 1]
			err = fmt.Errorf("%s %s missing", strings.Join(missing, " and "), is)
		case c.Name() == "edit" && !changes(c):
			err = errors.New("nothing is to be changed: want a flag that says what")
		default:
			return nil
		}
		return usage(c, err)
	}
}

// counted is how cobra says that arguments are too many or too few.
var counted = regexp.MustCompile(`arg\(s\)|^unknown command`)

// changes reports whether a flag of the command's own was given.
func changes(c *cobra.Command) (given bool) {
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) { given = given || f.Changed })
	return given
}
