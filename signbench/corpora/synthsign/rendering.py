"""The renderer: points in space as RGB frames, in anti-aliased convex polygons, painted from back to front.

Coordinates are rounded to 1/256 pixel before anything is painted, and painting is integer arithmetic, so that equal motion gives
equal pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from signbench.corpora.synthsign.motion import Array
from signbench.corpora.synthsign.signers import Colour, Signer
from signbench.corpora.synthsign.skeleton import EXTENT, Skeleton, nearness, project

REVISION = 1
"""Rises when the pixels change."""

_FRACTION = 8
_CAP = np.linspace(0, np.pi, 9)
_LIGHT = np.array([-0.35, -0.5])
_WHITE, _IRIS, _LIPS, _MOUTH = (244, 242, 238), (40, 30, 26), (176, 84, 80), (74, 28, 30)


@dataclass(frozen=True, eq=False)
class Shape:
    """A filled convex polygon.

    Attributes:
        vertices: int32 ``(T, V, 2)``, 1/256 pixel.
        colours: T times RGB.
    """

    vertices: NDArray[np.int32]
    colours: list[tuple[int, int, int]]


@dataclass(frozen=True, eq=False)
class Group:
    """What is painted together.

    Attributes:
        items: from back to front.
        depths: float64 ``(T, items)``, if each frame puts the items in order of depth; larger is nearer.
    """

    items: Sequence[Shape | Group]
    depths: Array | None = None

    def paint(self, picture: NDArray[np.uint8], frame: int) -> None:
        """Paints one frame into a picture."""
        import cv2

        order = range(len(self.items)) if self.depths is None else np.argsort(self.depths[frame], kind="stable")
        for place in order:
            item = self.items[place]
            if isinstance(item, Group):
                item.paint(picture, frame)
            else:
                cv2.fillConvexPoly(picture, item.vertices[frame], item.colours[frame], cv2.LINE_AA, _FRACTION)


def render(body: Skeleton, signer: Signer, size: int) -> Iterator[NDArray[np.uint8]]:
    """Paints the frames of a clip, one by one.

    Args:
        body: points in space, T frames.
        signer: whose skin, hair and clothes it has.
        size: height and width in pixels.

    Yields:
        uint8 ``(size, size, 3)`` RGB.
    """
    figure = _Painter(signer, size).figure(body)
    background = _background(signer.background, size)
    for frame in range(len(body.neck)):
        picture = background.copy()
        figure.paint(picture, frame)
        yield picture


class _Painter:
    """Turns points in space into shapes for one size of picture."""

    def __init__(self, signer: Signer, size: int) -> None:
        self.signer = signer
        self.size = size

    def figure(self, body: Skeleton) -> Group:
        """The whole signer."""
        arms = [Group([self.arm(body, side), self.hand(body.hands[side], body.palms[side])]) for side in range(2)]
        nearest = np.stack([body.hands[side][:, 9, 2] for side in range(2)], axis=1)
        return Group([self.trunk(body), self.head(body), Group(arms, nearest)])

    def polygon(self, points: Array, colour: ArrayLike) -> Shape:
        """A convex polygon through points in space ``(T, V, 3)`` or in the picture ``(T, V, 2)``."""
        flat = project(points) if points.shape[-1] == 3 else points
        vertices = np.rint((flat * self.size - 0.5) * (1 << _FRACTION)).astype(np.int32)
        rows = np.rint(np.clip(np.broadcast_to(colour, (len(points), 3)), 0, 255)).astype(int)
        return Shape(np.ascontiguousarray(vertices), [(r, g, b) for r, g, b in rows.tolist()])

    def limb(self, start: Array, end: Array, radii: tuple[float, float], colour: ArrayLike, aside: float = 0.0) -> Shape:
        """A tapered stroke with round ends between points in space ``(T, 3)``.

        Args:
            start: where it begins.
            end: where it ends.
            radii: at both, in metres.
            colour: RGB, ``(3,)`` or ``(T, 3)``.
            aside: how far it is moved towards the light, as a share of the radius.
        """
        first, last = project(start), project(end)
        way = last - first
        angle = np.arctan2(way[:, 1], way[:, 0])[:, None]
        sides = []
        for centre, place, radius, turn in ((first, start, radii[0], np.pi / 2), (last, end, radii[1], -np.pi / 2)):
            radius_there = radius * nearness(place) / EXTENT
            arc = np.stack([np.cos(angle + turn + _CAP), np.sin(angle + turn + _CAP)], axis=2)
            sides.append((centre + aside * radius_there * _LIGHT)[:, None] + arc * radius_there[:, None])
        return self.polygon(np.concatenate(sides, axis=1), colour)

    def round_limb(self, start: Array, end: Array, radii: tuple[float, float], colour: Colour) -> list[Shape]:
        """A limb that looks round: dark at the rim, light towards the light."""
        layers = ((1.0, 0.62, 0.0), (0.86, 0.88, 0.12), (0.62, 1.0, 0.3), (0.3, 1.1, 0.6))
        thin = [(tuple(share * radius for radius in radii), shade, aside) for share, shade, aside in layers]
        return [self.limb(start, end, (near, far), _shaded(colour, shade), aside) for (near, far), shade, aside in thin]

    def trunk(self, body: Skeleton) -> Group:
        """Hair behind the head, shirt, neck."""
        scale, skin, hair = self.signer.scale, self.signer.skin, self.signer.hair
        right, left = body.shoulders
        middle = (right + left) / 2
        shapes: list[Shape] = []
        if self.signer.long_hair:
            nose = body.face.mean(axis=1)
            for share, shade in ((1.0, 0.7), (0.88, 0.95)):
                radii = (0.108 * share * scale, 0.118 * share * scale)
                shapes.append(self.limb(_moved(nose, 0, -0.03, -0.05), _moved(nose, 0, 0.16, -0.05), radii, _shaded(hair, shade)))
        for share, shade in ((1.0, 0.7), (0.95, 0.9), (0.8, 1.0)):
            width = share * scale
            half = []
            for shoulder, out in ((right, -1.0), (left, 1.0)):
                half.append(
                    [
                        _moved(middle + 0.36 * share * (shoulder - middle), 0, -0.066 * width),
                        _moved(shoulder, -0.005 * out * scale, -0.05 * width),
                        _moved(shoulder, 0.032 * out * width, -0.03 * width),
                        _moved(shoulder, 0.02 * out * width, 0.25),
                        _moved(shoulder * [0.84, 1, 1], 0, 0.75),
                    ]
                )
            shapes.append(self.polygon(np.stack([*half[0][::-1], *half[1]], axis=1), _shaded(self.signer.shirt, shade)))
        collar, throat = _moved(middle, 0, 0.015, 0.02), _moved(middle, 0, -0.01, 0.02)
        shapes.append(self.limb(_moved(middle, 0, -0.05), collar, (0.062 * scale, 0.055 * scale), _shaded(skin, 0.72)))
        shapes.append(self.limb(body.neck, throat, (0.05 * scale, 0.052 * scale), _shaded(skin, 0.82)))
        return Group(shapes)

    def head(self, body: Skeleton) -> Group:
        """Ears, skull, hair, face."""
        skin, hair, scale, face = self.signer.skin, self.signer.hair, self.signer.scale, body.face
        shapes = [
            self.limb(_moved(ear, 0, -0.012), _moved(ear, 0, 0.014), (0.017 * scale, 0.013 * scale), _shaded(skin, 0.75))
            for ear in body.ears
        ]
        outline = np.concatenate([face[:, :17], body.crown[:, ::-1]], axis=1)
        middle = outline.mean(axis=1, keepdims=True)
        for growth, shade in ((1.03, 0.68), (0.97, 0.94), (0.8, 1.02)):
            shapes.append(self.polygon(middle + growth * (outline - middle), _shaded(skin, shade)))
        for growth, shade in ((1.14, 0.8), (1.04, 1.1)):
            shapes.append(self.polygon(middle + growth * (body.crown[:, 2:13] - middle), _shaded(hair, shade)))
        for eye, pupil in ((face[:, 36:42], body.pupils[0]), (face[:, 42:48], body.pupils[1])):
            shapes.append(self.polygon(eye + 0.35 * (eye - eye.mean(axis=1, keepdims=True)), _shaded(skin, 0.55)))
            shapes.append(self.polygon(eye, _WHITE))
            # a lid that closes covers the iris
            height = np.minimum(np.linalg.norm(eye[:, 1] - eye[:, 5], axis=1)[:, None] / 2, 0.0068 * scale)
            iris = np.stack(np.broadcast_arrays(0.0068 * scale * np.cos(2 * _CAP), height * np.sin(2 * _CAP), 0.0), axis=2)
            shapes.append(self.polygon(pupil[:, None] + iris, _IRIS))
        for brow in (face[:, 17:22], face[:, 22:27]):
            shapes += [self.limb(brow[:, place], brow[:, place + 1], (0.0042, 0.0042), _shaded(hair, 0.9)) for place in range(4)]
        shapes.append(self.polygon(face[:, [28, 35, 33, 31]], _shaded(skin, 0.9)))
        shapes.append(self.limb(face[:, 28], face[:, 30], (0.004, 0.007), _shaded(skin, 1.1)))
        shapes.append(self.polygon(face[:, 48:60], _LIPS))
        shapes.append(self.polygon(face[:, 60:68], _MOUTH))
        return Group(shapes)

    def arm(self, body: Skeleton, side: int) -> Group:
        """Sleeve to below the elbow, and the bare forearm."""
        scale, shirt = self.signer.scale, self.signer.shirt
        shoulder, elbow, wrist = body.shoulders[side], body.elbows[side], body.hands[side][:, 0]
        cuff = elbow + 0.35 * (wrist - elbow)
        shapes = self.round_limb(elbow, wrist, (0.038 * scale, 0.026 * scale), self.signer.skin)
        upper = self.round_limb(shoulder, elbow, (0.052 * scale, 0.048 * scale), shirt)
        lower = self.round_limb(elbow, cuff, (0.048 * scale, 0.045 * scale), shirt)
        # layer by layer, so that no seam shows at the elbow
        sleeve = [shape for pair in zip(upper, lower, strict=True) for shape in pair]
        return Group([*shapes, *sleeve])

    def hand(self, points: Array, palm: Array) -> Group:
        """Palm and fingers, each finger in front of or behind the palm."""
        scale = self.signer.scale * self.signer.hands
        # the inside of a hand is lighter than its back
        tone = 1.0 + 0.07 * np.clip(2 * palm[:, 2:], -1, 1)
        skin = np.array(self.signer.skin, dtype=np.float64) * tone
        rim = 0.5 * skin
        items: list[Group] = []
        depths = []
        wrist = points[:, 0]
        middle = points[:, 9]
        base = wrist + 0.25 * (middle - wrist)
        bones = [(base + 0.35 * (points[:, knuckle] - middle), points[:, knuckle]) for knuckle in (5, 9, 13, 17)]
        bones.append((wrist, base))
        palm_shapes = []
        for extra, colour in ((0.0028, rim), (0.0, skin)):
            palm_shapes += [self.limb(start, end, (0.018 * scale + extra, 0.0125 * scale + extra), colour) for start, end in bones]
            palm_shapes.append(self.limb(points[:, 1], points[:, 2], (0.017 * scale + extra, 0.012 * scale + extra), colour))
        items.append(Group(palm_shapes))
        depths.append(points[:, [0, 5, 9, 13, 17], 2].mean(axis=1))
        for finger in range(5):
            joints = points[:, 1 + 4 * finger : 5 + 4 * finger]
            thick = (0.0115, 0.0105, 0.0095, 0.0085) if finger else (0.0125, 0.0115, 0.0105, 0.009)
            # what is nearer is lighter, so that a finger shows in front of the palm
            near = 1.0 + np.clip(1.6 * (joints[:, 2:, 2].mean(axis=1) - depths[0]), -0.16, 0.12)[:, None]
            shapes = []
            for extra, colour in ((0.0028, rim), (0.0, skin * near), (-0.0052, skin * near * 1.07)):
                for joint in range(3):
                    start, end = joints[:, joint], joints[:, joint + 1]
                    radii = (thick[joint] * scale + extra, thick[joint + 1] * scale + extra)
                    shapes.append(self.limb(start, end, radii, colour, 0.25 if extra < 0 else 0.0))
            items.append(Group(shapes))
            depths.append(joints[:, 1:, 2].mean(axis=1))
        return Group(items, np.stack(depths, axis=1))


def _moved(points: Array, right: float, down: float, nearer: float = 0.0) -> Array:
    """Points in space, moved by some metres."""
    return np.asarray(points + np.array([right, down, nearer]))


def _shaded(colour: Colour, factor: float) -> tuple[float, float, float]:
    red, green, blue = colour
    return red * factor, green * factor, blue * factor


def _background(colour: Colour, size: int) -> NDArray[np.uint8]:
    """A wall that is lighter at the top, ``(size, size, 3)``; whole numbers only, for equal pixels everywhere."""
    rows = 1080 - 200 * np.arange(size)[:, None] // size
    rows = np.broadcast_to(rows * np.array(colour) // 1000, (size, 3))
    return np.repeat(np.clip(rows, 0, 255)[:, None], size, axis=1).astype(np.uint8)
