"""The bare head drawn by other renderers: moderngl on EGL (llvmpipe where there is no GPU), trimesh with embree's rays.

Both get what the renderer of this package needs in its Lambertian mode (vertices by a linear model, smooth normals,
light in spherical harmonics, a texture, a background) and give the same picture: 2 x 2 samples a pixel, each of them
shaded, averaged in linear light.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from render_cases import CROP, Case, Subject
from scipy.sparse import csr_matrix

from facewright.models.morphable import MorphableModel
from facewright.render import LAMBERTIAN, draw_heads

SIZE, SAMPLES = CROP.size_px, 2
NEAR_MM, FAR_MM = 50.0, 5000.0
_FEW = 4  # images a person that rays are cast for: no image costs less for being one of many


class Poser:
    """Vertices and normals of one person's scenes in numpy: a matrix product, and a sparse one over the triangles."""

    def __init__(self, subject: Subject) -> None:
        person, model = subject.person, subject.person.model
        self.subject, self._model = subject, model
        self._basis = model.expression_basis_mm.reshape(len(model.expression_basis_mm), -1)
        self._neutral = person.neutral_mm.ravel()
        self._gather = _gather(model)
        found = draw_heads(
            person, subject.scenes, CROP, subject.background, shading=LAMBERTIAN, annotate=True
        ).annotations
        assert found is not None
        self.pose, self.intrinsics = found.T_camera_head, found.K_image_camera
        self.polynomial = np.stack([irradiance_polynomial(light) for light in subject.scenes.light])

    def pose_vertices(self, rows: slice) -> tuple[np.ndarray, np.ndarray]:
        """(n, V, 3) vertices in millimetres and unit normals, head frame, of these scenes."""
        positions = self._neutral + self.subject.scenes.expression[rows] @ self._basis
        positions = positions.reshape(len(positions), -1, 3)
        a, b, c = (positions[:, self._model.triangles[:, k]] for k in range(3))
        faces = np.cross(b - a, c - a)
        normals = np.stack([self._gather @ one for one in faces])
        normals /= np.maximum(np.linalg.norm(normals, axis=2, keepdims=True), 1e-12)
        return positions, normals


def _gather(model: MorphableModel) -> csr_matrix:
    """(V, T): sums the triangles about each vertex's place."""
    place = model.weld[model.triangles].ravel()
    triangle = np.repeat(np.arange(len(model.triangles)), 3)
    shape = (len(model.mean_mm), len(model.triangles))
    sums = csr_matrix((np.ones(len(place), np.float32), (place, triangle)), shape)
    return sums[model.weld]


def irradiance_polynomial(light: np.ndarray) -> np.ndarray:
    """(9, 3) factors of 1, y, z, x, xy, yz, z^2, zx, x^2 - y^2: Lambertian irradiance over pi times pi's albedo.

    Ramamoorthi and Hanrahan, SIGGRAPH 2001.
    """
    y0, y1, y2, y20, y22 = 0.28209479, 0.48860251, 1.09254843, 0.31539157, 0.54627422
    k0, k1, k2 = np.pi, 2 * np.pi / 3, np.pi / 4
    scale = [k0 * y0, *[k1 * y1] * 3, k2 * y2, k2 * y2, 3 * k2 * y20, k2 * y2, k2 * y22]
    out = np.asarray(light * np.array(scale)[:, None], np.float32)
    out[0] -= k2 * y20 * light[6]
    return out


_DRAW = (
    """#version 330
    in vec3 position; in vec3 normal; in vec2 uv;
    uniform mat4 clip; uniform mat3 turn; uniform vec3 k[9];
    out vec3 light; out vec2 at;
    void main() {
        vec3 n = turn * normal;
        light = max(k[0] + k[1] * n.y + k[2] * n.z + k[3] * n.x + k[4] * (n.x * n.y) + k[5] * (n.y * n.z)
                    + k[6] * (n.z * n.z) + k[7] * (n.z * n.x) + k[8] * (n.x * n.x - n.y * n.y), vec3(0));
        at = uv;
        gl_Position = clip * vec4(position, 1);
    }""",
    """#version 330
    in vec3 light; in vec2 at; uniform sampler2D skin; out vec4 colour;
    void main() {
        vec3 c = texture(skin, at).rgb * light, over = c - 0.8;
        colour = vec4(mix(c, 0.8 + over * 0.2 / (over + 0.2), greaterThan(c, vec3(0.8))), 1);
    }""",
)
_RESOLVE = (
    """#version 330
    out vec2 at;
    void main() { at = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2; gl_Position = vec4(at * 2 - 1, 0, 1); }""",
    """#version 330
    in vec2 at; uniform sampler2D samples; uniform sampler2D behind; out vec4 colour;
    void main() {
        vec4 mean = texture(samples, at);  // in the middle of 2 x 2
        colour = vec4(mean.rgb + (1 - mean.a) * texture(behind, at).rgb, 1);  // to sRGB by the frame buffer
    }""",
)
_SRGB8_ALPHA8, _SRGB8, _FRAMEBUFFER_SRGB = 0x8C43, 0x8C41, 0x8DB9


class ModernGl:
    """OpenGL without a window: 16 images at once in one atlas, resolved by a second pass, read back as bytes."""

    _ACROSS = 4

    def __init__(self, case: Case, subjects: Sequence[Subject]) -> None:
        import moderngl

        self._gl = moderngl
        self._ctx = moderngl.create_context(standalone=True, backend="egl")
        self.name = f"moderngl {moderngl.__version__}, {self._ctx.info['GL_RENDERER']}"
        self._draw = self._ctx.program(*_DRAW)
        self._resolve = self._ctx.program(*_RESOLVE)
        side = SIZE * self._ACROSS
        self._samples = self._ctx.texture([side * SAMPLES] * 2, 4, dtype="f2")
        self._samples.filter = (moderngl.LINEAR, moderngl.LINEAR)
        self._big = self._ctx.framebuffer([self._samples], self._ctx.depth_renderbuffer([side * SAMPLES] * 2))
        self._out = self._ctx.texture([side] * 2, 4, internal_format=_SRGB8_ALPHA8)
        self._small = self._ctx.framebuffer([self._out])
        self._behind = self._ctx.texture([side] * 2, 3, internal_format=_SRGB8, alignment=1)
        self._fill = self._ctx.vertex_array(self._resolve, [])
        self._posers = [Poser(subject) for subject in subjects]
        self._prepare()
        self._given = [self._pose_all(poser) for poser in self._posers] if case.given else None

    def _prepare(self) -> None:
        model = self._posers[0].subject.person.model
        ctx, count = self._ctx, len(model.mean_mm)
        self._vertices = ctx.buffer(reserve=count * 24, dynamic=True)
        uv = ctx.buffer(np.asarray(model.uv, np.float32).tobytes())
        indices = ctx.buffer(np.asarray(model.triangles, np.int32).tobytes())
        content = [(self._vertices, "3f 3f", "position", "normal"), (uv, "2f", "uv")]
        self._mesh = ctx.vertex_array(self._draw, content, indices)
        self._skins = [self._skin(poser.subject.person.texture) for poser in self._posers]

    def _skin(self, texels: np.ndarray):
        skin = self._ctx.texture(
            texels.shape[1::-1], 3, texels.tobytes(), internal_format=_SRGB8, alignment=1
        )
        skin.build_mipmaps()
        skin.filter = (self._gl.LINEAR_MIPMAP_NEAREST, self._gl.LINEAR)
        return skin

    def _pose_all(self, poser: Poser) -> list[tuple[np.ndarray, np.ndarray]]:
        n, step = len(poser.pose), self._ACROSS**2
        return [poser.pose_vertices(slice(first, first + step)) for first in range(0, n, step)]

    def draw(self, which: int) -> np.ndarray:
        """(n, H, W, 3) uint8 sRGB: all scenes of a person."""
        poser, step = self._posers[which], self._ACROSS**2
        images = np.empty_like(poser.subject.background)
        with self._ctx:
            self._skins[which].use(0)
            for batch, first in enumerate(range(0, len(images), step)):
                rows = slice(first, first + step)
                posed = poser.pose_vertices(rows) if self._given is None else self._given[which][batch]
                self._draw_batch(poser, rows, *posed)
                images[rows] = self._resolve_batch(poser.subject.background[rows])
        return images

    def _draw_batch(self, poser: Poser, rows: slice, positions: np.ndarray, normals: np.ndarray) -> None:
        gl, ctx, cell = self._gl, self._ctx, SIZE * SAMPLES
        both = np.concatenate([positions, normals], axis=2).astype(np.float32, copy=False)
        ctx.disable_direct(_FRAMEBUFFER_SRGB)
        self._big.use()
        self._big.clear()
        ctx.enable_only(gl.DEPTH_TEST | gl.CULL_FACE)
        ctx.front_face = "cw"  # row 0 of the frame buffer is an image's top
        clips = clip_matrices(poser.pose[rows], poser.intrinsics[rows])
        for i, vertices in enumerate(both):
            self._vertices.orphan()
            self._vertices.write(vertices)
            self._draw["clip"].write(clips[i].T.astype(np.float32).tobytes())
            self._draw["turn"].write(poser.pose[rows][i, :3, :3].T.astype(np.float32).tobytes())
            self._draw["k"].write(poser.polynomial[rows][i].tobytes())
            self._big.viewport = (i % self._ACROSS * cell, i // self._ACROSS * cell, cell, cell)
            self._mesh.render()

    def _resolve_batch(self, background: np.ndarray) -> np.ndarray:
        ctx, across = self._ctx, self._ACROSS
        atlas = np.zeros((across, across, SIZE, SIZE, 3), np.uint8)
        atlas.reshape(-1, SIZE, SIZE, 3)[: len(background)] = background
        self._behind.write(atlas.transpose(0, 2, 1, 3, 4).tobytes())
        self._small.use()
        ctx.enable_only(0)
        ctx.enable_direct(_FRAMEBUFFER_SRGB)
        self._samples.use(1)
        self._behind.use(2)
        self._resolve["samples"], self._resolve["behind"] = 1, 2
        self._fill.render(self._gl.TRIANGLES, vertices=3)
        data = np.frombuffer(self._small.read(components=3, alignment=1), np.uint8)
        cells = data.reshape(across, SIZE, across, SIZE, 3).transpose(0, 2, 1, 3, 4)
        return cells.reshape(-1, SIZE, SIZE, 3)[: len(background)]


def clip_matrices(pose: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """(n, 4, 4) head frame to OpenGL's clip space, y down."""
    to_image = intrinsics * [1, -1, -1]  # of camera-frame (x, y, z), times depth
    rows = np.zeros((len(pose), 4, 4))
    rows[:, 3, 2] = -1
    for axis in (0, 1):
        rows[:, axis, :3] = 2 * to_image[:, axis] / SIZE
        rows[:, axis, 2] += 1
    rows[:, 2, 2] = -(FAR_MM + NEAR_MM) / (FAR_MM - NEAR_MM)
    rows[:, 2, 3] = -2 * FAR_MM * NEAR_MM / (FAR_MM - NEAR_MM)
    return rows @ pose


class Trimesh:
    """A ray through each sample that the head's box covers, by trimesh and embree; light and texture in numpy."""

    def __init__(self, case: Case, subjects: Sequence[Subject]) -> None:
        import embreex
        import trimesh
        from trimesh.ray.ray_pyembree import RayMeshIntersector

        self._trimesh, self._intersector = trimesh, RayMeshIntersector
        self.name = f"trimesh {trimesh.__version__} + embreex {getattr(embreex, '__version__', '')}".strip()
        self._posers = [Poser(subject) for subject in subjects]
        self._given = [poser.pose_vertices(slice(0, _FEW)) for poser in self._posers] if case.given else None
        codes = np.arange(256) / 255
        self._linear = np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4).astype(
            np.float32
        )
        x = np.arange(65536) / 65535
        srgb = np.where(x <= 0.0031308, 12.92 * x, 1.055 * np.maximum(x, 1e-9) ** (1 / 2.4) - 0.055)
        self._srgb = np.round(srgb * 255).astype(np.uint8)
        # As fine as the pixels: an average over 2 x 2 or 4 x 4 texels.
        self._skins = [self._smaller(poser.subject.person.texture) for poser in self._posers]

    def _smaller(self, texture: np.ndarray) -> np.ndarray:
        side = max(len(texture) // 4, 1)
        return cv2.resize(self._linear[texture], (side, side), interpolation=cv2.INTER_AREA)

    def draw(self, which: int) -> np.ndarray:
        """(n, H, W, 3) uint8 sRGB: a few scenes of a person, one after the other."""
        count = min(_FEW, len(self._posers[which].pose))
        return np.stack([self._draw_one(self._posers[which], which, i) for i in range(count)])

    def _draw_one(self, poser: Poser, which: int, i: int) -> np.ndarray:
        if self._given is None:
            positions, normals = (one[0] for one in poser.pose_vertices(slice(i, i + 1)))
        else:
            positions, normals = (one[i] for one in self._given[which])
        turn, shift = poser.pose[i, :3, :3], poser.pose[i, :3, 3]
        points = positions @ turn.T + shift
        triangles = poser.subject.person.model.triangles
        rays, samples = self._rays(points, poser.intrinsics[i])
        mesh = self._trimesh.Trimesh(points, triangles, process=False)
        hit = self._intersector(mesh).intersects_first(np.zeros_like(rays), rays)
        seen = hit >= 0
        corners = triangles[hit[seen]]
        weights = barycentric(points[corners], rays[seen])
        light = irradiance(poser.polynomial[i], normals @ turn.T)
        uv = np.einsum("nk,nkc->nc", weights, poser.subject.person.model.uv[corners]).astype(np.float32)
        skin = self._skins[which]
        albedo = look_up(skin, uv * len(skin) - 0.5)
        colour = albedo * np.einsum("nk,nkc->nc", weights, light[corners])
        over = np.maximum(colour - 0.8, 0)
        canvas = np.repeat(np.repeat(self._linear[poser.subject.background[i]], SAMPLES, 0), SAMPLES, 1)
        canvas.reshape(-1, 3)[samples[seen]] = np.where(
            colour <= 0.8, colour, 0.8 + over * 0.2 / (over + 0.2)
        )
        mean = canvas.reshape(SIZE, SAMPLES, SIZE, SAMPLES, 3).mean(axis=(1, 3))
        return self._srgb[np.clip(mean * 65535 + 0.5, 0, 65535).astype(np.int32)]

    def _rays(self, points: np.ndarray, intrinsics: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Directions through the samples that the head may cover, and the samples' numbers."""
        side = SIZE * SAMPLES
        px = (points * [1, -1, -1]) @ intrinsics.T
        px = px[:, :2] / px[:, 2:] * SAMPLES
        left, top = np.clip(np.floor(px.min(axis=0)), 0, side).astype(int)
        right, bottom = np.clip(np.ceil(px.max(axis=0)), 0, side).astype(int)
        y, x = np.mgrid[top:bottom, left:right]
        homogeneous = np.stack([(x + 0.5) / SAMPLES, (y + 0.5) / SAMPLES, np.ones(x.shape)], axis=-1)
        rays = homogeneous.reshape(-1, 3) @ np.linalg.inv(intrinsics).T * [1, -1, -1]
        return rays, (y * side + x).ravel()


def barycentric(corners: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """(n, 3) weights of the corners (n, 3, 3) where rays (n, 3) from the origin meet their triangles."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    weights = np.stack([np.sum(np.cross(p, q) * rays, axis=1) for p, q in ((b, c), (c, a), (a, b))], axis=1)
    return weights / weights.sum(axis=1, keepdims=True)


def look_up(image: np.ndarray, at: np.ndarray) -> np.ndarray:
    """(n, 3) of an image between its texels at (n, 2); in rows, because OpenCV's maps have fewer than 2^15."""
    rows = np.zeros((-(-len(at) // 256) * 256, 2), np.float32)
    rows[: len(at)] = at
    x, y = np.moveaxis(rows.reshape(-1, 256, 2), -1, 0)
    found = cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return found.reshape(-1, 3)[: len(at)]


def irradiance(k: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """(V, 3) of `irradiance_polynomial` for unit normals in the camera frame."""
    x, y, z = normals.T
    terms = np.stack([np.ones_like(x), y, z, x, x * y, y * z, z * z, z * x, x * x - y * y], axis=1)
    return np.maximum(terms @ k, 0)


PEERS = {"moderngl": ModernGl, "trimesh": Trimesh}
