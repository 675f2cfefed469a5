import cv2
import numpy as np
import pytest

from facewright import FacewrightError
from facewright.dataset import DatasetConfig, contact_sheet, preview
from tests.dataset.fakes import SIZE_PX, draw_fake


def test_every_image_is_where_its_row_and_column_say():
    images = np.arange(2 * 3 * 4 * 5 * 3, dtype=np.uint8).reshape(2, 3, 4, 5, 3)
    sheet = contact_sheet(images)
    assert sheet.shape == (2 + 2 * (4 + 2), 2 + 3 * (5 + 2), 3)
    paper = np.ones(sheet.shape[:2], bool)
    for row in range(2):
        for column in range(3):
            place = np.s_[2 + row * 6 : 6 + row * 6, 2 + column * 7 : 7 + column * 7]
            np.testing.assert_array_equal(sheet[place], images[row, column])
            paper[place] = False
    assert (sheet[paper] == 255).all()


def test_preview_writes_people_in_rows(tmp_path):
    config = DatasetConfig(people=3, samples=2, first_person=5)
    preview(config, tmp_path / "sheet.png", draw_fake)
    written = cv2.cvtColor(cv2.imread(str(tmp_path / "sheet.png")), cv2.COLOR_BGR2RGB)
    expected = contact_sheet(np.stack([draw_fake(config, person).images for person in (5, 6, 7)]))
    assert expected.shape[0] > expected.shape[1] == 2 + 2 * (SIZE_PX + 2)
    np.testing.assert_array_equal(written, expected)
    assert [path.name for path in tmp_path.iterdir()] == ["sheet.png"]


@pytest.mark.parametrize(
    ("name", "message"),
    [("absent/sheet.png", "cannot be written"), ("sheet.gif", r"found suffix '.gif', expected .png")],
)
def test_preview_to_an_impossible_path(tmp_path, name, message):
    with pytest.raises(FacewrightError, match=message):
        preview(DatasetConfig(people=1, samples=1), tmp_path / name, draw_fake)
    assert not list(tmp_path.iterdir())


def test_preview_onto_a_folder(tmp_path):
    (tmp_path / "sheet.png").mkdir()
    with pytest.raises(FacewrightError, match=r"sheet.png: cannot be written: Is a directory"):
        preview(DatasetConfig(people=1, samples=1), tmp_path / "sheet.png", draw_fake)
