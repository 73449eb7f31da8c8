package config

import (
	"fmt"
	"strings"
)

// Sample is a commented file that names every key. What it sets is what holds
// without it; what has no default is commented out, with an example.
func Sample() string {
	var b strings.Builder
	b.WriteString(`# Configuration of the Accolade controller, accoladed.
#
# Flags (--seller-name) override environment variables (ACCOLADE_SELLER_NAME), which
# override this file. Unknown keys and wrong types are errors; look at the result,
# and at where each value comes from, with: accoladed check-config
# Relative paths are relative to this file's folder.
`)
	var open []string
	for _, k := range Keys {
		parts := strings.Split(k.Name, ".")
		shared := 0
		for shared < len(open) && shared < len(parts)-1 && open[shared] == parts[shared] {
			shared++
		}
		b.WriteByte('\n')
		for i := shared; i < len(parts)-1; i++ {
			b.WriteString(strings.Repeat("  ", i) + parts[i] + ":\n")
		}
		open = parts[:len(parts)-1]
		writeKey(&b, k, strings.Repeat("  ", len(parts)-1), parts[len(parts)-1])
	}
	return b.String()
}

func writeKey(b *strings.Builder, k Key, indent, name string) {
	for _, line := range wrap(k.Doc+" Want "+k.Allowed+".", 96-len(indent)) {
		b.WriteString(indent + "# " + line + "\n")
	}
	value, hash := k.Default, ""
	if value == "" {
		value, hash = k.Example, "# "
	}
	switch k.kind {
	case aList:
		b.WriteString(indent + hash + name + ":\n")
		for item := range strings.SplitSeq(value, "|") {
			b.WriteString(indent + hash + "  - " + quoted(item) + "\n")
		}
	case aText, aDigits:
		b.WriteString(indent + hash + name + ": " + quoted(value) + "\n")
	default:
		b.WriteString(indent + hash + name + ": " + value + "\n")
	}
}

func quoted(s string) string { return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"` }

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// Explain is one key as help text.
func (k Key) Explain() string {
	text := k.Doc + " Want " + k.Allowed + "."
	return fmt.Sprintf("%s (%s)", text, k.Env())
}
