package yunohost

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Input is one call of the command line, checked as far as its syntax goes.
type Input struct {
	Action string    `json:"action"` // "user.create"
	Args   arguments `json:"args"`
	Line   string    `json:"line"` // the command's words, for messages
	File   []byte    `json:"file,omitempty"`
	Output string    `json:"output"` // "json", "plain", "none", or "" (plain too)
	Quiet  bool      `json:"quiet,omitempty"`
}

func (in *Input) stepwise() bool { return in.Action == "user.import" }

func (in *Input) logName(at time.Time) string {
	return logName(at, in.Action, in.Args)
}

// readTime is what the command line takes at least: Python starts, reads its map.
const readTime = 200 * time.Millisecond

// CLI runs the command line `yunohost …` (argv[0] is "yunohost") as root. readFile
// gives the content of a file that an argument names. Reads answer at once; what
// changes something shows in the State when Advance has come to its end.
func (s *State) CLI(now time.Time, argv []string, readFile func(path string) ([]byte, error)) Result {
	s.Advance(now)
	in, timeout, f := s.parseLine(argv, readFile)
	if f != nil {
		return finished(f)
	}
	op, ok := known[in.Action]
	if !ok {
		return finished(&outcome{exit: 2, stderr: "yunohost: error: not simulated: " + strings.ReplaceAll(in.Action, ".", " ") + "\n"})
	}
	if !op.writes {
		res := s.run(*in, now)
		return res
	}
	if wait := s.busyUntil(now).Sub(now); timeout >= 0 && wait > timeout {
		res := finished(&outcome{exit: 1, stderr: "ERROR " + lockText + "\n"})
		res.Duration = timeout
		return res
	}
	res, err := s.rehearse(*in, now)
	if err != nil {
		return finished(&outcome{exit: 1, stderr: "ERROR " + err.Error() + "\n"})
	}
	return res
}

// outcome is an end before any action.
type outcome struct {
	exit           int
	stdout, stderr string
}

func finished(o *outcome) Result {
	return Result{Stdout: []byte(o.stdout), Stderr: []byte(o.stderr), Exit: o.exit, Duration: readTime / 2}
}

// run does an action and writes down what the terminal shows.
func (s *State) run(in Input, now time.Time) Result {
	c := &call{s: s, args: in.Args, door: cli, now: now, name: in.Action, by: "root", file: in.File, cost: readTime}
	fillDefaults(table().actions[in.Action], c.args)
	var out, errs strings.Builder
	answer, err := any(nil), checkExtras(table().actions[in.Action], in.Args, c.say)
	if err == nil {
		answer, err = c.perform()
	}
	crashed := false
	if err != nil {
		if f, ok := err.(*fault); ok && (f.kind == crash || f.kind == crashPage) {
			crashed = true
		} else {
			c.say("ERROR", err.Error())
		}
	}
	for _, l := range c.said {
		switch l.level {
		case "":
			out.WriteString(l.text + "\n")
		case "INFO", "SUCCESS":
			if !in.Quiet {
				out.WriteString(l.level + " " + l.text + "\n")
			}
		default:
			errs.WriteString(l.level + " " + l.text + "\n")
		}
	}
	res := Result{Duration: c.cost, worked: c.log != nil}
	switch {
	case crashed:
		fmt.Fprintf(&errs, "Traceback (most recent call last):\n  File \"/usr/bin/yunohost\", line 108, in <module>\n    main()\n%s\n", err)
		res.Exit = 1
	case err != nil:
		res.Exit = 1
		if f, ok := err.(*fault); ok && f.kind == unsimulated {
			res.Exit = 2
		}
	case answer != nil && in.Output == "json":
		out.Write(encode(answer))
		out.WriteByte('\n')
	case answer != nil && in.Output != "none":
		out.WriteString(plain(answer))
	}
	res.Stdout, res.Stderr = []byte(out.String()), []byte(errs.String())
	return res
}

// beforePostinstall are the commands that work on a server without its post-install.
var beforePostinstall = []string{"tools postinstall", "tools versions", "tools shell", "backup list", "backup restore", "log display"}

// parseLine splits the global options off and finds the action and its arguments.
// timeout is negative when none was given.
func (s *State) parseLine(argv []string, readFile func(string) ([]byte, error)) (*Input, time.Duration, *outcome) {
	in := &Input{Args: arguments{}}
	timeout := time.Duration(-1)
	var words []string
	for i := 1; i < len(argv); i++ {
		word, value, joined := strings.Cut(argv[i], "=")
		next := func() string {
			if !joined && i+1 < len(argv) {
				i++
				value = argv[i]
			}
			return value
		}
		switch word {
		case "--output-as":
			in.Output = next()
			if !slices.Contains([]string{"json", "plain", "none"}, in.Output) {
				return nil, 0, &outcome{2, "", fmt.Sprintf("usage: yunohost [--output-as {json,plain,none}] [--debug] [--quiet] [--version]\n                [--timeout TIMEOUT]\nyunohost: error: argument --output-as: invalid choice: '%s' (choose from 'json', 'plain', 'none')\n", in.Output)}
			}
		case "--timeout":
			seconds, err := strconv.Atoi(next())
			if err != nil {
				return nil, 0, &outcome{2, "", fmt.Sprintf("yunohost: error: argument --timeout: invalid int value: '%s'\n", value)}
			}
			timeout = time.Duration(seconds) * time.Second
		case "--json":
			in.Output = "json"
		case "--plain":
			in.Output = "plain"
		case "--quiet":
			in.Quiet = true
		case "--debug":
		case "--version":
			words = []string{"tools", "versions"}
		default:
			words = append(words, argv[i])
		}
	}
	in.Line = strings.Join(words, " ")
	if !s.Installed && (len(words) < 2 || !slices.Contains(beforePostinstall, words[0]+" "+words[1])) {
		return nil, 0, &outcome{1, "Error: YunoHost is not correctly installed. Please run 'yunohost tools postinstall'\n", ""}
	}
	spec, rest, end := findAction(words)
	if end != nil {
		return nil, 0, end
	}
	in.Action = spec.Action
	if end := in.bind(spec, rest); end != nil {
		return nil, 0, end
	}
	for i := range spec.Args {
		if arg := &spec.Args[i]; arg.Type == "open" && in.Args.has(arg.Name) {
			path := in.Args.str(arg.Name)
			data, err := readFile(path)
			if err != nil {
				text := fmt.Sprintf("ERROR unable to parse arguments '%s' because: [Errno 2] No such file or directory: '%s'\n", in.Line, path)
				return nil, 0, &outcome{1, "", text + text}
			}
			in.File = data
		}
	}
	return in, timeout, nil
}
