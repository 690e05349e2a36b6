"""The renderer: a body as RGB frames, with the signer's appearance, or only the body or the hands on black."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from signbench.arithmetic import length, sine_cosine, turned
from signbench.corpora.synthsign.motion import Array
from signbench.corpora.synthsign.painting import Brush, Group, Shape, moved, shaded
from signbench.corpora.synthsign.signers import Colour, Signer
from signbench.corpora.synthsign.skeleton import Skeleton

REVISION = 3
"""Rises when the pixels change."""

Look = Literal["video", "smplx", "hamer"]

_WHITE, _IRIS, _LIPS, _MOUTH, _TEETH = (244, 242, 238), (40, 30, 26), (176, 84, 80), (74, 28, 30), (226, 220, 214)
_RIM: Colour = (36, 34, 38)
_BODY: Colour = (172, 172, 196)
_HAND: Colour = (148, 178, 222)


def render(
    body: Skeleton, signer: Signer, size: int, look: Look = "video", positions: Iterable[int] | None = None
) -> Iterator[NDArray[np.uint8]]:
    """Paints the frames of a clip, one by one.

    Args:
        body: 3D points, T frames.
        signer: determines skin, hair and clothes.
        size: height and width in pixels.
        look: ``video``, or on black ``smplx`` (the whole body in one colour) or ``hamer`` (the hands in one colour).
        positions: which frames; by default all.

    Yields:
        uint8 ``(size, size, 3)`` RGB.
    """
    figure = _Painter(signer, size, look).figure(body)
    background = _wall(signer, size) if look == "video" else np.zeros((size, size, 3), np.uint8)
    for frame in range(len(body.neck)) if positions is None else positions:
        picture = background.copy()
        figure.paint(picture, frame)
        yield picture


class _Painter(Brush):
    """Converts a body to shapes."""

    def __init__(self, signer: Signer, size: int, look: Look) -> None:
        super().__init__(size)
        self.signer = signer
        self.plain = look != "video"
        self.only_hands = look == "hamer"
        one = _HAND if self.only_hands else _BODY
        self.skin, self.hair, self.shirt = (one, one, one) if self.plain else (signer.skin, signer.hair, signer.shirt)
        self.scale, self.girth = signer.scale, signer.girth * signer.scale

    def figure(self, body: Skeleton) -> Group:
        """All layers of the signer."""
        nearest = np.stack([body.hands[side][:, 9, 2] for side in range(2)], axis=1)
        if self.only_hands:
            return Group([self.hand(body.hands[side], body.palms[side]) for side in range(2)], nearest)
        arms = [Group([self.arm(body, side), self.hand(body.hands[side], body.palms[side])]) for side in range(2)]
        return Group([self.trunk(body), self.head(body), Group(arms, nearest)])

    def trunk(self, body: Skeleton) -> Group:
        """Hair behind the head, shirt, neck."""
        scale, girth, skin = self.scale, self.girth, self.skin
        right, left = body.shoulders
        middle = (right + left) / 2
        shapes: list[Shape] = []
        if not self.plain:
            shapes += self.hair_behind(body)
        for share, shade in ((1.0, 0.62), (0.965, 0.76), (0.91, 0.87), (0.82, 0.95), (0.66, 1.0), (0.42, 1.04)):
            half = []
            for shoulder, hip, out in ((right, body.hips[0], -1.0), (left, body.hips[1], 1.0)):
                waist = 0.55 * hip + 0.45 * shoulder * [0.8, 1, 1]
                half.append(
                    [
                        moved(middle + 0.36 * share * (shoulder - middle), 0, -0.066 * scale * share),
                        moved(middle + share * (shoulder - middle), -0.005 * out * scale, -0.05 * girth * share),
                        moved(middle + share * (shoulder - middle), 0.032 * out * girth * share, -0.03 * girth * share),
                        moved(middle + share * (shoulder - middle), 0.022 * out * girth * share, 0.16 * scale),
                        np.stack([share * waist[:, 0] + 0.052 * out * girth * share, waist[:, 1], waist[:, 2]], axis=1),
                        np.stack([share * hip[:, 0] + 0.078 * out * girth * share, hip[:, 1] + 0.3, hip[:, 2]], axis=1),
                    ]
                )
            shapes.append(self.polygon(np.stack([*half[0][::-1], *half[1]], axis=1), shaded(self.shirt, shade)))
        collar, throat = moved(middle, 0, 0.02, 0.02), moved(middle, 0, -0.01, 0.02)
        shapes.append(self.limb(moved(middle, 0, -0.05), collar, (0.062 * scale, 0.05 * scale), shaded(skin, 0.66)))
        for share, shade in ((1.0, 0.7), (0.85, 0.8), (0.6, 0.86)):
            shapes.append(self.limb(body.neck, throat, (0.05 * girth * share, 0.052 * girth * share), shaded(skin, shade)))
        return Group(shapes)

    def hair_behind(self, body: Skeleton) -> list[Shape]:
        """Hair that falls behind the shoulders, or rises above the head."""
        scale, cut, hair = self.scale, self.signer.haircut, self.hair
        nose = body.face.mean(axis=1)
        if cut in ("long", "bob"):
            length = 0.16 if cut == "long" else 0.055
            radii = (0.108, 0.118) if cut == "long" else (0.112, 0.104)
            return [
                self.limb(
                    moved(nose, 0, -0.03, -0.05),
                    moved(nose, 0, length * scale, -0.05),
                    (radii[0] * share * scale, radii[1] * share * scale),
                    shaded(hair, shade),
                )
                for share, shade in ((1.0, 0.7), (0.9, 0.9), (0.74, 1.0))
            ]
        if cut == "bun":
            top = body.crown[:, 7] + turned(body.head, [0, -0.028, -0.03]) * scale
            return [self.disc(top, 0.048 * share * scale, shaded(hair, shade)) for share, shade in ((1.0, 0.7), (0.8, 1.0))]
        return []

    def head(self, body: Skeleton) -> Group:
        """Ears, skull, hair, face."""
        skin, hair, scale, face = self.skin, self.hair, self.scale, body.face
        shapes = [
            self.limb(moved(ear, 0, -0.012), moved(ear, 0, 0.014), (0.017 * scale, 0.013 * scale), shaded(skin, 0.75))
            for ear in body.ears
        ]
        outline = np.concatenate([face[:, :17], body.crown[:, ::-1]], axis=1)
        middle = outline.mean(axis=1, keepdims=True)
        for growth, shade in ((1.03, 0.66), (0.985, 0.82), (0.93, 0.92), (0.82, 0.99), (0.6, 1.03)):
            shapes.append(self.polygon(middle + growth * (outline - middle), shaded(skin, shade)))
        if self.plain:
            return Group([*shapes, *self.relief(body)])
        if self.signer.beard:
            mouth = face[:, 48:60].mean(axis=1, keepdims=True)
            low = np.concatenate([face[:, 3:14], face[:, [54, 35, 33, 31, 48]]], axis=1)
            for growth, shade in ((1.0, 0.85), (0.86, 1.05)):
                mixed = shaded(hair, 0.7 * shade) + shaded(skin, 0.3 * shade)
                shapes.append(self.polygon(mouth + growth * (low - mouth), mixed))
        if self.signer.haircut != "none":
            for growth, shade in ((1.14, 0.72), (1.09, 0.95), (0.98, 1.12)):
                shapes.append(self.polygon(middle + growth * (body.crown[:, 2:13] - middle), shaded(hair, shade)))
        shapes += self.eyes(body)
        shapes.append(self.polygon(face[:, [28, 35, 33, 31]], shaded(skin, 0.86)))
        shapes.append(self.limb(face[:, 28], face[:, 30], (0.004 * scale, 0.007 * scale), shaded(skin, 1.1)))
        shapes.append(self.polygon(face[:, 48:60], _LIPS))
        shapes.append(self.polygon(face[:, 60:68], _MOUTH))
        # the upper teeth show when the mouth opens
        edge = 0.7 * face[:, 61:64][:, ::-1] + 0.3 * face[:, 65:68]
        shapes.append(self.polygon(np.concatenate([face[:, 61:64], edge], axis=1), _TEETH))
        return Group(shapes)

    def eyes(self, body: Skeleton) -> list[Shape]:
        """Eyes with lids and irises, brows, glasses."""
        face, scale, skin = body.face, self.scale, self.skin
        shapes = []
        down, aside = sine_cosine(np.linspace(0, 2 * np.pi, 12, endpoint=False))
        for eye, pupil in ((face[:, 36:42], body.pupils[0]), (face[:, 42:48], body.pupils[1])):
            shapes.append(self.polygon(eye + 0.35 * (eye - eye.mean(axis=1, keepdims=True)), shaded(skin, 0.55)))
            shapes.append(self.polygon(eye, _WHITE))
            # a lid that closes covers the iris
            height = np.minimum(length(eye[:, 1] - eye[:, 5])[:, None] / 2, 0.0068 * scale)
            iris = np.stack(np.broadcast_arrays(0.0068 * scale * aside, height * down, 0.0), axis=2)
            shapes.append(self.polygon(pupil[:, None] + iris, _IRIS))
        for brow in (face[:, 17:22], face[:, 22:27]):
            tone = shaded(self.hair, 0.9) if self.signer.haircut != "none" else shaded(self.hair, 0.6)
            shapes += [self.limb(brow[:, point], brow[:, point + 1], (0.0045, 0.0045), tone) for point in range(4)]
        if self.signer.glasses:
            ring = np.stack([0.026 * scale * aside, 0.021 * scale * down, np.zeros(12)], axis=1)
            right, left = eyes = [face[:, 36:42].mean(axis=1), face[:, 42:48].mean(axis=1)]
            wires = [(0.6 * right + 0.4 * left, 0.4 * right + 0.6 * left)]
            for eye in eyes:
                rim = eye[:, None] + turned(body.head[:, None], ring)
                wires += [(rim[:, point], rim[:, (point + 1) % 12]) for point in range(12)]
            shapes += [self.limb(start, end, (0.0018, 0.0018), _RIM) for start, end in wires]
        return shapes

    def relief(self, body: Skeleton) -> list[Shape]:
        """A face without colours: the shadows of eyes, nose and mouth."""
        face, scale, skin = body.face, self.scale, self.skin
        shapes = []
        for eye, brow in ((face[:, 36:42], face[:, 17:22]), (face[:, 42:48], face[:, 22:27])):
            shapes.append(self.polygon(eye + 0.5 * (eye - eye.mean(axis=1, keepdims=True)), shaded(skin, 0.78)))
            shapes += [self.limb(brow[:, point], brow[:, point + 1], (0.004, 0.004), shaded(skin, 1.08)) for point in range(4)]
        shapes.append(self.polygon(face[:, [28, 35, 33, 31]], shaded(skin, 0.82)))
        shapes.append(self.limb(face[:, 28], face[:, 30], (0.004 * scale, 0.007 * scale), shaded(skin, 1.1)))
        shapes += [self.polygon(face[:, 48:60], shaded(skin, 0.8)), self.polygon(face[:, 60:68], shaded(skin, 0.4))]
        return shapes

    def arm(self, body: Skeleton, side: int) -> Group:
        """Upper arm and forearm, the nearer one in front, with a sleeve."""
        girth, shirt, skin = self.girth, self.shirt, self.skin
        shoulder, elbow, wrist = body.shoulders[side], body.elbows[side], body.hands[side][:, 0]
        upper: list[Shape]
        lower = self.round_limb(elbow, wrist, (0.040 * girth, 0.027 * girth), skin)
        if self.signer.long_sleeves or self.plain:
            upper = self.round_limb(shoulder, elbow, (0.056 * girth, 0.048 * girth), shirt)
            cuff = elbow + (0.72 if not self.plain else 0.0) * (wrist - elbow)
            sleeve = self.round_limb(elbow, cuff, (0.049 * girth, 0.038 * girth), shirt)
            lower += sleeve if not self.plain else []
        else:
            upper = self.round_limb(shoulder, elbow, (0.050 * girth, 0.043 * girth), skin)
            hem = shoulder + 0.62 * (elbow - shoulder)
            upper += self.round_limb(shoulder, hem, (0.060 * girth, 0.058 * girth), shirt)
        parts: list[Shape | Group] = [Group(upper), Group(lower)]
        depths = np.stack([shoulder[:, 2] + elbow[:, 2], wrist[:, 2] + elbow[:, 2]], axis=1)
        return Group(parts, depths)

    def hand(self, points: Array, palm: Array) -> Group:
        """Palm and fingers, each finger in front of or behind the palm."""
        scale = self.scale * self.signer.build.hands
        # the inside of a hand is lighter than its back
        tone = 1.0 + 0.07 * np.clip(2 * palm[:, 2:], -1, 1)
        skin = np.array(self.skin, dtype=np.float64) * tone
        rim = 0.45 * skin
        items: list[Group] = []
        depths = []
        wrist = points[:, 0]
        middle = points[:, 9]
        base = wrist + 0.25 * (middle - wrist)
        bones = [(base + 0.35 * (points[:, knuckle] - middle), points[:, knuckle]) for knuckle in (5, 9, 13, 17)]
        bones.append((wrist, base))
        palm_shapes = []
        for extra, colour, aside in ((0.0028, rim, 0.0), (0.0, 0.9 * skin, 0.0), (-0.004, skin, 0.2)):
            radii = (0.018 * scale + extra, 0.0125 * scale + extra)
            palm_shapes += [self.limb(start, end, radii, colour, aside) for start, end in bones]
            palm_shapes.append(self.limb(points[:, 1], points[:, 2], (0.017 * scale + extra, 0.012 * scale + extra), colour, aside))
        items.append(Group(palm_shapes))
        depths.append(points[:, [0, 5, 9, 13, 17], 2].mean(axis=1))
        for finger in range(5):
            joints = points[:, 1 + 4 * finger : 5 + 4 * finger]
            thick = (0.0115, 0.0105, 0.0095, 0.0085) if finger else (0.0125, 0.0115, 0.0105, 0.009)
            # nearer parts are lighter, so that a finger is visible in front of the palm
            near = 1.0 + np.clip(1.6 * (joints[:, 2:, 2].mean(axis=1) - depths[0]), -0.18, 0.12)[:, None]
            shapes = []
            for extra, colour in ((0.0028, rim), (0.0, 0.9 * skin * near), (-0.0028, skin * near), (-0.0058, skin * near * 1.08)):
                for joint in range(3):
                    start, end = joints[:, joint], joints[:, joint + 1]
                    radii = (thick[joint] * scale + extra, thick[joint + 1] * scale + extra)
                    shapes.append(self.limb(start, end, radii, colour, 0.25 if extra < 0 else 0.0))
            items.append(Group(shapes))
            depths.append(joints[:, 1:, 2].mean(axis=1))
        return Group(items, np.stack(depths, axis=1))


def _wall(signer: Signer, size: int) -> NDArray[np.uint8]:
    """The background, ``(size, size, 3)``: lighter at the top; integers only, for equal pixels everywhere."""
    rows, columns = np.arange(size)[:, None], np.arange(size)[None, :]
    shade = np.broadcast_to(1080 - 200 * rows // size, (size, size)).copy()
    if signer.wall == "panel":
        shade[:, columns[0] * 100 // size > 78] -= 130
    elif signer.wall == "two-tone":
        shade[rows[:, 0] * 100 // size > 58] -= 190
    elif signer.wall == "window":
        across, down = columns * 100 // size, rows * 100 // size
        frame = (across < 24) & (down > 6) & (down < 52)
        pane = (across < 22) & (down > 8) & (down < 50) & (across != 10) & (down != 29)
        shade[frame] -= 220
        shade[pane] += 360
    wall = shade[..., None] * np.array(signer.background) // 1000
    return np.asarray(np.clip(wall, 0, 255), dtype=np.uint8)
