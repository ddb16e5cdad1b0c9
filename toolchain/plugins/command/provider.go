// Package command is a stand-in for upstream's Pulumi provider "command", whose Go module is not to be had from the module proxy.
// It serves local.Command and remote.Command with the surface and the semantics of the npm package @pulumi/command.
package command

import (
	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"swarm-openstack/toolchain/plugins/command/local"
	"swarm-openstack/toolchain/plugins/command/remote"
)

// Name is the Pulumi package that the plugin serves.
const Name = "command"

// Provider describes the provider.
func Provider() (p.Provider, error) {
	return infer.NewProviderBuilder().
		WithDisplayName("Command").
		WithDescription("Runs commands on this machine and on others as part of a resource's life.").
		WithLicense("Apache-2.0").
		WithResources(infer.Resource(&local.Command{}), infer.Resource(&remote.Command{})).
		Build()
}
