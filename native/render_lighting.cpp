#include "render_lighting.hpp"

#include <algorithm>
#include <cmath>

#include "row_clones.hpp"

namespace fw {

namespace {

// Normals of any length to unit length, or 0 where they are too short to have a direction; and those in the camera frame.
FW_ROW_CLONES
void turn_normals(const View &view, float *x, float *y, float *z, float *turned_x, float *turned_y, float *turned_z, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        const float squared = x[i] * x[i] + y[i] * y[i] + z[i] * z[i];
        const float scale = squared > 1e-30f ? 1.0f / std::sqrt(squared) : 0.0f;
        const Vec3 unit{x[i] * scale, y[i] * scale, z[i] * scale}, turned = view.turn(unit);
        x[i] = unit.x, y[i] = unit.y, z[i] = unit.z;
        turned_x[i] = turned.x, turned_y[i] = turned.y, turned_z[i] = turned.z;
    }
}

}  // namespace

void Lighting::grow() {
    const size_t room = 2 * room_ + 1040;  // no power of two, which would put all columns into the same few lines of the cache
    std::vector<float> values(room * kColumns);
    for (size_t c = 0; c < kColumns; ++c) std::copy(at(c), at(c) + count_, values.data() + c * room);
    values_ = std::move(values);
    room_ = room;
}

void Lighting::run(const View &view, const Light &light, const ShadowMap &shadow, const Look &look) {
    turn_normals(view, at(3), at(4), at(5), at(11), at(12), at(13), count_);
    if (!look.occlusion) std::fill(at(10), at(10) + count_, 1.0f);
    if (!look.scattering)
        for (size_t c = 7; c < 10; ++c) std::fill(at(c), at(c) + count_, kHardSoftness.x);
    if (!light.has_key())
        std::copy(at(10), at(10) + count_, at(14));
    else if (shadow.is_lit())
        std::fill(at(14), at(14) + count_, 1.0f);
    else
        shadow.visibility({at(0), at(1), at(2), at(3), at(4), at(5), at(6)}, count_, at(14));
    kernels().light(light, {at(11), at(12), at(13), at(10), at(14), at(7), at(8), at(9), at(15), at(16), at(17)},
                    static_cast<int32_t>(count_));
}

}  // namespace fw
