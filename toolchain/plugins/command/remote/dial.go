package remote

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/agent"
)

// Between two attempts to connect the wait grows from the first to the last of these.
const (
	firstRetryWait = 100 * time.Millisecond
	lastRetryWait  = 5 * time.Second
)

// perDialTimeout limits the way to the server's port. The handshake on a machine that is still booting takes longer, but not for ever.
const leastHandshakeTimeout = time.Minute

// dial connects to the machine, through its proxy where it has one. The returned function closes everything that was opened.
func dial(ctx context.Context, c *Connection) (*ssh.Client, func(), error) {
	if c.Proxy == nil {
		client, err := c.dialFrom(ctx, "Dial", (&net.Dialer{}).DialContext)
		if err != nil {
			return nil, nil, err
		}
		return client, func() { _ = client.Close() }, nil
	}
	proxy, err := c.Proxy.dialFrom(ctx, "Dial proxy", (&net.Dialer{}).DialContext)
	if err != nil {
		return nil, nil, fmt.Errorf("proxy: %w", err)
	}
	client, err := c.dialFrom(ctx, "Dial from proxy", proxy.DialContext)
	if err != nil {
		_ = proxy.Close()
		return nil, nil, fmt.Errorf("through proxy: %w", err)
	}
	return client, func() { _ = client.Close(); _ = proxy.Close() }, nil
}

type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// dialFrom tries until it is connected, the error limit is passed or the operation is cancelled.
func (e *endpoint) dialFrom(ctx context.Context, what string, via dialer) (*ssh.Client, error) {
	config, done, err := e.clientConfig()
	if err != nil {
		return nil, err
	}
	defer done()
	limit := orDefault(e.DialErrorLimit, defaultDialErrorLimit)
	wait := firstRetryWait
	for failures := 1; ; failures++ {
		client, err := e.dialOnce(ctx, config, via)
		if err == nil {
			return client, nil
		}
		if limit != noDialErrorLimit && failures > limit {
			return nil, fmt.Errorf("after %d failed attempts: %w", failures, err)
		}
		// A server that shows another key will not show the right one later.
		if mismatch := (*keyMismatchError)(nil); errors.As(err, &mismatch) {
			return nil, err
		}
		p.GetLogger(ctx).InfoStatusf("%s %s: attempt %d failed, trying again", what, *e.Host, failures)
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w, last failure: %w", ctx.Err(), err)
		case <-time.After(wait):
		}
		wait = min(wait*2, lastRetryWait)
	}
}

func (e *endpoint) dialOnce(ctx context.Context, config *ssh.ClientConfig, via dialer) (*ssh.Client, error) {
	address := net.JoinHostPort(*e.Host, strconv.Itoa(int(orDefault(e.Port, defaultPort))))
	reach, cancel := limited(ctx, config.Timeout)
	defer cancel()
	conn, err := via(reach, "tcp", address)
	if err != nil {
		return nil, err
	}
	// The handshake knows no context: closing the connection is what ends it, at its limit or when the operation is cancelled.
	greet, cancel := limited(ctx, max(config.Timeout, leastHandshakeTimeout))
	defer cancel()
	stop := context.AfterFunc(greet, func() { _ = conn.Close() })
	inner, channels, requests, err := ssh.NewClientConn(conn, address, config)
	if !stop() && err == nil {
		err = greet.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return ssh.NewClient(inner, channels, requests), nil
}

// limited gives a context with a time limit; 0 is none.
func limited(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	if limit == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit)
}

// clientConfig says who we are and whom we expect. The returned function closes the agent's socket, if one was opened.
func (e *endpoint) clientConfig() (*ssh.ClientConfig, func(), error) {
	config := &ssh.ClientConfig{
		User:            orDefault(e.User, defaultUser),
		HostKeyCallback: ssh.InsecureIgnoreHostKey(), //nolint:gosec // the SDK's documented behaviour without hostKey
		Timeout:         time.Duration(orDefault(e.PerDialTimeout, defaultPerDialTimeoutSeconds)) * time.Second,
	}
	if e.HostKey != nil {
		if err := expectHostKey(config, *e.HostKey); err != nil {
			return nil, nil, err
		}
	}
	if e.PrivateKey != nil {
		signer, err := e.signer()
		if err != nil {
			return nil, nil, fmt.Errorf("connection.privateKey: %w", err)
		}
		config.Auth = append(config.Auth, ssh.PublicKeys(signer))
	}
	if e.Password != nil {
		config.Auth = append(config.Auth, ssh.Password(*e.Password), ssh.KeyboardInteractive(e.answer))
	}
	socket := os.Getenv("SSH_AUTH_SOCK")
	if e.AgentSocketPath != nil {
		socket = *e.AgentSocketPath
	}
	if socket == "" {
		return config, func() {}, nil
	}
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, nil, fmt.Errorf("SSH agent: %w", err)
	}
	config.Auth = append(config.Auth, ssh.PublicKeysCallback(agent.NewClient(conn).Signers))
	return config, func() { _ = conn.Close() }, nil
}

func (e *endpoint) signer() (ssh.Signer, error) {
	if e.PrivateKeyPassword != nil {
		return ssh.ParsePrivateKeyWithPassphrase([]byte(*e.PrivateKey), []byte(*e.PrivateKeyPassword))
	}
	return ssh.ParsePrivateKey([]byte(*e.PrivateKey))
}

// answer gives the password to whatever a keyboard-interactive server asks.
func (e *endpoint) answer(_, _ string, questions []string, _ []bool) ([]string, error) {
	answers := make([]string, len(questions))
	for i := range answers {
		answers[i] = *e.Password
	}
	return answers, nil
}

func orDefault[T any](value *T, fallback T) T {
	if value == nil {
		return fallback
	}
	return *value
}
