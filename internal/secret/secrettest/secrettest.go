// Package secrettest looks for secrets where none may be: in logs, errors, arguments,
// answers, audit entries and files. It is told of each secret as it comes into being,
// by package secret itself, so that none is missed:
//
//	c := secrettest.Watch(t)
//	log := slog.New(slog.NewTextHandler(c.Stream("the log"), nil))
//	… run …
//	c.Tree(t, stateDir)
//	c.Check(t)
//
// Each is looked for as it is, and as JSON, Go, HTML and URLs escape it, in hex, and
// in base64 of both alphabets wherever in a longer text it may begin; also across
// line breaks and inside of gzip, zip and PDF streams. What was collected is searched
// at the end: a secret is found also where it was written before it was told.
//
// It never shows a secret: a find says where the secret was made and where it lies.
package secrettest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Collector holds the secrets in use and all that was produced. It is safe for
// concurrent use.
type Collector struct {
	mu      sync.Mutex
	origins map[string]string // secret text -> who made it
	open    map[string]bool   // texts that are no secrets
	sources []source
}

// source is something that was produced.
type source struct {
	name string
	text []byte
}

// New makes a Collector that knows no secret; Watch is the usual way.
func New() *Collector {
	return &Collector{origins: map[string]string{}, open: map[string]bool{}}
}

// Watch makes a Collector that is told of every secret that this process makes, reads
// or opens until the test ends.
func Watch(t testing.TB) *Collector {
	c := New()
	t.Cleanup(attach(c.Tell))
	return c
}

// Tell names a secret, and who made it.
func (c *Collector) Tell(text, origin string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.origins[text]; !known {
		c.origins[text] = origin
	}
}

// Knows tells whether a secret, or one that is part of a larger one, was told.
func (c *Collector) Knows(text string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.origins[text]; known {
		return true
	}
	for whole := range c.origins {
		if slices.Contains(parts(whole), text) {
			return true
		}
	}
	return false
}

// Open names a text that came as a secret and is none.
func (c *Collector) Open(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[text] = true
}

// Add takes something that was produced; text is copied.
func (c *Collector) Add(name string, text []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sources = append(c.sources, source{name, bytes.Clone(text)})
}

// Error takes an error's text; nil is none.
func (c *Collector) Error(name string, err error) {
	if err != nil {
		c.Add(name, []byte(err.Error()))
	}
}

// Stream takes what is written to it. Writers may be many.
func (c *Collector) Stream(name string) *Stream {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sources = append(c.sources, source{name: name})
	return &Stream{c, len(c.sources) - 1}
}

// Stream is an io.Writer into a Collector.
type Stream struct {
	c *Collector
	i int
}

func (s *Stream) Write(p []byte) (int, error) {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	src := &s.c.sources[s.i]
	src.text = append(src.text, p...)
	return len(p), nil
}

// Except is a file that must hold a secret.
type Except struct {
	Path string // below the folder, as filepath.Match takes it
	Mode fs.FileMode
	Why  string
}

// Tree takes the path and the content of each file below dir. A file that must hold a
// secret is passed over, and must have the mode that it is excepted with.
func (c *Collector) Tree(t testing.TB, dir string, except ...Except) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		c.Add("the name of a file", []byte(rel))
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone meanwhile
		}
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		for _, e := range except {
			if ok, err := filepath.Match(e.Path, rel); err != nil || !ok {
				continue
			}
			if info.Mode().Perm() != e.Mode {
				t.Errorf("%s (%s) has mode %04o, want %04o", rel, e.Why, info.Mode().Perm(), e.Mode)
			}
			return nil
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		c.Add("file "+rel, text)
		return err
	})
	if err != nil {
		t.Errorf("collect what lies in %s: %v", dir, err)
	}
}

// Find is a secret where none may be.
type Find struct {
	Secret string // who made it
	Form   string // "plain", "base64", …
	Source string
	Around string // what stands around it, secrets masked
}

func (f Find) String() string {
	return fmt.Sprintf("%s shows a secret (made by %s) in the form %s: %s", f.Source, f.Secret, f.Form, f.Around)
}

// Size counts what a Collector holds.
type Size struct {
	Secrets, Short, Sources int
	Bytes                   int64
}

// Search looks for each secret in everything. A secret shorter than eight bytes would
// be found by chance; it is counted as Short and passed over.
func (c *Collector) Search() (list []Find, size Size) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var n needles
	for text, origin := range c.origins {
		if c.open[text] {
			continue
		}
		size.Secrets++
		if !n.add(text, origin, c.open) {
			size.Short++
		}
	}
	for _, src := range c.sources {
		size.Sources++
		size.Bytes += int64(len(src.text))
		for name, text := range unpacked(src.name, src.text) {
			hits := n.search(text)
			list = append(list, finds(name, text, hits)...)
			if flat := unbroken(text); len(hits) == 0 && len(flat) != len(text) {
				list = append(list, finds(name+", line breaks taken out", flat, n.search(flat))...)
			}
		}
	}
	slices.SortFunc(list, func(a, b Find) int { return strings.Compare(a.String(), b.String()) })
	return list, size
}

// most is how many finds a failed test shows.
const most = 20

// Check fails the test for each secret that is found, and if there was none to look
// for or nothing to look into.
func (c *Collector) Check(t testing.TB) {
	t.Helper()
	finds, size := c.Search()
	for i, f := range finds {
		if i == most {
			t.Errorf("… and %d more", len(finds)-most)
			break
		}
		t.Error(f)
	}
	if size.Secrets == size.Short || size.Bytes == 0 {
		t.Errorf("%d secrets to look for in %d bytes: this shows nothing", size.Secrets-size.Short, size.Bytes)
	}
	t.Logf("%d secrets (%d more are too short) looked for in %d sources of %d bytes", size.Secrets-size.Short, size.Short, size.Sources, size.Bytes)
}
