package guest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/diskfs/go-diskfs/backend"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"
)

// Seed is a NoCloud image as a guest finds it in its drive: the files as they are.
// Whether they make sense shows at boot, as in life.
type Seed struct {
	Label         string `json:"label"`
	UserData      []byte `json:"user_data,omitempty"`
	MetaData      []byte `json:"meta_data,omitempty"`
	NetworkConfig []byte `json:"network_config,omitempty"`
	VendorData    []byte `json:"vendor_data,omitempty"`
	HasUserData   bool   `json:"has_user_data"`
	HasMetaData   bool   `json:"has_meta_data"`
}

// errNoFileSystem is a medium on which there is no ISO 9660 file system.
var errNoFileSystem = errors.New("no ISO 9660 file system")

// maxSeedFile bounds what is read of one file: a cloud-init seed is small.
const maxSeedFile = 16 << 20

// ReadSeed reads the ISO 9660 image of a drive as Linux does: names by Rock Ridge,
// else Joliet, else the plain ones (upper case, no dashes, where `user-data` can't
// be found). A medium without a file system is an error; one with the wrong label or
// without the files is a Seed that cloud-init will not take.
func ReadSeed(iso []byte) (*Seed, error) {
	image, err := iso9660.Read(&medium{Reader: bytes.NewReader(iso)}, int64(len(iso)), 0, 0)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoFileSystem, err)
	}
	seed := &Seed{Label: strings.TrimRight(image.Label(), " \x00")}
	entries, err := image.ReadDir(".")
	if err != nil {
		return nil, fmt.Errorf("read the image's root folder: %w", err)
	}
	for _, entry := range entries {
		var into *[]byte
		switch entry.Name() {
		case "user-data":
			into, seed.HasUserData = &seed.UserData, true
		case "meta-data":
			into, seed.HasMetaData = &seed.MetaData, true
		case "network-config":
			into = &seed.NetworkConfig
		case "vendor-data":
			into = &seed.VendorData
		default:
			continue
		}
		if *into, err = readAll(image, entry.Name()); err != nil {
			return nil, err
		}
	}
	return seed, nil
}

// NoCloud says whether cloud-init takes the image for a NoCloud seed: the label is
// cidata in lower or upper case, and both mandatory files are there.
func (s *Seed) NoCloud() bool {
	return s != nil && (s.Label == "cidata" || s.Label == "CIDATA") && s.HasUserData && s.HasMetaData
}

func readAll(image *iso9660.FileSystem, name string) ([]byte, error) {
	file, err := image.Open(name)
	if err != nil {
		return nil, fmt.Errorf("open %s in the image: %w", name, err)
	}
	data, err := io.ReadAll(io.LimitReader(file, maxSeedFile))
	return data, errors.Join(err, file.Close())
}

// medium is an image in memory as diskfs wants it.
type medium struct{ *bytes.Reader }

func (m *medium) Stat() (fs.FileInfo, error)              { return nil, errors.ErrUnsupported }
func (m *medium) Close() error                            { return nil }
func (m *medium) Sys() (*os.File, error)                  { return nil, errors.ErrUnsupported }
func (m *medium) Writable() (backend.WritableFile, error) { return nil, errors.ErrUnsupported }
func (m *medium) Path() string                            { return "" }
