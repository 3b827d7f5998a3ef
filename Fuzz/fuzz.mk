# Included by the Makefile: fuzz every reader of outside input for SECONDS each.
SECONDS ?= 60

.PHONY: fuzz fuzz-smoke
fuzz:
	Fuzz/run $(SECONDS)

# All targets in two minutes, once they are built.
fuzz-smoke:
	JOBS=2 Fuzz/run 14
