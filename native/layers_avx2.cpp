#if defined(FW_X86_64)
#define FW_ISA avx2
#define FW_LANES 8
#include "layers_kernels.ipp"
#endif
