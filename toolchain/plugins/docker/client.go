package docker

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"path/filepath"

	"github.com/docker/cli/cli/connhelper"
	"github.com/docker/docker/client"
)

// daemon says where the Docker daemon is and how to prove to it who we are.
type daemon struct {
	host          string
	sshOpts       []string
	ca, cert, key string
	certPath      string
}

// newClient makes a client; it connects to nothing yet. An ssh:// host is reached by the machine's own ssh program.
func newClient(d daemon) (client.APIClient, error) {
	options := []client.Opt{client.WithAPIVersionNegotiation()}
	switch {
	case d.cert != "" || d.key != "":
		httpClient, err := tlsClient(d)
		if err != nil {
			return nil, err
		}
		options = append(options, client.WithHTTPClient(httpClient), client.WithHost(d.host))
	case d.certPath != "":
		file := func(name string) string { return filepath.Join(d.certPath, name) }
		options = append(options, client.WithHost(d.host), client.WithTLSClientConfig(file("ca.pem"), file("cert.pem"), file("key.pem")))
	default:
		helper, err := connhelper.GetConnectionHelperWithSSHOpts(d.host, d.sshOpts)
		if err != nil {
			return nil, err
		}
		if helper == nil {
			options = append(options, client.WithHost(d.host))
		} else {
			options = append(options, client.WithHost(helper.Host), client.WithDialContext(helper.Dialer))
		}
	}
	return client.NewClientWithOpts(options...)
}

func tlsClient(d daemon) (*http.Client, error) {
	switch {
	case d.cert == "" || d.key == "":
		return nil, errors.New("docker.certMaterial, docker.keyMaterial: only one is given; give both or none")
	case d.certPath != "":
		return nil, errors.New("docker.certPath: given beside docker.certMaterial; give one of them")
	}
	pair, err := tls.X509KeyPair([]byte(d.cert), []byte(d.key))
	if err != nil {
		return nil, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	if d.ca == "" {
		config.InsecureSkipVerify = true //nolint:gosec // the SDK's documented behaviour without caMaterial
	} else {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(d.ca)) {
			return nil, errors.New("docker.caMaterial: is no certificate in PEM")
		}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: config}}, nil
}
