// The bytes of an archive from several places, so that libtorch reads exactly the records that have been checked.
#pragma once

#include <caffe2/serialize/read_adapter_interface.h>

#include <vector>

#include "runtime/node.h"

namespace pixelcl {

class ArchiveReader : public caffe2::serialize::ReadAdapterInterface {
 public:
  // Takes an array of bytes, which the caller keeps alive, and of [descriptor, offset, length] of open files.
  ArchiveReader(napi_env env, napi_value pieces);

  size_t size() const override { return size_; }
  size_t read(uint64_t position, void* into, size_t count, const char* what) const override;

 private:
  struct Piece {
    size_t start;
    size_t length;
    // Null for a part of a file.
    const uint8_t* bytes;
    int descriptor;
    int64_t offset;
  };

  std::vector<Piece> pieces_;
  size_t size_ = 0;
};

}  // namespace pixelcl
