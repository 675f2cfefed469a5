// Binds the renderer: HeadRig (what drawing needs of a model) with draw (all images of one person), Wardrobe (what is worn in
// them), rasterize, the sRGB tables.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/array.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/shared_ptr.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

#include "checks.hpp"
#include "render_annotate.hpp"
#include "render_batch.hpp"
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

[[noreturn]] void refuse(const std::string &message) { throw std::invalid_argument(message); }

void require(bool ok, const std::string &message) {
    if (!ok) refuse(message);
}

std::span<const fw::Vec3> points(const In<float, 2> &array) {
    static_assert(sizeof(fw::Vec3) == 3 * sizeof(float));
    return {reinterpret_cast<const fw::Vec3 *>(array.data()), array.shape(0)};
}

fw::Rig make_rig(const In<int32_t, 2> &triangles, const In<uint8_t, 1> &parts, const In<int32_t, 1> &weld,
                 const In<float, 2> &uv, const In<float, 1> &occlusion, const In<float, 2> &mean_mm,
                 const In<float, 3> &expression, const In<int32_t, 1> &landmarks, const In<int32_t, 2> &alignment) {
    return fw::Rig({view(triangles), view(parts), view(weld), view(uv), view(occlusion), points(mean_mm), view(expression), view(landmarks),
                    view(alignment)});
}

std::shared_ptr<fw::MipTexture> make_texture(const In<uint8_t, 3> &texels) {
    const size_t height = texels.shape(0), width = texels.shape(1);
    require(texels.shape(2) == 4 && height >= 1 && width >= 1 && height <= 16384 && width <= 16384,
            "texture: expected (H, W, 4) with sides in 1 .. 16384");
    return std::make_shared<fw::MipTexture>(
        fw::make_texels(view(texels), static_cast<int>(width), static_cast<int>(height), 4));
}

std::vector<Out<uint8_t, 3>> texture_levels(const fw::MipTexture &texture) {
    std::vector<Out<uint8_t, 3>> out;
    for (int k = 0; k < texture.levels(); ++k) {
        const fw::Texels &level = texture[k];
        out.push_back(allocate<uint8_t, 3>({size_t(level.height), size_t(level.width), 4}));
        for (int y = 0; y < level.height; ++y)
            std::memcpy(out.back().data() + size_t(y) * level.width * 4, &level.at(0, y), size_t(level.width) * 4);
    }
    return out;
}

// Rows of n numbers.
template <class T>
std::span<const T> rows(const std::string &field, const In<T, 2> &array, size_t n) {
    require(array.shape(1) == n, field + ": found rows of " + std::to_string(array.shape(1)) + ", expected " + std::to_string(n));
    return view(array);
}

void add_attachment(fw::Wardrobe &wardrobe, const std::string &name, int material, const In<float, 2> &vertices_mm,
                    const In<float, 2> &normals, const In<int32_t, 2> &triangles, const In<float, 2> &uv,
                    std::shared_ptr<fw::MipTexture> texture, const In<float, 1> &tint, const In<int32_t, 1> &anchors,
                    bool two_sided) {
    const std::string field = "attachment '" + name + "' ";
    rows(field + "vertices_mm", vertices_mm, 3);
    rows(field + "normals", normals, 3);
    wardrobe.add({name, material, points(vertices_mm), points(normals), rows(field + "triangles", triangles, 3),
                  rows(field + "uv", uv, 2), view(tint), view(anchors), two_sided},
                 std::move(texture));
}

fw::Texels square_texture(const std::string &field, const In<uint8_t, 3> &texture) {
    require(texture.shape(0) == texture.shape(1) && texture.shape(2) == 3 && texture.shape(0) >= 1 &&
                texture.shape(0) <= 16384,
            field + ": expected (S, S, 3) with S in 1 .. 16384");
    const int side = static_cast<int>(texture.shape(0));
    return fw::make_texels(view(texture), side, side, 3);
}

std::vector<fw::Vec3> linear_colours(const In<uint8_t, 2> &colours, int32_t vertices) {
    require((colours.shape(0) == 0 || colours.shape(0) == size_t(vertices)) && colours.shape(1) == 3,
            "vertex_colours: found " + std::to_string(colours.shape(0)) + " rows of " + std::to_string(colours.shape(1)) +
                ", expected (" + std::to_string(vertices) + ", 3)");
    std::vector<fw::Vec3> out;
    for (size_t i = 0; i < colours.size(); i += 3) {
        const uint8_t *c = colours.data() + i;
        out.push_back({fw::kSrgb.linear[c[0]], fw::kSrgb.linear[c[1]], fw::kSrgb.linear[c[2]]});
    }
    return out;
}

// Directions are unit vectors wherever there is light from them.
void require_key(const In<float, 2> &key) {
    fw::require_finite("key_direction or key_irradiance", view(key), 1.0e6f);
    for (const float *k = key.data(); k < key.data() + key.size(); k += 6) {
        if (k[3] < 0 || k[4] < 0 || k[5] < 0) refuse("key_irradiance: found a negative number, expected 0 or more");
        const float squared = k[0] * k[0] + k[1] * k[1] + k[2] * k[2];
        if (k[3] + k[4] + k[5] != 0 && !(squared > 0.98f && squared < 1.02f))
            refuse("key_direction: found a vector of squared length " + std::to_string(squared) + ", expected unit vectors");
    }
}

void require_anchors(const fw::Rig &rig, const fw::Wardrobe &wardrobe) {
    for (const int32_t v : wardrobe.anchors)
        if (v >= rig.vertices)
            refuse("anchors: found vertex " + std::to_string(v) + " of a head of " + std::to_string(rig.vertices));
}

// What one call draws: a person, the scenes and the crop.
struct Inputs {
    In<float, 2> neutral_mm;
    In<uint8_t, 3> texture, made_up_texture;
    In<uint8_t, 2> vertex_colours;
    In<float, 2> expression, cameras;
    In<float, 3> light;
    In<float, 2> key;
    In<uint8_t, 1> made_up;
    In<uint8_t, 2> visible;
    In<double, 2> points_px;
    int framing;

    size_t scenes() const { return cameras.shape(0); }

    void check(const fw::Rig &rig, const fw::Wardrobe &wardrobe, size_t size) const {
        const size_t n = scenes();
        require(neutral_mm.shape(0) == size_t(rig.vertices) && neutral_mm.shape(1) == 3, "neutral_mm: expected (V, 3)");
        require(expression.shape(0) == n && expression.shape(1) == rig.expression.size(), "expression: expected (n, E)");
        require(cameras.shape(1) == fw::kCameraColumns, "cameras: expected (n, 15)");
        require(light.shape(0) == n && light.shape(1) == 9 && light.shape(2) == 3, "light: expected (n, 9, 3)");
        require(key.shape(0) == n && key.shape(1) == 6, "key_direction, key_irradiance: expected (n, 3)");
        require(made_up.shape(0) == n, "made_up: expected (n,)");
        require(visible.shape(0) == n && visible.shape(1) == wardrobe.items.size(), "visible: expected (n, attachments)");
        require(points_px.shape(0) == fw::kAlignment && points_px.shape(1) == 2, "points_px: expected (5, 2)");
        require(size >= 1 && size <= 4096, "size: expected 1 .. 4096");
        require(framing >= 0 && framing <= 3, "framing: expected 0 .. 3");
        fw::require_finite("pose, camera or jitter", view(cameras), 1.0e6f);
        fw::require_finite("light", view(light), 1.0e6f);
        fw::require_finite("expression", view(expression), 1.0e3f);
        require_key(key);
        require_anchors(rig, wardrobe);
    }

    fw::Batch batch(const fw::Rig &rig, size_t size, const fw::Look &look) const {
        static_assert(sizeof(fw::SceneCamera) == fw::kCameraColumns * sizeof(float));
        const bool any_made_up = std::count(made_up.data(), made_up.data() + scenes(), 0) < static_cast<ptrdiff_t>(scenes());
        fw::Batch out{{points(neutral_mm), fw::MipTexture(square_texture("texture", texture)),
                       fw::MipTexture(any_made_up ? square_texture("made_up", made_up_texture) : fw::Texels(1, 1)),
                       linear_colours(vertex_colours, rig.vertices)},
                      view(expression), view(light), view(key), view(made_up), view(visible),
                      reinterpret_cast<const fw::SceneCamera *>(cameras.data()),
                      {static_cast<int>(size), {}, static_cast<fw::Framing>(framing)}, scenes(), look};
        std::copy(points_px.data(), points_px.data() + 2 * fw::kAlignment, out.crop.points_px.begin());
        return out;
    }
};

using Pictures = std::pair<Out<uint8_t, 4>, Out<float, 3>>;

Pictures draw(const fw::Rig &rig, const Inputs &inputs, const fw::Wardrobe &wardrobe, const In<uint8_t, 4> &background,
              const fw::Look &look) {
    const size_t n = inputs.scenes(), size = background.shape(1);
    inputs.check(rig, wardrobe, size);
    require(background.shape(0) == n && background.shape(2) == size && background.shape(3) == 3,
            "background: expected (n, size, size, 3)");
    Pictures out{allocate<uint8_t, 4>({n, size, size, 3}), allocate<float, 3>({n, fw::kLandmarks, 2})};
    const fw::Batch batch = inputs.batch(rig, size, look);
    {
        nb::gil_scoped_release release;
        std::copy(background.data(), background.data() + background.size(), out.first.data());
        fw::draw_batch(rig, wardrobe, batch, out.first.data(), out.second.data());
    }
    return out;
}

// A dictionary of arrays by the names of fw::Annotations.
nb::typed<nb::dict, nb::str, nb::any> annotate(const fw::Rig &rig, const Inputs &inputs, const fw::Wardrobe &wardrobe, size_t size,
                  const In<int32_t, 1> &vertices, const fw::Look &look) {
    const size_t n = inputs.scenes(), k = vertices.shape(0);
    inputs.check(rig, wardrobe, size);
    for (const int32_t v : view(vertices))
        if (v < 0 || v >= rig.vertices) refuse("vertices: found " + std::to_string(v) + ", expected vertices of the head");
    auto triangle = allocate<int32_t, 3>({n, size, size});
    auto barycentric = allocate<float, 4>({n, size, size, 3}), normals = allocate<float, 4>({n, size, size, 3}),
         albedo = allocate<float, 4>({n, size, size, 3}), irradiance = allocate<float, 4>({n, size, size, 3});
    auto depth = allocate<float, 3>({n, size, size}), points_mm = allocate<float, 3>({n, k, 3}), points_px = allocate<float, 3>({n, k, 2});
    auto seen = allocate<uint8_t, 2>({n, k});
    auto views = allocate<float, 2>({n, fw::kViewNumbers});
    const fw::Batch batch = inputs.batch(rig, size, look);
    {
        nb::gil_scoped_release release;
        fw::annotate_batch(rig, wardrobe, batch, view(vertices),
                           {triangle.data(), barycentric.data(), depth.data(), normals.data(), albedo.data(), irradiance.data(),
                            points_mm.data(), points_px.data(), seen.data(), views.data()});
    }
    nb::typed<nb::dict, nb::str, nb::any> out;
    out["triangle"] = triangle, out["barycentric"] = barycentric, out["depth"] = depth, out["normals"] = normals;
    out["albedo"] = albedo, out["irradiance"] = irradiance, out["points_mm"] = points_mm, out["points_px"] = points_px;
    out["seen"] = seen, out["views"] = views;
    return out;
}

Out<float, 1> bake_openness(const fw::Rig &rig, const In<float, 2> &neutral_mm, const fw::Wardrobe &wardrobe, bool coarse) {
    require(neutral_mm.shape(0) == size_t(rig.vertices) && neutral_mm.shape(1) == 3, "neutral_mm: expected (V, 3)");
    const std::vector<uint8_t> visible(wardrobe.items.size(), 1);
    fw::Outlook outlook(rig, points(neutral_mm), wardrobe);
    const std::vector<float> head = (coarse ? outlook.coarse(visible) : outlook.fine(visible)).head;
    Out<float, 1> out = allocate<float, 1>({head.size()});
    std::copy(head.begin(), head.end(), out.data());
    return out;
}

using Visibility = std::tuple<Out<int32_t, 2>, Out<float, 3>, Out<float, 2>>;

Visibility rasterize(const In<float, 2> &positions_px, const In<int32_t, 2> &triangles, int size, int samples) {
    const size_t vertices = positions_px.shape(0), side = size_t(size) * samples;
    require(positions_px.shape(1) == 3, "positions_px: expected (V, 3)");
    require(triangles.shape(1) == 3, "triangles: expected (T, 3)");
    require(size >= 1 && size <= 4096 && samples >= 1 && samples <= 4, "expected size in 1 .. 4096 and samples in 1 .. 4");
    for (const int32_t v : view(triangles))
        if (v < 0 || size_t(v) >= vertices)
            refuse("triangles: found vertex " + std::to_string(v) + " of " + std::to_string(vertices));
    Visibility out{allocate<int32_t, 2>({side, side}), allocate<float, 3>({side, side, 3}), allocate<float, 2>({side, side})};
    auto &[triangle, barycentric, depth] = out;
    nb::gil_scoped_release release;
    std::vector<fw::ScreenVertex> screen;
    for (const fw::Vec3 &p : points(positions_px)) screen.push_back(fw::snap(p.x, p.y, p.z, samples));
    std::vector<fw::Triangle> corners(triangles.shape(0));
    for (size_t i = 0; i < triangles.size(); ++i) corners[i / 3][i % 3] = triangles.data()[i];
    fw::SampleGrid grid(static_cast<int>(side));
    grid.clear();
    fw::kernels().rasterize(screen.data(), corners.data(), static_cast<int32_t>(corners.size()), 0, false, grid.target());
    for (size_t i = 0; i < side * side; ++i) {
        const size_t column = i % side, row = i / side;
        const size_t sample = grid.layout.sample(static_cast<int>(column), static_cast<int>(row));
        const int32_t t = grid.triangle[sample];
        float w[3] = {0, 0, 0};
        if (t >= 0) {
            const fw::ScreenVertex &a = screen[corners[t][0]], &b = screen[corners[t][1]], &c = screen[corners[t][2]];
            const fw::EdgeWeights e = fw::weights_at_point(a, b, c, static_cast<int32_t>(column) * fw::kSubsample + fw::kSubsample / 2,
                                                            static_cast<int32_t>(row) * fw::kSubsample + fw::kSubsample / 2);
            w[0] = e.w0 * a.inverse_depth, w[1] = e.w1 * b.inverse_depth, w[2] = e.w2 * c.inverse_depth;
            const float sum = w[0] + w[1] + w[2];
            for (float &x : w) x /= sum;
        }
        std::copy(w, w + 3, barycentric.data() + i * 3);
        triangle.data()[i] = t;
        depth.data()[i] = t >= 0 ? 1.0f / grid.inverse_depth[sample] : 0.0f;
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
    nb::class_<fw::Look>(m, "Look", "What is drawn of light beyond Lambert's law, and how often.")
        .def("__init__",
             [](fw::Look *self, bool occlusion, bool shadows, bool highlights, bool scattering, bool eye_reflections,
                bool every_sample) {
                 new (self) fw::Look{occlusion, shadows, highlights, scattering, eye_reflections, every_sample};
             },
             nb::arg("occlusion"), nb::arg("shadows"), nb::arg("highlights"), nb::arg("scattering"),
             nb::arg("eye_reflections"), nb::arg("every_sample"));
    nb::class_<Inputs>(m, "Inputs", "A person, n scenes and a crop, as draw and annotate take them.")
        .def("__init__",
             [](Inputs *self, In<float, 2> neutral_mm, In<uint8_t, 3> texture, In<uint8_t, 3> made_up_texture,
                In<uint8_t, 2> vertex_colours, In<float, 2> expression, In<float, 2> cameras, In<float, 3> light, In<float, 2> key,
                In<uint8_t, 1> made_up, In<uint8_t, 2> visible, In<double, 2> points_px, int framing) {
                 new (self) Inputs{neutral_mm, texture, made_up_texture, vertex_colours, expression, cameras, light, key, made_up,
                                   visible, points_px, framing};
             },
             nb::arg("neutral_mm"), nb::arg("texture"), nb::arg("made_up_texture"), nb::arg("vertex_colours"),
             nb::arg("expression"), nb::arg("cameras"), nb::arg("light"), nb::arg("key"), nb::arg("made_up"), nb::arg("visible"),
             nb::arg("points_px"), nb::arg("framing"));
    m.def("instruction_set", [] { return fw::kernels().name; }, "Name of the kernels that are used: portable, avx2 or avx512.");
    nb::class_<fw::Rig> rig(m, "HeadRig", "A head model, checked and laid out for drawing.");
    rig.def("__init__",
             [](fw::Rig *self, In<int32_t, 2> triangles, In<uint8_t, 1> parts, In<int32_t, 1> weld, In<float, 2> uv,
                In<float, 1> occlusion, In<float, 2> mean_mm, In<float, 3> expression, In<int32_t, 1> landmarks,
                In<int32_t, 2> alignment) {
                 rows("mean_mm", mean_mm, 3);
                 new (self) fw::Rig(make_rig(triangles, parts, weld, uv, occlusion, mean_mm, expression, landmarks, alignment));
             },
             nb::arg("triangles"), nb::arg("parts"), nb::arg("weld"), nb::arg("uv"), nb::arg("occlusion"),
             nb::arg("mean_mm"), nb::arg("expression"), nb::arg("landmarks"), nb::arg("alignment"))
        .def("draw", &draw, nb::arg("inputs"), nb::arg("wardrobe"), nb::arg("background"), nb::arg("look"),
             "Draw n scenes of one person: (n, size, size, 3) uint8 images and (n, 68, 2) landmarks in pixels. Releases the GIL.")
        .def("annotate", &annotate, nb::arg("inputs"), nb::arg("wardrobe"), nb::arg("size"), nb::arg("vertices"), nb::arg("look"),
             "What is seen at the middle of each pixel of n scenes, and where vertices of the head are. Releases the GIL.");
    rig.def("openness", &bake_openness, nb::arg("neutral_mm"), nb::arg("wardrobe"), nb::arg("coarse"));
    nb::class_<fw::MipTexture>(m, "MipTexture", "An attachment's texture with its smaller copies.")
        .def(nb::new_(&make_texture), nb::arg("texels"), "texels: (H, W, 4) uint8, sRGB and straight alpha.")
        .def("closed", &fw::MipTexture::closed, nb::arg("least_uv"), nb::arg("most_uv"),
             "Whether nothing shows through between these, on any of the five finest levels.")
        .def("levels", &texture_levels,
             "As they are kept, from the largest: (H, W, 4) uint8, roots of linear colour times alpha, and alpha, in steps of 1/255.");
    nb::class_<fw::Wardrobe>(m, "Wardrobe", "Attachments, checked and laid out for drawing.")
        .def(nb::init<>())
        .def("add", &add_attachment, nb::arg("name"), nb::arg("material"), nb::arg("vertices_mm"), nb::arg("normals"),
             nb::arg("triangles"), nb::arg("uv"), nb::arg("texture"), nb::arg("tint"), nb::arg("anchors"),
             nb::arg("two_sided"));
    m.def("rasterize", &rasterize, nb::arg("positions_px"), nb::arg("triangles"), nb::arg("size"), nb::arg("samples"));
    m.def("srgb_to_linear", &srgb_to_linear, "(256,) float32: the linear value of each sRGB code.");
    m.def("linear_to_srgb", &linear_to_srgb, nb::arg("linear"), "(n,) uint8: the nearest sRGB code of each linear value.");
}
