#!/usr/bin/env bash
# Tests of the plugins' Go code. Compiled with the flags of the build, so that what the build compiled is not compiled again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/plugins"
# Our own plugins are what is tested, here and by tests/toolchain, also where an installed Pulumi is used.
SWARM_TOOLCHAIN=build ../toolchain build
export GOTOOLCHAIN=local GOWORK=off GOFLAGS='' CGO_ENABLED=0
# -vet=off: vet would go through every dependency first, minutes of work.
exec go test -trimpath -buildvcs=false -mod=readonly -vet=off -ldflags '-s -w' -timeout 300s "$@" ./...
