// Package docker is a stand-in for upstream's Pulumi provider "docker", whose Go module is not to be had from the module proxy and
// whose Terraform provider keeps its code in an internal package. It is a small Terraform provider behind the same bridge, so that
// naming, differences and replacement follow the same rules; it serves networks only.
package docker

import (
	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
)

// Version is the npm package's; the build sets it.
var Version = "0.0.0"

// The longest name that is chosen for a resource without one, and what stands before its random suffix.
const (
	autonameLength    = 255
	autonameSeparator = "-"
)

// Provider describes the bridged provider.
func Provider() (tfbridge.ProviderInfo, error) {
	several := false
	info := tfbridge.ProviderInfo{
		P:            shimv2.NewProvider(terraformProvider()),
		Name:         "docker",
		Version:      Version,
		Description:  "Docker networks over the Docker Engine API.",
		License:      "Apache-2.0",
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
		Config: map[string]*tfbridge.SchemaInfo{
			"host":          {Default: &tfbridge.DefaultInfo{EnvVars: []string{"DOCKER_HOST"}}},
			"registry_auth": {Name: "registryAuth", MaxItemsOne: &several},
		},
		Resources:   map[string]*tfbridge.ResourceInfo{"docker_network": {Tok: "docker:index/network:Network"}},
		DataSources: map[string]*tfbridge.DataSourceInfo{"docker_network": {Tok: "docker:index/getNetwork:getNetwork"}},
	}
	info.SetAutonaming(autonameLength, autonameSeparator)
	return info, nil
}

func terraformProvider() *schema.Provider {
	return &schema.Provider{
		Schema:               settings(),
		ConfigureContextFunc: configure,
		ResourcesMap:         map[string]*schema.Resource{"docker_network": networkResource()},
		DataSourcesMap:       map[string]*schema.Resource{"docker_network": networkDataSource()},
	}
}
