// pulumi-resource-docker is the plugin that the Pulumi engine starts for @pulumi/docker.
package main

import (
	"swarm-openstack/toolchain/plugins/bridge/serve"
	"swarm-openstack/toolchain/plugins/docker"
)

func main() {
	serve.Main(docker.Provider())
}
