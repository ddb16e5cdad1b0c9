// pulumi-resource-command is the plugin that the Pulumi engine starts for @pulumi/command.
package main

import (
	"context"
	"fmt"
	"os"

	"swarm-openstack/toolchain/plugins/command"
)

// version is the npm package's; the build sets it.
var version = "0.0.0"

func main() {
	provider, err := command.Provider()
	if err == nil {
		err = provider.Run(context.Background(), command.Name, version)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "pulumi-resource-command:", err)
		os.Exit(1)
	}
}
