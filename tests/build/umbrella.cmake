# Fails when boxlap.hpp misses a header: it promises all of them.
cmake_minimum_required(VERSION 3.25)

function(require_all umbrella)
  execute_process(COMMAND ${COMPILER} -std=c++20 -MM -x c++ -I ${INCLUDE} -isystem ${EIGEN} -isystem ${NANOFLANN}
                          ${INCLUDE}/boxlap/${umbrella}
                  OUTPUT_VARIABLE reached COMMAND_ERROR_IS_FATAL ANY)
  foreach(header IN LISTS ARGN)
    cmake_path(GET header FILENAME name)
    if(NOT reached MATCHES "/${name}[ \n\\]")
      message(SEND_ERROR "${umbrella} does not include ${header}")
    endif()
  endforeach()
endfunction()

file(GLOB_RECURSE all ${INCLUDE}/*.hpp)
require_all(boxlap.hpp ${all})
