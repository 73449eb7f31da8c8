package match

import (
	"slices"
	"strings"
	"unicode"

	"codeberg.org/accolade/accolade/internal/billing/sepa"
)

// empty words say nothing about who it is: forms of law, articles, what banks write.
var empty = strings.Fields(`sarl sas sasu eurl sa sci scic scop snc ei eirl gaec asso assoc association ste societe ets m mr mme mlle
	le la les l de du des d et en a au aux the and of commune mairie ecole college lycee vir virement sepa recu facture`)

// significant are the words of a name that tell it from others; all of them where none does.
func significant(name string) []string {
	words := strings.FieldsFunc(strings.ToLower(sepa.Latin(name)), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	telling := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return slices.Contains(empty, w) })
	if len(telling) == 0 {
		return words
	}
	return telling
}

// shared counts the words of a name that a text holds.
func shared(name, text string) (found, of int) {
	words, there := significant(name), significant(text)
	for _, w := range words {
		if slices.Contains(there, w) {
			found++
		}
	}
	return found, len(words)
}
