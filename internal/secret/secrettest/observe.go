package secrettest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"

	"codeberg.org/accolade/accolade/internal/secret"
)

var (
	listenersMu sync.RWMutex
	listeners   = map[int]func(text, origin string){}
	nextOne     int
)

// attach has f told of each secret until the returned function is called.
func attach(f func(text, origin string)) (detach func()) {
	listenersMu.Lock()
	defer listenersMu.Unlock()
	nextOne++
	id := nextOne
	listeners[id] = f
	secret.Observe(tell)
	return func() {
		listenersMu.Lock()
		defer listenersMu.Unlock()
		delete(listeners, id)
		if len(listeners) == 0 {
			secret.Observe(nil)
		}
	}
}

func tell(text string) {
	by := origin()
	listenersMu.RLock()
	defer listenersMu.RUnlock()
	for _, f := range listeners {
		f(text, by)
	}
}

// origin is the function that made a secret: the first on the stack that belongs
// neither to package secret nor to a decoder that called it.
func origin() string {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		frame, more := frames.Next()
		_, name, ours := strings.Cut(frame.Function, "accolade/accolade/")
		if ours && !strings.HasPrefix(name, "internal/secret.") {
			return fmt.Sprintf("%s, line %d", name, frame.Line)
		}
		if !more {
			return "a decoder"
		}
	}
}

// told is one line of a file that record writes.
type told struct {
	Text   string `json:"text"`
	Origin string `json:"origin"`
}

// Record is Watch for a process that a test starts: it appends each secret to a file
// for the test's Collector to take with TellFile. The line is written before the
// secret is used, so that a process that is killed has told what it knew.
func Record(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	var mu sync.Mutex
	known := map[string]bool{}
	attach(func(text, origin string) {
		mu.Lock()
		defer mu.Unlock()
		if known[text] {
			return
		}
		known[text] = true
		line, err := json.Marshal(told{text, origin})
		if err == nil {
			_, err = f.Write(append(line, '\n'))
		}
		if err != nil {
			panic(fmt.Sprintf("secrettest: a secret could not be recorded: %v", err))
		}
	})
	return nil
}

// TellFile takes the secrets that other processes recorded. A last line that was cut
// off belongs to a secret that was not used yet.
func (c *Collector) TellFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	var errs []error
	for lines.Scan() {
		var one told
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", path, err))
			continue
		}
		c.Tell(one.Text, one.Origin)
	}
	if len(errs) == 1 && !bytes.HasSuffix(text, []byte("\n")) {
		errs = nil
	}
	return errors.Join(append(errs, lines.Err())...)
}
