# Compiles PROGRAMS, the digests, with one compiler and one set of flags, runs them, and keeps what they printed in
# OUT.txt. RUN, if given, is put before the programs: an emulator.
cmake_minimum_required(VERSION 3.23)
separate_arguments(flags UNIX_COMMAND "${FLAGS}")
separate_arguments(run UNIX_COMMAND "${RUN}")
separate_arguments(programs UNIX_COMMAND "${PROGRAMS}")
file(READ /proc/cpuinfo cpu)
set(printed "")
foreach(program IN LISTS programs)
  execute_process(COMMAND ${COMPILER} ${flags} -pthread -I ${INCLUDE} -idirafter ${EIGEN} -idirafter ${NANOFLANN}
                          ${CMAKE_CURRENT_LIST_DIR}/${program}.cpp -o ${OUT}_${program}
                  COMMAND_ERROR_IS_FATAL ANY)
  if(FLAGS MATCHES "x86-64-v3" AND NOT cpu MATCHES "avx2")
    message("compiled only: this processor has no AVX2")
    continue()
  endif()
  execute_process(COMMAND ${run} ${OUT}_${program} OUTPUT_VARIABLE lines COMMAND_ERROR_IS_FATAL ANY)
  string(APPEND printed "${lines}")
endforeach()
if(printed)
  file(WRITE ${OUT}.txt "${printed}")
  message("${COMPILER} ${FLAGS}\n${printed}")
endif()
