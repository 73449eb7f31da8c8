package templates

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"text/template"
	"unicode"
	"unicode/utf8"
)

// Texts are the words of documents. Whoever wants other words puts a file of the same
// name, such as contract/fr.txt, into a folder of his own; those that ship hold where
// there is none.
type Texts struct {
	Folder string // empty: none
}

// BadText is a text that cannot be read or filled in; Error begins with its file and,
// where it is known, the line.
type BadText struct{ Why string }

func (b *BadText) Error() string { return b.Why }

// textFuncs are what texts may call beside Go's own.
var textFuncs = template.FuncMap{"capital": capital}

// Fill fills in a text, such as `contract/fr.txt`. A name that the values do not have is
// an error; all errors are *BadText.
func (t Texts) Fill(name string, values any) (string, error) {
	file, text, err := t.read(name)
	if err != nil {
		return "", &BadText{err.Error()}
	}
	parsed, err := template.New(file).Funcs(textFuncs).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return "", &BadText{strings.TrimPrefix(err.Error(), "template: ")}
	}
	var out strings.Builder
	if err := parsed.Execute(&out, values); err != nil {
		return "", &BadText{strings.TrimPrefix(err.Error(), "template: ")}
	}
	return out.String(), nil
}

// read is the text in the own folder, else the one that ships.
func (t Texts) read(name string) (file string, text []byte, err error) {
	if t.Folder != "" {
		file = filepath.Join(t.Folder, filepath.FromSlash(name))
		text, err = os.ReadFile(file)
		if err == nil && !utf8.Valid(text) {
			err = fmt.Errorf("%s: it is no UTF-8", file)
		}
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return file, text, err
		}
	}
	text, err = fs.ReadFile(files, name)
	return path.Join("templates", name), text, err
}

// capital makes the first letter a capital one.
func capital(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
