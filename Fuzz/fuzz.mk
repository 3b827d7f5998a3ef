# Included by the Makefile: fuzz every reader of outside input for SECONDS each.
SECONDS ?= 60

.PHONY: fuzz
fuzz:
	Fuzz/run $(SECONDS)
