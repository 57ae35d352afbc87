# SPDX-License-Identifier: Apache-2.0
# The doors to the project; the work is done by Meson and by the scripts in tools/ and tests/.
root := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
PREFIX ?= $(root)build/install
.DEFAULT_GOAL := build
.PHONY: all build demo test bench coverage asan format install clean help

all: build
build:     ## build/quern
	@$(root)tools/setup build
	@$(root)tools/build release
demo: build     ## a project from nothing to reports
	@$(root)tools/demo
test:     ## gates, unit, cli and fault tests, once more under sanitizers
	@$(root)tools/setup test
	@$(root)tests/run
asan:     ## unit and cli tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(root)tools/setup test
	@QUERN_TEST_PARTS=asan $(root)tests/run
coverage:     ## lines covered by unit and cli tests, per folder
	@$(root)tools/setup test
	@$(root)tools/coverage
bench: build     ## measured against a baseline in the same run
	@if [ -x $(root)bench/run ]; then $(root)bench/run; else echo "there is no bench/run yet" >&2; exit 1; fi
format:     ## rewrite the sources as .clang-format wants them
	@cd $(root) && tools/gate-format --fix
install: build     ## PREFIX=DIR: a tree that runs from anywhere
	@$(root)tools/install $(PREFIX)
clean:     ## remove build/ (what was fetched stays)
	@rm -rf $(root)build
help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1\t\2/p' $(root)Makefile
