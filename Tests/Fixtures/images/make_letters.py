#!/usr/bin/env python3
"""Prints Sources/Images/LetterOutlines.swift: the outlines of the letters in captions.

  make_letters.py > ../../../Sources/Images/LetterOutlines.swift            (needs Pillow)

The font is Aileron Regular by Sora Sagano, dedicated to the public domain (CC0 1.0), as Pillow carries it for
ImageFont.load_default. Everything is in units of 1/1000 of the font size, y pointing up from the base line.
"""
import base64, inspect, re, struct
from PIL import ImageFont

source = inspect.getsource(ImageFont.load_default)
font = base64.b64decode(re.search(r'b64decode\(\s*b"""(.*?)"""', source, re.S).group(1))
tables = {}
for i in range(struct.unpack(">H", font[4:6])[0]):
    tag, _, offset, length = struct.unpack(">4sIII", font[12 + 16 * i : 28 + 16 * i])
    tables[tag.decode()] = font[offset : offset + length]
u16 = lambda data, at: struct.unpack(">H", data[at : at + 2])[0]
i16 = lambda data, at: struct.unpack(">h", data[at : at + 2])[0]
em, long_offsets = u16(tables["head"], 18), u16(tables["head"], 50)
loca, glyf, hmtx = tables["loca"], tables["glyf"], tables["hmtx"]
metrics = u16(tables["hhea"], 34)
place = lambda g: struct.unpack(">I", loca[4 * g : 4 * g + 4])[0] if long_offsets else 2 * u16(loca, 2 * g)


def glyphs_by_character():
    cmap, result = tables["cmap"], {}
    for i in range(u16(cmap, 2)):
        platform, encoding, offset = struct.unpack(">HHI", cmap[4 + 8 * i : 12 + 8 * i])
        table = cmap[offset:]
        if (platform, encoding) != (3, 1) or u16(table, 0) != 4:
            continue
        n = u16(table, 6) // 2
        for s in range(n):
            end, start = u16(table, 14 + 2 * s), u16(table, 16 + 2 * n + 2 * s)
            delta, position = u16(table, 16 + 4 * n + 2 * s), 16 + 6 * n + 2 * s
            reach = u16(table, position)
            for c in range(start, end + 1):
                g = u16(table, position + reach + 2 * (c - start)) if reach else c
                g = (g + delta) & 0xFFFF if g else 0
                if g and c != 0xFFFF:
                    result[c] = g
    return result


def contours(g):
    data = glyf[place(g) : place(g + 1)]
    if not data:
        return []
    count = i16(data, 0)
    if count < 0:  # composite: parts at an offset
        result, at = [], 10
        while True:
            flags, part = u16(data, at), u16(data, at + 2)
            assert flags & 2 and not flags & 0xC8, "parts are moved, not scaled"
            dx, dy = (i16(data, at + 4), i16(data, at + 6)) if flags & 1 else struct.unpack(">bb", data[at + 4 : at + 6])
            at += 8 if flags & 1 else 6
            result += [[(x + dx, y + dy, on) for x, y, on in c] for c in contours(part)]
            if not flags & 0x20:
                return result
    ends = [u16(data, 10 + 2 * i) for i in range(count)]
    at = 10 + 2 * count
    at += 2 + u16(data, at)
    flags = []
    while len(flags) <= ends[-1]:
        flag = data[at]
        at += 1
        repeats = 1
        if flag & 8:
            repeats += data[at]
            at += 1
        flags += [flag] * repeats
    axes = []
    for short, same in ((2, 16), (4, 32)):
        value, values = 0, []
        for flag in flags:
            if flag & short:
                value += data[at] if flag & same else -data[at]
                at += 1
            elif not flag & same:
                value += i16(data, at)
                at += 2
            values.append(value)
        axes.append(values)
    points = list(zip(axes[0], axes[1], [flag & 1 for flag in flags]))
    return [points[a + 1 : b + 1] for a, b in zip([-1] + ends, ends)]


ZERO, BASE = 0x25, 90  # "%" is 0 and "~" is 89; "!" and "$" separate


def digits(number):
    assert 0 <= number < BASE * BASE
    return chr(ZERO + number // BASE) + chr(ZERO + number % BASE)


text = ""
for character, g in sorted(glyphs_by_character().items()):
    if character < 0x20 or 0x7F <= character < 0xA0:
        continue
    advance = u16(hmtx, 4 * min(g, metrics - 1))
    scale = lambda v: round(v * 1000 / em)
    text += "$" + digits(character) + digits(scale(advance)) if character < BASE * BASE else ""
    if character < BASE * BASE:
        text += "!".join(
            "".join(digits((scale(x) + 500) * 2 + on) + digits((scale(y) + 500)) for x, y, on in c) for c in contours(g))

print('''/// The outlines of the letters in captions.
///
/// The font is Aileron Regular by Sora Sagano, dedicated to the public domain (CC0 1.0). make_letters.py, beside the
/// pictures for the tests, makes this file.
enum LetterOutlines {
    /// Numbers of two digits to the base of 90, from `%` for 0 to `~` for 89; line ends mean nothing.
    ///
    /// A letter is `$`, its code point, its advance and its contours, between which stands `!`. A contour is pairs of
    /// x and y in thousandths of the font size, each 500 higher than it is, x doubled and with 1 added where the point
    /// lies on the curve and does not control it.
    static let text: StaticString = #"""''')
for start in range(0, len(text), 108):
    print("        " + text[start : start + 108])
print('        """#\n}')
