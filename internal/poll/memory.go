package poll

import (
	"maps"
	"sync"
	"time"
)

// Memory is how long work took, by place and kind. It lives in memory; what it knows of
// each kind, whatever the place, may be kept elsewhere and told to another one. Several
// goroutines may use one; the zero value remembers nothing yet.
type Memory struct {
	mu   sync.Mutex
	took map[where]time.Duration
}

// where is a kind of work at a place; no place stands for the latest of any.
type where struct{ place, kind string }

// expect is how long such work took at a place, or lately anywhere; 0 when
// nobody knows.
func (m *Memory) expect(place, kind string) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if took := m.took[where{place, kind}]; took > 0 {
		return took
	}
	return m.took[where{"", kind}]
}

func (m *Memory) note(place, kind string, took time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.took == nil {
		m.took = map[where]time.Duration{}
	}
	m.took[where{place, kind}], m.took[where{"", kind}] = took, took
}

// Lately is how long work of each kind took the last time, at whatever place.
func (m *Memory) Lately() map[string]time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	latest := map[string]time.Duration{}
	for w, took := range m.took {
		if w.place == "" {
			latest[w.kind] = took
		}
	}
	return latest
}

// Recall takes up what another memory knew lately. What this one has seen counts more.
func (m *Memory) Recall(latest map[string]time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := m.took
	m.took = make(map[where]time.Duration, len(latest))
	for kind, took := range latest {
		m.took[where{"", kind}] = took
	}
	maps.Copy(m.took, seen)
}
