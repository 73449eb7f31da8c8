package yunohost

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func csvOf(n int) string {
	text := "username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\n"
	for i := range n {
		text += fmt.Sprintf("user%d;Prenom;Nom;;user%d@archi.example.org;0;;;\n", i, i)
	}
	return text
}

func (s *State) importOf(now time.Time, csv string, flags ...string) Result {
	return s.CLI(now, append([]string{"yunohost", "user", "import", "/root/u.csv", "--output-as", "json"}, flags...), func(string) ([]byte, error) { return []byte(csv), nil })
}

// TestImportTakesItsTime follows an import user by user, read back from JSON at each.
func TestImportTakesItsTime(t *testing.T) {
	s := online(t)
	begin := s.Now
	res := s.importOf(begin, csvOf(50))
	if res.Duration < 50*time.Second || res.Duration > 53*time.Second {
		t.Errorf("50 new users take %s", res.Duration)
	}
	seen := 0
	for {
		next := s.NextEvent()
		if next.IsZero() {
			break
		}
		raw, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		s = new(State)
		if err := json.Unmarshal(raw, s); err != nil {
			t.Fatal(err)
		}
		s.Advance(next)
		if n := len(s.Users) - 1; n > seen+1 {
			t.Errorf("%d users at once after %s", n-seen, next.Sub(begin))
		}
		seen = len(s.Users) - 1
	}
	if seen != 50 || s.Now.Sub(begin) != res.Duration {
		t.Errorf("%d users after %s, want 50 after %s", seen, s.Now.Sub(begin), res.Duration)
	}
	if l := s.Logs[len(s.Logs)-1]; !l.Success || l.Broken || !strings.Contains(l.Name, "user_import") {
		t.Errorf("log %+v", l)
	}
	if res := s.importOf(s.Now, csvOf(50), "--update"); res.Duration < 4*time.Second || res.Duration > 5*time.Second {
		t.Errorf("50 updates take %s", res.Duration)
	}
	s.Advance(s.Now.Add(time.Minute))
	// An update takes a user's groups away when the line names none: admins as well,
	// but for the last one.
	if res := s.importOf(s.Now, csvOf(10), "--delete"); res.Exit != 1 {
		t.Errorf("a file without the last admin: %d %s", res.Exit, res.Stderr)
	}
}

// TestQueue has a second writer wait for the first, and find what the first has made.
func TestQueue(t *testing.T) {
	s := online(t)
	now := s.Now
	first := s.importOf(now, csvOf(20))
	if res := s.CLI(now.Add(time.Second), []string{"yunohost", "user", "create", "x", "-F", "Xavier", "-d", "archi.example.org", "-p", "Far-Breton-22", "--timeout", "5"}, nil); res.Exit != 1 || res.Duration != 5*time.Second {
		t.Errorf("--timeout 5: %d after %s", res.Exit, res.Duration)
	}
	second := s.importOf(now.Add(time.Second), csvOf(25))
	if want := `{"created": 5, "updated": 0, "deleted": 0, "errors": 0}`; !strings.Contains(string(second.Stdout), want) {
		t.Errorf("the second import: %s", second.Stdout)
	}
	if end, want := now.Add(time.Second+second.Duration), now.Add(first.Duration); end.Before(want.Add(5 * time.Second)) {
		t.Errorf("the second ended %s after the first", end.Sub(want))
	}
	if res := s.CLI(now.Add(2*time.Second), []string{"yunohost", "user", "list", "--output-as", "json"}, nil); res.Duration > time.Second || strings.Contains(string(res.Stdout), "user15") {
		t.Errorf("a read in between: after %s, %s", res.Duration, res.Stdout)
	}
	s.Advance(now.Add(time.Hour))
	if len(s.Users) != 26 {
		t.Errorf("%d users", len(s.Users))
	}
}

// TestRehearsalIsTheRealThing compares what a command said it would do with what it did.
func TestRehearsalIsTheRealThing(t *testing.T) {
	s := online(t)
	res := s.CLI(s.Now, []string{"yunohost", "app", "install", "nextcloud", "--args", "path=/nextcloud"}, nil)
	end := s.Now.Add(res.Duration)
	s.Advance(end.Add(-time.Second))
	if len(s.Apps) != 0 {
		t.Error("installed before its time")
	}
	s.Advance(end)
	if len(s.Apps) != 1 || !s.Logs[len(s.Logs)-1].Ended.Equal(end) {
		t.Errorf("%d apps, log %+v, end %s", len(s.Apps), s.Logs[len(s.Logs)-1], end)
	}
}

func TestAbort(t *testing.T) {
	s := online(t)
	s.importOf(s.Now, csvOf(20))
	s.Abort(s.Now.Add(5 * time.Second))
	if n := len(s.Users); n != 5 || !s.NextEvent().IsZero() {
		t.Errorf("%d users, next %s", n, s.NextEvent())
	}
	if l := s.Logs[len(s.Logs)-1]; l.status() != "?" {
		t.Errorf("log %+v", l)
	}
}
