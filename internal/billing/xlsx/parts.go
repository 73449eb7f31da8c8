package xlsx

import (
	"archive/zip"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
)

// parts writes the archive of a workbook with its parts in the order of their names
// and one date for all. The library gives them in no order, so each waits in a file
// until the last is there.
type parts struct {
	out   io.Writer
	spool *os.File
	date  time.Time
	done  []part
}

// part is one that waits: where in the file it stands.
type part struct {
	name     string
	at, size int64
}

func newParts(out io.Writer, o Options) (*parts, error) {
	spool, err := os.CreateTemp(o.Temp, "accolade-*.xlsx")
	if err != nil {
		return nil, err
	}
	return &parts{out: out, spool: spool, date: o.Date.Midnight(time.UTC)}, nil
}

// remove takes the file away.
func (p *parts) remove() error { return errors.Join(p.spool.Close(), os.Remove(p.spool.Name())) }

// Create begins a part; the one before it is complete.
func (p *parts) Create(name string) (io.Writer, error) {
	at, err := p.spool.Seek(0, io.SeekCurrent)
	p.done = append(p.done, part{name: name, at: at})
	return p, err
}

// Write adds to the part under way.
func (p *parts) Write(b []byte) (int, error) {
	n, err := p.spool.Write(b)
	p.done[len(p.done)-1].size += int64(n)
	return n, err
}

// AddFS is of excelize's interface; no workbook of ours needs it.
func (p *parts) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close writes the archive.
func (p *parts) Close() error {
	slices.SortFunc(p.done, func(a, b part) int { return strings.Compare(a.name, b.name) })
	z := zip.NewWriter(p.out)
	for _, one := range p.done {
		w, err := z.CreateHeader(&zip.FileHeader{Name: one.name, Method: zip.Deflate, Modified: p.date})
		if err != nil {
			return err
		}
		if _, err := io.Copy(w, io.NewSectionReader(p.spool, one.at, one.size)); err != nil {
			return err
		}
	}
	return z.Close()
}
