// Package templates holds the texts that we send elsewhere, embedded: the seed
// of a first boot, the scripts that run inside a server, the blueprints that ship,
// the reminders of invoices, the mails that bring these, and the words of quotes and
// contracts. It decides nothing and fills in nothing but values, quoted for their language.
package templates

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	html "html/template"
	"io"
	"io/fs"
	"slices"
	"strings"
	"text/template"
)

//go:embed seed guest blueprint reminder quote contract letter mail
var files embed.FS

// Seed fills in one file of a NoCloud seed: user-data, meta-data or
// network-config. In the template, {{quote .Field}} writes a value as YAML.
func Seed(name string, values any) ([]byte, error) {
	text, err := fs.ReadFile(files, "seed/"+name)
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	parsed, err := template.New(name).Funcs(template.FuncMap{"quote": quote}).Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, values); err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// quote writes a value as JSON, which is YAML too.
func quote(value any) (string, error) {
	text, err := json.Marshal(value)
	return string(text), err
}

// LetterMail fills in the mail that a letter is. Values are escaped for HTML.
func LetterMail(w io.Writer, values any) error {
	parsed, err := html.New("mail.html").Option("missingkey=error").ParseFS(files, "letter/mail.html")
	if err != nil {
		return fmt.Errorf("template mail.html: %w", err)
	}
	if err := parsed.Execute(w, values); err != nil {
		return fmt.Errorf("template mail.html: %w", err)
	}
	return nil
}

// Script is a script that runs inside a server, for /bin/sh -c.
func Script(name string) (string, error) {
	text, err := fs.ReadFile(files, "guest/"+name+".sh")
	if err != nil {
		return "", fmt.Errorf("script %s: %w", name, err)
	}
	return string(text), nil
}

// Blueprint is the text of a blueprint that ships; ok is false when there is none
// of that name.
func Blueprint(name string) (text []byte, ok bool) {
	text, err := fs.ReadFile(files, "blueprint/"+name+".yaml")
	return text, err == nil
}

// Blueprints lists the names of the blueprints that ship.
func Blueprints() []string {
	var names []string
	entries, err := fs.ReadDir(files, "blueprint")
	if err != nil {
		return nil // embedded: cannot be
	}
	for _, entry := range entries {
		names = append(names, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}
