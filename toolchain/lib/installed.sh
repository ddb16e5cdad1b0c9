# shellcheck shell=bash
# shellcheck disable=SC2154 # cache, here, mode, verb: set by toolchain
# Sourced by toolchain: is there an installed Pulumi that can be used as it is?

installed_path=""
installed_why=""

# Sets installed_path, or installed_why and fails. What was found once is kept: the file's identity stands for its version.
installed_usable() {
  installed_path=$(installed_pulumi) || { installed_why="no pulumi on PATH"; return 1; }
  local stamp
  stamp="$cache/installed-$(stat -Lc '%n %Y %s' "$installed_path" | cat - "$here/versions.env" | sha256sum | cut -c1-16)"
  [[ -e $stamp ]] && return
  # A refusal may pass (no network), so whoever asks for a build asks anew; other verbs should not wait for it each time.
  if [[ -e $stamp.refused && $verb != build ]]; then
    installed_why=$(<"$stamp.refused")
    return 1
  fi
  mkdir -p "$cache"
  if installed_works; then
    : >"$stamp"
    rm -f "$stamp.refused"
    return
  fi
  printf '%s\n' "$installed_why" >"$stamp.refused"
  [[ $mode == installed ]] || say "$installed_why: not used"
  return 1
}

installed_works() {
  local version
  version=$(PULUMI_SKIP_UPDATE_CHECK=true timeout 60 "$installed_path" version 2>/dev/null) || version="of an unknown version"
  if [[ $version != "v$PULUMI_VERSION" ]]; then
    installed_why="$installed_path is $version, not v$PULUMI_VERSION"
  elif ! PATH="$(dirname "$installed_path"):$PATH" type -P pulumi-language-nodejs >/dev/null; then
    installed_why="$installed_path has no pulumi-language-nodejs beside it"
  elif ! installed_plugins; then
    installed_why="$installed_path can install no plugins"
  else
    return 0
  fi
  return 1
}

# The first pulumi on PATH that is not ours (a shell may run inside `toolchain exec`).
installed_pulumi() {
  local candidate root
  root=$(readlink -m "$cache")
  while read -r candidate; do
    if [[ $(readlink -f "$candidate") != "$root"/* ]]; then
      printf '%s\n' "$candidate"
      return
    fi
  done < <(type -aP pulumi)
  return 1
}

# Installing a plugin that is there already does nothing; one that is not, the first update would install the same way.
# The openstack plugin is not installed: it is built (toolchain/openstack).
installed_plugins() {
  local plugin
  for plugin in "command $COMMAND_VERSION" "docker $DOCKER_VERSION"; do
    # shellcheck disable=SC2086 # two words
    PULUMI_SKIP_UPDATE_CHECK=true timeout 120 "$installed_path" plugin install resource $plugin >&2 || return
  done
}
