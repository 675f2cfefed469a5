// Loops over rows of texels, compiled for several instruction sets of which the machine's best runs. The same bits with each:
// fused multiply-add is off everywhere.
#pragma once

#if defined(__x86_64__) && defined(__linux__) && defined(__GNUC__) && !defined(__clang__)
#define FW_ROW_CLONES __attribute__((target_clones("default", "avx2", "arch=x86-64-v4")))
#else
#define FW_ROW_CLONES
#endif

// Nobody looks at floating-point exception flags; without this, loops with comparisons stay scalar. No value changes.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-trapping-math")
#endif
