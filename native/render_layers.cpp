#include "render_layers.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <stdexcept>

#include "render_shading.hpp"

namespace fw {

namespace {

constexpr float kOpaque = 254.0f / 255.0f;     // alpha that closes a sample
constexpr float kInvisible = 1.0f / 255.0f;    // less light than this is not followed
constexpr float kHairLiftMm = 6.0f, kLiftMm = 2.0f;  // how far off its surface a thing takes its shadow
constexpr float kStrandShine = 2.4f;  // 1 / the mean linear level of smooth hair's texture
constexpr size_t kMaxFragments = 1u << 27;

constexpr std::array<Gloss, kMaterials> kGloss{{{0.0f, 0}, {0.03f, 6}, {0.6f, 6}, {0.04f, 9}, {0.0f, 0}}};

// The part of the environment that a metal mirrors, and a pane's reflectance head-on.
constexpr float kMetalMirror = 0.9f, kGlassReflectance = 0.04f;

// Schlick's (1 - v.n)^5.
float grazing(const Vec3 &normal) {
    const float away = 1.0f - (normal.z > 0.0f ? normal.z : 0.0f), squared = away * away;
    return squared * squared * away;
}

// Where a viewer on the camera's axis looks when mirrored.
Vec3 mirrored(const Vec3 &n) { return {2.0f * n.z * n.x, 2.0f * n.z * n.y, 2.0f * n.z * n.z - 1.0f}; }

// Two lobes along a strand (Kajiya and Kay 1989, shifted apart as Marschner et al. 2003 measured): the light's first
// reflection, uncoloured, and a wider one that has gone through the hair and taken its colour.
struct StrandLobes {
    float white, coloured;
};

float strand_lobe(const Vec3 &strand, const Vec3 &half, int squarings) {
    const float along = dot(strand, half);
    float lobe = 1.0f - along * along;
    for (int i = 0; i < squarings; ++i) lobe *= lobe;
    return lobe > 0.0f ? lobe : 0.0f;
}

StrandLobes strand_lobes(const Vec3 &strand, const Vec3 &normal, const Light &light) {
    constexpr float shift = 0.09f, white = 0.036f, coloured = 0.35f;
    const float facing = dot(normal, light.towards) + 0.25f;
    if (!(facing > 0.0f)) return {0, 0};
    const float lit = facing < 1.0f ? facing : 1.0f;
    return {white * lit * strand_lobe(unit(strand + normal * shift), light.half, 5),
            coloured * lit * strand_lobe(unit(strand - normal * (1.5f * shift)), light.half, 3)};
}

}  // namespace

Layers::Layers(const Wardrobe &wardrobe, int side)
    : wardrobe_(wardrobe),
      side_(side),
      visible_(wardrobe.items.size()),
      positions_mm_(wardrobe.vertices_mm.size()),
      normals_(positions_mm_.size()),
      screen_(positions_mm_.size()),
      front_(positions_mm_.size()),
      back_(positions_mm_.size()),
      needed_(positions_mm_.size()),
      closed_(wardrobe.items.empty() ? 0 : size_t(side / kSamples) * (side / kSamples)),
      first_(wardrobe.items.empty() ? 0 : size_t(side / kSamples) * (side / kSamples), -1) {}

void Layers::place(std::span<const uint8_t> visible, std::span<const Vec3> neutral_mm, std::span<const Vec3> expressed_mm) {
    any_ = false;
    for (size_t i = 0; i < wardrobe_.items.size(); ++i) {
        const Wardrobe::Item &item = wardrobe_.items[i];
        visible_[i] = visible[i];
        if (!visible[i]) continue;
        any_ = true;
        for (int32_t v = item.first_vertex; v < item.last_vertex; ++v) {
            const int32_t anchor = wardrobe_.anchors[v];
            positions_mm_[v] = wardrobe_.vertices_mm[v];
            if (anchor >= 0) positions_mm_[v] = positions_mm_[v] + (expressed_mm[anchor] - neutral_mm[anchor]);
        }
    }
}

void Layers::light(const View &view, const Light &light, const Openness &openness, const ShadowMap &shadow) {
    if (!any_) return;
    std::fill(needed_.begin(), needed_.end(), 0);
    for (const Seen &seen : sorted_)
        for (const int32_t v : wardrobe_.triangles[seen.triangle]) needed_[v] = 1;
    for (const Wardrobe::Item &item : wardrobe_.items) {
        const float lift_mm = item.material == Material::hair ? kHairLiftMm : kLiftMm;
        for (int32_t v = item.first_vertex; v < item.last_vertex; ++v) {
            if (!needed_[v]) continue;
            const Vec3 &n = wardrobe_.normals[v];
            normals_[v] = view.turn(n);
            const auto side = [&](const Vec3 &in_head, const Vec3 &normal, float open) {
                const float key = light.has_key() ? shadow.visibility(positions_mm_[v], in_head, lift_mm) : open;
                return lit(v, item, normal, light, view, {open, key});
            };
            front_[v] = side(n, normals_[v], openness.worn[v]);
            if (item.turns_normals()) back_[v] = side(n * -1.0f, normals_[v] * -1.0f, openness.behind[v]);
        }
    }
}

Layers::Values Layers::lit(int32_t v, const Wardrobe::Item &item, const Vec3 &normal, const Light &light, const View &view,
                           const Reach &reach) const {
    const bool hair = item.material == Material::hair;
    const float near = screen_[v].inverse_depth;
    Vec3 diffuse =
        ambient_light(light, normal) * reach.sky + key_light(light, normal, hair ? kHairSoftness : kHardSoftness) * reach.key;
    float shine = 0.0f;
    if (hair) {
        const StrandLobes lobes = strand_lobes(view.turn(wardrobe_.strands[v]), normal, light);
        diffuse = diffuse + light.colour * (lobes.coloured * reach.key);
        shine = lobes.white * reach.key;
    }
    return {FourFloats{1.0f, wardrobe_.uv[v][0], wardrobe_.uv[v][1], reach.key} * near,
            FourFloats{diffuse.x, diffuse.y, diffuse.z, shine} * near};
}

void Layers::collect(const SampleGrid &head, const Light &light) {
    if (!any_) return;
    std::fill(first_.begin(), first_.end(), -1);
    std::copy(head.inverse_depth.begin(), head.inverse_depth.end(), closed_.begin());
    fragments_.clear();
    constexpr size_t batch = 192;
    for (size_t i = 0; i < sorted_.size(); ++i) {
        if (i > 0 && i % batch == 0) farthest_.measure(closed_, side_ / kSamples);
        if (!hidden(sorted_[i].triangle, sorted_[i].nearest)) collect(sorted_[i], head, light);
    }
}

// Triangles that may be seen, about front to back: what is opaque in front then hides what comes later.
void Layers::find_seen(const View &view, const SampleGrid &head) {
    if (!any_) return;
    farthest_.measure(head.inverse_depth, side_ / kSamples);
    seen_.clear();
    for (size_t i = 0; i < wardrobe_.items.size(); ++i) {
        const Wardrobe::Item &item = wardrobe_.items[i];
        if (!visible_[i]) continue;
        for (int32_t v = item.first_vertex; v < item.last_vertex; ++v) {
            const Projected p = view.project(positions_mm_[v]);
            screen_[v] = snap(p.x_px, p.y_px, p.depth_mm, kSamples);
        }
        for (int32_t t = item.first_triangle; t < item.last_triangle; ++t) add(t, item);
    }
    sort_seen();
}

void Layers::add(int32_t triangle, const Wardrobe::Item &item) {
    const Triangle &t = wardrobe_.triangles[triangle];
    const ScreenVertex &a = screen_[t[0]], &b = screen_[t[1]], &c = screen_[t[2]];
    if (!drawable(a, b, c)) return;
    const int64_t area = doubled_area(a, b, c);
    if (area == 0 || (area < 0 && !item.two_sided)) return;
    const float nearest = std::max({a.inverse_depth, b.inverse_depth, c.inverse_depth});
    if (!hidden(triangle, nearest)) seen_.push_back({triangle, &item, area < 0, nearest});
}

bool Layers::hidden(int32_t triangle, float nearest) const {
    const Triangle &t = wardrobe_.triangles[triangle];
    const ScreenVertex &a = screen_[t[0]], &b = screen_[t[1]], &c = screen_[t[2]];
    const auto [left, right] = std::minmax({a.x, b.x, c.x});
    const auto [top, bottom] = std::minmax({a.y, b.y, c.y});
    return farthest_.hide(left, right, top, bottom, nearest);
}

// A counting sort: exact order is not needed.
void Layers::sort_seen() {
    constexpr int buckets = 256;
    float low = kFarMm, high = 0.0f;
    for (const Seen &seen : seen_) {
        low = std::min(low, seen.nearest);
        high = std::max(high, seen.nearest);
    }
    const float scale = high > low ? static_cast<float>(buckets - 1) / (high - low) : 0.0f;
    const auto bucket = [&](const Seen &seen) { return static_cast<int>((high - seen.nearest) * scale); };
    std::array<int32_t, buckets + 1> starts{};
    for (const Seen &seen : seen_) ++starts[bucket(seen) + 1];
    for (int i = 0; i < buckets; ++i) starts[i + 1] += starts[i];
    sorted_.resize(seen_.size());
    for (const Seen &seen : seen_) sorted_[starts[bucket(seen)]++] = seen;
}

void Layers::collect(const Seen &seen, const SampleGrid &head, const Light &light) {
    const Triangle &t = wardrobe_.triangles[seen.triangle];
    const ScreenVertex &a = screen_[t[0]], &b = screen_[t[seen.back ? 2 : 1]], &c = screen_[t[seen.back ? 1 : 2]];
    constexpr float per_pixel = 0.5f / (kSubsample * kSubsample * kSamples * kSamples);
    const int level = seen.item->texture->level(wardrobe_.texels(seen.triangle, *seen.item) /
                                                (static_cast<float>(doubled_area(a, b, c)) * per_pixel));
    scan(a, b, c, side_, [&](int column, int row, const FourFloats &found) {
        const size_t pixel = size_t(row) * (side_ / kSamples) + column;
        FourFloats &closed = closed_[pixel];
        const FourInts in_front = found > head.inverse_depth[pixel], open = in_front & (found >= closed);
        if (!any(open)) return;
        int32_t across = 0, down = 0, count = 0;
        for (int i = 0; i < kSamples * kSamples; ++i) {
            across -= in_front[i] * (i % kSamples);
            down -= in_front[i] * (i / kSamples);
            count -= in_front[i];
        }
        // The middle of samples inside a triangle is inside it too.
        constexpr int32_t half = kSubsample / 2, step = kSamples * kSubsample;
        const Layer layer = shade(seen, level, column * step + half + across * kSubsample / count,
                                  row * step + half + down * kSubsample / count, light);
        if (layer.through == 1.0f && layer.colour.x == 0.0f && layer.colour.y == 0.0f && layer.colour.z == 0.0f) return;
        const FourFloats depths = open ? found : FourFloats{};
        if (layer.through == 0.0f) closed = depths > closed ? depths : closed;
        fragments_.push_back({seen.triangle, first_[pixel], depths, layer});
        first_[pixel] = static_cast<int32_t>(fragments_.size()) - 1;
    });
    if (fragments_.size() > kMaxFragments) throw std::invalid_argument("attachments: found over 2^27 fragments, expected fewer");
}

PixelLayers Layers::blend(size_t pixel) {
    candidates_.clear();
    for (int32_t i = first_[pixel]; i >= 0; i = fragments_[i].next) candidates_.push_back(&fragments_[i]);
    std::sort(candidates_.begin(), candidates_.end(),
              [](const Fragment *a, const Fragment *b) { return a->triangle > b->triangle; });
    PixelLayers out;
    for (int sample = 0; sample < kSamples * kSamples; ++sample) out[sample] = blend_sample(sample);
    return out;
}

// Front to back: the largest key comes first.
Layer Layers::blend_sample(int sample) {
    keys_.clear();
    for (size_t i = 0; i < candidates_.size(); ++i) {
        const float depth = candidates_[i]->inverse_depth[sample];  // the bits of positive floats sort as they do
        if (depth > 0.0f) keys_.push_back(uint64_t{std::bit_cast<uint32_t>(depth)} << 32 | i);
    }
    std::sort(keys_.begin(), keys_.end(), std::greater<>());
    Layer all{{0, 0, 0}, 1.0f};
    for (const uint64_t key : keys_) {
        const Layer &layer = candidates_[static_cast<uint32_t>(key)]->layer;
        all.colour = all.colour + layer.colour * all.through;
        all.through *= layer.through;
        if (all.through < kInvisible) {
            all.through = 0.0f;
            break;
        }
    }
    all.colour = {shoulder(all.colour.x), shoulder(all.colour.y), shoulder(all.colour.z)};
    return all;
}

// The colour of a triangle at a place of the image, in fixed-point samples.
Layer Layers::shade(const Seen &seen, int level, int32_t x, int32_t y, const Light &light) const {
    const Wardrobe::Item &item = *seen.item;
    const Triangle &t = wardrobe_.triangles[seen.triangle];
    const EdgeWeights w = weights_at_point(screen_[t[0]], screen_[t[1]], screen_[t[2]], x, y);
    const bool turned = seen.back && item.turns_normals();
    const std::vector<Values> &values = turned ? back_ : front_;
    const Values &a = values[t[0]], &b = values[t[1]], &c = values[t[2]];
    FourFloats place = w.w0 * a.place + w.w1 * b.place + w.w2 * c.place;
    FourFloats lit = w.w0 * a.light + w.w1 * b.light + w.w2 * c.light;
    const float depth = 1.0f / place[0];  // up to the common factor of the weights
    place *= depth;
    lit *= depth;

    const FourFloats texel = item.texture->bilinear(level, place[1], place[2]);
    const float alpha = texel[3] >= kOpaque ? 1.0f : texel[3];
    const Vec3 albedo = Vec3{texel[0], texel[1], texel[2]} * item.tint;
    Layer layer{albedo * Vec3{lit[0], lit[1], lit[2]}, 1.0f - alpha};
    // Strands that lie in shade between others do not shine either.
    if (item.material == Material::hair) layer.colour = layer.colour + light.colour * (lit[3] * texel[0] * kStrandShine);
    if (item.material == Material::matt || item.material == Material::hair) return layer;

    const float side = turned ? -depth : depth;
    const Vec3 n = unit(normals_[t[0]] * (w.w0 * a.place[0] * side) + normals_[t[1]] * (w.w1 * b.place[0] * side) +
                        normals_[t[2]] * (w.w2 * c.place[0] * side));
    const Vec3 shine = light.colour * (highlight(kGloss[static_cast<int>(item.material)], n, light) * place[3]);
    if (item.material == Material::glossy) {
        layer.colour = layer.colour + shine * alpha;
    } else if (item.material == Material::metal) {
        const Vec3 mirror = ambient_light(light, mirrored(n)) * kMetalMirror;
        layer.colour = layer.colour * (1.0f - kMetalMirror) + albedo * (mirror + shine * 0.4f);
    } else {
        const float reflected = kGlassReflectance + (1.0f - kGlassReflectance) * grazing(n);
        const Vec3 mirror = ambient_light(light, mirrored(n)) * reflected;
        layer.colour = layer.colour * (1.0f - reflected) + mirror + shine;
        layer.through *= 1.0f - reflected;
    }
    return layer;
}

}  // namespace fw
