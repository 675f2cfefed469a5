// The shell of a head of hair: one closed, opaque surface at the outline of the hair, over which a few cards are enough.
// At its rim it dips below the skin, so that it ends in a clean line.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "hair_cards.hpp"
#include "hair_field.hpp"
#include "hair_style.hpp"

namespace fw::hair {

// Adds the shell to a mesh. heights (cells): of the skin there above the lowest hairline; moved (cells): from the mean
// head's skin to the person's; knot: where tied hair runs to.
void grow_shell(const Style &s, const Field &field, std::span<const float> heights, std::span<const Vec3> moved, Vec3 knot,
                Mesh &mesh);

}  // namespace fw::hair
