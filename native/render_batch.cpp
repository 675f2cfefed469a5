#include "render_batch.hpp"

namespace fw {

Shot Batch::shot(size_t i, const Openness &openness) const {
    const size_t directions = expression.size() / scenes, items = visible.size() / scenes;
    return {expression.subspan(i * directions, directions),
            cameras[i],
            make_light(light.subspan(i * 27, 27), key.subspan(i * 6).first<6>()),
            made_up[i] != 0,
            visible.subspan(i * items, items),
            openness};
}

const Openness &Opennesses::of(size_t scene) {
    const size_t items = wardrobe_.items.size();
    const std::span<const uint8_t> visible = batch_.visible.subspan(scene * items, items);
    std::string worn(visible.begin(), visible.end());
    for (size_t k = 0; k < items; ++k)
        if (!wardrobe_.items[k].hides_sky) worn[k] = 0;
    const auto [at, is_new] = known_.try_emplace(worn);
    if (is_new) {
        const size_t attached = wardrobe_.vertices_mm.size();
        if (batch_.look.occlusion) {
            if (!outlook_) outlook_.emplace(rig_, batch_.sitter.neutral_mm, wardrobe_);
            at->second = outlook_->fine(visible);
        } else {
            at->second = {std::vector<float>(rig_.vertices, 1.0f), std::vector<float>(attached, 1.0f), std::vector<float>(attached, 1.0f)};
        }
    }
    return at->second;
}

void draw_batch(const Rig &rig, const Wardrobe &wardrobe, const Batch &batch, uint8_t *images, float *landmarks_px) {
    Painter painter(rig, wardrobe, batch.crop, batch.sitter, batch.look);
    Opennesses opennesses(rig, wardrobe, batch);
    const size_t bytes = size_t(batch.crop.size_px) * batch.crop.size_px * 3;
    for (size_t i = 0; i < batch.scenes; ++i)
        painter.paint(batch.shot(i, opennesses.of(i)), images + i * bytes, landmarks_px + i * 2 * kLandmarks);
}

}  // namespace fw
