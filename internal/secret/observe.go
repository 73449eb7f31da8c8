package secret

import "sync/atomic"

// observer sees every secret text that comes into being; nil, as always outside of
// tests, for nobody.
var observer atomic.Pointer[func(text string)]

// Observe has f told of every secret text from now on, be it made, read or opened.
// There is one observer; nil ends it. Only package secrettest calls this, so that a
// test can look for what must not be seen; a test holds the house to that.
func Observe(f func(text string)) {
	if f == nil {
		observer.Store(nil)
		return
	}
	observer.Store(&f)
}

func observe(text string) {
	if f := observer.Load(); f != nil {
		(*f)(text)
	}
}
