#define FW_ISA portable
#define FW_LANES 4
#include "layers_kernels.ipp"
