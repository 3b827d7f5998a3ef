#pragma once
// The functions for SHA-256 alone cannot fail, and ask no configuration file which providers there are, as the newer ones do.
// They are marked as old, not as going away.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
