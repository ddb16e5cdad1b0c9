package docker

import (
	"context"
	"testing"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"
)

type fields = map[string]any

// plugin is the provider as the engine sees it, with one network.
type plugin struct {
	t      *testing.T
	server pulumirpc.ResourceProviderServer
	id     string
	inputs *structpb.Struct
	state  *structpb.Struct
}

const urn = "urn:pulumi:test::test::docker:index/network:Network::overlay"

func newPlugin(t *testing.T, config fields) (*plugin, error) {
	t.Helper()
	t.Setenv("DOCKER_HOST", "")
	info, err := Provider()
	require.NoError(t, err)
	server := tfbridge.NewProvider(context.Background(), nil, "docker", "4.11.0", info.P, info, []byte("{}"))
	p := &plugin{t: t, server: server}
	_, err = server.Configure(context.Background(), &pulumirpc.ConfigureRequest{Args: p.pack(config)})
	return p, err
}

func connectedPlugin(t *testing.T, e *engine) *plugin {
	t.Helper()
	before := len(e.requests)
	p, err := newPlugin(t, fields{"host": e.host(), "disableDockerDaemonCheck": "true"})
	require.NoError(t, err)
	require.Len(t, e.requests, before, "configuring asks nothing of the daemon")
	return p
}

func (p *plugin) pack(values fields) *structpb.Struct {
	p.t.Helper()
	packed, err := structpb.NewStruct(values)
	require.NoError(p.t, err)
	return packed
}

func (p *plugin) check(inputs fields, seed string) *structpb.Struct {
	p.t.Helper()
	response, err := p.server.Check(context.Background(), &pulumirpc.CheckRequest{
		Urn: urn, Olds: p.inputs, News: p.pack(inputs), RandomSeed: []byte(seed),
	})
	require.NoError(p.t, err)
	require.Empty(p.t, response.GetFailures())
	return response.GetInputs()
}

func (p *plugin) create(inputs fields) error {
	p.t.Helper()
	p.inputs = p.check(inputs, "0123456789abcdef0123456789abcdef")
	response, err := p.server.Create(context.Background(), &pulumirpc.CreateRequest{Urn: urn, Properties: p.inputs})
	p.id, p.state = response.GetId(), response.GetProperties()
	return err
}

func (p *plugin) diff(inputs fields) *pulumirpc.DiffResponse {
	p.t.Helper()
	response, err := p.server.Diff(context.Background(), &pulumirpc.DiffRequest{
		Id: p.id, Urn: urn, Olds: p.state, OldInputs: p.inputs, News: p.check(inputs, ""),
	})
	require.NoError(p.t, err)
	return response
}

func (p *plugin) read() *pulumirpc.ReadResponse {
	p.t.Helper()
	response, err := p.server.Read(context.Background(), &pulumirpc.ReadRequest{Id: p.id, Urn: urn, Properties: p.state, Inputs: p.inputs})
	require.NoError(p.t, err)
	return response
}

func (p *plugin) delete() error {
	_, err := p.server.Delete(context.Background(), &pulumirpc.DeleteRequest{Id: p.id, Urn: urn, Properties: p.state})
	return err
}

var full = fields{
	"name": "proxy", "driver": "overlay", "attachable": true, "internal": true, "ipamDriver": "default",
	"options":     fields{"com.docker.network.driver.mtu": "1400"},
	"labels":      []any{fields{"label": "b", "value": "2"}, fields{"label": "a", "value": "1"}},
	"ipamConfigs": []any{fields{"subnet": "10.9.0.0/24", "auxAddress": fields{"host": "10.9.0.9"}}},
}

func altered(key string, value any) fields {
	out := fields{}
	for k, v := range full {
		out[k] = v
	}
	out[key] = value
	return out
}

func TestNetworkIsCreatedAsAskedAndRemoved(t *testing.T) {
	e := newEngine(t)
	p := connectedPlugin(t, e)
	require.NoError(t, p.create(full))
	assert.Equal(t, networkID, p.id)
	assert.Equal(t, "proxy", e.created.Name)
	assert.Equal(t, "overlay", e.created.Driver)
	assert.True(t, e.created.Attachable)
	assert.True(t, e.created.Internal)
	assert.False(t, e.created.Ingress)
	assert.Equal(t, map[string]string{"com.docker.network.driver.mtu": "1400"}, e.created.Options)
	assert.Equal(t, map[string]string{"a": "1", "b": "2"}, e.created.Labels)
	require.Len(t, e.created.IPAM.Config, 1)
	assert.Equal(t, "10.9.0.0/24", e.created.IPAM.Config[0].Subnet)
	assert.Equal(t, map[string]string{"host": "10.9.0.9"}, e.created.IPAM.Config[0].AuxAddress)
	assert.Equal(t, "swarm", p.state.GetFields()["scope"].GetStringValue())

	require.NoError(t, p.delete())
	assert.Empty(t, e.networks)
	require.NoError(t, p.delete(), "what is gone is removed")
}

func TestNetworkThatIsUnchangedHasNoDifference(t *testing.T) {
	p := connectedPlugin(t, newEngine(t))
	for name, inputs := range map[string]fields{"with all": full, "with nothing": {"driver": "overlay"}} {
		p.inputs = nil
		require.NoError(t, p.create(inputs), name)
		assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, p.diff(inputs).GetChanges(), name)
		refreshed := p.read()
		p.state, p.inputs = refreshed.GetProperties(), refreshed.GetInputs()
		assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, p.diff(inputs).GetChanges(), "%s, refreshed", name)
		require.NoError(t, p.delete())
	}
	reordered := altered("labels", []any{fields{"label": "a", "value": "1"}, fields{"label": "b", "value": "2"}})
	p.inputs = nil
	require.NoError(t, p.create(full))
	assert.Equal(t, pulumirpc.DiffResponse_DIFF_NONE, p.diff(reordered).GetChanges())
}

func TestEveryChangeReplacesTheNetwork(t *testing.T) {
	p := connectedPlugin(t, newEngine(t))
	require.NoError(t, p.create(full))
	changes := fields{
		"name": "other", "driver": "bridge", "attachable": false, "internal": false, "ingress": true, "ipv6": true, "ipamDriver": "null",
		"options":     fields{"com.docker.network.driver.mtu": "1300"},
		"labels":      []any{fields{"label": "a", "value": "other"}},
		"ipamConfigs": []any{fields{"subnet": "10.8.0.0/24"}},
		"ipamOptions": fields{"a": "b"},
	}
	for key, value := range changes {
		diff := p.diff(altered(key, value))
		assert.Equal(t, pulumirpc.DiffResponse_DIFF_SOME, diff.GetChanges(), key)
		assert.NotEmpty(t, diff.GetReplaces(), key)
	}
	assert.True(t, p.diff(altered("driver", "bridge")).GetDeleteBeforeReplace(), "a name that a program gave is free only after the deletion")
}

func TestNetworkWithoutANameGetsOne(t *testing.T) {
	p := connectedPlugin(t, newEngine(t))
	require.NoError(t, p.create(fields{"driver": "overlay"}))
	assert.Regexp(t, `^overlay-[0-9a-f]{7}$`, p.state.GetFields()["name"].GetStringValue())
}

func TestNetworkIsImportedByNameOrID(t *testing.T) {
	e := newEngine(t)
	p := connectedPlugin(t, e)
	require.NoError(t, p.create(full))
	for _, id := range []string{"proxy", networkID} {
		other := connectedPlugin(t, e)
		other.id = id
		imported := other.read()
		assert.Equal(t, networkID, imported.GetId())
		other.inputs, other.state, other.id = imported.GetInputs(), imported.GetProperties(), imported.GetId()
		assert.Empty(t, other.diff(altered("ipamConfigs", []any{
			fields{"subnet": "10.9.0.0/24", "gateway": "10.9.0.1", "auxAddress": fields{"host": "10.9.0.9"}},
		})).GetReplaces(), "a program that says what is there replaces nothing")
	}
}

func TestNetworkThatIsGoneIsSeenByARefresh(t *testing.T) {
	e := newEngine(t)
	p := connectedPlugin(t, e)
	require.NoError(t, p.create(full))
	clear(e.networks)
	assert.Empty(t, p.read().GetId())
}

func TestTakenNameIsRefused(t *testing.T) {
	p := connectedPlugin(t, newEngine(t))
	require.NoError(t, p.create(full))
	require.ErrorContains(t, p.create(full), "already exists")
}

func TestWhatPassesIsWaitedFor(t *testing.T) {
	e := newEngine(t)
	p := connectedPlugin(t, e)
	e.pingFails = 1
	require.NoError(t, p.create(full), "the daemon answers at the second attempt")
	e.busyTries = 1
	require.NoError(t, p.delete(), "the network is free at the second attempt")
}

func TestDaemonIsAskedFirstUnlessThatIsSwitchedOff(t *testing.T) {
	nowhere := "unix://" + t.TempDir() + "/none.sock"
	_, err := newPlugin(t, fields{"host": nowhere})
	require.ErrorContains(t, err, "disableDockerDaemonCheck")
	p, err := newPlugin(t, fields{"host": nowhere, "disableDockerDaemonCheck": "true"})
	require.NoError(t, err)
	p.check(full, "0123456789abcdef0123456789abcdef")
}

func TestSSHHostGetsTheOptions(t *testing.T) {
	_, err := newPlugin(t, fields{
		"host": "ssh://root@192.0.2.1:22", "sshOpts": `["-o","BatchMode=yes"]`, "disableDockerDaemonCheck": "true",
		"registryAuth": `[{"address":"registry.example","username":"u","password":"p"}]`,
	})
	require.NoError(t, err)
}

func TestContextIsRefused(t *testing.T) {
	_, err := newPlugin(t, fields{"host": "unix:///none.sock", "context": "prod", "disableDockerDaemonCheck": "true"})
	require.ErrorContains(t, err, "docker.host")
}
