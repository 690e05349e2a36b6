"""Small copies of data sets in their published layouts, written by tests."""

from __future__ import annotations

import gzip
import json
import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path

import av
import cv2
import numpy as np

from signbench.media.pose_files import write_pose
from signbench.media.video_writer import write_video
from tests.clips import moving_square, swaying_pose

WORDS = ("book", "drink", "book", "computer")
"""Words of the clips of ASL3DWord's trees; the number of each split's clips is that of the words used."""


def pickled(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content))


def asl3dword(root: Path, train: int = 4, test: int = 3, frames: int = 6) -> Path:
    """``{train,test}/samples_{pose,label}.pkl`` with clips of some frames, each a little longer than the one before."""
    random = np.random.Generator(np.random.PCG64(1))
    forms = {word: random.normal(0, 0.3, (1, 53, 3)) for word in dict.fromkeys(WORDS)}
    for split, count in (("train", train), ("test", test)):
        poses = [
            (forms[WORDS[number % len(WORDS)]] + random.normal(0, 0.02, (frames + number, 53, 3))).astype(np.float32)
            for number in range(count)
        ]
        pickled(root / split / "samples_pose.pkl", poses)
        pickled(root / split / "samples_label.pkl", [WORDS[number % len(WORDS)] for number in range(count)])
    return root


SENTENCES = {
    "train": {"a": ("Signer01", "HEUTE REGEN", "heute regnet es"), "b": ("Signer02", "MORGEN SONNE", "morgen scheint die sonne")},
    "dev": {"c": ("Signer01", "JETZT WETTER", 'jetzt das "wetter" für morgen')},
    "test": {"d": ("Signer02", "NORD WIND", "im norden weht wind"), "e": ("Signer01", "loc-SUED SONNE", "im süden sonne")},
}
"""Split -> a clip's name below -> signer, glosses, sentence."""


def phoenix_name(letter: str) -> str:
    return f"{ord(letter) - 96:02d}April_2010_Thursday_heute-{letter}"


def phoenix_rows() -> Iterator[tuple[str, str, str, str, str]]:
    """Split, name, signer, glosses, sentence of every clip."""
    for split, rows in SENTENCES.items():
        for letter, row in rows.items():
            yield split, phoenix_name(letter), *row


def frames(folder: Path, count: int, seed: int = 0, height: int = 26, width: int = 21, name: str = "images{:04d}.png") -> None:
    """A folder of images, numbered from 1."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, frame in enumerate(moving_square(count, height, width, seed=seed), start=1):
        cv2.imwrite(str(folder / name.format(number)), frame[..., ::-1])


def phoenix14t(root: Path, length: int = 8, inner: str = "") -> Path:
    """The third release: annotations, and frames in a folder of their own for each clip."""
    (root / "annotations/manual").mkdir(parents=True)
    header = "name|video|start|end|speaker|orth|translation"
    for split in SENTENCES:
        rows = [row for row in phoenix_rows() if row[0] == split]
        lines = [f"{name}|{name}/1/*.png|-1|-1|{signer}|{gloss}|{text}" for _, name, signer, gloss, text in rows]
        path = root / f"annotations/manual/PHOENIX-2014-T.{split}.corpus.csv"
        path.write_text("\n".join([header, *lines, ""]), "utf-8")
        for number, (_, name, *_rest) in enumerate(rows):
            frames(root / "features/fullFrame-210x260px" / split / name / inner, length + number, seed=ord(name[-1]))
    return root


def slt_pickles(root: Path, stem: str = "phoenix14t.") -> Path:
    """neccam/slt's compressed pickles, with features as tensors and a full stop at the end of each sentence."""
    import torch

    root.mkdir(parents=True, exist_ok=True)
    for split in SENTENCES:
        rows = [
            {
                "name": f"{split}/{name}",
                "signer": signer,
                "gloss": gloss,
                "text": f"{text} .",
                "sign": torch.ones(8, 4),
                "num_frames": 8,
            }
            for where, name, signer, gloss, text in phoenix_rows()
            if where == split
        ]
        (root / f"{stem}{split}").write_bytes(gzip.compress(pickle.dumps(rows)))
    return root


def gfslt_labels(root: Path) -> Path:
    """GFSLT-VLP's compressed pickles: a dictionary for each split."""
    root.mkdir(parents=True, exist_ok=True)
    for split in SENTENCES:
        rows = {
            f"{split}/{name}": {"name": f"{split}/{name}", "gloss": gloss, "text": text, "length": 8, "imgs_path": []}
            for where, name, _, gloss, text in phoenix_rows()
            if where == split
        }
        (root / f"labels.{split}").write_bytes(gzip.compress(pickle.dumps(rows)))
    return root


def skels(root: Path, length: int = 8) -> Path:
    """Progressive Transformers' parallel files; a frame has 150 coordinates and the counter."""
    root.mkdir(parents=True, exist_ok=True)
    random = np.random.Generator(np.random.PCG64(3))
    for split in SENTENCES:
        rows = [row for row in phoenix_rows() if row[0] == split]
        walks = random.normal(0, 0.01, (len(rows), length, 150)).cumsum(axis=1)
        counter = np.arange(length)[:, None] / length
        lines = [" ".join(f"{number:.5f}" for number in np.concatenate([walk, counter], axis=1).ravel()) for walk in walks]
        columns = {"skels": lines, "files": [f"{split}/{row[1]}" for row in rows]}
        columns |= {"gloss": [row[3] for row in rows], "text": [f"{row[4]} ." for row in rows]}
        for suffix, content in columns.items():
            (root / f"{split}.{suffix}").write_text("\n".join(content) + "\n", "utf-8")
    return root


def slrtp(root: Path, length: int = 8) -> Path:
    """The challenge's dictionaries of 178 key points in 3D."""
    import torch

    root.mkdir(parents=True, exist_ok=True)
    random = np.random.Generator(np.random.PCG64(4))
    for split in SENTENCES:
        content = {}
        for where, name, signer, gloss, text in phoenix_rows():
            if where == split:
                points = torch.from_numpy(random.normal(0, 0.01, (length, 178, 3)).cumsum(axis=0).astype(np.float32))
                content[name] = {"name": name, "text": text, "gloss": gloss, "poses_3d": points, "speaker": signer}
        torch.save(content, root / f"{split}.pt")
    return root


def phoenix14t_plus(root: Path, length: int = 8) -> Path:
    """PHOENIX14T with files of key points and rotations, and rendered videos."""
    phoenix14t(root, length)
    for number, (split, name, *_) in enumerate(phoenix_rows()):
        count = length + (name[-1] in "be")
        for folder in ("pose", "smplx", "hamer"):
            (root / folder / split).mkdir(parents=True, exist_ok=True)
        write_pose(root / f"pose/{split}/{name}.npz", swaying_pose(count, number, "dwpose-134", 2))
        np.savez(root / f"smplx/{split}/{name}.npz", rotations=np.full((count, 55, 3), 0.01 * number, np.float32), fps=25.0)
        np.savez(root / f"hamer/{split}/{name}.npz", left=np.zeros((count, 16, 3)), right=np.zeros((count, 16, 3)))
        for rendering in ("pose", "hamer", "smplx"):
            videos = root / "videos" / rendering / split
            videos.mkdir(parents=True, exist_ok=True)
            write_video(videos / f"{name}.mkv", iter(moving_square(count, 26, 21, seed=number)), 25)
    return root


def mp4(path: Path, count: int = 8, seed: int = 0, fps: int = 25, height: int = 24, width: int = 32) -> None:
    """A small MP4 video."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for frame in moving_square(count, height, width, seed=seed):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())


def lsa64(root: Path, signs: Sequence[int] = (1, 2, 57, 58), signers: int = 2, repetitions: int = 2) -> Path:
    """Videos of some signs, signers and repetitions."""
    for sign in signs:
        for signer in range(1, signers + 1):
            for repetition in range(1, repetitions + 1):
                mp4(root / f"{sign:03d}_{signer:03d}_{repetition:03d}.mp4", 8, sign * 10 + signer, fps=60)
    return root


WLASL_CLIPS = {
    "book": [("00001", "train", 1, -1, 3), ("00002", "val", 1, -1, 4), ("00003", "test", 3, 6, 3)],
    "drink": [("00004", "train", 1, -1, 4), ("00005", "test", 1, -1, 3), ("00006", "test", 101, 106, 4)],
}
"""Word -> video id, split, first and last frame, signer."""


def wlasl(root: Path) -> Path:
    """The list, and videos of 8 frames: 00003 is longer than its span, 00006 was cut before."""
    words = [
        {
            "gloss": word,
            "instances": [
                {
                    "bbox": [0, 0, 32, 24],
                    "fps": 25,
                    "frame_start": first,
                    "frame_end": last,
                    "instance_id": number,
                    "signer_id": signer,
                    "source": "web",
                    "split": split,
                    "url": "",
                    "variation_id": 0,
                    "video_id": video,
                }
                for number, (video, split, first, last, signer) in enumerate(rows)
            ],
        }
        for word, rows in WLASL_CLIPS.items()
    ]
    (root / "start_kit").mkdir(parents=True)
    (root / "start_kit/WLASL_v0.3.json").write_text(json.dumps(words, indent=4), "utf-8")
    for rows in WLASL_CLIPS.values():
        for video, _, first, last, _signer in rows:
            mp4(root / f"start_kit/videos/{video}.mp4", last - first + 1 if first > 8 else 8, int(video), fps=30)
    return root


def nslt(root: Path, words: int) -> None:
    """The splits of the first words, and the list of classes."""
    folder = root / "code/I3D/preprocess"
    folder.mkdir(parents=True, exist_ok=True)
    rows = {
        video: {"subset": split, "action": [number, first, last]}
        for number, clips in enumerate(WLASL_CLIPS.values())
        for video, split, first, last, _ in clips
    }
    (folder / f"nslt_{words}.json").write_text(json.dumps(rows), "utf-8")
    (folder / "wlasl_class_list.txt").write_text("".join(f"{n}\t{word}\n" for n, word in enumerate(WLASL_CLIPS)), "utf-8")


CSL_CLIPS = {
    "S000000_P0000_T00": ("train", 0, ["我", "喜欢", "书"], "我喜欢书。"),
    "S000001_P0001_T00": ("train", 1, ["今天", "雨"], "今天下雨。"),
    "S000020_P0000_T00": ("dev", 0, ["他", "老师"], "他是老师。"),
    "S000030_P0001_T00": ("test", 1, ["水", "喝"], "我喝水。"),
    "S000031_P0000_T00": ("test", 0, ["书", "什么"], "什么书？"),
}
"""Name -> split, signer, glosses, sentence."""


def csl_daily(root: Path, length: int = 8, version: str = "v2") -> Path:
    """Frames, labels and splits."""
    info = [
        {
            "name": name,
            "length": length,
            "label_gloss": gloss,
            "label_char": list(text),
            "label_word": [text],
            "label_postag": ["x"],
            "signer": signer,
            "time": 0,
        }
        for name, (_, signer, gloss, text) in CSL_CLIPS.items()
    ]
    pickled(root / f"sentence_label/csl2020ct_{version}.pkl", {"info": info, "gloss_map": [], "char_map": [], "word_map": []})
    lines = ["name|split", *(f"{name}|{row[0]}" for name, row in CSL_CLIPS.items())]
    (root / "sentence_label/split_1.txt").write_text("\n".join(lines) + "\n", "utf-8")
    for number, name in enumerate(CSL_CLIPS):
        frames(root / "sentence/frames_512x512" / name, length, number, 32, 32, "{:06d}.jpg")
    return root


SLOVO_CLIPS = [
    *(("слон", "train"), ("слон", "test"), ("вода", "train"), ("вода", "test"), ("ёлка", "train"), ("ёлка", "test")),
    *(("доброе утро", "train"), ("доброе утро", "test"), ("no_event", "train"), ("no_event", "test")),
]
"""Word and split of each clip."""


def slovo_id(number: int) -> str:
    return f"{number:08x}-0000-4000-8000-000000000000"


def slovo(root: Path, delimiter: str = "\t", full: bool = False) -> Path:
    """Annotations and videos, trimmed to 8 frames or in full with 8 more before and after."""
    columns = ["attachment_id", "user_id", "height", "width", "length", "text", "train", "begin", "end"]
    lines = [delimiter.join(columns)]
    for number, (word, split) in enumerate(SLOVO_CLIPS):
        name = slovo_id(number)
        row = [name, f"user{number % 3}", "32", "24", "24.0", word, str(split == "train"), "8", "16"]
        lines.append(delimiter.join(row))
        folder = root / "slovo_full" if full else root / split
        mp4(folder / f"{name}.mp4", 24 if full else 8, number, fps=30, height=32, width=24)
    (root / "annotations.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return root


HOW2SIGN = {
    "train": [("vid1", 0, 5, "And here is the first."), ("vid1", 1, 5, 'He said: "now".')],
    "val": [("vid2", 0, 8, "A dev sentence, with a comma.")],
    "test": [("vid3", 0, 3, "The last one."), ("vid3", 1, 3, "Goodbye!")],
}
"""Split of the data set -> video, number, signer, sentence; each lasts 0.32 s."""


def how2sign(root: Path, realigned: bool = True, clips: bool = True, whole: bool = False, points: bool = True) -> Path:
    """Tables separated by tabs, clips of 8 frames, whole videos, OpenPose's files."""
    root.mkdir(parents=True, exist_ok=True)
    times = ("START_REALIGNED", "END_REALIGNED") if realigned else ("START", "END")
    for split, rows in HOW2SIGN.items():
        lines = ["\t".join(("VIDEO_ID", "VIDEO_NAME", "SENTENCE_ID", "SENTENCE_NAME", *times, "SENTENCE"))]
        for video, number, signer, text in rows:
            name, sentence = f"{video}-{signer}-rgb_front", f"{video}_{number}-{signer}-rgb_front"
            lines.append(
                "\t".join((video, name, f"{video}_{number}", sentence, f"{0.4 * number:.2f}", f"{0.4 * number + 0.32:.2f}", text))
            )
            if clips:
                mp4(root / f"{split}_rgb_front_clips/raw_videos/{sentence}.mp4", 8, number)
            if points:
                openpose(root / f"{split}_2D_keypoints/openpose_output/json" / sentence, 8)
            if whole and number == 0:
                mp4(root / f"{split}_raw_videos/raw_videos/{name}.mp4", 25, 1)
        path = root / f"how2sign_{'realigned_' if realigned else ''}{split}.csv"
        path.write_text("\n".join(lines) + "\n", "utf-8")
    return root


def openpose(folder: Path, count: int) -> None:
    """A file for each frame: 25 points of the body, 70 of the face, 21 of each hand, each with x, y and confidence."""
    folder.mkdir(parents=True)
    sizes = {"pose": 25, "face": 70, "hand_left": 21, "hand_right": 21}
    for number in range(count):
        person = {f"{part}_keypoints_2d": [100.0 + number, 50.0, 0.9] * size for part, size in sizes.items()}
        content = {"version": 1.3, "people": [person]}
        (folder / f"{folder.name}_{number:012d}_keypoints.json").write_text(json.dumps(content))


def described(root: Path, **changes: object) -> Path:
    """``corpus.yaml`` with a table, videos, key points and rotations of three clips."""
    import yaml

    fields = {
        "name": "my-corpus",
        "licence": "CC0-1.0",
        "clips": "clips.csv",
        "splits": ["train", "test"],
        "fps": 25.0,
        "texts": "with final full stops",
        "media": {
            "video": "videos/{split}/{id}",
            "pose": "points/{id}.npz",
            "motion": "bodies/{file}.npz",
            "rendering:smplx": "drawn/{id}",
        },
    }
    rows = [
        ("one", "train", "Rain, again.", "RAIN AGAIN", "ann"),
        ("two", "test", "Sun.", "SUN", "bob"),
        ("three", "test", "Wind.", "WIND", "ann"),
    ]
    for number, (name, split, *_) in enumerate(rows):
        frames(root / f"videos/{split}/{name}", 6, number, 24, 32)
        (root / "points").mkdir(exist_ok=True)
        (root / "bodies").mkdir(exist_ok=True)
        write_pose(root / f"points/{name}.npz", swaying_pose(6, number, "coco-wholebody-133", 2))
        np.savez(root / f"bodies/{name}.npz", rotations=np.full((6, 55, 3), 0.01 * number, np.float32))
        mp4(root / f"drawn/{name}.mp4", 6, number)
    lines = [
        "id,split,text,gloss,signer",
        *(f'{name},{split},"{text}",{gloss},{signer}' for name, split, text, gloss, signer in rows),
    ]
    (root / "clips.csv").write_text("\n".join(lines) + "\n", "utf-8")
    (root / "corpus.yaml").write_text(yaml.safe_dump({**fields, **changes}, allow_unicode=True), "utf-8")
    return root
