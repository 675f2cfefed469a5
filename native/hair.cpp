// Grows hair: strips of triangles ("cards") that start on the scalp and step along a combing direction, gravity and
// chance, outside the head. They grow on the mean head, where the room outside is known, and are then carried to the
// person's head by the displacement of the skin below them.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <stdexcept>
#include <vector>

#include "hair_cards.hpp"
#include "hair_scalp.hpp"
#include "hair_shell.hpp"
#include "hair_style.hpp"
#include "maths.hpp"
#include "noise.hpp"

namespace nb = nanobind;

namespace {

using namespace fw::hair;

using InF = nb::ndarray<const float, nb::ndim<2>, nb::c_contig>;
using InF1 = nb::ndarray<const float, nb::ndim<1>, nb::c_contig>;
using InI = nb::ndarray<const int32_t, nb::ndim<2>, nb::c_contig>;
using InI1 = nb::ndarray<const int32_t, nb::ndim<1>, nb::c_contig>;

constexpr int kTailCards = 44;
const Vec3 kCrown{6.0f, 98.0f, -108.0f};

struct Root {
    Vec3 place, normal;
    float height;
    int32_t anchor;
    Spot spot;
};

// What kind of hair grows at a root: shares of fringe, top, sides and back.
struct Region {
    float fringe, top, sides, back;
};

Region region_of(const Root &root) {
    const Vec3 q = unit(root.place - kCentre);
    const float fringe = ease((root.place.z + 30.0f) * 0.04f) * ease((60.0f - std::fabs(root.place.x)) * 0.055f);
    const float top = ease((q.y - 0.15f) * 2.2f) * (1.0f - fringe);
    const float back = ease((-q.z - 0.1f) * 1.6f) * (1.0f - fringe - top);
    return {fringe, top, 1.0f - fringe - top - back, back};
}

// The same as hair is worn: a fringe is combed forwards as a whole or not at all.
Region worn_region(const Style &s, const Root &root) {
    Region region = region_of(root);
    if (has_fringe(s) && region.fringe > 0.5f) return {1.0f, 0.0f, 0.0f, 0.0f};
    if (s.frame_mm > 0.0f) {
        region.top += region.fringe;
        region.fringe = 0.0f;
    }
    return region;
}

Vec3 row(const InF &a, size_t i) { return {a.data()[3 * i], a.data()[3 * i + 1], a.data()[3 * i + 2]}; }

class Grower {
  public:
    Grower(InF mean, InI skin, InF1 skin_heights, InF roots, InF root_normals, InF1 heights, InI1 anchors)
        : mean_(mean.data(), mean.data() + mean.size()), field_(checked(mean, skin), skin.data(), skin.shape(0)) {
        const size_t n = roots.shape(0);
        if (root_normals.shape(0) != n || heights.shape(0) != n || anchors.shape(0) != n || roots.shape(1) != 3 ||
            root_normals.shape(1) != 3)
            throw std::invalid_argument("HairGrower: every root needs a place, a normal, a height and an anchor");
        for (size_t i = 0; i < n; ++i)
            roots_.push_back({row(roots, i), row(root_normals, i), heights.data()[i], anchors.data()[i],
                              spot_of(row(roots, i), heights.data()[i])});
        if (skin_heights.shape(0) * 3 != mean_.size())
            throw std::invalid_argument("HairGrower: every vertex needs a height");
        for (const Hit &hit : field_.hits()) {
            float height = 0.0f;
            for (int c = 0; c < 3 && hit.vertex[c] >= 0; ++c) height += skin_heights.data()[hit.vertex[c]] * hit.weight[c];
            cell_heights_.push_back(height);
        }
    }

    Arrays grow(InF neutral, nb::object style) const {
        if (neutral.shape(0) * 3 != mean_.size() || neutral.shape(1) != 3)
            throw std::invalid_argument("grow: the head must have the mean head's vertices");
        const Style s = read_style(style);
        Mesh mesh;
        {
            nb::gil_scoped_release release;
            const std::vector<Vec3> moved = displacement(neutral.data());
            grow_shell(s, field_, cell_heights_, moved, knot(s), mesh);
            const size_t first_card_vertex = mesh.anchors.size();
            grow_scalp(s, mesh);
            if (s.tied > 0.5f) s.bun_mm > 0.0f ? grow_bun(s, mesh) : grow_tail(s, mesh);
            carry(moved, first_card_vertex, mesh);
        }
        return arrays(mesh);
    }

  private:
    static const float *checked(const InF &mean, const InI &skin) {
        if (mean.shape(1) != 3 || skin.shape(1) != 3) throw std::invalid_argument("HairGrower: expected rows of three");
        for (size_t i = 0; i < skin.size(); ++i)
            if (skin.data()[i] < 0 || static_cast<size_t>(skin.data()[i]) >= mean.shape(0))
                throw std::invalid_argument("HairGrower: a triangle names a vertex that does not exist");
        return mean.data();
    }

    Vec3 knot(const Style &s) const {
        const Vec3 out = unit({0.0f, s.knot_rise, -1.0f});
        Vec3 p = kCentre + out * 60.0f;
        for (int i = 0; i < 8; ++i) p = p + out * (6.0f - field_.outside(p));
        return p;
    }

    // Out of the skull until `clearance` is kept, along the steepest way, so that hair slides over the shoulders.
    Vec3 keep_outside(Vec3 p, float clearance, Vec3 &normal) const {
        for (int i = 0; i < 2; ++i) {
            const float here = field_.outside_smooth(p);
            const Vec3 slope = field_.gradient(p, here);
            const float steepness = dot(slope, slope);
            normal = slope * (1.0f / std::sqrt(std::max(steepness, 1e-6f)));
            if (here >= clearance) break;
            p = p + slope * (std::min(clearance - here, 25.0f) / std::max(steepness, 0.2f));
        }
        return p;
    }

    // Hair that falls from the front goes past the face.
    static Vec3 beside_face(const Style &s, Vec3 p, float side, const Region &region) {
        if (region.fringe > 0.5f && s.fringe > 0.0f) return p;
        if (s.frame_mm <= 0.0f) return p;
        const float window = s.frame_mm * ease((78.0f - p.y) * (1.0f / 60.0f));
        if (p.z > -40.0f && p.x * side < window) p.x = mix(p.x, side * window, 0.7f);
        const float front = s.front_mm + 0.35f * std::max(0.0f, p.y - 20.0f);
        if (p.y > -70.0f && p.z > front) p.z = mix(p.z, front, 0.6f * ease((70.0f - p.y) * 0.02f));
        return p;
    }

    Vec3 combed(const Style &s, Vec3 p, float side, const Region &region, const Chance &chance) const {
        const Vec3 whorl = unit(p - kCrown);
        const float parted = s.parted * (1.0f - 0.7f * s.swept) * (region.top + region.fringe + 0.6f * region.sides);
        const float swept = s.swept * (region.fringe + region.top);
        Vec3 way = whorl * ((1.0f - parted) * (1.0f - swept)) + Vec3{side, 0.0f, -0.25f - s.fall * 0.3f} * parted;
        way = way + Vec3{0.0f, 0.0f, -2.2f * s.swept * (region.fringe + region.top + 0.6f * region.sides)};
        way = way + Vec3{s.fringe_side, -0.2f, 1.3f} * (2.0f * s.fringe * region.fringe);
        way = way + Vec3{0.0f, -0.35f, 0.0f};
        return way + Vec3{chance.around(11), chance.around(12), chance.around(13)} * (0.25f + 1.2f * s.frizz);
    }

    float card_length(const Style &s, const Root &root, const Region &region, const Chance &chance) const {
        const float grown = s.length_fringe * region.fringe + s.length_top * region.top +
                            s.length_sides * region.sides + s.length_back * region.back;
        const float x = root.place.x, z = root.place.z - kCentre.z, flat = std::sqrt(x * x + z * z);
        const float hanging = std::max(root.place.y - s.cut_mm, 18.0f) + 0.42f * std::max(0.0f, 88.0f - flat);
        // Cut shorter towards the neck and the ears, as short hair is.
        const float trimmed = mix(0.5f, 1.0f, std::max(ease(root.height * 0.03f), region.fringe));
        return std::min(grown * trimmed * (0.8f + 0.35f * chance(3)), hanging * (0.93f + 0.12f * chance(4)));
    }

    Path grow_path(const Style &s, const Root &root, float length_mm, float off_mm, const Chance &chance) const {
        const Region region = worn_region(s, root);
        const float part = s.part_mm * (1.0f - 0.6f * clamp01((-root.place.z - 20.0f) / 90.0f));
        const float side = root.place.x > part ? 1.0f : -1.0f;
        const bool tied = s.tied > 0.5f;
        const Vec3 target = tied ? knot(s) : Vec3{};
        if (tied) length_mm = 1.12f * length(target - root.place);
        Path path;
        const float per_mm = s.wave_mm > 3.0f ? 0.055f : 0.035f;
        path.segments = std::clamp(static_cast<int>(length_mm * per_mm) + 3, 3, kMostSegments);
        const float first = std::min(length_mm / static_cast<float>(path.segments), 8.0f);
        const float step = (length_mm - first) / static_cast<float>(path.segments - 1);
        const float puffed = s.puff * (volume(s, root.place) - 2.0f);
        Vec3 p = root.place + root.normal * puffed, normal = root.normal;
        Vec3 way = combed(s, p, side, region, chance);
        const float lift = s.lift * (inside_standing(s, root.spot) < 9.0f ? 0.4f : 1.0f);
        way = unit(unit(way - normal * dot(way, normal)) * (1.0f - lift) + normal * (lift + 0.05f));
        path.point[0] = p;
        path.normal[0] = normal;
        for (int k = 1; k <= path.segments; ++k) {
            const float gone = first + step * static_cast<float>(k - 1), ramp = gone / (gone + 14.0f);
            Vec3 pull = tied ? target - p : combed(s, p, side, region, chance);
            pull = unit(pull - normal * dot(pull, normal));
            const float combing = tied ? 4.0f : 60.0f / (60.0f + gone);
            const float weight = tied ? 0.0f : s.gravity * gone / (gone + 25.0f);
            const float drift = tied ? 0.0f : s.fall * weight * 0.3f;
            way = unit(way * 0.7f + pull * combing + Vec3{0.0f, -1.6f * weight, drift});
            const float left = tied ? length(target - p) / static_cast<float>(path.segments - k + 1) * 1.02f : step;
            Vec3 next = p + way * (k == 1 ? first : left);
            next = beside_face(s, next, side, region);
            const float clearance = mix(ramp, 1.0f, s.puff) * volume(s, next) + 0.8f + off_mm * ramp;
            next = keep_outside(next, clearance, normal);
            // Long hair lies over the ears.
            if (s.frame_mm > 0.0f) next = next + normal * std::clamp(3.0f - field_.outside(next), 0.0f, 12.0f);
            const float excess = field_.outside_smooth(next) - clearance;
            if (excess > 0.0f) next = next - normal * (excess * s.cling * (next.y > -40.0f ? 1.0f : 0.3f));
            way = unit(next - p);
            p = next;
            path.point[k] = p;
            path.normal[k] = normal;
        }
        return path;
    }

    void wave(const Style &s, const Chance &chance, float step, Path &path) const {
        if (s.wave_mm <= 0.0f) return;
        const double turn = 360.0 / std::max(s.wave_length_mm, 3.2f * step) * step, phase = 360.0 * chance(21);
        for (int k = 1; k <= path.segments; ++k) {
            const Vec3 along = path.point[k] - path.point[k - 1];
            const Vec3 across = unit(cross(along, path.normal[k]));
            const auto [sine, cosine] = fw::sincos_deg(phase + turn * k * (0.85 + 0.3 * chance(22)));
            const float reach = s.wave_mm * clamp01((step * static_cast<float>(k) - 25.0f) * (1.0f / 80.0f));
            path.point[k] = path.point[k] + across * (reach * static_cast<float>(sine)) +
                            path.normal[k] * (reach * 0.6f * (1.0f + static_cast<float>(cosine)));
        }
    }

    // Wisps along the hairline, locks elsewhere: the deeper, the darker.
    static Ribbon scalp_ribbon(const Style &s, const Root &root, bool edge, float length_mm, float off_mm, const Chance &chance) {
        const bool wisp = edge && length_mm > 26.0f;
        const int strip = length_mm < 45.0f ? 4 + static_cast<int>(4 * chance(6))
                          : wisp          ? 6 + static_cast<int>(2 * chance(6))
                          : edge          ? 4 + static_cast<int>(2 * chance(6))
                          : off_mm > 1.5f ? 4 + static_cast<int>(2.3f * chance(6))
                                          : static_cast<int>(3 * chance(6));
        const bool skin_moves = root.place.z > -72.0f && root.place.y < 4.0f;
        return {.width = s.width_mm * (0.8f + 0.4f * chance(7)) * (wisp ? 0.8f : edge ? 0.65f : 1.0f),
                .taper = s.tied > 0.5f ? 0.45f : 0.8f,
                .twist_deg = (s.tied > 0.5f ? 6.0f : 18.0f + 40.0f * s.frizz) * chance.around(8),
                .first_v = edge || s.puff > 0.3f ? 0.0f : std::max(0.06f, 0.75f - length_mm * 0.01f),
                .strip = strip,
                .anchor = skin_moves ? root.anchor : -1,
                .mirrored = chance(9) < 0.5f,
                .roundness = 0.4f * clamp01(length_mm * 0.015f)};
    }

    void grow_scalp(const Style &s, Mesh &mesh) const {
        const auto count = static_cast<size_t>(s.cards), fringe = static_cast<size_t>(2.5f * s.cards);
        for (size_t i = 0; i < std::min(roots_.size(), std::max(count, fringe)); ++i) {
            const Root &root = roots_[i];
            if (i >= count && (!has_fringe(s) || worn_region(s, root).fringe < 0.9f)) continue;
            const Chance chance{s.seed, static_cast<int32_t>(i)};
            const float depth = inside_standing(s, root.spot) - 2.0f * chance(1);
            if (depth < -1.0f) continue;
            const float off_mm = -1.0f + mix(2.5f, 11.0f, s.frizz) * chance(5);
            const float length_mm = std::max(12.0f, card_length(s, root, worn_region(s, root), chance));
            if (depth < 9.0f && length_mm < 45.0f && !has_fringe(s)) continue;  // loose flakes at a hairline
            Path path = grow_path(s, root, length_mm, off_mm, chance);
            if (s.tied < 0.5f) wave(s, chance, length_mm / static_cast<float>(path.segments), path);
            append(path, scalp_ribbon(s, root, depth < 9.0f, length_mm, off_mm, chance), mesh);
        }
    }

    void grow_tail(const Style &s, Mesh &mesh) const {
        const Vec3 start = knot(s), out = unit(start - kCentre);
        for (int i = 0; i < kTailCards; ++i) {
            const Chance chance{s.seed, 5000 + i};
            const Vec3 offset = Vec3{chance.around(1), chance.around(2), chance.around(3)} * 9.0f;
            Path path;
            path.segments = 8;
            const float step = s.tail_mm * (0.75f + 0.3f * chance(4)) / 8.0f;
            Vec3 p = start + offset, way = unit(out + Vec3{0.0f, 0.35f, 0.0f} + offset * 0.04f), normal = out;
            path.point[0] = p;
            path.normal[0] = unit(out * 0.5f + offset * 0.1f);
            for (int k = 1; k <= 8; ++k) {
                way = unit(way + Vec3{0.0f, -0.55f - 0.1f * static_cast<float>(k), 0.0f} + offset * 0.012f);
                p = keep_outside(p + way * step, 5.0f + 14.0f * chance(5), normal);
                path.point[k] = p;
                path.normal[k] = unit(normal * 0.6f + offset * 0.1f);
            }
            wave(s, chance, step, path);
            const int strip = static_cast<int>(6 * chance(7));
            append(path, {16.0f, 0.8f, 60.0f * chance.around(6), 0.1f, strip, -1, i % 2 == 0, 0.4f}, mesh);
        }
    }

    void grow_bun(const Style &s, Mesh &mesh) const {
        const Vec3 start = knot(s), middle = start + unit(start - kCentre) * (0.65f * s.bun_mm);
        for (int i = 0; i < kTailCards; ++i) {
            const Chance chance{s.seed, 6000 + i};
            const Vec3 radial = unit({chance.around(1), chance.around(2), chance.around(3)});
            const Vec3 around = unit(cross(radial, Vec3{chance.around(4), 0.3f, chance.around(5)}));
            const float radius = s.bun_mm * (0.86f + 0.2f * chance(6));
            Path path;
            path.segments = 6;
            for (int k = 0; k <= 6; ++k) {
                const auto [sine, cosine] = fw::sincos_deg(22.0 * (k - 3));
                path.normal[k] = radial * static_cast<float>(cosine) + around * static_cast<float>(sine);
                path.point[k] = middle + path.normal[k] * radius;
            }
            const int strip = static_cast<int>(6 * chance(7));
            append(path, {0.75f * s.bun_mm, 0.9f, 0.0f, 0.05f, strip, -1, i % 2 == 0, 0.4f}, mesh);
        }
    }

    // How far the skin under each corner of the field's grid is from the mean head's.
    std::vector<Vec3> displacement(const float *neutral) const {
        std::vector<Vec3> moved(field_.hits().size());
        for (size_t cell = 0; cell < moved.size(); ++cell) {
            const Hit &hit = field_.hits()[cell];
            for (int c = 0; c < 3 && hit.vertex[c] >= 0; ++c) {
                const size_t v = 3 * static_cast<size_t>(hit.vertex[c]);
                const Vec3 by{neutral[v] - mean_[v], neutral[v + 1] - mean_[v + 1], neutral[v + 2] - mean_[v + 2]};
                moved[cell] = moved[cell] + by * hit.weight[c];
            }
        }
        return moved;
    }

    // Lifts what is below the mean head's skin and moves all with the person's.
    void carry(const std::vector<Vec3> &moved, size_t first, Mesh &mesh) const {
        for (size_t i = first; i < mesh.anchors.size(); ++i) {
            float *v = mesh.vertices.data() + 3 * i;
            Vec3 p{v[0], v[1], v[2]};
            const float here = field_.outside(p);
            if (here < 0.6f) {
                const Vec3 slope = field_.gradient(p, field_.outside_smooth(p));
                p = p + slope * (std::min(0.6f - here, 20.0f) / std::max(dot(slope, slope), 0.2f));
            }
            const Place at = locate(p);
            for (int c = 0; c < 4; ++c) p = p + moved[at.corner[c]] * at.weight[c];
            v[0] = p.x;
            v[1] = p.y;
            v[2] = p.z;
        }
    }

    std::vector<float> mean_;
    Field field_;
    std::vector<float> cell_heights_;
    std::vector<Root> roots_;
};

// Hair of the lower face: short cards that hang from their roots and move with the skin there.
Arrays grow_beard(InF mean, InF neutral, InF roots, InF normals, InI1 anchors, InF1 lengths, float width,
                  float sideways, uint32_t seed) {
    const size_t n = roots.shape(0);
    if (normals.shape(0) != n || anchors.shape(0) != n || lengths.shape(0) != n || roots.shape(1) != 3 ||
        normals.shape(1) != 3)
        throw std::invalid_argument("grow_beard: every root needs a place, a normal, an anchor and a length");
    if (mean.shape(0) != neutral.shape(0) || mean.shape(1) != 3 || neutral.shape(1) != 3)
        throw std::invalid_argument("grow_beard: the head must have the mean head's vertices");
    Mesh mesh;
    const float longest = n > 0 ? *std::max_element(lengths.data(), lengths.data() + n) : 0.0f;
    for (size_t i = 0; i < n; ++i) {
        const int32_t anchor = anchors.data()[i];
        if (anchor < 0 || static_cast<size_t>(anchor) >= mean.shape(0))
            throw std::invalid_argument("grow_beard: an anchor is no vertex of the head");
        const Chance chance{seed, 9000 + static_cast<int32_t>(i)};
        const Vec3 root = row(roots, i), normal = row(normals, i), moved = row(neutral, anchor) - row(mean, anchor);
        const float length_mm = lengths.data()[i] * (0.75f + 0.4f * chance(1));
        const float side = root.x > 0.0f ? sideways : -sideways, wide = width * (0.8f + 0.4f * chance(5));
        Vec3 way = Vec3{side + 0.3f * chance.around(2), -1.0f, 0.2f + 0.2f * chance.around(3)};
        way = unit(unit(way - normal * dot(way, normal)) + normal * (0.25f + 0.3f * chance(4)));
        Path path;
        path.segments = 3;
        Vec3 p = root + moved - normal * 0.5f;
        for (int k = 0; k <= path.segments; ++k) {
            path.point[k] = p;
            path.normal[k] = unit(normal + Vec3{0.0f, 0.25f * static_cast<float>(k), 0.0f});
            p = p + way * (length_mm / 3.0f);
            way = unit(way + Vec3{0.3f * side, -0.35f, 0.0f});
        }
        const bool sparse = lengths.data()[i] < 0.6f * longest;
        const int strip = sparse ? 4 + static_cast<int>(3.9f * chance(7)) : static_cast<int>(5.9f * chance(7));
        append(path, {wide, 0.8f, 25.0f * chance.around(6), 0.07f, strip, anchor, i % 2 == 0, 0.2f}, mesh);
    }
    return arrays(mesh);
}

}  // namespace

void bind_hair(nb::module_ &m) {
    nb::class_<Grower>(m, "HairGrower", "Grows cards of hair on heads of one model.")
        .def(nb::init<InF, InI, InF1, InF, InF, InF1, InI1>(), nb::arg("mean"), nb::arg("skin"), nb::arg("skin_heights"), nb::arg("roots"),
             nb::arg("root_normals"), nb::arg("heights"), nb::arg("anchors"),
             "mean (V, 3), the skin's triangles (T, 3), the vertices' heights (V,) above the lowest hairline; roots (R, 3) on the mean head in an order of which every beginning is\n"
             "even, their normals, heights (R,) above the lowest hairline in mm and nearest vertices (R,). Copied.")
        .def("grow", &Grower::grow, nb::arg("neutral"), nb::arg("style"),
             "vertices (N, 3), normals (N, 3), triangles (M, 3), uv (N, 2), anchors (N,) of a HairStyle on a head (V, 3).");
    m.def("grow_beard", &grow_beard, nb::arg("mean"), nb::arg("neutral"), nb::arg("roots"), nb::arg("normals"),
          nb::arg("anchors"), nb::arg("lengths"), nb::arg("width"), nb::arg("sideways"), nb::arg("seed"),
          "As HairGrower.grow, for roots (R, 3) on the mean head with lengths (R,); sideways combs away from the middle.");
}
