//go:build tools

// Package tools pins the Node language host. A module of its own: 3.66.0 is the newest release of the SDK module that carries it.
package tools

import _ "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"
