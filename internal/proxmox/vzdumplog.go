package proxmox

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/fleet"
)

var vzdumpPatterns = struct {
	start, mode, archive, bitmap, fast, reused, sent, size, finished, failed, progress *regexp.Regexp
}{
	start:    regexp.MustCompile(`^Starting Backup of VM (\d+) `),
	mode:     regexp.MustCompile(`^backup mode: (\w+)`),
	archive:  regexp.MustCompile(`^creating (?:vzdump|Proxmox Backup Server) archive '([^']+)'`),
	bitmap:   regexp.MustCompile(`^[a-z]+\d+: dirty-bitmap status: (.*)$`),
	fast:     regexp.MustCompile(`^using fast incremental mode \(dirty-bitmap\), ([\d.]+ \w+) dirty of ([\d.]+ \w+) total`),
	reused:   regexp.MustCompile(`^backup was done incrementally, reused ([\d.]+ \w+)`),
	sent:     regexp.MustCompile(`^transferred ([\d.]+ \w+) in <?(\d+) seconds?`),
	size:     regexp.MustCompile(`^archive file size: ([\d.]+ ?\w+)`),
	finished: regexp.MustCompile(`^Finished Backup of VM (\d+) \((\d+):(\d\d):(\d\d)\)`),
	failed:   regexp.MustCompile(`^ERROR: Backup of VM (\d+) failed - (.*)$`),
	progress: regexp.MustCompile(`^\s*\d+% \([\d.]+ \w+ of ([\d.]+ \w+)\)`),
}

// ParseVzdump reads the log of a backup task of one VM.
func ParseVzdump(log []string) fleet.DumpReport {
	var v fleet.DumpReport
	p := &vzdumpPatterns
	for _, line := range log {
		if m := p.failed.FindStringSubmatch(line); m != nil {
			v.VMID, v.Failed = integer(m[1]), m[2]
			continue
		}
		line = strings.TrimPrefix(line, "INFO: ")
		if m := p.start.FindStringSubmatch(line); m != nil {
			v.VMID = integer(m[1])
		} else if m := p.mode.FindStringSubmatch(line); m != nil {
			v.Mode = m[1]
		} else if m := p.archive.FindStringSubmatch(line); m != nil {
			v.Archive = m[1]
		} else if m := p.bitmap.FindStringSubmatch(line); m != nil && v.Bitmap == fleet.BitmapNone {
			v.Bitmap = bitmapState(m[1])
		} else if m := p.fast.FindStringSubmatch(line); m != nil {
			v.Dirty, v.Total = logSize(m[1]), logSize(m[2])
		} else if m := p.progress.FindStringSubmatch(line); m != nil && v.Total == 0 {
			v.Total = logSize(m[1])
		} else if m := p.reused.FindStringSubmatch(line); m != nil {
			v.Reused = logSize(m[1])
		} else if m := p.sent.FindStringSubmatch(line); m != nil {
			v.Sent = logSize(m[1])
		} else if m := p.size.FindStringSubmatch(line); m != nil {
			v.Size = logSize(m[1])
		} else if m := p.finished.FindStringSubmatch(line); m != nil {
			v.VMID = integer(m[1])
			v.Duration = time.Duration(integer(m[2]))*time.Hour + time.Duration(integer(m[3]))*time.Minute + time.Duration(integer(m[4]))*time.Second
		}
	}
	if v.Dirty == 0 && v.Bitmap.FullRead() {
		v.Dirty = v.Total
	}
	return v
}

func bitmapState(words string) fleet.Bitmap {
	switch {
	case words == "created new":
		return fleet.BitmapNew
	case words == "OK (drive clean)":
		return fleet.BitmapClean
	case strings.HasPrefix(words, "OK ("):
		return fleet.BitmapDirty
	case strings.HasPrefix(words, "existing bitmap was invalid"):
		return fleet.BitmapInvalid
	case strings.HasPrefix(words, "expected bitmap was missing"):
		return fleet.BitmapMissing
	default:
		return fleet.BitmapDisabled
	}
}

var bytesPattern = regexp.MustCompile(`^(\d+(?:\.\d+)?) ?([KMGTP]?)(i?)B$`)

// logSize reads a size as Proxmox's logs write it: "1.20 GiB", "512 B", and
// "5.21GB", which means binary units too. Anything else is 0.
func logSize(text string) int64 {
	m := bytesPattern.FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	f, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0
	}
	if m[2] != "" {
		f *= float64(int64(1) << (10 * (1 + strings.Index("KMGTP", m[2]))))
	}
	if f >= 1<<62 {
		return 0
	}
	return int64(f)
}

// integer reads digits; too many of them are 0.
func integer(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil || n > 1<<30 {
		return 0
	}
	return n
}
