//go:build race

package crashtest

// raceDetector makes a run some ten times slower: it sees a sample of the cuts.
const raceDetector = true
