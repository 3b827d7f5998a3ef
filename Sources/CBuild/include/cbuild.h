// What the package's manifest knows of the tree that it builds.
#pragma once

/// The commit, abbreviated, with "+" where the tree holds changes beyond it; empty where it was no git checkout.
const char *dcae_build_commit(void);
