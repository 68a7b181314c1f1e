#include "jit/archive.h"

#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "runtime/errors.h"
#include "runtime/values.h"

namespace pixelcl {

ArchiveReader::ArchiveReader(napi_env env, napi_value pieces) {
  const uint32_t count = arrayLength(env, pieces, "the pieces of an archive");
  for (uint32_t i = 0; i < count; ++i) {
    napi_value value = nullptr;
    check(napi_get_element(env, pieces, i, &value));
    Piece piece{size_, 0, nullptr, -1, 0};
    if (Napi::Value(env, value).IsTypedArray()) {
      const Napi::Uint8Array bytes(env, value);
      piece.bytes = bytes.Data();
      piece.length = bytes.ByteLength();
    } else {
      const std::vector<int64_t> part = intsOf(env, value, "a part of a file");
      piece.descriptor = static_cast<int>(part.at(0));
      piece.offset = part.at(1);
      piece.length = static_cast<size_t>(part.at(2));
    }
    size_ += piece.length;
    if (piece.length > 0) pieces_.push_back(piece);
  }
}

size_t ArchiveReader::read(uint64_t position, void* into, size_t count, const char*) const {
  if (position >= size_) return 0;
  const auto after = [](uint64_t at, const Piece& piece) { return at < piece.start; };
  auto piece = std::upper_bound(pieces_.begin(), pieces_.end(), position, after) - 1;
  size_t done = 0;
  while (done < count && piece != pieces_.end()) {
    const size_t skipped = position + done - piece->start;
    size_t length = std::min(count - done, piece->length - skipped);
    auto* target = static_cast<uint8_t*>(into) + done;
    if (piece->bytes != nullptr) {
      std::memcpy(target, piece->bytes + skipped, length);
    } else {
      const ssize_t got = pread(piece->descriptor, target, length, piece->offset + static_cast<int64_t>(skipped));
      // libtorch reports a read that gives less than it asked for.
      if (got <= 0) break;
      length = static_cast<size_t>(got);
    }
    done += length;
    if (skipped + length == piece->length) ++piece;
  }
  return done;
}

}  // namespace pixelcl
