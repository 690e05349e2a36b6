"""Anti-aliased convex polygons, painted from back to front.

Coordinates are rounded to 1/256 pixel before anything is painted, and painting is integer arithmetic, so that equal motion gives
equal pixels. Coordinates need only the basic operations of IEEE 754, so they are equal on every processor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from signbench.arithmetic import length, sine_cosine
from signbench.corpora.synthsign.key_points import EXTENT, nearness, project
from signbench.corpora.synthsign.motion import Array

_FRACTION = 8
_LIGHT = np.array([-0.35, -0.5])


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
    """Polygons that are painted together.

    Attributes:
        items: the polygons, from back to front.
        depths: float64 ``(T, items)``, if each frame orders the items by depth; larger is nearer.
    """

    items: Sequence[Shape | Group]
    depths: Array | None = None

    def paint(self, picture: NDArray[np.uint8], frame: int) -> None:
        """Paints one frame into an image."""
        import cv2

        order = range(len(self.items)) if self.depths is None else np.argsort(self.depths[frame], kind="stable")
        for index in order:
            item = self.items[index]
            if isinstance(item, Group):
                item.paint(picture, frame)
            else:
                cv2.fillConvexPoly(picture, item.vertices[frame], item.colours[frame], cv2.LINE_AA, _FRACTION)


class Brush:
    """Makes shapes from 3D points for one image size."""

    def __init__(self, size: int) -> None:
        self._size = size
        # small images need fewer corners for round ends
        self._corners = 7 if size <= 160 else 11
        # from a quarter turn before the direction of a limb to a quarter turn after it
        self._cap = sine_cosine(np.linspace(-np.pi / 2, np.pi / 2, self._corners))

    def polygon(self, points: Array, colour: ArrayLike) -> Shape:
        """A convex polygon through 3D points ``(T, V, 3)`` or image points ``(T, V, 2)``."""
        flat = project(points) if points.shape[-1] == 3 else points
        vertices = np.rint((flat * self._size - 0.5) * (1 << _FRACTION)).astype(np.int32)
        rows = np.rint(np.clip(np.broadcast_to(colour, (len(points), 3)), 0, 255)).astype(int)
        return Shape(np.ascontiguousarray(vertices), [(red, green, blue) for red, green, blue in rows.tolist()])

    def limb(self, start: Array, end: Array, radii: tuple[float, float], colour: ArrayLike, aside: float = 0.0) -> Shape:
        """A tapered stroke with round ends between 3D points ``(T, 3)``.

        Args:
            start: its start.
            end: its end.
            radii: at both, in metres.
            colour: RGB, ``(3,)`` or ``(T, 3)``.
            aside: offset towards the light, as a share of the radius.
        """
        first, last = project(start), project(end)
        way = last - first
        far = length(way)[:, None]
        # a stroke without length points to the right
        right, down = np.where(far > 0, way / np.where(far > 0, far, 1.0), [1.0, 0.0]).T[..., None]
        sine, cosine = self._cap
        around = np.stack([right * cosine - down * sine, down * cosine + right * sine], axis=2)
        sides = []
        for centre, point, radius, arc in ((first, start, radii[0], -around), (last, end, radii[1], around)):
            radius_there = radius * nearness(point) / EXTENT
            sides.append((centre + aside * radius_there * _LIGHT)[:, None] + arc * radius_there[:, None])
        return self.polygon(np.concatenate(sides, axis=1), colour)

    def round_limb(self, start: Array, end: Array, radii: tuple[float, float], colour: ArrayLike) -> list[Shape]:
        """A limb with shading: dark at the rim, bright towards the light."""
        layers = ((1.0, 0.60, 0.0), (0.90, 0.78, 0.08), (0.76, 0.92, 0.18), (0.56, 1.03, 0.34), (0.28, 1.12, 0.6))
        base = np.asarray(colour, dtype=np.float64)
        return [self.limb(start, end, (share * radii[0], share * radii[1]), base * shade, aside) for share, shade, aside in layers]

    def disc(self, centre: Array, radius: float, colour: ArrayLike) -> Shape:
        """A circle around 3D points ``(T, 3)``, radius in metres."""
        down, aside = sine_cosine(np.linspace(0, 2 * np.pi, 2 * self._corners, endpoint=False))
        around = radius * np.stack([aside, down, np.zeros_like(down)], axis=1)
        return self.polygon(centre[:, None] + around, colour)


def moved(points: Array, right: float, down: float, nearer: float = 0.0) -> Array:
    """3D points, shifted by an offset in metres."""
    return np.asarray(points + np.array([right, down, nearer]))


def shaded(colour: ArrayLike, factor: float) -> Array:
    """A darker or lighter colour."""
    return np.asarray(colour, dtype=np.float64) * factor
