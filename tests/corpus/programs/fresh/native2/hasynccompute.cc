// truth: {"kind":["none"],"no_deadlock":true}
// A batch run: main waits for futures of tasks that compute.
#include <cmath>
#include <future>
#include <numeric>
#include <vector>

class Matrix {
 public:
  explicit Matrix(int size) : size_(size), cells_(size * size, 1.5) {}
  double row(int r) const {
    double sum = 0;
    for (int pass = 0; pass < 2000000; ++pass)
      for (int c = 0; c < size_; ++c) sum += std::sin(cells_[r * size_ + c] + pass);
    return sum;
  }
  int size() const { return size_; }

 private:
  int size_;
  std::vector<double> cells_;
};
class Batch {
 public:
  double run(const Matrix& matrix) {
    std::vector<std::future<double>> rows;
    for (int r = 0; r < matrix.size(); ++r) rows.push_back(std::async(std::launch::async, &Matrix::row, &matrix, r));
    double total = 0;
    for (auto& row : rows) total += row.get();
    return total;
  }
};

int main() {
  Matrix matrix(6);
  return static_cast<int>(Batch().run(matrix));
}
