package provisioning

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const header = "username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward;groups\n"

func TestReadUsersRefuses(t *testing.T) {
	good := "anna;Anna;Kervella;Far-Breton-22;anna@archi.test;0;;;\n"
	for _, test := range []struct{ name, text, want string }{
		{"byte-order mark", "\xef\xbb\xbf" + header + good, "users.csv:1:1: the file begins with a byte-order mark"},
		{"UTF-16", "\xff\xfeu\x00s\x00", "the file is UTF-16"},
		{"latin 1", header + good + "rene;Ren\xe9;Le Goff;;rene@archi.test;0;;;\n", "users.csv:3: the file is not UTF-8"},
		{"missing column", strings.Replace(header, ";groups", "", 1) + good, "users.csv:1: missing columns: groups"},
		{"commas", strings.ReplaceAll(header+good, ";", ","), "separate them with semicolons"},
		{"unknown column", strings.Replace(header, "groups", "groups;shoe", 1) + good, `unknown column "shoe"`},
		{"empty", "", "the file has no header line"},
		{"header only", header, "the file lists no user"},
		{"doubled name", header + good + strings.Replace(good, "anna@", "anna2@", 1), `users.csv:3: username: "anna" stands in line 2 already`},
		{"doubled mail", header + good + "bob;Bob;Le Goff;;anna@archi.test;0;;;\n", `users.csv:3: mail: "anna@archi.test" stands in line 2 already`},
		{"bad mail", header + strings.Replace(good, "anna@archi.test", "anna", 1), `mail: "anna" is no mail address`},
		{"other domain", header + strings.Replace(good, "@archi.test", "@other.test", 1), `the server has no domain "other.test", only archi.test`},
		{"bad name", header + strings.Replace(good, "anna;", "Anna!;", 1), `username: "Anna!" is no user name`},
		{"system user", header + strings.Replace(good, "anna;", "vmail;", 1), `username: "vmail" is taken on every server`},
		{"digit in first name", header + strings.Replace(good, "Anna;", "An2na;", 1), `firstname: "An2na" is no name`},
		{"quota", header + strings.Replace(good, ";0;", ";10;", 1), `mailbox-quota: "10" is no mailbox quota`},
		{"short password", header + strings.Replace(good, "Far-Breton-22", "ab", 1), "password: the password is shorter than 8"},
		{"listed password", header + strings.Replace(good, "Far-Breton-22", "12345678", 1), "among the most used"},
		{"group", header + strings.Replace(good, ";;;\n", ";;;compta\n", 1), `groups: "compta" is no group of a new server`},
		{"admin's alias", header + strings.Replace(good, ";0;;", ";0;postmaster@archi.test;", 1), "belongs to the admins"},
		{"short line", header + "anna;Anna\n", "users.csv:2: 2 fields where the header has 9"},
		{"long line", header + strings.TrimSpace(good) + ";x;y\n", "11 fields where the header has 9"},
		{"bad quotes", header + "anna;An\"na;K;;anna@archi.test;0;;;\n", "a quotation mark is out of place"},
	} {
		t.Run(test.name, func(t *testing.T) {
			users, err := readUsers("users.csv", []byte(test.text), []string{"archi.test"})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, wanted an error with %q", err, test.want)
			}
			if users != nil {
				t.Errorf("users came back beside the error")
			}
			if strings.Contains(err.Error(), "Far-Breton") {
				t.Errorf("a password stands in the error: %v", err)
			}
		})
	}
}

func TestReadUsersTellsAllBadRows(t *testing.T) {
	var b strings.Builder
	b.WriteString(header)
	for i := 2; i <= 1001; i++ {
		mail := fmt.Sprintf("u%d@archi.test", i)
		switch i {
		case 17, 500, 1001:
			mail = "nowhere"
		}
		fmt.Fprintf(&b, "u%d;Prenom;Nom;;%s;0;;;\n", i, mail)
	}
	_, err := readUsers("users.csv", []byte(b.String()), nil)
	if err == nil {
		t.Fatal("three bad rows were accepted")
	}
	lines := strings.Split(err.Error(), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "users.csv:17:") || !strings.HasPrefix(lines[1], "users.csv:500:") || !strings.HasPrefix(lines[2], "users.csv:1001:") {
		t.Fatalf("wanted lines 17, 500 and 1001, got:\n%v", err)
	}
}

func TestUsersRoundTrip(t *testing.T) {
	text := "groups;username;firstname;lastname;password;mail;mailbox-quota;mail-alias;mail-forward\r\n" +
		"admins;erwan;René;Léostíc;\"Far;Breton;22\";erwan@archi.test;1G;\"e@archi.test, e.l@archi.test\";erwan+x@example.org\r\n"
	users, err := readUsers("users.csv", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []User{{"erwan", "René", "Léostíc", "Far;Breton;22", "erwan@archi.test", "1G", []string{"e@archi.test", "e.l@archi.test"}, []string{"erwan+x@example.org"}, []string{"admins"}}}
	if diff := cmp.Diff(want, users); diff != "" {
		t.Fatalf("read differs (-want +got):\n%s", diff)
	}
	written, err := writeUsers(users)
	if err != nil {
		t.Fatal(err)
	}
	again, err := readUsers("again.csv", written, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(users, again); diff != "" {
		t.Fatalf("written and read again differs (-want +got):\n%s", diff)
	}
}

func FuzzReadUsers(f *testing.F) {
	f.Add([]byte(header + "anna;Anna;Kervella;;anna@archi.test;0;;;\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		users, err := readUsers("f.csv", text, nil)
		if err != nil {
			return
		}
		written, err := writeUsers(users)
		if err != nil {
			t.Fatal(err)
		}
		again, err := readUsers("again.csv", written, nil)
		if err != nil {
			t.Fatalf("accepted, written, then refused: %v", err)
		}
		if diff := cmp.Diff(users, again); diff != "" {
			t.Fatal(diff)
		}
	})
}
