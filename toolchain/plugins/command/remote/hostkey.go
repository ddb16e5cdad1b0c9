package remote

import (
	"bytes"
	"fmt"
	"net"

	"golang.org/x/crypto/ssh"
)

// keyMismatchError says that a server showed another key than the one it is pinned to.
type keyMismatchError struct {
	host        string
	shown, want ssh.PublicKey
}

func (e *keyMismatchError) Error() string {
	return fmt.Sprintf("%s: the server's host key is %s, not %s as connection.hostKey says",
		e.host, ssh.FingerprintSHA256(e.shown), ssh.FingerprintSHA256(e.want))
}

// expectHostKey accepts one key only, given as in an authorized_keys file.
func expectHostKey(config *ssh.ClientConfig, text string) error {
	want, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		return fmt.Errorf("connection.hostKey: %w", err)
	}
	config.HostKeyCallback = func(host string, _ net.Addr, shown ssh.PublicKey) error {
		if !bytes.Equal(shown.Marshal(), want.Marshal()) {
			return &keyMismatchError{host, shown, want}
		}
		return nil
	}
	config.HostKeyAlgorithms = algorithms(want.Type())
	return nil
}

// algorithms are those by which a key of this type signs: an RSA key does so with SHA-2, under names of their own.
func algorithms(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}
