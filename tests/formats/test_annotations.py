import io
import tarfile

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from facewright.formats import open_dataset, read_annotations
from facewright.formats.annotations import pack_annotations, unpack_annotations

KINDS = st.sampled_from([np.uint8, np.int32, np.float32, np.float64])


@given(
    st.dictionaries(
        st.sampled_from(["depth", "normals", "uv", "triangle"]),
        KINDS.flatmap(lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=2, max_dims=3))),
        min_size=1,
    )
)
def test_packing_loses_nothing(values):
    packed = pack_annotations(values)
    assert packed == pack_annotations(values)
    found = unpack_annotations(packed)
    assert list(found) == list(values)
    for name, array in values.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)
    with np.load(io.BytesIO(packed)) as loaded:
        assert loaded.files == list(values)


def test_what_is_not_packed_is_refused():
    packed = pack_annotations({"depth": np.ones((9, 9))})
    for data in (b"", b"PK", packed[:-30], packed[:60] + b"????" + packed[64:]):
        with pytest.raises(ValueError, match=r"."):
            unpack_annotations(data)


def test_tar_files_by_others(tmp_path):
    """Whatever lies between an image and its annotations, and images without any."""
    packed = pack_annotations({"depth": np.arange(6.0).reshape(2, 3)})
    members = {
        "a/0.json": b"{}",
        "a/0.jpg": b"x" * 700,
        "a/0.txt": b"t" * 1025,
        "a/0.cls": b"4",
        "a/0.npz": packed,
    }
    members |= {"a/01.jpg": b"y", "a/01.cls": b"5"}
    with tarfile.open(tmp_path / "0.tar", "w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    reader = open_dataset(tmp_path / "0.tar")
    np.testing.assert_array_equal(read_annotations(reader, 0)["depth"], np.arange(6.0).reshape(2, 3))
    assert reader.annotations(1) is None
    with pytest.raises(IndexError):
        reader.annotations(2)
