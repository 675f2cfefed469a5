// One image: vertices, then samples, then pixels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "render_layers.hpp"
#include "render_raster.hpp"
#include "render_rig.hpp"
#include "render_scene.hpp"
#include "render_shadow.hpp"
#include "render_sky.hpp"
#include "render_texture.hpp"
#include "render_wardrobe.hpp"

namespace fw {

// One person, as all their images share them.
struct Sitter {
    std::span<const Vec3> neutral_mm;
    Texels texture, made_up;  // made_up only where a shot asks for it
    std::vector<Vec3> vertex_albedo;  // linear, times the texture; empty for none
};

// One image of them.
struct Shot {
    std::span<const float> expression;
    SceneCamera camera;
    Light light;
    bool made_up;
    std::span<const uint8_t> visible;  // per attachment
    const Openness &openness;
};

// What is interpolated over a triangle, all divided by depth (so that it is linear in the image).
struct Attributes {
    FourFloats place;  // 1; u, v; how much of the light that makes highlights arrives
    FourFloats light;  // diffuse r, g, b; highlight
};

// Buffers for drawing one image after the other. Not shared between threads.
class Painter {
  public:
    Painter(const Rig &rig, const Wardrobe &wardrobe, const CropTemplate &crop, bool shadows);

    // image: size x size x 3, holds the background and is drawn over; landmarks_px: 68 x 2.
    void paint(const Sitter &sitter, const Shot &shot, uint8_t *image, float *landmarks_px);

  private:
    void express(std::span<const Vec3> neutral_mm, std::span<const float> expression);
    void project(const View &view);
    void find_needed();
    void light_vertices(const View &view, const Shot &shot, const Sitter &sitter);
    void resolve(const Light &light, const Texels &texture, uint8_t *image);
    Vec3 shade(int32_t triangle, int column, int row, const Light &light, const Texels &texture) const;
    float eye_highlight(const Triangle &corners, const std::array<float, 3> &weights, const Light &light) const;

    const Rig &rig_;
    const Wardrobe &wardrobe_;
    CropTemplate crop_;
    std::vector<Vec3> positions_mm_;
    std::vector<Vec3> normals_;  // unit, in the camera frame once lit
    std::vector<ScreenVertex> screen_;
    std::vector<Attributes> attributes_;
    std::vector<uint8_t> needed_;  // per vertex
    SampleGrid grid_;
    Layers layers_;
    ShadowMap shadow_;
};

}  // namespace fw
