package provisioning

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"codeberg.org/accolade/accolade/internal/operation"
)

// checksum is the image's SHA-512: the blueprint's, or the one beside the image,
// which is read once and kept.
func (s *Service) checksum(ctx context.Context, r *operation.Run, image Image) (string, error) {
	if image.SHA512 != "" {
		return image.SHA512, nil
	}
	var sum string
	if kept, err := r.Get("sha512", &sum); err != nil || kept {
		return sum, err
	}
	sum, err := readChecksum(ctx, s.http, image.URL)
	if err != nil {
		return "", err
	}
	r.LogLine(fmt.Sprintf("SHA-512 of %s, from SHA512SUMS beside it: %s", image.File(), sum))
	return sum, r.Set("sha512", sum)
}

// readChecksum reads the SHA-512 of an image from the SHA512SUMS beside it.
func readChecksum(ctx context.Context, client *http.Client, image string) (string, error) {
	at := image[:strings.LastIndex(image, "/")+1] + "SHA512SUMS"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "", fmt.Errorf("%s: %w", at, err)
	}
	response, err := client.Do(request)
	if err != nil {
		return "", operation.Away(fmt.Errorf("the server of images: %w", err))
	}
	defer response.Body.Close()
	switch {
	case response.StatusCode >= 500:
		return "", operation.Transient(fmt.Errorf("%s: status %s", at, response.Status))
	case response.StatusCode != http.StatusOK:
		return "", operation.Permanent(fmt.Errorf("%s: status %s", at, response.Status), "write image.sha512 into the blueprint, or name another image")
	}
	lines := bufio.NewScanner(io.LimitReader(response.Body, 1<<20))
	for lines.Scan() {
		sum, name, found := strings.Cut(lines.Text(), " ")
		if found && strings.TrimLeft(name, " *") == image[strings.LastIndex(image, "/")+1:] && sha512Pattern.MatchString(sum) {
			return sum, nil
		}
	}
	if err := lines.Err(); err != nil {
		return "", operation.Transient(fmt.Errorf("%s: %w", at, err))
	}
	return "", operation.Permanent(fmt.Errorf("%s does not list the image", at), "write image.sha512 into the blueprint, or name another image")
}
