// The network's loops, each from input to output: convolutions against double precision, the others against plain C.
#include "check.h"

static const float zeros[4096];

static dcae_rows image(float *base, int height, int width, int channels) {
    const int padded = (channels + 15) / 16 * 16;
    return (dcae_rows){base, (int64_t)width * padded + 64, height, height, width, padded};
}

// A picture whose padding is zero.
static float *pixels(const dcae_rows *rows, int channels) {
    float *base = calloc((size_t)rows->stride * rows->height + 256, sizeof *base);
    for (int y = 0; y < rows->height; y++)
        for (int x = 0; x < rows->width; x++)
            for (int c = 0; c < channels; c++) base[y * rows->stride + (int64_t)x * rows->channels + c] = number();
    return base;
}

typedef struct {
    const char *name;
    dcae_algorithm algorithm;
    int tile, points, stride, taps, factor;  // factor: of the output's sides to the input's, times 2
} kind;

static const kind kinds[] = {
    {"winograd F(4,3)", DCAE_WINOGRAD, 4, 36, 1, 9, 2}, {"winograd F(6,3)", DCAE_WINOGRAD_6, 6, 64, 1, 9, 2},
    {"upsample", DCAE_UPSAMPLE, 2, 9, 1, 9, 4},         {"halve", DCAE_HALVE, 2, 25, 2, 9, 1},
    {"direct", DCAE_DIRECT, 1, 1, 1, 9, 2},             {"product", DCAE_POINTWISE, 1, 1, 1, 1, 2},
};

// The same in double precision: what stands at the output's pixel, before anything follows.
static double expected(const kind *k, const dcae_rows *in, const float *weights, int inputs, int n, int y, int x) {
    double total = 0;
    for (int tap = 0; tap < k->taps; tap++) {
        int row = y * k->stride, column = x * k->stride;
        if (k->taps == 9) row += tap / 3 - 1, column += tap % 3 - 1;
        const int height = in->height * (k->factor == 4 ? 2 : 1), width = in->width * (k->factor == 4 ? 2 : 1);
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        if (k->factor == 4) row /= 2, column /= 2;
        const float *pixel = in->base + row * in->stride + (int64_t)column * in->channels;
        for (int c = 0; c < inputs; c++) total += (double)pixel[c] * weights[((int64_t)n * inputs + c) * k->taps + tap];
    }
    return total;
}

static void convolution(const dcae_network_kernels *f, const kind *k, int bf16, int height, int width, int inputs, int outputs, double tolerance, const char *name) {
    dcae_conv c;
    memset(&c, 0, sizeof c);
    c.in = image(NULL, height, width, inputs);
    c.in.base = pixels(&c.in, inputs);
    c.out = image(NULL, height * k->factor / 2, width * k->factor / 2, outputs);
    c.out.base = calloc((size_t)c.out.stride * c.out.height + 256, 4);
    c.zeros = zeros;
    float *weights = numbers((size_t)outputs * inputs * k->taps, 2 / sqrtf((float)(inputs * k->taps)));
    // A checkpoint's bytes begin anywhere.
    const size_t bytes = (size_t)outputs * inputs * k->taps * 4;
    char *stored = malloc(bytes + 1);
    memcpy(stored + 1, weights, bytes);
    c.weights.part[0] = stored + 1;
    c.weights.part_rows[0] = outputs;
    c.weights.parts = 1;
    c.weights.outputs = outputs, c.weights.inputs = inputs, c.weights.taps = k->taps;
    c.weights.row_elements = (int64_t)inputs * k->taps;
    c.weights.format = DCAE_F32;
    c.plan = (dcae_plan){k->algorithm, k->stride, k->tile, (c.out.width + k->tile - 1) / k->tile, k->points,
                         (k->algorithm == DCAE_DIRECT ? 9 : 1) * c.in.channels / 16, outputs, (outputs + f->panel_width - 1) / f->panel_width, bf16};
    const int tiles = (c.out.height + k->tile - 1) / k->tile * c.plan.tiles_x;
    const int padded = (tiles + f->tile_rows - 1) / f->tile_rows * f->tile_rows;
    float *bias = numbers((size_t)c.plan.panels * f->panel_width, 1);
    for (int n = outputs; n < c.plan.panels * f->panel_width; n++) bias[n] = 0;
    c.after.bias = bias;
    c.after.activation = DCAE_SILU;
    const size_t left = (size_t)c.plan.points * ((size_t)padded * c.plan.k16 * 16 + 2048);
    float *v = calloc(left, 4), *m = calloc((size_t)padded * c.plan.points * f->panel_width, 4);
    float *panel = calloc(dcae_panel_floats(&c, f->panel_width) + 64, 4), *scratch = calloc(dcae_panel_scratch(&c, f->panel_width) + 64, 4);
    const dcae_tiles all = {0, c.out.height, 0, tiles};
    f->transform_input(&c, all, v);
    for (int n = 0; n < c.plan.panels; n++) {
        f->prepare_panel(&c, n, panel, scratch);
        f->multiply(&c, all, v, panel, n, m, m);
    }
    double most = 0, largest = 1e-30;
    for (int y = 0; y < c.out.height; y++)
        for (int x = 0; x < c.out.width; x++)
            for (int n = 0; n < outputs; n++) {
                const double sum = expected(k, &c.in, weights, inputs, n, y, x) + bias[n], value = sum / (1 + exp(-sum));
                const float found = c.out.base[y * c.out.stride + (int64_t)x * c.out.channels + n];
                most = fmax(most, isfinite(found) ? fabs(found - value) : INFINITY);
                largest = fmax(largest, fabs(value));
            }
    char what[100];
    snprintf(what, sizeof what, "%s, %s, %dx%d, %d to %d", name, k->name, height, width, inputs, outputs);
    check(most / largest < tolerance, what, most / largest);
    free(stored), free(c.in.base), free(c.out.base), free(weights), free(bias), free(v), free(m), free(panel), free(scratch);
}

static void rest(const dcae_network_kernels *f, const char *name) {
    const dcae_network_kernels *plain = &dcae_kernels_portable.network;
    for (int channels = 16; channels <= 80; channels += 64) {
        dcae_rows in = image(NULL, 7, 9, channels);
        in.base = pixels(&in, channels);
        for (int kernel = 3; kernel <= 5; kernel += 2) {
            float *weights = numbers((size_t)kernel * kernel * channels, 1), out[2][9 * 80];
            dcae_depthwise d = {in, weights, NULL, zeros, channels, kernel, 0, channels, 0};
            for (int y = 0; y < 7; y += 3) {
                f->depthwise(&d, y, 0, 9, out[0], channels);
                plain->depthwise(&d, y, 0, 9, out[1], channels);
                check(distance(out[0], out[1], (size_t)9 * channels) < 1e-6, name, kernel);
            }
            free(weights);
        }
        float *scale = numbers(96, 1), *shift = numbers(96, 1), out[2][9 * 80];
        for (int norm = DCAE_NO_NORM; norm <= DCAE_AFFINE; norm++)
            for (int activation = DCAE_IDENTITY; activation <= DCAE_MISH; activation++) {
                f->norm_row(in.base, out[0], 9, channels, channels - 3, (dcae_norm)norm, scale, shift, 1e-5f, (dcae_activation)activation);
                plain->norm_row(in.base, out[1], 9, channels, channels - 3, (dcae_norm)norm, scale, shift, 1e-5f, (dcae_activation)activation);
                check(distance(out[0], out[1], (size_t)9 * channels) < 2e-6, name, activation);
            }
        free(in.base);
    }
    for (int dim = 16; dim <= 32; dim += 16) {
        float *qkv = numbers((size_t)33 * 3 * dim + 64, 1), *table = numbers((size_t)dim * dim, 1), *divisor = numbers((size_t)dim, 1);
        double sums[2][33 * 32] = {{0}, {0}};
        float scratch[16384] = {0}, out[2][33 * 32], narrow[2][33 * 32];
        f->attend_sum(qkv, 33, 3 * dim, dim, sums[0], scratch);
        plain->attend_sum(qkv, 33, 3 * dim, dim, sums[1], scratch);
        for (int i = 0; i < (dim + 1) * dim; i++) narrow[0][i] = (float)sums[0][i], narrow[1][i] = (float)sums[1][i];
        check(distance(narrow[0], narrow[1], (size_t)(dim + 1) * dim) < 1e-6, name, dim);
        for (int i = 0; i < dim; i++) divisor[i] = fabsf(divisor[i]) + 0.1f;
        for (int divided = 0; divided < 2; divided++) {
            f->map_pixels(qkv, 3 * dim, 33, dim, table, divided ? divisor : NULL, out[0], dim);
            plain->map_pixels(qkv, 3 * dim, 33, dim, table, divided ? divisor : NULL, out[1], dim);
            check(distance(out[0], out[1], (size_t)33 * dim) < 2e-6, name, dim);
        }
        free(qkv), free(table), free(divisor);
    }
}

void check_network(const dcae_network_kernels *f, const char *name, double tolerance) {
    const int sizes[][4] = {{2, 2, 3, 5}, {6, 10, 16, 3}, {14, 18, 40, 24}, {20, 26, 64, 70}, {8, 8, 144, 33}};
    const int bf16 = tolerance > 1e-3;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        // Winograd's products stay in f32.
        if (bf16 && kinds[k].algorithm <= DCAE_WINOGRAD_6) continue;
        for (int s = 0; s < 5; s++)
            convolution(f, &kinds[k], bf16, sizes[s][0], sizes[s][1], sizes[s][2], sizes[s][3], tolerance, name);
    }
    rest(f, name);
}
