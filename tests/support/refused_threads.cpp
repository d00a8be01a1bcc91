// Loaded before a test program, this makes the system refuse threads as it does at RLIMIT_NPROC or a limit of pids: of
// each BOXLAP_THREADS_REFUSED + 1 that are asked for the last one starts; 0 or nothing: none starts.
#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*), void* of) {
  using Create = int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static std::atomic<int> asked{0};
  static Create* const create = reinterpret_cast<Create*>(dlsym(RTLD_NEXT, "pthread_create"));
  const char* const text = std::getenv("BOXLAP_THREADS_REFUSED");
  const int refused = text != nullptr ? std::atoi(text) : 0;
  if (refused == 0 || ++asked % (refused + 1) != 0) {
    return EAGAIN;
  }
  return create(thread, attributes, start, of);
}
