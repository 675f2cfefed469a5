#if defined(FW_X86_64)
#define FW_ISA avx512
#define FW_LANES 16
#include "layers_kernels.ipp"
#endif
