package yunohost

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// arguments are an action's arguments by name as in the map; a flag that is set has
// an empty list.
type arguments map[string][]string

func (a arguments) has(name string) bool { _, ok := a[name]; return ok }

func (a arguments) str(name string) string {
	if v := a[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// opt is the value, or def when the argument is absent.
func (a arguments) opt(name, def string) string {
	if v, ok := a[name]; ok && len(v) > 0 {
		return v[0]
	}
	return def
}

// bind gives values to the arguments of an action as argparse does, for both doors:
// prefix is "@" for the web API and "-" for the command line (where the option's own
// name is shown).
func bindWeb(spec *actionSpec, form map[string][]string) (arguments, error) {
	args := arguments{}
	var missing, excess []string
	for i := range spec.Args {
		arg := &spec.Args[i]
		values, given := form[arg.field()]
		if arg.flag() {
			if given {
				args[arg.Name] = []string{}
			}
			continue
		}
		if arg.positional() {
			values = slices.DeleteFunc(slices.Clone(values), func(v string) bool { return strings.HasPrefix(v, "@") })
			if len(values) == 0 {
				if arg.NArgs == "" || arg.NArgs == "+" {
					missing = append(missing, arg.Name)
				}
				continue
			}
		} else if !given {
			continue
		} else if err := emptyOption(arg, values); err != nil {
			return nil, err
		}
		if (arg.NArgs == "" || arg.NArgs == "?") && len(values) > 1 {
			excess = append(excess, values[1:]...)
			values = values[:1]
		}
		if err := checkType(arg, "@"+arg.Name, values); err != nil {
			return nil, err
		}
		args[arg.Name] = values
	}
	if len(missing) > 0 {
		return nil, refusePlain("the following arguments are required: %s", strings.Join(missing, ", "))
	}
	if len(excess) > 0 {
		return nil, refusePlain("unrecognized arguments: %s", strings.Join(excess, " "))
	}
	return args, nil
}

// unknown lists the fields that an action does not know, sorted.
func (spec *actionSpec) unknown(form map[string][]string) []string {
	var names []string
	for name := range form {
		if !slices.ContainsFunc(spec.Args, func(a argSpec) bool { return a.field() == name }) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// emptyOption refuses an option without a value: an empty one, or one that looks
// like an option itself (the web API's options start with an at sign).
func emptyOption(arg *argSpec, values []string) error {
	want := map[string]string{"": "expected one argument", "+": "expected at least one argument"}[arg.NArgs]
	if want == "" {
		return nil
	}
	if len(values) == 0 || values[0] == "" || strings.HasPrefix(values[0], "@") {
		return refusePlain("argument @%s: %s", arg.Name, want)
	}
	return nil
}

func checkType(arg *argSpec, shown string, values []string) error {
	for _, v := range values {
		if arg.Type == "int" {
			if _, err := strconv.Atoi(v); err != nil {
				return refusePlain("argument %s: invalid int value: '%s'", shown, v)
			}
		}
		if len(arg.Choices) > 0 && !slices.Contains(arg.Choices, v) {
			quoted := make([]string, len(arg.Choices))
			for i, c := range arg.Choices {
				quoted[i] = "'" + c + "'"
			}
			return refusePlain("argument %s: invalid choice: '%s' (choose from %s)", shown, v, strings.Join(quoted, ", "))
		}
	}
	return nil
}

// checkExtras applies what YunoHost demands beyond argparse, in the order of the
// map: what must be given, and patterns. say hears what the command line prints
// meanwhile; it is nil for the web API.
func checkExtras(spec *actionSpec, args arguments, say func(level, text string)) error {
	for i := range spec.Args {
		arg := &spec.Args[i]
		values, given := args[arg.Name]
		if say != nil && arg.Comment != "" && (given || arg.Required) {
			say("", comments[arg.Comment])
		}
		if !given {
			if !arg.Required {
				continue
			}
			if say != nil {
				return fail("Not a tty, can't do interactive prompts")
			}
			return refusePlain("Argument '%s' is required", arg.field())
		}
		if arg.Pattern == "" {
			continue
		}
		for _, v := range values {
			if v == "" && arg.positional() || fitsPattern(arg.Pattern, v) {
				continue
			}
			if say != nil {
				say("WARNING", fmt.Sprintf("argument value '%s' for '%s' doesn't match pattern '%s'", v, arg.field(), arg.Pattern))
			}
			text, ok := patternTexts[arg.PatternKey]
			if !ok {
				text = arg.PatternKey
			}
			return refusePlain("Invalid argument '%s': %s", arg.field(), text)
		}
	}
	return nil
}

// fillDefaults gives absent arguments their defaults.
func fillDefaults(spec *actionSpec, args arguments) {
	for i := range spec.Args {
		arg := &spec.Args[i]
		if _, given := args[arg.Name]; !given && arg.Default != "" && !arg.flag() {
			args[arg.Name] = []string{arg.Default}
		}
	}
}

var comments = map[string]string{
	"good_practices_about_admin_password": "You are now about to define a new administration password. The password should be at least 8 characters long\u2014though it is good practice to use a longer password (i.e. a passphrase) and/or to use a variation of characters (uppercase, lowercase, digits and special characters).",
	"good_practices_about_user_password":  "You are now about to define a new user password. The password should be at least 8 characters long\u2014though it is good practice to use a longer password (i.e. a passphrase) and/or to a variation of characters (uppercase, lowercase, digits and special characters).",
}
