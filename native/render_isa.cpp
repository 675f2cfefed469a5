#include <cstdlib>
#include <stdexcept>
#include <string>

#include "render_kernels.hpp"

namespace fw {

namespace portable {
extern const Kernels kernels;
}
#if defined(FW_X86_64)
namespace avx2 {
extern const Kernels kernels;
}
namespace avx512 {
extern const Kernels kernels;
}
#endif

namespace {

// What this machine can run, the fastest last.
std::vector<const Kernels *> available() {
    std::vector<const Kernels *> out{&portable::kernels};
#if defined(FW_X86_64)
    if (__builtin_cpu_supports("avx2")) out.push_back(&avx2::kernels);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        out.push_back(&avx512::kernels);
#endif
    return out;
}

const Kernels &choose() {
    const std::vector<const Kernels *> known = available();
    const char *wanted = std::getenv("FACEWRIGHT_ISA");
    if (wanted == nullptr || *wanted == '\0') return *known.back();
    std::string names;
    for (const Kernels *one : known) {
        if (std::string(one->name) == wanted) return *one;
        names += (names.empty() ? "" : ", ") + std::string(one->name);
    }
    throw std::invalid_argument("FACEWRIGHT_ISA: found " + std::string(wanted) + ", expected one of " + names);
}

}  // namespace

const Kernels &kernels() {
    static const Kernels &chosen = choose();
    return chosen;
}

}  // namespace fw
