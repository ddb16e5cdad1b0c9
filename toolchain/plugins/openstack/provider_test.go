package openstack

import (
	"context"
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"
)

func TestEveryNameIsBridged(t *testing.T) {
	info, err := Provider()
	require.NoError(t, err)
	for name := range info.Resources {
		_, found := info.P.ResourcesMap().GetOk(name)
		assert.True(t, found, name)
	}
	for name := range info.DataSources {
		_, found := info.P.DataSourcesMap().GetOk(name)
		assert.True(t, found, name)
	}
	require.NoError(t, info.Validate(context.Background()))
}

func TestWhatTheSDKHasNoNameForIsLeftOut(t *testing.T) {
	info, err := Provider()
	require.NoError(t, err)
	for _, name := range info.IgnoreMappings {
		_, resource := info.Resources[name]
		_, dataSource := info.DataSources[name]
		assert.False(t, resource && dataSource, name)
	}
	assert.Contains(t, info.IgnoreMappings, "openstack_networking_segment_v2")
}

func check(t *testing.T, token string, inputs map[string]any) map[string]*structpb.Value {
	t.Helper()
	info, err := Provider()
	require.NoError(t, err)
	server := tfbridge.NewProvider(context.Background(), nil, info.Name, info.Version, info.P, info, []byte("{}"))
	news, err := structpb.NewStruct(inputs)
	require.NoError(t, err)
	response, err := server.Check(context.Background(), &pulumirpc.CheckRequest{
		Urn: "urn:pulumi:test::test::" + token + "::it", News: news, RandomSeed: []byte("0123456789abcdef0123456789abcdef"),
	})
	require.NoError(t, err)
	require.Empty(t, response.GetFailures())
	return response.GetInputs().GetFields()
}

func TestNamesAreChosenAsUpstreamDoes(t *testing.T) {
	inputs := check(t, "openstack:networking/network:Network", map[string]any{"adminStateUp": true})
	assert.Regexp(t, `^it-[0-9a-f]{7}$`, inputs["name"].GetStringValue())
}

func TestNamesThatTheSDKChoseAreUnderstood(t *testing.T) {
	pool := map[string]any{"start": "10.0.0.2", "end": "10.0.0.9"}
	subnet := check(t, "openstack:networking/subnet:Subnet", map[string]any{"networkId": "n", "allocationPools": []any{pool}})
	assert.Len(t, subnet["allocationPools"].GetListValue().GetValues(), 1)
	group := check(t, "openstack:compute/serverGroup:ServerGroup", map[string]any{"policies": []any{"anti-affinity"}})
	assert.Len(t, group["policies"].GetListValue().GetValues(), 1)
	// A map whose values the SDK leaves open.
	server := check(t, "openstack:compute/instance:Instance", map[string]any{"metadata": map[string]any{"ordinal": 3}})
	assert.Contains(t, server["metadata"].GetStructValue().GetFields(), "ordinal")
}
