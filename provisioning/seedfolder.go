package provisioning

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
)

// seedFolder begins the names of the folders in which seeds are put together.
const seedFolder = "accolade-seed-"

// memoryFolder is where the library collects the files of a seed: in memory where the
// system has such a place. Nothing in a seed is secret; this is a second line. leave
// removes it. It is locked until then, so that the next one who comes can tell a folder
// whose program was killed from one in use, and takes it away.
func memoryFolder() (folder string, leave func(), err error) {
	for _, above := range []string{"/dev/shm", os.TempDir()} {
		dropAbandoned(above)
		for range 3 { // somebody may drop ours before it is locked
			if folder, err = os.MkdirTemp(above, seedFolder); err != nil {
				break
			}
			lock, lerr := lockFolder(folder)
			if err = lerr; err == nil {
				return folder, func() {
					_ = os.RemoveAll(folder) // else the next one takes it away
					_ = lock.Close()
				}, nil
			}
		}
	}
	return "", nil, err
}

// lockFolder fails if another program, or another call, holds the lock, and if the
// folder is gone by the time that it is locked.
func lockFolder(folder string) (*os.File, error) {
	f, err := os.Open(folder)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		_, err = os.Stat(folder)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// dropAbandoned removes folders of programs that died. Those of other users stay: they
// cannot be opened.
func dropAbandoned(above string) {
	all, err := filepath.Glob(filepath.Join(above, seedFolder+"*"))
	if err != nil {
		return
	}
	for _, folder := range all {
		if lock, err := lockFolder(folder); err == nil {
			_ = os.RemoveAll(folder)
			_ = lock.Close()
		}
	}
}
