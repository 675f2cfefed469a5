// Draws what bench/capture.py has written down, without Python: for profilers, sanitizers and other machines.
//   replay CAPTURE [REPETITIONS [every-sample]]
// prints seconds per image and a hash of all pictures and landmarks.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "render_batch.hpp"
#include "render_srgb.hpp"

namespace {

// An array of the capture: its shape and its bytes.
struct Array {
    std::vector<uint64_t> shape;
    std::vector<char> bytes;

    template <class T>
    std::span<const T> as() const {
        return {reinterpret_cast<const T *>(bytes.data()), bytes.size() / sizeof(T)};
    }
    std::string text() const { return {bytes.begin(), bytes.end()}; }
};

// Per array: the length of its name, the name, the number of dimensions, the dimensions, the number of bytes, the bytes.
class Capture {
  public:
    explicit Capture(const char *path) {
        std::ifstream file(path, std::ios::binary);
        const auto number = [&] {
            uint64_t n = 0;
            file.read(reinterpret_cast<char *>(&n), sizeof(n));
            return n;
        };
        for (uint64_t length = number(); file; length = number()) {
            std::string name(length, ' ');
            file.read(name.data(), static_cast<std::streamsize>(length));
            Array array;
            array.shape.resize(number());
            for (uint64_t &side : array.shape) side = number();
            array.bytes.resize(number());
            file.read(array.bytes.data(), static_cast<std::streamsize>(array.bytes.size()));
            arrays_[name] = std::move(array);
        }
        if (arrays_.empty()) throw std::runtime_error(std::string(path) + ": not a capture");
    }
    const Array &operator[](const std::string &name) const { return arrays_.at(name); }
    bool has(const std::string &name) const { return arrays_.contains(name); }

  private:
    std::map<std::string, Array> arrays_;
};

std::span<const fw::Vec3> points(const Array &array) { return array.as<fw::Vec3>(); }

fw::Rig read_rig(const Capture &c) {
    return fw::Rig({c["triangles"].as<int32_t>(), c["parts"].as<uint8_t>(), c["weld"].as<int32_t>(), c["uv"].as<float>(),
                    c["occlusion"].as<float>(), points(c["mean_mm"]), c["expression_basis"].as<float>(),
                    c["rig_landmarks"].as<int32_t>(), c["alignment"].as<int32_t>()});
}

fw::Wardrobe read_wardrobe(const Capture &c) {
    fw::Wardrobe wardrobe;
    std::map<uint64_t, std::shared_ptr<const fw::MipTexture>> textures;
    for (int i = 0; c.has("worn" + std::to_string(i) + ".name"); ++i) {
        const std::string at = "worn" + std::to_string(i) + ".";
        const uint64_t shared = c[at + "shared"].as<uint64_t>()[0];
        const Array &image = c[at + "texture"];
        auto &texture = textures[shared];
        if (!texture)
            texture = std::make_shared<fw::MipTexture>(fw::make_texels(
                image.as<uint8_t>(), static_cast<int>(image.shape[1]), static_cast<int>(image.shape[0]), 4));
        wardrobe.add({c[at + "name"].text(), c[at + "material"].as<int32_t>()[0], points(c[at + "vertices_mm"]),
                      points(c[at + "normals"]), c[at + "triangles"].as<int32_t>(), c[at + "uv"].as<float>(),
                      c[at + "tint"].as<float>(), c[at + "anchors"].as<int32_t>(), c[at + "two_sided"].as<int32_t>()[0] != 0},
                     texture);
    }
    return wardrobe;
}

fw::Texels square(const Array &image) {
    const int side = static_cast<int>(image.shape[0]);
    return fw::make_texels(image.as<uint8_t>(), side, side, 3);
}

uint64_t hash(uint64_t h, const void *data, size_t size) {
    const auto *bytes = static_cast<const unsigned char *>(data);
    for (size_t i = 0; i < size; ++i) h = (h ^ bytes[i]) * 0x100000001b3;  // FNV-1a
    return h;
}

}  // namespace

int main(int count, char **arguments) {
    if (count < 2) return std::fprintf(stderr, "replay CAPTURE [REPETITIONS]\n"), 2;
    const Capture c(arguments[1]);
    const int repetitions = count > 2 ? std::stoi(arguments[2]) : 1;
    const bool every_sample = count > 3 && std::string(arguments[3]) == "every-sample";
    const fw::Rig rig = read_rig(c);
    const fw::Wardrobe wardrobe = read_wardrobe(c);
    const Array &background = c["background"];
    const size_t n = background.shape[0], size = background.shape[1];
    std::vector<uint8_t> images(background.bytes.size());
    std::vector<float> landmarks(n * fw::kLandmarks * 2);
    fw::Batch batch{{points(c["neutral_mm"]), fw::MipTexture(square(c["texture"])), fw::MipTexture(square(c["made_up_texture"])), {}},
                    c["expression"].as<float>(), c["light"].as<float>(), c["key"].as<float>(), c["made_up"].as<uint8_t>(),
                    c["visible"].as<uint8_t>(), reinterpret_cast<const fw::SceneCamera *>(c["cameras"].bytes.data()),
                    {static_cast<int>(size), {}}, n, {true, true, true, true, true, every_sample}};
    std::copy_n(c["points_px"].as<double>().data(), 2 * fw::kAlignment, batch.crop.points_px.begin());
    double least = 1e9;
    for (int i = 0; i < repetitions; ++i) {
        std::memcpy(images.data(), background.bytes.data(), images.size());
        const std::clock_t start = std::clock();
        fw::draw_batch(rig, wardrobe, batch, images.data(), landmarks.data());
        least = std::min(least, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC / static_cast<double>(n));
    }
    uint64_t h = hash(0xcbf29ce484222325, images.data(), images.size());
    h = hash(h, landmarks.data(), landmarks.size() * sizeof(float));
    std::printf("%.1f us per image, hash %016llx\n", least * 1e6, static_cast<unsigned long long>(h));
    return 0;
}
