/// A target without libFuzzer: runs it on a corpus, and turns corpora into folders and back.
///
///     fuzz_replay_NAME corpus/NAME.txt             runs every input; the last line printed names the one at fault
///     fuzz_replay_NAME --unpack NAME.txt FOLDER    writes each input to a file, as libFuzzer reads them
///     fuzz_replay_NAME --pack FOLDER               prints the files of a folder as a corpus, short ones first
///
/// A corpus is one input a line; a backslash and bytes that are not printable are written \xNN.
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "input.hpp"

namespace {

constexpr std::string_view digits = "0123456789abcdef";

std::string escaped(std::string_view bytes) {
  std::string line;
  for (const char c : bytes) {
    if (c >= ' ' && c <= '~' && c != '\\') {
      line += c;
    } else {
      const auto code = static_cast<unsigned char>(c);
      line += {'\\', 'x', digits[code / 16], digits[code % 16]};
    }
  }
  return line;
}

std::string unescaped(std::string_view line) {
  std::string bytes;
  for (std::size_t k = 0; k < line.size(); ++k) {
    if (line[k] == '\\' && k + 3 < line.size()) {
      bytes += static_cast<char>(16 * digits.find(line[k + 2]) + digits.find(line[k + 3]));
      k += 3;
    } else {
      bytes += line[k];
    }
  }
  return bytes;
}

std::vector<std::string> inputs_of(const std::filesystem::path& corpus) {
  std::vector<std::string> inputs;
  std::ifstream file(corpus);
  for (std::string line; std::getline(file, line);) {
    inputs.push_back(unescaped(line));
  }
  return inputs;
}

void pack(const std::filesystem::path& folder) {
  std::vector<std::string> lines;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    lines.push_back(escaped(std::string(std::istreambuf_iterator<char>(file), {})));
  }
  std::sort(lines.begin(), lines.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  for (const std::string& line : lines) {
    std::cout << line << '\n';
  }
}

}  // namespace

int main(int count, char** values) {
  const std::vector<std::string> arguments(values + 1, values + count);
  if (arguments.size() == 2 && arguments[0] == "--pack") {
    pack(arguments[1]);
    return 0;
  }
  const bool unpack = arguments.size() == 3 && arguments[0] == "--unpack";
  const std::vector<std::string> inputs =
      unpack || arguments.size() == 1 ? inputs_of(arguments[unpack ? 1 : 0]) : std::vector<std::string>{};
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    if (unpack) {
      std::ofstream(std::filesystem::path(arguments[2]) / std::to_string(k), std::ios::binary) << inputs[k];
    } else {
      std::cout << "line " << k + 1 << std::endl;  // flushed, so that it is there when the target aborts
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(inputs[k].data()), inputs[k].size());
    }
  }
  if (inputs.empty()) {
    std::cerr << "expected a corpus with at least one line; see the head of replay.cpp\n";
    return 1;
  }
  return 0;
}
