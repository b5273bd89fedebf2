# Every target is one line; `make help` is the index.
GO ?= go
FUZZTIME ?= 10s
SOAK ?= 10m
GROWTH ?= var/growth
VERSION ?= $(shell git describe --always --dirty 2>/dev/null || echo development)
export CGO_ENABLED ?= 1
# SQLite comes as C that was translated to Go. Under the race detector most of the
# tests' time went into that, which has locks of its own and is not ours to mend:
# it is compiled without. Its driver and all else are watched.
UNWATCHED = -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc/...=-race=false -gcflags=modernc.org/memory=-race=false
allocations fuzz test: export GOFLAGS += $(UNWATCHED)

.DEFAULT_GOAL := help
.PHONY: help run test check lint allocations fuzz bench gobench growth soak build clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## start the gateway with the PayTrace simulator on 127.0.0.1 and print a request to try
	@./bin/gateway demo

# The tests of the gateway that the race detector is spared, or most of which: those
# that ask for it. A test of theirs holds that they are found.
SPARED = awk 'FNR == 1 || /^func / { name = "" } /^func Test/ { name = substr($$2, 1, index($$2, "(") - 1) } /underRace|weeks\(/ && name { print name }' gateway/*_test.go | sort -u | paste -sd '|' -

# The timeout is for a machine that has much else to do.
test: ## run every test under the race detector, then what is too long for it without it
	@test -n "$$POSTGRES_URL$$DOCKER_HOST" || command -v postgres >/dev/null || ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || test -S /var/run/docker.sock || echo "skipped: the ledger on PostgreSQL (no POSTGRES_URL, no postgres on this machine, no Docker)"
	@test -n "$$REDIS_URL$$DOCKER_HOST" || command -v redis-server >/dev/null || test -S /var/run/docker.sock || echo "skipped: claims and quotas in Redis (no REDIS_URL, no redis-server on this machine, no Docker)"
	@command -v chromedriver >/dev/null || echo "skipped: the demo's page and the card form in a browser (no chromium and chromedriver on this machine)"
	@command -v node >/dev/null && command -v php >/dev/null || echo "skipped: webhook signatures in other languages, and the PHP shop of docs/hosted-fields.md (no node or php on this machine)"
	$(GO) test -race -timeout 30m ./...
	$(GO) test -timeout 30m -run "^($$($(SPARED)))$$" ./gateway
	$(GO) test -timeout 30m ./internal/leakhunt ./internal/simulation/...

check: lint allocations fuzz ## format, vet (linux, darwin, windows), allocations, then each fuzz target for FUZZTIME

lint: ## gofmt and go vet for linux, darwin and windows
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo "run gofmt -w on these files"; exit 1; }
	@for os in linux darwin windows; do echo "vet $$os"; GOOS=$$os CGO_ENABLED=0 $(GO) vet ./... || exit 1; done

allocations: ## fail when a request allocates a fifth more than bench/kept.txt has
	$(GO) test -count 1 -run '^TestAllocationsStayAsKept$$' -v ./bench

# Now and then the end of its time meets a target in the middle of an input, and
# go test calls that a failure. An input that does fail is kept, and fails again.
fuzz: ## run each fuzz target for FUZZTIME (10s)
	@grep -rlE '^func Fuzz' --include='*_test.go' . | sort | while read -r file; do for name in $$(grep -oE '^func Fuzz[A-Za-z0-9]*' $$file | cut -d' ' -f2); do echo "$$name ($$(dirname $$file))"; fuzz="$(GO) test -run ^\$$ -fuzz ^$$name\$$ -fuzztime $(FUZZTIME) $$(dirname $$file)"; $$fuzz || $$fuzz || exit 1; done; done

bench: ## measure the gateway beside nginx and Caddy, in 18 minutes (BESIDE=-quick: one) into bench/results
	$(GO) run ./bench/beside $(BESIDE)

gobench: ## run Go's benchmarks of the gateway alone, in a minute
	$(GO) test -run '^$$' -bench . -benchmem ./bench/

growth: ## measure whether a payment costs more in a ledger of millions; fills them first, below GROWTH (var/growth)
	$(GO) run ./bench/fill --ledger $(GROWTH)/10k.db --payments 10000
	$(GO) run ./bench/fill --ledger $(GROWTH)/1m.db --payments 1000000
	$(GO) run ./bench/fill --ledger $(GROWTH)/5m.db --payments 5000000
	$(GO) run ./bench/growth $(GROWTH)/10k.db $(GROWTH)/1m.db $(GROWTH)/5m.db

soak: ## break everything at random, in virtual time and with real processes, SOAK (10m) each; prints figures
	SIM_FOR=$(SOAK) $(GO) test -count 1 -timeout 0 -run '^TestSoak$$' -v ./internal/simulation
	DRILL_FOR=$(SOAK) $(GO) test -count 1 -timeout 0 -run '^TestARunUnderFailures$$' -v ./internal/drill
	HUNT_CORE=1 $(GO) test -count 1 -run '^TestACoreFile' -v ./internal/leakhunt

build: ## build bin/gateway, bin/paytrace-sim and bin/loadtest
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o bin/ ./cmd/...

clean: ## remove what was built and the demo's data
	rm -rf bin var
