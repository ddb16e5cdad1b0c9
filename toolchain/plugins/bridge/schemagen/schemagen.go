// Package schemagen prints the Pulumi package schema of a bridged provider. It is apart from the plugins because the generator
// would double their size.
package schemagen

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfgen"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag"
	"github.com/pulumi/pulumi/sdk/v3/go/common/diag/colors"
)

// Main prints the schema to standard output.
func Main(info tfbridge.ProviderInfo, err error) {
	if err == nil {
		err = print(info)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s schema: %v\n", info.Name, err)
		os.Exit(1)
	}
}

func print(info tfbridge.ProviderInfo) error {
	result, err := tfgen.GenerateSchemaWithOptions(tfgen.GenerateSchemaOptions{
		ProviderInfo:    info,
		DiagnosticsSink: diag.DefaultSink(os.Stderr, os.Stderr, diag.FormatOptions{Color: colors.Never}),
		XInMemoryDocs:   true, // the documentation pages of a Terraform provider are not part of its build
	})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(result.PackageSpec)
}
