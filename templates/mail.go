package templates

import (
	"fmt"
	"path"
	"strings"
)

// Mail fills in the mail about a document, "invoice" or "credit", in a language: its
// subject, which is the text's first line, and the rest. All errors are *BadText.
func (t Texts) Mail(language, about string, values any) (subject, text string, err error) {
	name := path.Join("mail", language+"-"+about+".txt")
	filled, err := t.Fill(name, values)
	if err != nil {
		return "", "", err
	}
	head, text, _ := strings.Cut(filled, "\n")
	word, subject, ok := strings.Cut(head, ":")
	if word = strings.TrimSpace(word); !ok || word != "Objet" && word != "Subject" {
		return "", "", &BadText{fmt.Sprintf("%s:1: the first line is %.40q; want the subject, as `Objet : …` or `Subject: …`", name, head)}
	}
	return strings.TrimSpace(subject), strings.TrimLeft(text, "\n"), nil
}
