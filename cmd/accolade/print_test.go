package main

import (
	"bytes"
	"strings"
	"testing"
)

func printed(t *testing.T, format string, v any, tab *table) string {
	t.Helper()
	var out bytes.Buffer
	e := newEnv(strings.NewReader(""), &out, &out, func(string) string { return "" })
	e.output = format
	if err := e.print(v, tab); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTable(t *testing.T) {
	tab := newTable("name", "employees#", "town")
	tab.add("Élan", 12, "Lorient")
	tab.add("日本", 3, "Ploemeur")
	tab.add("e\u0301a", 100, "evil\x1b[31m\nline")
	want := "name  employees  town\nÉlan         12  Lorient\n日本          3  Ploemeur\ne\u0301a          100  evil [31m line\n"
	if got := printed(t, "table", nil, tab); got != want {
		t.Errorf("got\n%s\nwanted is\n%s", got, want)
	}
}

func TestFormats(t *testing.T) {
	tab := newTable("name", "amount#")
	tab.add(`Kerlann, "SARL"`, "-12.50")
	tab.add("=cmd|calc", "+33 2 97")
	v := []map[string]any{{"name": "Kerlann", "cents": 1250}}
	for format, want := range map[string]string{
		"csv":  "name,amount\n\"Kerlann, \"\"SARL\"\"\",-12.50\n'=cmd|calc,'+33 2 97\n",
		"json": "[\n  {\n    \"cents\": 1250,\n    \"name\": \"Kerlann\"\n  }\n]\n",
		"yaml": "- cents: 1250\n  name: Kerlann\n",
	} {
		if got := printed(t, format, v, tab); got != want {
			t.Errorf("%s: got\n%q\nwanted is\n%q", format, got, want)
		}
	}
}
