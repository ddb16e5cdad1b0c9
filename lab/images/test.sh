#!/usr/bin/env bash
# Tests of lab/images that need neither root nor network: the own Go programs, the recipe's
# tables, keys, arguments. Some seconds.
# shellcheck disable=SC2016 # code in single quotes is run by another shell
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$images"
passed=0 failed=0
expect() { # what, wanted, got
  if [[ $2 == "$3" ]]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    printf 'FAIL %s\n  wanted: %s\n  got:    %s\n' "$1" "$2" "$3"
  fi
}
matches() { # what, extended regular expression, value
  if [[ $3 =~ ^($2)$ ]]; then passed=$((passed + 1)); else expect "$1" "something like $2" "$3"; fi
}
plain() { sed 's/#.*//; s/[[:space:]]//g; /^$/d' "$1"; }

# Those that need no module of others, which would have to be fetched; a build of the images tries the others.
without_modules() {
  local row name
  while IFS='|' read -r row name _; do [[ -e $name/go.sum ]] || echo "$row|$name|"; done
}

test_go_programs() {
  local name output
  while IFS='|' read -r _ name _; do
    expect "$name: gofmt" "" "$(gofmt -l "$name")"
    output=$(cd "$name" && GOTOOLCHAIN=local go vet ./... 2>&1 && GOTOOLCHAIN=local go test ./... 2>&1) || true
    matches "$name: go vet and go test" 'ok .*' "$(tail -n 1 <<< "$output")"
  done < <(rows go | awk -F'|' '$3 == "own"' | without_modules)
}

test_recipe() {
  local stock=yes
  expect "recipe: kinds" "debian engine go image stock-go stock-image suite" "$(grep -v '^#' recipe.txt | sed '/^$/d' | cut -d'|' -f1 | tr -d ' ' | sort -u | paste -sd' ')"
  expect "recipe: one suite" 1 "$(rows suite | wc -l)"
  expect "recipe: 8 columns a program" "" "$(rows go | awk -F'|' 'NF != 8')"
  expect "recipe: 6 columns an image" "" "$(rows image | awk -F'|' 'NF != 6')"
  expect "recipe: 6 columns a Debian package" "" "$(rows debian | awk -F'|' 'NF != 6')"
  expect "recipe: 6 columns an engine" "" "$(rows engine | awk -F'|' 'NF != 6')"
  expect "recipe: names are unique" "" "$({ rows engine; rows go; rows debian; rows image; } | cut -d'|' -f1,2 | sed 's/^stock-//' | sort | uniq -d)"
  local name module version sum release package patch base programs references one
  while IFS='|' read -r _ name module version sum package _ patch; do
    matches "$name: version" 'v[0-9]+\.[0-9]+\.[0-9]+' "$version"
    if [[ $module == own ]]; then
      expect "$name: its directory is a module" yes "$([[ -f $name/go.mod ]] && echo yes)"
    else
      matches "$name: checksum" 'h1:[A-Za-z0-9+/]{43}=' "$sum"
    fi
    matches "$name: package" '\.(/[a-z]+)*' "$package"
    [[ $patch == - ]] || expect "$name: patch is a program" yes "$([[ -x patches/$patch ]] && echo yes)"
  done < <(rows go)
  while IFS='|' read -r _ name _ version sum release; do
    matches "engine $name: its name is the major version" "$name\\.[0-9]+\\.[0-9]+" "$release"
    matches "engine $name: version" 'v[0-9]+\.[0-9]+\.[0-9]+(-[a-z]+\.[0-9]+|\+incompatible)?' "$version"
    matches "engine $name: checksum" 'h1:[A-Za-z0-9+/]{43}=' "$sum"
  done < <(rows engine)
  while IFS='|' read -r _ name base programs references _; do
    matches "$name: base" 'busybox|scratch' "$base"
    for one in ${programs//,/ }; do expect "$name: $one is built" 1 "$({ rows go "${one%%=*}"; rows debian "${one%%=*}"; } | wc -l)"; done
    for one in ${references//,/ }; do matches "$name: $one has repository and tag" '[a-z]+/[a-z-]+:v?[0-9][0-9.]*' "$one"; done
  done < <(rows image)
  expect "recipe: references are unique" "" "$(rows image | cut -d'|' -f5 | tr ',' '\n' | tr -d ' ' | sort | uniq -d)"
  local known
  known=$(stock=no rows image | cut -d'|' -f5 | tr ',' '\n' | sed 's/^ *//; s#^library/##')
  while read -r one; do expect "preload.txt: $one is in the recipe" 1 "$(grep -cx "$one" <<< "$known")"; done < <(plain preload.txt)
}

test_node() {
  expect "node/packages.txt: each once" "" "$(plain node/packages.txt | sort | uniq -d)"
  local profile
  for profile in lab cloud; do
    expect "$profile/packages.txt: each once, none of node's" "" "$(plain node/packages.txt | cat - <(plain "profiles/$profile/packages.txt") | sort | uniq -d)"
    expect "$profile/masked.txt: each once" "" "$(plain "profiles/$profile/masked.txt" | sort | uniq -d)"
    expect "$profile/cmdline: one line" 1 "$(wc -l < "profiles/$profile/cmdline")"
    for one in 'root=[^ ]+' rw 'console=ttyS0' 'net.ifnames=0' 'panic=[0-9]+'; do
      matches "$profile/cmdline: $one" ".* $one .*" " $(cat "profiles/$profile/cmdline") "
    done
  done
  # what makes an emulated boot cheap and a real server unsafe
  expect "cloud/cmdline: nothing of the lab's" "" "$(grep -oE 'mitigations|audit|init_on_alloc|lsm|no_timer_check|nowatchdog|tsc' profiles/cloud/cmdline || true)"
  expect "cloud/masked.txt: no timer, no journal" "" "$(plain profiles/cloud/masked.txt | grep -E 'timer|journal' || true)"
  for one in apparmor unattended-upgrades; do expect "cloud: $one" 1 "$(plain profiles/cloud/packages.txt | grep -cx "$one")"; done
  local modules
  modules=$(cat node/files/etc/modules-load.d/swarm.conf)
  for one in overlay br_netfilter vxlan ip_vs; do expect "modules: $one" 1 "$(grep -cx "$one" <<< "$modules")"; done
  for one in apt_configure package_update_upgrade_install users_groups ssh write_files write_files_deferred runcmd bootcmd set_hostname scripts_user; do
    matches "cloud-init runs $one" '.*[[ ,]'"$one"'[],].*' "$(grep _modules: node/files/etc/cloud/cloud.cfg.d/90-swarm.cfg | paste -sd' ')"
  done
}

test_stock() {
  expect "stock/packages.txt: each once" "" "$(plain stock/packages.txt | sort | uniq -d)"
  for one in docker.io docker-cli keepalived curl iptables jq; do
    expect "stock: no $one" 0 "$(plain stock/packages.txt | grep -cx "$one")"
  done
  local suite
  suite=$(rows suite | cut -d'|' -f2)
  expect "stock: apt's suites" "$suite $suite-updates $suite-security" "$(sed -n 's/^Suites: //p' disk/files/etc/apt/sources.list.d/debian.sources | paste -sd' ')"
}

test_keys() {
  local copy first
  copy=$(mktemp -d)
  cp -R "$images/." "$copy"
  key() { (source "$copy/lib.sh" && rows go traefik-2.9 | key_of "$@"); }
  first=$(key parts/go patches)
  matches "key: 16 digits" '[0-9a-f]{16}' "$first"
  expect "key: stays" "$first" "$(key parts/go patches)"
  echo '# changed' >> "$copy/patches/traefik"
  expect "key: another file, another key" differs "$([[ $(key parts/go patches) == "$first" ]] || echo differs)"
  cp patches/traefik "$copy/patches/traefik"
  expect "key: independent of place and time" "$first" "$(key parts/go patches)"
  sed -i 's/v2\.9\.10/v2.9.11/' "$copy/recipe.txt"
  expect "key: another version, another key" differs "$([[ $(key parts/go patches) == "$first" ]] || echo differs)"
  rm -rf "$copy"
}

test_rows() {
  traefiks() { rows image | cut -d'|' -f2 | grep traefik | paste -sd' '; }
  expect "rows: without --stock" traefik-3.6 "$(traefiks)"
  expect "rows: with --stock" "traefik-3.6 traefik-2.9" "$(stock=yes traefiks)"
  expect "rows: by name" 1 "$(rows go traefik-2.9 | wc -l)"
}

test_arguments() {
  local code=0 said
  said=$(./build --frob 2>&1) || code=$?
  expect "build --frob" '2 build: unknown argument "--frob"; allowed are --profile lab|cloud, --engine NAME, --stock, --autoscaler, --preload FILE|none, --mirror URL|hub.' "$code $said"
  code=0 said=$(./build --preload /nowhere 2>&1) || code=$?
  expect "build --preload /nowhere" '2 build: --preload: no file "/nowhere"; name one, or "none".' "$code $said"
  code=0 said=$(./build --mirror ftp://there 2>&1) || code=$?
  expect "build --mirror ftp://there" '2 build: --mirror: "ftp://there" is no URL; allowed are http://..., https://... and hub.' "$code $said"
  code=0 said=$(./build --stock --mirror hub 2>&1) || code=$?
  expect "build --stock --mirror hub" "2 build: --stock: real clouds have Debian's own image; leave out --stock, --mirror and --profile cloud." "$code $said"
  code=0 said=$(./build --profile other 2>&1) || code=$?
  expect "build --profile other" '2 build: --profile: "other" is unknown; allowed are lab and cloud.' "$code $said"
  code=0 said=$(./build --engine 19 2>&1) || code=$?
  expect "build --engine 19" '2 build: --engine: "19" is unknown; allowed are debian, 29.' "$code $said"
  code=0 said=$(./build --mirror hub --profile lab 2>&1) || code=$?
  expect "build --mirror hub --profile lab" '2 build: --mirror: goes with the profile cloud; leave out --mirror or --profile lab.' "$code $said"
  code=0 said=$(./check --frob 2>&1) || code=$?
  expect "check --frob" '2 check: unknown argument "--frob"; see the head of the file.' "$code $said"
}

test_shell() {
  local file
  for file in build check test.sh lib.sh parts/* patches/* node/setup profiles/*/setup; do expect "$file parses" "" "$(bash -n "$file" 2>&1)"; done
  expect "disk/initrd parses" "" "$(sh -n disk/initrd 2>&1)"
  ! command -v shellcheck > /dev/null || expect "shellcheck" "" "$(shellcheck -x -e SC2034,SC2154 build check test.sh lib.sh parts/* patches/* node/setup profiles/*/setup disk/initrd 2>&1)"
}

for one in go_programs recipe node stock keys arguments shell; do "test_$one"; done
echo "lab/images/test.sh: $passed passed, $failed failed"
((failed == 0))
