# Everything a contributor runs. `make test` and `make lint` are what CI runs.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := build

# One static binary on every system: no C compiler, nothing to install with it.
export CGO_ENABLED := 0

GO ?= go

# Empty outside a git checkout; the binary then asks what Go wrote into it.
VERSION ?= $(shell git describe --tags --dirty 2>/dev/null)
COMMIT ?= $(shell git rev-parse --short HEAD 2>/dev/null)

GOLANGCI_VERSION := v2.15.0
SPECTRAL_VERSION := 6.16.3
LITESTREAM_VERSION := v0.5.18
NFPM_VERSION := v2.43.4

# The version is in the name, so that a new pin builds a new tool.
GOLANGCI := bin/golangci-lint-$(GOLANGCI_VERSION)
SPECTRAL := .tools/spectral-$(SPECTRAL_VERSION)
LITESTREAM := .tools/litestream-$(LITESTREAM_VERSION)/litestream
NFPM := bin/nfpm-$(NFPM_VERSION)

# Programs that tests in test/ run as they are. What each consists of is
# pinned, to the last package, by the lock file in its test/testdata.
NODE_PROGRAMS := vendure prism medusa standardwebhooks

# A Node.js that they run on, which goes before the machine's own.
NODE := .tools/node/bin/node
export PATH := $(CURDIR)/.tools/node/bin:$(PATH)

# Leaves out MessagePack, which gin would bring and nothing here speaks: 6 MB.
TAGS := -tags nomsgpack

# Behind this tag the suites that kill the server run for minutes.
SLOW := -tags slow

PLATFORMS := windows/amd64 darwin/arm64 linux/arm64 linux/arm
PACKAGES ?= linux/amd64 linux/arm64 linux/arm darwin/arm64 darwin/amd64 windows/amd64
FUZZTIME ?= 10s
BENCH ?= .

BUILD = $(GO) build $(TAGS) -trimpath -ldflags '-s -w -X main.version=$(VERSION) -X main.commit=$(COMMIT)'

.PHONY: build packages test test-slow golden lint fmt fuzz bench run cross lockfiles clean

build: ## the binary, stripped, as bin/shelfd
	$(BUILD) -o bin/shelfd .

packages: build $(NFPM) ## deb, rpm, MSI and archives of PACKAGES, in dist/
	rm -rf dist
	for platform in $(PACKAGES); do \
		os=$${platform%/*} arch=$${platform#*/}; \
		echo "package $$platform"; \
		GOOS=$$os GOARCH=$$arch $(BUILD) -o dist/shelfd . && \
		NFPM=$(CURDIR)/$(NFPM) SHELFD=bin/shelfd install/package $$os $$arch dist/shelfd '$(or $(VERSION),0.0.0)' dist || exit 1; \
	done
	rm dist/shelfd
	cd dist && sha256sum shelfd-* > SHA256SUMS

test: .tools/vendure .tools/prism .tools/standardwebhooks ## every test; those that need strace or mount rights say so when they cannot run
	$(GO) test -timeout 9m ./...
	cd test && $(GO) test -timeout 9m ./...

test-slow: $(NODE_PROGRAMS:%=.tools/%) .tools/rootfs .tools/wine $(NFPM) $(LITESTREAM) ## the suites that run the real program, and random histories, at length
	$(GO) test $(SLOW) -timeout 20m -run Herd ./central
	$(GO) test $(SLOW) -timeout 20m ./store ./syncer ./web ./cmd
	cd test && LITESTREAM=$(CURDIR)/$(LITESTREAM) $(GO) test $(SLOW) -timeout 40m ./...

golden: ## write the golden files anew; read the diff before committing it
	UPDATE_GOLDEN=1 $(GO) test -count 1 -run Golden ./...

lint: $(GOLANGCI) $(SPECTRAL) ## format, layers, vet, module file, OpenAPI
	for module in . test; do \
		(cd $$module && $(GO) mod tidy -diff && $(GO) vet $(SLOW) ./... && $(CURDIR)/$(GOLANGCI) run) || exit 1; \
	done
	$(SPECTRAL)/node_modules/.bin/spectral lint --quiet --fail-severity warn web/openapi.yaml

fmt: $(GOLANGCI) ## format every file as lint wants it
	$(GOLANGCI) fmt
	cd test && $(CURDIR)/$(GOLANGCI) fmt

fuzz: ## every fuzz target for FUZZTIME each
	@list=$$(mktemp); trap 'rm -f "$$list"' EXIT; \
	$(GO) test -list '^Fuzz' ./... | awk ' \
		/^Fuzz/ { names[++n] = $$1 } \
		/^ok/   { for (i = 1; i <= n; i++) print $$2, names[i]; n = 0 }' > "$$list"; \
	test -s "$$list" || { echo 'make fuzz: found no fuzz target' >&2; exit 1; }; \
	while read -r package target; do \
		echo "fuzz $$package $$target"; \
		$(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s "$$package" </dev/null; \
	done < "$$list"

bench: ## benchmarks matching BENCH; against peers too when bench/ is there
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m ./...
	if [ -f bench/go.mod ]; then cd bench && $(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m ./...; fi

run: ## a demo shop on localhost
	$(GO) run . serve --demo

cross: ## compile and vet for the other systems
	for platform in $(PLATFORMS); do \
		echo "cross $$platform"; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) build ./... && \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GO) vet ./... || exit 1; \
	done

lockfiles: $(NODE) ## pin anew what the Node.js programs in test/testdata consist of
	for name in $(NODE_PROGRAMS); do \
		(cd test/testdata/$$name && rm -f package-lock.json && \
		npm install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund && \
		sed -i.bak '/"resolved":/d' package-lock.json && rm package-lock.json.bak) || exit 1; \
	done

clean: ## what was built, and the pinned tools
	rm -rf bin dist .tools

$(GOLANGCI):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv bin/golangci-lint $@

$(LITESTREAM):
	GOBIN=$(CURDIR)/$(@D) $(GO) install github.com/benbjohnson/litestream/cmd/litestream@$(LITESTREAM_VERSION)

$(NFPM):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_VERSION)
	mv bin/nfpm $@

$(SPECTRAL): | $(NODE)
	rm -rf $@.part
	npm install --prefix $@.part --ignore-scripts --no-audit --no-fund --no-save @stoplight/spectral-cli@$(SPECTRAL_VERSION)
	mv $@.part $@

$(NODE_PROGRAMS:%=.tools/%): .tools/%: test/testdata/%/package-lock.json | $(NODE)
	rm -rf $@ $@.part
	mkdir -p $@.part
	cp test/testdata/$*/package.json test/testdata/$*/package-lock.json $@.part
	npm ci --prefix $@.part --ignore-scripts --no-audit --no-fund
	mv $@.part $@

$(NODE):
	test/install-node .tools/node

.tools/rootfs: test/install-rootfs
	$< $@

.tools/wine: test/install-wine test/testdata/wine/bcryptprimitives.c
	$< $@
