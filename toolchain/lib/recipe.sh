# shellcheck shell=bash
# shellcheck disable=SC2154 # here: set by toolchain
# Sourced by lib/build.sh: what the parts are and how each is compiled. This file is part of every part's key.

# shellcheck disable=SC2034 # used by lib/build.sh
parts=(cli language-nodejs openstack command docker)

part_module() {
  case "$1" in
    openstack | command | docker) printf 'plugins\n' ;;
    *) printf '%s\n' "$1" ;;
  esac
}

part_packages() {
  case "$1" in
    cli) printf 'github.com/pulumi/pulumi/pkg/v3/cmd/pulumi\n' ;;
    language-nodejs) printf 'github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs\n' ;;
    openstack | docker) printf './cmd/pulumi-resource-%s\n' "$1" && printf './cmd/%s-schema\n' "$1" ;;
    command) printf './cmd/pulumi-resource-command\n' ;;
  esac
}

# The linker's flags: the CLI and the plugins learn their versions here, from versions.env alone.
part_ldflags() {
  case "$1" in
    cli) printf -- '-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v%s\n' "$PULUMI_VERSION" ;;
    command) printf -- '-s -w -X main.version=%s\n' "$COMMAND_VERSION" ;;
    docker) printf -- '-s -w -X swarm-openstack/toolchain/plugins/docker.Version=%s\n' "$DOCKER_VERSION" ;;
    *) printf -- '-s -w\n' ;;
  esac
}

# Files that a part is built from, relative to the toolchain's folder.
part_sources() {
  local module
  module=$(part_module "$1")
  printf '%s\n' versions.env lib/recipe.sh "$module/go.mod" "$module/go.sum"
  [[ $module == plugins ]] || return 0
  local folders=("plugins/$1" "plugins/cmd/pulumi-resource-$1")
  [[ $1 == command ]] || folders+=("plugins/cmd/$1-schema" plugins/bridge)
  find "${folders[@]}" -type f \( -name '*.go' -o -name '*.json' \) ! -name '*_test.go' | LC_ALL=C sort
}

# Compiles a part into a folder. A chain, because its caller tests the result and that turns `set -e` off.
compile() {
  local part="$1" into="$2" packages
  mapfile -t packages < <(part_packages "$part")
  cd "$here/$(part_module "$part")" &&
    CGO_ENABLED=0 GOFLAGS='' go build -trimpath -buildvcs=false -mod=readonly -ldflags "$(part_ldflags "$part")" -o "$into/" "${packages[@]}" &&
    case "$part" in
      cli) [[ $("$into/pulumi" version) == "v$PULUMI_VERSION" ]] || { printf 'the CLI does not call itself v%s\n' "$PULUMI_VERSION"; false; } ;;
      # not inside the checkout, whose Pulumi.yaml it would read
      openstack | docker) (cd "$into" && "./$part-schema" >schema.json && rm "$part-schema") ;;
    esac
}
