// From triangles in samples to colours in pixels; compiled as part of render_kernels.ipp.
#pragma once

#include "render_kernels_light.ipp"
#include "render_srgb.hpp"

namespace fw::FW_ISA {

namespace {

// What the vertices of a facet hold, at a place in it.
[[gnu::always_inline]] inline EightFloats at_place(const Facet &facet, float x, float y) {
    return load<EightFloats>(&facet.first) +
           ((x - facet.x) * load<EightFloats>(&facet.right) + (y - facet.y) * load<EightFloats>(&facet.down));
}

int64_t lay(const Mesh &mesh, const int32_t *seen, int32_t count, Facet *facets) {
    int64_t areas = 0;
    for (int32_t first = 0; first < count; first += kLanes, seen += kLanes) {
        const int32_t n = std::min(kLanes, count - first);
        const auto [a, b, c] = corners_of(mesh.screen, [&](int i) FW_INLINED -> const Triangle & { return mesh.triangles[seen[std::min(i, n - 1)]]; });
        const Edges area(a, b, c.x, c.y);
        const F inverse = 1.0f / area.rounded;
        const auto share = [&](const I &steps) FW_INLINED { return __builtin_convertvector(steps, F) * inverse; };
        alignas(64) float second_right[kLanes], third_right[kLanes], second_down[kLanes], third_down[kLanes], x[kLanes], y[kLanes];
        store(second_right, share(a.y - c.y));
        store(third_right, share(b.y - a.y));
        store(second_down, share(c.x - a.x));
        store(third_down, share(a.x - b.x));
        store(x, __builtin_convertvector(a.x, F));
        store(y, __builtin_convertvector(a.y, F));
        for (int32_t i = 0; i < n; ++i) {
            const Triangle &t = mesh.triangles[seen[i]];
            Facet &facet = facets[seen[i]];
            const Attributes *const attributes = mesh.attributes + facet.behind;
            const EightFloats at_first = load<EightFloats>(&attributes[t[0]]);
            const EightFloats second = load<EightFloats>(&attributes[t[1]]) - at_first;
            const EightFloats third = load<EightFloats>(&attributes[t[2]]) - at_first;
            store(&facet.first, at_first);
            store(&facet.right, second * second_right[i] + third * third_right[i]);
            store(&facet.down, second * second_down[i] + third * third_down[i]);
            facet.x = x[i];
            facet.y = y[i];
            areas += area.whole[i];
        }
    }
    return areas;
}

// Places that are shaded together, one a lane: in which facets, and what the vertices of these hold there.
struct Places {
    F u, v, near, red, green, blue, shine;

    // Of what `row` gives for each lane, as in Attributes.
    template <class Row>
    [[gnu::always_inline]] explicit Places(Row &&row) {
        const std::array<F, 8> held = columns_of_eight(row);
        const F depth = 1.0f / held[0];
        u = held[1] * depth;
        v = held[2] * depth;
        near = held[3];
        red = held[4] * depth;
        green = held[5] * depth;
        blue = held[6] * depth;
        shine = held[7] * depth;
    }
};

// The surfaces of places, one a lane, and their textures' colour there: linear, times alpha, with their factors. `opaque`: alpha is
// known to be 1.
template <bool opaque>
struct Texture {
    F red, green, blue, alpha, shine;

    // `one`: whether all surfaces are the same.
    [[gnu::always_inline]] Texture(const Surface *const *surfaces, bool one, const F &u, const F &v) {
        if (one) {
            const Surface &s = *surfaces[0];
            const Texel *texels = s.texels;
            find(u, v, F{} + s.width, F{} + s.height, splat(s.stride), [=](int) FW_INLINED { return texels; });
            finish(F{} + s.tint[0], F{} + s.tint[1], F{} + s.tint[2], F{} + s.shine_by_red, F{} + s.shine_by_alpha);
        } else {
            const std::array<F, 8> of = columns_of_eight([&](int i) FW_INLINED { return load<EightFloats>(surfaces[i]); });
            find(u, v, of[5], of[6], reinterpret_cast<I>(of[7]), [=](int i) FW_INLINED { return surfaces[i]->texels; });
            finish(of[0], of[1], of[2], of[3], of[4]);
        }
    }

  private:
    [[gnu::always_inline]] static F clamped(const F &share, const F &size) {
        F at = share * size - 0.5f;
        at = at > 0.0f ? at : F{};  // so does NaN
        return at < size - 1.0f ? at : size - 1.0f;
    }

    // The mean of four neighbouring texels, whose centres are nearest; clamped at the border.
    template <class Texels>
    [[gnu::always_inline]] void find(const F &u, const F &v, const F &width, const F &height, const I &stride, Texels &&texels) {
        const F x = clamped(u, width), y = clamped(v, height);
        const I column = __builtin_convertvector(x, I), row = __builtin_convertvector(y, I);
        const F row_before = __builtin_convertvector(row, F);
        constexpr float unit = 1.0f / (255.0f * 255.0f);
        const F right = x - __builtin_convertvector(column, F), down = (y - row_before) * unit, up = unit - down;
        const I upper = row * stride + column, lower = upper + (row_before + 1.0f < height ? stride : I{});
        I left_texels[2], right_texels[2];
        pairs(texels, upper, left_texels[0], right_texels[0]);
        pairs(texels, lower, left_texels[1], right_texels[1]);
        const F upper_right = up * right, upper_left = up - upper_right, lower_right = down * right, lower_left = down - lower_right;
        const auto mean = [&](auto &&number) FW_INLINED {
            return (number(left_texels[0]) * upper_left + number(right_texels[0]) * upper_right) +
                   (number(left_texels[1]) * lower_left + number(right_texels[1]) * lower_right);
        };
        const auto squared = [&](int byte) FW_INLINED {
            return mean([byte](const I &texel) FW_INLINED {
                const F root = __builtin_convertvector(texel >> (8 * byte) & 255, F);
                return root * root;
            });
        };
        red = squared(0);
        green = squared(1);
        blue = squared(2);
        if constexpr (opaque)
            alpha = F{} + 1.0f;
        else
            alpha = mean([](const I &texel) FW_INLINED { return __builtin_convertvector(texel >> 24 & 255, F); }) * 255.0f;
    }

    // The texels at these places, and those to the right of them.
    template <class Texels>
    [[gnu::always_inline]] static void pairs(Texels &&texels, const I &at, I &left, I &right) {
        alignas(64) uint32_t places[kLanes];
        store(places, at);
        read_back(places);
        const auto both = columns_of_two([&](int i) FW_INLINED { return load<int64_t>(texels(i) + places[i]); });
        left = both[0];
        right = both[1];
    }

    [[gnu::always_inline]] void finish(const F &tint_red, const F &tint_green, const F &tint_blue, const F &shine_by_red,
                                       const F &shine_by_alpha) {
        red *= tint_red;
        green *= tint_green;
        blue *= tint_blue;
        shine = red * shine_by_red + alpha * shine_by_alpha;
    }
};

void sample(const Surface &surface, float u, float v, FourFloats *out) {
    const Surface *one = &surface;
    const Texture<false> texture(&one, true, F{} + u, F{} + v);
    *out = FourFloats{texture.red[0], texture.green[0], texture.blue[0], texture.alpha[0]};
}

// Linear colour of places, times alpha.
struct Colours {
    F red, green, blue;

    template <bool opaque>
    [[gnu::always_inline]] Colours(const Places &places, const Texture<opaque> &texture, const Vec3 &highlight) {
        const F shine = places.shine * texture.shine;
        red = texture.red * places.red + highlight.x * shine;
        green = texture.green * places.green + highlight.y * shine;
        blue = texture.blue * places.blue + highlight.z * shine;
    }

    [[gnu::always_inline]] void bend() {
        if (sign_bits(I((red > kKnee) | (green > kKnee) | (blue > kKnee))) == 0) return;
        red = bent(red);
        green = bent(green);
        blue = bent(blue);
    }
};

bool shade(const Fragment *fragments, int32_t count, const Facet *facets, const Vec3 &highlight, FourFloats *out, float *near) {
    const Facet *at[kLanes];
    const Surface *surfaces[kLanes];
    alignas(64) int32_t fine[kLanes];
    bool any_fine = false;
    for (int32_t first = 0; first < count; first += kLanes) {
        const int32_t n = std::min(kLanes, count - first);
        const auto fragment = [&](int i) -> const Fragment & { return fragments[first + std::min(i, n - 1)]; };
        bool one = true;
        for (int i = 0; i < kLanes; ++i) {
            at[i] = &facets[fragment(i).triangle];
            surfaces[i] = at[i]->surface;
            const bool is_fine = at[i]->fine != Fine::none;
            fine[i] = -int32_t{is_fine};
            any_fine |= is_fine;
            one &= surfaces[i] == surfaces[0];
        }
        const Places places([&](int i) FW_INLINED { return at_place(*at[i], fragment(i).x, fragment(i).y); });
        const Texture<false> texture(surfaces, one, places.u, places.v);
        const Colours matt(places, texture, highlight);
        Colours colours = matt;
        colours.bend();
        const I as_it_is = load<I>(fine);
        const Rows rows(as_it_is ? matt.red : colours.red, as_it_is ? matt.green : colours.green,
                        as_it_is ? matt.blue : colours.blue, as_it_is ? texture.alpha : closed(texture.alpha));
        for (int i = 0; i < n; ++i) out[first + i] = rows[i];
        store_some(near + first, places.near, n);
    }
    return any_fine;
}

// By what Fine says; eyes are wet.
constexpr std::array<Gloss, 5> kFineGloss{{{}, {0.025f, 8}, {0.03f, 6}, {0.6f, 6}, {0.04f, 9}}};

// The part of the environment that a metal mirrors, and a pane's reflectance head-on.
constexpr float kMetalMirror = 0.9f, kGlassReflectance = 0.04f;

// Schlick's (1 - v.n)^5.
[[gnu::always_inline]] inline F grazing(const Vec3s &normal) {
    const F away = 1.0f - (normal.z > 0.0f ? normal.z : F{}), squared = away * away;
    return squared * squared * away;
}

// Where a viewer on the camera's axis looks when mirrored.
[[gnu::always_inline]] inline Vec3s mirrored(const Vec3s &n) {
    return {2.0f * n.z * n.x, 2.0f * n.z * n.y, 2.0f * n.z * n.z - 1.0f};
}

// What the vertices of some triangles hold at places in them, one a lane.
struct FinePlaces {
    F u{}, v{}, arriving{};
    Vec3s normal{F{}, F{}, F{}};

    // `fragment` gives each lane's.
    template <class At>
    [[gnu::always_inline]] FinePlaces(const Mesh &mesh, const FourFloats *facing, const Facet *facets, At &&fragment) {
        const auto triangle = [&](int i) FW_INLINED -> const Triangle & { return mesh.triangles[fragment(i).triangle]; };
        const auto row = [&](int i, int k) FW_INLINED { return triangle(i)[k] + facets[fragment(i).triangle].behind; };
        const std::array<Corners, 3> corners = corners_of(mesh.screen, triangle);
        alignas(64) float xs[kLanes], ys[kLanes];
        for (int i = 0; i < kLanes; ++i) xs[i] = fragment(i).x, ys[i] = fragment(i).y;
        const I x = __builtin_convertvector(load<F>(xs), I), y = __builtin_convertvector(load<F>(ys), I);
        F weight{};
        for (int k = 0; k < 3; ++k) {
            const F part = Edges(corners[(k + 1) % 3], corners[(k + 2) % 3], x, y).rounded;
            const auto held = columns_of_four([&](int i) FW_INLINED { return load<FourFloats>(&mesh.attributes[row(i, k)].weight); });
            const auto faced = columns_of_four([&](int i) FW_INLINED { return facing[row(i, k)]; });
            const F share = part * held[0];
            weight += share;
            u += part * held[1];
            v += part * held[2];
            arriving += share * faced[3];
            normal = normal + Vec3s{faced[0], faced[1], faced[2]} * share;
        }
        const F inverse = 1.0f / weight;
        u *= inverse;
        v *= inverse;
        arriving *= inverse;
        normal = (normal * inverse).unit();
    }
};

// As many as a vector has lanes; the last is repeated.
[[gnu::always_inline]] inline void polish_some(const Mesh &mesh, const FourFloats *facing, const Light &light, const Facet *facets,
                                               const Fragment *fragments, const int32_t *which, int32_t count, FourFloats *colours) {
    const auto number = [&](int i) FW_INLINED { return which[std::min(i, count - 1)]; };
    const auto fragment = [&](int i) FW_INLINED -> const Fragment & { return fragments[number(i)]; };
    const auto facet = [&](int i) FW_INLINED -> const Facet & { return facets[fragment(i).triangle]; };
    alignas(64) int32_t kinds[kLanes];
    for (int i = 0; i < kLanes; ++i) kinds[i] = static_cast<int32_t>(facet(i).fine);
    const auto are = [&](Fine fine) FW_INLINED { return load<I>(kinds) == static_cast<int32_t>(fine); };
    const FinePlaces at(mesh, facing, facets, fragment);
    const auto gloss = columns_of_four([&](int i) FW_INLINED { return load<FourFloats>(&kFineGloss[kinds[i]]); });
    const F shine = highlight(gloss.data(), at.normal, at.normal.dot(light.towards), light) * at.arriving;
    const Vec3s shines{light.colour.x * shine, light.colour.y * shine, light.colour.z * shine};
    const auto before = columns_of_four([&](int i) FW_INLINED { return colours[number(i)]; });
    const Vec3s matt{before[0], before[1], before[2]};
    F alpha = before[3];
    Vec3s colour = matt + shines * (are(Fine::eye) ? F{} + 1.0f : alpha);
    const I metal = are(Fine::metal), glass = are(Fine::glass);
    if (sign_bits(I(metal | glass)) != 0) {
        const Surface *surfaces[kLanes];
        for (int i = 0; i < kLanes; ++i) surfaces[i] = facet(i).surface;
        const Texture<false> albedo(surfaces, false, at.u, at.v);
        const Vec3s towards = mirrored(at.normal);
        const F reflected = kGlassReflectance + (1.0f - kGlassReflectance) * grazing(at.normal);
        const auto mirroring = [&](const F &otherwise, const F &diffuse, const F &tint, const F &lit, auto &&channel) FW_INLINED {
            const F mirror = ambient(light, towards, channel);
            const F on_metal = diffuse * (1.0f - kMetalMirror) + tint * (mirror * kMetalMirror + lit * 0.4f);
            const F on_glass = diffuse * (1.0f - reflected) + mirror * reflected + lit;
            return metal ? on_metal : glass ? on_glass : otherwise;
        };
        colour = {mirroring(colour.x, matt.x, albedo.red, shines.x, kRed), mirroring(colour.y, matt.y, albedo.green, shines.y, kGreen),
                  mirroring(colour.z, matt.z, albedo.blue, shines.z, kBlue)};
        alpha = glass ? 1.0f - (1.0f - alpha) * (1.0f - reflected) : alpha;
    }
    const Rows rows(bent(colour.x), bent(colour.y), bent(colour.z), closed(alpha));
    for (int i = 0; i < std::min(kLanes, count); ++i) colours[which[i]] = rows[i];
}

void polish(const Mesh &mesh, const FourFloats *facing, const Light &light, const Facet *facets, const Fragment *fragments,
            const int32_t *which, int32_t count, FourFloats *colours) {
    for (int32_t i = 0; i < count; i += kLanes) polish_some(mesh, facing, light, facets, fragments, which + i, count - i, colours);
}

// Inside a surface that is smooth there, a pixel's four samples look so much alike that one colour does for all.
constexpr float kSmoothDepth = 0.01f;

constexpr uint32_t kWholeTile = 0xffff;

// A tile's samples that are drawn: one bit each.
[[gnu::always_inline]] inline uint32_t drawn_samples(const int32_t *triangle) {
    uint32_t bits = 0;
    for (int i = 0; i < 16; i += kLanes) bits |= (~sign_bits(load<I>(triangle + i)) & kAllLanes) << i;
    return bits;
}

template <int... i>
[[gnu::always_inline]] inline F first_of_four(const F &v, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(v, v, (i & ~3)...);
}

// Those whose depth is not about that of the first sample of their pixel.
[[gnu::always_inline]] inline uint32_t uneven_samples(const float *inverse_depth) {
    uint32_t bits = 0;
    for (int i = 0; i < 16; i += kLanes) {
        const F near = load<F>(inverse_depth + i), first = first_of_four(near, LanesOf<F>{});
        const F span = near - first, limit = kSmoothDepth * first;
        bits |= sign_bits(I((span > limit) | (span < -limit))) << i;
    }
    return bits;
}

// Shades places of opaque surfaces, as many together as a vector has lanes, and adds them to pixels: a place a sample, pixel by
// pixel, or the mean of two places for as many samples of a pixel as look alike.
class OpaqueShader {
  public:
    OpaqueShader(const OpaqueScene &scene, const Band &band, FourFloats *colour, Fragment *fine)
        : scene_(scene), first_(band.first * scene.layout.across * 4), colour_(colour), fine_(fine) {}

    // A tile of which these samples are drawn.
    [[gnu::always_inline]] void add(int32_t tile, uint32_t drawn, int column, int row) {
        constexpr int pixel_step = kSamples * kSubsample;
        const auto x = static_cast<float>(column * 2 * pixel_step + kSubsample / 2);
        const auto y = static_cast<float>(row * 2 * pixel_step + kSubsample / 2);
        if (scene_.every_sample && drawn == kWholeTile && is_plain(tile)) {
            shade_tile(tile, x, y);
            return;
        }
        const uint32_t uneven = scene_.every_sample ? 0 : uneven_samples(scene_.inverse_depth + size_t(tile) * 16);
        if (!scene_.every_sample && drawn == kWholeTile && uneven == 0 && waiting_ <= kLanes - 4 && is_smooth(tile)) {
            add_tile(tile, x, y);
            return;
        }
        for (int i = 0; i < 4; ++i) {
            const int32_t pixel = tile * 4 + i;
            const uint32_t shown = drawn >> (4 * i) & scene_.open(pixel) & kAllSamples;
            if (shown != 0) add_pixel(pixel, shown, uneven >> (4 * i) & kAllSamples, x + i % 2 * pixel_step, y + i / 2 * pixel_step);
        }
    }

    // The end of the fragments that are fine.
    Fragment *end() {
        if (waiting_ > 0) {
            for (int i = waiting_; i < kLanes; ++i) put(i, pixels_[0], 0.0f, sites_.at(0), others_.at(0));
            shade();
        }
        return fine_;
    }

  private:
    [[gnu::always_inline]] void add_pixel(int32_t pixel, uint32_t shown, uint32_t uneven, float x, float y) {
        const int32_t *triangles = scene_.triangle + size_t(pixel) * 4;
        if (scene_.every_sample)
            add_each(pixel, load<FourInts>(triangles), shown, x, y);
        else if (shown == kAllSamples && uneven == 0 && look_alike<4>(triangles))
            add_one(pixel, kAllSamples, {triangles[0], x, y}, {triangles[3], x + kSubsample, y + kSubsample});
        else
            add_sets(pixel, load<FourInts>(triangles), shown, x, y);
    }

    // A place in a triangle.
    struct Site {
        int32_t triangle;
        float x, y;
    };
    struct Sites {
        alignas(64) int32_t triangle[kLanes];
        alignas(64) float x[kLanes], y[kLanes];

        Site at(int i) const { return {triangle[i], x[i], y[i]}; }
        [[gnu::always_inline]] void set(int i, const Site &site) { triangle[i] = site.triangle, x[i] = site.x, y[i] = site.y; }
    };

    [[gnu::always_inline]] bool is_fine(int32_t triangle) const { return scene_.looks[triangle] == kFineLook; }

    // Whether no sample of a tile is fine, and light of all comes through.
    [[gnu::always_inline]] bool is_plain(int32_t tile) const {
        const int32_t *triangles = scene_.triangle + size_t(tile) * 16;
        bool fine = false;
        for (int i = 0; i < 16 && scene_.any_fine; ++i) fine |= is_fine(triangles[i]);
        return !fine && is_open(tile);
    }

    // Whether light of all samples of a tile comes through.
    [[gnu::always_inline]] bool is_open(int32_t tile) const {
        bool open = true;
        for (int i = 0; i < 4; ++i) open &= scene_.open(tile * 4 + i) == kAllSamples;
        return open;
    }

    // All samples of a tile, where they are plain.
    [[gnu::noinline]] void shade_tile(int32_t tile, float x, float y) {
        constexpr float step = kSubsample;
        for (int k = 0; k < 16; k += kLanes) {
            Sites sites;
            const size_t first = size_t(tile) * 16 + k;
            store(sites.triangle, load<I>(scene_.triangle + first));
            read_back(sites.triangle);
            for (int i = 0; i < kLanes; ++i) {
                const int column = (k + i) / 4 % 2 * 2 + i % 2, row = (k + i) / 8 * 2 + i / 2 % 2;
                sites.x[i] = x + static_cast<float>(column) * step;
                sites.y[i] = y + static_cast<float>(row) * step;
            }
            const F share = scene_.through == nullptr ? F{} + 1.0f : load<F>(reinterpret_cast<const float *>(scene_.through) + first);
            const auto [a, b, c, d] = shaded(sites, share, [&](int i) FW_INLINED { return held(sites, i); });
            float *pixels = reinterpret_cast<float *>(colour_ + (tile * 4 + k / 4 - first_));
            store(pixels, load<F>(pixels) + ((a + b) + (c + d)));
        }
    }

    [[gnu::always_inline]] void prefetch(int32_t triangle) const {
        __builtin_prefetch(&scene_.facets[triangle].first);
        __builtin_prefetch(&scene_.facets[triangle].x);
    }

    [[gnu::always_inline]] void put(int i, int32_t pixel, float share, const Site &at, const Site &other) {
        sites_.set(i, at);
        others_.set(i, other);
        pixels_[i] = pixel;
        shares_[i] = share;
    }

    [[gnu::always_inline]] void add_one(int32_t pixel, uint32_t samples, const Site &at, const Site &other) {
        prefetch(at.triangle);
        prefetch(other.triangle);
        put(waiting_, pixel, scene_.coming_through(pixel, samples), at, other);
        if (++waiting_ == kLanes) shade();
    }

    // Each triangle's samples together.
    void add_sets(int32_t pixel, const FourInts &triangles, uint32_t shown, float x, float y) {
        while (shown != 0) {
            const int32_t triangle = triangles[__builtin_ctz(shown)];
            const uint32_t samples = sign_bits(triangles == triangle) & shown;
            shown &= ~samples;
            const Place &middle = kSampleSets[samples].middle;
            const Site site{triangle, x + middle.x, y + middle.y};
            if (is_fine(triangle))
                *fine_++ = {triangle, pixel, samples, site.x, site.y};
            else
                add_one(pixel, samples, site, site);
        }
    }

    // All samples of a pixel in four neighbouring places; those that are not shown have no share.
    [[gnu::always_inline]] void add_each(int32_t pixel, FourInts triangles, uint32_t shown, float x, float y) {
        constexpr float step = kSubsample;
        FourFloats at_x = x + FourFloats{0.0f, step, 0.0f, step}, at_y = y + FourFloats{0.0f, 0.0f, step, step};
        if (shown != kAllSamples ||
            (is_fine(triangles[0]) | is_fine(triangles[1]) | is_fine(triangles[2]) | is_fine(triangles[3]))) {
            shown = write_fine(pixel, triangles, shown, at_x, at_y);
            if (shown == 0) return;
            const int some = __builtin_ctz(shown);
            triangles = truth(shown) ? triangles : FourInts{} + triangles[some];
            at_x = truth(shown) ? at_x : FourFloats{} + at_x[some];
            at_y = truth(shown) ? at_y : FourFloats{} + at_y[some];
        }
        for (int i = 0; i < 4; ++i) prefetch(triangles[i]);
        store(sites_.triangle + waiting_, triangles);
        store(sites_.x + waiting_, at_x);
        store(sites_.y + waiting_, at_y);
        store(shares_ + waiting_, scene_.through == nullptr ? coverage(shown) : coverage(shown) * scene_.through[pixel]);
        pixels_[waiting_] = pixel;
        waiting_ += 4;
        if (waiting_ == kLanes) shade();
    }

    // Returns the samples that are left.
    uint32_t write_fine(int32_t pixel, const FourInts &triangles, uint32_t shown, const FourFloats &x, const FourFloats &y) {
        for (uint32_t left = shown; left != 0; left &= left - 1) {
            const int i = __builtin_ctz(left);
            if (!is_fine(triangles[i])) continue;
            *fine_++ = {triangles[i], pixel, 1u << i, x[i], y[i]};
            shown &= ~(1u << i);
        }
        return shown;
    }

    // Whether triangles are of one surface.
    template <int count>
    [[gnu::always_inline]] bool look_alike(const int32_t *triangles) const {
        const int look = scene_.looks[triangles[0]];
        int others = look >= kSeamLook;
        for (int i = 1; i < count; ++i) others |= look ^ scene_.looks[triangles[i]];
        return others == 0;
    }

    // Whether a tile whose depths are even is all of one surface, and in sight.
    [[gnu::always_inline]] bool is_smooth(int32_t tile) const {
        return is_open(tile) && look_alike<16>(scene_.triangle + size_t(tile) * 16);
    }

    // The four pixels of a tile that is.
    [[gnu::always_inline]] void add_tile(int32_t tile, float x, float y) {
        constexpr float step = kSubsample, pixel_step = kSamples * kSubsample;
        const int32_t *triangles = scene_.triangle + size_t(tile) * 16;
        for (int i = 0; i < 16; i += 4) {
            prefetch(triangles[i]);
            prefetch(triangles[i + 3]);
        }
        FourInts first = load<FourInts>(triangles), b = load<FourInts>(triangles + 4), c = load<FourInts>(triangles + 8),
                 last = load<FourInts>(triangles + 12);
        turn(first, b, c, last);
        const FourFloats at_x = x + FourFloats{0.0f, pixel_step, 0.0f, pixel_step};
        const FourFloats at_y = y + FourFloats{0.0f, 0.0f, pixel_step, pixel_step};
        store(sites_.triangle + waiting_, first);
        store(sites_.x + waiting_, at_x);
        store(sites_.y + waiting_, at_y);
        store(others_.triangle + waiting_, last);
        store(others_.x + waiting_, at_x + step);
        store(others_.y + waiting_, at_y + step);
        store(pixels_ + waiting_, tile * 4 + FourInts{0, 1, 2, 3});
        FourFloats shares = FourFloats{} + 4.0f;
        if (scene_.through != nullptr)
            for (int i = 0; i < 4; ++i) shares[i] = scene_.coming_through(tile * 4 + i, kAllSamples);
        store(shares_ + waiting_, shares);
        waiting_ += 4;
        if (waiting_ == kLanes) shade();
    }

    [[gnu::always_inline]] EightFloats held(const Sites &sites, int i) const {
        return at_place(scene_.facets[sites.triangle[i]], sites.x[i], sites.y[i]);
    }

    // Shades what waits, and adds it.
    [[gnu::noinline]] void shade() {
        const F share = load<F>(shares_);
        if (scene_.every_sample) {
            const auto [a, b, c, d] = shaded(sites_, share, [&](int i) FW_INLINED { return held(sites_, i); });
            alignas(64) float sums[kLanes];
            store(sums, (a + b) + (c + d));
            for (int i = 0; i < kLanes; i += 4) colour_[pixels_[i] - first_] += load<FourFloats>(sums + i);
        } else {
            const Rows rows(shaded(sites_, share, [&](int i) FW_INLINED { return held(sites_, i) + held(others_, i); }));
            for (int i = 0; i < kLanes; ++i) colour_[pixels_[i] - first_] += rows[i];
        }
        waiting_ = 0;
    }

    // Colours of places, times their shares, as rows: of each four lanes the first in the first vector, and so on.
    template <class Row>
    [[gnu::always_inline]] std::array<F, 4> shaded(const Sites &sites, const F &share, Row &&row) const {
        const bool all_head = sign_bits(I(load<I>(sites.triangle) < scene_.head_triangles)) == kAllLanes;
        const Surface *surfaces[kLanes];
        for (int i = 0; i < (all_head ? 1 : kLanes); ++i) surfaces[i] = scene_.facets[sites.triangle[i]].surface;
        const Places places(row);
        Colours colours(places, Texture<true>(surfaces, all_head, places.u, places.v), scene_.highlight);
        colours.bend();
        F red = colours.red * share, green = colours.green * share, blue = colours.blue * share, none{};
        turn(red, green, blue, none);
        return {red, green, blue, none};
    }

    const OpaqueScene &scene_;
    const int32_t first_;  // pixel of the band
    FourFloats *colour_;
    Fragment *fine_;
    int waiting_ = 0;
    // Of those that wait: between which places, in which pixel, and their part of it, in samples, times what comes through. Where every
    // sample is shaded, the other places are not used, and of each four pixels the first is that of all.
    Sites sites_, others_;
    int32_t pixels_[kLanes];
    alignas(64) float shares_[kLanes];
};

int32_t shade_opaque(const OpaqueScene &scene, const Band &band, FourFloats *colour, Fragment *fine) {
    OpaqueShader shader(scene, band, colour, fine);
    int32_t tile = band.first * scene.layout.across;
    for (int row = band.first; row < band.last; ++row)
        for (int column = 0; column < scene.layout.across; ++column, ++tile) {
            const uint32_t drawn = drawn_samples(scene.triangle + size_t(tile) * 16);
            if (drawn != 0) shader.add(tile, drawn, column, row);
        }
    return static_cast<int32_t>(shader.end() - fine);
}

// The numbers of the sRGB table's bins, and what they are found for.
template <class Reals, class Wholes>
struct Binned {
    Reals linear;
    Wholes bins;

    // From the sum of a pixel's samples.
    [[gnu::always_inline]] explicit Binned(const Reals &sum) : linear(sum * (1.0f / (kSamples * kSamples))) {
        linear = linear > 0.0f ? (linear < 1.0f ? linear : Reals{} + 1.0f) : Reals{};
        bins = __builtin_convertvector(linear * static_cast<float>(SrgbTables::kBins), Wholes);
    }
};

[[gnu::always_inline]] inline void encode(const float *linear, const int32_t *bins, uint8_t *out) {
    for (int c = 0; c < 3; ++c) {
        const uint8_t code = kSrgb.bin_code[bins[c]];
        out[c] = static_cast<uint8_t>(code + (linear[c] >= kSrgb.threshold[code]));
    }
}

void resolve(const OpaqueScene &scene, const Band &band, const FourFloats *colour, int size, uint8_t *image) {
    int32_t tile = band.first * scene.layout.across;
    for (int row = band.first; row < band.last; ++row)
        for (int column = 0; column < scene.layout.across; ++column, ++tile, colour += 4) {
            const auto out = [&](int i) FW_INLINED { return image + (size_t(row * 2 + i / 2) * size + column * 2 + i % 2) * 3; };
            const bool whole = column * 2 + 1 < size && row * 2 + 1 < size;
            const uint32_t bare = ~drawn_samples(scene.triangle + size_t(tile) * 16) & kWholeTile;
            if (bare == kWholeTile && scene.through == nullptr) continue;
            alignas(64) float linear[16];
            alignas(64) int32_t bins[16];
            if (bare == 0 && whole) {
                for (int k = 0; k < 16; k += kLanes) {
                    const Binned<F, I> some(load<F>(reinterpret_cast<const float *>(colour) + k));
                    store(linear + k, some.linear);
                    store(bins + k, some.bins);
                }
                for (int i = 0; i < 4; ++i) encode(linear + 4 * i, bins + 4 * i, out(i));
                continue;
            }
            for (int i = 0; i < 4; ++i) {
                const float behind = scene.coming_through(tile * 4 + i, bare >> (4 * i) & kAllSamples);
                if (column * 2 + i % 2 >= size || row * 2 + i / 2 >= size || (behind == 4.0f && !any(colour[i] != 0.0f))) continue;
                const uint8_t *there = out(i);
                const FourFloats backdrop{kSrgb.linear[there[0]], kSrgb.linear[there[1]], kSrgb.linear[there[2]], 0.0f};
                const Binned<FourFloats, FourInts> one(colour[i] + behind * backdrop);
                store(linear, one.linear);
                store(bins, one.bins);
                encode(linear, bins, out(i));
            }
        }
}

}  // namespace

}  // namespace fw::FW_ISA
