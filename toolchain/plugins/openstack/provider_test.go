package openstack

import (
	"context"
	"testing"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/structpb"
)

func TestEverythingIsBridged(t *testing.T) {
	info, err := Provider()
	require.NoError(t, err)
	info.P.ResourcesMap().Range(func(name string, _ shim.Resource) bool {
		assert.Contains(t, info.Resources, name)
		return true
	})
	info.P.DataSourcesMap().Range(func(name string, _ shim.Resource) bool {
		assert.Contains(t, info.DataSources, name)
		return true
	})
	require.NoError(t, info.Validate(context.Background()))
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
