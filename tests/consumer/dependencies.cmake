# Where boxlap has Eigen and nanoflann from, or why it has not: parent projects that are configured and not built.
# CASE names one; OUT is a folder that is made anew.
cmake_minimum_required(VERSION 3.23)
set(upstream ${OUT}/upstream)
file(REMOVE_RECURSE ${OUT})

# Two projects that look like Eigen and nanoflann, and archives of them.
function(offer name target)
  file(WRITE ${upstream}/${name}/include/${name}.hpp "// not the real one")
  file(WRITE ${upstream}/${name}/CMakeLists.txt "
    cmake_minimum_required(VERSION 3.23)
    project(upstream_${name} NONE)
    add_library(upstream_${name} INTERFACE)
    target_include_directories(upstream_${name} INTERFACE \${CMAKE_CURRENT_SOURCE_DIR}/include)
    add_library(${target} ALIAS upstream_${name})")
  execute_process(COMMAND ${CMAKE_COMMAND} -E tar czf ${name}.tar.gz --format=gnutar ${name}
                  WORKING_DIRECTORY ${upstream} COMMAND_ERROR_IS_FATAL ANY)
  file(SHA256 ${upstream}/${name}.tar.gz sha256)
  string(TOUPPER ${name} upper)
  set(${name}_arguments -DBOXLAP_${upper}_URL=file://${upstream}/${name}.tar.gz -DBOXLAP_${upper}_SHA256=${sha256}
      PARENT_SCOPE)
endfunction()
offer(eigen3 Eigen3::Eigen)
offer(nanoflann nanoflann::nanoflann)
set(by_url ${eigen3_arguments} ${nanoflann_arguments})
set(not_installed -DCMAKE_DISABLE_FIND_PACKAGE_Eigen3=ON -DCMAKE_DISABLE_FIND_PACKAGE_nanoflann=ON)
set(nowhere -DBOXLAP_EIGEN3_URL=file:///nowhere -DBOXLAP_NANOFLANN_URL=file:///nowhere)

# Configures build folder `build` with the arguments that follow; the output must match `expected`.
function(expect expected build)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/dependencies -B ${OUT}/${build}
    -G "${GENERATOR}" -DCMAKE_CXX_COMPILER=${COMPILER} -DBOXLAP_SOURCE=${SOURCE} -DUPSTREAM=${upstream} ${ARGN}
    OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE failed)
  string(REGEX REPLACE "[\n ]+" " " line "${output}")  # errors are wrapped
  if(NOT line MATCHES "${expected}" OR (failed AND line MATCHES "There is"))
    message(FATAL_ERROR "${CASE}, ${build}: expected \"${expected}\", there is\n${output}")
  endif()
endfunction()
set(all "There is boxlap::boxlap with")
set(core "There is boxlap::core alone")

# The parent's own declaration counts, whichever way it made it, and nothing else is downloaded.
if(CASE STREQUAL "overridden")
  expect("${all} ${upstream}/eigen3/include ${upstream}/nanoflann/include" parent -DDECLARED=OVERRIDE_FIND_PACKAGE
    ${nowhere})
elseif(CASE STREQUAL "declared")
  expect("${all} ${upstream}/eigen3/include ${upstream}/nanoflann/include" parent -DDECLARED=plainly ${not_installed}
    ${nowhere})

# A broken archive is neither used nor kept; one of our own neither.
elseif(CASE STREQUAL "broken_archive")
  file(RENAME ${upstream}/eigen3.tar.gz ${upstream}/whole)
  file(WRITE ${upstream}/eigen3.tar.gz "the first half")
  expect("eigen3.tar.gz [(]its SHA256 is [0-9a-f]+, expected [0-9a-f]+.*${core}" parent ${not_installed} ${by_url})
  expect("eigen3.tar.gz [(]its SHA256 is [0-9a-f]+, expected [0-9a-f]+.*${core}" own ${not_installed} ${by_url}
    -DBOXLAP_EIGEN3_URL=${upstream}/eigen3.tar.gz)
  file(RENAME ${upstream}/whole ${upstream}/eigen3.tar.gz)
  expect("${all} ${OUT}/parent/_deps" parent)
  expect("${all} ${OUT}/own/_deps" own)
elseif(CASE STREQUAL "broken_download")  # stopped half way: the file is there under its final name
  expect("${all}" parent ${not_installed} ${by_url})
  file(GLOB_RECURSE archives ${OUT}/parent/*.tar.gz)
  list(LENGTH archives number)
  if(NOT number EQUAL 2)
    message(FATAL_ERROR "two archives expected, there are ${archives}")
  endif()
  foreach(archive IN LISTS archives)
    file(WRITE ${archive} "the first half")
  endforeach()
  foreach(name eigen3 nanoflann)
    file(REMOVE_RECURSE ${OUT}/parent/_deps/${name}-src ${OUT}/parent/_deps/${name}-subbuild)
  endforeach()
  expect("${all} ${OUT}/parent/_deps" parent)

# FETCHCONTENT_FULLY_DISCONNECTED: what was fetched before is there, nothing is fetched now.
elseif(CASE STREQUAL "disconnected")
  expect("FETCHCONTENT_FULLY_DISCONNECTED.*${core}" never ${not_installed} ${by_url}
    -DFETCHCONTENT_FULLY_DISCONNECTED=ON)
  file(GLOB_RECURSE fetched ${OUT}/never/*.tar.gz)
  if(fetched)
    message(FATAL_ERROR "fetched although disconnected: ${fetched}")
  endif()
  expect("${all}" before ${not_installed} ${by_url})
  expect("${all} ${OUT}/before/_deps" before -DFETCHCONTENT_FULLY_DISCONNECTED=ON ${nowhere})

# FETCHCONTENT_BASE_DIR: another build folder has everything already.
elseif(CASE STREQUAL "base_dir")
  expect("${all} ${OUT}/shared" first ${not_installed} ${by_url} -DFETCHCONTENT_BASE_DIR=${OUT}/shared)
  file(RENAME ${upstream} ${OUT}/gone)
  expect("${all} ${OUT}/shared" second ${not_installed} ${by_url} -DFETCHCONTENT_BASE_DIR=${OUT}/shared)

# Programs that need Eigen say so.
elseif(CASE STREQUAL "programs")
  foreach(programs TESTS EXAMPLES BENCHMARKS FUZZERS)
    expect("BOXLAP_BUILD_${programs} needs Eigen and nanoflann" ${programs} ${not_installed} ${nowhere}
      -DBOXLAP_BUILD_${programs}=ON)
  endforeach()
  expect("BOXLAP_BUILD_EXAMPLES needs Eigen and nanoflann" core_only -DBOXLAP_CORE_ONLY=ON -DBOXLAP_BUILD_EXAMPLES=ON)
else()
  message(FATAL_ERROR "no case ${CASE}")
endif()
