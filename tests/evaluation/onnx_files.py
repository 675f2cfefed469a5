"""Small ONNX files written by hand: nothing that tests need writes them."""


def varint(number: int) -> bytes:
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def message(*entries: tuple[int, int | str | bytes]) -> bytes:
    """Protocol-buffer encoding of (field number, value)."""
    encoded = b""
    for number, value in entries:
        if isinstance(value, int):
            encoded += varint(number << 3) + varint(value)
        else:
            data = value.encode() if isinstance(value, str) else value
            encoded += varint(number << 3 | 2) + varint(len(data)) + data
    return encoded


def tensor(name: str, shape: list[int | str]) -> bytes:
    sizes = [(1, message((1 if isinstance(size, int) else 2, size))) for size in shape]
    return message((1, name), (2, message((1, message((1, 1), (2, message(*sizes)))))))


def one_node(
    operator: str, shape: list[int | str], output: list[int | str], second_input: bool = False
) -> bytes:
    """An ONNX model of one operator on its input; a second input is taken and left alone."""
    node = message((1, "pixels"), (2, "out"), (4, operator))
    inputs = [(11, tensor("pixels", shape)), *([(11, tensor("mask", shape))] if second_input else [])]
    graph = message((1, node), (2, "graph"), *inputs, (12, tensor("out", output)))
    return message((1, 8), (7, graph), (8, message((1, ""), (2, 13))))


def channel_means(shape: list[int | str]) -> bytes:
    """A model that returns the mean of each channel."""
    return one_node("GlobalAveragePool", shape, [shape[0], 3, 1, 1])
