# Fails when a header other than base/detail/compiler.hpp asks which compiler or which processor it is compiled for.
cmake_minimum_required(VERSION 3.25)
file(GLOB_RECURSE headers ${INCLUDE}/*.hpp)
foreach(header IN LISTS headers)
  if(header MATCHES "/base/detail/compiler[.]hpp$")
    continue()
  endif()
  file(READ ${header} text)
  # vector_size and target stand behind BOXLAP_VECTORS and BOXLAP_AVX2_CALLS.
  if(text MATCHES "(__GNUC__|__clang__|_MSC_VER|__CUDA|__SSE[0-9]|__AVX|__x86_64__|__aarch64__|__has_builtin|__attribute__|gnu::(always|no|cold|hot)[a-z_]*|__builtin_(prefetch|assoc_barrier))")
    message(SEND_ERROR "${header} mentions ${CMAKE_MATCH_1}; base/detail/compiler.hpp decides what a compiler can do")
  endif()
endforeach()
