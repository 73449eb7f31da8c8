// Package racetest tells a test whether the race detector looks on. Under it everything
// takes several times as long, and what it looks for are races: a test that goes through
// thousands of cases takes a sample of them then, and `make crash` takes them all.
package racetest
