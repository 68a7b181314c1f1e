// Checks what a program holds before libtorch copies or writes it, which it does recursively and without end for a list that holds itself.
#include <ATen/ops/_validate_sparse_compressed_tensor_args.h>
#include <ATen/ops/_validate_sparse_coo_tensor_args.h>

#include <unordered_map>
#include <unordered_set>

#include "jit/jit.h"

namespace pixelcl {

namespace {

constexpr size_t kDeepest = 10'000;

bool holdsOthers(const c10::TypePtr& element) {
  switch (element->kind()) {
    case c10::TypeKind::IntType:
    case c10::TypeKind::FloatType:
    case c10::TypeKind::BoolType:
    case c10::TypeKind::ComplexType:
    case c10::TypeKind::StringType:
      return false;
    default:
      return true;
  }
}

// The values directly in a value.
std::vector<c10::IValue> innerValues(const c10::IValue& value) {
  if (value.isTuple()) return value.toTupleRef().elements().vec();
  if (value.isObject()) return value.toObjectRef().slots();
  if (value.isEnum()) return {value.toEnumHolder()->value()};
  if (value.isList()) return holdsOthers(value.toList().elementType()) ? value.toListRef().vec() : std::vector<c10::IValue>();
  std::vector<c10::IValue> inner;
  if (value.isGenericDict()) {
    for (const auto& entry : value.toGenericDict()) {
      inner.push_back(entry.key());
      inner.push_back(entry.value());
    }
  }
  return inner;
}

void checkSparse(const at::Tensor& tensor) {
  if (tensor.layout() == c10::kSparse) {
    at::_validate_sparse_coo_tensor_args(tensor._indices(), tensor._values(), tensor.sizes());
  } else if (tensor.layout() == c10::kSparseCsr || tensor.layout() == c10::kSparseBsr) {
    at::_validate_sparse_compressed_tensor_args(tensor.crow_indices(), tensor.col_indices(), tensor.values(), tensor.sizes(),
                                                tensor.layout());
  } else if (tensor.layout() == c10::kSparseCsc || tensor.layout() == c10::kSparseBsc) {
    at::_validate_sparse_compressed_tensor_args(tensor.ccol_indices(), tensor.row_indices(), tensor.values(), tensor.sizes(),
                                                tensor.layout());
  }
}

// A value whose inner values are being visited.
struct Open {
  const void* identity;
  std::vector<c10::IValue> inner;
  size_t next = 0;
  size_t height = 1;
};

}  // namespace

void checkSparseTensors(const c10::IValue& root) {
  std::unordered_set<const void*> seen;
  std::vector<c10::IValue> open{root};
  while (!open.empty()) {
    const c10::IValue value = std::move(open.back());
    open.pop_back();
    if (!value.isPtrType() || !seen.insert(value.internalToPointer()).second) continue;
    if (value.isTensor()) {
      checkSparse(value.toTensor());
    } else {
      for (auto& inner : innerValues(value)) open.push_back(std::move(inner));
    }
  }
}

void checkCopyable(const c10::IValue& root) {
  // 0 for a value that is being visited.
  std::unordered_map<const void*, size_t> heights;
  std::vector<Open> open;
  const auto enter = [&](const c10::IValue& value) {
    const void* identity = value.internalToPointer();
    heights.emplace(identity, 0);
    open.push_back({identity, innerValues(value)});
  };
  enter(root);
  while (!open.empty()) {
    Open& top = open.back();
    if (top.height + open.size() > kDeepest) {
      throw Failure("JIT", "the program holds values nested more than " + std::to_string(kDeepest) +
                               " deep, which libtorch can neither copy nor write");
    }
    if (top.next == top.inner.size()) {
      heights[top.identity] = top.height;
      const size_t above = top.height + 1;
      open.pop_back();
      if (!open.empty()) open.back().height = std::max(open.back().height, above);
      continue;
    }
    const c10::IValue& inner = top.inner[top.next++];
    if (!inner.isPtrType() || inner.isTensor() || inner.isString()) continue;
    const auto known = heights.find(inner.internalToPointer());
    if (known == heights.end()) {
      enter(c10::IValue(inner));
    } else if (known->second == 0) {
      throw Failure("JIT", "the program holds a value that holds itself, which libtorch can neither copy nor write");
    } else {
      top.height = std::max(top.height, known->second + 1);
    }
  }
}

}  // namespace pixelcl
