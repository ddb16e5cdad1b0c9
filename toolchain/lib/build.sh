# shellcheck shell=bash
# shellcheck disable=SC2154 # cache, here: set by toolchain
# Sourced by toolchain: builds what is missing into the cache.
#
#   parts/<part>-<key>/    one built part; its key is made of the files that it is built from
#   <key>/bin, <key>/home  a whole toolchain: its parts, laid out as Pulumi wants them
#   logs/<part>-<key>.log  what the compiler said

# shellcheck source-path=SCRIPTDIR source=recipe.sh
source "$here/lib/recipe.sh"

part_deadline_seconds=2400
lock_deadline_seconds=5400
heartbeat_seconds=20
last_job=""
declare -A part_dir=()
export GOTOOLCHAIN=local GOWORK=off

# Leaves `chosen` as the directory of a toolchain made of the files beside this one.
ensure_built() {
  locate
  [[ -d $chosen ]] || locked build_whole
}

# The one part that an installed Pulumi takes from here.
ensure_openstack() {
  locate
  [[ -d ${part_dir[openstack]} ]] || locked build_parts openstack
}

build_whole() {
  [[ ! -d $chosen ]] || return 0
  build_parts "${parts[@]}"
  assemble
}

# Runs a command as the only build of this cache.
locked() {
  mkdir -p "$cache/parts" "$cache/logs"
  exec 9>"$cache/lock"
  if ! flock -n 9; then
    say "another build is under way in $cache; waiting for it"
    flock -w "$lock_deadline_seconds" 9 || die "$cache/lock: still held after $lock_deadline_seconds s; end the build that holds it."
  fi
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  "$@"
  trap - EXIT INT TERM
  exec 9>&-
}

locate() {
  local part identity
  command -v go >/dev/null || die "go: not found on PATH; install Go 1.26 or newer."
  identity=$(go env GOVERSION GOOS GOARCH)
  for part in "${parts[@]}"; do part_dir[$part]="$cache/parts/$part-$(part_key "$part" "$identity")"; done
  chosen="$cache/$(printf '%s\n' "${part_dir[@]##*/}" | LC_ALL=C sort | sha256sum | cut -c1-16)"
}

part_key() {
  local sources
  cd "$here" || return
  mapfile -t sources < <(part_sources "$1")
  { sha256sum -- "${sources[@]}"; printf '%s\n' "$2"; } | sha256sum | cut -c1-16
}

build_parts() { # PART...
  local part missing=() started=$SECONDS
  for part in "$@"; do [[ -d ${part_dir[$part]} ]] || missing+=("$part"); done
  ((${#missing[@]} > 0)) || return 0
  say "to build: ${missing[*]} (minutes, the first time)"
  for part in "${missing[@]}"; do in_background prefetch "$part" >/dev/null 2>&1; done
  for part in "${missing[@]}"; do build_part "$part"; done
  say "built in $((SECONDS - started)) s"
}

# The later parts' modules come while the first compiles. A failure is told by the build, which tries for itself.
prefetch() {
  local packages
  mapfile -t packages < <(part_packages "$1")
  cd "$here/$(part_module "$1")" && go list -deps "${packages[@]}"
}

# A process group of its own, so that all of it can be ended; without our lock, which would outlive us in it.
in_background() {
  set -m
  "$@" 9>&- &
  set +m
  last_job=$!
}

build_part() {
  local part="$1" log attempt started=$SECONDS staged="$cache/new.$$"
  log="$cache/logs/${part_dir[$part]##*/}.log"
  say "$part: building, log in $log"
  for attempt in 1 2 3; do
    rm -rf "$staged"
    mkdir -p "$staged"
    in_background compile "$part" "$staged" >"$log" 2>&1
    if watch_job "$part" "$last_job"; then
      mv -T "$staged" "${part_dir[$part]}"
      say "$part: done in $((SECONDS - started)) s"
      return
    fi
    # What the network did is worth another try; a compiler says the same thing twice.
    { ((attempt < 3)) && grep -qE 'dial tcp|timeout|connection re|TLS handshake|unexpected EOF|50[0-9] ' "$log"; } || break
    say "$part: the registry failed, trying again in $((attempt * 10)) s: $(tail -n 1 "$log")"
    sleep $((attempt * 10))
  done
  say "$part: failed after $((SECONDS - started)) s; the end of $log:"
  tail -n 30 "$log" >&2
  exit 1
}

# Waits for a background job, says now and then that it still runs, and ends it at the deadline.
watch_job() {
  local part="$1" job="$2" started=$SECONDS told=$SECONDS
  while kill -0 "$job" 2>/dev/null; do
    sleep 0.1
    if ((SECONDS - started > part_deadline_seconds)); then
      say "$part: not compiled after $part_deadline_seconds s, given up"
      kill -- "-$job" 2>/dev/null || true
      return 1
    fi
    if ((SECONDS - told >= heartbeat_seconds)); then
      told=$SECONDS
      say "$part: compiling, $((SECONDS - started)) s"
    fi
  done
  wait "$job"
}

# Lays the parts out as Pulumi looks for them: hard links, so that a toolchain costs no more room than its parts.
assemble() {
  local staged="$cache/new.$$" part plugin
  rm -rf "$staged"
  mkdir -p "$staged/bin" "$staged/home/plugins"
  ln "${part_dir[cli]}/pulumi" "${part_dir[language-nodejs]}/pulumi-language-nodejs" "$staged/bin/"
  for plugin in "openstack-v$OPENSTACK_VERSION" "command-v$COMMAND_VERSION" "docker-v$DOCKER_VERSION"; do
    part=${plugin%%-v*}
    mkdir "$staged/home/plugins/resource-$plugin"
    ln "${part_dir[$part]}"/* "$staged/home/plugins/resource-$plugin/"
  done
  mv -T "$staged" "$chosen"
}

# Only jobs that still run: the number of one that ended may by now be another process's.
clean_up() {
  local job
  for job in $(jobs -pr); do kill -- "-$job" 2>/dev/null || true; done
  rm -rf "$cache/new.$$"
}

# Removes what the current files do not stand for. Other checkouts of other versions would have to build again.
prune() {
  local entry keep
  locate
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock -n 9 || die "$cache: a build is under way; nothing removed."
  keep=" ${chosen##*/} ${part_dir[*]##*/} "
  for entry in "$cache"/parts/* "$cache"/[0-9a-f]*; do
    [[ -d $entry && $keep != *" ${entry##*/} "* && ${entry##*/} =~ (^|-)[0-9a-f]{16}$ ]] || continue
    say "removing $entry"
    rm -rf "$entry"
  done
}
