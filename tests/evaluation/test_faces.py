"""Which images are looked at and how they become crops: data sets of bright squares on the person's colour."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from facewright import FacewrightError
from facewright.dataset import DatasetConfig, DrawnPerson, generate
from facewright.evaluation import faces
from facewright.evaluation.embedders import Embedder
from facewright.evaluation.evaluate import evaluate_synthetic
from facewright.evaluation.faces import FaceSet, SelectionOptions, embed_faces, matching_face, open_faces
from facewright.formats import open_dataset
from facewright.geometry import ARCFACE_112, FACENET_96, Crop
from facewright.photos.mtcnn import Detections, Detector, DetectorConfig
from tests.evaluation.fakes import ColourEmbedder, MemoryReader, colour_of, encoded, face

BOX_PX = 30
SHAPE_IN_BOX = np.array([[0.3, 0.35], [0.7, 0.36], [0.5, 0.55], [0.35, 0.75], [0.66, 0.77]])


class SquareDetector(Detector):
    """Finds the bright square, and in every image with one also a face in the corner that is none."""

    def detect(self, image: np.ndarray) -> Detections:
        rows, columns = np.nonzero(image.min(axis=2) > 230)
        if not len(rows):
            return Detections(np.empty((0, 4)), np.empty(0), np.empty((0, 5, 2)))
        box = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1], np.float64)
        boxes = np.stack([np.array([0.0, 0.0, 20.0, 20.0]), box])
        landmarks = boxes[:, None, :2] + SHAPE_IN_BOX * (boxes[:, None, 2:] - boxes[:, None, :2])
        return Detections(boxes, np.array([0.9, 0.8]), landmarks)


def square_photo(person: int, x: int | None, y: int = 80, side: int = 224) -> np.ndarray:
    """A bright square on the person's colour, darkened so that it is no face."""
    image = np.empty((side, side, 3), np.uint8)
    image[:] = colour_of(person) * 0.7
    if x is not None:
        image[y : y + BOX_PX, x : x + BOX_PX] = 255
    return image


def draw_frames(config: DatasetConfig, index: int) -> DrawnPerson:
    """The square is where the landmarks say, but elsewhere in the last image. Yaw is 30 degrees times the sample."""
    images = [square_photo(index, 80 + sample) for sample in range(config.samples - 1)]
    landmarks = np.zeros((config.samples, 68, 2), np.float32)
    for sample in range(config.samples):
        points = np.array([80 + sample, 80]) + SHAPE_IN_BOX * BOX_PX
        landmarks[sample, 36:42], landmarks[sample, 42:48] = points[0], points[1]
        landmarks[sample, [30, 48, 54]] = points[2:]
    images.append(square_photo(index, 10, 150))
    yaw = 30 * np.arange(config.samples, dtype=np.float32)
    return DrawnPerson(np.stack(images), {"yaw_deg": yaw, "landmarks_px": landmarks})


@pytest.fixture(autouse=True)
def fake_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    def networks_are_not_run(batch: np.ndarray) -> list[np.ndarray]:
        raise AssertionError

    detector = SquareDetector(DetectorConfig(), "squares", *[networks_are_not_run] * 3)
    monkeypatch.setattr(faces, "load_detector", lambda config=None: detector)


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    config = DatasetConfig(people=3, samples=4, crop="frame224")
    generate(tmp_path / "frames", config, draw=draw_frames, quiet=True)
    return tmp_path / "frames"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Ann and Bob have three photos each, one without a face; Cid has one."""
    for person, (name, places) in enumerate(
        {"Ann": (20, 150, None), "Bob": (40, None, 80), "Cid": (60,)}.items()
    ):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for index, x in enumerate(places):
            photo = square_photo(person, x, side=240 + index)
            cv2.imwrite(str(tmp_path / "photos" / name / f"{index}.png"), photo[..., ::-1])
    return tmp_path / "photos"


def opened(path: Path, crop: Crop = ARCFACE_112, **options: object) -> FaceSet:
    return open_faces(open_dataset(path), crop, SelectionOptions(**options))  # type: ignore[arg-type]


def test_frames_are_aligned_by_the_face_that_agrees_with_their_landmarks(frames: Path) -> None:
    chosen = opened(frames)
    assert chosen.kind == "frame"
    embedded = embed_faces(chosen, ColourEmbedder(), workers=2)
    np.testing.assert_array_equal(embedded.found, [True, True, True, False] * 3)
    np.testing.assert_array_equal(embedded.rows, np.arange(12))
    np.testing.assert_array_equal(embedded.labels, np.arange(3).repeat(4))
    assert embedded.keys[5] == "00000001_0001"
    for row, bright in ((0, True), (1, True), (3, False)):
        crop = chosen.face(row, chosen.reader.read(row)).crop
        assert crop is not None
        assert crop.shape == (112, 112, 3)
        assert (crop[60:90, 45:70].mean() > 250) == bright  # between the eyes and the mouth


def test_poses_are_looked_up(frames: Path) -> None:
    chosen = opened(frames, max_yaw=30)
    np.testing.assert_array_equal(chosen.rows, [0, 1, 4, 5, 8, 9])
    with pytest.raises(FacewrightError, match="has 0 people with 3 or more such images"):
        opened(frames, max_yaw=30, min_images=3)


def test_photos_without_a_face_are_left_out(photos: Path) -> None:
    chosen = opened(photos, min_images=2)
    assert chosen.kind == "photo"
    seen: list[tuple[int, int]] = []
    embedded = embed_faces(chosen, ColourEmbedder(), progress=lambda done, total: seen.append((done, total)))
    np.testing.assert_array_equal(embedded.found, [True, True, False, True, False, True])
    np.testing.assert_array_equal(embedded.rows, [0, 1, 3, 5])
    assert embedded.keys == ("Ann/0", "Ann/1", "Bob/0", "Bob/2")
    assert embedded.vectors.shape == (4, 3)
    assert seen[-1] == (6, 6)
    with pytest.raises(FacewrightError, match="photos: has no parameter tables"):
        opened(photos, max_yaw=45)


def test_people_are_counted_and_cut(photos: Path) -> None:
    assert len(opened(photos).rows) == 7
    assert len(opened(photos, max_people=2).rows) == 6
    with pytest.raises(FacewrightError, match="has 0 people with 4 or more"):
        opened(photos, min_images=4)


@pytest.mark.parametrize(
    ("size", "crop", "align", "kind"),
    [
        (112, ARCFACE_112, "auto", "stored"),
        (112, FACENET_96, "auto", "photo"),
        (112, FACENET_96, "stored", "stored"),
        (112, ARCFACE_112, "detect", "photo"),
    ],
)
def test_the_judges_size_means_aligned_unless_stated(size: int, crop: Crop, align: str, kind: str) -> None:
    options = SelectionOptions(align=align)  # type: ignore[arg-type]
    assert open_faces(MemoryReader(2, 2, size), crop, options).kind == kind


def test_crops_of_generate_are_aligned_at_any_size(tmp_path: Path) -> None:
    def draw(config: DatasetConfig, index: int) -> DrawnPerson:
        images = np.stack([face(index, sample, 96) for sample in range(config.samples)])
        return DrawnPerson(images, {"yaw_deg": np.zeros(config.samples, np.float32)})

    generate(tmp_path / "set", DatasetConfig(people=2, samples=2, crop="facenet96"), draw=draw, quiet=True)
    chosen = opened(tmp_path / "set")
    assert chosen.kind == "stored"
    embedder = ColourEmbedder()
    assert isinstance(embedder, Embedder)
    embedded = embed_faces(chosen, embedder)
    similarity = embedded.vectors @ embedded.vectors.T
    assert similarity[0, 1] > 0.99
    assert embedded.found.all()


def test_frames_are_no_crops(frames: Path) -> None:
    with pytest.raises(FacewrightError, match="holds frame224 images, expected aligned crops"):
        opened(frames, align="stored")
    with pytest.raises(FacewrightError, match="holds frame224 images, expected aligned crops"):
        evaluate_synthetic(ColourEmbedder(), open_dataset(frames))


def test_crops_of_different_sizes_are_refused(photos: Path) -> None:
    with pytest.raises(FacewrightError, match=r"image Ann/1: is 241x241 px, expected 240x240"):
        embed_faces(opened(photos, align="stored"), ColourEmbedder())


def test_damaged_images_are_named(photos: Path) -> None:
    (photos / "Bob" / "1.png").write_bytes(b"no image")
    with pytest.raises(FacewrightError, match=r"photos, image 4: found 8 bytes that are no image"):
        embed_faces(opened(photos), ColourEmbedder())


def test_no_face_at_all_is_an_error(tmp_path: Path) -> None:
    for name in ("Ann", "Bob"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(encoded(square_photo(1, None)))
    with pytest.raises(FacewrightError, match="found faces in 0 of 2 images"):
        embed_faces(opened(tmp_path), ColourEmbedder())


def test_the_nearest_landmarks_match_if_their_box_holds_the_face() -> None:
    known = ARCFACE_112.points_px
    eyes_px = float(np.linalg.norm(known[1] - known[0]))
    around = np.concatenate([known.min(axis=0), known.max(axis=0)]) + np.array([-2.0, -2, 2, 2])

    def detections(*offsets: float, box: np.ndarray = around) -> Detections:
        landmarks = np.stack([known + np.array([offset * eyes_px, 0]) for offset in offsets])
        return Detections(np.tile(box, (len(offsets), 1)), np.ones(len(offsets)), landmarks)

    assert matching_face(detections(3.0, 0.1, 0.2), known) == 1
    assert matching_face(detections(0.6), known) == 0
    without_one_eye = np.array([40.0, *around[1:]])
    assert matching_face(detections(0.0, box=without_one_eye), known) == 0
    upper_half = np.array([*around[:3], 80.0])
    assert matching_face(detections(0.0, box=upper_half), known) is None
    assert matching_face(Detections(np.zeros((0, 4)), np.zeros(0), np.zeros((0, 5, 2))), known) is None


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"max_yaw": -1.0}, "max_yaw: found -1"),
        ({"min_images": 0}, "min_images: found 0"),
        ({"max_people": 1}, "max_people"),
    ],
)
def test_impossible_selections_are_refused(options: dict[str, float], part: str) -> None:
    with pytest.raises(FacewrightError, match=part):
        SelectionOptions(**options)  # type: ignore[arg-type]
