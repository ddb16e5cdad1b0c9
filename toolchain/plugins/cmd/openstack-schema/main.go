// openstack-schema prints the Pulumi package schema of the openstack plugin.
package main

import (
	"swarm-openstack/toolchain/plugins/bridge/schemagen"
	"swarm-openstack/toolchain/plugins/openstack"
)

func main() {
	schemagen.Main(openstack.Provider())
}
