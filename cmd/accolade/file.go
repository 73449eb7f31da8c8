package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// readNamed reads a file that the user named. What it is to hold, in fix, is told with
// a name that leads nowhere; anything else is told as report does.
func readNamed(name, fix string) ([]byte, error) {
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &failure{what: "there is no file " + name, fix: fix, code: exitNotFound}
	}
	return b, err
}

// fileTrouble says in words what is wrong with a file that the user named, and what to
// do; ok is false if that is not the error.
func fileTrouble(err error) (f failure, ok bool) {
	if l, ok := errors.AsType[*os.LinkError](err); ok && folder(l.New) {
		return isFolder(l.New), true
	}
	p, ok := errors.AsType[*fs.PathError](err)
	if !ok {
		return f, false
	}
	path := p.Path
	unfinished := strings.HasPrefix(filepath.Base(path), ".part-") // the name that a file has until it is whole
	if unfinished {
		path = filepath.Dir(path)
	}
	switch {
	case errors.Is(p, fs.ErrNotExist) && missing(filepath.Dir(p.Path)):
		f = failure{what: p.Path + ": there is no folder " + filepath.Dir(p.Path), fix: "make the folder, or look at the name" + from(p.Path), code: exitNotFound}
	case errors.Is(p, fs.ErrNotExist) && (unfinished || p.Op == "mkdir"), errors.Is(p, syscall.EROFS):
		f = failure{what: "nothing can be written to " + path, fix: "choose another place", code: exitForbidden}
	case errors.Is(p, fs.ErrNotExist):
		f = failure{what: "there is no file " + p.Path, fix: "look at the name" + from(p.Path), code: exitNotFound}
	case errors.Is(p, syscall.ENOTDIR):
		f = failure{what: path + ": a file stands where a folder is wanted", fix: "choose another name, or move the file away", code: exitUsage}
	case errors.Is(p, fs.ErrPermission):
		f = failure{what: "you may not " + p.Op + " " + path, fix: "ask its owner, or choose another place", code: exitForbidden}
	case errors.Is(p, syscall.EISDIR):
		f = isFolder(p.Path)
	case errors.Is(p, syscall.ENOSPC):
		f = failure{what: p.Path + ": the disk is full", fix: "make room, then try again: nothing was left half-written", code: exitTrouble}
	default:
		return f, false
	}
	f.what = strings.Replace(err.Error(), p.Error(), f.what, 1)
	return f, true
}

func isFolder(path string) failure {
	return failure{what: path + " is a folder", fix: "name a file in it", code: exitUsage}
}

func folder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func missing(folder string) bool {
	_, err := os.Stat(folder)
	return errors.Is(err, fs.ErrNotExist)
}

// from says where a relative name begins.
func from(name string) string {
	here, err := os.Getwd()
	if err != nil || filepath.IsAbs(name) {
		return ""
	}
	return ": it begins at " + here
}
