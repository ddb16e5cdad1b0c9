// Package serve starts a plugin that bridges a Terraform provider.
package serve

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
)

// Main serves the provider until the engine ends it.
func Main(info tfbridge.ProviderInfo, err error) {
	schema := []byte("{}")
	if err == nil {
		schema, err = schemaBeside()
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "pulumi-resource-%s: %v\n", info.Name, err)
		os.Exit(1)
	}
	tfbridge.Main(info.Name, info.Version, info, schema)
}

// schemaBeside reads the package schema that the build puts next to the executable. Node programs need none; `pulumi package
// get-schema` does.
func schemaBeside() ([]byte, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	schema, err := os.ReadFile(filepath.Join(filepath.Dir(self), "schema.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return []byte("{}"), nil
	}
	return schema, err
}
