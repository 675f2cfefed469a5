"""Models by what is typed, and whole data sets of them from the command line."""

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from facewright.cli import main
from facewright.dataset import DatasetConfig, from_json, to_json
from facewright.errors import FacewrightError
from facewright.geometry import ARCFACE_112
from facewright.models import model_digest, open_model, parse_model
from facewright.people.config import PeopleConfig
from facewright.render.renderer import render
from facewright.scenes.sampler import Sampler, SamplerConfig
from tests.models import made_models as made


@pytest.fixture(scope="module")
def specs(tmp_path_factory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("models")
    made.write_statismo(folder / "a.h5")
    made.write_bfm2009(folder / "b.mat")
    made.write_flame(folder / "c.pkl")
    made.write_flame_colours(folder / "c.npz")
    made.write_ict(folder / "FaceXModel")
    return {
        "bfm2017": f"bfm2017:{folder}/a.h5",
        "bfm2019": f"bfm2019:{folder}/a.h5",
        "bfm2009": f"bfm2009:{folder}/b.mat",
        "flame": f"flame:{folder}/c.pkl",
        "flame with colours": f"flame:{folder}/c.pkl,{folder}/c.npz",
        "ict": f"ict:{folder}/FaceXModel",
    }


def test_text_is_taken_apart():
    files = parse_model("flame:x/generic_model.pkl,y/albedo.npz,uv.npz,points.txt")
    assert files.kind == "flame"
    assert files.path == Path("x/generic_model.pkl")
    assert files.colours == (Path("y/albedo.npz"), Path("uv.npz"))
    assert files.landmarks == Path("points.txt")
    assert files.name == "flame:generic_model.pkl,albedo.npz,uv.npz,points.txt"


@pytest.mark.parametrize(
    "text",
    [
        "", "flame", "flame:", "bfm2017", "sfm:a.bin", "bfm2017:a.h5,", "bfm2017:a.h5,b.npz", "flame:a.pkl,b.h5",
        "ict:a,b.txt,c.txt", ":a.h5", "BFM2017:a.h5",
    ],
)  # fmt: skip
def test_other_texts_are_refused(text: str):
    with pytest.raises(FacewrightError, match="model: found") as caught:
        parse_model(text)
    assert "\n" not in str(caught.value)
    with pytest.raises(FacewrightError, match="model: found"):
        DatasetConfig(model=text)


@pytest.mark.parametrize("kind", ["bfm2017", "bfm2019", "bfm2009", "flame", "flame with colours", "ict"])
def test_every_kind_is_drawn_into_the_crop(specs: dict[str, str], kind: str):
    model = open_model(parse_model(specs[kind]))
    assert model.name == kind.split()[0]
    sampler = Sampler(SamplerConfig(), 3, model)
    renderings = [render(sampler.person(i), sampler.scenes(i, 0, 3), ARCFACE_112) for i in range(2)]
    for rendering in renderings:
        points = rendering.landmarks_px
        eyes = points[:, 36:48].reshape(-1, 2, 6, 2).mean(axis=2)
        mouth = points[:, [48, 54]].mean(axis=1)
        wanted = ARCFACE_112.points_px
        assert np.abs(eyes - wanted[:2]).max() < 14
        assert np.abs(mouth - wanted[3:].mean(axis=0)).max() < 14
        centre = rendering.images[:, 45:85, 40:72].astype(float)
        assert centre.std() > 5
    assert (renderings[0].images != renderings[1].images).mean() > 0.5


def test_scenes_are_the_same_however_many_and_nothing_is_worn(specs: dict[str, str]):
    sampler = Sampler(SamplerConfig(), 3, open_model(parse_model(specs["flame"])))
    all_of_them, one = sampler.scenes(1, 0, 6), sampler.scenes(1, 4, 1)
    np.testing.assert_array_equal(all_of_them.expression[4:5], one.expression)
    assert all_of_them.expression.shape == (6, 109)
    assert (all_of_them.expression[:, :100] < 0).any()
    assert not sampler.scenes(1, 0, 50).worn.any()


def test_digest_follows_every_file(specs: dict[str, str], tmp_path: Path):
    digests = {model_digest(parse_model(spec)) for spec in specs.values()}
    assert len(digests) == len(specs)
    moved = tmp_path / "a.h5"
    original = parse_model(specs["bfm2017"]).path
    moved.write_bytes(original.read_bytes())
    assert model_digest(parse_model(f"bfm2017:{moved}")) == model_digest(parse_model(specs["bfm2017"]))
    moved.write_bytes(original.read_bytes() + b"x")
    assert model_digest(parse_model(f"bfm2017:{moved}")) != model_digest(parse_model(specs["bfm2017"]))
    for spec in ("flame:none.pkl", "ict:none", f"bfm2009:{tmp_path}"):
        with pytest.raises(FacewrightError):
            model_digest(parse_model(spec))


def _generate(out: Path, spec: str, *more: str) -> int:
    return main(
        ["generate", str(out), "--people", "2", "--samples", "2", "--workers", "1", "--model", spec, *more]
    )


@pytest.mark.parametrize("kind", ["bfm2009", "ict"])
def test_data_set_from_the_command_line(specs: dict[str, str], tmp_path: Path, kind: str, capsys):
    assert _generate(tmp_path / "out", specs[kind]) == 0
    table = pq.read_table(tmp_path / "out" / "000000.parquet")
    assert table.num_rows == 4
    assert ("expression" in table.column_names) == (kind == "ict")
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert config["config"]["model"] == parse_model(specs[kind]).name
    assert config["head"] == model_digest(parse_model(specs[kind]))
    before = (tmp_path / "out" / "000000.tar").read_bytes()
    assert _generate(tmp_path / "out", specs[kind]) == 0
    assert (tmp_path / "out" / "000000.tar").read_bytes() == before


def test_changed_model_is_not_mixed_in_and_a_moved_one_goes_on(specs: dict[str, str], tmp_path: Path, capsys):
    original = parse_model(specs["bfm2017"]).path.read_bytes()
    for place in ("first", "second"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "a.h5").write_bytes(original)
    assert _generate(tmp_path / "out", f"bfm2017:{tmp_path}/first/a.h5") == 0
    assert _generate(tmp_path / "out", f"bfm2017:{tmp_path}/second/a.h5") == 0
    made.write_statismo(tmp_path / "second" / "a.h5", version=(1, 0))
    open_model.cache_clear()
    assert _generate(tmp_path / "out", f"bfm2017:{tmp_path}/second/a.h5") == 2
    assert "begun with other settings: head was" in capsys.readouterr().err
    assert _generate(tmp_path / "out", specs["ict"]) == 2
    assert _generate(tmp_path / "new", f"flame:{tmp_path}/first/a.h5") == 2
    assert not (tmp_path / "new").exists()


def test_preview_from_the_command_line(specs: dict[str, str], tmp_path: Path):
    sheet = tmp_path / "sheet.png"
    assert main(["preview", str(sheet), "--people", "2", "--samples", "2", "--model", specs["flame"]]) == 0
    assert sheet.stat().st_size > 10_000


def test_attributes_are_the_embedded_heads_alone(specs: dict[str, str]):
    people = PeopleConfig(age=SamplerConfig().camera.distance_mm.__class__(20, 30))
    with pytest.raises(FacewrightError, match="age: found a value, expected none with --model"):
        DatasetConfig(sampler=SamplerConfig(people=people), model=specs["ict"])


def test_config_keeps_its_model(specs: dict[str, str]):
    config = DatasetConfig(model=specs["flame"])
    assert from_json(to_json(config)) == config
    assert from_json("{}").model is None
