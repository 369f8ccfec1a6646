#include <tailback/result.h>

int main() {
  const tailback::Result<int> answer = 42;
  return answer.value() == 42 ? 0 : 1;
}
