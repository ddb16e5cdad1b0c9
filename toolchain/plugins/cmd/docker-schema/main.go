// docker-schema prints the Pulumi package schema of the docker plugin.
package main

import (
	"swarm-openstack/toolchain/plugins/bridge/schemagen"
	"swarm-openstack/toolchain/plugins/docker"
)

func main() {
	schemagen.Main(docker.Provider())
}
