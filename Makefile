# Everything a reader of this repository runs. `make` alone lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:

# One build tree, .build, for the binary, the tests and the benchmarks: whoever builds in it uses these flags.
# The package manager compiles C for -O2 with assertions; BoringSSL's and SQLite's authors build releases as here.
SWIFT_FLAGS := -c release -Xswiftc -cross-module-optimization -Xcc -O3 -Xcc -DNDEBUG
SLUICE := .build/release/sluice

# What `make fuzz` runs: all targets unless TARGET names one.
FUZZ_TARGETS := FuzzHTTP1 FuzzModbus FuzzConfig FuzzTLS FuzzProxyProtocol FuzzWebSocket FuzzCRL FuzzPEM FuzzSecLang FuzzPatterns FuzzTransformations FuzzBodies FuzzDetectors FuzzFirewall FuzzRegexCost FuzzPolicy FuzzSchema FuzzEntities
FUZZ_SECONDS ?= 600
TARGET ?= $(FUZZ_TARGETS)

# Where `make install` puts things; DESTDIR stages them elsewhere.
PREFIX ?= /usr/local
UNIT_DIRECTORY ?= $(PREFIX)/lib/systemd/system
INSTALL_BUILD := .build-install

.PHONY: help setup setup-tests setup-bench self-contained run build test bench fuzz lint format docs install clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 20

setup: ## install the Debian packages that building and running need, if missing
	@scripts/setup.sh build

setup-tests: setup ## install what the tests need besides, if missing
	@scripts/setup.sh tests

setup-bench: setup ## install what the benchmarks need besides, if missing
	@scripts/setup.sh bench

build: setup ## compile the release binary
	swift build $(SWIFT_FLAGS) --product sluice

run: build ## start the demo: a web app, an API and a simulated PLC behind the gate
	$(SLUICE) demo

test: setup-tests ## compile and run all tests; ARGUMENTS='--filter Wire' runs some
	swift build $(SWIFT_FLAGS) --build-tests
	PYTHON=$(CURDIR)/.build-tests/venv/bin/python swift test $(SWIFT_FLAGS) --skip-build --parallel $(ARGUMENTS)

bench: setup-bench self-contained ## measure Sluice, as installed, beside nginx, HAProxy and Envoy
	.build-bench/venv/bin/python Benchmarks/bench.py --sluice $(INSTALL_BUILD)/release/sluice $(ARGUMENTS)

fuzz: setup ## fuzz the parsers; TARGET=FuzzHTTP1 FUZZ_SECONDS=60 narrows it
	scripts/fuzz.sh $(FUZZ_SECONDS) $(TARGET)

lint: setup ## check formatting and shell scripts
	scripts/lint.sh

format: setup ## format the Swift files
	scripts/lint.sh --fix

docs: build ## write docs/configuration.md anew from the schema
	$(SLUICE) schema --markdown > docs/configuration.md.new
	mv docs/configuration.md.new docs/configuration.md

self-contained: setup ## compile the binary that is installed, with the Swift runtime linked in
	swift build $(SWIFT_FLAGS) --static-swift-stdlib --scratch-path $(INSTALL_BUILD) --product sluice

install: self-contained ## install the binary and a systemd unit below PREFIX
	install -D -m 0755 $(INSTALL_BUILD)/release/sluice $(DESTDIR)$(PREFIX)/bin/sluice
	install -d $(DESTDIR)$(UNIT_DIRECTORY)
	sed 's|/usr/local/bin/sluice|$(PREFIX)/bin/sluice|' packaging/sluice.service \
	  > $(DESTDIR)$(UNIT_DIRECTORY)/sluice.service

clean: ## remove everything that was built
	rm -rf .build .build-tests .build-bench .build-fuzz $(INSTALL_BUILD)
