package pve

import (
	"fmt"
	"slices"
	"strings"
)

// props is a property string such as "local-lvm:vm-100-disk-0,size=32G": pairs in
// the order in which they stand. The value without a name belongs to the default key.
type props struct {
	def   string
	pairs []pair
}

type pair struct{ key, value string }

// parseProps splits a property string.
func parseProps(text, def string) props {
	p := props{def: def}
	if text == "" {
		return p
	}
	for part := range strings.SplitSeq(text, ",") {
		key, value, named := strings.Cut(part, "=")
		if !named {
			key, value = def, part
		}
		p.pairs = append(p.pairs, pair{key, value})
	}
	return p
}

func (p props) get(key string) string {
	for _, x := range p.pairs {
		if x.key == key {
			return x.value
		}
	}
	return ""
}

func (p props) has(key string) bool {
	return slices.ContainsFunc(p.pairs, func(x pair) bool { return x.key == key })
}

// truth reads a boolean as the servers do.
func (p props) truth(key string) bool {
	switch strings.ToLower(p.get(key)) {
	case "1", "on", "yes", "true":
		return true
	}
	return false
}

// set changes or adds a pair.
func (p *props) set(key, value string) {
	for i, x := range p.pairs {
		if x.key == key {
			p.pairs[i].value = value
			return
		}
	}
	p.pairs = append(p.pairs, pair{key, value})
}

func (p *props) drop(key string) {
	p.pairs = slices.DeleteFunc(p.pairs, func(x pair) bool { return x.key == key })
}

// String prints the default key first and the others in order, as the configuration
// files have them.
func (p props) String() string {
	var parts []string
	if p.has(p.def) {
		parts = append(parts, p.get(p.def))
	}
	rest := slices.Clone(p.pairs)
	slices.SortStableFunc(rest, func(x, y pair) int { return strings.Compare(x.key, y.key) })
	for _, x := range rest {
		if x.key != p.def {
			parts = append(parts, x.key+"="+x.value)
		}
	}
	return strings.Join(parts, ",")
}

// sizeText is a size as configuration files have it: the largest unit without rest.
func sizeText(bytes int64) string {
	for _, unit := range []string{"", "K", "M", "G", "T"} {
		if unit == "T" || bytes%1024 != 0 || bytes == 0 {
			return fmt.Sprintf("%d%s", bytes, unit)
		}
		bytes /= 1024
	}
	return ""
}

// parseSize reads a size such as 32G; ok is false for anything else.
func parseSize(text string) (bytes int64, ok bool) {
	unit := int64(1)
	if n := len(text); n > 0 {
		switch text[n-1] {
		case 'K':
			unit = 1 << 10
		case 'M':
			unit = 1 << 20
		case 'G':
			unit = 1 << 30
		case 'T':
			unit = 1 << 40
		}
		if unit > 1 {
			text = text[:n-1]
		}
	}
	var whole float64
	if _, err := fmt.Sscanf(text, "%g", &whole); err != nil || whole < 0 {
		return 0, false
	}
	return int64(whole * float64(unit)), true
}
