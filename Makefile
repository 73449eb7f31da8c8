# Accolade: build, test, demonstrate. `make help` lists the targets.
.DEFAULT_GOAL := build
SHELL := /bin/bash

.PHONY: help build test lint
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-10s %s\n", $$1, $$2}'

build: ## compile everything
	go build ./...

test: ## all tests, race detector on
	go test -race ./...

lint: ## go vet
	go vet ./...
