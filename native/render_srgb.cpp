#include "render_srgb.hpp"

namespace fw {

namespace {

// x^(1/5) for x in (0, 1] by Newton's method from above: plain arithmetic, accurate to the last bits of a double.
double fifth_root(double x) {
    double root = 1.0;
    for (int i = 0; i < 64; ++i) root -= (root - x / (root * root * root * root)) / 5.0;
    return root;
}

double linear_from_srgb(double encoded) {
    if (encoded <= 0.04045) return encoded / 12.92;
    const double x = (encoded + 0.055) / 1.055;
    return x * x * fifth_root(x * x);  // x^2.4
}

}  // namespace

SrgbTables::SrgbTables() {
    for (int k = 0; k < 256; ++k) {
        linear[k] = static_cast<float>(linear_from_srgb(k / 255.0));
        threshold[k] = k < 255 ? static_cast<float>(linear_from_srgb((k + 0.5) / 255.0)) : 2.0f;
    }
    int code = 0;
    for (int bin = 0; bin <= kBins; ++bin) {
        while (static_cast<float>(bin) / kBins >= threshold[code]) ++code;
        bin_code[bin] = static_cast<uint8_t>(code);
    }
}

const SrgbTables kSrgb;

}  // namespace fw
