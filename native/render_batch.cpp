#include "render_batch.hpp"

#include <map>
#include <string>

namespace fw {

void draw_batch(const Rig &rig, const Wardrobe &wardrobe, const Batch &batch) {
    Painter painter(rig, wardrobe, batch.crop, batch.sitter, batch.look);
    const size_t directions = rig.expression.size(), bytes = size_t(batch.crop.size_px) * batch.crop.size_px * 3;
    const size_t items = wardrobe.items.size();
    std::map<std::string, Openness> known;  // by what hides the sky
    for (size_t i = 0; i < batch.scenes; ++i) {
        const std::span<const uint8_t> visible = batch.visible.subspan(i * items, items);
        std::string worn(visible.begin(), visible.end());
        for (size_t k = 0; k < items; ++k)
            if (!wardrobe.items[k].hides_sky) worn[k] = 0;
        if (!known.contains(worn)) known[worn] = openness(rig, batch.sitter.neutral_mm, wardrobe, visible);
        painter.paint({batch.expression.subspan(i * directions, directions), batch.cameras[i],
                       make_light(batch.light.subspan(i * 27, 27), batch.key.subspan(i * 6).first<6>()),
                       batch.made_up[i] != 0, visible, known[worn]},
                      batch.images + i * bytes, batch.landmarks_px + i * 2 * kLandmarks);
    }
}

}  // namespace fw
