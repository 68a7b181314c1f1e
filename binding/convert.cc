#include "convert.h"

#include <ATen/ScalarOps.h>
#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <c10/core/Layout.h>
#include <c10/core/MemoryFormat.h>
#include <torch/csrc/jit/api/module.h>

#include <cmath>
#include <limits>

#include "handles.h"

namespace pixelcl {

namespace {

[[noreturn]] void wrongValue(napi_env env, napi_value value, const std::string& expected) {
  throw Failure("ARGUMENT", "expected " + expected + " but received " + describeValue(env, value));
}

napi_valuetype typeOf(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  check(napi_typeof(env, value, &type));
  return type;
}

bool isNullish(napi_valuetype type) { return type == napi_null || type == napi_undefined; }

int64_t bigintOf(napi_env env, napi_value value) {
  int64_t number = 0;
  bool lossless = false;
  check(napi_get_value_bigint_int64(env, value, &number, &lossless));
  if (!lossless) throw Failure("ARGUMENT", "a bigint does not fit into 64 bits: int64 reaches from -2^63 to 2^63 - 1");
  return number;
}

// Doubles in [-2^63, 2^63) that are whole; -0 is not, since an int would lose its sign.
bool isWhole(double number) {
  return number >= -9223372036854775808.0 && number < 9223372036854775808.0 && std::nearbyint(number) == number &&
         !(number == 0 && std::signbit(number));
}

double numberOf(napi_env env, napi_value value) {
  double number = 0;
  check(napi_get_value_double(env, value, &number));
  return number;
}

// A property's number, or nothing: `{ float: 1 }` and `{ real, imag }`.
std::optional<double> numberProperty(napi_env env, napi_value object, const char* name) {
  napi_value property = nullptr;
  check(napi_get_named_property(env, object, name, &property));
  if (typeOf(env, property) != napi_number) return std::nullopt;
  return numberOf(env, property);
}

c10::IValue scalarOf(napi_env env, napi_value value) {
  switch (typeOf(env, value)) {
    case napi_number: {
      const double number = numberOf(env, value);
      if (isWhole(number)) return static_cast<int64_t>(number);
      return number;
    }
    case napi_boolean: {
      bool flag = false;
      check(napi_get_value_bool(env, value, &flag));
      return flag;
    }
    case napi_bigint:
      return bigintOf(env, value);
    case napi_object: {
      if (const auto forced = numberProperty(env, value, "float")) return *forced;
      const auto real = numberProperty(env, value, "real");
      const auto imag = numberProperty(env, value, "imag");
      if (real && imag) return c10::complex<double>(*real, *imag);
      break;
    }
    case napi_external:
      // A zero-dimensional tensor stands for its number, as in Python.
      if (const at::Tensor* tensor = tensorOrNull(env, value); tensor != nullptr && tensor->numel() == 1) return tensor->item();
      break;
    default:
      break;
  }
  wrongValue(env, value, "a number, bigint or boolean");
}

bool isNumberLike(napi_env env, napi_value value, napi_valuetype type) {
  if (type == napi_number || type == napi_boolean || type == napi_bigint) return true;
  if (type != napi_object) return false;
  return numberProperty(env, value, "float") || (numberProperty(env, value, "real") && numberProperty(env, value, "imag"));
}

c10::IValue listOf(napi_env env, napi_value value, const ValueType& type) {
  const ValueType& element = type.elements.front();
  c10::impl::GenericList list(element.type);
  bool isArray = false;
  check(napi_is_array(env, value, &isArray));
  if (!isArray) {
    bool typed = false;
    check(napi_is_typedarray(env, value, &typed));
    if (!typed) {
      if (type.length == 0) wrongValue(env, value, "an array");
      const c10::IValue single = toIValue(env, value, element);
      for (int32_t i = 0; i < type.length; ++i) list.push_back(single);
      return list;
    }
  }
  uint32_t length = 0;
  if (isArray) {
    check(napi_get_array_length(env, value, &length));
  } else {
    size_t count = 0;
    check(napi_get_typedarray_info(env, value, nullptr, &count, nullptr, nullptr, nullptr));
    length = static_cast<uint32_t>(count);
  }
  list.reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value item = nullptr;
    check(napi_get_element(env, value, i, &item));
    list.push_back(toIValue(env, item, element));
  }
  return list;
}

// The entries of a Map, or of a plain object, as an array of pairs.
napi_value entriesOf(napi_env env, napi_value value) {
  napi_value global = nullptr;
  napi_value constructor = nullptr;
  napi_value owner = nullptr;
  napi_value convert = nullptr;
  napi_value entries = nullptr;
  bool isMap = false;
  check(napi_get_global(env, &global));
  check(napi_get_named_property(env, global, "Map", &constructor));
  check(napi_instanceof(env, value, constructor, &isMap));
  check(napi_get_named_property(env, global, isMap ? "Array" : "Object", &owner));
  check(napi_get_named_property(env, owner, isMap ? "from" : "entries", &convert));
  check(napi_call_function(env, owner, convert, 1, &value, &entries));
  return entries;
}

c10::IValue dictOf(napi_env env, napi_value value, const ValueType& type) {
  if (typeOf(env, value) != napi_object) wrongValue(env, value, "a Map or an object");
  c10::impl::GenericDict dict(type.elements[0].type, type.elements[1].type);
  const napi_value entries = entriesOf(env, value);
  const uint32_t length = arrayLength(env, entries, "the entries");
  for (uint32_t i = 0; i < length; ++i) {
    napi_value entry = nullptr;
    napi_value key = nullptr;
    napi_value held = nullptr;
    check(napi_get_element(env, entries, i, &entry));
    check(napi_get_element(env, entry, 0, &key));
    check(napi_get_element(env, entry, 1, &held));
    dict.insert(toIValue(env, key, type.elements[0]), toIValue(env, held, type.elements[1]));
  }
  return dict;
}

c10::IValue tupleOf(napi_env env, napi_value value, const ValueType& type) {
  const uint32_t length = arrayLength(env, value, "a tuple");
  if (length != type.elements.size()) {
    throw Failure("ARGUMENT",
                  "expected an array of " + std::to_string(type.elements.size()) + " but received one of " + std::to_string(length));
  }
  std::vector<c10::IValue> values;
  for (uint32_t i = 0; i < length; ++i) {
    napi_value item = nullptr;
    check(napi_get_element(env, value, i, &item));
    values.push_back(toIValue(env, item, type.elements[i]));
  }
  return c10::ivalue::Tuple::create(std::move(values));
}

c10::MemoryFormat memoryFormatOf(napi_env env, napi_value value) {
  const std::string name = stringOf(env, value, "a memory format");
  if (name == "contiguousFormat" || name == "contiguous_format") return c10::MemoryFormat::Contiguous;
  if (name == "preserveFormat" || name == "preserve_format") return c10::MemoryFormat::Preserve;
  if (name == "channelsLast" || name == "channels_last") return c10::MemoryFormat::ChannelsLast;
  if (name == "channelsLast3d" || name == "channels_last_3d") return c10::MemoryFormat::ChannelsLast3d;
  throw Failure("ARGUMENT",
                "unknown memory format '" + name + "': expected contiguousFormat, preserveFormat, channelsLast or channelsLast3d");
}

c10::Layout layoutOf(napi_env env, napi_value value) {
  const std::string name = stringOf(env, value, "a layout");
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

ValueKind kindOf(const c10::Type& type) {
  switch (type.kind()) {
    case c10::TypeKind::TensorType:
      return ValueKind::kTensor;
    case c10::TypeKind::NumberType:
      return ValueKind::kScalar;
    case c10::TypeKind::IntType:
    case c10::TypeKind::SymIntType:
      return ValueKind::kInt;
    case c10::TypeKind::FloatType:
    case c10::TypeKind::SymFloatType:
      return ValueKind::kFloat;
    case c10::TypeKind::BoolType:
    case c10::TypeKind::SymBoolType:
      return ValueKind::kBool;
    case c10::TypeKind::ComplexType:
      return ValueKind::kComplex;
    case c10::TypeKind::StringType:
      return ValueKind::kString;
    case c10::TypeKind::DeviceObjType:
      return ValueKind::kDevice;
    case c10::TypeKind::GeneratorType:
      return ValueKind::kGenerator;
    case c10::TypeKind::ScalarTypeType:
      return ValueKind::kScalarType;
    case c10::TypeKind::LayoutType:
      return ValueKind::kLayout;
    case c10::TypeKind::MemoryFormatType:
      return ValueKind::kMemoryFormat;
    case c10::TypeKind::ListType:
      return ValueKind::kList;
    case c10::TypeKind::TupleType:
      return ValueKind::kTuple;
    case c10::TypeKind::DictType:
      return ValueKind::kDict;
    case c10::TypeKind::ClassType:
      return type.is_module() ? ValueKind::kModule : ValueKind::kUnsupported;
    case c10::TypeKind::AnyType:
      return ValueKind::kAny;
    default:
      return ValueKind::kUnsupported;
  }
}

napi_value arrayFrom(napi_env env, c10::ArrayRef<c10::IValue> values, const ValueType* type, bool tuple) {
  napi_value array = nullptr;
  check(napi_create_array_with_length(env, values.size(), &array));
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t at = tuple ? i : 0;
    const ValueType* element = type == nullptr || at >= type->elements.size() ? nullptr : &type->elements[at];
    check(napi_set_element(env, array, static_cast<uint32_t>(i), fromIValue(env, values[i], element)));
  }
  return array;
}

napi_value mapFrom(napi_env env, const c10::IValue& value, const ValueType* type) {
  napi_value global = nullptr;
  napi_value constructor = nullptr;
  napi_value entries = nullptr;
  napi_value map = nullptr;
  const auto dict = value.toGenericDict();
  // A program may declare less than what it returns: Any, a union.
  const bool isTyped = type != nullptr && type->elements.size() == 2;
  check(napi_create_array_with_length(env, dict.size(), &entries));
  uint32_t i = 0;
  for (const auto& entry : dict) {
    napi_value pair = nullptr;
    check(napi_create_array_with_length(env, 2, &pair));
    check(napi_set_element(env, pair, 0, fromIValue(env, entry.key(), isTyped ? &type->elements[0] : nullptr)));
    check(napi_set_element(env, pair, 1, fromIValue(env, entry.value(), isTyped ? &type->elements[1] : nullptr)));
    check(napi_set_element(env, entries, i++, pair));
  }
  check(napi_get_global(env, &global));
  check(napi_get_named_property(env, global, "Map", &constructor));
  check(napi_new_instance(env, constructor, 1, &entries, &map));
  return map;
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

napi_value doubleValue(napi_env env, double number) {
  napi_value value = nullptr;
  check(napi_create_double(env, number, &value));
  return value;
}

}  // namespace

ValueType readType(const c10::TypePtr& type, const c10::TypePtr& realType) {
  ValueType result;
  if (const auto optional = realType->cast<c10::OptionalType>()) {
    const auto plain = type->cast<c10::OptionalType>();
    result = readType(plain ? plain->getElementType() : type, optional->getElementType());
    result.optional = true;
    result.type = type;
    return result;
  }
  result.kind = kindOf(*realType);
  result.type = type;
  if (result.kind == ValueKind::kList) {
    const auto& real = realType->expectRef<c10::ListType>();
    const auto plain = type->cast<c10::ListType>();
    result.elements.push_back(readType(plain ? plain->getElementType() : real.getElementType(), real.getElementType()));
    if (result.elements.front().kind == ValueKind::kUnsupported) result.kind = ValueKind::kUnsupported;
  } else if (result.kind == ValueKind::kTuple || result.kind == ValueKind::kDict) {
    for (const auto& element : realType->containedTypes()) result.elements.push_back(readType(element, element));
  }
  return result;
}

c10::IValue toIValue(napi_env env, napi_value value, const ValueType& type) {
  if (type.kind == ValueKind::kTensor) {
    if (const at::Tensor* tensor = tensorOrNull(env, value)) return *tensor;
  }
  const napi_valuetype javaScriptType = typeOf(env, value);
  if (type.optional && isNullish(javaScriptType)) return {};
  switch (type.kind) {
    case ValueKind::kTensor:
      // As in Python: a tensor that takes the dtype of the one it meets, and in its full precision.
      if (isNumberLike(env, value, javaScriptType)) return at::native::wrapped_scalar_tensor(scalarOf(env, value).toScalar());
      wrongValue(env, value, type.optional ? "a Tensor or null" : "a Tensor");
    case ValueKind::kScalar:
      return scalarOf(env, value);
    case ValueKind::kInt:
      return intOf(env, value, "a whole number");
    case ValueKind::kFloat: {
      const c10::IValue scalar = scalarOf(env, value);
      if (scalar.isDouble()) return scalar;
      if (scalar.isInt()) return static_cast<double>(scalar.toInt());
      if (scalar.isBool()) return static_cast<double>(scalar.toBool());
      wrongValue(env, value, "a number");
    }
    case ValueKind::kComplex: {
      const c10::IValue scalar = scalarOf(env, value);
      return scalar.toScalar().toComplexDouble();
    }
    case ValueKind::kBool: {
      if (javaScriptType != napi_boolean) wrongValue(env, value, "a boolean");
      bool flag = false;
      check(napi_get_value_bool(env, value, &flag));
      return flag;
    }
    case ValueKind::kString:
      return stringOf(env, value, "a string");
    case ValueKind::kDevice:
      return parseDevice(stringOf(env, value, "a device such as 'cpu' or 'cuda:0'"));
    case ValueKind::kGenerator:
      return objectOf<at::Generator>(env, value, HandleTag::kGenerator, "Generator");
    case ValueKind::kScalarType:
      return static_cast<int64_t>(parseDtype(stringOf(env, value, "a dtype such as 'float32'")));
    case ValueKind::kLayout:
      return static_cast<int64_t>(layoutOf(env, value));
    case ValueKind::kMemoryFormat:
      return static_cast<int64_t>(memoryFormatOf(env, value));
    case ValueKind::kList:
      return listOf(env, value, type);
    case ValueKind::kTuple:
      return tupleOf(env, value, type);
    case ValueKind::kDict:
      return dictOf(env, value, type);
    case ValueKind::kModule:
      return objectOf<torch::jit::Module>(env, value, HandleTag::kModule, "TorchScript module")._ivalue();
    case ValueKind::kAny:
      return inferIValue(env, value);
    case ValueKind::kUnsupported:
      break;
  }
  throw Failure("ARGUMENT", "an argument of type " + type.type->str() + " cannot be made from JavaScript");
}

c10::IValue inferIValue(napi_env env, napi_value value) {
  const napi_valuetype javaScriptType = typeOf(env, value);
  switch (javaScriptType) {
    case napi_null:
    case napi_undefined:
      return {};
    case napi_string:
      return stringOf(env, value, "a string");
    case napi_external:
      return tensorOf(env, value, "an argument");
    case napi_object: {
      bool isArray = false;
      check(napi_is_array(env, value, &isArray));
      if (!isArray) return scalarOf(env, value);
      const uint32_t length = arrayLength(env, value, "a list");
      std::vector<c10::IValue> values;
      for (uint32_t i = 0; i < length; ++i) {
        napi_value item = nullptr;
        check(napi_get_element(env, value, i, &item));
        values.push_back(inferIValue(env, item));
      }
      c10::TypePtr element = values.empty() ? c10::TypePtr(c10::TensorType::get()) : values.front().type();
      if (!values.empty() && values.front().isTensor()) element = c10::TensorType::get();
      c10::impl::GenericList list(element);
      for (auto& item : values) {
        if (item.type()->kind() != element->kind()) throw Failure("ARGUMENT", "the elements of a list have different types");
        list.push_back(std::move(item));
      }
      return list;
    }
    default:
      return scalarOf(env, value);
  }
}

napi_value fromIValue(napi_env env, const c10::IValue& value, const ValueType* type) {
  napi_value result = nullptr;
  if (value.isTensor()) return wrapTensor(env, value.toTensor());
  if (value.isNone()) {
    check(napi_get_null(env, &result));
    return result;
  }
  if (value.isInt()) {
    const int64_t number = value.toInt();
    if (type != nullptr && type->kind == ValueKind::kScalarType) return stringValue(env, dtypeName(static_cast<c10::ScalarType>(number)));
    if (type != nullptr && type->kind == ValueKind::kLayout) return stringValue(env, layoutName(static_cast<c10::Layout>(number)));
    if (type != nullptr && type->kind == ValueKind::kMemoryFormat) {
      return stringValue(env, memoryFormatName(static_cast<c10::MemoryFormat>(number)));
    }
    return intValue(env, number);
  }
  if (value.isDouble()) return doubleValue(env, value.toDouble());
  if (value.isBool()) {
    check(napi_get_boolean(env, value.toBool(), &result));
    return result;
  }
  if (value.isComplexDouble()) {
    const auto number = value.toComplexDouble();
    check(napi_create_array_with_length(env, 2, &result));
    check(napi_set_element(env, result, 0, doubleValue(env, number.real())));
    check(napi_set_element(env, result, 1, doubleValue(env, number.imag())));
    return result;
  }
  if (value.isString()) return stringValue(env, value.toStringRef());
  if (value.isDevice()) return stringValue(env, value.toDevice().str());
  if (value.isSymInt()) return intValue(env, value.toSymInt().guard_int(__FILE__, __LINE__));
  if (value.isList()) {
    const auto list = value.toListRef();
    return arrayFrom(env, list, type, false);
  }
  if (value.isTuple()) return arrayFrom(env, value.toTupleRef().elements(), type, true);
  if (value.isGenericDict()) return mapFrom(env, value, type);
  if (value.isGenerator()) return wrapObject<at::Generator>(env, HandleTag::kGenerator, value.toGenerator());
  if (value.isModule()) return wrapObject<torch::jit::Module>(env, HandleTag::kModule, value.toModule());
  throw Failure("NATIVE", "a result of type " + value.tagKind() + " has no form in JavaScript");
}

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

uint32_t arrayLength(napi_env env, napi_value array, const char* what) {
  bool isArray = false;
  check(napi_is_array(env, array, &isArray));
  if (!isArray) wrongValue(env, array, std::string("an array for ") + what);
  uint32_t length = 0;
  check(napi_get_array_length(env, array, &length));
  return length;
}

std::string stringOf(napi_env env, napi_value value, const char* what) {
  if (typeOf(env, value) != napi_string) wrongValue(env, value, what);
  size_t length = 0;
  check(napi_get_value_string_utf8(env, value, nullptr, 0, &length));
  std::string text(length, '\0');
  check(napi_get_value_string_utf8(env, value, text.data(), length + 1, &length));
  return text;
}

int64_t intOf(napi_env env, napi_value value, const char* what) {
  const napi_valuetype type = typeOf(env, value);
  if (type == napi_bigint) return bigintOf(env, value);
  if (type == napi_external) {
    const at::Tensor* tensor = tensorOrNull(env, value);
    if (tensor != nullptr && tensor->numel() == 1 && c10::isIntegralType(tensor->scalar_type(), true)) return tensor->item().toLong();
  }
  if (type != napi_number) wrongValue(env, value, what);
  const double number = numberOf(env, value);
  if (number == 0) return 0;
  if (!isWhole(number)) wrongValue(env, value, what);
  return static_cast<int64_t>(number);
}

std::vector<int64_t> intsOf(napi_env env, napi_value array, const char* what) {
  const uint32_t length = arrayLength(env, array, what);
  std::vector<int64_t> values;
  values.reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value item = nullptr;
    check(napi_get_element(env, array, i, &item));
    values.push_back(intOf(env, item, what));
  }
  return values;
}

napi_value intValue(napi_env env, int64_t number) {
  constexpr int64_t kSafe = (int64_t{1} << 53) - 1;
  napi_value value = nullptr;
  if (number >= -kSafe && number <= kSafe) {
    check(napi_create_int64(env, number, &value));
  } else {
    check(napi_create_bigint_int64(env, number, &value));
  }
  return value;
}

napi_value stringValue(napi_env env, const std::string& text) {
  napi_value value = nullptr;
  check(napi_create_string_utf8(env, text.data(), text.size(), &value));
  return value;
}

napi_value intsValue(napi_env env, c10::ArrayRef<int64_t> values) {
  napi_value array = nullptr;
  check(napi_create_array_with_length(env, values.size(), &array));
  for (size_t i = 0; i < values.size(); ++i) check(napi_set_element(env, array, static_cast<uint32_t>(i), intValue(env, values[i])));
  return array;
}

std::string describeValue(napi_env env, napi_value value) {
  switch (typeOf(env, value)) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean: {
      bool flag = false;
      check(napi_get_value_bool(env, value, &flag));
      return flag ? "true" : "false";
    }
    case napi_number: {
      napi_value text = nullptr;
      check(napi_coerce_to_string(env, value, &text));
      return "the number " + stringOf(env, text, "a string");
    }
    case napi_string: {
      std::string text = stringOf(env, value, "a string");
      if (text.size() > 40) text = text.substr(0, 40) + "…";
      return "the string '" + text + "'";
    }
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    case napi_external:
      return tensorOrNull(env, value) == nullptr ? "another kind of handle" : "a Tensor";
    case napi_bigint:
      return "a bigint";
    case napi_object: {
      bool isArray = false;
      check(napi_is_array(env, value, &isArray));
      return isArray ? "an array" : "an object";
    }
  }
  return "an unknown value";
}

}  // namespace pixelcl
