//go:build race

package crashtest

// RaceDetector tells that the race detector looks on: at races, and not at what a crash
// or a fault leaves behind, which the whole campaign without it does (make crash).
const RaceDetector = true
