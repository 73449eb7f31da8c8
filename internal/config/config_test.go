package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/config"
	"codeberg.org/accolade/accolade/internal/generatedtest"
)

func write(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "accoladed.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// What is wrong in a file is told with line, column, value and what is allowed.
func TestBadFile(t *testing.T) {
	for name, tc := range map[string]struct{ file, want string }{
		"unknown key":          {"state: /x\nstat: /y\n", `:2:1: stat: unknown key; did you mean state?`},
		"unknown key, far":     {"seller:\n  xyzzyxyzzy: 1\n", `:2:3: seller.xyzzyxyzzy: unknown key; allowed here: address, bic, capital,`},
		"unknown section":      {"selller:\n  name: x\n", `:1:1: selller: unknown key; did you mean seller?`},
		"number for text":      {"seller:\n  name: 12\n", `:2:9: seller.name: the number 12 is of the wrong type; want a name (put it in quotes if it is meant as text)`},
		"list for text":        {"seller:\n  name:\n    - x\n", `seller.name: a list is of the wrong type; want a name`},
		"text for number":      {"relay:\n  port: smtp\n", `:2:9: relay.port: the text "smtp" is of the wrong type; want a whole number from 1 to 65535`},
		"number too large":     {"relay:\n  port: 70000\n", `:2:9: relay.port: 70000 is out of range; want a whole number from 1 to 65535`},
		"text for switch":      {"seller:\n  vat_on_debits: oui\n", `:2:18: seller.vat_on_debits: the text "oui" is of the wrong type; want true or false`},
		"none of the words":    {"billing:\n  finalise: yes-please\n", `:2:13: billing.finalise: "yes-please" is none of them; want manual or auto`},
		"section for text":     {"state:\n  path: /x\n", `state: a section is of the wrong type; want a path`},
		"text for section":     {"seller: Accolade\n", `:1:9: seller: the text "Accolade" stands where keys with values are wanted`},
		"no value":             {"state:\n", `:1:1: state: has no value; want a path`},
		"twice":                {"state: /x\nstate: /y\n", `:2:1:`},
		"broken YAML":          {"seller: {name: x\n", `accoladed.yaml:1:`},
		"time zone":            {"timezone: Europe/Lorient\n", `:1:11: timezone: there is no time zone "Europe/Lorient"; want a name such as Europe/Paris`},
		"cron":                 {"backup:\n  remote:\n    schedule: \"61 2 * * *\"\n", `:3:15: backup.remote.schedule: "61 2 * * *": `},
		"SIREN that fails":     {"seller:\n  siren: 732829321\n", `:2:10: seller.siren: `},
		"IBAN that fails":      {"seller:\n  iban: FR76 3000 6000 0112 3456 7890 188\n", `:2:9: seller.iban: `},
		"BIC too short":        {"seller:\n  bic: AGRIFRP\n", `:2:8: seller.bic: bic AGRIFRP is refused: want 8 or 11 characters`},
		"ICS that fails":       {"seller:\n  ics: FR72ZZZ123457\n", `:2:8: seller.ics: `},
		"mail":                 {"notify:\n  mail: not a mail\n", `:2:9: notify.mail: "not a mail" is no plain mail address; want a mail address`},
		"half a TLS":           {"tls:\n  key: k.pem\n", `tls: certificate and key go together`},
		"two documents":        {"state: /x\n---\nstate: /y\n", `a configuration is one YAML document`},
		"retention":            {"backup:\n  local:\n    retention: forever\n", `:3:16: backup.local.retention: "forever" has not that form; want keep-…=N pairs`},
		"retry until":          {"backup:\n  retry_until: \"25:00\"\n", `:2:16: backup.retry_until: "25:00" has not that form; want HH:MM`},
		"hours as a number":    {"backup:\n  retry_until: 8\n", `:2:16: backup.retry_until: the number 8 is of the wrong type; want HH:MM`},
		"platform by web":      {"platform:\n  url: https://platform.example/in\n", `:2:8: platform.url: "https://platform.example/in" has not that form; want file:///FOLDER or sftp://USER@HOST/FOLDER`},
		"SFTP without a key":   {"platform:\n  url: sftp://accolade@platform.example/in\n", `platform: SFTP needs key_file and host_key beside the url`},
		"mail in clear":        {"relay:\n  host: smtp.example\n  security: none\n", `relay.security: mail is never sent in clear to another machine, and smtp.example is one: want starttls or tls`},
		"a mail without relay": {"notify:\n  mail: a@b.example\n", `notify.mail: a mail needs a relay`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := config.Load(config.Sources{File: write(t, tc.file)})
			if err == nil {
				t.Fatalf("accepted; wanted %q", tc.want)
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error is\n  %v\nwanted is\n  %s", err, tc.want)
			}
		})
	}
}

// All that is wrong comes at once.
func TestAllProblems(t *testing.T) {
	_, _, err := config.Load(config.Sources{
		File: write(t, "stat: /x\nrelay:\n  port: 0\n"), Env: []string{"ACCOLADE_LOG_LEVEL=loud", "ACCOLADE_LOGLEVEL=info"}, Flags: map[string]string{"socket_role": "king"},
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{":1:1: stat:", ":3:9: relay.port: 0 is out of range", `ACCOLADE_LOG_LEVEL: log.level: "loud"`,
		"ACCOLADE_LOGLEVEL: no setting has this variable; did you mean ACCOLADE_LOG_LEVEL?", `--socket-role: socket_role: "king"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("missing %q in:\n%v", want, err)
		}
	}
}

// Flags override the environment, which overrides the file; origins say so.
func TestOverride(t *testing.T) {
	file := write(t, "state: st\nlog:\n  level: debug\ntimezone: Europe/Berlin\nseller:\n  siren: 732829320\n  address: [a, b]\n")
	conf, origins, err := config.Load(config.Sources{
		File: file, Env: []string{"ACCOLADE_LOG_LEVEL=warn", "ACCOLADE_TIMEZONE=Europe/Rome", "ACCOLADE_URL=https://x", "HOME=/root"},
		Flags: map[string]string{"log.level": "error"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if conf.Log.Level != "error" || conf.Timezone != "Europe/Rome" || conf.Seller.SIREN != "732829320" || len(conf.Seller.Address) != 2 {
		t.Errorf("got %+v", conf)
	}
	if want := filepath.Join(filepath.Dir(file), "st"); conf.State != want {
		t.Errorf("state is %s, wanted is %s beside the file", conf.State, want)
	}
	got := map[string]string{}
	for _, o := range origins {
		got[o.Key] = o.Source
	}
	for key, want := range map[string]string{"log.level": "--log-level", "timezone": "ACCOLADE_TIMEZONE", "state": file + ":1", "socket": "default"} {
		if got[key] != want {
			t.Errorf("%s comes from %q, wanted is %q", key, got[key], want)
		}
	}
}

func TestAbsentFile(t *testing.T) {
	if _, _, err := config.Load(config.Sources{File: filepath.Join(t.TempDir(), "none.yaml")}); err == nil {
		t.Error("a file that was named and does not exist is an error")
	}
}

// The sample in deploy/ names every key, and is what the table says.
func TestSample(t *testing.T) {
	file := "../../deploy/accoladed.yaml"
	generatedtest.Same(t, file, config.Sample())
	_, origins, err := config.Load(config.Sources{File: file})
	if err != nil {
		t.Fatal(err)
	}
	given := strings.Count(config.Sample(), "\n")
	if given == 0 || len(origins) != len(config.Keys) {
		t.Errorf("%d origins for %d keys", len(origins), len(config.Keys))
	}
	// With every comment of a value taken away it is valid too, and each key is given.
	uncommented := write(t, activate(config.Sample()))
	conf, origins, err := config.Load(config.Sources{File: uncommented})
	if err != nil {
		t.Fatalf("with all values given: %v\n%s", err, activate(config.Sample()))
	}
	if missing := conf.Seller.Missing(); len(missing) > 0 {
		t.Errorf("the examples leave out %v", missing)
	}
	for _, o := range origins {
		if o.Source == "default" {
			t.Errorf("the sample does not name %s", o.Key)
		}
	}
}

// activate uncomments the lines of keys and of list items.
func activate(sample string) string {
	var out strings.Builder
	for line := range strings.Lines(sample) {
		text := strings.TrimLeft(line, " ")
		rest, commented := strings.CutPrefix(text, "# ")
		name, value, isKey := strings.Cut(rest, ":")
		if commented && (isKey && !strings.Contains(name, " ") && (value == "\n" || strings.HasPrefix(value, ` "`)) || strings.HasPrefix(rest, `  - "`)) {
			line = line[:len(line)-len(text)] + rest
		}
		out.WriteString(line)
	}
	return out.String()
}

func FuzzFile(f *testing.F) {
	f.Add("state: /x\nseller:\n  address: [a]\n")
	f.Add("a: &x [*x]\n? [b]\n: c\n")
	f.Add("\"\": {<<: 1}\n")
	f.Fuzz(func(t *testing.T, text string) {
		_, _, _ = config.Load(config.Sources{File: write(t, text)}) // no panic is all that is wanted
	})
}
