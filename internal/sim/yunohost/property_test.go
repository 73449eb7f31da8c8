package yunohost

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestImportAtOnceAndStepByStep has any import, however its time is cut and however
// often it is saved meanwhile, leave the same server behind and tell the same as one
// that runs through.
func TestImportAtOnceAndStepByStep(t *testing.T) {
	base := online(t)
	for i := range 4 {
		must(t, base, "user", "create", fmt.Sprintf("user%d", i), "-F", "Prenom Nom", "-d", "archi.example.org", "-p", "Far-Breton-22")
	}
	must(t, base, "user", "group", "create", "compta")
	rapid.Check(t, func(t *rapid.T) {
		text := "username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\ncamille;Camille;Le Goff;;camille@archi.example.org;0;;;\n"
		taken := map[int]bool{}
		for range rapid.IntRange(0, 12).Draw(t, "rows") {
			n := rapid.IntRange(0, 15).Draw(t, "user")
			if taken[n] {
				continue
			}
			taken[n] = true
			password := rapid.SampledFrom([]string{"", "Far-Breton-22", "12345678", "ab"}).Draw(t, "password")
			alias := rapid.SampledFrom([]string{"", "info@archi.example.org", "user1@archi.example.org"}).Draw(t, "alias")
			group := rapid.SampledFrom([]string{"", "compta", "admins"}).Draw(t, "group")
			text += fmt.Sprintf("user%d;Prenom;Nom;%s;user%d@archi.example.org;%s;%s;;%s\n", n, password, n, rapid.SampledFrom([]string{"0", "500M"}).Draw(t, "quota"), alias, group)
		}
		argv := []string{"yunohost", "user", "import", "/root/u.csv", "--output-as", "json"}
		if rapid.Bool().Draw(t, "update") {
			argv = append(argv, "--update")
		}
		if rapid.Bool().Draw(t, "delete") {
			argv = append(argv, "--delete")
		}
		file := func(string) ([]byte, error) { return []byte(text), nil }

		whole, cut := copied(t, base), copied(t, base)
		res := whole.CLI(whole.Now, argv, file)
		end := whole.Now.Add(res.Duration)
		whole.Advance(end)

		again := cut.CLI(cut.Now, argv, file)
		if string(again.Stdout) != string(res.Stdout) || again.Exit != res.Exit || again.Duration != res.Duration {
			t.Fatalf("told %q, then %q", res.Stdout, again.Stdout)
		}
		for cut.Now.Before(end) {
			cut = copied(t, cut)
			cut.Advance(cut.Now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond))
		}
		cut.Advance(end.Add(time.Minute))
		whole.Advance(cut.Now)
		if a, b := written(t, whole), written(t, cut); a != b {
			t.Fatalf("at once:\n%s\nstep by step:\n%s", a, b)
		}
		// What was told is what was done.
		if out := strings.TrimSpace(string(res.Stdout)); res.Exit == 0 && strings.HasSuffix(out, "}") && !strings.HasSuffix(out, "{}") {
			var counts struct{ Created, Updated, Deleted, Errors int }
			lines := strings.Split(out, "\n")
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &counts); err != nil {
				t.Fatal(err)
			}
			// A user whose alias is taken is made, and counts as an error.
			if grown := len(whole.Users) - len(base.Users); grown < counts.Created-counts.Deleted || grown > counts.Created-counts.Deleted+counts.Errors {
				t.Fatalf("%d users more, told %+v", grown, counts)
			}
		}
	})
}

func written(t *rapid.T, s *State) string {
	raw, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func copied(t *rapid.T, s *State) *State {
	c, err := s.clone()
	if err != nil {
		t.Fatal(err)
	}
	return c
}
