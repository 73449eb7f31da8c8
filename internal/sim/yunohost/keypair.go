package yunohost

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"time"
)

// CertificatePEM is the file crt.pem of a domain.
func (s *State) CertificatePEM(domain string) ([]byte, error) {
	pair, err := s.KeyPair(domain)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}), nil
}

// KeyPair is the certificate that nginx shows for a domain, with its key. Both follow
// from the state: the same server shows the same certificate until it is renewed. One
// of Let's Encrypt is as self-signed as any here: no authority of the real world
// stands behind a simulated server.
func (s *State) KeyPair(domain string) (tls.Certificate, error) {
	d := s.domain(domain)
	if d == nil {
		return tls.Certificate{}, unknownDomain(domain)
	}
	begin := d.Until.Add(-selfSignedLife)
	issuer := pkix.Name{CommonName: s.MainDomain}
	if d.Issuer == "letsencrypt" {
		begin, issuer = d.Until.Add(-letsEncryptLife), pkix.Name{CommonName: "R12", Organization: []string{"Let's Encrypt"}}
	}
	sum := sha256.Sum256([]byte(fmt.Sprint(s.Seed, s.CookieSecret, d.Name, d.Issuer, d.Until.Unix())))
	key := ed25519.NewKeyFromSeed(sum[:])
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(sum[:8]), Subject: pkix.Name{CommonName: d.Name}, DNSNames: []string{d.Name},
		NotBefore: begin.Truncate(time.Second), NotAfter: d.Until.Truncate(time.Second),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, BasicConstraintsValid: true,
	}
	parent := *template
	parent.Subject = issuer
	der, err := x509.CreateCertificate(rand.Reader, template, &parent, key.Public(), key) // Ed25519 draws nothing
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("certificate of %s: %w", domain, err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// HasDomain says whether a domain is served here.
func (s *State) HasDomain(name string) bool { return s.domain(name) != nil }
