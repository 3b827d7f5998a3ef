// The transforms of Winograd's F(4×4, 3×3) and F(6×6, 3×3) along one side.
//
// Wants vector.inc.h. Gives WINDOW, the side of the larger window, and winograd_input, winograd_weights and winograd_output, which
// take the side of the window, 6 or 8, as a constant. With B, G and A of Lavin and Gray (arXiv 1509.09308):
// results = A^T ((G weights) (B^T window)). All coefficients of B and A are exact.
#define WINDOW 8

// At the points 0, 1, -1, 1/2, -2 and infinity: a third less error than with ±2 (measured).
INLINE void input_4(const v16 *d, v16 *o) {
    v16 p = d[3] - d[1], q = d[4] - d[2];
    o[0] = (d[0] - d[2]) + q + splat(1.5f) * p;
    o[1] = (d[4] - d[1]) + splat(0.5f) * d[2] + splat(2.5f) * d[3];
    o[2] = (d[4] + d[1]) - splat(2.5f) * d[2] + splat(0.5f) * d[3];
    o[3] = q + splat(2.0f) * p;
    o[4] = q - splat(0.5f) * p;
    o[5] = (d[5] - d[3]) - p + splat(1.5f) * q;
}

INLINE void weights_4(v16 a, v16 b, v16 c, v16 *o) {
    v16 ac = (a + c) * splat(1.0f / 3), b3 = b * splat(1.0f / 3);
    o[0] = a;
    o[1] = ac + b3;
    o[2] = b3 - ac;
    o[3] = a * splat(-16.0f / 15) - b * splat(8.0f / 15) - c * splat(4.0f / 15);
    o[4] = a * splat(1.0f / 15) - b * splat(2.0f / 15) + c * splat(4.0f / 15);
    o[5] = c;
}

INLINE void output_4(const v16 *m, v16 *o) {
    v16 s = m[1] + m[2], d = m[1] - m[2];
    o[0] = m[0] + s + (m[3] + m[4]);
    o[1] = d + splat(0.5f) * m[3] - splat(2.0f) * m[4];
    o[2] = s + splat(0.25f) * m[3] + splat(4.0f) * m[4];
    o[3] = d + splat(0.125f) * m[3] - splat(8.0f) * m[4] + m[5];
}

// At the points 0, ±1, ±2, ±1/2 and infinity: of all with small numerators and denominators those with the least error (measured).
INLINE void input_6(const v16 *d, v16 *o) {
    o[0] = (d[0] - d[6]) + splat(5.25f) * (d[4] - d[2]);
    v16 even = (d[2] + d[6]) - splat(4.25f) * d[4], odd = (d[1] + d[5]) - splat(4.25f) * d[3];
    o[1] = even + odd;
    o[2] = even - odd;
    even = d[6] + splat(0.25f) * d[2] - splat(1.25f) * d[4];
    odd = splat(0.5f) * d[1] - splat(2.5f) * d[3] + splat(2.0f) * d[5];
    o[3] = even + odd;
    o[4] = even - odd;
    even = d[6] + splat(4.0f) * d[2] - splat(5.0f) * d[4];
    odd = splat(2.0f) * d[1] - splat(2.5f) * d[3] + splat(0.5f) * d[5];
    o[5] = even + odd;
    o[6] = even - odd;
    o[7] = (d[7] - d[1]) + splat(5.25f) * (d[3] - d[5]);
}

INLINE void weights_6(v16 a, v16 b, v16 c, v16 *o) {
    v16 even = (a + c) * splat(-2.0f / 9), odd = b * splat(-2.0f / 9);
    o[0] = a;
    o[1] = even + odd;
    o[2] = even - odd;
    even = a * splat(1.0f / 90) + c * splat(2.0f / 45), odd = b * splat(1.0f / 45);
    o[3] = even + odd;
    o[4] = even - odd;
    even = a * splat(32.0f / 45) + c * splat(8.0f / 45), odd = b * splat(16.0f / 45);
    o[5] = even + odd;
    o[6] = even - odd;
    o[7] = c;
}

INLINE void output_6(const v16 *m, v16 *o) {
    v16 s1 = m[1] + m[2], d1 = m[1] - m[2], s2 = m[3] + m[4], d2 = m[3] - m[4], s3 = m[5] + m[6], d3 = m[5] - m[6];
    o[0] = (m[0] + s1) + (s2 + s3);
    o[1] = d1 + splat(2.0f) * d2 + splat(0.5f) * d3;
    o[2] = s1 + splat(4.0f) * s2 + splat(0.25f) * s3;
    o[3] = d1 + splat(8.0f) * d2 + splat(0.125f) * d3;
    o[4] = s1 + splat(16.0f) * s2 + splat(0.0625f) * s3;
    o[5] = (d1 + m[7]) + splat(32.0f) * d2 + splat(0.03125f) * d3;
}

INLINE void winograd_input(const v16 *d, v16 *o, int side) {
    if (side == 8) {
        input_6(d, o);
    } else {
        input_4(d, o);
    }
}

INLINE void winograd_weights(v16 a, v16 b, v16 c, v16 *o, int side) {
    if (side == 8) {
        weights_6(a, b, c, o);
    } else {
        weights_4(a, b, c, o);
    }
}

INLINE void winograd_output(const v16 *m, v16 *o, int side) {
    if (side == 8) {
        output_6(m, o);
    } else {
        output_4(m, o);
    }
}
