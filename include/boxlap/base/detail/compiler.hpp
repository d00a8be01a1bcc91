/// What the compiler and the target can do, decided here and nowhere else: all other headers test these macros.
///
/// Define BOXLAP_SCALAR before the first include, or for a whole target, to do without vectors and intrinsics: plain
/// C++20, the same results, slower. Compilers that know neither the vector extension of GCC nor SSE2 get this path by
/// themselves. Files of one program may differ in this and in the compiler: data structures that depend on it have
/// different names. In -march they may differ as far as the rules of any C++ go: of an inline function that two files
/// compile the linker keeps one, so all files must suit the processor that runs the program.
#pragma once

// BOXLAP_VECTORS        1 with GCC's vector extension, __builtin_shufflevector and __builtin_convertvector: GCC 12,
//                       clang; 0 in .cu files, as the front end of nvcc refuses vectors
// BOXLAP_LANE_BYTES     how much one register of the target holds: 16, 32 or 64
// BOXLAP_SSE2           1 where <emmintrin.h> may be used
// BOXLAP_AVX2_CALLS     1 where single functions may be compiled for AVX2 and chosen at run time
// BOXLAP_CAN_FUSE       1 where the target may have fused multiply-adds, 0 where it has none
// BOXLAP_HOLD(x)        statement: the variable x is rounded to its type here, so no multiply-add can swallow it
// BOXLAP_PREFETCH(p)    prefetches the cache line of an address, or nothing
// BOXLAP_ALWAYS_INLINE, BOXLAP_NOINLINE, BOXLAP_COLD    attributes, or nothing

#if defined(__has_builtin)
#define BOXLAP_HAS_BUILTIN(name) __has_builtin(name)
#else
#define BOXLAP_HAS_BUILTIN(name) 0
#endif

#if !defined(BOXLAP_SCALAR) && !defined(__CUDACC__) && defined(__GNUC__) && \
    BOXLAP_HAS_BUILTIN(__builtin_shufflevector) && BOXLAP_HAS_BUILTIN(__builtin_convertvector)
#define BOXLAP_VECTORS 1
#else
#define BOXLAP_VECTORS 0
#endif

#if !defined(BOXLAP_SCALAR) && defined(__SSE2__)
#define BOXLAP_SSE2 1
#else
#define BOXLAP_SSE2 0
#endif

#if BOXLAP_VECTORS && defined(__AVX512F__)
#define BOXLAP_LANE_BYTES 64
#elif BOXLAP_VECTORS && defined(__AVX__)
#define BOXLAP_LANE_BYTES 32
#else
#define BOXLAP_LANE_BYTES 16
#endif

#if BOXLAP_VECTORS && defined(__x86_64__)
#define BOXLAP_AVX2_CALLS 1
#else
#define BOXLAP_AVX2_CALLS 0
#endif

#if BOXLAP_LANE_BYTES == 64
#define BOXLAP_PATH lanes_of_64_bytes
#elif BOXLAP_LANE_BYTES == 32
#define BOXLAP_PATH lanes_of_32_bytes
#elif BOXLAP_VECTORS
#define BOXLAP_PATH lanes_of_16_bytes
#elif BOXLAP_SSE2
#define BOXLAP_PATH scalar_with_sse2
#else
#define BOXLAP_PATH scalar
#endif

#if (defined(__x86_64__) || defined(__i386__)) && !defined(__FMA__) && !defined(__FMA4__)
#define BOXLAP_CAN_FUSE 0
#else
#define BOXLAP_CAN_FUSE 1
#endif

// GCC's barrier emits no instruction. Clang's __arithmetic_fence does nothing under -ffp-contract=fast alone; adding
// zero is as good: what is contracted then is fma(w, h, 0), the rounded product. (-0 becomes 0.) GCC before 12, and
// nvcc above any GCC, are told that an instruction of no length may change x. MSVC does not contract by default.
#if defined(__clang__) && !BOXLAP_CAN_FUSE
#define BOXLAP_HOLD(x) static_cast<void>(x)
#elif defined(__clang__)
#define BOXLAP_HOLD(x) \
  x = x + decltype(x + x) {}
#elif defined(__GNUC__) && !defined(__CUDACC__) && BOXLAP_HAS_BUILTIN(__builtin_assoc_barrier)
#define BOXLAP_HOLD(x) x = __builtin_assoc_barrier(x)
#elif defined(__GNUC__) && defined(__SSE2_MATH__)
#define BOXLAP_HOLD(x) asm("" : "+x"(x))
#elif defined(__GNUC__) && defined(__aarch64__)
#define BOXLAP_HOLD(x) asm("" : "+w"(x))
#elif defined(__GNUC__)
#define BOXLAP_HOLD(x) asm("" : "+m"(x))
#else
#define BOXLAP_HOLD(x) static_cast<void>(x)
#endif

#if defined(__GNUC__)
#define BOXLAP_PREFETCH(p) __builtin_prefetch(p)
#define BOXLAP_ALWAYS_INLINE [[gnu::always_inline]]
#define BOXLAP_NOINLINE [[gnu::noinline]]
#define BOXLAP_COLD [[gnu::cold, gnu::noinline]]
#elif defined(_MSC_VER)
#define BOXLAP_PREFETCH(p) static_cast<void>(p)
#define BOXLAP_ALWAYS_INLINE [[msvc::forceinline]]
#define BOXLAP_NOINLINE [[msvc::noinline]]
#define BOXLAP_COLD [[msvc::noinline]]
#else
#define BOXLAP_PREFETCH(p) static_cast<void>(p)
#define BOXLAP_ALWAYS_INLINE
#define BOXLAP_NOINLINE
#define BOXLAP_COLD
#endif
