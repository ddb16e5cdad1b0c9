#!/usr/bin/env bash
# Tests of tests/run and tests/cause, which need nothing: the end of a run that failed says why. Takes a second.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

is() { # NAME EXPECTED GOT
    if [ "$2" = "$3" ]; then passed=$((passed + 1)); return; fi
    failed=$((failed + 1))
    printf 'FAIL %s\n     expected: %s\n     got:      %s\n' "$@"
}
cause() { cat >"$work/log"; "$here/cause" "$work/log" "${1:-400}"; }

lab_failure() {
    cat <<'LOG'
  a cluster on the lab
    ✔ starts from zero: nothing of an earlier lab runs (812ms)
    1) builds it: three managers in three zones, a ready and labelled worker in each

=== console of lab-manager-az1-0
error: of a console, which is no cause

  2 passing (9m)
  2 failing

  1) a cluster on the lab
       builds it: three managers in three zones, a ready and
labelled worker in each:
     Error: lab/pulumi up --yes --skip-preview: ended with 255 after 301 s; the end of /x/tests/lab/out/09.log:
 +  swarm:compute:Node lab-workers-az1-0 creating (301s)
Diagnostics:
  pulumi:pulumi:Stack (swarm-lab):
    error: update failed

  command:local:Command (lab-workers-az1-membership-0):
    error: exit status 1: running "node --import tsx ops/main.ts admit-node":
    30 s: waiting for lab-worker-az1-0 to be Ready in the swarm: not in the swarm
    lab-worker-az1-0: it did not join. (lab-worker-az1-0 to be Ready in the swarm: not within 1800 seconds; last seen: not in the swarm.)
    cloud-init and units of lab-worker-az1-0:
      at run (tests/lab/support/run.ts:66:11)

  2) a cluster on the lab
       answers 500 requests, from at least two nodes:
     TypeError: Invalid URL
LOG
}

test_causes() {
    is "of Pulumi: what its diagnostics say" \
        'a cluster on the lab builds it: three managers in three zones, a ready and labelled worker in each: lab-worker-az1-0: it did not join. (lab-worker-az1-0 to be Ready in the swarm: not within 1800 seconds; last seen: not in the swarm.)' "$(lab_failure | cause)"
    is "of the program: the error and its first fault" \
        'the lab refuses: error: The configuration has 1 fault; nothing was touched. settings.managers: 4 keeps no more quorum than 3.' "$(cause <<'LOG'
  1 failing

  1) the lab
       refuses:
     Error: lab/pulumi up: ended with 255 after 3 s; the end of /x/1.log:
  pulumi:pulumi:Stack (swarm-lab):
    error: The configuration has 1 fault; nothing was touched.
      settings.managers: 4 keeps no more quorum than 3.
LOG
)"
    is "of a test: its title and the first line of its error" \
        'waitFor probes until it holds: AssertionError: expected 1 to equal 2' "$(cause <<<$'  1 passing (2s)\n  1 failing\n\n  1) waitFor\n       probes until it holds:\n\n      \e[0m\e[31mAssertionError: expected 1 to equal 2\e[0m\n      + expected - actual')"
    is "of the types" "a.ts(1,2): error TS2307: Cannot find module 'b'." "$(cause <<<$'npx tsc --noEmit\na.ts(1,2): error TS2307: Cannot find module \'b\'.\nmake: *** [Makefile:46: check] Error 2')"
    is "of a shell test" "FAIL lock: busy is exit 75" "$(cause <<<$'FAIL lock: busy is exit 75\n     expected: 75\nlab/test.sh: 3 passed, 1 failed\nmake: *** [Makefile:46: check] Error 1')"
    is "of what hangs" "lab: not at its end after 90 minutes; it is ended." "$(cause <<<$'error: earlier\nlab: not at its end after 90 minutes; it is ended.')"
    is "of anything else: its last line" "no space left" "$(cause <<<$'building\nno space left\n\nmake: *** [Makefile:1: x] Error 1')"
    is "of nothing" "" "$(cause </dev/null)"
    is "is cut, but within no character" "aé" "$(cause 4 <<<'aéé')"
}

# tests/run with phases that do nothing, but for one that fails
test_run() {
    local checkout=$work/checkout end one phases
    mapfile -t phases < <(sed '/^soak()/,/^}/d' "$here/run" | grep -oP '^ *phase \K[a-z-]+')
    mkdir -p "$checkout"/{tests/node,lab/images,toolchain,node_modules/.bin,bin}
    cp "$here/run" "$here/cause" "$checkout/tests"
    for one in bin/npm bin/make tests/node/run lab/install-packages lab/lab lab/images/build lab/images/check toolchain/test.sh; do
        printf '#!/bin/sh\necho "1 passing"\n' >"$checkout/$one"
    done
    lab_failure >"$checkout/failure"
    printf '#!/bin/sh\ncase "$*" in *lab*) cat failure; exit 2 ;; *) echo "  1 passing" ;; esac\n' >"$checkout/node_modules/.bin/mocha"
    chmod -R +x "$checkout"/{bin,tests/node,lab,toolchain,node_modules/.bin}
    end=$(PATH=$checkout/bin:$PATH "$checkout/tests/run" 2>&1 | tail -n 3) && is "run: fails" failed succeeded
    is "run: the times in one line" \
        "$(printf '%s N s, ' "${phases[@]}" all | sed 's/, lab N s/& FAILED/; s/, $//')" \
        "$(head -n 1 <<<"$end" | sed 's/[0-9][0-9]* s/N s/g')"
    is "run: the cause directly before the count" "lab: $(lab_failure | cause)" "$(sed -n 2p <<<"$end")"
    is "run: the count last" "$((${#phases[@]} - 1 + 2)) passed, 2 failed" "$(tail -n 1 <<<"$end")"
    printf '#!/bin/sh\nyes "%s" | head -c 5000; exit 1\n' "$(printf 'a reason %.0s' {1..60})" | tee "$checkout/lab/lab" >"$checkout/bin/make"
    end=$(PATH=$checkout/bin:$PATH "$checkout/tests/run" 2>&1 | tail -n 4) && is "run: fails again" failed succeeded
    is "run: with two causes, too, all fits into 700 bytes" yes "$([ "$(wc -c <<<"$end")" -le 660 ] && grep -qc '^lab-down: ' <<<"$end" && echo yes)"
}

test_causes
test_run
echo "tests/test.sh: $passed passed, $failed failed"
[ "$failed" = 0 ]
