"""Decoded pixels to RGB: compared with the standards' formulas in floating point and in rational numbers."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from signbench.errors import MediaError
from signbench.media.colour import MATRICES, ColourConversion, level_table, yuv_tables
from signbench.media.pixel_formats import pixel_format

# Red and blue weights of luma; the keys are FFmpeg's matrix numbers, of which 2 is "unspecified".
LUMA = {
    1: (0.2126, 0.0722),
    2: (0.299, 0.114),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    6: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
LIMITED, FULL = 1, 2
NUMBERS = np.random.Generator(np.random.PCG64(0))


def convert(frame):
    return np.array(ColourConversion(Path("clip"))(frame))


def stored_as(name, matrix=2, colour_range=0, *, height=33, width=45, planes):
    """A frame of planar YUV from its planes."""
    frame = av.VideoFrame(width, height, name)
    frame.colorspace, frame.color_range = matrix, colour_range
    for plane, samples in zip(frame.planes, planes, strict=True):
        rows = np.zeros((plane.height, plane.line_size // samples.dtype.itemsize), samples.dtype)
        rows[:, : samples.shape[1]] = samples
        plane.update(rows.tobytes())
    return frame


def random_planes(name, height=33, width=45):
    """Random samples for each plane of a planar format."""
    form = av.VideoFormat(name, width, height)
    kind = np.dtype("u1" if form.components[0].bits == 8 else ">u2" if form.is_big_endian else "<u2")
    return [NUMBERS.integers(0, 2**part.bits, (part.height, part.width)).astype(kind) for part in form.components]


def formula(luma, blue, red, matrix, *, is_full, bits=8):
    """float64: red, green and blue before rounding (ITU-T H.273, 8.3), in units of 8-bit levels."""
    unit = 2 ** (bits - 8)
    if is_full:
        y, u, v = luma / (2**bits - 1), (blue - 128.0 * unit) / (2**bits - 1), (red - 128.0 * unit) / (2**bits - 1)
    else:
        y, u, v = (luma - 16.0 * unit) / (219 * unit), (blue - 128.0 * unit) / (224 * unit), (red - 128.0 * unit) / (224 * unit)
    weight_red, weight_blue = LUMA[matrix]
    r, b = y + 2 * (1 - weight_red) * v, y + 2 * (1 - weight_blue) * u
    g = (y - weight_red * r - weight_blue * b) / (1 - weight_red - weight_blue)
    return 255 * np.stack([r, g, b], axis=-1)


def rounded(values, tie=2e-12):
    """Half up; values within ``tie`` below a half are treated as a half that floating point has missed."""
    return np.clip(np.floor(values + 0.5 + tie), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("is_full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("matrix", [1, 4, 5, 7, 9])
def test_every_colour_of_8_bits_is_the_formula_rounded_once(matrix, is_full):
    blue, red = np.mgrid[:256, :256].astype(np.uint8)
    for first in range(0, 256, 8):
        luma = np.arange(first, first + 8, dtype=np.uint8).repeat(65536).reshape(2048, 256)
        planes = [luma, np.tile(blue, (8, 1)), np.tile(red, (8, 1))]
        frame = stored_as("yuv444p", matrix, FULL if is_full else LIMITED, height=2048, width=256, planes=planes)
        exact = rounded(formula(*(plane.astype(np.float64) for plane in planes), matrix, is_full=is_full))
        np.testing.assert_array_equal(convert(frame), exact)


def exactly(luma, blue, red, matrix, *, is_full, bits):
    """The same in rational numbers, for one pixel."""
    unit = Fraction(2**bits, 256)
    weights = MATRICES[matrix]
    y = Fraction(luma) / (2**bits - 1) if is_full else (luma - 16 * unit) / (219 * unit)
    u, v = ((Fraction(sample) - 128 * unit) / (2**bits - 1 if is_full else 224 * unit) for sample in (blue, red))
    r, b = y + 2 * (1 - weights.red) * v, y + 2 * (1 - weights.blue) * u
    g = (y - weights.red * r - weights.blue * b) / (1 - weights.red - weights.blue)
    return [min(max((255 * value + Fraction(1, 2)).__floor__(), 0), 255) for value in (r, g, b)]


@pytest.mark.parametrize("is_full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("matrix", [1, 4, 5, 7, 9])
@pytest.mark.parametrize("bits", [8, 9, 10, 12, 14, 16])
def test_any_depth_is_the_formula_in_rational_numbers_rounded_once(bits, matrix, is_full):
    name = "yuv444p" if bits == 8 else f"yuv444p{bits}le"
    planes = random_planes(name, 9, 17)
    pixels = convert(stored_as(name, matrix, FULL if is_full else LIMITED, height=9, width=17, planes=planes))
    for index in np.ndindex(9, 17):
        samples = (int(plane[index]) for plane in planes)
        assert pixels[index].tolist() == exactly(*samples, matrix, is_full=is_full, bits=bits)


@pytest.mark.parametrize("matrix", [1, 2, 4, 5, 6, 7, 9])
def test_white_grey_and_black_are_what_they_are(matrix):
    for bits, name in ((8, "yuv420p"), (10, "yuv420p10le"), (8, "yuvj422p"), (12, "yuv444p12le")):
        unit = 2 ** (bits - 8)
        black, white = (0, 255) if "j" in name else (16 * unit, 235 * unit)
        for level, expected in ((black, 0), (white, 255), (128 if "j" in name else 126 * unit, 128)):
            planes = [np.full_like(plane, 128 * unit) for plane in random_planes(name)]
            planes[0][...] = level
            np.testing.assert_array_equal(convert(stored_as(name, matrix, planes=planes)), expected)


PLANAR = [
    *(f"yuv{sampling}p" for sampling in ("410", "411", "420", "422", "440", "444")),
    *(f"yuv{sampling}p10{end}" for sampling in ("420", "422", "440", "444") for end in ("le", "be")),
    *("yuv420p9le", "yuv422p12be", "yuv444p14le", "yuv420p16be", "yuvj411p", "yuvj420p", "yuvj440p", "yuvj444p"),
    *("yuva420p", "yuva422p10le", "yuva444p16be"),
]


@pytest.mark.parametrize(("height", "width"), [(33, 45), (1, 1), (2, 3), (6, 8)])
@pytest.mark.parametrize("name", PLANAR)
def test_each_pixel_takes_the_chroma_sample_in_whose_cell_it_is(name, height, width):
    planes = random_planes(name, height, width)
    form = pixel_format(name)
    across, down = {"444": (1, 1), "422": (2, 1), "420": (2, 2), "440": (1, 2), "411": (4, 1), "410": (4, 4)}[form.sampling]
    luma, *chroma = (plane.astype(np.float64) for plane in planes[:3])
    blue, red = (plane.repeat(down, 0).repeat(across, 1)[:height, :width] for plane in chroma)
    exact = rounded(formula(luma, blue, red, 1, is_full=form.is_full, bits=form.bits))
    frame = stored_as(name, 1, 0, height=height, width=width, planes=planes)
    np.testing.assert_array_equal(convert(frame), exact)


# Another layout of the same samples -> the planar one, from which FFmpeg only rearranges them.
REORDERED = {
    "nv12": "yuv420p",
    "nv21": "yuv420p",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    "nv42": "yuv444p",
    "yuyv422": "yuv422p",
    "yvyu422": "yuv422p",
    "uyvy422": "yuv422p",
    "vuya": "yuva444p",
    "vuyx": "yuv444p",
    "ayuv": "yuva444p",
    "uyva": "yuva444p",
    "vyu444": "yuv444p",
    "p010le": "yuv420p10le",
    "p010be": "yuv420p10le",
    "p012le": "yuv420p12le",
    "p016le": "yuv420p16le",
    "p210le": "yuv422p10le",
    "p212le": "yuv422p12le",
    "p216le": "yuv422p16le",
    "p410le": "yuv444p10le",
    "p412le": "yuv444p12le",
    "p416be": "yuv444p16le",
    "y210le": "yuv422p10le",
    "y212le": "yuv422p12le",
    "y216le": "yuv422p16le",
    "xv30le": "yuv444p10le",
    "v30xle": "yuv444p10le",
    "xv36le": "yuv444p12le",
    "xv48le": "yuv444p16le",
    "ayuv64le": "yuva444p16le",
    "nv20le": "yuv422p10le",
}


@pytest.mark.parametrize("name", REORDERED)
def test_layouts_of_the_same_samples_give_the_same_pixels(name):
    planar = stored_as(REORDERED[name], 9, LIMITED, height=34, width=46, planes=random_planes(REORDERED[name], 34, 46))
    try:
        frame = planar.reformat(format=name)
    except (av.FFmpegError, ValueError):
        pytest.skip("this version of FFmpeg does not write the format")
    frame.colorspace, frame.color_range = planar.colorspace, planar.color_range
    assert ColourConversion(Path("clip")).family(frame) == ColourConversion(Path("clip")).family(planar)
    np.testing.assert_array_equal(convert(frame), convert(planar))


def test_dv_packed_as_six_bytes_for_four_pixels(tmp_path):
    planes = random_planes("yuv411p", 6, 8)
    frame = av.VideoFrame(8, 6, "uyyvyy411")
    plane = frame.planes[0]
    packed = np.zeros((6, plane.line_size), np.uint8)
    for group in range(2):
        first = 6 * group
        packed[:, first], packed[:, first + 3] = planes[1][:, group], planes[2][:, group]
        for index, pixel in zip((1, 2, 4, 5), range(4), strict=True):
            packed[:, first + index] = planes[0][:, 4 * group + pixel]
    plane.update(packed.tobytes())
    np.testing.assert_array_equal(convert(frame), convert(stored_as("yuv411p", height=6, width=8, planes=planes)))


@pytest.mark.parametrize(("colour_range", "is_full"), [(0, True), (LIMITED, False), (FULL, True)])
@pytest.mark.parametrize(("name", "bits"), [("gray", 8), ("gray10le", 10), ("gray16be", 16)])
def test_grey_is_full_range_unless_it_is_tagged_otherwise(name, bits, colour_range, is_full):
    planes = random_planes(name)
    levels = planes[0].astype(np.float64)
    unit = 2 ** (bits - 8)
    exact = rounded(255 * (levels / (2**bits - 1) if is_full else (levels - 16 * unit) / (219 * unit)))
    pixels = convert(stored_as(name, 2, colour_range, planes=planes))
    np.testing.assert_array_equal(pixels, np.repeat(exact[..., None], 3, 2))


@pytest.mark.parametrize("bits", [9, 10, 12, 14, 16])
def test_deeper_rgb_is_scaled_and_rounded(bits):
    green, blue, red = planes = random_planes(f"gbrp{bits}le")
    exact = rounded(255 * np.stack([red, green, blue], -1).astype(np.float64) / (2**bits - 1))
    np.testing.assert_array_equal(convert(stored_as(f"gbrp{bits}le", planes=planes)), exact)
    words = stored_as("gbrp16le", planes=[plane << (16 - bits) for plane in planes])
    if bits == 16:
        np.testing.assert_array_equal(convert(words.reformat(format="rgb48le")), exact)
        np.testing.assert_array_equal(convert(words.reformat(format="bgra64le")), exact)


def test_few_bits_of_rgb_reach_white():
    pixels = NUMBERS.integers(0, 2**16, (8, 16)).astype("<u2")
    frame = stored_as("rgb565le", height=8, width=16, planes=[pixels])
    parts = [(pixels >> 11) / 31, (pixels >> 5 & 63) / 63, (pixels & 31) / 31]
    np.testing.assert_array_equal(convert(frame), rounded(255 * np.stack(parts, -1)))


@pytest.mark.parametrize("name", ["rgb24", "bgr24", "rgba", "bgra", "argb", "abgr", "rgb0", "bgr0", "0rgb", "0bgr", "gbrp"])
def test_8_bit_rgb_comes_back_exactly(name):
    picture = NUMBERS.integers(0, 256, (33, 45, 3)).astype(np.uint8)
    np.testing.assert_array_equal(convert(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=name)), picture)


def test_a_palette_gives_its_colours():
    colours = NUMBERS.integers(0, 256, (256, 4)).astype(np.uint8)
    indices = NUMBERS.integers(0, 256, (32, 48)).astype(np.uint8)
    frame = av.VideoFrame.from_ndarray((indices, colours), format="pal8")
    assert ColourConversion(Path("clip")).family(frame) == "rgb"
    np.testing.assert_array_equal(convert(frame), colours[indices][..., 1:])  # PyAV gives palettes as alpha, red, green, blue


def test_samples_beyond_the_depth_count_as_its_highest_level():
    planes = [np.full_like(plane, 65535) for plane in random_planes("yuv420p10le")]
    highest = [np.full_like(plane, 1023) for plane in planes]
    np.testing.assert_array_equal(
        convert(stored_as("yuv420p10le", planes=planes)), convert(stored_as("yuv420p10le", planes=highest))
    )


@pytest.mark.parametrize(("code", "name"), [(8, "YCgCo"), (10, "constant luminance"), (14, "ICtCp")])
def test_an_unsupported_matrix_is_refused_by_name(code, name):
    frame = stored_as("yuv420p", code, LIMITED, planes=random_planes("yuv420p"))
    with pytest.raises(MediaError, match=name):
        convert(frame)


def test_an_unsupported_pixel_format_is_refused_by_name():
    with pytest.raises(MediaError, match="xyz12le"):
        convert(av.VideoFrame(16, 16, "xyz12le"))


@pytest.mark.parametrize(
    ("name", "matrix", "colour_range", "family"),
    [
        ("yuv420p", 1, LIMITED, "yuv420p-bt709-limited"),
        ("yuv420p", 2, 0, "yuv420p-bt601-limited"),
        ("yuvj420p", 5, 0, "yuv420p-bt601-full"),
        ("nv12", 6, FULL, "yuv420p-bt601-full"),
        ("p010le", 9, LIMITED, "yuv420p10-bt2020-limited"),
        ("yuyv422", 7, LIMITED, "yuv422p-smpte240m-limited"),
        ("yuva444p12le", 4, LIMITED, "yuv444p12-fcc-limited"),
        ("gray", 2, 0, "gray-full"),
        ("gray10le", 2, LIMITED, "gray10-limited"),
        ("bgr0", 2, 0, "rgb"),
        ("gbrp", 2, 0, "rgb"),
        ("gbrp10le", 2, 0, "rgb10"),
    ],
)
def test_families_name_what_decides_the_arithmetic(name, matrix, colour_range, family):
    frame = av.VideoFrame(16, 16, name)
    frame.colorspace, frame.color_range = matrix, colour_range
    assert ColourConversion(Path("clip")).family(frame) == family


@pytest.mark.parametrize("bits", [8, 9, 10, 12, 14, 16])
def test_tables_are_fine_enough_that_no_sum_crosses_a_rounding_edge(bits):
    for matrix in MATRICES.values():
        for is_full in (False, True):
            tables = yuv_tables(matrix, bits, is_full=is_full)  # raises if the proof does not hold
            largest = int(np.abs(tables).max(axis=1).astype(object).sum())
            assert largest < 2**63
    assert level_table(bits, is_full=True)[-1] == 255
