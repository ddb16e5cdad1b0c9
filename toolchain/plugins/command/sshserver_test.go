package command_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
)

// sshServer is a small SSH server on loopback. It runs no programs: it answers "echo" and "hang" itself.
type sshServer struct {
	port     int
	hostKey  string // as in an authorized_keys file
	lock     sync.Mutex
	commands []string
	closed   chan struct{}
}

const testUser, testPassword = "someone", "open sesame"

func (s *sshServer) ran() []string {
	s.lock.Lock()
	defer s.lock.Unlock()
	return append([]string(nil), s.commands...)
}

func newKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := ssh.NewSignerFromKey(private)
	require.NoError(t, err)
	block, err := ssh.MarshalPrivateKey(private, "")
	require.NoError(t, err)
	return signer, string(pem.EncodeToMemory(block))
}

func newSSHServer(t *testing.T, client ssh.PublicKey) *sshServer {
	t.Helper()
	host, _ := newKey(t)
	config := &ssh.ServerConfig{
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if client == nil || string(key.Marshal()) != string(client.Marshal()) {
				return nil, errors.New("unknown key")
			}
			return nil, nil
		},
		PasswordCallback: func(conn ssh.ConnMetadata, password []byte) (*ssh.Permissions, error) {
			if conn.User() != testUser || string(password) != testPassword {
				return nil, errors.New("wrong password")
			}
			return nil, nil
		},
	}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address, ok := listener.Addr().(*net.TCPAddr)
	require.True(t, ok)
	s := &sshServer{port: address.Port, hostKey: string(ssh.MarshalAuthorizedKey(host.PublicKey())), closed: make(chan struct{})}
	t.Cleanup(func() { close(s.closed); _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn, config)
		}
	}()
	return s
}

func (s *sshServer) serve(conn net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(conn, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for offered := range channels {
		switch offered.ChannelType() {
		case "session":
			go s.session(offered)
		case "direct-tcpip":
			go forward(offered)
		default:
			_ = offered.Reject(ssh.UnknownChannelType, "")
		}
	}
}

// forward connects a client through this server to another one on loopback.
func forward(offered ssh.NewChannel) {
	var target struct {
		Host       string
		Port       uint32
		OriginHost string
		OriginPort uint32
	}
	if err := ssh.Unmarshal(offered.ExtraData(), &target); err != nil {
		return
	}
	onward, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", target.Port))
	if err != nil {
		_ = offered.Reject(ssh.ConnectionFailed, err.Error())
		return
	}
	channel, requests, err := offered.Accept()
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	go func() { _, _ = io.Copy(onward, channel); _ = onward.Close() }()
	_, _ = io.Copy(channel, onward)
	_ = channel.Close()
}

func (s *sshServer) session(offered ssh.NewChannel) {
	channel, requests, err := offered.Accept()
	if err != nil {
		return
	}
	env := map[string]string{}
	for request := range requests {
		switch request.Type {
		case "env":
			var variable struct{ Name, Value string }
			accepted := ssh.Unmarshal(request.Payload, &variable) == nil && !strings.HasPrefix(variable.Name, "REFUSED")
			env[variable.Name] = variable.Value
			_ = request.Reply(accepted, nil)
		case "exec":
			var wanted struct{ Command string }
			_ = ssh.Unmarshal(request.Payload, &wanted)
			_ = request.Reply(true, nil)
			s.lock.Lock()
			s.commands = append(s.commands, wanted.Command)
			s.lock.Unlock()
			go s.run(channel, wanted.Command, env)
		default:
			_ = request.Reply(false, nil)
		}
	}
}

// run: "echo TEXT" prints the text, what it got on its input and what it knows; "fail" fails; "hang" never ends.
func (s *sshServer) run(channel ssh.Channel, command string, env map[string]string) {
	status := uint32(0)
	verb, text, _ := strings.Cut(command, " ")
	switch verb {
	case "echo":
		input, _ := io.ReadAll(channel)
		_, _ = fmt.Fprintf(channel, "%s%s\n", strings.NewReplacer("$NAME", env["NAME"], "$LAST", env["PULUMI_COMMAND_STDOUT"]).Replace(text), input)
		_, _ = fmt.Fprintln(channel.Stderr(), "noted")
	case "hang":
		<-s.closed
	default:
		_, _ = fmt.Fprintln(channel.Stderr(), "no such thing")
		status = 4
	}
	_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(struct{ Status uint32 }{status}))
	_ = channel.Close()
}
