# The verbs of the project. `make demo` and `make test` are the two commands of the README.

SWIFT ?= swift
TEST_FLAGS = -c release -Xswiftc -enable-testing --scratch-path .build-test
BIN = .build/release/daybreak
DEMO ?= demo
SOURCES = Package.swift Sources Tests Experiments Benchmarks/Package.swift Benchmarks/Sources Fuzzing

EXPERIMENTS = groel importance_sampling random_starts robustness projection_matching priors optimizers

.PHONY: setup build install test faults demo docs figures experiments robustness bench fuzz sanitize soak memory lint format check clean

# apt packages that the build needs; quick when they are there.
setup:
	@scripts/setup.sh

build: setup
	$(SWIFT) build -c release --product daybreak

# The program, its completions for bash, zsh and fish, and its manual page.
PREFIX ?= /usr/local
SHARE = $(DESTDIR)$(PREFIX)/share
install: build
	@scripts/setup.sh help2man
	install -D -m 755 $(BIN) $(DESTDIR)$(PREFIX)/bin/daybreak
	mkdir -p $(SHARE)/bash-completion/completions $(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d $(SHARE)/man/man1
	$(BIN) --generate-completion-script bash > $(SHARE)/bash-completion/completions/daybreak
	$(BIN) --generate-completion-script zsh > $(SHARE)/zsh/site-functions/_daybreak
	$(BIN) --generate-completion-script fish > $(SHARE)/fish/vendor_completions.d/daybreak.fish
	help2man --no-info --name "finds a molecule's density from electron microscope images" $(BIN) \
		> $(SHARE)/man/man1/daybreak.1

# The hot loops are too slow without optimisation, so the tests are built for release.
# The browser shows the pages, curl asks for them; without one those tests are skipped.
test: setup
	-@scripts/setup.sh chromium curl
	$(SWIFT) test $(TEST_FLAGS)

# Runs that are killed at random moments, in the middle of writing too: do their results have the same bytes?
KILLS ?= 200
faults: setup
	DAYBREAK_KILLS=$(KILLS) $(SWIFT) test $(TEST_FLAGS) --filter killedRunsLoseNothing

# Simulates particles of the built-in molecule, reconstructs them from a random start, compares with the truth.
demo: build
	rm -rf $(DEMO)/data $(DEMO)/run
	$(BIN) simulate --output $(DEMO)/data --particles 2000 --box 64 --pixel-size 5 --snr 0.05
	$(BIN) reconstruct $(DEMO)/data/particles.star --output $(DEMO)/run
	$(BIN) compare $(DEMO)/run/map.mrc $(DEMO)/data/truth.mrc --picture $(DEMO)/map-and-truth.png \
		--poses $(DEMO)/run/particles.star --true-poses $(DEMO)/data/truth.star
	@echo "open in a browser: $(DEMO)/run/report.html · map above, truth below: $(DEMO)/map-and-truth.png"

# The README's pictures, from the demonstration.
figures:
	-@scripts/setup.sh chromium curl
	$(MAKE) demo
	scripts/figures.sh $(BIN) $(DEMO)

# The documentation as a site in .build-docs/site: comments of the libraries and the pages, through DocC; any warning is an error.

docs: build
	@scripts/setup.sh python3
	@/usr/bin/python3 scripts/docs.py .build/release .build-docs

# Reproduces the paper's experiments; QUICK=1 for small variants. Debian's Python draws the figures.
experiments: build
	@scripts/setup.sh python3-matplotlib python3-numpy
	$(SWIFT) build -c release --product sampling-study
	@for name in $(EXPERIMENTS); do QUICK=$(QUICK) /usr/bin/python3 Experiments/$$name.py || exit 1; done

# Sets × seeds, ten of them or SEEDS; runs that are there are not repeated. Hours.
robustness:
	@$(MAKE) experiments EXPERIMENTS=robustness

# Speed: single stations against the machine's own rates, then whole runs; RUNS=1 for a quick look.
RUNS ?= 5
bench: build
	$(SWIFT) build -c release --package-path Benchmarks --scratch-path .build-bench
	@mkdir -p Benchmarks/Results
	@for threads in 1 2; do env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE \
		.build-bench/release/daybreak-bench --threads $$threads --runs $(RUNS) || exit 1; echo; done \
		| tee Benchmarks/Results/stations.md
	@/usr/bin/python3 Benchmarks/runs.py --runs $(RUNS)

# Every reader against damaged files, with libFuzzer; RUNS executions each, at most SECONDS_EACH, of READERS.
READERS ?=
RUNS_FUZZ = $(if $(filter command line environment,$(origin RUNS)),$(RUNS),1000000)
fuzz:
	$(SWIFT) build -c release --package-path Fuzzing --scratch-path .build-fuzz --sanitize=fuzzer
	@RUNS=$(RUNS_FUZZ) SECONDS_EACH=$(or $(SECONDS_EACH),0) Fuzzing/fuzz.sh $(READERS)

# The tests under the address sanitizer, then under the thread sanitizer, for which locks are ones that it sees.
# The test runner itself leaks a few hundred bytes.
SANITIZE_FLAGS = -c release -Xswiftc -enable-testing
sanitize: setup
	ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 $(SWIFT) test $(SANITIZE_FLAGS) --sanitize=address --scratch-path .build-asan
	TSAN_OPTIONS=halt_on_error=1:suppressions=$(CURDIR)/scripts/thread-sanitizer.txt $(SWIFT) test $(SANITIZE_FLAGS) -Xswiftc -DTHREAD_SANITIZER \
		--sanitize=thread --scratch-path .build-tsan

# 2,000 iterations of a small problem; fails if resident memory grows by more than 2 % from the second tenth to the last.
soak: build
	@scripts/soak.sh $(BIN)

# Memory: readers of large files, runs against what they say that they need, a million rows.
memory: build
	@scripts/setup.sh python3
	@/usr/bin/python3 scripts/memory.py $(BIN)

lint:
	$(SWIFT) format lint --strict --recursive $(SOURCES)

format:
	$(SWIFT) format --in-place --recursive $(SOURCES)

# What CI runs.
check: setup lint build test docs

clean:
	rm -rf .build .build-test .build-bench .build-fuzz .build-asan .build-tsan .build-docs
