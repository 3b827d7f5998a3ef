# Targets for users: demo, test, build, install. For developers: lint, format, sanitize, bench, fuzz.
# Everything that is needed beyond a Swift toolchain is installed by `deps`, which the others call.

SWIFT ?= swift
PREFIX ?= /usr/local
DCAE := .build/release/dcae

# The system libraries: pkg-config module and Debian package of each.
LIBRARIES := json-c:libjson-c-dev libzstd:libzstd-dev libcrypto:libssl-dev libcurl:libcurl4-openssl-dev libpng:libpng-dev \
             libturbojpeg:libturbojpeg0-dev libwebp:libwebp-dev openblas:libopenblas-dev
# Programs that some tests run, and the Debian package of each; without them these tests are skipped.
TEST_TOOLS := chromium:chromium parallel:parallel strace:strace slurmctld:slurmctld slurmd:slurmd sbatch:slurm-client
FORMULAE := json-c zstd openssl curl libpng jpeg-turbo webp openblas pkgconf

.PHONY: all build demo test test-arm lint format sanitize install uninstall deps clean bench fuzz

all: build

deps:
	@.ci/install-libraries $(LIBRARIES) -- $(FORMULAE)

build: deps
	$(SWIFT) build -c release --product dcae

demo: build
	@.ci/demo $(DCAE) .build/demo.png

test: deps
	@.ci/install-tools $(TEST_TOOLS)
	$(SWIFT) build -c release --build-tests
	$(SWIFT) test -c release --skip-build

# The C loops of 64-bit Arm under qemu, against plain C.
test-arm:
	@.ci/test-arm

lint:
	$(SWIFT) format lint --strict --recursive Package.swift Plugins Sources Tests

format:
	$(SWIFT) format --in-place --recursive Package.swift Plugins Sources Tests

# The tests under the toolchain's sanitizers: of addresses and of what C leaves undefined (by traps, since Swift's toolchain has no
# runtime of that one), then of threads. Left out is what
# limits the memory of a process, of which sanitizers take terabytes of addresses.
SANITIZED := TensorCoreTests|StrictJSONTests|CheckpointIOTests|ModelZooTests|ModelsTests|ConversionTests|SynthesisTests|InspectionTests|KernelsTests|DCAENetworkTests|ImagesTests|DCAETests|InferenceTests|CalibrationTests
ADDRESSES := --sanitize=address -Xcc -fsanitize=undefined -Xcc -fsanitize-trap=undefined --scratch-path .build/asan
sanitize: deps
	$(SWIFT) build -c release --build-tests $(ADDRESSES)
	ASAN_OPTIONS=detect_leaks=0 $(SWIFT) test -c release --skip-build $(ADDRESSES) --filter '$(SANITIZED)' --skip 'ExhaustionTests'
	$(SWIFT) build -c release --build-tests --sanitize=thread --scratch-path .build/tsan
	TSAN_OPTIONS=suppressions=$(CURDIR)/.ci/thread-sanitizer-suppressions \
		$(SWIFT) test -c release --skip-build --sanitize=thread --scratch-path .build/tsan \
		--filter '$(SANITIZED)' --skip 'ExhaustionTests'

# A program that carries the Swift runtime with it, so that it runs where there is no toolchain.
install: deps
	$(SWIFT) build -c release --static-swift-stdlib --product dcae --scratch-path .build/install
	install -d "$(DESTDIR)$(PREFIX)/bin"
	install -m 755 .build/install/release/dcae "$(DESTDIR)$(PREFIX)/bin/dcae"
	@.ci/install-texts "$(DESTDIR)$(PREFIX)"
	@echo "installed $(DESTDIR)$(PREFIX)/bin/dcae, its manual page, and completions for bash, zsh and fish"

uninstall:
	rm -f "$(DESTDIR)$(PREFIX)/bin/dcae"
	@.ci/install-texts --remove "$(DESTDIR)$(PREFIX)"

# Beside the peers, where PYTHON has Benchmarks/peers/requirements.txt.
PYTHON ?= python3
bench: build
	Benchmarks/convert.sh
	Benchmarks/diff.sh
	Benchmarks/inspect.sh
	$(PYTHON) Benchmarks/forward.py

include Fuzz/fuzz.mk

clean:
	rm -rf .build
