// All images of one person.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "render_image.hpp"

namespace fw {

// The scenes of one draw call and what they are drawn into.
struct Batch {
    Sitter sitter;
    std::span<const float> expression, light, key;
    std::span<const uint8_t> made_up, visible;
    const SceneCamera *cameras;
    CropTemplate crop;
    size_t scenes;
    Look look;

    // Of the i-th scene.
    Shot shot(size_t i, const Openness &openness) const;
};

// Openness of the scenes of a batch: found once for each set of attachments that hide the sky.
class Opennesses {
  public:
    Opennesses(const Rig &rig, const Wardrobe &wardrobe, const Batch &batch) : rig_(rig), wardrobe_(wardrobe), batch_(batch) {}
    const Openness &of(size_t scene);

  private:
    const Rig &rig_;
    const Wardrobe &wardrobe_;
    const Batch &batch_;
    std::optional<Outlook> outlook_;  // made when it is needed
    std::map<std::string, Openness> known_;  // by what hides the sky
};

// images: per scene size x size x 3, hold the backgrounds and are drawn over; landmarks_px: 68 x 2.
void draw_batch(const Rig &rig, const Wardrobe &wardrobe, const Batch &batch, uint8_t *images, float *landmarks_px);

}  // namespace fw
