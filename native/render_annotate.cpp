#include "render_annotate.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace fw {

namespace {

constexpr float kThroughHalf = 0.5f;
constexpr float kBehindMm = 1.0f;  // a point this much behind a surface is hidden by it

// A transparent surface at a pixel's middle.
struct Hit {
    size_t sample;
    float near, alpha;
    int32_t triangle;

    bool operator<(const Hit &other) const {
        if (sample != other.sample) return sample < other.sample;
        return near != other.near ? near > other.near : triangle < other.triangle;
    }
};

void put(float *to, const Vec3 &v) { to[0] = v.x, to[1] = v.y, to[2] = v.z; }

// Buffers for one scene after the other.
class Annotator {
  public:
    Annotator(const Rig &rig, const Wardrobe &wardrobe, const Batch &batch, std::span<const int32_t> vertices)
        : sitter_(batch.sitter),
          stage_(rig, wardrobe, batch.crop, 1, batch.look),
          vertices_(vertices),
          grid_(batch.crop.size_px),
          fragments_(grid_.layout.pixels() + 1) {}

    void annotate(const Shot &shot, const Annotations &out) {
        stage_.set(sitter_, shot);
        stage_.draw_opaque(shot.visible, grid_);
        find_hits(shot.visible);
        find_surfaces();
        for (const int32_t triangle : grid_.triangle)
            if (triangle >= 0) stage_.need(triangle);
        const Sitter pale{sitter_.neutral_mm, MipTexture(Texels(1, 1)), MipTexture(Texels(1, 1)), {}};  // light without albedo
        stage_.light(pale, shot);
        for (int y = 0; y < grid_.layout.side; ++y)
            for (int x = 0; x < grid_.layout.side; ++x) describe(x, y, shot.made_up, out);
        for (size_t i = 0; i < vertices_.size(); ++i) locate(i, shot.visible, out);
        put_view(out.views);
    }

  private:
    struct Weights {
        std::array<float, 3> screen, surface;  // of the corners; each sums to 1
    };

    Weights weights(int32_t triangle, int x, int y) const {
        const Triangle &t = stage_.triangles[triangle];
        const ScreenVertex &a = stage_.screen[t[0]], &b = stage_.screen[t[1]], &c = stage_.screen[t[2]];
        const int32_t px = x * kSubsample + kSubsample / 2, py = y * kSubsample + kSubsample / 2;
        const double w0 = static_cast<double>(edge(b, c, px, py)), w1 = static_cast<double>(edge(c, a, px, py)),
                     w2 = static_cast<double>(edge(a, b, px, py)), area = w0 + w1 + w2;
        const bool parallel = stage_.view.perspective == 0.0f;
        const double s0 = w0 * (parallel ? 1.0 : a.inverse_depth), s1 = w1 * (parallel ? 1.0 : b.inverse_depth),
                     s2 = w2 * (parallel ? 1.0 : c.inverse_depth), sum = s0 + s1 + s2;
        return {{static_cast<float>(w0 / area), static_cast<float>(w1 / area), static_cast<float>(w2 / area)},
                {static_cast<float>(s0 / sum), static_cast<float>(s1 / sum), static_cast<float>(s2 / sum)}};
    }

    float near(int32_t triangle, const Weights &at) const {
        const Triangle &t = stage_.triangles[triangle];
        const float a = stage_.screen[t[0]].inverse_depth;
        return a + (at.screen[1] * (stage_.screen[t[1]].inverse_depth - a) + at.screen[2] * (stage_.screen[t[2]].inverse_depth - a));
    }

    std::array<float, 2> uv(int32_t triangle, const std::array<float, 3> &weights) const {
        std::array<float, 2> out{0.0f, 0.0f};
        for (int i = 0; i < 3; ++i) {
            const int32_t v = stage_.triangles[triangle][i];
            const std::array<float, 2> &at = v < stage_.rig.vertices ? stage_.rig.uv[v] : stage_.wardrobe.uv[v - stage_.rig.vertices];
            out[0] += weights[i] * at[0];
            out[1] += weights[i] * at[1];
        }
        return out;
    }

    void find_hits(std::span<const uint8_t> visible) {
        hits_.clear();
        for (size_t i = 0; i < visible.size(); ++i) {
            const Wardrobe::Item &item = stage_.wardrobe.items[i];
            if (!visible[i]) continue;
            for (int32_t t = item.first_veil; t < item.last_triangle; ++t) hit(stage_.head_triangles() + t, item);
        }
        std::sort(hits_.begin(), hits_.end());
    }

    void hit(int32_t triangle, const Wardrobe::Item &item) {
        const Triangle &t = stage_.triangles[triangle];
        if (!item.two_sided && doubled_area(stage_.screen[t[0]], stage_.screen[t[1]], stage_.screen[t[2]]) < 0) return;
        const int32_t count = kernels().cover(stage_.screen.data(), &t, &triangle, 1, grid_.target(), fragments_.data());
        if (count == 0) return;
        const Surface surface = (*item.texture)[item.texture->level(stage_.texels_per_pixel(triangle))].surface(item.tint);
        for (int32_t k = 0; k < count; ++k)
            for (uint32_t left = fragments_[k].samples; left != 0; left &= left - 1) {
                const size_t sample = size_t(fragments_[k].pixel) * 4 + __builtin_ctz(left);
                const auto [x, y] = place(sample);
                if (x >= grid_.layout.side || y >= grid_.layout.side) continue;
                const Weights at = weights(triangle, x, y);
                const std::array<float, 2> where = uv(triangle, at.surface);
                FourFloats texel;
                kernels().sample(surface, where[0], where[1], &texel);
                hits_.push_back({sample, near(triangle, at), texel[3], triangle});
            }
    }

    // Column and row of a sample.
    std::array<int, 2> place(size_t sample) const {
        const auto tile = static_cast<int>(sample / 16), within = static_cast<int>(sample % 16);
        return {tile % grid_.layout.across * 4 + (within >> 2 & 1) * 2 + (within & 1),
                tile / grid_.layout.across * 4 + (within >> 3) * 2 + (within >> 1 & 1)};
    }

    void find_surfaces() {
        for (size_t i = 0; i < hits_.size();) {
            const size_t sample = hits_[i].sample;
            float through = 1.0f;
            bool found = false;
            for (; i < hits_.size() && hits_[i].sample == sample; ++i) {
                through *= 1.0f - hits_[i].alpha;
                if (found || through >= kThroughHalf) continue;
                found = true;
                grid_.triangle[sample] = hits_[i].triangle;
                grid_.inverse_depth[sample] = hits_[i].near;
            }
        }
    }

    void describe(int x, int y, bool made_up, const Annotations &out) const {
        const size_t pixel = size_t(y) * grid_.layout.side + x;
        const int32_t triangle = grid_.triangle[grid_.layout.sample(x, y)];
        out.triangle[pixel] = given(triangle);
        out.depth_mm[pixel] = 0.0f;
        for (float *buffer : {out.barycentric, out.normals, out.albedo, out.irradiance}) put(buffer + pixel * 3, {0, 0, 0});
        if (triangle < 0) return;
        const Weights at = weights(triangle, x, y);
        std::copy(at.surface.begin(), at.surface.end(), out.barycentric + pixel * 3);
        const int32_t item = stage_.kinds[triangle].item, behind = stage_.behind(triangle);
        Vec3 normal{0, 0, 0}, light{0, 0, 0}, tint{0, 0, 0};
        float depth = 0.0f;
        for (int i = 0; i < 3; ++i) {
            const int32_t v = stage_.triangles[triangle][i], row = v + behind;
            const Attributes &lit = stage_.attributes[row];
            const float share = at.surface[i];
            normal = normal + stage_.normal(row) * share;
            light = light + Vec3{lit.red, lit.green, lit.blue} * (share / lit.weight);
            depth += share / stage_.screen[v].inverse_depth;
            const bool coloured = item < 0 && !sitter_.vertex_albedo.empty();
            tint = tint + (coloured ? sitter_.vertex_albedo[v] : Vec3{1, 1, 1}) * share;
        }
        out.depth_mm[pixel] = depth;
        put(out.normals + pixel * 3, unit(normal));
        put(out.irradiance + pixel * 3, light);
        put(out.albedo + pixel * 3, tint * albedo(triangle, uv(triangle, at.surface), made_up));
    }

    // A triangle's number among those of the model and of the attachments as they were given.
    int32_t given(int32_t triangle) const {
        const int32_t head = stage_.head_triangles();
        return triangle < head ? triangle : head + stage_.wardrobe.given[triangle - head];
    }

    Vec3 albedo(int32_t triangle, const std::array<float, 2> &uv, bool made_up) const {
        const int32_t item = stage_.kinds[triangle].item;
        const MipTexture &texture = item >= 0 ? *stage_.wardrobe.items[item].texture : made_up ? sitter_.made_up : sitter_.texture;
        const Vec3 tint = item >= 0 ? stage_.wardrobe.items[item].tint : Vec3{1, 1, 1};
        const int level = item >= 0 ? texture.level(stage_.texels_per_pixel(triangle)) : 0;
        FourFloats texel;
        kernels().sample(texture[level].surface(tint), uv[0], uv[1], &texel);
        const float straight = texel[3] > 0.0f ? 1.0f / texel[3] : 0.0f;
        return Vec3{texel[0], texel[1], texel[2]} * straight;
    }

    void locate(size_t i, std::span<const uint8_t> visible, const Annotations &out) const {
        const int32_t v = vertices_[i];
        const Projected p = stage_.view.project(stage_.positions_mm[v]);
        put(out.points_mm + i * 3, stage_.positions_mm[v]);
        out.points_px[i * 2] = p.x_px;
        out.points_px[i * 2 + 1] = p.y_px;
        out.seen[i] = stage_.screen[v].inverse_depth > 0.0f && !hidden(v, p.depth_mm, visible);
    }

    // Where a vertex is seen, not rounded: pixels and millimetres.
    struct Place {
        double x, y, depth;
    };

    Place exact(int32_t v) const {
        const View &view = stage_.view;
        const Vec3 &p = stage_.positions_mm[v];
        const auto along = [&](const Vec3 &row) { return double{row.x} * p.x + double{row.y} * p.y + double{row.z} * p.z; };
        const double depth = view.distance_mm - along(view.rotation[2]);
        const double reach = view.perspective != 0.0f ? depth : view.distance_mm;
        return {(along(view.image_x) + view.offset_x) / reach, (along(view.image_y) + view.offset_y) / reach, depth};
    }

    // How far away a triangle is where a place is seen; infinitely far beside it. Its edges belong to it.
    double depth_at(const Triangle &t, const Place &at) const {
        const Place a = exact(t[0]), b = exact(t[1]), c = exact(t[2]);
        const auto weight = [&](const Place &p, const Place &q) { return (q.y - p.y) * (at.x - p.x) - (q.x - p.x) * (at.y - p.y); };
        const double w0 = weight(b, c), w1 = weight(c, a), w2 = weight(a, b), area = w0 + w1 + w2;
        constexpr double rounding = -1e-9;
        const bool inside = w0 / area >= rounding && w1 / area >= rounding && w2 / area >= rounding;
        if (!inside) return std::numeric_limits<double>::infinity();
        if (stage_.view.perspective == 0.0f) return (w0 * a.depth + w1 * b.depth + w2 * c.depth) / area;
        return area / (w0 / a.depth + w1 / b.depth + w2 / c.depth);
    }

    // By a triangle of the head or of something opaque, or by what is the surface of the pixel there.
    bool hidden(int32_t v, float depth_mm, std::span<const uint8_t> visible) const {
        const ScreenVertex &at = stage_.screen[v];
        const float limit = 1.0f / std::max(depth_mm - kBehindMm, kNearMm);
        const Place place = exact(v);
        const auto hides = [&](const Triangle &t) {
            const ScreenVertex &a = stage_.screen[t[0]], &b = stage_.screen[t[1]], &c = stage_.screen[t[2]];
            if (!drawable(a, b, c) || t[0] == v || t[1] == v || t[2] == v) return false;
            if (std::min({a.x, b.x, c.x}) > at.x + 1 || std::max({a.x, b.x, c.x}) < at.x - 1 ||
                std::min({a.y, b.y, c.y}) > at.y + 1 || std::max({a.y, b.y, c.y}) < at.y - 1)
                return false;
            return depth_at(t, place) < place.depth - kBehindMm;
        };
        for (int32_t t = 0; t < stage_.head_triangles(); ++t)
            if (hides(stage_.triangles[t])) return true;
        for (size_t i = 0; i < visible.size(); ++i) {
            const Wardrobe::Item &item = stage_.wardrobe.items[i];
            if (!visible[i]) continue;
            for (int32_t t = item.first_triangle; t < item.first_veil; ++t)
                if (hides(stage_.triangles[stage_.head_triangles() + t])) return true;
        }
        const int x = at.x >> 8, y = at.y >> 8;
        if (x < 0 || y < 0 || x >= grid_.layout.side || y >= grid_.layout.side) return false;
        const size_t sample = grid_.layout.sample(x, y);
        return grid_.triangle[sample] >= stage_.head_triangles() && grid_.inverse_depth[sample] > limit;
    }

    void put_view(float *out) const {
        const View &view = stage_.view;
        for (int i = 0; i < 3; ++i) put(out + 3 * i, view.rotation[i]);
        put(out + 9, view.image_x);
        put(out + 12, view.image_y);
        const std::array<float, 6> rest{view.shift_x, view.shift_y, view.distance_mm, view.offset_x, view.offset_y, view.perspective};
        std::copy(rest.begin(), rest.end(), out + 15);
    }

    const Sitter &sitter_;
    Stage stage_;
    std::span<const int32_t> vertices_;
    SampleGrid grid_;
    std::vector<Fragment> fragments_;
    std::vector<Hit> hits_;
};

}  // namespace

void annotate_batch(const Rig &rig, const Wardrobe &wardrobe, const Batch &batch, std::span<const int32_t> vertices,
                    const Annotations &out) {
    Annotator annotator(rig, wardrobe, batch, vertices);
    Opennesses opennesses(rig, wardrobe, batch);
    const size_t pixels = size_t(batch.crop.size_px) * batch.crop.size_px, points = vertices.size();
    for (size_t i = 0; i < batch.scenes; ++i)
        annotator.annotate(batch.shot(i, opennesses.of(i)),
                           {out.triangle + i * pixels, out.barycentric + i * pixels * 3, out.depth_mm + i * pixels,
                            out.normals + i * pixels * 3, out.albedo + i * pixels * 3, out.irradiance + i * pixels * 3,
                            out.points_mm + i * points * 3, out.points_px + i * points * 2, out.seen + i * points,
                            out.views + i * kViewNumbers});
}

}  // namespace fw
