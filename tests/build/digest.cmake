# Compiles digest.cpp with one compiler and one set of flags, runs it, and keeps what it printed.
cmake_minimum_required(VERSION 3.25)
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
execute_process(COMMAND ${COMPILER} ${flags} -pthread -I ${INCLUDE} ${CMAKE_CURRENT_LIST_DIR}/digest.cpp -o ${OUT}
                COMMAND_ERROR_IS_FATAL ANY)
file(READ /proc/cpuinfo cpu)
if(FLAGS MATCHES "x86-64-v3" AND NOT cpu MATCHES "avx2")
  message("compiled only: this processor has no AVX2")
  return()
endif()
execute_process(COMMAND ${OUT} OUTPUT_FILE ${OUT}.txt COMMAND_ERROR_IS_FATAL ANY)
file(READ ${OUT}.txt printed)
message("${COMPILER} ${FLAGS}\n${printed}")
