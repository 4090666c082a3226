# Everything a person or a machine does with this repository. `make` alone lists it.

GO       ?= go
GOLANGCI := bin/golangci-lint-v2.15.0

.DEFAULT_GOAL := help
.PHONY: help setup build run test test-system bench pictures lint generate clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## install what is missing (Debian, Ubuntu)
	@deploy/setup.sh

build: ## build ./nianbao
	$(GO) build -o nianbao ./cmd/nianbao

run: ## set up, build, and run the demonstration
	@deploy/setup.sh run
	$(GO) build -o nianbao ./cmd/nianbao
	./nianbao serve --demo

test: setup ## vet and all tests, under the race detector (at most 15 minutes on two cores)
	$(GO) vet ./...
	$(GO) test -race -shuffle=on -timeout 15m ./...

test-system: ## the tests that need long or other servers: full size, faults (build tag system)
	@deploy/setup.sh system
	$(GO) test -tags system -timeout 4h -v ./e2e/...

bench: setup ## measure, print a table, write docs/performance.md (build tag bench)
	$(GO) test -tags bench -count=1 -timeout 2h -v -run '^TestPerformance$$' ./e2e/...

pictures: setup ## make docs/pictures anew from the demonstration
	$(GO) test -count=1 -timeout 20m -run '^TestPages$$' ./e2e -pictures $(CURDIR)/docs/pictures

lint: $(GOLANGCI) ## gofmt, vet and the linters of .golangci.yml
	@unformatted=$$(gofmt -l cmd e2e filing internal migrations notify review templates 2>/dev/null); \
		[ -z "$$unformatted" ] || { echo "not gofmt-ed:" $$unformatted; exit 1; }
	$(GOLANGCI) run ./...

generate: ## make the generated files anew; they are committed
	$(GO) generate ./...

clean: ## remove what build and lint made
	rm -rf nianbao bin

$(GOLANGCI):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(patsubst bin/golangci-lint-%,%,$@)
	mv bin/golangci-lint $@
