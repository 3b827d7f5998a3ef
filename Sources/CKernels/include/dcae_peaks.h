// What this machine can do at best: the measure of a roofline.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "dcae_processor.h"

/// Multiplies and adds floats in registers alone, as fast as an instruction set can: twelve sums that do not depend on each other.
///
/// - rounds: how often.
/// - Returns: the floating-point operations done, two to a product.
uint64_t dcae_peak_f32(dcae_instruction_set set, uint64_t rounds);
/// The same with pairs of bf16 (AVX512-BF16); 0 where there is no such instruction.
uint64_t dcae_peak_bf16(uint64_t rounds);
/// Reads memory, by vectors of what every processor has: returns something that depends on all of it.
float dcae_peak_read(const float *memory, size_t count);
