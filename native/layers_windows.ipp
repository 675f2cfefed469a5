// Pooling and local response normalisation. The way back of a pool gathers, for each pixel, from the windows it is in: nothing
// is added up in memory. Included by layers_kernels.ipp.
#include <algorithm>
#include <vector>

namespace fw {
namespace FW_ISA {
namespace {

// From `begin` up to `end`.
struct Range {
    int64_t begin, end;
};

// The part of window `out` along one side of the maps that is within them.
FW_INLINE Range inside(int64_t out, int64_t kernel, const Windows &w, int64_t side) {
    const int64_t start = out * w.stride - w.padding;
    return {std::max<int64_t>(0, start), std::min(side, start + kernel)};
}

// Windows along one side that contain `at`.
FW_INLINE Range around(int64_t at, int64_t kernel, const Windows &w, int64_t windows) {
    const int64_t last = (at + w.padding) / w.stride, before = at + w.padding - kernel;  // windows up to here end before `at`
    return {before < 0 ? 0 : before / w.stride + 1, std::min(windows, last + 1)};
}

template <class T>
void max_forward(const Windows &w, const T *x, T *y, uint8_t *where) {
    const int64_t out_height = w.out_height(), out_width = w.out_width();
    for (int64_t image = 0; image < w.images; ++image, x += w.height * w.width * w.channels)
        for (int64_t oy = 0; oy < out_height; ++oy)
            for (int64_t ox = 0; ox < out_width; ++ox, y += w.channels, where += w.channels) {
                const Range down = inside(oy, w.kernel_y, w, w.height), across = inside(ox, w.kernel_x, w, w.width);
                const int64_t top = oy * w.stride - w.padding, left = ox * w.stride - w.padding;
                for_strips<2>(w.channels, [&]<int N, int K>(int64_t c) {
                    Floats<N> best[K];
                    Ints<N> place[K];
                    const int32_t first = (down.begin - top) * w.kernel_x + across.begin - left;
                    for (int k = 0; k < K; ++k) {
                        best[k] = read<N>(x + (down.begin * w.width + across.begin) * w.channels + c + k * N);
                        place[k] = Ints<N>{} + first;
                    }
                    for (int64_t iy = down.begin; iy < down.end; ++iy)
                        for (int64_t ix = across.begin; ix < across.end; ++ix) {
                            const int32_t here = (iy - top) * w.kernel_x + ix - left;
                            for (int k = 0; k < K; ++k) {
                                const Floats<N> v = read<N>(x + (iy * w.width + ix) * w.channels + c + k * N);
                                const Ints<N> better = (v > best[k]) | (v != v);  // what is no number stays
                                best[k] = better ? v : best[k];
                                place[k] = better ? Ints<N>{} + here : place[k];
                            }
                        }
                    for (int k = 0; k < K; ++k) {
                        write<N>(y + c + k * N, best[k]);
                        store(where + c + k * N, __builtin_convertvector(place[k], typename Packed<N>::Bytes));
                    }
                });
            }
}

// For each pixel calls body(dx, pixel, windows down, windows across).
template <class T, class Body>
FW_INLINE void for_pixels(const Windows &w, T *dx, Body &&body) {
    for (int64_t iy = 0; iy < w.height; ++iy)
        for (int64_t ix = 0; ix < w.width; ++ix)
            body(dx + (iy * w.width + ix) * w.channels, iy, ix, around(iy, w.kernel_y, w, w.out_height()),
                 around(ix, w.kernel_x, w, w.out_width()));
}

template <class T>
void max_backward(const Windows &w, const T *dy, const uint8_t *where, T *dx) {
    const int64_t out_width = w.out_width(), outputs = w.out_height() * out_width * w.channels;
    for (int64_t image = 0; image < w.images; ++image) {
        for_pixels(w, dx, [&](T *to, int64_t iy, int64_t ix, const Range &down, const Range &across) {
            for_strips<2>(w.channels, [&]<int N, int K>(int64_t c) {
                Floats<N> sum[K] = {};
                for (int64_t oy = down.begin; oy < down.end; ++oy)
                    for (int64_t ox = across.begin; ox < across.end; ++ox) {
                        const int64_t from = (oy * out_width + ox) * w.channels + c;
                        const int64_t row = iy - oy * w.stride + w.padding, column = ix - ox * w.stride + w.padding;
                        const int32_t here = static_cast<int32_t>(row * w.kernel_x + column);
                        for (int k = 0; k < K; ++k) {
                            const auto bytes = load<typename Packed<N>::Bytes>(where + from + k * N);
                            const Ints<N> chosen = __builtin_convertvector(bytes, Ints<N>) == here;
                            sum[k] += chosen ? read<N>(dy + from + k * N) : Floats<N>{};
                        }
                    }
                for (int k = 0; k < K; ++k) write<N>(to + c + k * N, sum[k]);
            });
        });
        dy += outputs;
        where += outputs;
        dx += w.height * w.width * w.channels;
    }
}

// The derivative of the root is infinite at 0, where all of a window is 0.
constexpr float kAboveZero = 1e-12f;

template <class T>
void rms_forward(const Windows &w, const T *x, T *y) {
    const int64_t out_height = w.out_height(), out_width = w.out_width();
    const float part = 1.0f / static_cast<float>(w.kernel_y * w.kernel_x);
    for (int64_t image = 0; image < w.images; ++image, x += w.height * w.width * w.channels)
        for (int64_t oy = 0; oy < out_height; ++oy)
            for (int64_t ox = 0; ox < out_width; ++ox, y += w.channels) {
                const Range down = inside(oy, w.kernel_y, w, w.height), across = inside(ox, w.kernel_x, w, w.width);
                for_strips<2>(w.channels, [&]<int N, int K>(int64_t c) {
                    Floats<N> sum[K] = {};
                    for (int64_t iy = down.begin; iy < down.end; ++iy)
                        for (int64_t ix = across.begin; ix < across.end; ++ix)
                            for (int k = 0; k < K; ++k) {
                                const Floats<N> v = read<N>(x + (iy * w.width + ix) * w.channels + c + k * N);
                                sum[k] += v * v;
                            }
                    for (int k = 0; k < K; ++k) {
                        const Floats<N> mean = sum[k] * part + kAboveZero;
                        write<N>(y + c + k * N, mean * inverse_root<N>(mean));
                    }
                });
            }
}

// dx = x * sum over windows of dy / (numbers in a window * y)
template <class T>
void rms_backward(const Windows &w, const T *dy, const T *x, const T *y, T *dx) {
    const int64_t out_width = w.out_width(), outputs = w.out_height() * out_width * w.channels;
    const float part = 1.0f / static_cast<float>(w.kernel_y * w.kernel_x);
    std::vector<float> shares(outputs);
    for (int64_t image = 0; image < w.images; ++image) {
        for_strips<1>(outputs, [&]<int N, int K>(int64_t i) {
            store(shares.data() + i, part * read<N>(dy + i) / read<N>(y + i));
        });
        for_pixels(w, dx, [&](T *to, int64_t iy, int64_t ix, const Range &down, const Range &across) {
            for_strips<2>(w.channels, [&]<int N, int K>(int64_t c) {
                Floats<N> sum[K] = {};
                for (int64_t oy = down.begin; oy < down.end; ++oy)
                    for (int64_t ox = across.begin; ox < across.end; ++ox)
                        for (int k = 0; k < K; ++k)
                            sum[k] += read<N>(shares.data() + (oy * out_width + ox) * w.channels + c + k * N);
                for (int k = 0; k < K; ++k)
                    write<N>(to + c + k * N, sum[k] * read<N>(x + (iy * w.width + ix) * w.channels + c + k * N));
            });
        });
        dy += outputs;
        y += outputs;
        x += w.height * w.width * w.channels;
        dx += w.height * w.width * w.channels;
    }
}

// A row of channels with zeros on both sides, so that windows over channels need no ends.
class Wide {
  public:
    explicit Wide(const Response &p) : half_(p.size / 2), size_(p.size), values_(p.channels + p.size) {}
    float *middle() { return values_.data() + half_; }
    template <int N>
    FW_INLINE Floats<N> sum(int64_t channel) const {
        Floats<N> out{};
        for (int64_t i = 0; i < size_; ++i) out += read<N>(values_.data() + channel + i);
        return out;
    }

  private:
    int64_t half_, size_;
    std::vector<float> values_;
};

template <class T>
FW_INLINE void write_squares(const Response &p, const T *row, Wide &squares) {
    for_strips<1>(p.channels, [&]<int N, int K>(int64_t c) {
        const Floats<N> v = read<N>(row + c);
        store(squares.middle() + c, v * v);
    });
}

// r = s^(-1/2) and s^(-3/4) = r^2 * r^(-1/2), where s = 1 + alpha / size * the sum of squares.
template <int N>
struct Powers {
    Floats<N> half, three_quarters;

    FW_INLINE Powers(const Response &p, const Wide &squares, int64_t c) {
        half = inverse_root<N>(1.0f + p.alpha / static_cast<float>(p.size) * squares.sum<N>(c));
        three_quarters = half * half * inverse_root<N>(half);
    }
};

template <class T>
void response_forward(const Response &p, const T *x, T *y) {
    Wide squares(p);
    for (int64_t r = 0; r < p.rows; ++r, x += p.channels, y += p.channels) {
        write_squares(p, x, squares);
        for_strips<1>(p.channels, [&]<int N, int K>(int64_t c) {
            write<N>(y + c, read<N>(x + c) * Powers<N>(p, squares, c).three_quarters);
        });
    }
}

template <class T>
void response_backward(const Response &p, const T *dy, const T *x, T *dx) {
    Wide squares(p), inner(p);
    std::vector<float> power(p.channels);
    const float k = 2.0f * 0.75f * p.alpha / static_cast<float>(p.size);
    for (int64_t r = 0; r < p.rows; ++r, dy += p.channels, x += p.channels, dx += p.channels) {
        write_squares(p, x, squares);
        for_strips<1>(p.channels, [&]<int N, int K>(int64_t c) {
            const Powers<N> powers(p, squares, c);
            store(power.data() + c, powers.three_quarters);
            // s^(-7/4)
            const Floats<N> over = powers.three_quarters * powers.half * powers.half;
            store(inner.middle() + c, read<N>(dy + c) * read<N>(x + c) * over);
        });
        for_strips<1>(p.channels, [&]<int N, int K>(int64_t c) {
            write<N>(dx + c, read<N>(dy + c) * read<N>(power.data() + c) - k * read<N>(x + c) * inner.sum<N>(c));
        });
    }
}

}  // namespace
}  // namespace FW_ISA
}  // namespace fw
