#include "runtime/names.h"

#include "runtime/errors.h"

namespace pixelcl {

namespace {

template <typename Value>
struct Named {
  const char* name;
  Value value;
};

// The first name of a value is its canonical name; all are accepted.
template <typename Value, size_t Size>
const char* nameOf(const Named<Value> (&table)[Size], Value value, const char* otherwise) {
  for (const auto& entry : table) {
    if (entry.value == value) return entry.name;
  }
  return otherwise;
}

template <typename Value, size_t Size>
Value valueOf(const Named<Value> (&table)[Size], const std::string& name, const char* what, const char* expected) {
  for (const auto& entry : table) {
    if (name == entry.name) return entry.value;
  }
  throw Failure("ARGUMENT", std::string("unknown ") + what + " '" + name + "': expected " + expected);
}

constexpr Named<c10::ScalarType> kDtypes[] = {
    {"float32", c10::ScalarType::Float},
    {"float64", c10::ScalarType::Double},
    {"float16", c10::ScalarType::Half},
    {"bfloat16", c10::ScalarType::BFloat16},
    {"int64", c10::ScalarType::Long},
    {"int32", c10::ScalarType::Int},
    {"int16", c10::ScalarType::Short},
    {"int8", c10::ScalarType::Char},
    {"uint8", c10::ScalarType::Byte},
    {"uint16", c10::ScalarType::UInt16},
    {"uint32", c10::ScalarType::UInt32},
    {"uint64", c10::ScalarType::UInt64},
    {"bool", c10::ScalarType::Bool},
    {"complex32", c10::ScalarType::ComplexHalf},
    {"complex64", c10::ScalarType::ComplexFloat},
    {"complex128", c10::ScalarType::ComplexDouble},
    {"float8_e4m3fn", c10::ScalarType::Float8_e4m3fn},
    {"float8_e5m2", c10::ScalarType::Float8_e5m2},
    {"float8_e4m3fnuz", c10::ScalarType::Float8_e4m3fnuz},
    {"float8_e5m2fnuz", c10::ScalarType::Float8_e5m2fnuz},
    {"float8_e8m0fnu", c10::ScalarType::Float8_e8m0fnu},
    {"qint8", c10::ScalarType::QInt8},
    {"quint8", c10::ScalarType::QUInt8},
    {"qint32", c10::ScalarType::QInt32},
    {"float", c10::ScalarType::Float},
    {"double", c10::ScalarType::Double},
    {"half", c10::ScalarType::Half},
    {"long", c10::ScalarType::Long},
    {"int", c10::ScalarType::Int},
    {"short", c10::ScalarType::Short},
    {"cfloat", c10::ScalarType::ComplexFloat},
    {"cdouble", c10::ScalarType::ComplexDouble},
};

constexpr Named<c10::Layout> kLayouts[] = {
    {"strided", c10::Layout::Strided},      {"sparseCoo", c10::Layout::Sparse},     {"sparseCsr", c10::Layout::SparseCsr},
    {"sparseCsc", c10::Layout::SparseCsc},  {"sparseBsr", c10::Layout::SparseBsr},  {"sparseBsc", c10::Layout::SparseBsc},
    {"mkldnn", c10::Layout::Mkldnn},        {"jagged", c10::Layout::Jagged},        {"sparse", c10::Layout::Sparse},
    {"sparse_coo", c10::Layout::Sparse},    {"sparse_csr", c10::Layout::SparseCsr}, {"sparse_csc", c10::Layout::SparseCsc},
    {"sparse_bsr", c10::Layout::SparseBsr}, {"sparse_bsc", c10::Layout::SparseBsc},
};

constexpr Named<c10::MemoryFormat> kMemoryFormats[] = {
    {"contiguousFormat", c10::MemoryFormat::Contiguous},  {"preserveFormat", c10::MemoryFormat::Preserve},
    {"channelsLast", c10::MemoryFormat::ChannelsLast},    {"channelsLast3d", c10::MemoryFormat::ChannelsLast3d},
    {"contiguous_format", c10::MemoryFormat::Contiguous}, {"preserve_format", c10::MemoryFormat::Preserve},
    {"channels_last", c10::MemoryFormat::ChannelsLast},   {"channels_last_3d", c10::MemoryFormat::ChannelsLast3d},
};

}  // namespace

const char* dtypeName(c10::ScalarType type) { return nameOf(kDtypes, type, c10::toString(type)); }

c10::ScalarType parseDtype(const std::string& name) {
  return valueOf(kDtypes, name, "dtype",
                 "float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, bool, complex64 or complex128");
}

c10::Device parseDevice(const std::string& name) {
  try {
    return c10::Device(name);
  } catch (const c10::Error& error) {
    throw Failure("ARGUMENT", "unknown device '" + name + "': expected 'cpu', 'cuda' or 'cuda:0'");
  }
}

const char* layoutName(c10::Layout layout) { return nameOf(kLayouts, layout, "unknown"); }

c10::Layout parseLayout(const std::string& name) {
  return valueOf(kLayouts, name, "layout", "strided, sparseCoo, sparseCsr, sparseCsc, sparseBsr, sparseBsc, jagged or mkldnn");
}

const char* memoryFormatName(c10::MemoryFormat format) { return nameOf(kMemoryFormats, format, "preserveFormat"); }

c10::MemoryFormat parseMemoryFormat(const std::string& name) {
  return valueOf(kMemoryFormats, name, "memory format", "contiguousFormat, preserveFormat, channelsLast or channelsLast3d");
}

}  // namespace pixelcl
