package yunohost

import (
	"encoding/json"
	"mime"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/sharedtest"
)

// exchange is one recorded exchange with a real server, by HTTPS or by the CLI.
type exchange struct {
	Note    string `json:"note"`
	Request struct {
		Argv   []string `json:"argv"`
		Method string   `json:"method"`
		Path   string   `json:"path"`
	} `json:"request"`
	Response struct {
		Status  int             `json:"status"`
		Headers [][2]string     `json:"headers"`
		Body    json.RawMessage `json:"body"`
		Exit    int             `json:"exit"`
		Stdout  string          `json:"stdout"`
		Stderr  string          `json:"stderr"`
	} `json:"response"`
}

func recorded(t *testing.T) []exchange {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "recorded", "yunohost-12.1.25"), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("recordings: %v, %v", files, err)
	}
	var all []exchange
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var list []exchange
		if err := json.Unmarshal(text, &list); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, list...)
	}
	return all
}

// Every failure that a real server gave has a sentence, and none shows a hash.
func TestRefusalsOfARealServer(t *testing.T) {
	door := &httpsDoor{}
	n := 0
	for _, e := range recorded(t) {
		if e.Response.Status < 300 {
			continue
		}
		n++
		kind := ""
		for _, h := range e.Response.Headers {
			if strings.EqualFold(h[0], "Content-Type") {
				kind, _, _ = mime.ParseMediaType(h[1])
			}
		}
		body := []byte(e.Response.Body)
		var text string
		if json.Unmarshal(body, &text) == nil {
			body = []byte(text)
		}
		err := door.refusal(e.Response.Status, kind, body)
		got := err.Error()
		if got == "" || strings.Contains(got, "<") && strings.Contains(got, "html") {
			t.Errorf("%s: %q is no sentence", e.Note, got)
		}
		if strings.Contains(got, "SSHA") || strings.Contains(got, "$6$") {
			t.Errorf("%s: a hash stands in %q", e.Note, got)
		}
	}
	if n < 100 {
		t.Fatalf("only %d failures were recorded", n)
	}
}

// The last line of every command that went well is its answer; every command that
// failed has a reason in one line.
func TestCommandsOfARealServer(t *testing.T) {
	n := 0
	for _, e := range recorded(t) {
		argv := e.Request.Argv
		if len(argv) == 0 || argv[0] != "yunohost" || !slices.Contains(argv, "json") {
			continue
		}
		n++
		if e.Response.Exit == 0 {
			answer := lastLine([]byte(e.Response.Stdout))
			if !json.Valid(answer) {
				t.Errorf("%s: %q is no JSON", e.Note, answer)
			}
			silent := slices.Contains(argv, "delete") || slices.Contains(argv, "set")
			if string(answer) == "null" && !silent {
				t.Errorf("%s: no answer was found in %q", e.Note, e.Response.Stdout)
			}
			continue
		}
		why := reason([]byte(e.Response.Stdout), []byte(e.Response.Stderr))
		if why == "" || strings.Contains(why, "\n") || strings.Contains(why, "Traceback") {
			t.Errorf("%s: %q is no reason", e.Note, why)
		}
	}
	if n < 20 {
		t.Fatalf("only %d commands were recorded", n)
	}
}

func TestCleanTakesHashesOut(t *testing.T) {
	text := "b'{CRYPT}$6$abc$defghij' and {SSHA}xyz= in attribute userPassword: ['{CRYPT}$6$salt$hash']"
	if got := clean(text); strings.Contains(got, "abc") || strings.Contains(got, "xyz") || strings.Contains(got, "salt") {
		t.Fatalf("a hash is left: %s", got)
	}
}
