package command_test

import (
	"context"
	"testing"

	"github.com/blang/semver"
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/integration"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/pulumi/pulumi/sdk/v3/go/property"
	"github.com/stretchr/testify/require"
	"swarm-openstack/toolchain/plugins/command"
)

// instance is one resource as the engine sees it: its state is handed from one operation to the next.
type instance struct {
	t      *testing.T
	server integration.Server
	urn    resource.URN
	id     string
	inputs property.Map
	state  property.Map
}

func newInstance(t *testing.T, token string) *instance {
	t.Helper()
	t.Setenv("SSH_AUTH_SOCK", "") // a person's own agent must not take part
	provider, err := command.Provider()
	require.NoError(t, err)
	server, err := integration.NewServer(context.Background(), command.Name, semver.MustParse("1.2.1"), integration.WithProvider(provider))
	require.NoError(t, err)
	return &instance{t: t, server: server, urn: resource.NewURN("test", "test", "", tokens.Type(token), "it")}
}

func (i *instance) check(inputs map[string]property.Value) property.Map {
	i.t.Helper()
	checked, err := i.server.Check(p.CheckRequest{Urn: i.urn, State: i.inputs, Inputs: property.NewMap(inputs)})
	require.NoError(i.t, err)
	require.Empty(i.t, checked.Failures)
	return checked.Inputs
}

func (i *instance) tryCreate(inputs map[string]property.Value) error {
	i.t.Helper()
	checked := i.check(inputs)
	created, err := i.server.Create(p.CreateRequest{Urn: i.urn, Properties: checked})
	i.id, i.inputs, i.state = created.ID, checked, created.Properties
	return err
}

func (i *instance) create(inputs map[string]property.Value) {
	i.t.Helper()
	require.NoError(i.t, i.tryCreate(inputs))
}

func (i *instance) diff(inputs map[string]property.Value) p.DiffResponse {
	i.t.Helper()
	diff, err := i.server.Diff(p.DiffRequest{ID: i.id, Urn: i.urn, State: i.state, OldInputs: i.inputs, Inputs: i.check(inputs)})
	require.NoError(i.t, err)
	return diff
}

func (i *instance) update(inputs map[string]property.Value) {
	i.t.Helper()
	checked := i.check(inputs)
	updated, err := i.server.Update(p.UpdateRequest{ID: i.id, Urn: i.urn, State: i.state, OldInputs: i.inputs, Inputs: checked})
	require.NoError(i.t, err)
	i.inputs, i.state = checked, updated.Properties
}

func (i *instance) delete() error {
	return i.server.Delete(p.DeleteRequest{ID: i.id, Urn: i.urn, Properties: i.state, OldInputs: i.inputs})
}

func (i *instance) output(name string) property.Value {
	value, ok := i.state.GetOk(name)
	require.Truef(i.t, ok, "%s is no output", name)
	return value
}

func (i *instance) text(name string) string { return i.output(name).AsString() }

// texts makes inputs of plain texts.
func texts(pairs ...string) map[string]property.Value {
	inputs := map[string]property.Value{}
	for k := 0; k < len(pairs); k += 2 {
		inputs[pairs[k]] = property.New(pairs[k+1])
	}
	return inputs
}

func with(inputs map[string]property.Value, name string, value property.Value) map[string]property.Value {
	out := map[string]property.Value{name: value}
	for key, existing := range inputs {
		if key != name {
			out[key] = existing
		}
	}
	return out
}
