# Accolade: build, test, demonstrate. `make help` lists the targets.
.DEFAULT_GOAL := build
SHELL := /bin/bash

# Installed tools stay inside the checkout; versions are pinned in .ci/tools.
TOOLS := $(CURDIR)/.cache/bin
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -X codeberg.org/accolade/accolade/internal/version.linked=$(VERSION)

# The packages with a workflow that crashes, and what a campaign adds a line to at its end.
CRASHED := ./provisioning ./internal/backup ./internal/fleet/enrol ./internal/billing ./internal/controller ./internal/billing/dolibarr ./internal/mail ./internal/billing/platform
# Further tests of which the race detector sees a sample.
SAMPLED := TestQuantityTimesPrice|TestHostileRequests|TestEveryByte
CAMPAIGN_TABLE := $(CURDIR)/.cache/campaigns

.PHONY: help build demo test crash soak bench fuzz lint install clean
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-9s %s\n", $$1, $$2}'

build: ## compile accolade and accoladed into bin/
	@mkdir -p bin
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/accolade ./cmd/accoladed

demo: build ## the main job on simulated counterparts, from a bare box to two invoices (KEEP=1 leaves it running)
	@bin/accolade demo $(if $(KEEP),--keep)

test: ## all tests with the race detector; installs what they need
	@.ci/packages test
	go test -race -timeout 20m ./...

crash: ## every workflow, its controller killed before and after each single event and in pairs, and each fault at each kind of request (make test takes a sample)
	@mkdir -p $(dir $(CAMPAIGN_TABLE)) && : >$(CAMPAIGN_TABLE)
	ACCOLADE_CRASH=all ACCOLADE_CAMPAIGN_TABLE=$(CAMPAIGN_TABLE) go test -count=1 -timeout 20m -run '^(TestCrash|TestFault)' $(CRASHED)
	go test -count=1 -run '^($(SAMPLED))$$' ./internal/billing/einvoice ./internal/controller ./internal/store
	@sort $(CAMPAIGN_TABLE)

soak: ## the campaigns of crashes and of faults, whole: hours
	@mkdir -p $(dir $(CAMPAIGN_TABLE)) && : >$(CAMPAIGN_TABLE)
	ACCOLADE_SOAK=1 ACCOLADE_CAMPAIGN_TABLE=$(CAMPAIGN_TABLE) go test -count=1 -timeout 24h -run '^(TestCrash|TestFault)' ./...
	@sort $(CAMPAIGN_TABLE)

bench: ## benchmarks; compare figures of one run only
	go test -run '^$$' -bench . -benchmem ./...

fuzz: ## every fuzz target for FUZZTIME (default 1m each)
	@.ci/fuzz $(or $(FUZZTIME),1m)

lint: ## go vet, golangci-lint, and govulncheck where its database can be had
	@.ci/packages test
	@.ci/lint

install: build ## install binaries, units and samples below DESTDIR (default /)
	install -D -m 0755 -t $(DESTDIR)/usr/bin bin/accolade bin/accoladed
	install -D -m 0644 -t $(DESTDIR)/usr/lib/systemd/system deploy/accoladed.service
	install -D -m 0644 deploy/accolade.sysusers $(DESTDIR)/usr/lib/sysusers.d/accolade.conf
	install -D -m 0644 deploy/accolade.tmpfiles $(DESTDIR)/usr/lib/tmpfiles.d/accolade.conf
	install -D -m 0640 deploy/accoladed.yaml $(DESTDIR)/etc/accolade/accoladed.yaml.sample

clean: ## remove what was built
	rm -rf bin demo-output .cache
