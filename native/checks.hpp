// What drawing refuses.
#pragma once

#include <cmath>
#include <span>
#include <stdexcept>
#include <string>

namespace fw {

// Throws std::invalid_argument about the first number that is not finite or larger than this. The message is put together only then.
inline void require_finite(const std::string &field, std::span<const float> values, float most) {
    for (const float value : values)
        if (!(std::abs(value) <= most))
            throw std::invalid_argument(field + ": found " + std::to_string(value) + ", expected a finite number of at most " +
                                        std::to_string(static_cast<int>(most)));
}

}  // namespace fw
