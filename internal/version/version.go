// Package version knows which build this is. It decides nothing by it.
package version

import (
	"runtime/debug"
	"sync"
)

// linked is set by the linker (-X …/internal/version.linked=v1.2.3) in releases.
var linked string

// String is the release, or the module's version, or "devel" with the revision it
// was built from. Both programs of one build give the same word.
var String = sync.OnceValue(func() string {
	if linked != "" {
		return linked
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	revision, dirty := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "+dirty"
			}
		}
	}
	if revision == "" {
		return "devel"
	}
	return "devel-" + revision[:min(12, len(revision))] + dirty
})
