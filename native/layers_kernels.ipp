// The layers' kernels for the instruction set FW_ISA with FW_LANES floats in a vector.
#include "layers_lanes.hpp"
#include "layers_norm.ipp"
#include "layers_windows.ipp"

namespace fw {
namespace FW_ISA {

template <class T>
constexpr Layers<T> layers_of() {
    return {norm_forward<T>, norm_backward<T>, response_forward<T>, response_backward<T>,
            max_forward<T>,  max_backward<T>,  rms_forward<T>,      rms_backward<T>};
}

extern const LayerKernels layer_kernels;
const LayerKernels layer_kernels{layers_of<float>(), layers_of<Bf16>()};

}  // namespace FW_ISA
}  // namespace fw
