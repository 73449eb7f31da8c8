// Package architecture holds the project to its house plan: which room may import
// which. It has no code of its own, only the test; docs/architecture.md shows the
// same plan to people, and the test compares the two.
package architecture
