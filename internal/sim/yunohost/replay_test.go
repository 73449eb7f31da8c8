package yunohost

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"codeberg.org/accolade/accolade/internal/sharedtest"
)

// exchange is one entry of a recording.
type exchange struct {
	Note    string
	Request struct {
		Method, Path string
		Headers      map[string]string
		Body         *string
		Argv         []string
		Stdin        string
	}
	Response struct {
		Status         int
		Headers        [][2]string
		Body           string
		Error          string
		Exit           int
		Stdout, Stderr string
	}
}

func (e *exchange) header(name string) string {
	for _, h := range e.Response.Headers {
		if h[0] == name {
			return h[1]
		}
	}
	return ""
}

// scene is a recording with the state that it begins in.
type scene struct {
	file  string
	start string // in words
	state func(t *testing.T) *State
	// skip names the entries that are not replayed, with the reason.
	skip map[int]string
	// shallow names the entries of which only the keys on top are compared.
	shallow map[int]string
	// before does what the recording's operator did outside of it.
	before map[int]func(r *replay)
	// together are entries that overlap: those of one group are replayed as one.
	together [][]int
}

const machineOnly = "looks at files of the machine, not at YunoHost"

var scenes = []scene{
	{file: "01-before-postinstall.json", start: "installed, not post-installed, no network", state: fresh},
	{file: "02-postinstall-refused.json", start: "installed, not post-installed, no network", state: fresh},
	{file: "04-postinstall.json", start: "installed, not post-installed, no network, a local app catalog", state: fresh, skip: map[int]string{4: machineOnly}},
	{file: "05-login.json", start: "post-installed with the admin camille", state: installed,
		before: map[int]func(*replay){
			20: func(r *replay) { r.forge = true },
			31: func(r *replay) { r.now = r.now.Add(sessionLife + time.Hour) },
			35: func(r *replay) { r.state.SetService("yunohost-api", true) },
			41: func(r *replay) { r.state.SetService("yunohost-api", false) },
			42: func(r *replay) { r.state.SetService("yunohost-api", true) },
		}},
	{file: "06-users.json", start: "post-installed with the admin camille", state: installed},
	{file: "07-users-import.json", start: "camille, anna, bruno, and the group compta with bruno in it", state: staffed,
		before: map[int]func(*replay){38: func(r *replay) { r.latin1 = true }}},
	{file: "08-import-timing-10.json", start: "camille, anna, bruno", state: staffed},
	{file: "10-settings.json", start: "camille, anna, bruno; settings untouched", state: staffed,
		skip:    map[int]string{14: machineOnly, 18: machineOnly, 69: machineOnly},
		shallow: map[int]string{1: "the settings' own help and choices are not kept", 4: "the same"}},
	{file: "12-apps.json", start: "camille, anna, bruno; a local app catalog without sources", state: staffed},
	{file: "17-lock.json", start: "camille, anna, bruno, dix0 to dix9, cli3, cli4, cli7", state: busy,
		together: [][]int{{0, 1}, {2, 3}, {4, 5}, {6, 7}, {8, 9, 10, 11}, {12, 13}, {14, 15}, {16, 17}},
		shallow:  map[int]string{2: "an import by the API shows at once here, by the command line user by user", 16: "the same"}},
	{file: "19-errors.json", start: "camille, anna, bruno, dix0 to dix9", state: crowded,
		skip: map[int]string{15: "its answer was lost on the way; a dry run takes no other request's place here",
			17: "the recording's machine lacked a Python package; storage is not simulated (501)"}},
	{file: "20-cli.json", start: "camille, anna, bruno, dix0 to dix9; a diagnosis without network", state: diagnosed,
		skip:    map[int]string{26: "which configuration files differ depends on the machine", 28: "all commands run as root here"},
		shallow: map[int]string{19: "the recording's machine has packages that do not fit together"}},
}

var startOfTime = time.Date(2026, 11, 24, 4, 34, 38, 0, time.UTC)

const adminPassword = "Kouign-Amann-56100-Lorient"

func fresh(t *testing.T) *State {
	s := New(1, startOfTime)
	s.Site = Site{DiskSize: 20 << 30, DiskFree: 15 << 30, Memory: 2 << 30, LocalIP: "192.168.1.20"}
	s.Catalog.Fixture = true
	return s
}

// must runs a command line to its end.
func must(t *testing.T, s *State, line ...string) {
	t.Helper()
	res := s.CLI(s.Now, append([]string{"yunohost"}, line...), nil)
	if res.Exit != 0 {
		t.Fatalf("yunohost %s: exit %d: %s", strings.Join(line, " "), res.Exit, res.Stderr)
	}
	s.Advance(s.Now.Add(res.Duration))
}

func installed(t *testing.T) *State {
	s := fresh(t)
	must(t, s, "tools", "postinstall", "--domain", "archi.test", "--username", "camille", "--fullname", "Camille Le Goff", "--password", adminPassword,
		"--ignore-dyndns", "--i-have-read-terms-of-services")
	return s
}

func staffed(t *testing.T) *State {
	s := installed(t)
	must(t, s, "user", "create", "anna", "-F", "Anna Kervella", "-d", "archi.test", "-p", "Far-Breton-22-Pruneaux")
	must(t, s, "user", "create", "bruno", "-F", "Bruno Le Bihan-Riou", "-d", "archi.test", "-p", "Far-Breton-22-Pruneaux", "-q", "500M")
	must(t, s, "user", "update", "bruno", "-m", "bruno.lb@archi.test")
	must(t, s, "user", "group", "create", "compta")
	must(t, s, "user", "group", "add", "compta", "bruno")
	return s
}

func crowded(t *testing.T) *State {
	s := staffed(t)
	for i := range 10 {
		must(t, s, "user", "create", fmt.Sprintf("dix%d", i), "-F", "Dix Autre", "-d", "archi.test", "-p", "Far-Breton-22-Pruneaux")
	}
	return s
}

func busy(t *testing.T) *State {
	s := crowded(t)
	for _, name := range []string{"cli3", "cli4", "cli7"} {
		must(t, s, "user", "create", name, "-F", "Prenom Nom", "-d", "archi.test", "-p", "Far-Breton-22-Pruneaux")
	}
	return s
}

func diagnosed(t *testing.T) *State {
	s := crowded(t)
	must(t, s, "diagnosis", "run")
	return s
}

// replay is one recording being replayed.
type replay struct {
	t      *testing.T
	state  *State
	now    time.Time
	api    *API
	tokens map[string]string // payload of a recorded token to the live token
	files  map[string]string
	latin1 bool // the next body goes out in ISO 8859-1; the recording holds it as text
	forge  bool // the next token gets a wrong signature (recordings blank all of them)
}

var tokenIn = regexp.MustCompile(`yunohost\.admin=([^;]+)`)

func TestReplay(t *testing.T) {
	replayed, skipped := 0, 0
	for _, sc := range scenes {
		t.Run(sc.file, func(t *testing.T) {
			path := sharedtest.Dir(t, "recorded", "yunohost-12.1.25", sc.file)
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var list []exchange
			if err := json.Unmarshal(raw, &list); err != nil {
				t.Fatal(err)
			}
			t.Logf("starts: %s", sc.start)
			r := &replay{t: t, state: sc.state(t), tokens: map[string]string{}, files: map[string]string{}}
			r.now = r.state.Now.Add(time.Minute)
			r.api = NewAPI(func(do func(time.Time, *State)) { do(r.now, r.state) }, nil)
			for i := 0; i < len(list); i++ {
				if why := sc.skip[i]; why != "" {
					t.Logf("[%d] %s: not replayed: %s", i, list[i].Note, why)
					skipped++
					continue
				}
				if sc.before[i] != nil {
					sc.before[i](r)
				}
				if g := slices.IndexFunc(sc.together, func(g []int) bool { return g[0] == i }); g >= 0 {
					members := sc.together[g]
					r.group(list, members, sc)
					replayed += len(members)
					i = members[len(members)-1]
					continue
				}
				r.one(i, &list[i], sc)
				replayed++
				r.now = r.now.Add(time.Second)
			}
		})
	}
	t.Logf("%d exchanges replayed, %d excepted", replayed, skipped)
}

// TestReplayKnowsAllRecordings fails when a recording has no scene.
func TestReplayKnowsAllRecordings(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "recorded", "yunohost-12.1.25"), "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.ContainsFunc(scenes, func(s scene) bool { return s.file == filepath.Base(f) }) {
			t.Errorf("%s is not replayed", filepath.Base(f))
		}
	}
}

func (r *replay) one(i int, e *exchange, sc scene) {
	if len(e.Request.Argv) > 0 {
		r.command(i, e, sc)
		return
	}
	ctx, cancel := context.WithCancel(r.t.Context())
	if strings.HasSuffix(e.Request.Path, "/sse") {
		cancel() // an event stream lasts as long as its client
	}
	defer cancel()
	r.compare(i, e, r.send(ctx, e), sc)
}

func (r *replay) send(ctx context.Context, e *exchange) *httptest.ResponseRecorder {
	body := ""
	if e.Request.Body != nil {
		body = *e.Request.Body
	}
	if r.latin1 {
		r.latin1 = false
		var bytes []byte
		for _, c := range body {
			bytes = append(bytes, byte(c))
		}
		body = string(bytes)
	}
	req := httptest.NewRequestWithContext(ctx, e.Request.Method, "https://archi.test"+e.Request.Path, strings.NewReader(body))
	for k, v := range e.Request.Headers {
		if k == "Cookie" {
			v = r.live(v)
		}
		req.Header.Set(k, v)
	}
	rec := httptest.NewRecorder()
	r.api.ServeHTTP(rec, req)
	return rec
}

// live puts our token in the place of a recorded one. A forged one stays.
func (r *replay) live(cookie string) string {
	return tokenIn.ReplaceAllStringFunc(cookie, func(m string) string {
		token := strings.TrimPrefix(m, "yunohost.admin=")
		parts := strings.Split(token, ".")
		if len(parts) != 3 {
			return m
		}
		if r.forge {
			r.forge = false
			return m
		}
		if r.tokens[parts[1]] == "" {
			x, ok := r.state.login("camille", adminPassword, r.now)
			if !ok {
				r.t.Fatal("camille can't log in")
			}
			live, err := r.state.token(x)
			if err != nil {
				r.t.Fatal(err)
			}
			r.tokens[parts[1]] = live
		}
		return "yunohost.admin=" + r.tokens[parts[1]]
	})
}

func (r *replay) compare(i int, e *exchange, rec *httptest.ResponseRecorder, sc scene) {
	r.t.Helper()
	got, want := rec.Code, e.Response.Status
	name := fmt.Sprintf("[%d] %s", i, e.Note)
	if got != want {
		r.t.Errorf("%s: status %d, the real server says %d\n got: %s\nwant: %s", name, got, want, rec.Body, e.Response.Body)
		return
	}
	if got, want := rec.Header().Get("Content-Type"), e.header("Content-Type"); got != want {
		r.t.Errorf("%s: content type %q, want %q", name, got, want)
	}
	if got, want := rec.Header().Get("Allow"), e.header("Allow"); got != want {
		r.t.Errorf("%s: Allow %q, want %q", name, got, want)
	}
	cookie := rec.Header().Get("Set-Cookie")
	if got, want := attributes(cookie), attributes(e.header("Set-Cookie")); got != want {
		r.t.Errorf("%s: cookie %q, want %q", name, got, want)
	}
	if m, live := tokenIn.FindStringSubmatch(e.header("Set-Cookie")), tokenIn.FindStringSubmatch(cookie); m != nil && live != nil {
		if parts := strings.Split(m[1], "."); len(parts) == 3 {
			r.tokens[parts[1]] = live[1]
		}
	}
	r.compareBody(name, rec.Body.String(), e.Response.Body, sc.shallow[i] != "")
}

func attributes(cookie string) string {
	_, rest, _ := strings.Cut(cookie, ";")
	return rest
}

func (r *replay) compareBody(name, got, want string, shallow bool) {
	r.t.Helper()
	var g, w any
	if json.Unmarshal([]byte(want), &w) != nil {
		// Text: the same words, but for pages and streams.
		if !strings.HasPrefix(strings.TrimSpace(want), "<") && !strings.HasPrefix(want, "retry:") && got != want && !shallow {
			r.t.Errorf("%s: says %q, want %q", name, got, want)
		}
		return
	}
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		r.t.Errorf("%s: not JSON: %v: %s", name, err, got)
		return
	}
	if gm, ok := g.(map[string]any); ok {
		if wm, ok := w.(map[string]any); ok && gm["error_key"] != wm["error_key"] {
			r.t.Errorf("%s: error_key %v, want %v", name, gm["error_key"], wm["error_key"])
		}
	}
	if diff := shape(g, w, "", shallow); diff != "" {
		r.t.Errorf("%s: %s\n got: %.600s\nwant: %.600s", name, diff, got, want)
	}
}

// shape says where got differs from want in keys and types.
func shape(got, want any, at string, shallow bool) string {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			return fmt.Sprintf("%s: %T, want an object", at, got)
		}
		gk, wk := slices.Sorted(maps.Keys(g)), slices.Sorted(maps.Keys(w))
		if !slices.Equal(gk, wk) {
			return fmt.Sprintf("%s: keys %v, want %v", at, gk, wk)
		}
		if shallow {
			return ""
		}
		for _, k := range wk {
			if diff := shape(g[k], w[k], at+"."+k, false); diff != "" {
				return diff
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok {
			return fmt.Sprintf("%s: %T, want a list", at, got)
		}
		if len(g) > 0 && len(w) > 0 && !shallow {
			return shape(g[0], w[0], at+"[0]", false)
		}
	default:
		if fmt.Sprintf("%T", got) != fmt.Sprintf("%T", want) {
			return fmt.Sprintf("%s: %T, want %T", at, got, want)
		}
	}
	return ""
}

// command replays an entry of the command line: exit status and shape of stdout.
func (r *replay) command(i int, e *exchange, sc scene) {
	name := fmt.Sprintf("[%d] %s", i, e.Note)
	argv := e.Request.Argv
	if argv[0] == "sh" {
		path, ok := strings.CutPrefix(argv[2], "cat > ")
		if !ok {
			r.t.Fatalf("%s: don't know how to replay %q", name, argv)
		}
		r.files[path] = e.Request.Stdin
		return
	}
	res := r.state.CLI(r.now, argv, func(path string) ([]byte, error) {
		if data, ok := r.files[path]; ok {
			return []byte(data), nil
		}
		return nil, os.ErrNotExist
	})
	r.now = r.now.Add(res.Duration)
	r.state.Advance(r.now)
	if res.Exit != e.Response.Exit {
		r.t.Errorf("%s: exit %d, want %d\nstderr: %s\n  want: %s", name, res.Exit, e.Response.Exit, res.Stderr, e.Response.Stderr)
	}
	got, want := strings.Split(strings.TrimSpace(string(res.Stdout)), "\n"), strings.Split(strings.TrimSpace(e.Response.Stdout), "\n")
	if sc.shallow[i] == "" && len(got) != len(want) {
		r.t.Errorf("%s: %d lines on stdout, want %d\n got: %s\nwant: %s", name, len(got), len(want), res.Stdout, e.Response.Stdout)
		return
	}
	if !json.Valid([]byte(want[len(want)-1])) {
		return // talk only; plain output has as many lines
	}
	r.compareBody(name, logRef.ReplaceAllString(got[len(got)-1], "LOG"), logRef.ReplaceAllString(want[len(want)-1], "LOG"), sc.shallow[i] != "")
}

var logRef = regexp.MustCompile(`\d{8}-\d{6}-[\w-]+`)

// group replays overlapping entries: the one noted "A:" had started before the
// others.
func (r *replay) group(list []exchange, members []int, sc scene) {
	var holder *exchange
	var others []int
	for _, i := range members {
		if strings.HasPrefix(list[i].Note, "A:") {
			holder = &list[i]
			continue
		}
		others = append(others, i)
	}
	meanwhile := func() {
		for _, i := range others {
			r.one(i, &list[i], sc)
		}
	}
	if len(holder.Request.Argv) > 0 { // another process holds the lock for some seconds
		var seconds int
		m := regexp.MustCompile(`sleep (\d+)`).FindStringSubmatch(holder.Request.Argv[2])
		fmt.Sscan(m[1], &seconds)
		r.state.Actions = append(r.state.Actions, &Action{Input: Input{Action: "tools.versions"}, Start: r.now, Until: r.now.Add(time.Duration(seconds) * time.Second)})
		r.now = r.now.Add(time.Second)
		meanwhile()
		r.now = r.now.Add(2 * time.Minute)
		return
	}
	release := make(chan struct{})
	ctx, cancel := context.WithCancel(r.t.Context())
	defer cancel()
	done := make(chan *httptest.ResponseRecorder)
	started := make(chan struct{})
	r.api.wait = func(context.Context, time.Duration) {
		close(started)
		<-release
	}
	go func() { done <- r.send(ctx, holder) }()
	<-started
	r.api.wait = func(context.Context, time.Duration) {}
	meanwhile()
	if holder.Response.Status == 0 {
		cancel() // the recorder's client gave up waiting
	}
	close(release)
	rec := <-done
	if holder.Response.Status == 0 {
		var length int
		fmt.Sscan(rec.Header().Get("Content-Length"), &length)
		if length <= rec.Body.Len() {
			r.t.Errorf("%s: got its %d bytes, but the real client waited in vain", holder.Note, rec.Body.Len())
		}
		return
	}
	if rec.Code != holder.Response.Status {
		r.t.Errorf("%s: status %d, want %d (left by the other request)", holder.Note, rec.Code, holder.Response.Status)
	}
	if got, want := rec.Header().Get("Content-Length"), strconv.Itoa(rec.Body.Len()); got != want {
		r.t.Errorf("%s: %s bytes promised, %s sent", holder.Note, got, want)
	}
	if fair := json.Valid(rec.Body.Bytes()); fair != json.Valid([]byte(holder.Response.Body)) {
		r.t.Errorf("%s: whole answer: %v; the real one was cut short by the other request's length: %s", holder.Note, fair, rec.Body)
	}
}
