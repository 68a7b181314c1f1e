#include "names.h"

#include "environment.h"

namespace pixelcl {

namespace {

struct DtypeEntry {
  const char* name;
  c10::ScalarType type;
};

constexpr DtypeEntry kDtypes[] = {
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

}  // namespace

const char* dtypeName(c10::ScalarType type) {
  for (const auto& entry : kDtypes) {
    if (entry.type == type) return entry.name;
  }
  return c10::toString(type);
}

c10::ScalarType parseDtype(const std::string& name) {
  for (const auto& entry : kDtypes) {
    if (name == entry.name) return entry.type;
  }
  throw Failure("ARGUMENT",
                "unknown dtype '" + name +
                    "': expected float32, float64, float16, bfloat16, int64, int32, int16, int8, uint8, bool, complex64 or complex128");
}

c10::Device parseDevice(const std::string& name) {
  try {
    return c10::Device(name);
  } catch (const c10::Error& error) {
    throw Failure("ARGUMENT", "unknown device '" + name + "': expected 'cpu', 'cuda' or 'cuda:0'");
  }
}

const char* layoutName(c10::Layout layout) {
  switch (layout) {
    case c10::Layout::Strided:
      return "strided";
    case c10::Layout::Sparse:
      return "sparseCoo";
    case c10::Layout::SparseCsr:
      return "sparseCsr";
    case c10::Layout::SparseCsc:
      return "sparseCsc";
    case c10::Layout::SparseBsr:
      return "sparseBsr";
    case c10::Layout::SparseBsc:
      return "sparseBsc";
    case c10::Layout::Mkldnn:
      return "mkldnn";
    case c10::Layout::Jagged:
      return "jagged";
    default:
      return "unknown";
  }
}

c10::Layout parseLayout(const std::string& name) {
  if (name == "strided") return c10::Layout::Strided;
  if (name == "sparse" || name == "sparseCoo" || name == "sparse_coo") return c10::Layout::Sparse;
  if (name == "sparseCsr" || name == "sparse_csr") return c10::Layout::SparseCsr;
  if (name == "sparseCsc" || name == "sparse_csc") return c10::Layout::SparseCsc;
  if (name == "sparseBsr" || name == "sparse_bsr") return c10::Layout::SparseBsr;
  if (name == "sparseBsc" || name == "sparse_bsc") return c10::Layout::SparseBsc;
  if (name == "mkldnn") return c10::Layout::Mkldnn;
  if (name == "jagged") return c10::Layout::Jagged;
  throw Failure("ARGUMENT",
                "unknown layout '" + name + "': expected strided, sparseCoo, sparseCsr, sparseCsc, sparseBsr, sparseBsc, jagged or mkldnn");
}

const char* memoryFormatName(c10::MemoryFormat format) {
  switch (format) {
    case c10::MemoryFormat::Contiguous:
      return "contiguousFormat";
    case c10::MemoryFormat::ChannelsLast:
      return "channelsLast";
    case c10::MemoryFormat::ChannelsLast3d:
      return "channelsLast3d";
    default:
      return "preserveFormat";
  }
}

c10::MemoryFormat parseMemoryFormat(const std::string& name) {
  if (name == "contiguousFormat" || name == "contiguous_format") return c10::MemoryFormat::Contiguous;
  if (name == "preserveFormat" || name == "preserve_format") return c10::MemoryFormat::Preserve;
  if (name == "channelsLast" || name == "channels_last") return c10::MemoryFormat::ChannelsLast;
  if (name == "channelsLast3d" || name == "channels_last_3d") return c10::MemoryFormat::ChannelsLast3d;
  throw Failure("ARGUMENT",
                "unknown memory format '" + name + "': expected contiguousFormat, preserveFormat, channelsLast or channelsLast3d");
}

}  // namespace pixelcl
