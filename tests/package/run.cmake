# Builds and runs one consumer: WAY (installed, subdirectory), SOURCE and BUILD of tailback, WORK folder, COMPILER and FLAGS.
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE out ERROR_VARIABLE out)
  if(failed)
    message(FATAL_ERROR "${ARGN}:\n${out}")
  endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
if(WAY STREQUAL installed)
  run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
endif()
run(${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR}/${WAY} -B ${WORK}/build -G Ninja -DCMAKE_CXX_COMPILER=${COMPILER}
    -DCMAKE_BUILD_TYPE=Debug "-DCMAKE_CXX_FLAGS_DEBUG=${FLAGS}" -DCMAKE_PREFIX_PATH=${WORK}/prefix -DTAILBACK_SOURCE_DIR=${SOURCE})
run(${CMAKE_COMMAND} --build ${WORK}/build --target consumer)
find_program(consumer consumer PATHS ${WORK}/build ${WORK}/build/bin NO_DEFAULT_PATH REQUIRED)
run(${consumer})
