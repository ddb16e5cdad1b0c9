// Package openstack bridges the Terraform OpenStack provider to the surface of the npm package @pulumi/openstack. What is called
// what there is in tokens.json, which a generator derives from that package; nothing is named by hand here.
package openstack

import (
	_ "embed"
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	shim "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/terraform-provider-openstack/terraform-provider-openstack/v3/openstack"
)

// The longest name that an OpenStack service takes, and what stands between a resource's logical name and its random suffix.
const (
	autonameLength    = 255
	autonameSeparator = "-"
)

//go:embed tokens.json
var tokensJSON []byte

// table is tokens.json: what each Terraform resource and data source is called in the npm package.
type table struct {
	Version     string               `json:"version"`
	Config      map[string]configKey `json:"config"`
	Resources   map[string]entry     `json:"resources"`
	DataSources map[string]entry     `json:"dataSources"`
}

type configKey struct {
	Env []string `json:"env"`
}

type entry struct {
	Token  string           `json:"token"`
	Fields map[string]field `json:"fields,omitempty"`
}

// field is where the npm package differs from what the bridge would choose.
type field struct {
	Name        string `json:"name,omitempty"`
	MaxItemsOne *bool  `json:"maxItemsOne,omitempty"`
}

// Provider describes the bridged provider. The error means that tokens.json is damaged.
func Provider() (tfbridge.ProviderInfo, error) {
	var names table
	if err := json.Unmarshal(tokensJSON, &names); err != nil {
		return tfbridge.ProviderInfo{}, fmt.Errorf("tokens.json: %w", err)
	}
	info := tfbridge.ProviderInfo{
		P:           shimv2.NewProvider(openstack.Provider()),
		Name:        "openstack",
		Version:     names.Version,
		Description: "OpenStack resources, bridged from the Terraform provider to the surface of @pulumi/openstack.",
		License:     "Apache-2.0",
		GitHubOrg:   "terraform-provider-openstack",
		// The bridge keeps what it learned of older versions here; there is none.
		MetadataInfo: tfbridge.NewProviderMetadata([]byte("{}")),
		Config:       map[string]*tfbridge.SchemaInfo{},
		Resources:    map[string]*tfbridge.ResourceInfo{},
		DataSources:  map[string]*tfbridge.DataSourceInfo{},
	}
	for key, value := range names.Config {
		info.Config[key] = &tfbridge.SchemaInfo{Default: &tfbridge.DefaultInfo{EnvVars: value.Env}}
	}
	for key, value := range names.Resources {
		info.Resources[key] = &tfbridge.ResourceInfo{Tok: tokens.Type(value.Token), Fields: fields(value), TransformFromState: olderStates[key]}
	}
	for key, value := range names.DataSources {
		info.DataSources[key] = &tfbridge.DataSourceInfo{Tok: tokens.ModuleMember(value.Token), Fields: fields(value)}
	}
	info.IgnoreMappings = unnamed(info)
	info.SetAutonaming(autonameLength, autonameSeparator)
	return info, nil
}

func fields(value entry) map[string]*tfbridge.SchemaInfo {
	out := map[string]*tfbridge.SchemaInfo{}
	for key, f := range value.Fields {
		out[key] = &tfbridge.SchemaInfo{Name: f.Name, MaxItemsOne: f.MaxItemsOne}
	}
	return out
}

// unnamed lists what the provider has and the npm package has no name for. A name that stands for a resource and for a data source
// may be in it although one of the two is mapped: the bridge lets the mapping win.
func unnamed(info tfbridge.ProviderInfo) []string {
	var names []string
	info.P.ResourcesMap().Range(func(name string, _ shim.Resource) bool {
		if _, known := info.Resources[name]; !known {
			names = append(names, name)
		}
		return true
	})
	info.P.DataSourcesMap().Range(func(name string, _ shim.Resource) bool {
		if _, known := info.DataSources[name]; !known {
			names = append(names, name)
		}
		return true
	})
	return names
}
