// One image: vertices, then samples, then pixels.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "render_canvas.hpp"
#include "render_fragments.hpp"
#include "render_layers.hpp"
#include "render_stage.hpp"

namespace fw {

// Buffers for drawing one image after the other. Not shared between threads.
class Painter {
  public:
    Painter(const Rig &rig, const Wardrobe &wardrobe, const CropTemplate &crop, const Sitter &sitter, const Look &look);

    // image: size x size x 3, holds the background and is drawn over; landmarks_px: 68 x 2.
    void paint(const Shot &shot, uint8_t *image, float *landmarks_px);

  private:
    double see();
    const Surface &head(bool made_up, double part, int64_t doubled_area) const;
    void develop(const Light &light, bool veiled, uint8_t *image);

    const Sitter &sitter_;
    Stage stage_;
    std::vector<Paint> worn_;  // per attachment
    Paint skin_, made_up_;
    SampleGrid grid_;
    Canvas canvas_;
    Layers layers_;
    Fragments fragments_;
    std::unique_ptr<Fragment[]> fine_;
    std::vector<uint8_t> is_seen_;  // by 1 + the number of an opaque triangle
    std::vector<int32_t> seen_;     // triangles of the head, and room for one more
};

}  // namespace fw
