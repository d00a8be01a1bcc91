/// How many bytes of heap a piece of code needed at its peak. Include in exactly one source file of a program.
///
/// Takes malloc's place (glibc), so that it sees std::vector, Eigen and everything else. Under a sanitizer, which needs
/// that place itself, `heap::counted` is false and the figures are 0.
#pragma once

#include <atomic>
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__)
#define BOXLAP_HEAP_COUNTED 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define BOXLAP_HEAP_COUNTED 0
#endif
#endif
#if !defined(BOXLAP_HEAP_COUNTED)
#if defined(__GLIBC__)
#define BOXLAP_HEAP_COUNTED 1
#else
#define BOXLAP_HEAP_COUNTED 0
#endif
#endif

namespace heap {

inline constexpr bool counted = BOXLAP_HEAP_COUNTED != 0;
inline constinit std::atomic<std::ptrdiff_t> now{0};          ///< bytes in use
inline constinit std::atomic<std::ptrdiff_t> peak{0};         ///< most bytes in use since the last reset
inline constinit std::atomic<std::ptrdiff_t> allocations{0};  ///< number of allocations since the start

/// Measures from its construction on: heap::Scope scope; work(); scope.peak_bytes().
class Scope {
 public:
  Scope() : before_(now.load()), allocations_before_(allocations.load()) { peak.store(before_); }
  [[nodiscard]] std::ptrdiff_t peak_bytes() const { return peak.load() - before_; }
  [[nodiscard]] std::ptrdiff_t kept_bytes() const { return now.load() - before_; }
  [[nodiscard]] std::ptrdiff_t allocation_count() const { return allocations.load() - allocations_before_; }

 private:
  std::ptrdiff_t before_, allocations_before_;
};

inline void add(std::ptrdiff_t bytes) noexcept {
  const std::ptrdiff_t total = now.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  allocations.fetch_add(1, std::memory_order_relaxed);
  std::ptrdiff_t most = peak.load(std::memory_order_relaxed);
  while (total > most && !peak.compare_exchange_weak(most, total, std::memory_order_relaxed)) {
  }
}

}  // namespace heap

#if BOXLAP_HEAP_COUNTED
#include <malloc.h>
#if __has_include(<mm_malloc.h>)
#include <mm_malloc.h>  // declares posix_memalign its own way, which clang accepts before ours only
#endif

#include <cerrno>
#include <cstdlib>
extern "C" {
void* __libc_malloc(std::size_t) noexcept;
void* __libc_calloc(std::size_t, std::size_t) noexcept;
void* __libc_realloc(void*, std::size_t) noexcept;
void* __libc_memalign(std::size_t, std::size_t) noexcept;
void __libc_free(void*) noexcept;

void* malloc(std::size_t size) noexcept {
  void* p = __libc_malloc(size);
  heap::add(static_cast<std::ptrdiff_t>(malloc_usable_size(p)));
  return p;
}
void* calloc(std::size_t count, std::size_t size) noexcept {
  void* p = __libc_calloc(count, size);
  heap::add(static_cast<std::ptrdiff_t>(malloc_usable_size(p)));
  return p;
}
void* realloc(void* old, std::size_t size) noexcept {
  const auto before = static_cast<std::ptrdiff_t>(malloc_usable_size(old));
  void* p = __libc_realloc(old, size);
  heap::add(static_cast<std::ptrdiff_t>(malloc_usable_size(p)) - before);
  return p;
}
void* memalign(std::size_t alignment, std::size_t size) noexcept {
  void* p = __libc_memalign(alignment, size);
  heap::add(static_cast<std::ptrdiff_t>(malloc_usable_size(p)));
  return p;
}
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept { return memalign(alignment, size); }
int posix_memalign(void** out, std::size_t alignment, std::size_t size) noexcept {
  *out = memalign(alignment, size);
  return *out != nullptr ? 0 : ENOMEM;
}
void free(void* p) noexcept {
  heap::now.fetch_sub(static_cast<std::ptrdiff_t>(malloc_usable_size(p)), std::memory_order_relaxed);
  __libc_free(p);
}
}
#endif
