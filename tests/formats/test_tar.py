import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facewright import FacewrightError
from facewright.formats.tar import BLOCK, END, checksum_is_right, member, scan

names = st.text("abcdefghijklmnopqrstuvwxyz0123456789_.-", min_size=1, max_size=100)


@given(st.dictionaries(names, st.binary(max_size=1600), max_size=5))
def test_the_standard_library_reads_what_is_written(files):
    archive = b"".join(member(name, data) for name, data in files.items()) + END
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as opened:
        entries = opened.getmembers()
        contents = {entry.name: opened.extractfile(entry).read() for entry in entries}
    assert contents == files
    assert list(contents) == list(files)
    assert all((e.mtime, e.uid, e.gid, e.mode, e.isfile()) == (0, 0, 0, 0o644, True) for e in entries)


@given(names, st.binary(max_size=1600), st.integers(0, BLOCK - 1), st.integers(1, 255))
def test_checksum_notices_one_changed_byte(name, data, position, change):
    header = bytearray(member(name, data)[:BLOCK])
    assert checksum_is_right(bytes(header))
    header[position] ^= change
    if 148 <= position < 156:  # the checksum field itself: blanks and zeros have several spellings
        return
    assert not checksum_is_right(bytes(header))


def test_a_name_that_does_not_fit_is_refused():
    assert len(member("a" * 100, b"")) == BLOCK
    with pytest.raises(ValueError, match="found 101 characters, expected at most 100"):
        member("a" * 101, b"")


@pytest.mark.parametrize("format", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_scan_finds_the_bytes_in_archives_of_other_tools(tmp_path, format):
    files = {
        "./part/first.jpg": b"one",
        "./part/first.cls": b"5",
        "./part/first.json": b"{}",
        "./" + "long/" * 30 + "second.left.png": b"not this",
        "./" + "long/" * 30 + "second.PNG": b"2" * 700,
        "./" + "long/" * 30 + "second.cls": b"3\n",
    }
    with tarfile.open(tmp_path / "a.tar", "w", format=format) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1234.5
            if format != tarfile.PAX_FORMAT:
                info.mtime = 1234
            archive.addfile(info, io.BytesIO(data))
    index = scan(tmp_path / "a.tar")
    whole = (tmp_path / "a.tar").read_bytes()
    assert [key.split("/")[-1] for key in index.keys] == ["first", "second"]
    assert index.labels.tolist() == [5, 3]
    places = zip(index.offsets.tolist(), index.sizes.tolist(), strict=True)
    assert [whole[offset : offset + size] for offset, size in places] == [b"one", b"2" * 700]


def test_a_label_below_zero_is_refused(tmp_path):
    file = tmp_path / "set.tar"
    file.write_bytes(member("0.jpg", b"\xff\xd8") + member("0.cls", b"-1") + END)
    with pytest.raises(FacewrightError, match=r"label 0\.cls: found '-1', expected an integer of 0 or more"):
        scan(file)
