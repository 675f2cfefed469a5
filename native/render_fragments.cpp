#include "render_fragments.hpp"

#include <algorithm>

namespace fw {

const Surface &surface_of(const Stage &stage, std::span<const Paint> paints, int32_t triangle) {
    const int32_t number = stage.kinds[triangle].item;
    const Wardrobe::Item &item = stage.wardrobe.items[number];
    const int level = item.texture->level(stage.texels_per_pixel(triangle));
    const bool closed = triangle - stage.head_triangles() < item.first_veil && !item.texture->opaque();
    return paints[number].levels[closed ? std::min(level, MipTexture::kClosedLevel) : level];
}

Fragments::Fragments(const Stage &stage) : stage_(stage) {}

void Fragments::shade(std::span<const Fragment> fragments, const Light &light) {
    colours_.resize(fragments.size());
    near_.resize(fragments.size());
    const bool any_fine = kernels().shade(fragments.data(), static_cast<int32_t>(fragments.size()), stage_.facets.data(),
                                          light.colour, colours_.data(), near_.data());
    if (!any_fine) return;
    fine_.clear();
    for (size_t i = 0; i < fragments.size(); ++i)
        if (stage_.facets[fragments[i].triangle].fine != Fine::none) fine_.push_back(static_cast<int32_t>(i));
    kernels().polish(stage_.mesh(), stage_.facing.data(), light, stage_.facets.data(), fragments.data(), fine_.data(),
                     static_cast<int32_t>(fine_.size()), colours_.data());
}

}  // namespace fw
