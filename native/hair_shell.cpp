#include "hair_shell.hpp"

#include <algorithm>
#include <cmath>

#include "hair_scalp.hpp"
#include "maths.hpp"
#include "noise.hpp"

namespace fw::hair {

namespace {

constexpr float kAround = 90.0f;       // radius at which widths of strands are measured
constexpr float kTextureMm = 330.0f;   // length of hair along the whole texture
constexpr float kSparseMm = 3.0f;
constexpr float kLowestHairline = -95.0f;  // height
constexpr float kNoEnd = -1000.0f;
constexpr float kSunkMm = 2.0f;        // how far below the skin the shell runs where no hair grows
// Part of the atlas that belongs to the shell: a little more than once round the head.
constexpr float kFirstU = 0.475f, kWidthU = 0.5f, kPeriods = 1.25f;

// How strands run over the head: away from a line seen from above (a parting, the front of hair swept back, or only the
// crown), or for tied hair towards the knot.
class Flow {
  public:
    explicit Flow(const Style &s, Vec3 knot) : tied_(s.tied > 0.5f), knot_(unit(knot - kCentre)) {
        const float back = -108.0f, front = mix(back, 5.0f, s.parted * (1.0f - s.swept));
        a_ = {s.part_mm, 0.0f, front};
        b_ = {mix(s.part_mm, 0.35f * s.part_mm, s.parted), 0.0f, back};
        if (s.swept > 0.5f) {
            a_ = {-48.0f, 0.0f, 18.0f};
            b_ = {48.0f, 0.0f, 18.0f};
        }
        const Vec3 along = b_ - a_;
        length_ = fw::hair::length(along);
        way_ = length_ > 1.0f ? along * (1.0f / length_) : Vec3{0.0f, 0.0f, -1.0f};
    }

    // Across the strands, -.5 .. .5 once round the head, and mm along them.
    std::array<float, 2> at(Vec3 p) const { return tied_ ? to_knot(p) : from_line(p); }

  private:
    // The way round a stadium about the line, from its front end on either side to its back end.
    std::array<float, 2> from_line(Vec3 p) const {
        const Vec3 flat{p.x - a_.x, 0.0f, p.z - a_.z};
        const float along = dot(flat, way_), signed_aside = flat.z * way_.x - flat.x * way_.z, aside = std::fabs(signed_aside);
        const float within = std::clamp(along, 0.0f, length_), ahead = within - along > 0.0f ? within - along : 0.0f;
        const float behind = along > within ? along - within : 0.0f;
        constexpr float arc = 1.5707963f * kAround, least = 1e-6f;
        const float round = arc * (aside / (aside + ahead + least) + behind / (aside + behind + least)) + within;
        const float share = 0.5f * round / (2.0f * arc + length_), down = std::max(122.0f - p.y, 0.0f);
        const float across = ahead + behind;
        return {signed_aside < 0.0f ? -share : share, std::sqrt(aside * aside + across * across + down * down)};
    }

    std::array<float, 2> to_knot(Vec3 p) const {
        const Vec3 q = unit(p - kCentre), up = unit(Vec3{0, 1, 0} - knot_ * knot_.y), left{1, 0, 0};
        const float aside = dot(q, left), x = std::fabs(aside), y = dot(q, up);
        const float share = x / std::max(x + std::fabs(y), 1e-6f), turn = 0.25f * (y >= 0.0f ? share : 2.0f - share);
        return {aside < 0.0f ? -turn : turn, (1.0f + dot(q, knot_)) * 100.0f};
    }

    bool tied_;
    Vec3 knot_, a_, b_, way_;
    float length_;
};

struct Corner {
    Vec3 place;      // on the mean head
    float above;     // how far outside the skin
    float u, v;
    float end;       // height at which hair ends there
};

// How far inside the curtain of hanging hair a place below the hairline is.
float inside_curtain(const Style &s, Vec3 p) {
    const float window = s.frame_mm * ease((78.0f - p.y) * (1.0f / 60.0f));
    const float front = s.front_mm + 0.35f * std::max(0.0f, p.y - 20.0f) - p.z;
    return std::min(std::fabs(p.x) - window, front);
}

class Shell {
  public:
    Shell(const Style &s, const Field &field, std::span<const float> heights, Vec3 knot)
        : s_(s), field_(field), flow_(s, knot), hangs_(s.cut_mm > -900.0f && s.tied < 0.5f), corners_(size_t(kRows) * (kColumns + 1)) {
        const float lowest = hangs_ ? s.cut_mm - 20.0f : kLowestHairline;
        lowest_ = std::max(0, static_cast<int>((lowest - kLowest) * (1.0f / kRowStep)));
        for (int column = 0; column < kColumns; ++column) {
            float hanging = 0.0f;
            for (int row = kRows - 1; row >= lowest_; --row) at(row, column) = corner(row, column, heights[row * kColumns + column], hanging);
        }
        for (int row = lowest_; row < kRows; ++row) at(row, kColumns) = at(row, 0);
        for (int column = 0; column <= kColumns; ++column) at(kRows - 1, column).u = at(kRows - 2, column).u;
    }

    void add_to(std::span<const Vec3> moved, Mesh &mesh) const {
        std::vector<int32_t> index(corners_.size(), -1);
        for (int row = kRows - 2; row >= lowest_; --row)
            for (int column = 0; column < kColumns; ++column) {
                const int cells[4]{place(row + 1, column), place(row + 1, column + 1), place(row, column), place(row, column + 1)};
                if (hidden(cells)) continue;
                int32_t v[4];
                const bool wraps = wrapped(cells);
                for (int i = 0; i < 4; ++i) {
                    int32_t &known = index[cells[i]];
                    const bool turned = wraps && corners_[cells[i]].u < 0.0f;
                    if (known < 0 || turned) {
                        v[i] = add_vertex(cells[i], turned, moved, mesh);
                        if (!turned) known = v[i];
                    } else {
                        v[i] = known;
                    }
                }
                mesh.triangles.insert(mesh.triangles.end(), {v[0], v[2], v[1], v[1], v[2], v[3]});
            }
    }

  private:
    static int place(int row, int column) { return row * (kColumns + 1) + column; }
    Corner &at(int row, int column) { return corners_[place(row, column)]; }

    Corner corner(int row, int column, float height, float &hanging) {
        const Ray ray = field_.ray(row, column);
        const float skin = field_.radius(row, column), smooth = field_.smooth(row, column);
        const Vec3 on_skin = ray.origin + ray.direction * skin;
        // Begins where hair has become dense, in an uneven line.
        const float rough = fw::value_noise(static_cast<float>(column) * 0.8f, static_cast<float>(row) * 0.5f, 17.0f, s_.seed);
        const float grown = inside_standing(s_, spot_of(on_skin, height)) - kSparseMm * (1.0f + rough);
        const float curtain = hangs_ ? inside_curtain(s_, on_skin) : -99.0f, fringe = inside_fringe(s_, on_skin);
        const bool over_ears = curtain > grown;
        const float base = over_ears ? std::max(smooth, skin) : std::min(smooth, skin);
        const Vec3 on_base = ray.origin + ray.direction * base;
        const bool below_fringe = fringe > -25.0f && on_skin.y < fringe_end(s_, on_skin) - 14.0f;
        float above = risen(std::max({grown, curtain, below_fringe ? -9.0f : fringe}), on_base, static_cast<float>(row), static_cast<float>(column));
        float radius = base + above;
        if (hangs_ && row < kLowRows && above > 0.0f) {
            // Falls straight from above, a little drawn in to the neck, and does not spread over the shoulders.
            const float falling = hanging > 0.0f ? hanging + dot(field_.ray(row + 1, column).origin - ray.origin, ray.direction) : radius;
            radius = std::clamp(radius, mix(falling, radius, 0.12f + 0.5f * s_.cling), falling + 1.0f);
            above = radius - base;
        }
        if (hanging < 0.0f) above = -kSunkMm;
        hanging = hangs_ && ray.origin.y < -85.0f && above < -1.0f ? -1.0f : row <= kLowRows && above > 0.0f ? radius : hanging < 0.0f ? -1.0f : 0.0f;
        const Vec3 p = ray.origin + ray.direction * radius;
        const auto [across, along] = flow_.at(p);
        const float ragged = 9.0f * fw::value_noise(static_cast<float>(column) * 0.7f, 0.5f, 5.0f, s_.seed);
        const float in_front = clamp01((fringe + 25.0f) * 0.04f), forehead = fringe_end(s_, p) + 0.6f * ragged;
        const float end = fringe > std::max({grown, curtain, -25.0f}) ? forehead : hangs_ ? s_.cut_mm + ragged : kNoEnd;
        // Strands end in wisps: where they are cut, over the forehead, and at the hairline where they come out of the skin.
        const auto to_end = [&](float height) { return 1.0f - std::max(0.0f, p.y - height) * (1.0f / 190.0f); };
        const float rim = grown > std::max(curtain, fringe) ? 1.0f - 0.03f * std::max(0.0f, grown - 1.0f) : 0.0f;
        const float cut = hangs_ && in_front < 1.0f ? to_end(s_.cut_mm + ragged) : 0.0f;
        const float v = std::max({std::min(along * (1.0f / kTextureMm), 0.8f), cut, in_front * to_end(forehead), rim});
        return {p, above, across, v, end};
    }

    // The outline: rises from the skin at the hairline, with locks in it.
    float risen(float inside, Vec3 p, float row, float column) const {
        if (inside <= 0.0f) return std::max(-kSunkMm + 0.5f * inside, -12.0f);
        const float full = volume(s_, p), reach = 5.0f + (1.2f - 0.8f * s_.puff) * full, t = clamp01(inside / reach);
        const float locks = fw::value_noise(column * 0.5f, row * 0.28f, 3.0f, s_.seed) + 0.6f * fw::value_noise(column, row * 0.5f, 9.0f, s_.seed);
        const float rough = (0.08f + 0.25f * s_.frizz) * std::min(full, 16.0f) + 0.6f * s_.wave_mm;
        return (full + kSunkMm + rough * locks) * t * (2.0f - t) - kSunkMm;
    }

    // Below the skin or below the cut.
    bool hidden(const int (&cells)[4]) const {
        bool sunk = true, cut = true;
        for (const int cell : cells) {
            sunk = sunk && corners_[cell].above < -0.3f;
            cut = cut && corners_[cell].place.y < corners_[cell].end;
        }
        return sunk || cut;
    }

    bool wrapped(const int (&cells)[4]) const {
        float low = 1.0f, high = -1.0f;
        for (const int cell : cells) {
            low = std::min(low, corners_[cell].u);
            high = std::max(high, corners_[cell].u);
        }
        return high - low > 0.5f;
    }

    // Of the outline as it lies, so that locks catch the light.
    Vec3 normal(int cell) const {
        const int row = cell / (kColumns + 1), column = cell % (kColumns + 1);
        if (row == kRows - 1) return {0, 1, 0};
        const int left = column == 0 ? kColumns - 1 : column - 1, right = column == kColumns ? 1 : column + 1;
        const Vec3 across = corners_[place(row, right)].place - corners_[place(row, left)].place;
        const Vec3 down = corners_[place(std::max(row - 1, lowest_), column)].place - corners_[place(row + 1, column)].place;
        return unit(cross(down, across));
    }

    int32_t add_vertex(int cell, bool turned, std::span<const Vec3> moved, Mesh &mesh) const {
        const Corner &c = corners_[cell];
        const int row = cell / (kColumns + 1), column = cell % (kColumns + 1) % kColumns;
        const Vec3 p = c.place + moved[row * kColumns + column], n = normal(cell);
        const float u = kFirstU + kWidthU * std::min((c.u + (turned ? 1.5f : 0.5f)) * (1.0f / kPeriods), 1.0f);
        mesh.vertices.insert(mesh.vertices.end(), {p.x, p.y, p.z});
        mesh.normals.insert(mesh.normals.end(), {n.x, n.y, n.z});
        mesh.uv.insert(mesh.uv.end(), {u, c.v});
        mesh.anchors.push_back(-1);
        return static_cast<int32_t>(mesh.anchors.size()) - 1;
    }

    const Style &s_;
    const Field &field_;
    Flow flow_;
    bool hangs_;
    int lowest_;  // row
    std::vector<Corner> corners_;
};

}  // namespace

void grow_shell(const Style &s, const Field &field, std::span<const float> heights, std::span<const Vec3> moved, Vec3 knot, Mesh &mesh) {
    Shell(s, field, heights, knot).add_to(moved, mesh);
}

}  // namespace fw::hair
