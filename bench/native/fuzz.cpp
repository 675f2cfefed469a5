// Draws random scenes that nobody would ask for, to be compiled with sanitizers: whatever the bindings let through.
//   fuzz FIRST COUNT
// draws the seeds FIRST .. FIRST + COUNT - 1, pictures and annotations, and prints a hash of all of them.
#include <cmath>
#include <cstdio>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "render_annotate.hpp"
#include "render_batch.hpp"

namespace {

class Dice {
  public:
    explicit Dice(uint64_t seed) : bits_(seed) {}

    uint64_t below(uint64_t n) { return bits_() % n; }
    int index(size_t n) { return static_cast<int>(below(n)); }
    bool one_in(uint64_t n) { return below(n) == 0; }
    float within(float low, float high) { return low + (high - low) * (static_cast<float>(bits_() >> 40) * 0x1p-24f); }
    // Mostly of this size; sometimes nothing, sometimes out of all proportion.
    float strange(float size) {
        constexpr float inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
        constexpr float odd[]{0.0f, -0.0f, 1e-40f, 1e9f, -1e9f, 3e38f, -3e38f, inf, -inf, nan};
        return one_in(40) ? odd[index(std::size(odd))] : within(-size, size);
    }

  private:
    std::mt19937_64 bits_;
};

struct Mesh {
    std::vector<fw::Vec3> points;
    std::vector<int32_t> triangles;
    std::vector<float> uv;
};

// A soup: corners near each other or anywhere, the same vertex twice, no area, no triangles at all.
// (Random numbers are never drawn inside the arguments of a call, whose order is up to the compiler.)
Mesh soup(Dice &dice, size_t most_vertices, size_t most_triangles, bool wild) {
    Mesh out;
    const size_t vertices = 1 + dice.below(most_vertices), triangles = dice.below(most_triangles);
    const float size = dice.one_in(4) ? 1e5f : 120.0f;
    for (size_t i = 0; i < vertices; ++i) {
        const auto at = [&] { return wild ? dice.strange(size) : dice.within(-size, size); };
        out.points.push_back({at(), at(), at()});
        for (int k = 0; k < 2; ++k) out.uv.push_back(wild && dice.one_in(20) ? dice.strange(1e6f) : dice.within(-0.2f, 1.2f));
    }
    for (size_t i = 0; i < 3 * triangles; ++i) out.triangles.push_back(dice.index(vertices));
    return out;
}

struct Head {
    Mesh mesh;
    std::vector<uint8_t> parts;
    std::vector<int32_t> weld, landmarks, alignment;
    std::vector<float> occlusion, expression;

    explicit Head(Dice &dice) : mesh(soup(dice, 200, 400, true)) {
        const size_t vertices = mesh.points.size();
        for (size_t i = 0; i < mesh.triangles.size() / 3; ++i) parts.push_back(static_cast<uint8_t>(dice.below(fw::kParts)));
        for (size_t v = 0; v < vertices; ++v) {
            weld.push_back(v > 0 && dice.one_in(5) ? weld[dice.below(v)] : static_cast<int32_t>(v));
            occlusion.push_back(dice.strange(1.0f));
        }
        for (int i = 0; i < fw::kLandmarks; ++i) landmarks.push_back(dice.index(vertices));
        for (int i = 0; i < fw::kAlignment * fw::kAlignmentVertices; ++i) alignment.push_back(dice.index(vertices));
        expression.resize(3 * vertices * dice.below(3));
        const bool wrong = dice.one_in(10);
        for (float &x : expression) {
            const float wild = wrong ? dice.strange(20.0f) : dice.within(-20.0f, 20.0f);
            x = dice.one_in(2) ? 0.0f : dice.one_in(50) ? 1e6f : wild;
        }
        if (dice.one_in(10) && !mesh.triangles.empty()) break_index(dice);
    }

    fw::Rig rig() const {
        return fw::Rig({mesh.triangles, parts, weld, mesh.uv, occlusion, mesh.points, expression, landmarks, alignment});
    }

  private:
    void break_index(Dice &dice) {
        std::vector<int32_t> *const fields[]{&mesh.triangles, &weld, &landmarks, &alignment};
        std::vector<int32_t> &field = *fields[dice.below(4)];
        constexpr int32_t bad[]{-1, 1 << 30, std::numeric_limits<int32_t>::min()};
        field[dice.below(field.size())] = bad[dice.below(3)];
    }
};

fw::Texels texels(Dice &dice, int channels, bool square) {
    const int width = 1 + dice.index(dice.one_in(3) ? 70 : 3), height = square ? width : 1 + dice.index(40);
    std::vector<uint8_t> bytes(size_t(width) * height * channels);
    const bool clear = dice.one_in(4);
    for (uint8_t &byte : bytes) byte = clear ? 255 : static_cast<uint8_t>(dice.below(256));
    return fw::make_texels(bytes, width, height, channels);
}

fw::Wardrobe wardrobe(Dice &dice, size_t head_vertices) {
    fw::Wardrobe out;
    for (uint64_t i = dice.below(4); i > 0; --i) {
        Mesh mesh = soup(dice, 60, 100, false);
        for (float &x : mesh.uv) x = dice.one_in(30) ? dice.within(-1e6f, 1e6f) : x;
        std::vector<fw::Vec3> normals;
        std::vector<int32_t> anchors;
        for (size_t v = 0; v < mesh.points.size(); ++v) {
            normals.push_back({dice.within(-1, 1), dice.within(-1, 1), dice.one_in(9) ? 0.0f : dice.within(-1, 1)});
            anchors.push_back(dice.index(head_vertices + 1) - 1);
        }
        const float tint[]{dice.within(0, 2), dice.within(-1, 2), dice.within(0, 1000)};
        const auto texture = std::make_shared<fw::MipTexture>(texels(dice, 4, false));
        out.add({"thing" + std::to_string(i), dice.index(fw::kMaterials), mesh.points, normals, mesh.triangles, mesh.uv, tint,
                 anchors, dice.one_in(2)},
                texture);
    }
    return out;
}

// What the bindings let through of scenes.
struct Numbers {
    std::vector<float> expression, light, key;
    std::vector<uint8_t> made_up, visible;
    std::vector<fw::SceneCamera> cameras;

    Numbers(Dice &dice, size_t scenes, size_t directions, size_t items) {
        const auto any = [&](float usual) { return dice.one_in(20) ? dice.within(-1e6f, 1e6f) : dice.within(-usual, usual); };
        for (size_t i = 0; i < scenes * directions; ++i)
            expression.push_back(dice.one_in(20) ? dice.within(-1e3f, 1e3f) : dice.within(0, 1));
        for (size_t i = 0; i < scenes * 27; ++i) light.push_back(any(2));
        for (size_t i = 0; i < scenes * items; ++i) visible.push_back(dice.one_in(2));
        for (size_t i = 0; i < scenes; ++i) {
            const float strength = dice.one_in(3) ? 0.0f : std::abs(any(2)), ahead = dice.one_in(3) ? -0.8f : 0.8f;
            key.insert(key.end(), {dice.one_in(2) ? 0.6f : -0.6f, 0.0f, ahead, strength, strength, strength});
            made_up.push_back(dice.one_in(2));
            const float distance = dice.one_in(5) ? any(100) : dice.within(200, 2000);
            cameras.push_back({any(110), any(90), any(180), distance, any(5), any(5), any(2), any(20), any(300), any(300), any(3),
                               dice.one_in(2) ? 1.0f : any(3), any(1), any(1), dice.one_in(3) ? 1.0f : 0.0f});
        }
    }
};

class Hash {
  public:
    template <class T>
    void add(const std::vector<T> &values) {
        const auto *bytes = reinterpret_cast<const unsigned char *>(values.data());
        for (size_t i = 0; i < values.size() * sizeof(T); ++i) value = (value ^ bytes[i]) * 0x100000001b3;  // FNV-1a
    }
    uint64_t value = 0xcbf29ce484222325;
};

fw::Batch batch(Dice &dice, const std::vector<fw::Vec3> &neutral, const Numbers &numbers, int size, size_t scenes) {
    const bool flags[]{dice.one_in(2), dice.one_in(2), dice.one_in(2), dice.one_in(2), dice.one_in(2), dice.one_in(2)};
    const auto framing = static_cast<fw::Framing>(dice.below(4));
    fw::MipTexture texture(texels(dice, 3, true)), made_up(texels(dice, 3, true));
    std::vector<fw::Vec3> albedo;
    if (dice.one_in(4)) albedo.assign(neutral.size(), {0.5f, 0.25f, 1.0f});
    fw::Batch out{{neutral, std::move(texture), std::move(made_up), std::move(albedo)}, numbers.expression, numbers.light,
                  numbers.key, numbers.made_up, numbers.visible, numbers.cameras.data(), {size, {}, framing}, scenes,
                  {flags[0], flags[1], flags[2], flags[3], flags[4], flags[5]}};
    for (double &x : out.crop.points_px) x = dice.within(-0.2f, 1.2f) * static_cast<float>(size);
    return out;
}

// Not a number has many bit patterns; its place is what must be the same.
void plain(std::vector<float> &values) {
    for (float &x : values)
        if (std::isnan(x)) x = std::numeric_limits<float>::quiet_NaN();
}

void draw(uint64_t seed, Hash &hash) {
    Dice dice(seed);
    const Head head(dice);
    const fw::Rig rig = head.rig();
    const fw::Wardrobe worn = wardrobe(dice, head.mesh.points.size());
    const size_t scenes = 1 + dice.below(3);
    const int size = 1 + dice.index(dice.one_in(4) ? 150 : 20);
    const Numbers numbers(dice, scenes, rig.expression.size(), worn.items.size());
    std::vector<fw::Vec3> neutral = head.mesh.points;
    for (fw::Vec3 &p : neutral) p.x += dice.strange(3.0f);
    const fw::Batch call = batch(dice, neutral, numbers, size, scenes);
    const size_t pixels = scenes * size * size, points = head.landmarks.size();
    std::vector<uint8_t> images(pixels * 3, 90), seen(scenes * points);
    std::vector<float> landmarks(scenes * fw::kLandmarks * 2), depth(pixels), points_mm(scenes * points * 3), points_px(scenes * points * 2),
        views(scenes * fw::kViewNumbers);
    std::vector<float> barycentric(pixels * 3), normals(pixels * 3), albedo(pixels * 3), irradiance(pixels * 3);
    std::vector<int32_t> triangle(pixels);
    fw::draw_batch(rig, worn, call, images.data(), landmarks.data());
    fw::annotate_batch(rig, worn, call, head.landmarks,
                       {triangle.data(), barycentric.data(), depth.data(), normals.data(), albedo.data(), irradiance.data(),
                        points_mm.data(), points_px.data(), seen.data(), views.data()});
    for (std::vector<float> *one : {&landmarks, &depth, &barycentric, &normals, &albedo, &irradiance, &points_mm, &points_px}) {
        plain(*one);
        hash.add(*one);
    }
    hash.add(images), hash.add(triangle), hash.add(seen);
}

}  // namespace

int main(int count, char **arguments) {
    if (count < 3) return std::fprintf(stderr, "fuzz FIRST COUNT\n"), 2;
    const uint64_t first = std::stoull(arguments[1]), many = std::stoull(arguments[2]);
    uint64_t refused = 0;
    Hash hash;
    for (uint64_t seed = first; seed < first + many; ++seed) {
        std::fprintf(stderr, "\rseed %llu ", static_cast<unsigned long long>(seed));
        try {
            draw(seed, hash);
        } catch (const std::invalid_argument &) {
            ++refused;
        }
    }
    std::printf("%llu scenes drawn, %llu refused, hash %016llx\n", static_cast<unsigned long long>(many - refused),
                static_cast<unsigned long long>(refused), static_cast<unsigned long long>(hash.value));
    return 0;
}
