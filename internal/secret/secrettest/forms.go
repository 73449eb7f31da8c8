package secrettest

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// parts are the texts to look for when a secret comes as a whole that holds others: a
// JSON document, a form, a table with a column of passwords. The whole is one too.
func parts(text string) []string {
	list := []string{strings.TrimSpace(text)}
	var tree any
	if json.Unmarshal([]byte(text), &tree) == nil {
		list = append(list, leaves("", tree)...)
	}
	if form, err := url.ParseQuery(strings.TrimSpace(text)); err == nil && strings.Contains(text, "=") {
		for name, values := range form {
			if telling.MatchString(name) {
				list = append(list, values...)
			}
		}
	}
	for _, comma := range []rune{';', ','} {
		list = append(list, column(text, comma)...)
	}
	return list
}

// telling are names of what is secret inside of a larger text.
var telling = regexp.MustCompile(`(?i)pass|secret|key|token|^data$`)

func leaves(name string, tree any) (list []string) {
	switch v := tree.(type) {
	case map[string]any:
		for name, sub := range v {
			list = append(list, leaves(name, sub)...)
		}
	case []any:
		for _, sub := range v {
			list = append(list, leaves(name, sub)...)
		}
	case string:
		if telling.MatchString(name) {
			return parts(v)
		}
	}
	return list
}

// column is what stands under headings that tell of a secret.
func column(text string, comma rune) (list []string) {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = comma, -1
	rows, err := r.ReadAll()
	if err != nil || len(rows) < 2 {
		return nil
	}
	for i, heading := range rows[0] {
		if !telling.MatchString(heading) || len(heading) > 30 {
			continue
		}
		for _, row := range rows[1:] {
			if i < len(row) {
				list = append(list, row[i])
			}
		}
	}
	return list
}

// forms are the ways in which a text may be written, by their names.
func forms(text string) map[string]string {
	all := map[string]string{"plain": text} // by the written text: many are the same
	byText := map[string]string{text: "plain"}
	put := func(name, written string) {
		if _, same := byText[written]; !same {
			byText[written], all[name] = name, written
		}
	}
	if quoted, err := json.Marshal(text); err == nil {
		put("JSON", string(quoted[1:len(quoted)-1]))
		if twice, err := json.Marshal(string(quoted)); err == nil {
			put("JSON in JSON", string(twice[3:len(twice)-3]))
		}
	}
	quoted := strconv.Quote(text)
	put("a Go string", quoted[1:len(quoted)-1])
	quoted = strconv.QuoteToASCII(text)
	put("an ASCII Go string", quoted[1:len(quoted)-1])
	put("HTML", html.EscapeString(text))
	put("a query", url.QueryEscape(text))
	put("a path", url.PathEscape(text))
	put("hex", hex.EncodeToString([]byte(text)))
	put("HEX", strings.ToUpper(hex.EncodeToString([]byte(text))))
	for shift := range 3 {
		name := "base64 at " + strconv.Itoa(shift)
		std := inBase64(base64.RawStdEncoding, text, shift)
		put(name, std)
		put(name+" in a query", url.QueryEscape(std))
		put(name+" for URLs", inBase64(base64.RawURLEncoding, text, shift))
	}
	return all
}

// inBase64 is what the base64 of a longer text shows of text when shift bytes (mod 3)
// stand before it: the digits that are made of text's bits alone.
func inBase64(e *base64.Encoding, text string, shift int) string {
	digits := e.EncodeToString(append(make([]byte, shift), text...))
	bits := 8 * (shift + len(text))
	return digits[(8*shift+5)/6 : bits/6]
}
