package command_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const remoteCommand = "command:remote:Command"

func connection(server *sshServer, pairs ...string) map[string]property.Value {
	fields := texts(append([]string{"host", "127.0.0.1", "user", testUser}, pairs...)...)
	fields["port"] = property.New(float64(server.port))
	return fields
}

func connect(inputs, to map[string]property.Value) map[string]property.Value {
	return with(inputs, "connection", property.New(property.NewMap(to)))
}

func TestRemoteLifecycleWithAKeyAndAPinnedHost(t *testing.T) {
	signer, private := newKey(t)
	server := newSSHServer(t, signer.PublicKey())
	to := connection(server, "privateKey", private, "hostKey", server.hostKey)
	it := newInstance(t, remoteCommand)
	inputs := texts("create", "echo $NAME, ", "update", "echo after $LAST", "delete", "echo gone", "stdin", "read")
	inputs = connect(with(inputs, "environment", property.New(property.NewMap(texts("NAME", "known")))), to)
	it.create(inputs)
	assert.Equal(t, "known, read", it.text("stdout"))
	assert.Equal(t, "noted", it.text("stderr"))
	assert.True(t, it.output("connection").Secret())
	assert.False(t, it.diff(inputs).HasChanges, "the same inputs")

	it.update(with(inputs, "stdin", property.New("")))
	assert.Equal(t, "after known, read", it.text("stdout"))
	require.NoError(t, it.delete())
	assert.Equal(t, []string{"echo $NAME, ", "echo after $LAST", "echo gone"}, server.ran())
}

func TestRemoteRefusesAnotherHostKeyAtOnce(t *testing.T) {
	signer, private := newKey(t)
	server := newSSHServer(t, signer.PublicKey())
	another := newSSHServer(t, nil)
	it := newInstance(t, remoteCommand)
	started := time.Now()
	err := it.tryCreate(connect(texts("create", "echo secret"), connection(server, "privateKey", private, "hostKey", another.hostKey)))
	require.ErrorContains(t, err, "host key")
	assert.Less(t, time.Since(started), 5*time.Second, "it is not tried again")
	assert.Empty(t, server.ran())
}

func TestRemotePasswordAndProxy(t *testing.T) {
	server, proxy := newSSHServer(t, nil), newSSHServer(t, nil)
	to := connection(server, "password", testPassword, "hostKey", server.hostKey)
	through := connection(proxy, "password", testPassword, "hostKey", proxy.hostKey)
	it := newInstance(t, remoteCommand)
	it.create(connect(texts("create", "echo there"), with(to, "proxy", property.New(property.NewMap(through)))))
	assert.Equal(t, "there", it.text("stdout"))

	through["hostKey"] = property.New(server.hostKey)
	err := newInstance(t, remoteCommand).tryCreate(
		connect(texts("create", "echo there"), with(to, "proxy", property.New(property.NewMap(through)))))
	require.ErrorContains(t, err, "proxy")
}

func TestRemoteFailureTellsWhatWasPrinted(t *testing.T) {
	server := newSSHServer(t, nil)
	err := newInstance(t, remoteCommand).tryCreate(connect(texts("create", "fail"), connection(server, "password", testPassword)))
	require.ErrorContains(t, err, "no such thing")
	require.ErrorContains(t, err, "status 4")
}

func TestRemoteRefusedVariableFailsTheCommand(t *testing.T) {
	server := newSSHServer(t, nil)
	inputs := connect(texts("create", "echo here"), connection(server, "password", testPassword))
	err := newInstance(t, remoteCommand).tryCreate(with(inputs, "environment", property.New(property.NewMap(texts("REFUSED", "x")))))
	require.ErrorContains(t, err, "AcceptEnv")
	assert.Empty(t, server.ran())
}

// A server that is still booting takes no connections; that many failures are borne as dialErrorLimit says.
func TestRemoteTriesAsOftenAsItMay(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	var attempts atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			attempts.Add(1)
			_ = conn.Close()
		}
	}()
	address, ok := listener.Addr().(*net.TCPAddr)
	require.True(t, ok)
	to := connection(&sshServer{port: address.Port}, "password", testPassword)
	to["dialErrorLimit"] = property.New(float64(2))
	err = newInstance(t, remoteCommand).tryCreate(connect(texts("create", "echo here"), to))
	require.ErrorContains(t, err, "after 3 failed attempts")
	assert.Equal(t, int32(3), attempts.Load())
}

func TestRemoteCancelEndsACommandThatHangs(t *testing.T) {
	server := newSSHServer(t, nil)
	it := newInstance(t, remoteCommand)
	inputs := it.check(connect(texts("create", "hang"), connection(server, "password", testPassword)))
	failed := make(chan error, 1)
	go func() {
		_, err := it.server.Create(p.CreateRequest{Urn: it.urn, Properties: inputs})
		failed <- err
	}()
	require.Eventually(t, func() bool { return len(server.ran()) == 1 }, 30*time.Second, 10*time.Millisecond, "the command starts")
	require.NoError(t, it.server.Cancel())
	select {
	case err := <-failed:
		require.Error(t, err)
	case <-time.After(30 * time.Second):
		t.Fatal("the command was not ended")
	}
}

func TestRemoteDefaultsOfAConnection(t *testing.T) {
	checked := newInstance(t, remoteCommand).check(connect(texts("create", "true"), texts("host", "192.0.2.1")))
	fields := checked.Get("connection").AsMap()
	assert.Equal(t, "root", fields.Get("user").AsString())
	assert.InDelta(t, 22, fields.Get("port").AsNumber(), 0)
	assert.InDelta(t, 10, fields.Get("dialErrorLimit").AsNumber(), 0)
	assert.InDelta(t, 15, fields.Get("perDialTimeout").AsNumber(), 0)
}
