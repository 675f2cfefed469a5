// Memory for arrays of megabytes that are gone through again and again: in pages of 2 MiB where Linux has them, so that looking up
// where a page lies is not part of waiting for it.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace fw {

template <class T>
struct HugePages {
    using value_type = T;
    static constexpr size_t kPage = size_t{1} << 21;

    HugePages() = default;
    template <class Other>
    HugePages(const HugePages<Other> &) {}

    T *allocate(size_t count) {
        const size_t bytes = (count * sizeof(T) + kPage - 1) / kPage * kPage;
        void *memory = std::aligned_alloc(kPage, bytes);
        if (memory == nullptr) throw std::bad_alloc();
#if defined(__linux__)
        madvise(memory, bytes, MADV_HUGEPAGE);  // may be refused: then pages are small
#endif
        return static_cast<T *>(memory);
    }

    void deallocate(T *memory, size_t) { std::free(memory); }

    friend bool operator==(const HugePages &, const HugePages &) { return true; }
};

template <class T>
using HugeVector = std::vector<T, HugePages<T>>;

}  // namespace fw
