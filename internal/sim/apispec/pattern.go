package apispec

import (
	"regexp"
	"strings"
)

// perl compiles an expression that must match the whole text. As in Perl, a newline
// may follow.
func perl(expr string) *regexp.Regexp {
	return regexp.MustCompile(`^(?:` + expr + `)\n?\z`)
}

// Regexp compiles the schema's pattern: Perl's "m/^PATTERN$/", or what PBS writes
// between slashes.
func (s *Schema) Regexp() (*regexp.Regexp, error) {
	if rust, ok := strings.CutPrefix(s.Pattern, "/"); ok && strings.HasSuffix(rust, "/") {
		return regexp.Compile(strings.TrimSuffix(rust, "/"))
	}
	return regexp.Compile("^" + perlToGo(s.Pattern) + `\n?\z`)
}

// perlToGo rewrites what Go's expressions spell differently: "(?^i:" resets all
// flags but those named, "{,8}" counts from zero, and a "$" matches before a last
// newline too.
func perlToGo(expr string) string {
	var b strings.Builder
	class := false
	for i := 0; i < len(expr); i++ {
		rest := expr[i:]
		switch {
		case expr[i] == '\\' && i+1 < len(expr):
			if !strings.HasPrefix(rest, `\;`) {
				b.WriteByte('\\')
			}
			b.WriteByte(expr[i+1])
			i++
		case class:
			class = expr[i] != ']'
			b.WriteByte(expr[i])
		case expr[i] == '[':
			class = true
			b.WriteByte('[')
		case strings.HasPrefix(rest, "(?^"):
			flags, _, _ := strings.Cut(rest[3:], ":")
			i += 2 + len(flags)
			flags = strings.ReplaceAll(flags, "u", "") // Unicode is always on
			b.WriteString("(?" + flags + "-")
			for _, f := range "ims" {
				if !strings.ContainsRune(flags, f) {
					b.WriteRune(f)
				}
			}
		case strings.HasPrefix(rest, "(?>"): // gives nothing back; matches no less without
			b.WriteString("(?:")
			i += 2
		case strings.HasPrefix(rest, "{,"):
			b.WriteString("{0,")
			i++
		case strings.HasPrefix(rest, "{0,4096}"): // more than Go counts; no limit of length is lost in practice
			b.WriteString("*")
			i += len("{0,4096}") - 1
		case expr[i] == '$' && i == len(expr)-1:
			b.WriteString(`(?:\n?\z)`)
		default:
			b.WriteByte(expr[i])
		}
	}
	return b.String()
}

// matches tells whether the text has the schema's pattern, if there is one. That
// every pattern of the tables compiles is tested.
func (s *Schema) matches(text string) bool {
	if s.Pattern == "" {
		return true
	}
	s.compile.Do(func() { s.re, _ = s.Regexp() })
	return s.re != nil && s.re.MatchString(text)
}
