# The front door: `make help` lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash
# the stack on a cloud of your own; the lab's is `lab`
STACK ?= prod

TOOLCHAIN := toolchain/toolchain
# with OS_CLOUD the cluster goes to that cloud, without it to the embedded lab
PULUMI := $(if $(OS_CLOUD),$(TOOLCHAIN) exec pulumi,lab/pulumi)
ON_STACK := $(if $(OS_CLOUD),--stack $(STACK) --parallel 64,)
OPS := node --import tsx ops/main.ts
SWARMCTL := node swarmctl/swarmctl.cjs
OUTPUTS := $(PULUMI) stack output $(if $(OS_CLOUD),--stack $(STACK),) --json --show-secrets
# an update that was killed on this machine must not be in the way of the next, whose Pulumi keeps the number of the recipe's shell
RUN := $(if $(OS_CLOUD),SWARM_STACK=$(STACK) SWARM_HOLDER_PID=$$$$ $(OPS) unlock && )exec $(PULUMI)
# the stack to destroy must be named; there is no default
SAID_STACK := $(if $(OS_CLOUD),$(if $(filter file,$(origin STACK)),,$(STACK)),lab)

# consent to what an update refused; the refusal prints the value
CONSENT ?=
export SWARM_CONSENT := $(or $(CONSENT),$(SWARM_CONSENT))

.PHONY: help up destroy nodes context check $(checks:%=check-%) test soak bench toolchain lab lab-down

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: node_modules toolchain $(if $(OS_CLOUD),,lab) ## a running cluster: on the embedded lab, or on your cloud when OS_CLOUD is set
	$(if $(OS_CLOUD),$(PULUMI) stack select --create $(STACK))
	$(RUN) up $(ON_STACK) --yes --skip-preview
	@$(MAKE) --no-print-directory nodes

nodes: ## the table of the cluster's nodes, and the demo's address
	@$(SWARMCTL) node ls --stack=$(if $(OS_CLOUD),$(STACK),lab)

context: ## a Docker context of the cluster's name, and `ssh MANAGER`, on this machine
	@$(OUTPUTS) | $(OPS) context

destroy: node_modules toolchain ## destroy the cluster, after you type its name; on your cloud with STACK=…; YES=1 skips the question, for scripts
	@SWARM_STACK='$(SAID_STACK)' SWARM_YES='$(YES)' $(OPS) confirm-destroy
	$(RUN) destroy $(ON_STACK) --run-program --yes --skip-preview

# the longest first: they run side by side, and each one's output comes whole, when it is done
checks := unit lint types format lab-scripts image-scripts test-scripts

check: node_modules ## types, lint, format, unit tests, shell scripts
	@$(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target $(checks:%=check-%)

check-unit: ; node_modules/.bin/mocha
check-lint: ; node_modules/.bin/eslint .
check-types: ; node_modules/.bin/tsc --noEmit
check-format: ; node_modules/.bin/prettier --check --log-level warn .
check-lab-scripts: ; lab/test.sh
check-image-scripts: ; lab/images/test.sh
check-test-scripts: ; tests/test.sh

test: ## everything, from zero: checks, toolchain, lab, cluster; ends with a line "N passed, N failed"
	@tests/run

soak: ## all of `make test` and what does not fit into an hour: more moments of death, a second cluster on a stock image, capacity under load, monitoring in two zones
	@SOAK=1 tests/run

toolchain: node_modules ## Pulumi and its plugins, built from registries unless they are installed
	@$(TOOLCHAIN) build

lab: ## the embedded OpenStack, up
	@lab/lab up

lab-down: ## the embedded OpenStack, down; `lab/lab down --wipe` also forgets what was on it
	@lab/lab down

node_modules: package-lock.json
	npm ci --no-audit --no-fund
	@touch node_modules

bench: node_modules toolchain ## seconds of `up` and its bound, beside Terraform, by size; of growth; on the lab (`make lab`); BENCH_PARTS=size,loop,reaction needs none
	@node --import tsx bench/run.ts
