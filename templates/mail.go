package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// Mail fills in the mail about a document ("invoice" or "credit") in a language: its
// subject and its text. A file of the same name in folder, if that is not empty, goes
// before the one that ships. What is wrong in a template is told with file and line.
func Mail(folder, language, about string, values any) (subject, text string, err error) {
	name := language + "-" + about + ".txt"
	source, err := fs.ReadFile(files, "mail/"+name)
	if err != nil {
		return "", "", fmt.Errorf("template %s: %w", name, err)
	}
	if folder != "" {
		own := filepath.Join(folder, name)
		switch b, err := os.ReadFile(own); {
		case err == nil:
			name, source = own, b
		case !errors.Is(err, fs.ErrNotExist):
			return "", "", fmt.Errorf("template: %w", err)
		}
	}
	parsed, err := template.New(name).Option("missingkey=error").Parse(string(source))
	if err != nil {
		return "", "", err // names file and line
	}
	var out strings.Builder
	if err := parsed.Execute(&out, values); err != nil {
		return "", "", err
	}
	head, text, _ := strings.Cut(out.String(), "\n")
	word, subject, ok := strings.Cut(head, ":")
	if word = strings.TrimSpace(word); !ok || word != "Objet" && word != "Subject" {
		return "", "", fmt.Errorf("template: %s:1: the first line is %.40q; want the subject, as `Objet : …` or `Subject: …`", name, head)
	}
	return strings.TrimSpace(subject), strings.TrimLeft(text, "\n"), nil
}
