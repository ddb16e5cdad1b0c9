//go:build tools

// Package tools pins the Pulumi CLI. A module of its own: with the bridge's requirements beside it the CLI does not compile.
package tools

import _ "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
