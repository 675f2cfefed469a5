// Light at vertices, before it is interpolated over triangles.
#pragma once

#include <vector>

#include "render_kernels.hpp"
#include "render_shading.hpp"
#include "render_shadow.hpp"

namespace fw {

// A vertex to be lit.
struct Receiver {
    Vec3 position_mm, in_head, normal;  // unit normals: head frame, camera frame
    Vec3 softness;
    float open;     // the part of the sky that it sees
    float lift_mm;  // how far off its surface it takes its shadow
};

// Gathers vertices and lights them together. Buffers for one batch after the other.
class Lighting {
  public:
    void clear() { count_ = 0; }
    size_t count() const { return count_; }
    void add(const Receiver &receiver, const Light &light, const ShadowMap &shadow, const Look &look);
    // Finds the diffuse light of all.
    void run(const Light &light);

    Vec3 normal(size_t i) const { return {at(0)[i], at(1)[i], at(2)[i]}; }
    // The part of the light that makes highlights that arrives.
    float arriving(size_t i) const { return at(4)[i]; }
    Vec3 diffuse(size_t i) const { return {at(8)[i], at(9)[i], at(10)[i]}; }

  private:
    static constexpr size_t kColumns = 11;

    float *at(size_t column) { return values_.data() + column * room_; }
    const float *at(size_t column) const { return values_.data() + column * room_; }
    void grow();

    size_t count_ = 0, room_ = 0;
    std::vector<float> values_;  // columns as in VertexLights, room_ numbers each
};

}  // namespace fw
