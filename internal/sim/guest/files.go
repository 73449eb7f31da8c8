package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"mvdan.cc/sh/v3/interp"
)

func (r *pass) stat(scope, name string) (fs.FileInfo, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.suspended {
		return nil, errSuspended
	}
	e := r.known(r.key(scope, "stat "+name))
	if !e.Done {
		r.flushLocked()
		e.Done = true
		if fi, err := r.g.stat(name); err == nil {
			e.OK, e.Dir, e.Size = true, fi.IsDir(), fi.Size()
		}
	}
	if !e.OK {
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrNotExist}
	}
	mode := uint32(0o755)
	return info{name, File{Dir: e.Dir, Mode: mode, Data: make([]byte, min(e.Size, 1))}}, nil
}

func (r *pass) readDir(scope, name string) ([]fs.DirEntry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.known(r.key(scope, "list "+name))
	if !e.Done {
		r.flushLocked()
		e.Done = true
		for _, fi := range r.g.children(name) {
			e.List = append(e.List, nameOf(fi))
		}
	}
	var list []fs.DirEntry
	for _, n := range e.List {
		list = append(list, fs.FileInfoToDirEntry(info{n.Name, File{Dir: n.Dir, Mode: 0o755}}))
	}
	return list, nil
}

func nameOf(fi fs.FileInfo) name { return name{fi.Name(), fi.IsDir()} }

// openFile is a file that a redirection opened. What is written goes to the guest's
// file when something may look at it, and when the pass ends.
type openFile struct {
	r      *pass
	path   string
	mode   uint32
	reader *bytes.Reader
	buf    bytes.Buffer
	entry  *entry // its Size is how much of buf reached the file, in this pass or before
}

func (f *openFile) Read(b []byte) (int, error) { return f.reader.Read(b) }
func (f *openFile) Close() error               { return nil }
func (f *openFile) Write(b []byte) (int, error) {
	f.r.mu.Lock()
	defer f.r.mu.Unlock()
	return f.buf.Write(b)
}

func (r *pass) flush() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.flushLocked()
}

func (r *pass) flushLocked() {
	for _, f := range r.opened {
		more := f.buf.Bytes()
		if int64(len(more)) <= f.entry.Size {
			continue // told again, not written again
		}
		more = more[f.entry.Size:]
		f.entry.Size += int64(len(more))
		if now, err := r.g.readFile(f.path); err == nil && !sink(f.path) {
			_ = r.g.writeFile(f.path, append(bytes.Clone(now), more...), f.mode) // the file is there, so this can't fail
		}
	}
}

func (r *pass) openHandler(scope string) interp.OpenHandlerFunc {
	return func(ctx context.Context, name string, flag int, perm os.FileMode) (io.ReadWriteCloser, error) {
		if !path.IsAbs(name) {
			name = path.Join(interp.HandlerCtx(ctx).Dir, name)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.suspended {
			return nil, errSuspended
		}
		e := r.known(r.key(scope, fmt.Sprintf("open %d %s", flag, name)))
		f := &openFile{r: r, path: path.Clean(name), mode: uint32(perm.Perm()), entry: e}
		writes := flag&(os.O_WRONLY|os.O_RDWR) != 0
		if !e.Done {
			r.flushLocked()
			e.Done = true
			var err error
			if e.Data, err = r.open(f.path, flag, f.mode); err != nil {
				e.Err = []byte(why(err))
			}
		}
		if e.Err != nil {
			return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New(string(e.Err))}
		}
		if !writes {
			f.reader = bytes.NewReader(e.Data)
			return f, nil
		}
		f.reader, e.Data = bytes.NewReader(nil), nil
		r.opened = append(r.opened, f)
		return f, nil
	}
}

// open does what the kernel does at an open, and returns the content that stays.
func (r *pass) open(name string, flag int, mode uint32) ([]byte, error) {
	if sink(name) {
		return nil, nil
	}
	data, err := r.g.readFile(name)
	switch {
	case flag&(os.O_WRONLY|os.O_RDWR) == 0:
		return data, err
	case flag&os.O_TRUNC != 0 || errors.Is(err, fs.ErrNotExist):
		data = nil
	}
	return data, r.g.writeFile(name, data, mode)
}
