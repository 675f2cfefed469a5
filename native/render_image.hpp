// One image: vertices, then samples, then pixels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "render_raster.hpp"
#include "render_rig.hpp"
#include "render_scene.hpp"

namespace fw {

inline constexpr int kSamples = 2;  // per pixel, along each axis

// A square sRGB texture, 3 bytes a texel, its first row at v = 0.
struct Texture {
    const uint8_t *texels;
    int side;
};

// What is interpolated over a triangle, all divided by depth (so that it is linear in the image).
struct Attributes {
    static constexpr int kCount = 8;
    // 1; u, v; diffuse r, g, b; highlight; occlusion
    std::array<float, kCount> value;
};

// Buffers for drawing one image after the other. Not shared between threads.
class Painter {
  public:
    Painter(const Rig &rig, int size_px);

    // image: size x size x 3, holds the background and is drawn over; landmarks_px: 68 x 2.
    void paint(std::span<const Vec3> neutral_mm, std::span<const float> expression, const SceneCamera &camera,
               const Light &light, const CropTemplate &crop, const Texture &texture, uint8_t *image, float *landmarks_px);

  private:
    void express(std::span<const Vec3> neutral_mm, std::span<const float> expression);
    void compute_normals();
    void project(const View &view);
    void light_vertices(const View &view, const Light &light);
    void resolve(const Light &light, const Texture &texture, uint8_t *image) const;
    Vec3 shade(int32_t triangle, int column, int row, const Light &light, const Texture &texture) const;
    float eye_highlight(const Triangle &corners, const std::array<float, 3> &weights, const Light &light) const;

    const Rig &rig_;
    int size_px_;
    std::vector<Vec3> positions_mm_;
    std::vector<Vec3> normals_;  // unit, in the camera frame once lit
    std::vector<ScreenVertex> screen_;
    std::vector<Attributes> attributes_;
    SampleGrid grid_;
};

}  // namespace fw
