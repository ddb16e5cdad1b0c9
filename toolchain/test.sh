#!/usr/bin/env bash
# Tests of the plugins' Go code. Compiled with the flags of the build, so that what the build compiled is not compiled again.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/plugins"
export GOTOOLCHAIN=local GOWORK=off GOFLAGS='' CGO_ENABLED=0
go vet ./...
exec go test -trimpath -buildvcs=false -mod=readonly -ldflags '-s -w' -timeout 300s "$@" ./...
