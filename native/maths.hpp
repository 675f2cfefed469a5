// Elementary functions with the same bits on every machine: plain IEEE arithmetic, no libm beyond sqrt and floor.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace fw {

inline constexpr double kPi = 3.14159265358979323846;

// Sine and cosine of an angle in degrees, |error| < 1e-15. Reducing in degrees is exact, unlike in radians.
struct SinCos {
    double sin, cos;
};

inline SinCos sincos_deg(double degrees) {
    const double quarter = std::floor(degrees / 90.0 + 0.5);
    const double x = (degrees - quarter * 90.0) * (kPi / 180.0);  // in [-pi/4, pi/4]
    const double z = x * x;
    // Taylor series: at pi/4 the first dropped term is below 1e-17.
    double s = -7.6471637318198164759e-13;
    s = s * z + 1.6059043836821614599e-10;
    s = s * z - 2.5052108385441718775e-08;
    s = s * z + 2.7557319223985890653e-06;
    s = s * z - 1.9841269841269841270e-04;
    s = s * z + 8.3333333333333333333e-03;
    s = s * z - 1.6666666666666666667e-01;
    s = x + x * z * s;
    double c = 4.7794773323873852974e-14;
    c = c * z - 1.1470745597729724714e-11;
    c = c * z + 2.0876756987868098979e-09;
    c = c * z - 2.7557319223985890653e-07;
    c = c * z + 2.4801587301587301587e-05;
    c = c * z - 1.3888888888888888889e-03;
    c = c * z + 4.1666666666666666667e-02;
    c = c * z - 0.5;
    c = 1.0 + z * c;
    switch (static_cast<int64_t>(quarter) & 3) {
        case 0: return {s, c};
        case 1: return {c, -s};
        case 2: return {-s, -c};
        default: return {-c, s};
    }
}

// Natural logarithm of a positive, finite, normal number, relative error < 1e-15.
inline double log_positive(double x) {
    const uint64_t bits = std::bit_cast<uint64_t>(x);
    int exponent = static_cast<int>(bits >> 52) - 1023;
    double m = std::bit_cast<double>((bits & 0x000fffffffffffffULL) | 0x3ff0000000000000ULL);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        exponent += 1;
    }
    const double t = (m - 1.0) / (m + 1.0);  // log m = 2 atanh t, |t| < 0.1716
    const double z = t * t;
    double series = 0.0;
    for (int k = 21; k >= 1; k -= 2) series = series * z + 1.0 / k;
    return exponent * 0.69314718055994530942 + 2.0 * t * series;
}

// e to the power of x for |x| < 700, relative error < 1e-14.
inline double exponential(double x) {
    const double k = std::floor(x * 1.4426950408889634074 + 0.5);
    const double r = x - k * 0.69314718055994530942;  // |r| < 0.347
    double series = 1.0;
    for (int i = 14; i >= 1; --i) series = 1.0 + series * r / i;
    return series * std::bit_cast<double>(static_cast<uint64_t>(static_cast<int64_t>(k) + 1023) << 52);
}

// Inverse of the standard normal distribution function for p in (0, 1): Acklam's rational approximation,
// relative error 1.15e-9.
inline double normal_quantile(double p) {
    constexpr std::array a{-3.969683028665376e+01, 2.209460984245205e+02,  -2.759285104469687e+02,
                           1.383577518672690e+02,  -3.066479806614716e+01, 2.506628277459239e+00};
    constexpr std::array b{-5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02,
                           6.680131188771972e+01,  -1.328068155288572e+01};
    constexpr std::array c{-7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00,
                           -2.549732539343734e+00, 4.374664141464968e+00,  2.938163982698783e+00};
    constexpr std::array d{7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00,
                           3.754408661907416e+00};
    constexpr double tail = 0.02425;
    if (p > 1.0 - tail) return -normal_quantile(1.0 - p);
    if (p < tail) {
        const double q = std::sqrt(-2.0 * log_positive(p));
        return (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
               ((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1.0);
    }
    const double q = p - 0.5;
    const double r = q * q;
    return (((((a[0] * r + a[1]) * r + a[2]) * r + a[3]) * r + a[4]) * r + a[5]) * q /
           (((((b[0] * r + b[1]) * r + b[2]) * r + b[3]) * r + b[4]) * r + 1.0);
}

// The inverse of the above, by bisection: in (0, 1) for every x.
inline double normal_cdf(double x) {
    double low = 0.0, high = 1.0;
    for (int i = 0; i < 60; ++i) {
        const double middle = 0.5 * (low + high);
        if (middle == low || middle == high) break;
        (normal_quantile(middle) < x ? low : high) = middle;
    }
    return high < 1.0 ? high : low;
}

}  // namespace fw
