/// How many random cases a test draws: all of them, but a share where address and undefined-behaviour sanitizers make
/// each of them up to fifty times dearer. What they look for, a bad access or bad arithmetic, does not need them all.
#pragma once

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BOXLAP_TEST_SHARE 10
#endif
#endif
#if !defined(BOXLAP_TEST_SHARE) && defined(__SANITIZE_ADDRESS__)
#define BOXLAP_TEST_SHARE 10
#endif
#if !defined(BOXLAP_TEST_SHARE)
#define BOXLAP_TEST_SHARE 1
#endif

namespace scenes {

[[nodiscard]] constexpr int rounds(int n) { return (n + BOXLAP_TEST_SHARE - 1) / BOXLAP_TEST_SHARE; }

}  // namespace scenes
