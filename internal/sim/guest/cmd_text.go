package guest

import (
	"bytes"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func lines(data []byte) []string {
	text := strings.TrimSuffix(string(data), "\n")
	if text == "" && len(data) == 0 {
		return nil
	}
	return strings.Split(text, "\n")
}

func echo(c *invocation) { c.printf("%s\n", strings.Join(c.argv[1:], " ")) }

// head is head and tail.
func head(c *invocation) {
	flags, files := c.options("n", "lines", "c", "bytes")
	n := 10
	if text := flags["n"] + flags["lines"]; text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			c.fail(1, "%s: invalid number of lines: '%s'", program(c.argv[0]), text)
			return
		}
	}
	c.each(files, func(_ string, data []byte) {
		if text := flags["c"] + flags["bytes"]; text != "" {
			if size, err := strconv.Atoi(text); err == nil && program(c.argv[0]) == "head" {
				c.out.Write(data[:min(size, len(data))])
			}
			return
		}
		all := lines(data)
		cut := all[:min(n, len(all))]
		if program(c.argv[0]) == "tail" {
			cut = all[max(0, len(all)-n):]
		}
		for _, l := range cut {
			c.printf("%s\n", l)
		}
	})
}

func wc(c *invocation) {
	flags, files := c.options()
	c.each(files, func(name string, data []byte) {
		n := bytes.Count(data, []byte("\n"))
		switch {
		case has(flags, "c", "m"):
			n = len(data)
		case has(flags, "w"):
			n = len(bytes.Fields(data))
		}
		if name == "-" {
			c.printf("%d\n", n)
			return
		}
		c.printf("%d %s\n", n, name)
	})
}

// grepReads says whether grep has no file.
func grepReads(argv []string) bool {
	flags, rest := (&invocation{argv: argv}).options("e", "m", "A", "B", "C")
	files := len(rest)
	if !has(flags, "e") {
		files--
	}
	return files <= 0 || slices.Contains(rest, "-")
}

func grep(c *invocation) {
	flags, rest := c.options("e", "m", "A", "B", "C")
	pattern, ok := flags["e"]
	if !ok {
		if len(rest) == 0 {
			c.fail(2, "Usage: grep [OPTION]... PATTERNS [FILE]...")
			return
		}
		pattern, rest = rest[0], rest[1:]
	}
	if has(flags, "F") {
		pattern = regexp.QuoteMeta(pattern)
	} else if !has(flags, "E", "P") {
		pattern = basic(pattern)
	}
	if has(flags, "x") {
		pattern = "^(?:" + pattern + ")$"
	}
	if has(flags, "w") {
		pattern = `\b(?:` + pattern + `)\b`
	}
	if has(flags, "i") {
		pattern = "(?i)" + pattern
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		c.fail(2, "grep: %s", err)
		return
	}
	found := 0
	if has(flags, "s") {
		rest = slices.DeleteFunc(rest, func(f string) bool { return !c.g.exists(c.path(f)) })
	}
	c.each(rest, func(name string, data []byte) {
		here := 0
		for i, l := range lines(data) {
			if re.MatchString(l) == has(flags, "v") {
				continue
			}
			found++
			here++
			switch {
			case has(flags, "q", "c", "l"):
			case has(flags, "o"):
				for _, m := range re.FindAllString(l, -1) {
					c.printf("%s\n", m)
				}
			case has(flags, "n"):
				c.printf("%d:%s\n", i+1, l)
			default:
				c.printf("%s\n", l)
			}
		}
		if has(flags, "c") {
			c.printf("%d\n", here)
		}
		if has(flags, "l") && here > 0 {
			c.printf("%s\n", name)
		}
	})
	if found == 0 && c.exit == 0 {
		c.exit = 1
	}
}

// basic turns a basic regular expression into an extended one.
func basic(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		ch := pattern[i]
		switch {
		case ch == '\\' && i+1 < len(pattern) && strings.ContainsRune("(){}|+?", rune(pattern[i+1])):
			i++
			b.WriteByte(pattern[i])
		case ch == '\\' && i+1 < len(pattern):
			b.WriteString(pattern[i : i+2])
			i++
		case strings.ContainsRune("(){}|+?", rune(ch)):
			b.WriteByte('\\')
			b.WriteByte(ch)
		default:
			b.WriteByte(ch)
		}
	}
	return b.String()
}

// sed knows s/x/y/ with g, on input or in place.
func sed(c *invocation) {
	flags, rest := c.options("e", "expression")
	script, ok := flags["e"]
	if !ok {
		if len(rest) == 0 {
			c.fail(1, "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...")
			return
		}
		script, rest = rest[0], rest[1:]
	}
	if len(script) < 4 || script[0] != 's' {
		c.fail(127, "sed: not simulated: %s", script)
		return
	}
	parts := strings.Split(script[2:], script[1:2])
	if len(parts) != 3 || strings.Trim(parts[2], "g") != "" {
		c.fail(127, "sed: not simulated: %s", script)
		return
	}
	pattern := parts[0]
	if !has(flags, "E", "r") {
		pattern = basic(pattern)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		c.fail(1, "sed: %s", err)
		return
	}
	with := regexp.MustCompile(`\\([0-9])`).ReplaceAllString(strings.ReplaceAll(parts[1], "$", "$$"), "$${$1}")
	with = regexp.MustCompile(`(^|[^\\])&`).ReplaceAllString(with, "${1}$${0}")
	c.each(rest, func(name string, data []byte) {
		var b strings.Builder
		for _, l := range lines(data) {
			if parts[2] == "" {
				if at := re.FindStringSubmatchIndex(l); at != nil {
					l = l[:at[0]] + string(re.ExpandString(nil, with, l, at)) + l[at[1]:]
				}
			} else {
				l = re.ReplaceAllString(l, with)
			}
			b.WriteString(l + "\n")
		}
		if !has(flags, "i", "in-place") {
			c.printf("%s", b.String())
			return
		}
		if err := c.g.writeFile(c.path(name), []byte(b.String()), 0o644); err != nil {
			c.fail(1, "sed: %s: %s", name, why(err))
		}
	})
}

func cut(c *invocation) {
	flags, files := c.options("d", "delimiter", "f", "fields", "c")
	delimiter, want := flags["d"]+flags["delimiter"], flags["f"]+flags["fields"]
	if delimiter == "" {
		delimiter = "\t"
	}
	n, err := strconv.Atoi(want)
	if err != nil || n < 1 {
		c.fail(127, "cut: not simulated: fields %q", want)
		return
	}
	c.each(files, func(_ string, data []byte) {
		for _, l := range lines(data) {
			if parts := strings.Split(l, delimiter); len(parts) == 1 {
				c.printf("%s\n", l)
			} else if n <= len(parts) {
				c.printf("%s\n", parts[n-1])
			} else {
				c.printf("\n")
			}
		}
	})
}

func sortCommand(c *invocation) {
	flags, files := c.options("k", "t")
	var all []string
	c.each(files, func(_ string, data []byte) { all = append(all, lines(data)...) })
	slices.Sort(all)
	if has(flags, "u") {
		all = slices.Compact(all)
	}
	if has(flags, "r") {
		slices.Reverse(all)
	}
	for _, l := range all {
		c.printf("%s\n", l)
	}
}

func tr(c *invocation) {
	flags, sets := c.options()
	expand := func(set string) []rune {
		set = strings.NewReplacer(`\n`, "\n", `\t`, "\t", `\r`, "\r", "[:lower:]", "a-z", "[:upper:]", "A-Z", "[:digit:]", "0-9", "[:space:]", " \t\n\r").Replace(set)
		var out []rune
		runes := []rune(set)
		for i := 0; i < len(runes); i++ {
			if i+2 < len(runes) && runes[i+1] == '-' {
				for r := runes[i]; r <= runes[i+2]; r++ {
					out = append(out, r)
				}
				i += 2
				continue
			}
			out = append(out, runes[i])
		}
		return out
	}
	if len(sets) == 0 || has(flags, "c", "C") {
		c.fail(127, "tr: not simulated: %s", strings.Join(c.argv[1:], " "))
		return
	}
	from := expand(sets[0])
	if has(flags, "d") {
		c.out.WriteString(strings.Map(func(r rune) rune {
			if slices.Contains(from, r) {
				return -1
			}
			return r
		}, string(c.in)))
		return
	}
	if len(sets) < 2 {
		c.fail(1, "tr: missing operand after '%s'", sets[0])
		return
	}
	to := expand(sets[1])
	c.out.WriteString(strings.Map(func(r rune) rune {
		if i := slices.Index(from, r); i >= 0 && len(to) > 0 {
			return to[min(i, len(to)-1)]
		}
		return r
	}, string(c.in)))
}
