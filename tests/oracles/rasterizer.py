"""The renderer written out slowly: every triangle against every sample in exact integers, shading in float64.

Vertices are projected in float32 in the renderer's order of operations, and depths are compared in float32, because
where a sample falls is decided by their bits; everything after that is float64 and compared with a tolerance.
"""

from __future__ import annotations

import numpy as np

from facewright.geometry import Crop
from facewright.models.morphable import Part
from facewright.people.person import Person
from facewright.scenes.scene import Scenes
from tests.oracles import sh

SUBSAMPLE, GUARD_SAMPLES, NEAR_MM, FAR_MM = 256, 32768, 10.0, 1e7
HIGHLIGHTS = {  # part: reflectance head-on, exponent
    Part.SKIN: (0.018, 16),
    Part.LEFT_EYE: (0.025, 256),
    Part.RIGHT_EYE: (0.025, 256),
    Part.UPPER_TEETH: (0.025, 64),
    Part.LOWER_TEETH: (0.025, 64),
    Part.TONGUE: (0.012, 32),
    Part.LASHES: (0.0, 1),
    Part.MOUTH_INTERIOR: (0.0, 1),
}
SKIN_SOFTNESS = np.array([0.30, 0.16, 0.10])


def edge(a: np.ndarray, b: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Twice the area of (a, b, point): positive where the point is to the left of a -> b as seen in the image."""
    return (b[1] - a[1]) * (x - a[0]) - (b[0] - a[0]) * (y - a[1])


def covers(a: np.ndarray, b: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Inside an edge of a counter-clockwise triangle, or on it where it is a left or a horizontal top edge."""
    value = edge(a, b, x, y)
    left, top = b[1] > a[1], b[1] == a[1] and b[0] < a[0]
    return value >= 0 if left or top else value > 0


def drawing_order(corners: np.ndarray, side: int) -> np.ndarray:
    """(T,): of each 64 triangles, those first whose boxes of samples, (T, 3, 2) in steps, touch the fewest tiles."""
    low, high = corners.min(axis=1), corners.max(axis=1)
    half, drawn = SUBSAMPLE // 2, (side + 3) // 4 * 4
    first = np.maximum(-((half - low) // SUBSAMPLE), 0)
    last = np.minimum((high - half) // SUBSAMPLE, drawn - 1)
    wide, tall = (last // 4 - first // 4).T
    size = np.where((wide <= 1) & (tall <= 1), wide + 2 * tall, 4)
    size = np.where((high - low > 64 * SUBSAMPLE).any(axis=1), 5, size)
    return np.lexsort([size, np.arange(len(corners)) // 64])


def rasterize(
    positions_px: np.ndarray, triangles: np.ndarray, size: int, samples: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(N, N) triangle, (N, N, 3) perspective-correct weights, (N, N) depth; N = size * samples; -1 and 0 for none."""
    side = size * samples
    scaled = positions_px.astype(np.float64) * samples
    with np.errstate(invalid="ignore"):
        usable = (np.abs(scaled[:, :2]) < GUARD_SAMPLES).all(axis=1)
        usable &= (positions_px[:, 2] >= NEAR_MM) & (positions_px[:, 2] <= FAR_MM)
    fixed = np.zeros((len(scaled), 2), np.int64)
    fixed[usable] = np.floor(scaled[usable, :2] * SUBSAMPLE + 0.5).astype(np.int64)
    inverse = np.zeros(len(scaled), np.float32)
    inverse[usable] = np.float32(1) / positions_px[usable, 2].astype(np.float32)

    row, column = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    x, y = column * SUBSAMPLE + SUBSAMPLE // 2, row * SUBSAMPLE + SUBSAMPLE // 2
    nearest = np.zeros((side, side), np.float32)
    seen = np.full((side, side), -1, np.int32)
    barycentric = np.zeros((side, side, 3))
    for index in drawing_order(fixed[triangles], side):
        corners = triangles[index]
        a, b, c = fixed[corners]
        area = edge(a, b, c[0], c[1])
        if not usable[corners].all() or area <= 0:
            continue
        inside = covers(b, c, x, y) & covers(c, a, x, y) & covers(a, b, x, y)
        w0, w1, w2 = edge(b, c, x, y), edge(c, a, x, y), edge(a, b, x, y)
        i0, i1, i2 = inverse[corners]
        slope1, slope2 = (i1 - i0) / np.float32(area), (i2 - i0) / np.float32(area)
        here = i0 + (w1.astype(np.float32) * slope1 + w2.astype(np.float32) * slope2)
        wins = inside & (here > nearest)
        nearest[wins] = here[wins]
        seen[wins] = index
        weights = np.stack([w0, w1, w2], axis=-1) * np.array([i0, i1, i2], np.float64)
        barycentric[wins] = (weights / np.maximum(weights.sum(axis=-1, keepdims=True), 1e-300))[wins]
    depth = np.where(seen >= 0, 1 / np.where(seen >= 0, nearest, 1), 0)
    return seen, barycentric, depth


def rotation(yaw_deg: float, pitch_deg: float, roll_deg: float) -> np.ndarray:
    """R_camera_head: look down by pitch, turn to the subject's left by yaw, tilt clockwise in the image by roll."""
    p, y, r = np.radians(np.float64([pitch_deg, yaw_deg, roll_deg]))
    down = np.array([[1, 0, 0], [0, np.cos(p), -np.sin(p)], [0, np.sin(p), np.cos(p)]])
    left = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    clockwise = np.array([[np.cos(r), np.sin(r), 0], [-np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return clockwise @ left @ down


def fit_similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(2, 3): the least-squares rotation, uniform scale and shift taking source (n, 2) to target (n, 2)."""
    rows = []
    for x, y in source:
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
    a, b, tx, ty = np.linalg.lstsq(np.array(rows), target.ravel(), rcond=None)[0]
    return np.array([[a, -b, tx], [b, a, ty]])


def alignment(mean_mm: np.ndarray, scenes: Scenes, i: int, crop: Crop) -> np.ndarray:
    """(2, 3): image plane at depth 1 (y down) to pixels of the crop, for alignment landmarks (5, 3); with jitter."""
    turned = mean_mm @ rotation(scenes.yaw_deg[i], scenes.pitch_deg[i], scenes.roll_deg[i]).T
    plane = turned[:, :2] * [1, -1] / (scenes.distance_mm[i] - turned[:, 2:])
    fitted = np.vstack([fit_similarity(plane, crop.points_px), [0, 0, 1]])
    turn, scale = np.radians(np.float64(scenes.jitter_deg[i])), np.float64(scenes.jitter_scale[i])
    jitter = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = np.full(2, crop.size_px / 2)
    shift = centre - jitter @ centre + scenes.jitter_px[i] * (crop.size_px / 112)
    return np.hstack([jitter, shift[:, None]]) @ fitted


def express(person: Person, scenes: Scenes, i: int) -> np.ndarray:
    """(V, 3) float32 positions, directions added in order, each in steps of 1/32767 of its largest move."""
    positions = person.neutral_mm.copy()
    for amount, direction in zip(scenes.expression[i], person.model.expression_basis_mm, strict=True):
        step = np.abs(direction).max() / np.float32(32767)
        if step > 0:
            positions += (amount * step) * np.rint(direction / step)
    return positions


def project(positions: np.ndarray, person: Person, scenes: Scenes, i: int, crop: Crop) -> np.ndarray:
    """(V, 3) float32: x px, y px, depth mm."""
    R = rotation(scenes.yaw_deg[i], scenes.pitch_deg[i], scenes.roll_deg[i])
    mean = positions.astype(np.float64)[person.model.alignment_landmarks].mean(axis=1)
    similarity = alignment(mean, scenes, i, crop)
    to_image = (similarity[:, :2] @ np.diag([1, -1]) @ R[:2]).astype(np.float32)
    shift = similarity[:, 2].astype(np.float32)
    x, y, z = positions.T
    towards = R[2].astype(np.float32)
    depth = scenes.distance_mm[i] - (towards[0] * x + towards[1] * y + towards[2] * z)
    inverse = np.float32(1) / depth
    px, py = (
        (row[0] * x + row[1] * y + row[2] * z) * inverse + s for row, s in zip(to_image, shift, strict=True)
    )
    return np.stack([px, py, depth], axis=1)


def normals(positions: np.ndarray, person: Person) -> np.ndarray:
    """(V, 3) unit, head frame: area-weighted over all triangles that meet at a vertex's place."""
    p = positions.astype(np.float64)
    a, b, c = (p[person.model.triangles[:, k]] for k in range(3))
    sums = np.zeros_like(p)
    for k in range(3):
        np.add.at(sums, person.model.weld[person.model.triangles[:, k]], np.cross(b - a, c - a))
    sums = sums[person.model.weld]
    return sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-15)


def dominant(light: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Direction of SH light (9, 3) and the rgb irradiance from there; zeros where there is none."""
    towards = light[[3, 1, 2]].sum(axis=1)
    if np.linalg.norm(towards) < 1e-6:
        return np.zeros(3), np.zeros(3)
    towards = towards / np.linalg.norm(towards)
    return towards, np.maximum(light[[3, 1, 2]].T @ towards, 0) / np.sqrt(3 / (4 * np.pi))


def highlights(unit: np.ndarray, towards: np.ndarray, irradiance: np.ndarray, part: Part) -> np.ndarray:
    """(n, 3) rgb reflected by Blinn-Phong from a light, for camera-frame normals."""
    reflectance, exponent = HIGHLIGHTS[part]
    half = towards + np.array([0, 0, 1])
    half /= np.linalg.norm(half)
    fresnel = reflectance + (1 - reflectance) * (1 - half[2]) ** 5 if reflectance else 0
    facing, lobe = np.maximum(unit @ towards, 0), np.maximum(unit @ half, 0)
    return (fresnel * (exponent + 8) / 8 * lobe**exponent * facing)[:, None] * irradiance


def key_light(unit: np.ndarray, towards: np.ndarray, irradiance: np.ndarray, soft: np.ndarray) -> np.ndarray:
    """(n, 3) rgb: the cosine, bent to 0 within +-soft (n, 3) of the terminator."""
    cosine = (unit @ towards)[:, None]
    bent = np.where(np.abs(cosine) < soft, (cosine + soft) ** 2 / (4 * soft), np.maximum(cosine, 0))
    return bent * irradiance


def to_linear(code: np.ndarray) -> np.ndarray:
    s = np.asarray(code) / 255
    return np.where(s <= 0.04045, s / 12.92, ((s + 0.055) / 1.055) ** 2.4)


def to_srgb(linear: np.ndarray) -> np.ndarray:
    x = np.clip(linear, 0, 1)
    s = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)
    return np.floor(s * 255 + 0.5).astype(np.uint8)


def bilinear(texture: np.ndarray, uv: np.ndarray) -> np.ndarray:
    """(n, 3) linear albedo at uv (n, 2), texel centres at +0.5, clamped at the border."""
    texels, last = to_linear(texture), len(texture) - 1
    at = np.clip(uv * len(texture) - 0.5, 0, last)
    low = np.floor(at).astype(int)
    high, (x, y) = np.minimum(low + 1, last), (at - low).T[..., None]
    top = texels[low[:, 1], low[:, 0]] * (1 - x) + texels[low[:, 1], high[:, 0]] * x
    bottom = texels[high[:, 1], low[:, 0]] * (1 - x) + texels[high[:, 1], high[:, 0]] * x
    return top * (1 - y) + bottom * y


def shoulder(x: np.ndarray, knee: float = 0.8) -> np.ndarray:
    over = np.maximum(x - knee, 0)
    return np.where(x <= knee, x, knee + over * (1 - knee) / (over + 1 - knee))


def draw(person: Person, scenes: Scenes, i: int, crop: Crop, background: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 sRGB: scene i over `background`, 2 x 2 samples a pixel, without shadows."""
    model, light = person.model, scenes.light[i].astype(np.float64)
    positions = express(person, scenes, i)
    seen, weights, _ = rasterize(
        project(positions, person, scenes, i, crop), model.triangles, crop.size_px, 2
    )
    R = rotation(scenes.yaw_deg[i], scenes.pitch_deg[i], scenes.roll_deg[i])
    unit = normals(positions, person) @ R.T
    towards, irradiance = (
        scenes.key_direction[i].astype(np.float64),
        scenes.key_irradiance[i].astype(np.float64),
    )
    skin = np.isin(np.arange(len(positions)), model.triangles[model.parts == Part.SKIN])[:, None]
    diffuse = np.maximum(sh.radiance(light, unit), 0) * model.occlusion[:, None]
    diffuse += key_light(unit, towards, irradiance, np.where(skin, SKIN_SOFTNESS, 0.04))
    arrives = (
        np.ones((len(positions), 1)) if irradiance.any() else model.occlusion[:, None].astype(np.float64)
    )
    if not irradiance.any():
        towards, irradiance = dominant(light)

    def interpolate(values: np.ndarray, where: np.ndarray) -> np.ndarray:
        return np.einsum(
            "nk,nkc->nc", weights[where], values[model.triangles[seen[where]]].astype(np.float64)
        )

    colour = to_linear(np.repeat(np.repeat(background, 2, axis=0), 2, axis=1))
    for part in map(Part, np.unique(model.parts)):
        where = (seen >= 0) & (model.parts[seen] == part)
        value = bilinear(person.texture, interpolate(model.uv, where)) * interpolate(diffuse, where)
        if part in (Part.LEFT_EYE, Part.RIGHT_EYE):
            n = interpolate(unit, where)
            shine = highlights(n / np.linalg.norm(n, axis=1, keepdims=True), towards, irradiance, part)
            value += shine * interpolate(arrives, where)
        else:
            value += interpolate(highlights(unit, towards, irradiance, part) * arrives, where)
        colour[where] = shoulder(value)
    size = crop.size_px
    return to_srgb(colour.reshape(size, 2, size, 2, 3).mean(axis=(1, 3)))
