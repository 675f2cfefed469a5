"""Places other than this machine's disk: a real S3-speaking server, and a file system that can only rename."""

import multiprocessing
import pickle
import uuid

import pyarrow.parquet as pq
import pytest
import simplejpeg
from moto.server import ThreadedMotoServer
from upath import UPath

from facewright import FacewrightError
from facewright.cli import main
from facewright.dataset import DatasetConfig, convert, generate, repair, verify
from facewright.formats import Sample, open_dataset, place, storage
from facewright.formats.atomic import AtomicFile, write_atomic, write_folder_atomic
from facewright.formats.tables import read_columns
from facewright.formats.webdataset import WebDatasetWriter
from tests.dataset.fakes import draw_fake

CONFIG = DatasetConfig(people=3, samples=10)  # shards of 20 and 10 images


@pytest.fixture(scope="module")
def server():
    """Its address, with the environment that every S3 client reads."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "testing")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        running.start()
        host, port = running.get_host_and_port()
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        storage.file_system(UPath("s3://faces")).mkdir("faces")
        yield f"http://{host}:{port}"
        running.stop()


@pytest.fixture
def bucket(server):
    """A new place on the server."""
    return place(f"s3://faces/{uuid.uuid4().hex}")


@pytest.fixture
def remote():
    """A new place on a remote file system that is quick, and no object store."""
    return place(f"memory://faces/{uuid.uuid4().hex}")


def everything(root):
    if isinstance(root, UPath):
        return {name: storage.read_all(root / name) for name, _ in storage._found(root)}
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_data_set_on_s3_is_the_same_as_on_a_disk(bucket, tmp_path):
    require_same(bucket, tmp_path, "webdataset")


def test_folders_of_people_elsewhere_are_the_same_as_on_a_disk(remote, tmp_path):
    require_same(remote, tmp_path, "folder")


def require_same(remote, tmp_path, format):
    generate(tmp_path / "set", CONFIG, format=format, draw=draw_fake, quiet=True)
    generate(remote, CONFIG, format=format, draw=draw_fake, quiet=True)
    assert everything(remote) == everything(tmp_path / "set")
    here, there = open_dataset(tmp_path / "set"), open_dataset(str(remote))
    assert list(there) == list(here)
    assert there.read(17) == here.read(17)
    assert there.labels.tolist() == here.labels.tolist()
    assert (
        read_columns(there, ["yaw_deg"])["yaw_deg"].tolist()
        == read_columns(here, ["yaw_deg"])["yaw_deg"].tolist()
    )
    assert pickle.loads(pickle.dumps(there)).read(3) == here.read(3)


def test_resumed_verified_and_repaired(bucket):
    remote = bucket
    generate(remote, CONFIG, draw=draw_fake, quiet=True)
    whole, system = everything(remote), storage.file_system(remote)
    for name in ("000001.tar", "manifest.json"):
        system.rm((remote / name).path)
    assert generate(remote, CONFIG, draw=draw_fake, quiet=True).drawn == 10
    assert everything(remote) == whole
    write_atomic(remote / "000001.tar", [b"damaged"])
    found = verify(remote, quiet=True)
    assert found.shards == ["000001"]
    repair(found, draw=draw_fake, quiet=True)
    assert everything(remote) == whole


def test_converted_there_and_back(remote, tmp_path):
    generate(tmp_path / "set", CONFIG, draw=draw_fake, quiet=True)
    convert(tmp_path / "set", remote, "insightface", quiet=True)
    assert [(s.jpeg, s.label) for s in open_dataset(remote)] == [
        (s.jpeg, s.label) for s in open_dataset(tmp_path / "set")
    ]
    convert(remote, tmp_path / "back", quiet=True)
    assert (tmp_path / "back/000001.tar").read_bytes() == (tmp_path / "set/000001.tar").read_bytes()


def test_other_settings_and_other_contents_are_refused_there_too(remote):
    generate(remote, CONFIG, draw=draw_fake, quiet=True)
    before = everything(remote)
    with pytest.raises(FacewrightError, match=r"begun with other settings: config.seed was 1, now 2"):
        generate(remote, DatasetConfig(people=3, samples=10, seed=2), draw=draw_fake, quiet=True)
    write_atomic(remote / "notes/thesis.txt", [b"x"])
    with pytest.raises(FacewrightError, match="found 1 files that are no facewright data set"):
        generate(remote / "notes", CONFIG, draw=draw_fake, quiet=True)
    assert {name: data for name, data in everything(remote).items() if "notes" not in name} == before


def test_readers_survive_a_fork(server):
    writer = WebDatasetWriter(place("s3://faces/forked"), "000000")
    for number in range(4):
        writer.add(Sample(f"{number:08d}_0000", bytes([number]) * 900, number))
    writer.close()
    reader = open_dataset("s3://faces/forked/000000.tar")
    expected = [reader.read(index) for index in range(4)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(reader.read, range(4), chunksize=1) == expected


@pytest.mark.parametrize("kind", ["bucket", "remote"])
def test_what_is_not_finished_is_not_visible(kind, request):
    remote = request.getfixturevalue(kind)

    def chunks():
        yield b"half"
        raise OSError(28, "No space left on device")

    with pytest.raises(FacewrightError, match="cannot be written: No space left on device"):
        write_atomic(remote / "a", chunks())
    file = AtomicFile(remote / "b")
    file.write(b"half")
    del file
    assert everything(remote) == {}


@pytest.mark.parametrize("kind", ["bucket", "remote"])
def test_a_folder_is_replaced(kind, request):
    remote = request.getfixturevalue(kind)
    write_folder_atomic(remote / "al", [("b", b"2"), ("a", b"1")])
    record = write_folder_atomic(remote / "al", [("c", b"345")])
    assert everything(remote) == {"al/c": b"345"}
    assert record.bytes == 3


def test_from_the_command_line(server, capsys, tmp_path):
    """A real person, drawn to S3 and looked at there."""
    arguments = ["--people", "1", "--samples", "2", "--workers", "1", "--background", "plain"]
    assert main(["generate", "s3://faces/typed", *arguments]) == 0
    assert main(["verify", "s3://faces/typed"]) == 0
    assert main(["inspect", "s3://faces/typed", "--out", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "s3://faces/typed: 2 images, everything as it was written" in out
    assert "yaw (deg)" in out
    assert simplejpeg.decode_jpeg((tmp_path / "contact_sheet.jpg").read_bytes()).shape == (116, 230, 3)
    table = pq.read_table(UPath("s3://faces/typed/000000.parquet").open("rb"))
    assert table.column("key").to_pylist() == ["00000000_0000", "00000000_0001"]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("s3://absent/set", "s3://absent/set: not found, expected a data set"),
        ("nope://x/set", "nope://x/set: not an address: "),
        ("gs://x/set", "gs://x/set: needs another package: Please install gcsfs"),
    ],
)
def test_wrong_addresses_are_one_line(server, address, message):
    with pytest.raises(FacewrightError) as caught:
        open_dataset(address)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_a_bucket_that_does_not_exist_is_not_made(server):
    with pytest.raises(
        FacewrightError, match=r"s3://absent/set/config.json: cannot be written: The specified bucket"
    ):
        generate("s3://absent/set", CONFIG, draw=draw_fake, quiet=True)
    assert not storage.file_system(UPath("s3://absent")).exists("absent")


def test_local_addresses_are_paths(tmp_path):
    assert place(f"file://{tmp_path}/set") == tmp_path / "set"
    assert place(str(tmp_path)) == tmp_path
