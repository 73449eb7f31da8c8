package sandbox

import (
	"bytes"
	"crypto/sha512"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"codeberg.org/accolade/accolade/internal/sim/pve"
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

// image is a small qcow2 file that stands for Debian's cloud image: a disk of 3 GiB
// of which 1.1 GiB are not zeros, in a file of 340 MiB. The noise behind its header
// is the same in every sandbox.
func image() []byte {
	b := make([]byte, 512<<10)
	rng := rand.NewChaCha8([32]byte([]byte("accolade sandbox cloud image 001")))
	_, _ = rng.Read(b) // never fails
	copy(b, pve.CloudImage(3<<30, 1100<<20, 340<<20))
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
