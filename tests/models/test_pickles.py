"""Pickles: arrays come out whole, whoever wrote them; nothing else is let in."""

import os
import pickle
import subprocess
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from facewright.errors import FacewrightError
from facewright.models.pickles import read_pickled_arrays
from tests.models.made_models import pretended_modules, python2_pickle


def _write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@settings(max_examples=20)
@given(
    shape=st.lists(st.integers(0, 4), min_size=0, max_size=3),
    kind=st.sampled_from(["f8", "f4", "i4", "u4", "i8", ">f8", ">u2", "u1", "b1"]),
    fortran=st.booleans(),
    protocol=st.integers(-1, 5),
)
def test_arrays_come_out_as_they_went_in(tmp_path_factory, shape, kind, fortran, protocol):
    array = np.arange(int(np.prod(shape))).reshape(shape).astype(kind)
    array = np.asfortranarray(array) if fortran else array
    content = {"array": array, "name": "flame", "number": 4}
    packed = python2_pickle(content) if protocol < 0 else pickle.dumps(content, protocol=protocol)
    read = read_pickled_arrays(_write(tmp_path_factory.mktemp("p") / "a.pkl", packed))
    np.testing.assert_array_equal(read["array"], array)
    assert read["array"].dtype == array.dtype.newbyteorder("=")
    assert read["array"].shape == array.shape
    assert (read["name"], read["number"]) == ("flame", 4)


@pytest.mark.parametrize("protocol", [0, 1, 2, 4, 5])
def test_stand_ins_become_arrays(tmp_path: Path, protocol: int):
    matrix = np.array([[0.0, 2.0, 0.0], [1.0, 0.0, 3.0]])
    with pretended_modules() as (ch, csc):
        packed = pickle.dumps({"a": ch(matrix), "b": csc(matrix)}, protocol=protocol)
    read = read_pickled_arrays(_write(tmp_path / "a.pkl", packed))
    np.testing.assert_array_equal(read["a"], matrix)
    np.testing.assert_array_equal(read["b"], matrix)


@pytest.mark.parametrize("kind", [scipy.sparse.csc_matrix, scipy.sparse.csr_matrix])
def test_todays_sparse_matrices(tmp_path: Path, kind):
    matrix = np.array([[0.0, 2.0, 0.0, 5.0], [1.0, 0.0, 3.0, 0.0]])
    packed = pickle.dumps({"J": kind(matrix)}, protocol=2)
    np.testing.assert_array_equal(read_pickled_arrays(_write(tmp_path / "a.pkl", packed))["J"], matrix)


class _Runs:
    def __init__(self, function, *arguments) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "attack",
    [
        _Runs(os.system, "touch MARK"),
        _Runs(eval, "open('MARK', 'w')"),
        _Runs(subprocess.check_output, ["touch", "MARK"]),
        _Runs(np.load, "MARK"),
        _Runs(pickle.loads, b"cos\nsystem\n(S'touch MARK'\ntR."),
        Path("MARK"),
    ],
    ids=lambda attack: getattr(attack, "call", ("path",))[0].__str__()[:40],
)
def test_nothing_is_run(tmp_path: Path, monkeypatch, attack: object, protocol: int):
    monkeypatch.chdir(tmp_path)
    packed = pickle.dumps({"v_template": attack}, protocol=protocol)
    with pytest.raises(FacewrightError, match="in the pickle, expected nothing but arrays") as caught:
        read_pickled_arrays(_write(tmp_path / "a.pkl", packed))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "MARK").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"cnumpy.core.multiarray\n_reconstruct\n(cos\nsystem\n(I0\ntS'b'\ntR.",
        b"cnumpy.core\nmultiarray.os\n.",
        b"\x80\x04\x8c\x05numpy\x8c\x0eload.__globals__\x93.",
        b"ccopy_reg\n_reconstructor\n(cnumpy\nndarray\nc__builtin__\nobject\nNtR.",
        b"cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR.",
        b"cbuiltins\nobject\n(S'x'\ntR.",
        b"Pos.system\n.",
        b"(dS'a'\ncnumpy.core.multiarray\n_reconstruct\n(tRs.",
    ],
)
def test_handmade_pickles_are_refused(tmp_path: Path, content: bytes):
    with pytest.raises(FacewrightError) as caught:
        read_pickled_arrays(_write(tmp_path / "a.pkl", content))
    assert "\n" not in str(caught.value)


def test_arrays_of_objects_are_refused(tmp_path: Path):
    packed = pickle.dumps({"f": np.array([{}, 1], dtype=object)}, protocol=2)
    with pytest.raises(FacewrightError, match="expected plain numbers"):
        read_pickled_arrays(_write(tmp_path / "a.pkl", packed))


@settings(max_examples=60)
@given(data=st.data())
def test_damage_is_told_in_one_line(tmp_path_factory, data):
    with pretended_modules() as (ch, csc):
        whole = python2_pickle({"a": ch(np.arange(6.0)), "b": csc(np.eye(3)), "c": np.arange(3)})
    cut = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole)
    if data.draw(st.booleans()):
        damaged = damaged[:cut]
    else:
        damaged[cut] ^= data.draw(st.integers(1, 255))
    path = _write(tmp_path_factory.mktemp("p") / "a.pkl", bytes(damaged))
    said = _said(path)
    assert said is None or ("\n" not in said and said.startswith(str(path)))


def _said(path: Path) -> str | None:
    try:
        read_pickled_arrays(path)
    except FacewrightError as problem:
        return str(problem)
    return None


@pytest.mark.parametrize("content", [b"", b"I5\n.", b"]."])
def test_other_content_is_refused(tmp_path: Path, content: bytes):
    with pytest.raises(FacewrightError):
        read_pickled_arrays(_write(tmp_path / "a.pkl", content))
    with pytest.raises(FacewrightError, match="found no such file"):
        read_pickled_arrays(tmp_path / "none.pkl")
