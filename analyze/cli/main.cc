#include <cstdio>

int main() {
  std::fputs("tailback: no subcommand yet\n", stderr);
  return 2;
}
