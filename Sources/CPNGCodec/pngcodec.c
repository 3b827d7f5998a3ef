#include "cpngcodec.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

// Everything that changes after setjmp lives here, behind a pointer, so that longjmp cannot lose it.
typedef struct {
    png_structp png;
    png_infop info;
    jmp_buf escape;
    char *message;
    const uint8_t *data;
    size_t size;
    size_t position;
    bool ends_early;
    bool is_wrong;
    uint8_t *output;
    size_t capacity;
} codec;

static void fail(png_structp png, png_const_charp text) {
    codec *state = png_get_error_ptr(png);
    strncpy(state->message, text ? text : "unknown error", DCAE_PNG_MESSAGE_SIZE - 1);
    state->message[DCAE_PNG_MESSAGE_SIZE - 1] = 0;
    longjmp(state->escape, 1);
}

// Nothing that is warned of costs a pixel, but for a checksum of the pixels themselves.
static void warn(png_structp png, png_const_charp text) {
    codec *state = png_get_error_ptr(png);
    if (text && strstr(text, "incorrect data check")) state->is_wrong = true;
}

static void take(png_structp png, png_bytep target, png_size_t count) {
    codec *state = png_get_io_ptr(png);
    if (count > state->size - state->position) {
        state->ends_early = true;
        png_error(png, "the data ends early");
    }
    memcpy(target, state->data + state->position, count);
    state->position += count;
}

static bool open_reader(codec *state) {
    state->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, state, fail, warn);
    if (state->png) state->info = png_create_info_struct(state->png);
    if (state->info) return true;
    png_destroy_read_struct(&state->png, NULL, NULL);
    strncpy(state->message, "out of memory", DCAE_PNG_MESSAGE_SIZE - 1);
    return false;
}

// Ends with the reader at the first row. Needs the escape to be set.
static void read_header(codec *state, dcae_png_header *header) {
    png_structp png = state->png;
    png_infop info = state->info;
    png_set_read_fn(png, state, take);
    // Nothing but tRNS is wanted of the ancillary chunks; those never read can do no harm.
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1);
    png_set_chunk_malloc_max(png, 1 << 20);
    png_read_info(png, info);
    header->width = png_get_image_width(png, info);
    header->height = png_get_image_height(png, info);
    header->stored_bytes = (uint64_t)png_get_rowbytes(png, info) * header->height;
    png_set_expand(png);
    png_set_gray_to_rgb(png);
    const uint16_t one = 1;
    if (*(const uint8_t *)&one == 1) png_set_swap(png);
    png_set_interlace_handling(png);
    png_read_update_info(png, info);
    header->channels = png_get_channels(png, info);
    header->bits = png_get_bit_depth(png, info);
    header->row_bytes = png_get_rowbytes(png, info);
}

bool dcae_png_read_header(const uint8_t *data, size_t size, dcae_png_header *header, char *message) {
    codec state = {.message = message, .data = data, .size = size};
    memset(header, 0, sizeof *header);
    if (!open_reader(&state)) return false;
    codec *held = &state;
    volatile bool done = false;
    if (setjmp(held->escape) == 0) {
        read_header(held, header);
        done = true;
    }
    header->ends_early = held->ends_early;
    png_destroy_read_struct(&held->png, &held->info, NULL);
    return done;
}

static void read_pixels(codec *state, uint8_t *pixels, const dcae_png_header *expected) {
    dcae_png_header header;
    read_header(state, &header);
    if (header.height != expected->height || header.row_bytes != expected->row_bytes) {
        png_error(state->png, "the header changed");
    }
    // As Pillow: the pixels have a checksum of their own within the compressed data, and that one counts.
    png_set_crc_action(state->png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
    const int passes = png_get_interlace_type(state->png, state->info) == PNG_INTERLACE_NONE ? 1 : 7;
    for (int pass = 0; pass < passes; pass++) {
        for (uint32_t row = 0; row < header.height; row++) {
            png_read_row(state->png, pixels + row * header.row_bytes, NULL);
        }
    }
    // A file cut off after its last row is cut off all the same.
    png_read_end(state->png, NULL);
    if (state->is_wrong) png_error(state->png, "IDAT: incorrect data check");
}

bool dcae_png_read_pixels(
    const uint8_t *data, size_t size, uint8_t *pixels, dcae_png_header *header, char *message) {
    codec state = {.message = message, .data = data, .size = size};
    if (!open_reader(&state)) return false;
    codec *held = &state;
    volatile bool done = false;
    if (setjmp(held->escape) == 0) {
        read_pixels(held, pixels, header);
        done = true;
    }
    header->ends_early = held->ends_early;
    png_destroy_read_struct(&held->png, &held->info, NULL);
    return done;
}

static void append(png_structp png, png_bytep source, png_size_t count) {
    codec *state = png_get_io_ptr(png);
    if (count > state->capacity - state->position) {
        const size_t wanted = (state->position + count) * 2;
        uint8_t *larger = wanted > count ? realloc(state->output, wanted) : NULL;
        if (!larger) png_error(png, "out of memory");
        state->output = larger;
        state->capacity = wanted;
    }
    memcpy(state->output + state->position, source, count);
    state->position += count;
}

static void flush(png_structp png) {
    (void)png;
}

static void write_rgb(codec *state, const uint8_t *pixels, uint32_t width, uint32_t height) {
    png_structp png = state->png;
    png_set_write_fn(png, state, append, flush);
    // libpng refuses sides over 1,000,000 unless told otherwise; what was read must be writable.
    png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_IHDR(png, state->info, width, height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(png, 6);
    png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_ALL_FILTERS);
    png_write_info(png, state->info);
    for (uint32_t row = 0; row < height; row++) {
        png_write_row(png, pixels + (size_t)row * width * 3);
    }
    png_write_end(png, state->info);
}

bool dcae_png_write_rgb(
    const uint8_t *pixels, uint32_t width, uint32_t height, uint8_t **png, size_t *size, char *message) {
    codec state = {.message = message};
    codec *held = &state;
    held->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, held, fail, warn);
    if (held->png) held->info = png_create_info_struct(held->png);
    if (!held->info) {
        png_destroy_write_struct(&held->png, NULL);
        strncpy(message, "out of memory", DCAE_PNG_MESSAGE_SIZE - 1);
        return false;
    }
    volatile bool done = false;
    if (setjmp(held->escape) == 0) {
        write_rgb(held, pixels, width, height);
        done = true;
    }
    png_destroy_write_struct(&held->png, &held->info);
    if (!done) {
        free(held->output);
        return false;
    }
    *png = held->output;
    *size = held->position;
    return true;
}

void dcae_png_free(uint8_t *png) {
    free(png);
}
