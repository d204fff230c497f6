# test needs Go and its modules; what wants bash, git, jq, shellcheck or pre-commit is skipped without them, but not in CI.

GO ?= go
STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 20s

.PHONY: build test e2e bench fuzz golden lint

build: ## the static binary, in bin/
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/devgen ./cmd/devgen

test: ## every test; golden/buildkitd, golden/cue and golden/bench are modules of their own
	$(GO) test ./...
	cd golden/buildkitd && $(GO) test ./...
	cd golden/cue && $(GO) test ./...
	cd golden/bench && $(GO) test ./...

e2e: ## the cases on a real engine, BuildKit and registry, in a lab of their own; golden/e2e/lab.sh says what it needs
	@trap 'golden/e2e/lab.sh down' EXIT; trap 'exit 130' HUP INT TERM; \
	golden/e2e/lab.sh up && eval "$$(golden/e2e/lab.sh env)" && export DEVGEN_E2E=1 && \
	$(GO) test ./golden -run TestDriftSteps -count=1 && \
	$(GO) test ./golden/e2e -count=1 -parallel 4 -timeout 20m

bench: ## measure devgen against its peers and rewrite the tables of docs/performance.md
	cd golden/bench && $(GO) run .

fuzz: ## look for what breaks a promise, FUZZTIME for each target
	@for package in ./cmd/devgen ./generators ./measure ./schema; do \
		for target in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			GO="$(GO)" .ci/fuzz $$package $$target $(FUZZTIME) || exit 1; \
		done; \
	done

golden: ## rewrite what the cases expect, and this repository's own outputs
	$(GO) run ./cmd/devgen
	$(GO) test ./golden -update

lint: ## format, vet, staticcheck and shellcheck
	@test -z "$$(gofmt -l .)" || { gofmt -d .; exit 1; }
	$(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...
	@command -v shellcheck >/dev/null || { echo 'shellcheck is not installed: scripts were not linted' >&2; exit 1; }
	shellcheck -x -S style .ci/run .ci/fuzz $$(git ls-files 'templates/*.sh' '.devcontainer/*.sh' 'golden/e2e/*.sh' golden/e2e/bin)
