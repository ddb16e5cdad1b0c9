# shellcheck shell=bash
# Shared by build, check and the scripts in parts/: where things lie, the recipe's rows, keys.

images=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${SWARM_CACHE_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/swarm-openstack}/images

fail() { echo "${0##*/}: $*" >&2; exit 1; }

# rows KIND [NAME]: the recipe's rows of that kind, blanks around the bars removed. Rows of kind stock-KIND are among them where
# they are named, or where $stock is "yes".
rows() {
  sed -E 's/[[:space:]]*\|[[:space:]]*/|/g; s/[[:space:]]+$//' "$images/recipe.txt" |
    awk -F'|' -v kind="$1" -v name="${2:-}" -v stock="${stock:-no}" \
      '($1 == kind || $1 == "stock-" kind && (name != "" || stock == "yes")) && (name == "" || $2 == name)'
}

# key_of FILE_OR_DIRECTORY... : a key of the contents and of what stands on stdin.
key_of() {
  {
    cat
    (cd "$images" && find "$@" -type f -printf '%p\0' | LC_ALL=C sort -z | xargs -0 -r sha256sum)
    (cd "$images" && find "$@" -type f -printf '%m %p\n' | LC_ALL=C sort)
  } | sha256sum | cut -c1-16
}

# retry COMMAND...: thrice, for what goes over the network.
retry() {
  local attempt
  for attempt in 1 2 3; do
    "$@" && return 0
    ((attempt == 3)) || { echo "attempt $attempt failed: $*" >&2; sleep $((attempt * 5)); }
  done
  return 1
}

# module_source MODULE VERSION SUM DIRECTORY: the module's own source, to be changed at will, held against the checksum and the checksum database.
module_source() {
  local answer got
  answer=$(GOFLAGS='' retry go mod download -json "$1@$2")
  got=$(sed -n 's/^\t"Sum": "\(.*\)",$/\1/p' <<< "$answer")
  [[ $got == "$3" ]] || fail "$1@$2: checksum \"$got\"; the recipe says \"$3\"."
  rm -rf "$4"
  cp -r "$(sed -n 's/^\t"Dir": "\(.*\)",$/\1/p' <<< "$answer")" "$4"
  chmod -R u+w "$4"
}

# Tag of the image of the autoscaler's service, as ops/update/program.ts makes it; "none" where Node's packages are not there.
autoscaler_tag() { (cd "$images/../.." && [[ -d node_modules ]] && node --import tsx ops/main.ts image-tag) || echo none; }

suite() { rows suite | cut -d'|' -f2; }

# The mirror that this machine itself uses; the suite's own lies beside it.
mirror_of() {
  awk -v end="$1" '/^URIs:/ && $2 ~ end "/?$" {sub("/$", "", $2); print $2; exit}
    /^deb / {for (i = 2; i <= NF; i++) if ($i ~ end "/?$") {sub("/$", "", $i); print $i; exit}}' \
    /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2>/dev/null
}

# debian_sources: lines for mmdebstrap.
debian_sources() {
  local mirror security
  mirror=${DEBIAN_MIRROR:-$(mirror_of /debian)}
  security=${DEBIAN_SECURITY_MIRROR:-$(mirror_of /debian-security)}
  [[ $mirror ]] || fail "apt's sources: no Debian mirror found; set DEBIAN_MIRROR."
  echo "deb $mirror $(suite) main"
  [[ -z $security ]] || echo "deb $security $(suite)-security main"
}

# replace_engine ROOT ENGINE: puts those programs in the place of the package's; its updates leave them.
replace_engine() {
  local program path
  for program in "$2"/*; do
    path=$(cd "$1" && find usr -name "${program##*/}" -type f)
    [[ $path ]] || fail "the suite's package has no ${program##*/}."
    chroot "$1" dpkg-divert --quiet --local --no-rename --add "/$path"
    install -m 755 "$program" "$1/$path"
  done
}

# start_registry ROOT: serves ROOT at 127.0.0.1:5000 of the present network namespace until the script ends.
start_registry() {
  local deadline=$((SECONDS + 30))
  printf '%s\n' 'version: 0.1' 'log: {level: error, accesslog: {disabled: true}}' \
    "storage: {filesystem: {rootdirectory: $1}, delete: {enabled: false}}" 'http: {addr: "127.0.0.1:5000"}' > "$1.yml"
  docker-registry serve "$1.yml" &
  registry_pid=$!
  trap 'kill "$registry_pid" 2>/dev/null || true; rm -f "'"$1.yml"'"' EXIT
  until curl -sf -o /dev/null http://127.0.0.1:5000/v2/; do
    kill -0 "$registry_pid" || fail "docker-registry ended."
    ((SECONDS < deadline)) || fail "docker-registry: no answer after 30 s."
    sleep 0.1
  done
}
