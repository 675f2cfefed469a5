#include "render_lighting.hpp"

namespace fw {

void Lighting::grow() {
    const size_t room = std::max<size_t>(1024, 2 * room_);
    std::vector<float> values(room * kColumns);
    for (size_t c = 0; c < kColumns; ++c) std::copy(at(c), at(c) + count_, values.data() + c * room);
    values_ = std::move(values);
    room_ = room;
}

void Lighting::add(const Receiver &r, const Light &light, const ShadowMap &shadow, const Look &look) {
    if (count_ == room_) grow();
    const Vec3 &softness = look.scattering ? r.softness : kHardSoftness;
    const float open = look.occlusion ? r.open : 1.0f;
    const float arriving = light.has_key() ? shadow.visibility(r.position_mm, r.in_head, r.lift_mm) : open;
    const std::array<float, 8> values{r.normal.x, r.normal.y, r.normal.z, open, arriving, softness.x, softness.y, softness.z};
    for (size_t c = 0; c < values.size(); ++c) at(c)[count_] = values[c];
    ++count_;
}

void Lighting::run(const Light &light) {
    kernels().light(light, {at(0), at(1), at(2), at(3), at(4), at(5), at(6), at(7), at(8), at(9), at(10)},
                    static_cast<int32_t>(count_));
}

}  // namespace fw
