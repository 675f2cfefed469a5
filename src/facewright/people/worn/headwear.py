"""Caps, knitted hats and hats with a brim, laid round the shell of one head."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64, UInt8

from facewright.people.attachment import Attachment, Material
from facewright.people.worn.fit import FaceFit
from facewright.people.worn.mesh import Mesh, attach, grid_mesh, merged
from facewright.people.worn.shell import (
    COLUMNS,
    ROWS,
    Shell,
    between,
    direction_of,
    outward,
)
from facewright.people.worn.style import Draws
from facewright.people.worn.textures import knit, linear, panels, plain, weave

__all__ = ["Hat", "HatMesh", "build_hat", "draw_hat"]

_AROUND = np.arange(COLUMNS + 1, dtype=np.float64)


@dataclass(frozen=True)
class Hat:
    """One style of headwear before it is fitted; heights in mm.

    kind: cap, beanie or brimmed. front_mm: height of the rim above the brows; ears_mm: above the top of the ears;
    back_mm: above the top of the ears, behind. room_mm: between head and crown at the rim and at the top.
    backwards: the rim's front is behind. brim_mm: length of the visor or width of the brim. cuff_mm: of a knitted hat.
    crown_mm: height of a hat's crown above the head. band: tint of a hat's ribbon.
    """

    kind: str
    front_mm: float
    ears_mm: float
    back_mm: float
    room_mm: tuple[float, float]
    tint: tuple[float, float, float]
    second_tint: tuple[float, float, float]
    texture: UInt8[np.ndarray, "H W 4"]
    backwards: bool = False
    brim_mm: float = 0.0
    droop: float = 0.0
    cuff_mm: float = 0.0
    crown_mm: float = 0.0
    dent_mm: float = 0.0


@dataclass(frozen=True, eq=False)
class HatMesh:
    """A hat on a head. limit_mm: (ROWS, COLUMNS) of the shell, how far out hair may reach."""

    parts: tuple[Attachment, ...]
    limit_mm: Float64[np.ndarray, "R C"]


_CLOTH = {
    0x16181C: 0.24, 0x1E2A44: 0.16, 0x6B6E73: 0.1, 0xE4E2DC: 0.1, 0x7A1F24: 0.08, 0x3B4A33: 0.08, 0xA58E6C: 0.08,
    0x2F5FA0: 0.06, 0xC9552B: 0.03, 0xD8B23C: 0.03, 0x3A2A22: 0.04,
}  # fmt: skip
_WOOL = {
    0x1A1B1E: 0.2, 0x55585E: 0.16, 0x232D4B: 0.12, 0x6D2027: 0.1, 0xB9B2A4: 0.12, 0x4B5A3F: 0.08, 0xC98E2E: 0.06,
    0xD9B8B0: 0.06, 0x2F6E73: 0.05, 0xE6E1D8: 0.05,
}  # fmt: skip
_FELT = {
    0x2B2622: 0.2,
    0x141416: 0.16,
    0x7C6A52: 0.16,
    0xC8B48C: 0.2,
    0x4B4E55: 0.12,
    0xE6DEC8: 0.1,
    0x5B2F2A: 0.06,
}


def draw_hat(draws: Draws, masculinity: float) -> Hat:
    """A style from its numbers: caps are more frequent among men, brims among women."""
    kind = draws.chosen(
        {"cap": 0.34 + 0.26 * masculinity, "beanie": 0.3, "brimmed": 0.3 - 0.12 * masculinity}
    )
    a, b, c, d, e = (draws.uniform() for _ in range(5))
    cloth, other = linear(draws.chosen(_CLOTH)), linear(draws.chosen(_CLOTH))
    wool, felt = linear(draws.chosen(_WOOL)), linear(draws.chosen(_FELT))
    if kind == "cap":
        return Hat(
            kind="cap", front_mm=17 + 16 * a, ears_mm=7 + 7 * b, back_mm=-14 + 10 * c, room_mm=(3.5, 9 + 7 * d),
            tint=cloth, second_tint=other if e < 0.3 else cloth, texture=panels(),
            backwards=0.3 < e < 0.42, brim_mm=58 + 14 * b, droop=0.5 + 0.7 * c,
        )  # fmt: skip
    if kind == "beanie":
        return Hat(
            kind="beanie", front_mm=13 + 26 * a, ears_mm=-24 + 34 * b, back_mm=-38 + 18 * c,
            room_mm=(3.5, 5 + 24 * d * d), tint=wool, second_tint=wool, texture=knit(),
            cuff_mm=(32 + 22 * a) * (e < 0.7),
        )  # fmt: skip
    return Hat(
        kind="brimmed", front_mm=22 + 16 * a, ears_mm=8 + 6 * b, back_mm=-8 + 12 * c, room_mm=(4.0, 6.0), tint=felt,
        second_tint=cloth, texture=weave(), brim_mm=40 + 50 * d, droop=-0.15 + 0.5 * e, crown_mm=2 + 13 * b,
        dent_mm=14 * c * (e < 0.6),
    )  # fmt: skip


def build_hat(style: Hat, shell: Shell, fit: FaceFit) -> HatMesh:
    """Headwear on one head."""
    builders = {"cap": _cap, "beanie": _beanie, "brimmed": _brimmed}
    rim = _rim_rows(style, shell, fit)
    return HatMesh(builders[style.kind](style, shell, rim), _limit(style, shell, rim))


def _rim_rows(style: Hat, shell: Shell, fit: FaceFit) -> Float64[np.ndarray, " c"]:
    """The rim's row at each column, the first repeated at the end."""
    forward = direction_of(_AROUND)[:, 1]
    ears = (fit.ears[0].top_mm + fit.ears[1].top_mm) / 2 - shell.centre_mm[1]
    brow = float(fit.marks[17:27, 1].max()) - shell.centre_mm[1]
    scale = fit.scale
    front, beside, back = (
        brow + style.front_mm * scale,
        ears + style.ears_mm * scale,
        ears + style.back_mm * scale,
    )
    end = np.where(forward > 0, front, back)
    height = beside + (end - beside) * forward * forward
    return shell.row_of_height(height, _AROUND)


def _room(style: Hat, part: Float64[np.ndarray, "*n"]) -> Float64[np.ndarray, "*n"]:
    """Room under the crown; part is 1 at the rim, 0 at the top."""
    low, high = style.room_mm
    room: Float64[np.ndarray, "*n"] = low + (high - low) * (1 - part * part)
    return room


def _limit(style: Hat, shell: Shell, rim: Float64[np.ndarray, " c"]) -> Float64[np.ndarray, "R C"]:
    """Under the hat hair stays just inside of it; below the rim it may spread out again, at about 35 degrees."""
    row = np.arange(ROWS)[:, None]
    edge = rim[None, :-1]
    # Loose crowns lean; a hat's few flat faces come closer to the head than their corners do.
    room = 1.8 if style.kind == "brimmed" else style.room_mm[0]
    inside = shell.hull_mm + room - 1.6
    # Strands are chains of pieces up to 15 mm long: the piece that passes under the rim must stay inside too.
    below = (row - edge - 1.3).clip(0, None) * shell.step_mm
    limit: Float64[np.ndarray, "R C"] = inside + 0.7 * below + np.where(below > 45, 1e3, 0.0)
    return limit


def _crown(
    style: Hat, shell: Shell, rim: Float64[np.ndarray, " c"], rows: int
) -> Float64[np.ndarray, "K c 3"]:
    """Rows from the top down to the rim, and one more that ends inside the head, so that no gap shows."""
    part = (np.arange(rows) / (rows - 1))[:, None]
    row = part * rim
    column = np.broadcast_to(_AROUND, row.shape)
    radius = between(shell.hull_mm, row, column) + _room(style, np.broadcast_to(part, row.shape))
    inner = between(shell.radius_mm, rim, _AROUND) - 2.0
    row = np.concatenate([row, rim[None]])
    radius = np.concatenate([radius, inner[None]])
    return shell.place(row, np.broadcast_to(_AROUND, row.shape), radius)


def _cap(style: Hat, shell: Shell, rim: Float64[np.ndarray, " c"]) -> tuple[Attachment, ...]:
    crown = grid_mesh(_crown(style, shell, rim, 10), columns_closed=True)
    visor = _visor(style, shell, rim)
    return (
        attach("cap", Material.MATT, crown, style.texture, style.tint, two_sided=True),
        attach("cap", Material.MATT, visor, weave(), style.second_tint, two_sided=True),
    )


def _visor(style: Hat, shell: Shell, rim: Float64[np.ndarray, " c"]) -> Mesh:
    """From the rim forwards, arched across; two sheets with an edge between them."""
    middle = COLUMNS / 2 if style.backwards else 0.0
    across = np.linspace(-1, 1, 19)
    column = (middle + across * 8.0) % COLUMNS
    row = between(np.tile(rim[:-1], (2, 1)), np.zeros(len(column)), column)
    radius = between(shell.hull_mm, row, column) + style.room_mm[0]
    start = shell.place(row, column, radius - 1.5)
    forward = -1.0 if style.backwards else 1.0
    bend = across * across
    reach = style.brim_mm * np.sqrt(1 - bend * bend)
    out = np.array([0.0, 0.12, 0.45, 0.8, 1.0])[:, None]
    sheet = np.repeat(start[None], len(out), axis=0)
    nose = start[len(across) // 2]
    sheet[:, :, 0] += 0.08 * out * (start[:, 0] - nose[0]) * (1 - bend)
    sheet[:, :, 2] += forward * out * reach
    level = nose[1] - start[:, 1]
    sheet[:, :, 1] += (
        out * (0.5 * level - 14 * style.droop * bend * (1 - bend) - 0.16 * reach) - 4 * out * out
    )
    thick = np.array([0.0, 1.3, 0.0])
    upper, lower = sheet + thick, sheet[:, ::-1] - thick
    edge = np.stack([upper[-1], lower[-1, ::-1]])
    return merged([grid_mesh(upper), grid_mesh(lower), grid_mesh(edge)])


def _beanie(style: Hat, shell: Shell, rim: Float64[np.ndarray, " c"]) -> tuple[Attachment, ...]:
    crown = _crown(style, shell, rim, 10)
    # A loose top leans backwards.
    lean = (style.room_mm[1] - 5) * 0.9
    share = (1 - np.arange(len(crown)) / (len(crown) - 2)).clip(0, 1)
    crown[:, :, 2] -= lean * (share * share)[:, None]
    meshes = [grid_mesh(crown, columns_closed=True)]
    if style.cuff_mm > 0:
        meshes.append(grid_mesh(_cuff(style, shell, rim), columns_closed=True))
    return (attach("beanie", Material.MATT, merged(meshes), style.texture, style.tint, two_sided=True),)


def _cuff(style: Hat, shell: Shell, rim: Float64[np.ndarray, " c"]) -> Float64[np.ndarray, "K c 3"]:
    """The rim turned up: from the crown out, down and in."""
    high = style.cuff_mm / 14.0
    up = np.array([1.0, 1.0, 0.8, 0.4, 0.1, 0.0, 0.0])[:, None]
    thick = np.array([-1.5, 2.4, 3.6, 3.9, 3.4, 1.6, -7.0])[:, None]
    row = rim - up * high
    column = np.broadcast_to(_AROUND, row.shape)
    part = row / rim
    radius = between(shell.hull_mm, row, column) + _room(style, part) + thick
    return shell.place(row, column, radius)


def _brimmed(style: Hat, shell: Shell, rim: Float64[np.ndarray, " c"]) -> tuple[Attachment, ...]:
    base = shell.place(rim, _AROUND, between(shell.hull_mm, rim, _AROUND) + style.room_mm[0])
    crown = _block(style, shell, base)
    band = _ribbon(crown)
    brim = _brim(style, base)
    return (
        attach("hat", Material.MATT, merged([crown[0], brim]), style.texture, style.tint, two_sided=True),
        attach("hat", Material.MATT, band, plain(), style.second_tint),
    )


def _block(
    style: Hat, shell: Shell, base: Float64[np.ndarray, "c 3"]
) -> tuple[Mesh, Float64[np.ndarray, "K c 3"]]:
    """Straight walls that narrow a little, a round edge and a top with a crease from front to back."""
    top = shell.centre_mm[1] + shell.hull_mm[0, 0] + style.crown_mm
    wall = np.array([0.98, 0.9, 0.6, 0.3, 0.0])[:, None]
    narrow = np.array([0.74, 0.83, 0.91, 0.965, 1.0])[:, None, None]
    middle = np.array([shell.centre_mm[0], 0.0, shell.centre_mm[2]])
    flat = base * [1, 0, 1] - middle
    walls = middle + flat * narrow
    walls[:, :, 1] = base[:, 1] * (1 - wall) + top * wall
    lid = middle + flat * np.array([0.0, 0.25, 0.48, 0.64])[:, None, None]
    inside = np.array([1.0, 0.8, 0.35, 0.0])[:, None]
    crease = 1 - (np.abs(lid[:, :, 0] - middle[0]) / 30).clip(0, 1)
    lid[:, :, 1] = top + 3 * inside - style.dent_mm * inside.clip(0.4, 1) * crease
    rows = np.concatenate([lid, walls])
    room = shell.hull_mm + style.room_mm[1]  # its few flat faces come closer to the head than their corners
    rows = outward(shell, room, rows.reshape(-1, 3)).reshape(rows.shape)
    rows[0] = rows[0, :1]
    return grid_mesh(rows, columns_closed=True), rows


def _ribbon(crown: tuple[Mesh, Float64[np.ndarray, "K c 3"]]) -> Mesh:
    """A band of 25 mm round the foot of the crown."""
    high, low = crown[1][-2], crown[1][-1]
    up = high - low
    share = (26.0 / up[:, 1].clip(5, None)).clip(0, 1)[:, None]
    rows = np.stack([low + up * share, low + up * share * 0.5, low])
    out = grid_mesh(rows, columns_closed=True)
    return replace(out, vertices=out.vertices + out.normals * 0.9)


def _brim(style: Hat, base: Float64[np.ndarray, "c 3"]) -> Mesh:
    """Outwards all round from inside the crown's foot."""
    away = direction_of(_AROUND)
    out = np.array([-6.0, 0.0, 0.3 * style.brim_mm, 0.7 * style.brim_mm, style.brim_mm])[:, None]
    share = out.clip(0, None) / style.brim_mm
    rows = np.repeat(base[None], len(out), axis=0)
    rows[:, :, 0] += out * away[:, 0]
    rows[:, :, 2] += out * away[:, 1]
    # The outer edge is flatter than the rim, which is low behind and high in front.
    level = (base[:, 1].max() + base[:, 1].min()) / 2
    rows[:, :, 1] += share * 0.35 * (level - base[:, 1]) - style.droop * style.brim_mm * share * share
    return grid_mesh(rows, columns_closed=True)
