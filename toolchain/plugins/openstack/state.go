package openstack

import (
	"context"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

// rawStateDelta is where the bridge keeps how a state's values were written. Without it the bridge goes by the schema.
const rawStateDelta = "__pulumi_raw_state_delta"

// olderStates mends what provider 1.54.1 left in a state and 3.4.0 would propose to change: sets that it did not know and the cloud
// computes, and an empty block in place of none. By the provider's names.
var olderStates = map[string]tfbridge.PropertyTransform{
	"openstack_lb_listener_v2": func(_ context.Context, state resource.PropertyMap) (resource.PropertyMap, error) {
		return withSets(state), nil
	},
	"openstack_lb_pool_v2": func(_ context.Context, state resource.PropertyMap) (resource.PropertyMap, error) {
		state = withSets(state)
		if block := state["persistence"]; block.IsObject() && isEmpty(block.ObjectValue()["type"]) {
			delete(state, "persistence")
			delete(state, rawStateDelta)
		}
		return state, nil
	},
}

// withSets copies a state, with what provider 1.54.1 did not know of TLS.
func withSets(state resource.PropertyMap) resource.PropertyMap {
	state = state.Copy()
	for _, name := range []resource.PropertyKey{"alpnProtocols", "tlsVersions"} {
		if _, known := state[name]; !known {
			state[name] = resource.NewArrayProperty(nil)
		}
	}
	return state
}

func isEmpty(value resource.PropertyValue) bool {
	return value.IsNull() || value.IsString() && value.StringValue() == ""
}
