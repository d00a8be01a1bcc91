/// The outer shell of a program: parses its arguments, runs it, and turns whatever is wrong with either into one line
/// on stderr and the exit code 2.
#pragma once

#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include <CLI/CLI.hpp>

/// return run_program(app, argc, argv, [&] { ... });
template <class Run>
int run_program(CLI::App& app, int argc, char** argv, Run run) {
  try {
    app.parse(argc, argv);
    run();
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", std::filesystem::path(argv[0]).filename().c_str(), error.what());
    return 2;
  }
  return 0;
}
