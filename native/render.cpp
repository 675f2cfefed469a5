// Binds the renderer: HeadRig (what drawing needs of a model), draw (all images of one person), rasterize, the sRGB tables.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/tuple.h>

#include <cmath>
#include <stdexcept>
#include <string>

#include "render_image.hpp"
#include "render_srgb.hpp"

namespace nb = nanobind;

namespace {

template <class T, size_t Dims>
using In = nb::ndarray<const T, nb::ndim<Dims>, nb::c_contig, nb::device::cpu>;
template <class T, size_t Dims>
using Out = nb::ndarray<nb::numpy, T, nb::ndim<Dims>, nb::c_contig>;

template <class Array>
std::span<const typename Array::Scalar> view(const Array &array) {
    return {array.data(), array.size()};
}

template <class T, size_t Dims>
Out<T, Dims> allocate(const std::array<size_t, Dims> &shape) {
    size_t size = 1;
    for (const size_t n : shape) size *= n;
    T *data = new T[size];
    nb::capsule owner(data, [](void *p) noexcept { delete[] static_cast<T *>(p); });
    return Out<T, Dims>(data, Dims, shape.data(), owner);
}

void require(bool ok, const std::string &message) {
    if (!ok) throw std::invalid_argument(message);
}

void require_finite(const char *field, std::span<const float> values, float limit) {
    for (const float value : values)
        require(std::abs(value) <= limit, std::string(field) + ": found " + std::to_string(value) +
                                              ", expected a finite number of at most " + std::to_string(limit));
}

std::span<const fw::Vec3> points(const In<float, 2> &array) {
    static_assert(sizeof(fw::Vec3) == 3 * sizeof(float));
    return {reinterpret_cast<const fw::Vec3 *>(array.data()), array.shape(0)};
}

fw::Rig make_rig(const In<int32_t, 2> &triangles, const In<uint8_t, 1> &parts, const In<int32_t, 1> &weld,
                 const In<float, 2> &uv, const In<float, 1> &occlusion, const In<float, 3> &expression,
                 const In<int32_t, 1> &landmarks, const In<int32_t, 2> &alignment) {
    return fw::Rig({view(triangles), view(parts), view(weld), view(uv), view(occlusion), view(expression), view(landmarks),
                    view(alignment)});
}

// The scenes of one draw call and what they are drawn into.
struct Batch {
    std::span<const fw::Vec3> neutral_mm;
    fw::Texture texture;
    std::span<const float> expression, light;
    const fw::SceneCamera *cameras;
    fw::CropTemplate crop;
    size_t scenes;
    uint8_t *images;
    float *landmarks_px;
};

void draw_batch(const fw::Rig &rig, const Batch &batch) {
    fw::Painter painter(rig, batch.crop.size_px);
    const size_t directions = rig.expression.size(), bytes = size_t(batch.crop.size_px) * batch.crop.size_px * 3;
    for (size_t i = 0; i < batch.scenes; ++i)
        painter.paint(batch.neutral_mm, batch.expression.subspan(i * directions, directions), batch.cameras[i],
                      fw::make_light(batch.light.subspan(i * 27, 27)), batch.crop, batch.texture, batch.images + i * bytes,
                      batch.landmarks_px + i * 2 * fw::kLandmarks);
}

using Pictures = std::pair<Out<uint8_t, 4>, Out<float, 3>>;

Pictures draw(const fw::Rig &rig, const In<float, 2> &neutral_mm, const In<uint8_t, 3> &texture,
              const In<float, 2> &expression, const In<float, 2> &cameras, const In<float, 3> &light,
              const In<double, 2> &points_px, const In<uint8_t, 4> &background) {
    const size_t n = background.shape(0), size = background.shape(1);
    require(neutral_mm.shape(0) == size_t(rig.vertices) && neutral_mm.shape(1) == 3, "neutral_mm: expected (V, 3)");
    require(texture.shape(0) == texture.shape(1) && texture.shape(2) == 3 && texture.shape(0) >= 1 &&
                texture.shape(0) <= 16384,
            "texture: expected (S, S, 3) with S in 1 .. 16384");
    require(expression.shape(0) == n && expression.shape(1) == rig.expression.size(), "expression: expected (n, E)");
    require(cameras.shape(0) == n && cameras.shape(1) == fw::kCameraColumns, "cameras: expected (n, 8)");
    require(light.shape(0) == n && light.shape(1) == 9 && light.shape(2) == 3, "light: expected (n, 9, 3)");
    require(points_px.shape(0) == fw::kAlignment && points_px.shape(1) == 2, "points_px: expected (5, 2)");
    require(size >= 1 && size <= 4096 && background.shape(2) == size && background.shape(3) == 3,
            "background: expected (n, size, size, 3) with size in 1 .. 4096");
    require_finite("pose, distance or jitter", view(cameras), 1.0e6f);
    require_finite("light", view(light), 1.0e6f);
    require_finite("expression", view(expression), 1.0e3f);

    Pictures out{allocate<uint8_t, 4>({n, size, size, 3}), allocate<float, 3>({n, fw::kLandmarks, 2})};
    static_assert(sizeof(fw::SceneCamera) == fw::kCameraColumns * sizeof(float));
    Batch batch{points(neutral_mm), {texture.data(), static_cast<int>(texture.shape(0))}, view(expression), view(light),
                reinterpret_cast<const fw::SceneCamera *>(cameras.data()), {static_cast<int>(size), {}}, n,
                out.first.data(), out.second.data()};
    std::copy(points_px.data(), points_px.data() + 2 * fw::kAlignment, batch.crop.points_px.begin());
    {
        nb::gil_scoped_release release;
        std::copy(background.data(), background.data() + background.size(), batch.images);
        draw_batch(rig, batch);
    }
    return out;
}

using Visibility = std::tuple<Out<int32_t, 2>, Out<float, 3>, Out<float, 2>>;

Visibility rasterize(const In<float, 2> &positions_px, const In<int32_t, 2> &triangles, int size, int samples) {
    const size_t vertices = positions_px.shape(0), side = size_t(size) * samples;
    require(positions_px.shape(1) == 3, "positions_px: expected (V, 3)");
    require(triangles.shape(1) == 3, "triangles: expected (T, 3)");
    require(size >= 1 && size <= 4096 && samples >= 1 && samples <= 4, "expected size in 1 .. 4096 and samples in 1 .. 4");
    for (const int32_t v : view(triangles))
        require(v >= 0 && size_t(v) < vertices, "triangles: found vertex " + std::to_string(v) + " of " +
                                                    std::to_string(vertices));
    Visibility out{allocate<int32_t, 2>({side, side}), allocate<float, 3>({side, side, 3}), allocate<float, 2>({side, side})};
    auto &[triangle, barycentric, depth] = out;
    nb::gil_scoped_release release;
    std::vector<fw::ScreenVertex> screen;
    for (const fw::Vec3 &p : points(positions_px)) screen.push_back(fw::snap(p.x, p.y, p.z, samples));
    std::vector<fw::Triangle> corners(triangles.shape(0));
    for (size_t i = 0; i < triangles.size(); ++i) corners[i / 3][i % 3] = triangles.data()[i];
    fw::SampleGrid grid(static_cast<int>(side));
    fw::rasterize(screen, corners, grid);
    for (size_t i = 0; i < side * side; ++i) {
        const int32_t t = grid.triangle[i];
        float w[3] = {0, 0, 0};
        if (t >= 0) {
            const fw::ScreenVertex &a = screen[corners[t][0]], &b = screen[corners[t][1]], &c = screen[corners[t][2]];
            const fw::EdgeWeights e = fw::weights_at(a, b, c, static_cast<int>(i % side), static_cast<int>(i / side));
            w[0] = e.w0 * a.inverse_depth, w[1] = e.w1 * b.inverse_depth, w[2] = e.w2 * c.inverse_depth;
            const float sum = w[0] + w[1] + w[2];
            for (float &x : w) x /= sum;
        }
        std::copy(w, w + 3, barycentric.data() + i * 3);
        triangle.data()[i] = t;
        depth.data()[i] = t >= 0 ? 1.0f / grid.inverse_depth[i] : 0.0f;
    }
    return out;
}

Out<float, 1> srgb_to_linear() {
    Out<float, 1> out = allocate<float, 1>({256});
    std::copy(fw::kSrgb.linear.begin(), fw::kSrgb.linear.end(), out.data());
    return out;
}

Out<uint8_t, 1> linear_to_srgb(const In<float, 1> &linear) {
    Out<uint8_t, 1> out = allocate<uint8_t, 1>({linear.size()});
    for (size_t i = 0; i < linear.size(); ++i) out.data()[i] = fw::srgb_code(linear.data()[i]);
    return out;
}

}  // namespace

void bind_render(nb::module_ &m) {
    nb::class_<fw::Rig>(m, "HeadRig", "A head model, checked and laid out for drawing.")
        .def("__init__",
             [](fw::Rig *self, In<int32_t, 2> triangles, In<uint8_t, 1> parts, In<int32_t, 1> weld, In<float, 2> uv,
                In<float, 1> occlusion, In<float, 3> expression, In<int32_t, 1> landmarks, In<int32_t, 2> alignment) {
                 new (self) fw::Rig(make_rig(triangles, parts, weld, uv, occlusion, expression, landmarks, alignment));
             },
             nb::arg("triangles"), nb::arg("parts"), nb::arg("weld"), nb::arg("uv"), nb::arg("occlusion"),
             nb::arg("expression"), nb::arg("landmarks"), nb::arg("alignment"))
        .def("draw", &draw, nb::arg("neutral_mm"), nb::arg("texture"), nb::arg("expression"), nb::arg("cameras"),
             nb::arg("light"), nb::arg("points_px"), nb::arg("background"),
             "Draw n scenes of one person: (n, size, size, 3) uint8 images and (n, 68, 2) landmarks in pixels. Releases the GIL.");
    m.def("rasterize", &rasterize, nb::arg("positions_px"), nb::arg("triangles"), nb::arg("size"), nb::arg("samples"));
    m.def("srgb_to_linear", &srgb_to_linear, "(256,) float32: the linear value of each sRGB code.");
    m.def("linear_to_srgb", &linear_to_srgb, nb::arg("linear"), "(n,) uint8: the nearest sRGB code of each linear value.");
}
