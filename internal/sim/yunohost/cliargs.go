package yunohost

import (
	"fmt"
	"slices"
	"strings"
)

// categories are the first words of commands, in the order of the usage.
var categories = []string{"user", "domain", "app", "backup", "settings", "service", "firewall", "dyndns", "tools", "hook", "log", "diagnosis", "storage"}

// findAction walks the words down the tree of commands.
func findAction(words []string) (*actionSpec, []string, *outcome) {
	name := ""
	for depth := 0; ; depth++ {
		choices := childrenOf(name)
		if depth >= len(words) || !slices.Contains(choices, words[depth]) {
			return nil, nil, badChoice(name, choices, words, depth)
		}
		if name != "" {
			name += "."
		}
		name += words[depth]
		if spec := table().actions[name]; spec != nil {
			return spec, words[depth+1:], nil
		}
	}
}

func childrenOf(name string) []string {
	if name == "" {
		return categories
	}
	var found []string
	for action := range table().actions {
		rest, ok := strings.CutPrefix(action, name+".")
		if !ok {
			continue
		}
		child, _, _ := strings.Cut(rest, ".")
		if !slices.Contains(found, child) {
			found = append(found, child)
		}
	}
	slices.Sort(found)
	return found
}

func badChoice(name string, choices, words []string, depth int) *outcome {
	prog := strings.TrimRight("yunohost "+strings.ReplaceAll(name, ".", " "), " ")
	set := "{" + strings.Join(choices, ",") + "}"
	head := "usage: " + prog + "\n                " + set + "\n                ...\n                [-h]\n" + prog + ": error: "
	if depth >= len(words) {
		return &outcome{2, "", head + "the following arguments are required: " + set + "\n"}
	}
	return &outcome{2, "", fmt.Sprintf("%sargument %s: invalid choice: '%s' (choose from '%s')\n", head, set, words[depth], strings.Join(choices, "', '"))}
}

// bind gives the words after the command to its arguments, as argparse does.
func (in *Input) bind(spec *actionSpec, words []string) *outcome {
	prog := "yunohost " + strings.ReplaceAll(spec.Action, ".", " ")
	bad := func(format string, a ...any) *outcome {
		return &outcome{2, "", "usage: " + prog + " [-h] …\n" + prog + ": error: " + fmt.Sprintf(format, a...) + "\n"}
	}
	var loose []string
	for i := 0; i < len(words); i++ {
		word := words[i]
		if word == "--" {
			loose = append(loose, words[i+1:]...)
			break
		}
		if !looksLikeOption(word) {
			loose = append(loose, word)
			continue
		}
		arg, value, joined := findOption(spec, word)
		if arg == nil {
			return bad("unrecognized arguments: %s", word)
		}
		if arg.flag() {
			in.Args[arg.Name] = []string{}
			continue
		}
		values := []string{}
		if joined {
			values = append(values, value)
		}
		for !joined && i+1 < len(words) && !looksLikeOption(words[i+1]) && (len(values) == 0 || arg.NArgs == "*" || arg.NArgs == "+") {
			i++
			values = append(values, words[i])
		}
		if len(values) == 0 && (arg.NArgs == "" || arg.NArgs == "+") {
			want := map[string]string{"": "expected one argument", "+": "expected at least one argument"}[arg.NArgs]
			return bad("argument %s: %s", strings.Join(arg.Flags, "/"), want)
		}
		if err := checkType(arg, strings.Join(arg.Flags, "/"), values); err != nil {
			return bad("%s", err)
		}
		in.Args[arg.Name] = values
	}
	return in.bindLoose(spec, loose, bad)
}

// bindLoose gives what is no option to the positional arguments, in order.
func (in *Input) bindLoose(spec *actionSpec, loose []string, bad func(string, ...any) *outcome) *outcome {
	var missing []string
	for i := range spec.Args {
		arg := &spec.Args[i]
		if !arg.positional() {
			continue
		}
		take := min(1, len(loose))
		if arg.NArgs == "*" || arg.NArgs == "+" {
			take = len(loose)
		}
		if take == 0 {
			if arg.NArgs == "" || arg.NArgs == "+" {
				missing = append(missing, arg.Name)
			}
			continue
		}
		if err := checkType(arg, arg.Name, loose[:take]); err != nil {
			return bad("%s", err)
		}
		in.Args[arg.Name], loose = loose[:take], loose[take:]
	}
	if len(missing) > 0 {
		return bad("the following arguments are required: %s", strings.Join(missing, ", "))
	}
	if len(loose) > 0 {
		return bad("unrecognized arguments: %s", strings.Join(loose, " "))
	}
	return nil
}

func looksLikeOption(word string) bool {
	return len(word) > 1 && word[0] == '-' && (word[1] < '0' || word[1] > '9') && !strings.Contains(word, " ")
}

// findOption finds an option by its name, by an unambiguous beginning of its long
// name, or joined to its value.
func findOption(spec *actionSpec, word string) (arg *argSpec, value string, joined bool) {
	name, value, joined := strings.Cut(word, "=")
	var found []*argSpec
	for i := range spec.Args {
		a := &spec.Args[i]
		for _, flag := range a.Flags {
			if flag == name {
				return a, value, joined
			}
			if strings.HasPrefix(name, "--") && strings.HasPrefix(flag, name) {
				found = append(found, a)
			}
			if len(flag) == 2 && !strings.HasPrefix(word, "--") && strings.HasPrefix(word, flag) && !a.flag() {
				return a, strings.TrimPrefix(word, flag), true
			}
		}
	}
	if len(found) == 1 {
		return found[0], value, joined
	}
	return nil, "", false
}
