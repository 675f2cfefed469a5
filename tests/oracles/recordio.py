"""RecordIO and InsightFace's reading of it, word for word as the format says, one 4-byte word at a time."""

from __future__ import annotations

import struct

MAGIC = 0xCED7230A


def write(records: list[bytes]) -> tuple[bytes, list[int]]:
    """The bytes of a file and the offset of each record, as dmlc-core's writer makes them."""
    out, offsets = bytearray(), []
    for data in records:
        offsets.append(len(out))
        begin = 0
        for place in range(0, len(data) // 4 * 4, 4):
            if struct.unpack_from("<I", data, place)[0] == MAGIC:
                part = data[begin:place]
                out += struct.pack("<II", MAGIC, (1 if begin == 0 else 2) << 29 | len(part)) + part
                begin = place + 4
        part = data[begin:]
        out += struct.pack("<II", MAGIC, (3 if begin else 0) << 29 | len(part)) + part
        while len(out) % 4:
            out.append(0)
    return bytes(out), offsets


def read(content: bytes, offset: int) -> bytes:
    """The record at an offset."""
    data = bytearray()
    while True:
        magic, word = struct.unpack_from("<II", content, offset)
        assert magic == MAGIC
        kind, length = word >> 29, word & 0x1FFFFFFF
        data += content[offset + 8 : offset + 8 + length]
        offset += 8 + (length + 3) // 4 * 4
        if kind in (0, 3):
            return bytes(data)
        data += struct.pack("<I", MAGIC)


def unpack(record: bytes) -> tuple[int, list[float], int, bytes]:
    """flag, labels, id, image."""
    flag, label, number, _ = struct.unpack_from("<IfQQ", record)
    labels = list(struct.unpack_from(f"<{flag}f", record, 24)) if flag else [label]
    return flag, labels, number, record[24 + 4 * flag :]


class InsightFaceSet:
    """Looks a training set up as ArcFace's PyTorch loader does: by the header record, and by identities."""

    def __init__(self, rec: bytes, idx: str) -> None:
        self.content = rec
        self.offsets = {int(line.split("\t")[0]): int(line.split("\t")[1]) for line in idx.splitlines()}
        flag, labels, _, _ = unpack(read(rec, self.offsets[0]))
        self.header = [int(label) for label in labels] if flag > 0 else None
        self.keys = list(range(1, self.header[0])) if self.header else list(self.offsets)

    def image(self, key: int) -> tuple[int, bytes]:
        _, labels, _, image = unpack(read(self.content, self.offsets[key]))
        return int(labels[0]), image

    def identities(self) -> list[range]:
        """The keys of each person's images."""
        assert self.header is not None
        bounds = [unpack(read(self.content, self.offsets[key]))[1] for key in range(*self.header)]
        return [range(int(first), int(end)) for first, end in bounds]
