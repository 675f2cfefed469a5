// Light at vertices, before it is interpolated over triangles.
#pragma once

#include <array>
#include <vector>

#include "render_kernels.hpp"
#include "render_shading.hpp"
#include "render_shadow.hpp"

namespace fw {

// A vertex to be lit.
struct Receiver {
    Vec3 position_mm, normal;  // head frame; the normal of any length
    Vec3 softness;
    float open;     // the part of the sky that it sees
    float lift_mm;  // how far off its surface it takes its shadow
};

// Gathers vertices and lights them together. Buffers for one batch after the other.
class Lighting {
  public:
    void clear() { count_ = 0; }
    size_t count() const { return count_; }
    void add(const Receiver &receiver) {
        if (count_ == room_) grow();
        const std::array<float, kGiven> values{receiver.position_mm.x, receiver.position_mm.y, receiver.position_mm.z,
                                               receiver.normal.x, receiver.normal.y, receiver.normal.z, receiver.lift_mm,
                                               receiver.softness.x, receiver.softness.y, receiver.softness.z, receiver.open};
        for (size_t c = 0; c < kGiven; ++c) at(c)[count_] = values[c];
        ++count_;
    }
    // Finds the diffuse light of all.
    void run(const View &view, const Light &light, const ShadowMap &shadow, const Look &look);

    // The unit normal in the camera frame.
    Vec3 normal(size_t i) const { return {at(11)[i], at(12)[i], at(13)[i]}; }
    // The part of the light that makes highlights that arrives.
    float arriving(size_t i) const { return at(14)[i]; }
    Vec3 diffuse(size_t i) const { return {at(15)[i], at(16)[i], at(17)[i]}; }

  private:
    static constexpr size_t kGiven = 11, kColumns = 18;

    float *at(size_t column) { return values_.data() + column * room_; }
    const float *at(size_t column) const { return values_.data() + column * room_; }
    void grow();

    size_t count_ = 0, room_ = 0;
    std::vector<float> values_;  // columns of room_ numbers each
};

}  // namespace fw
