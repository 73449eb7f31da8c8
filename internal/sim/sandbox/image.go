package sandbox

import (
	"bytes"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// The cloud image that the control address serves, under a dated folder as Debian
// does. Its content is not a system: boxes of the sandbox know it by its name.
const (
	imageDate   = "20260901-2240"
	imageFolder = "/images/cloud/bookworm/" + imageDate + "/"
	imageName   = "debian-12-genericcloud-amd64-" + imageDate + ".qcow2"
)

// ImagePath is where the control address serves the cloud image; SHA512SUMS stands
// beside it.
const ImagePath = imageFolder + imageName

// image is a file with the header of a qcow2 image of 3 GiB and half a mebibyte of
// noise that is the same in every sandbox.
func image() []byte {
	b := make([]byte, 512<<10)
	rng := rand.NewChaCha8([32]byte([]byte("accolade sandbox cloud image 001")))
	rng.Read(b) // never fails
	copy(b, "QFI\xfb")
	binary.BigEndian.PutUint32(b[4:], 3)      // version
	binary.BigEndian.PutUint64(b[8:], 0)      // no backing file
	binary.BigEndian.PutUint32(b[16:], 0)     //
	binary.BigEndian.PutUint32(b[20:], 16)    // clusters of 64 KiB
	binary.BigEndian.PutUint64(b[24:], 3<<30) // virtual size
	return b
}

func serveImages(mux *http.ServeMux) {
	img := image()
	sums := fmt.Appendf(nil, "%x  %s\n", sha512.Sum512(img), imageName)
	modified := time.Date(2026, 9, 1, 22, 40, 0, 0, time.UTC)
	for name, content := range map[string][]byte{imageName: img, "SHA512SUMS": sums} {
		mux.HandleFunc("GET "+imageFolder+name, func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, name, modified, bytes.NewReader(content))
		})
	}
}
