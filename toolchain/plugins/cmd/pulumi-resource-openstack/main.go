// pulumi-resource-openstack is the plugin that the Pulumi engine starts for @pulumi/openstack.
package main

import (
	"swarm-openstack/toolchain/plugins/bridge/serve"
	"swarm-openstack/toolchain/plugins/openstack"
)

func main() {
	serve.Main(openstack.Provider())
}
