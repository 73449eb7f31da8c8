package controller

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"codeberg.org/accolade/accolade/internal/config"
	"codeberg.org/accolade/accolade/internal/secret"
	"codeberg.org/accolade/accolade/internal/wholefile"
)

// certificateLife is long because clients pin the fingerprint: a new certificate is
// a change on every technician's machine.
const certificateLife = 10 * 365 * 24 * time.Hour

// certificate loads the configured one, or the controller's own from its state,
// which is made when it is absent.
func certificate(conf config.Config, now time.Time) (tls.Certificate, error) {
	if conf.TLS.Certificate != "" {
		if err := secret.CheckFile(conf.TLS.Key); err != nil {
			return tls.Certificate{}, fmt.Errorf("tls.key: %w", err)
		}
		cert, err := tls.LoadX509KeyPair(conf.TLS.Certificate, conf.TLS.Key)
		if err != nil {
			return cert, fmt.Errorf("tls: %s and %s: %w", conf.TLS.Certificate, conf.TLS.Key, err)
		}
		return cert, nil
	}
	file := filepath.Join(conf.State, "listener.pem")
	cert, err := tls.LoadX509KeyPair(file, file)
	if !errors.Is(err, os.ErrNotExist) {
		if err != nil {
			return cert, fmt.Errorf("the listener's own certificate %s: %w: remove the file and start again for a new one", file, err)
		}
		return cert, nil
	}
	host, _, err := net.SplitHostPort(conf.Listen)
	if err != nil {
		return cert, fmt.Errorf("listen %s: %w", conf.Listen, err)
	}
	both, err := makeCertificate(host, now)
	if err != nil {
		return cert, fmt.Errorf("make a certificate for %s: %w", conf.Listen, err)
	}
	if err := wholefile.Write(wholefile.OS, file, func(w io.Writer) error { _, err := w.Write(both); return err }); err != nil {
		return cert, fmt.Errorf("keep the listener's certificate: %w", err)
	}
	return tls.X509KeyPair(both, both)
}

// makeCertificate is a self-signed certificate and its key in PEM.
func makeCertificate(host string, now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	name, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "accoladed on " + name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{name, "localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if ip := net.ParseIP(host); ip != nil && !ip.IsUnspecified() {
		template.IPAddresses = append(template.IPAddresses, ip)
	} else if ip == nil && host != "" {
		template.DNSNames = append(template.DNSNames, host)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})...), nil
}

// fingerprint is the SHA-256 of the leaf as technicians pin it, AB:CD:….
func fingerprint(cert tls.Certificate) string {
	if len(cert.Certificate) == 0 {
		return ""
	}
	sum := sha256.Sum256(cert.Certificate[0])
	pairs := make([]string, len(sum))
	for i, b := range sum {
		pairs[i] = fmt.Sprintf("%02X", b)
	}
	return strings.Join(pairs, ":")
}
