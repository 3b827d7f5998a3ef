// The network's inner loops, compiled once per instruction set and reached through a table of functions.
//
// Activations are channels-last: a pixel is `channels` consecutive floats, `channels` being rounded up to 16 and the
// surplus zero. Every matrix product adds its terms in the order of k, whatever the block, band or thread: results
// depend on none of these.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Rows of pixels, in a ring: row y lies at base + (y % capacity) * stride.
typedef struct {
    float *base;
    int64_t stride;  ///< floats from one row to the next
    int32_t capacity, height, width, channels;
} dcae_rows;

enum { DCAE_WINOGRAD = 0, DCAE_UPSAMPLE = 1, DCAE_DIRECT = 2, DCAE_POINTWISE = 3, DCAE_HALVE = 4 };
enum { DCAE_IDENTITY = 0, DCAE_RELU = 1, DCAE_SILU = 2, DCAE_GELU = 3, DCAE_MISH = 4 };
enum { DCAE_NO_NORM = 0, DCAE_RMS_NORM = 1, DCAE_AFFINE = 2 };
enum { DCAE_NO_SHUFFLE = 0, DCAE_SHUFFLE = 1, DCAE_UNSHUFFLE = 2 };
enum {
    DCAE_NO_SHORTCUT = 0,
    DCAE_SAME = 1,     ///< the pixel itself
    DCAE_AVERAGE = 2,  ///< the mean of `group` consecutive channels
    DCAE_REPEAT = 3,   ///< each channel `group` times
    DCAE_DOWN = 4,     ///< pixel unshuffle, then the mean of `group` consecutive channels
    DCAE_UP = 5,       ///< each channel `group` times, then pixel shuffle
};

/// Weights as a checkpoint holds them, F32 and of any alignment, up to three tensors below one another.
typedef struct {
    const void *part[3];
    int32_t part_rows[3];
    int32_t parts;
    int32_t outputs, inputs, taps;  ///< the shape: [outputs, inputs, taps]
    int32_t segment;                ///< 0, or the rows after which a gap up to a multiple of 16 follows
    int32_t element_bits;           ///< 32, or 16 for the formats below
    int32_t brain;                  ///< 16-bit elements are BF16 rather than F16
} dcae_weight;

/// A convolution or a map of pixels, with all that happens to a pixel afterwards.
typedef struct {
    dcae_rows in, out, residual;
    dcae_weight raw;
    const float *packed;  ///< prepared weights, panel by panel, or NULL
    const float *bias;    ///< `panels` × panel width, or NULL
    const float *scale, *shift;
    const float *zeros;  ///< at least in.channels of them
    int32_t algorithm, stride;
    int32_t k16;      ///< terms of a product, in units of 16
    int32_t panels;   ///< panels of outputs
    int32_t outputs;  ///< outputs of the convolution itself
    int32_t activation, norm, shuffle, permuted;
    int32_t shortcut, group;
    float eps;
    int32_t y0, y1;  ///< the rows of the convolution's own output to be made
    int32_t tiles_x, tile_height, tile_width, points;
    int32_t brain;     ///< whether products multiply pairs of bf16: for the kernels of level 3
    int32_t finishes;  ///< whether a pass over the whole pixel follows: a norm, a shortcut or a shuffle
} dcae_conv;

/// A depthwise convolution, stride 1, same size.
typedef struct {
    dcae_rows in;
    const float *weights;  ///< [taps][weight_stride]
    const float *bias;     ///< or NULL
    const float *zeros;
    int64_t weight_stride;
    int32_t kernel, channel, count;
    int32_t gate;  ///< 0, or the distance to the channel whose silu multiplies this one
} dcae_depthwise;

/// The functions of one instruction set.
typedef struct {
    const char *name;
    int32_t tile_rows;    ///< rows of a product's left operand that are computed together
    int32_t panel_width;  ///< outputs that are computed together
    /// Prepares panel `n`; scratch: dcae_panel_scratch floats.
    void (*prepare_panel)(const dcae_conv *, int32_t n, float *panel, float *scratch);
    /// Gathers and transforms the input of tiles t0 ..< t1 into `v`, group by group of tile_rows.
    void (*transform_input)(const dcae_conv *, int32_t t0, int32_t t1, float *v);
    /// Multiplies `v` by panel `n`, transforms back, and writes into `t` (or the output where nothing follows).
    void (*multiply)(
        const dcae_conv *, int32_t t0, int32_t t1, const float *v, const float *panel, int32_t n, float *m, float *t
    );
    /// Norm, shortcut and shuffle over the pixels of tiles t0 ..< t1, `t` beginning with tile `first`.
    void (*finish)(const dcae_conv *, int32_t first, int32_t t0, int32_t t1, const float *t);
    /// Depthwise k×k over `count` channels (from `channel`) of pixels x0 ..< x1 of output row y.
    void (*depthwise)(const dcae_depthwise *, int32_t y, int32_t x0, int32_t x1, float *out, int64_t out_stride);
    /// Norm and activation, pixel by pixel.
    void (*norm_row)(
        const float *in, float *out, int32_t pixels, int32_t channels, int32_t real, int32_t norm, const float *scale,
        const float *shift, float eps, int32_t activation
    );
    /// Adds relu(k) × [v, 1] over a row's pixels to sums[dim + 1][dim]; a pixel holds q, k and v of `dim` values each.
    void (*attend_sum)(const float *qkv, int32_t pixels, int64_t stride, int32_t dim, double *sums, float *scratch);
    /// out[d] = Σ table[e][d] in[e] for every pixel, of relu(in) over (Σ divisor[e] relu(in[e]) + 1e-15) where there is a divisor.
    void (*map_pixels)(
        const float *in, int64_t in_stride, int32_t pixels, int32_t dim, const float *table, const float *divisor, float *out,
        int64_t out_stride
    );
} dcae_kernels;

/// The table of a level (0 baseline, 1 AVX2 with FMA, 2 AVX-512; 3 AVX-512 with products of bf16), or NULL where the processor has it not.
const dcae_kernels *dcae_kernels_of(int level);

/// Floats of scratch that prepare_panel wants.
size_t dcae_panel_scratch(const dcae_conv *, int panel_width);
/// Floats of one prepared panel.
size_t dcae_panel_floats(const dcae_conv *, int panel_width);
/// Floats between the points of a prepared panel.
size_t dcae_point_floats(const dcae_conv *, int panel_width);

/// Planes [channels][height][width] to rows y0 ..< y1, and back.
void dcae_planes_to_rows(const float *planes, int channels, const dcae_rows *rows, int y0, int y1);
void dcae_rows_to_planes(const dcae_rows *rows, int y0, int y1, int channels, float *planes);

/// Attention without the sum over pixels first: values [pixels][dim] at `stride`, for at most `dim` pixels.
void dcae_attend_quadratic(const float *q, const float *k, const float *v, int pixels, int dim, float *out, int64_t out_stride);

/// The first index of a value that is not finite (or above `limit` in magnitude), or `count`.
size_t dcae_first_outside(const float *values, size_t count, float limit);

// --- Threads (threads.c) ---

/// Processors that are online and that the process may run on; at least 1.
int dcae_processor_count(void);
/// The memory of the machine, in bytes.
int64_t dcae_memory_bytes(void);

typedef struct dcae_pool dcae_pool;
/// Makes a pool of `threads` threads, the caller being one of them; NULL where the system refuses.
dcae_pool *dcae_pool_create(int threads);
void dcae_pool_destroy(dcae_pool *);
/// Calls body(context, task, worker) once for each task below `tasks`, and returns when all have returned.
void dcae_pool_run(dcae_pool *, int tasks, void (*body)(void *context, int task, int worker), void *context);
