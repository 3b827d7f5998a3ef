#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// libpng reports errors by longjmp, which must not cross Swift frames: these calls contain it.
// Each takes room for a message of this many bytes and returns false with a message in it on failure.
enum { DCAE_PNG_MESSAGE_SIZE = 128 };

typedef struct {
    uint32_t width;
    uint32_t height;
    uint32_t channels;      // 3, or 4 where there is transparency; grey and palettes are expanded
    uint32_t bits;          // 8 or 16 to a sample; fewer are expanded to 8
    uint64_t stored_bytes;  // of the samples as stored, uncompressed
    uint64_t row_bytes;     // of one row of expanded pixels
    bool ends_early;        // set on failure: the data ended before the picture did
} dcae_png_header;

bool dcae_png_read_header(const uint8_t *data, size_t size, dcae_png_header *header, char *message);

// Expanded pixels, top row first, 16-bit samples in the byte order of this machine. No gamma, no colour management:
// the samples are those in the file. `pixels` has room for height * row_bytes.
bool dcae_png_read_pixels(
    const uint8_t *data, size_t size, uint8_t *pixels, dcae_png_header *header, char *message);

// 8-bit RGB into memory that the caller frees. The same pixels give the same bytes.
bool dcae_png_write_rgb(
    const uint8_t *pixels, uint32_t width, uint32_t height, uint8_t **png, size_t *size, char *message);

void dcae_png_free(uint8_t *png);
