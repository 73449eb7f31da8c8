package guest

// imageBytes is what a cloud image's own files take.
const imageBytes = 1200 << 20

// space is the size of the root file system and what of it is used.
func (g *Guest) space() (total, used int64) {
	total = g.disk.RootBytes
	if total == 0 {
		total = 3 << 30 // as the image has it
	}
	used = imageBytes + int64(len(g.disk.Packages))*packageBytes
	for _, f := range g.disk.Files {
		used += int64(len(f.Data)) + 4096
	}
	if y := g.disk.YunoHost; y != nil {
		used += yunohostBytes + int64(len(y.Apps))*(700<<20) + int64(len(y.Users))*(2<<20)
	}
	return total, min(used, total)
}
