// Compiled once for each instruction set, with FW_ISA (a namespace) and FW_LANES defined. Everything here is inlined or in
// that namespace, so that no function compiled for one instruction set is ever linked into the path of another.
#include <cmath>

#include "render_kernels.hpp"
#include "render_kernels_layers.ipp"
#include "render_kernels_light.ipp"
#include "render_kernels_shading.ipp"

namespace fw::FW_ISA {

namespace {

// A vector of samples: 4 x 4, 4 x 2 or 2 x 2.
struct Block {
    static constexpr int kWidth = kLanes == 4 ? 2 : 4, kHeight = kLanes / kWidth;

    static I columns() {
        I out{};
        for (int i = 0; i < kLanes; ++i) out[i] = (i >> 2 & 1) * 2 + (i & 1);
        return out;
    }
    static I rows() {
        I out{};
        for (int i = 0; i < kLanes; ++i) out[i] = (i >> 3) * 2 + (i >> 1 & 1);
        return out;
    }
    static size_t offset(const TileLayout &layout, int column, int row) {
        if constexpr (kLanes == 16) return (size_t(row) * layout.across + column) * 16;
        if constexpr (kLanes == 8) return (size_t(row >> 1) * layout.across + column) * 16 + (row & 1) * 8;
        return layout.pixel(column, row) * 4;
    }
};

constexpr int kSizes = 5;

// Triangles made ready for drawing, as many as a vector has lanes; what is here is exact for small ones.
struct alignas(64) Batch {
    int32_t step_x[3][kLanes], step_y[3][kLanes], value[3][kLanes];
    int32_t bias[2][kLanes];
    float depth[3][kLanes];
    int32_t left[kLanes], right[kLanes], top[kLanes], bottom[kLanes];  // blocks
    uint32_t small, large;                                               // which are to be drawn
    std::array<uint32_t, kSizes> sizes;  // the small ones by the tiles that they may touch: 1 x 1, 2 x 1, 1 x 2, 2 x 2, others
};

// What is drawn, by the tiles that its boxes (of samples) may touch.
std::array<uint32_t, kSizes> by_size(uint32_t drawn, const I &left, const I &right, const I &top, const I &bottom) {
    const I wide = (right >> 2) - (left >> 2), high = (bottom >> 2) - (top >> 2);
    const auto among = [&](const I &which) FW_INLINED { return sign_bits(which) & drawn; };
    const uint32_t narrow = among(wide == 0), low = among(high == 0), two_wide = among(wide == 1), two_high = among(high == 1);
    const uint32_t two = (narrow | two_wide) & (low | two_high);
    return {narrow & low, two_wide & low, narrow & two_high, two_wide & two_high, drawn & ~two};
}

// An edge of all triangles of a batch as a linear function of the sample position, "inside" is >= 0 under the top-left rule.
// It starts at dx, dy after its first corner, which are 0 for triangles that are not small.
I set_edge(Batch &batch, int which, const I &across, const I &down, const I &dx, const I &dy) {
    const I left_or_top = (down > 0) | ((down == 0) & (across < 0));
    const I bias = left_or_top + 1;
    store(batch.step_x[which], down * kSubsample);
    store(batch.step_y[which], -across * kSubsample);
    store(batch.value[which], down * dx - across * dy - bias);
    return bias;
}

void set_up(Batch &batch, const ScreenVertex *vertices, const Triangle *triangles, int count, bool two_sided, int side) {
    const auto corner = [&](int which) FW_INLINED {
        static constexpr ScreenVertex nowhere{0, 0, 0.0f};
        return Corners([&](int i) FW_INLINED -> const ScreenVertex & { return i < count ? vertices[triangles[i][which]] : nowhere; });
    };
    const Corners a = corner(0);
    Corners b = corner(1), c = corner(2);
    const I usable = (a.near > 0.0f) & (b.near > 0.0f) & (c.near > 0.0f);
    const I low_x = least(least(a.x, b.x), c.x), high_x = most(most(a.x, b.x), c.x);
    const I low_y = least(least(a.y, b.y), c.y), high_y = most(most(a.y, b.y), c.y);
    const I small = usable & (high_x - low_x <= kSmall) & (high_y - low_y <= kSmall);
    I bx = small ? b.x - a.x : I{}, by = small ? b.y - a.y : I{}, cx = small ? c.x - a.x : I{}, cy = small ? c.y - a.y : I{};
    I area = by * cx - bx * cy;
    if (two_sided) {
        const I behind = area < 0;
        const I tx = bx, ty = by;
        const F near = b.near;
        bx = behind ? cx : bx, by = behind ? cy : by, b.near = behind ? c.near : b.near;
        cx = behind ? tx : cx, cy = behind ? ty : cy, c.near = behind ? near : c.near;
        area = behind ? -area : area;
    }
    // The samples whose centres lie in the box.
    constexpr int32_t half = kSubsample / 2;
    const I left = most((low_x + (half - 1)) >> 8, I{}), right = least((high_x - half) >> 8, splat(side - 1));
    const I top = most((low_y + (half - 1)) >> 8, I{}), bottom = least((high_y - half) >> 8, splat(side - 1));
    const I filled = (left <= right) & (top <= bottom);
    batch.small = sign_bits(I(small & filled & (area > 0)));
    batch.large = sign_bits(I(usable & ~small & filled));
    batch.sizes = by_size(batch.small, left, right, top, bottom);
    if (batch.small == 0) return;
    const I first_x = left & -Block::kWidth, first_y = top & -Block::kHeight;
    const I x = small ? first_x * kSubsample + half - a.x : I{}, y = small ? first_y * kSubsample + half - a.y : I{};
    set_edge(batch, 0, cx - bx, cy - by, x - bx, y - by);
    store(batch.bias[0], set_edge(batch, 1, -cx, -cy, x - cx, y - cy));
    store(batch.bias[1], set_edge(batch, 2, bx, by, x, y));
    const F twice = __builtin_convertvector(area, F);
    store(batch.depth[0], a.near);
    store(batch.depth[1], (b.near - a.near) / twice);
    store(batch.depth[2], (c.near - a.near) / twice);
    constexpr int wide = Block::kWidth == 4 ? 2 : 1, high = Block::kHeight == 4 ? 2 : 1;
    store(batch.left, left >> wide);
    store(batch.right, right >> wide);
    store(batch.top, top >> high);
    store(batch.bottom, bottom >> high);
}

// Calls visit(column, row, first sample, outside (negative there), 1 / depth) for each vector of samples that a small triangle may touch:
// so many across and down, if they are given.
template <int wide = 0, int high = 0, class Visit>
[[gnu::always_inline]] inline void walk(const Batch &batch, int i, const TileLayout &layout, Visit &&visit) {
    const I columns = Block::columns(), rows = Block::rows();
    I row[3], right[3], down[3];
    for (int e = 0; e < 3; ++e) {
        const I across = splat(batch.step_x[e][i]), below = splat(batch.step_y[e][i]);
        row[e] = batch.value[e][i] + columns * across + rows * below;
        right[e] = across * Block::kWidth;
        down[e] = below * Block::kHeight;
    }
    const int32_t bias1 = batch.bias[0][i], bias2 = batch.bias[1][i];
    const float depth0 = batch.depth[0][i], depth1 = batch.depth[1][i], depth2 = batch.depth[2][i];
    const int left = batch.left[i], top = batch.top[i];
    const int past_right = wide > 0 ? left + wide : batch.right[i] + 1, past_bottom = high > 0 ? top + high : batch.bottom[i] + 1;
    for (int y = top; y < past_bottom; ++y) {
        I v0 = row[0], v1 = row[1], v2 = row[2];
        for (int x = left; x < past_right; ++x) {
            const I outside = v0 | v1 | v2;
            const F b = __builtin_convertvector(v1 + bias1, F), c = __builtin_convertvector(v2 + bias2, F);
            visit(x * Block::kWidth, y * Block::kHeight, Block::offset(layout, x, y), outside, depth0 + (b * depth1 + c * depth2));
            v0 += right[0];
            v1 += right[1];
            v2 += right[2];
        }
        row[0] += down[0];
        row[1] += down[1];
        row[2] += down[2];
    }
}

struct WideEdge {
    int64_t step_x, step_y, bias;
    FourLongs value;

    WideEdge(const ScreenVertex &from, const ScreenVertex &to, int32_t x, int32_t y) {
        const int64_t dx = int64_t{to.x} - from.x, dy = int64_t{to.y} - from.y;
        step_x = dy * kSubsample;
        step_y = -dx * kSubsample;
        bias = dy > 0 || (dy == 0 && dx < 0) ? 0 : 1;
        value = edge(from, to, x, y) - bias + FourLongs{0, step_x, step_y, step_x + step_y};
    }
};

// The same for a counter-clockwise triangle of any size, by pixels.
template <class Visit>
[[gnu::noinline]] void walk_large(const ScreenVertex &a, const ScreenVertex &b, const ScreenVertex &c,
                                  const TileLayout &layout, Visit &&visit) {
    const auto area = static_cast<float>(doubled_area(a, b, c));
    constexpr int half = kSubsample / 2, last = kGuardSamples * kSubsample;
    const auto first_pixel = [](int32_t least) { return (least < 0 ? 0 : least) >> 9; };
    const auto last_pixel = [&](int32_t most) { return (most < 0 ? -1 : most > last ? last : most) >> 9; };
    const int left = first_pixel(std::min({a.x, b.x, c.x})), top = first_pixel(std::min({a.y, b.y, c.y}));
    const int limit = layout.across * 2 - 1;  // as far as tiles reach, on every path
    const int right = std::min(limit, last_pixel(std::max({a.x, b.x, c.x}))), bottom = std::min(limit, last_pixel(std::max({a.y, b.y, c.y})));
    const int32_t x = left * 2 * kSubsample + half, y = top * 2 * kSubsample + half;
    WideEdge e0(b, c, x, y), e1(c, a, x, y), e2(a, b, x, y);
    const float depth1 = (b.inverse_depth - a.inverse_depth) / area, depth2 = (c.inverse_depth - a.inverse_depth) / area;
    for (int row = top; row <= bottom; ++row) {
        FourLongs v0 = e0.value, v1 = e1.value, v2 = e2.value;
        for (int column = left; column <= right; ++column) {
            const FourInts outside = __builtin_convertvector((v0 | v1 | v2) < 0, FourInts);
            const FourFloats b_weight = __builtin_convertvector(v1 + e1.bias, FourFloats);
            const FourFloats c_weight = __builtin_convertvector(v2 + e2.bias, FourFloats);
            visit(column * 2, row * 2, layout.pixel(column, row) * 4, outside, a.inverse_depth + (b_weight * depth1 + c_weight * depth2));
            v0 += 2 * e0.step_x;
            v1 += 2 * e1.step_x;
            v2 += 2 * e2.step_x;
        }
        e0.value += 2 * e0.step_y;
        e1.value += 2 * e1.step_y;
        e2.value += 2 * e2.step_y;
    }
}

// Of a triangle that is not small, seen from the front or, if two_sided, from behind.
template <class Visit>
void walk_any(const ScreenVertex *vertices, const Triangle &t, bool two_sided, const TileLayout &layout, Visit &&visit) {
    const ScreenVertex &a = vertices[t[0]], &b = vertices[t[1]], &c = vertices[t[2]];
    const int64_t area = doubled_area(a, b, c);
    if (area > 0) walk_large(a, b, c, layout, visit);
    if (area < 0 && two_sided) walk_large(a, c, b, layout, visit);
}

// Keeps what is nearest.
struct Draw {
    int32_t *triangle;
    float *nearest;
    int32_t number;

    template <class Whole, class Real>
    [[gnu::always_inline]] void operator()(int, int, size_t first, const Whole &outside, const Real &depth) const {
        const Real before = load<Real>(nearest + first);
        const Whole nearer = (depth > before) & (outside >= 0);
        store(nearest + first, nearer ? depth : before);
        store(triangle + first, nearer ? Whole{} + number : load<Whole>(triangle + first));
    }
};

// Writes down what is nearer than the grid: blocks first, then fragments of many of them, for whether a block has any is what a
// processor guesses wrong.
class List {
  public:
    List(const float *nearest, Fragment *out) : nearest_(nearest), out_(out) {}

    // Of the triangle with this number from here on.
    void begin(int32_t number) { number_ = number; }

    template <class Whole, class Real>
    [[gnu::always_inline]] void operator()(int column, int row, size_t first, const Whole &outside, const Real &depth) {
        const Whole nearer = (depth > load<Real>(nearest_ + first)) & (outside >= 0);
        const uint32_t samples = sign_bits(nearer);
        blocks_[count_] = {samples, number_, static_cast<int32_t>(first / 4), column, row};
        count_ += samples != 0;
        if (count_ == kTogether) write();
    }

    // The end of the fragments.
    Fragment *end() {
        write();
        return out_;
    }

  private:
    static constexpr int kTogether = 256;
    struct FoundBlock {
        uint32_t samples;  // one bit each
        int32_t number, pixel, column, row;
    };

    [[gnu::noinline]] void write() {
        constexpr float step = kSamples * kSubsample;
        Fragment *out = out_;
        for (const auto &[found, number, pixel, column, row] : std::span(blocks_).first(count_)) {
            const auto x = static_cast<float>(column * kSubsample + kSubsample / 2), y = static_cast<float>(row * kSubsample + kSubsample / 2);
            for (int i = 0; i < kLanes / 4; ++i) {
                const uint32_t samples = found >> (4 * i) & kAllSamples;
                const Place &middle = kSampleSets[samples].middle;
                *out = {number, pixel + i, samples, x + (i % 2 * step + middle.x), y + (i / 2 * step + middle.y)};
                out += samples != 0;
            }
        }
        out_ = out;
        count_ = 0;
    }

    const float *nearest_;
    Fragment *out_;
    int32_t number_ = 0;
    int count_ = 0;
    FoundBlock blocks_[kTogether];
};

// Draws some triangles of batches: one bit each.
template <int wide, int high>
[[gnu::noinline]] void draw_set(const Batch *batches, uint64_t set, int32_t first_number, const Target &target) {
    const TileLayout layout = target.layout;
    int32_t *const triangle = target.triangle;
    float *const nearest = target.inverse_depth;
    for (; set != 0; set &= set - 1) {
        const int i = __builtin_ctzll(set);
        walk<wide, high>(batches[i / kLanes], i % kLanes, layout, Draw{triangle, nearest, first_number + i});
    }
}

// Triangles of one size together: how many tiles the next one has is what a processor guesses wrong.
void rasterize(const ScreenVertex *vertices, const Triangle *triangles, int32_t count, int32_t first_number, bool two_sided,
               const Target &target) {
    constexpr int together = 64;
    Batch batches[together / kLanes];
    for (int32_t first = 0; first < count; first += together) {
        std::array<uint64_t, kSizes> sizes{};
        uint64_t large = 0;
        const int32_t some = std::min(together, count - first), number = first_number + first;
        for (int32_t k = 0; k < some; k += kLanes) {
            Batch &batch = batches[k / kLanes];
            set_up(batch, vertices, triangles + first + k, std::min(kLanes, some - k), two_sided, target.layout.across * 4);
            for (int size = 0; size < kSizes; ++size) sizes[size] |= uint64_t{batch.sizes[size]} << k;
            large |= uint64_t{batch.large} << k;
        }
        if constexpr (kLanes == 16) {
            draw_set<1, 1>(batches, sizes[0], number, target);
            draw_set<2, 1>(batches, sizes[1], number, target);
            draw_set<1, 2>(batches, sizes[2], number, target);
            draw_set<2, 2>(batches, sizes[3], number, target);
            draw_set<0, 0>(batches, sizes[4], number, target);
        } else {
            for (const uint64_t set : sizes) draw_set<0, 0>(batches, set, number, target);
        }
        for (; large != 0; large &= large - 1) {
            const int i = __builtin_ctzll(large);
            walk_any(vertices, triangles[first + i], two_sided, target.layout, Draw{target.triangle, target.inverse_depth, number + i});
        }
    }
}

int32_t outline(const ScreenVertex *vertices, const Triangle *triangles, int32_t count, int32_t first_number, bool two_sided,
                Outline *out) {
    Outline *const begin = out;
    for (int32_t first = 0; first < count; first += kLanes) {
        const int32_t n = std::min(kLanes, count - first);
        const auto [a, b, c] = corners_of(vertices, [&](int i) FW_INLINED -> const Triangle & { return triangles[first + std::min(i, n - 1)]; });
        const F area = Edges(a, b, c.x, c.y).rounded;
        const I seen = (a.near > 0.0f) & (b.near > 0.0f) & (c.near > 0.0f) & (two_sided ? area != 0.0f : area > 0.0f);
        alignas(64) int32_t box[4][kLanes];
        alignas(64) float near[2][kLanes];
        store(box[0], least(least(a.x, b.x), c.x));
        store(box[1], most(most(a.x, b.x), c.x));
        store(box[2], least(least(a.y, b.y), c.y));
        store(box[3], most(most(a.y, b.y), c.y));
        const F nearer = a.near > b.near ? a.near : b.near;
        store(near[0], nearer > c.near ? nearer : c.near);
        store(near[1], a.near + b.near + c.near);
        const uint32_t bits = sign_bits(seen);
        for (int32_t i = 0; i < n; ++i) {
            *out = {box[0][i], box[1][i], box[2][i], box[3][i], near[0][i], near[1][i], first_number + first + i};
            out += bits >> i & 1;
        }
    }
    return static_cast<int32_t>(out - begin);
}

int32_t cover(const ScreenVertex *vertices, const Triangle *triangles, const int32_t *numbers, int32_t count,
              const Target &target, Fragment *out) {
    Batch batch;
    List list(target.inverse_depth, out);
    for (int32_t first = 0; first < count; first += kLanes) {
        set_up(batch, vertices, triangles + first, std::min(kLanes, count - first), true, target.layout.across * 4);
        for (uint32_t left = batch.small | batch.large; left != 0; left &= left - 1) {
            const int i = __builtin_ctz(left);
            list.begin(numbers[first + i]);
            if (batch.small >> i & 1)
                walk(batch, i, target.layout, list);
            else
                walk_any(vertices, triangles[first + i], true, target.layout, list);
        }
    }
    return static_cast<int32_t>(list.end() - out);
}

void express(const BlockMoves *blocks, int32_t count, float amount, const Columns &to) {
    typedef int16_t Shorts __attribute__((vector_size(kLanes * 2)));
    for (const BlockMoves *block = blocks; block < blocks + count; ++block)
        for (int axis = 0; axis < 3; ++axis) {
            float *at = (axis == 0 ? to.x : axis == 1 ? to.y : to.z) + block->first;
            for (int i = 0; i < BlockMoves::kVertices; i += kLanes) {
                const I steps = __builtin_convertvector(load<Shorts>(block->by[axis] + i), I);
                store(at + i, load<F>(at + i) + amount * __builtin_convertvector(steps, F));
            }
        }
}

void assemble(const Columns &from, int32_t count, Position *points) {
    int32_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
        const Rows rows(load<F>(from.x + i), load<F>(from.y + i), load<F>(from.z + i), F{});
        for (int k = 0; k < kLanes; ++k) store(&points[i + k].x, rows[k]);
    }
    for (; i < count; ++i) points[i] = Vec3{from.x[i], from.y[i], from.z[i]};
}

// What snap() does, where `samples` is a power of two, so that nothing is rounded before it is meant to be.
[[gnu::always_inline]] inline I snapped(const F &samples, const I &usable) {
    const F steps = usable ? samples * static_cast<float>(kSubsample) : F{};
    const I whole = __builtin_convertvector(steps, I);
    const F rest = steps - __builtin_convertvector(whole, F);
    return whole - (rest >= 0.5f) + (rest < -0.5f);
}

// As many points as a vector has lanes.
[[gnu::always_inline]] inline void project_some(const View &view, const Position *points_mm, float samples, ScreenVertex *out) {
    const std::array<F, 4> at = columns_of_four([&](int i) FW_INLINED { return load<FourFloats>(points_mm + i); });
    const auto along = [&](const Vec3 &axis) FW_INLINED { return axis.x * at[0] + axis.y * at[1] + axis.z * at[2]; };
    const F depth = view.distance_mm - along(view.rotation[2]), inverse = 1.0f / depth;
    const F near = view.perspective != 0.0f ? inverse : F{} + 1.0f / view.distance_mm;
    const F column = ((along(view.image_x) + view.offset_x) * near + view.shift_x) * samples;
    const F row = ((along(view.image_y) + view.offset_y) * near + view.shift_y) * samples;
    constexpr float guard = kGuardSamples;
    const I usable = (depth >= kNearMm) & (depth <= kFarMm) & (column > -guard) & (column < guard) & (row > -guard) & (row < guard);
    const I x = snapped(column, usable), y = snapped(row, usable);
    const Rows rows(reinterpret_cast<F>(x), reinterpret_cast<F>(y), usable ? inverse : F{}, F{});
    for (int i = 0; i < kLanes; ++i) store(&out[i].x, rows[i]);
}

void project(const View &view, const Position *points_mm, int32_t count, int samples, ScreenVertex *out) {
    int32_t i = 0;
    for (; i + kLanes <= count; i += kLanes) project_some(view, points_mm + i, static_cast<float>(samples), out + i);
    for (; i < count; ++i) {
        const Projected p = view.project(points_mm[i]);
        out[i] = snap(p.x_px, p.y_px, p.depth_mm, samples);
    }
}

}  // namespace

extern const Kernels kernels{FW_ISA_NAME, rasterize, outline, cover, express, assemble, project, cast, light, sky, sample, lay, shade, polish,
                             keep, blend, shade_opaque, resolve};

}  // namespace fw::FW_ISA
