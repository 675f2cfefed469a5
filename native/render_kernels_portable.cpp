#define FW_ISA portable
#define FW_ISA_NAME "portable"
#define FW_LANES 4
#include "render_kernels.ipp"
