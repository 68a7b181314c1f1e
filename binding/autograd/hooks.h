// Where libtorch holds the hooks of tensors, by the keys of their functions.
#pragma once

#include <torch/csrc/autograd/cpp_hook.h>

#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace torch::autograd {
struct Node;
}

namespace pixelcl {

// An in-place change gives a tensor a new graph node and a new list of hooks; earlier hooks stay with the old node.
struct HookPlace {
  std::weak_ptr<torch::autograd::hooks_list> list;
  unsigned position;
  // Lives as long as the list; null for a leaf.
  const torch::autograd::Node* node;
};

// The places of all hooks. libtorch may drop a hook on any thread.
class HookPlaces {
 public:
  void add(int64_t key, HookPlace place) {
    const std::lock_guard<std::mutex> lock(mutex_);
    places_.insert_or_assign(key, std::move(place));
  }
  void remove(int64_t key) {
    const std::lock_guard<std::mutex> lock(mutex_);
    places_.erase(key);
  }
  // Returns a copy, because the caller may destroy hooks, which removes their places.
  std::optional<HookPlace> find(int64_t key) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = places_.find(key);
    if (found == places_.end()) return std::nullopt;
    return found->second;
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<int64_t, HookPlace> places_;
};

}  // namespace pixelcl
