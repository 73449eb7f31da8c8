//go:build race

package racetest

// On tells that the race detector looks on.
const On = true
