# The verbs of the project. `make demo` and `make test` are the two commands of the README.

SWIFT ?= swift
TEST_FLAGS = -c release -Xswiftc -enable-testing --scratch-path .build-test
BIN = .build/release/daybreak
DEMO ?= demo
SOURCES = Package.swift Sources Tests Experiments

EXPERIMENTS = groel importance_sampling random_starts projection_matching priors optimizers

.PHONY: setup build test demo experiments lint format check clean

# apt packages that the build needs; quick when they are there.
setup:
	@scripts/setup.sh

build: setup
	$(SWIFT) build -c release --product daybreak

# The hot loops are too slow without optimisation, so the tests are built for release.
test: setup
	$(SWIFT) test $(TEST_FLAGS)

# Simulates particles of the built-in molecule, reconstructs them from a random start, compares with the truth.
demo: build
	rm -rf $(DEMO)/data $(DEMO)/run
	$(BIN) simulate --output $(DEMO)/data --particles 2000 --box 64 --pixel-size 5 --snr 0.05
	$(BIN) reconstruct $(DEMO)/data/particles.star --output $(DEMO)/run
	$(BIN) compare $(DEMO)/run/map.mrc $(DEMO)/data/truth.mrc --picture $(DEMO)/map-and-truth.png \
		--poses $(DEMO)/run/particles.star --true-poses $(DEMO)/data/truth.star
	@echo "the map: $(DEMO)/run/map.mrc · map above, truth below: $(DEMO)/map-and-truth.png"

# Reproduces the paper's experiments; QUICK=1 for small variants. Debian's Python draws the figures.
experiments: build
	@scripts/setup.sh python3-matplotlib python3-numpy
	$(SWIFT) build -c release --product sampling-study
	@for name in $(EXPERIMENTS); do QUICK=$(QUICK) /usr/bin/python3 Experiments/$$name.py || exit 1; done

lint:
	$(SWIFT) format lint --strict --recursive $(SOURCES)

format:
	$(SWIFT) format --in-place --recursive $(SOURCES)

# What CI runs.
check: setup lint build test

clean:
	rm -rf .build .build-test
