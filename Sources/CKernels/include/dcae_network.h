// The network's inner loops, compiled once per instruction set (see dcae_kernels.h).
//
// Activations are channels-last: a pixel is `channels` consecutive floats, `channels` being rounded up to 16 and the
// surplus zero. Every matrix product adds its terms in the same order, whatever the band, step or thread: results
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

typedef enum {
    DCAE_WINOGRAD,    ///< F(4×4, 3×3)
    DCAE_WINOGRAD_6,  ///< F(6×6, 3×3)
    DCAE_UPSAMPLE,
    DCAE_HALVE,
    DCAE_DIRECT,
    DCAE_POINTWISE,
} dcae_algorithm;
typedef enum { DCAE_IDENTITY, DCAE_RELU, DCAE_SILU, DCAE_GELU, DCAE_MISH } dcae_activation;
typedef enum { DCAE_NO_NORM, DCAE_RMS_NORM, DCAE_AFFINE } dcae_norm;
typedef enum { DCAE_NO_SHUFFLE, DCAE_SHUFFLE, DCAE_UNSHUFFLE } dcae_shuffle;
typedef enum {
    DCAE_NO_SHORTCUT,
    DCAE_SAME,     ///< the pixel itself
    DCAE_AVERAGE,  ///< the mean of `group` consecutive channels
    DCAE_REPEAT,   ///< each channel `group` times
    DCAE_DOWN,     ///< pixel unshuffle, then the mean of `group` consecutive channels
    DCAE_UP,       ///< each channel `group` times, then pixel shuffle
} dcae_shortcut;
typedef enum { DCAE_F32, DCAE_F16, DCAE_BF16 } dcae_weight_format;

/// Weights as a checkpoint holds them, of any alignment, in up to three tensors below one another.
typedef struct {
    const void *part[3];
    int32_t part_rows[3];
    int32_t parts;
    int32_t outputs, inputs, taps;  ///< the shape: [outputs, inputs, taps]
    int64_t row_elements;           ///< elements from one output to the next: inputs × taps, or more where only the first inputs are used
    int32_t segment;                ///< 0, or the rows after which a gap up to a multiple of 16 follows
    dcae_weight_format format;
} dcae_weight;

/// How a convolution is cut into tiles and products. Follows from its shape alone.
typedef struct {
    dcae_algorithm algorithm;
    int32_t stride;   ///< of the convolution
    int32_t tile;     ///< a tile makes tile × tile pixels of the convolution's own output, before any shuffle
    int32_t tiles_x;  ///< tiles beside one another
    int32_t points;   ///< products of a tile
    int32_t k16;      ///< terms of a product, in units of 16
    int32_t outputs;  ///< outputs of a product, with the gaps between the weights' segments
    int32_t panels;   ///< panels of outputs
    int32_t bf16;     ///< whether products multiply pairs of bf16
} dcae_plan;

/// What happens to the pixels of a convolution's own output.
typedef struct {
    const float *bias;  ///< `panels` × panel width, or NULL
    dcae_activation activation;
    /// Whether a pass over whole pixels follows, with all that is below: a norm, a shortcut or a shuffle.
    int32_t is_whole_pixel;
    dcae_norm norm;
    const float *scale, *shift;  ///< of the norm, over all padded channels
    float eps;
    dcae_shuffle shuffle;
    int32_t permuted;  ///< whether the outputs of each pixel of a shuffle lie together
    dcae_shortcut shortcut;
    int32_t group;
    dcae_rows residual;  ///< what the shortcut comes from
} dcae_finish;

/// A convolution or a map of pixels, with all that happens to a pixel afterwards. Made once, and the same for all its tiles.
typedef struct {
    dcae_plan plan;
    dcae_weight weights;
    dcae_finish after;
    dcae_rows in, out;
    const float *zeros;  ///< at least in.channels of them
} dcae_conv;

/// Tiles t0 ..< t1 of those that make rows y0 ..< y1 of the convolution's own output, row by row.
typedef struct {
    int32_t y0, y1;
    int32_t t0, t1;
} dcae_tiles;

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

/// The loops of one instruction set.
typedef struct {
    int32_t tile_rows;    ///< rows of a product's left operand that are computed together
    int32_t panel_width;  ///< outputs that are computed together
    /// Prepares panel `n`; scratch: dcae_panel_scratch floats.
    void (*prepare_panel)(const dcae_conv *, int32_t n, float *panel, float *scratch);
    /// Gathers and transforms the input of tiles into `v`, group by group of tile_rows.
    void (*transform_input)(const dcae_conv *, dcae_tiles tiles, float *v);
    /// Multiplies `v` by panel `n`, transforms back, and writes into `t` (or the output where nothing follows).
    void (*multiply)(const dcae_conv *, dcae_tiles tiles, const float *v, const float *panel, int32_t n, float *m, float *t);
    /// Norm, shortcut and shuffle over the pixels of tiles, `t` beginning with tile `first`.
    void (*finish)(const dcae_conv *, int32_t first, dcae_tiles tiles, const float *t);
    /// Depthwise k×k over `count` channels (from `channel`) of pixels x0 ..< x1 of output row y.
    void (*depthwise)(const dcae_depthwise *, int32_t y, int32_t x0, int32_t x1, float *out, int64_t out_stride);
    /// Norm and activation, pixel by pixel.
    void (*norm_row)(
        const float *in, float *out, int32_t pixels, int32_t channels, int32_t real, dcae_norm norm, const float *scale,
        const float *shift, float eps, dcae_activation activation
    );
    /// Adds relu(k) × [v, 1] over a row's pixels to sums[dim + 1][dim]; a pixel holds q, k and v of `dim` values each.
    void (*attend_sum)(const float *qkv, int32_t pixels, int64_t stride, int32_t dim, double *sums, float *scratch);
    /// out[d] = Σ table[e][d] in[e] for every pixel, of relu(in) over (Σ divisor[e] relu(in[e]) + 1e-15) where there is a divisor.
    void (*map_pixels)(
        const float *in, int64_t in_stride, int32_t pixels, int32_t dim, const float *table, const float *divisor, float *out,
        int64_t out_stride
    );
} dcae_network_kernels;

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
