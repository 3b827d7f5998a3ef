// The one table of what is compiled once per instruction set.
#pragma once
#include "ckernels.h"
#include "dcae_network.h"
#include "dcae_processor.h"
#include "dcae_statistics.h"

/// All loops of one instruction set.
typedef struct {
    dcae_number_kernels numbers;
    dcae_statistics_kernels statistics;
    dcae_network_kernels network;
} dcae_kernels;

/// The loops of an instruction set, or NULL where the processor has it not.
const dcae_kernels *dcae_kernels_of(dcae_instruction_set set);
/// Those of the best instruction set.
const dcae_kernels *dcae_best_kernels(void);
/// The network's loops with products of bf16, or NULL where they, or this instruction set, are not there.
const dcae_network_kernels *dcae_bf16_kernels_of(dcae_instruction_set set);
