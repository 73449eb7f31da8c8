package poll

import (
	"sync"
	"time"
)

// Memory is how long work took, by place and kind. It lives in memory only. Several
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
