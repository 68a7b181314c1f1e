// Integer division in TorchScript programs: libtorch divides without looking, and the processor ends the process at x // 0 and at the
// minimum // -1. The operators are replaced by the same ones behind a check, before any program is compiled.
#include <torch/csrc/jit/runtime/operator.h>

#include <limits>
#include <mutex>

#include "jit/jit.h"

namespace pixelcl {

namespace {

constexpr const char* kDivisions[] = {"aten::__round_to_zero_floordiv", "aten::divmod", "aten::floordiv", "aten::gcd", "aten::remainder"};

void checkOperands(const torch::jit::Stack& stack, bool allowsZero) {
  const c10::IValue& dividend = stack[stack.size() - 2];
  const c10::IValue& divisor = stack[stack.size() - 1];
  if (!dividend.isInt() || !divisor.isInt()) return;
  if (divisor.toInt() == 0 && !allowsZero) throw std::runtime_error("ZeroDivisionError: integer division or modulo by zero");
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  const bool isLeast = dividend.toInt() == kLeast || (allowsZero && divisor.toInt() == kLeast);
  if (isLeast && (divisor.toInt() == -1 || (allowsZero && dividend.toInt() == -1)))
    throw std::runtime_error("OverflowError: the smallest int divided by -1 has no int");
}

torch::jit::Operator checked(const torch::jit::Operator& original, bool allowsZero) {
  const c10::FunctionSchema& schema = original.schema();
  torch::jit::Operation divide = original.getOperation();
  const auto divideChecked = [divide = std::move(divide), allowsZero](torch::jit::Stack& stack) mutable {
    checkOperands(stack, allowsZero);
    divide(stack);
  };
  return {schema.name(), schema.overload_name(), schema.arguments(), schema.returns(), divideChecked, original.aliasAnalysisKind()};
}

void replaceDivisions() {
  for (const char* name : kDivisions) {
    const bool allowsZero = std::string_view(name) == "aten::gcd";
    // A copy, because the registry's own list changes below.
    const std::vector<std::shared_ptr<torch::jit::Operator>> overloads = torch::jit::getAllOperatorsFor(c10::Symbol::fromQualString(name));
    for (const auto& original : overloads) {
      if (original->isC10Op() || original->schema().arguments().size() != 2) continue;
      torch::jit::Operator replacement = checked(*original, allowsZero);
      torch::jit::deregisterOperator(original->schema());
      torch::jit::registerOperator(std::move(replacement));
    }
  }
}

}  // namespace

void checkIntegerDivisions() {
  static std::once_flag once;
  std::call_once(once, &replaceDivisions);
}

}  // namespace pixelcl
