package crashtest

import "codeberg.org/accolade/accolade/internal/wholefile"

// disk is a disk over the line.
type disk struct {
	line *line
	next wholefile.Disk
}

// effect does something to a file as an event.
func (l *line) effect(what string, do func() error) error {
	number, err := l.begin(&l.so.effects, what)
	if err != nil {
		return err
	}
	err = do()
	if l.done(number) {
		return errCut
	}
	return err
}

func (d *disk) Create(folder string) (f wholefile.File, err error) {
	err = d.line.effect("the new file in "+folder, func() error {
		f, err = d.next.Create(folder)
		return err
	})
	if err != nil {
		if f != nil {
			_ = f.Close() // the file stays, as one does whose program died
		}
		return nil, err
	}
	return &file{f, d.line}, nil
}

func (d *disk) Rename(from, to string) error {
	return d.line.effect("the rename to "+to, func() error { return d.next.Rename(from, to) })
}

func (d *disk) Link(from, to string) error {
	return d.line.effect("the link to "+to, func() error { return d.next.Link(from, to) })
}

func (d *disk) Remove(name string) error {
	return d.line.effect("the removal of "+name, func() error { return d.next.Remove(name) })
}

func (d *disk) MakeFolder(folder string) error {
	return d.line.effect("the new folder "+folder, func() error { return d.next.MakeFolder(folder) })
}

func (d *disk) SyncFolder(folder string) error {
	return d.line.effect("the flush of "+folder, func() error { return d.next.SyncFolder(folder) })
}

// file is a file that is written over the line. Closing it is no event: the system
// does that too for a program that dies.
type file struct {
	wholefile.File
	line *line
}

func (f *file) Write(p []byte) (n int, err error) {
	err = f.line.effect("a write to "+f.Name(), func() error {
		n, err = f.File.Write(p)
		return err
	})
	return n, err
}

func (f *file) Sync() error { return f.line.effect("the flush of "+f.Name(), f.File.Sync) }
