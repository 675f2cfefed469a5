#if defined(FW_X86_64)
#define FW_ISA avx2
#define FW_ISA_NAME "avx2"
#define FW_LANES 8
#include "render_kernels.ipp"
#endif
