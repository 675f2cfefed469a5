// facewright._native: the kernels, each bound beside its implementation.
#include <nanobind/nanobind.h>

namespace nb = nanobind;

void bind_background(nb::module_ &m);
void bind_environment(nb::module_ &m);
void bind_hair(nb::module_ &m);
void bind_layers(nb::module_ &m);
void bind_paint(nb::module_ &m);
void bind_person(nb::module_ &m);
void bind_photo(nb::module_ &m);
void bind_random(nb::module_ &m);
void bind_render(nb::module_ &m);
void bind_resize(nb::module_ &m);
void bind_roots(nb::module_ &m);
void bind_shape(nb::module_ &m);
void bind_worn(nb::module_ &m);

NB_MODULE(_native, m) {
    nb::set_leak_warnings(false);  // caches keep rigs and painters until the interpreter ends
    m.doc() = "facewright's kernels: the same bits on every machine.";
    bind_background(m);
    bind_environment(m);
    bind_hair(m);
    bind_layers(m);
    bind_paint(m);
    bind_person(m);
    bind_photo(m);
    bind_random(m);
    bind_render(m);
    bind_resize(m);
    bind_roots(m);
    bind_shape(m);
    bind_worn(m);
}
