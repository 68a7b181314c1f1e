#include "runtime/convert.h"

#include <ATen/ScalarOps.h>
#include <ATen/core/Dict.h>
#include <ATen/core/List.h>
#include <torch/csrc/jit/api/module.h>

#include <algorithm>
#include <optional>

#include "runtime/handles.h"

namespace pixelcl {

namespace {

// The number in a property, if there is one, as in `{ float: 1 }` and `{ real, imag }`.
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
      // As in Python, a tensor of one element is accepted as a number.
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

bool isArray(napi_env env, napi_value value) {
  bool is = false;
  check(napi_is_array(env, value, &is));
  return is;
}

c10::IValue listOf(napi_env env, napi_value value, const ValueType& type) {
  const ValueType& element = type.elements.front();
  c10::impl::GenericList list(element.type);
  const bool isList = isArray(env, value);
  if (!isList) {
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
  if (isList) {
    check(napi_get_array_length(env, value, &length));
  } else {
    size_t count = 0;
    check(napi_get_typedarray_info(env, value, nullptr, &count, nullptr, nullptr, nullptr));
    length = static_cast<uint32_t>(count);
  }
  if (length > kLongestList) throw Failure("ARGUMENT", "expected at most " + std::to_string(kLongestList) + " elements");
  list.reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value item = nullptr;
    check(napi_get_element(env, value, i, &item));
    list.push_back(toIValue(env, item, element));
  }
  return list;
}

// The entries of a Map or plain object as an array of pairs. A Map of another realm is not an instance of this realm's Map, so a Map is
// recognised by its method `entries`; a dict never holds a function.
napi_value entriesOf(napi_env env, napi_value value) {
  napi_value global = nullptr;
  napi_value method = nullptr;
  napi_value owner = nullptr;
  napi_value convert = nullptr;
  napi_value entries = nullptr;
  check(napi_get_global(env, &global));
  check(napi_get_named_property(env, value, "entries", &method));
  const bool isMap = typeOf(env, method) == napi_function;
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

// Makes a named tuple from an object that has all of its names.
c10::IValue namedTupleOf(napi_env env, napi_value object, const ValueType& type) {
  std::vector<c10::IValue> values;
  for (size_t i = 0; i < type.names.size(); ++i) {
    bool has = false;
    check(napi_has_named_property(env, object, type.names[i].c_str(), &has));
    if (!has) throw Failure("ARGUMENT", "expected an object with '" + type.names[i] + "', as " + type.type->repr_str() + " has");
    napi_value item = nullptr;
    check(napi_get_named_property(env, object, type.names[i].c_str(), &item));
    values.push_back(toIValue(env, item, type.elements[i]));
  }
  return c10::ivalue::Tuple::createNamed(std::move(values), type.type->cast<c10::TupleType>());
}

// The member of an enumeration with this name or value; also from what a program gave, { name, value }.
c10::IValue enumOf(napi_env env, napi_value value, const ValueType& type) {
  const auto enumType = type.type->expect<c10::EnumType>();
  if (typeOf(env, value) == napi_object && !isArray(env, value)) check(napi_get_named_property(env, value, "name", &value));
  const auto holder = [&](const std::pair<std::string, c10::IValue>& member) {
    return c10::IValue(c10::make_intrusive<c10::ivalue::EnumHolder>(enumType, member.first, member.second));
  };
  std::string names;
  const auto members = enumType->enumNamesValues();
  if (typeOf(env, value) == napi_string) {
    const std::string name = stringOf(env, value, "a name");
    for (const auto& member : members) {
      if (member.first == name) return holder(member);
    }
  }
  const napi_valuetype javaScriptType = typeOf(env, value);
  if (javaScriptType == napi_string || javaScriptType == napi_number) {
    const c10::IValue plain = inferIValue(env, value);
    for (const auto& member : members) {
      const bool isSame = member.second.isDouble() && plain.isInt() ? member.second.toDouble() == static_cast<double>(plain.toInt())
                                                                    : member.second == plain;
      if (isSame) return holder(member);
    }
  }
  for (const auto& member : members) names += (names.empty() ? "'" : ", '") + member.first + "'";
  wrongValue(env, value, "a member of " + enumType->repr_str() + ", one of " + names);
}

// How exactly an alternative of a union describes a value; the least comes first.
int rankOf(const ValueType& type) {
  switch (type.kind) {
    case ValueKind::kBool:
    case ValueKind::kInt:
      return 0;
    case ValueKind::kFloat:
    case ValueKind::kEnum:
      return 1;
    case ValueKind::kComplex:
      return 2;
    case ValueKind::kAny:
      return 3;
    default:
      return 0;
  }
}

c10::IValue unionOf(napi_env env, napi_value value, const ValueType& type) {
  if (const at::Tensor* tensor = tensorOrNull(env, value)) {
    for (const auto& element : type.elements) {
      if (element.kind == ValueKind::kTensor || element.kind == ValueKind::kAny) return *tensor;
    }
  }
  std::vector<const ValueType*> order;
  // Tensors were recognised above, and a number is none here.
  for (const auto& element : type.elements) {
    if (element.kind != ValueKind::kTensor) order.push_back(&element);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) { return rankOf(*a) < rankOf(*b); });
  for (const ValueType* element : order) {
    try {
      return toIValue(env, value, *element);
    } catch (const Failure&) {
      // The next alternative may take it.
    }
  }
  wrongValue(env, value, "a value of type " + type.type->repr_str());
}

c10::IValue tupleOf(napi_env env, napi_value value, const ValueType& type) {
  if (!type.names.empty() && !isArray(env, value) && typeOf(env, value) == napi_object) return namedTupleOf(env, value, type);
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
  if (!type.names.empty()) return c10::ivalue::Tuple::createNamed(std::move(values), type.type->cast<c10::TupleType>());
  return c10::ivalue::Tuple::create(std::move(values));
}

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
      // Classes that libtorch registers, such as process groups, have no values here.
      return type.repr_str().rfind("__torch__.torch.classes.", 0) == 0 ? ValueKind::kUnsupported : ValueKind::kModule;
    case c10::TypeKind::EnumType:
      return ValueKind::kEnum;
    case c10::TypeKind::UnionType:
      return ValueKind::kUnion;
    case c10::TypeKind::AnyType:
      return ValueKind::kAny;
    default:
      return ValueKind::kUnsupported;
  }
}

// Counts how deeply the value under conversion is nested, because a list of a program may hold itself.
class Nested {
 public:
  Nested() {
    if (++depth_ <= kDeepest) return;
    --depth_;
    throw Failure("NATIVE",
                  "a value nested more than " + std::to_string(kDeepest) + " deep has no form in JavaScript: does it hold itself?");
  }
  ~Nested() { --depth_; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  static constexpr int kDeepest = 1000;
  static thread_local int depth_;
};

thread_local int Nested::depth_ = 0;

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

napi_value fromTuple(napi_env env, const c10::IValue& value, const ValueType* type) {
  const napi_value array = arrayFrom(env, value.toTupleRef().elements(), type, true);
  const auto tuple = value.toTuple()->type<c10::TupleType>();
  if (tuple == nullptr || tuple->schema() == nullptr) return array;
  const auto& arguments = tuple->schema()->arguments();
  for (uint32_t i = 0; i < arguments.size(); ++i) {
    napi_value item = nullptr;
    check(napi_get_element(env, array, i, &item));
    const napi_property_descriptor property{arguments[i].name().c_str(), nullptr, nullptr, nullptr, nullptr, item,
                                            napi_default_method,         nullptr};
    check(napi_define_properties(env, array, 1, &property));
  }
  return array;
}

napi_value fromEnum(napi_env env, const c10::IValue& value) {
  const auto holder = value.toEnumHolder();
  napi_value result = nullptr;
  check(napi_create_object(env, &result));
  check(napi_set_named_property(env, result, "name", stringValue(env, holder->name())));
  check(napi_set_named_property(env, result, "value", fromIValue(env, holder->value(), nullptr)));
  return result;
}

napi_value mapFrom(napi_env env, const c10::IValue& value, const ValueType* type) {
  napi_value global = nullptr;
  napi_value constructor = nullptr;
  napi_value entries = nullptr;
  napi_value map = nullptr;
  const auto dict = value.toGenericDict();
  // A program may declare a wider type than it returns, such as Any or a union.
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
    const auto tuple = realType->cast<c10::TupleType>();
    if (tuple != nullptr && tuple->schema() != nullptr) {
      for (const auto& argument : tuple->schema()->arguments()) result.names.push_back(argument.name());
    }
  } else if (result.kind == ValueKind::kUnion) {
    for (const auto& element : realType->containedTypes()) {
      if (element->kind() == c10::TypeKind::NoneType) {
        result.optional = true;
      } else {
        result.elements.push_back(readType(element, element));
      }
    }
  }
  return result;
}

bool mayBeObject(const ValueType& type) {
  switch (type.kind) {
    case ValueKind::kDict:
    case ValueKind::kAny:
      return true;
    case ValueKind::kTuple:
      return !type.names.empty();
    case ValueKind::kUnion:
      return std::any_of(type.elements.begin(), type.elements.end(), mayBeObject);
    default:
      return false;
  }
}

c10::IValue toIValue(napi_env env, napi_value value, const ValueType& type) {
  if (type.kind == ValueKind::kTensor) {
    if (const at::Tensor* tensor = tensorOrNull(env, value)) return *tensor;
  }
  const napi_valuetype javaScriptType = typeOf(env, value);
  if (type.optional && isNullish(javaScriptType)) return {};
  switch (type.kind) {
    case ValueKind::kTensor:
      // As in Python, a number becomes a tensor of full precision that adopts the dtype of the other operand.
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
      return static_cast<int64_t>(parseLayout(stringOf(env, value, "a layout")));
    case ValueKind::kMemoryFormat:
      return static_cast<int64_t>(parseMemoryFormat(stringOf(env, value, "a memory format")));
    case ValueKind::kList:
      return listOf(env, value, type);
    case ValueKind::kTuple:
      return tupleOf(env, value, type);
    case ValueKind::kDict:
      return dictOf(env, value, type);
    case ValueKind::kModule:
      return objectOf<torch::jit::Module>(env, value, HandleTag::kModule, "TorchScript module or object")._ivalue();
    case ValueKind::kEnum:
      return enumOf(env, value, type);
    case ValueKind::kUnion:
      return unionOf(env, value, type);
    case ValueKind::kAny:
      return inferIValue(env, value);
    case ValueKind::kUnsupported:
      break;
  }
  throw Failure("ARGUMENT", "an argument of type " + type.type->str() + " cannot be made from JavaScript");
}

namespace {

bool isFrozen(napi_env env, napi_value value) {
  napi_value global = nullptr;
  napi_value object = nullptr;
  napi_value method = nullptr;
  napi_value result = nullptr;
  bool is = false;
  check(napi_get_global(env, &global));
  check(napi_get_named_property(env, global, "Object", &object));
  check(napi_get_named_property(env, object, "isFrozen", &method));
  check(napi_call_function(env, object, method, 1, &value, &result));
  check(napi_get_value_bool(env, result, &is));
  return is;
}

c10::IValue inferDict(napi_env env, napi_value value) {
  const napi_value entries = entriesOf(env, value);
  const uint32_t length = arrayLength(env, entries, "the entries");
  std::vector<std::pair<c10::IValue, c10::IValue>> pairs;
  for (uint32_t i = 0; i < length; ++i) {
    napi_value entry = nullptr;
    napi_value key = nullptr;
    napi_value held = nullptr;
    check(napi_get_element(env, entries, i, &entry));
    check(napi_get_element(env, entry, 0, &key));
    check(napi_get_element(env, entry, 1, &held));
    pairs.emplace_back(inferIValue(env, key), inferIValue(env, held));
  }
  if (pairs.empty()) return c10::impl::GenericDict(c10::StringType::get(), c10::TensorType::get());
  const auto typeOfItem = [](const c10::IValue& item) { return item.isTensor() ? c10::TypePtr(c10::TensorType::get()) : item.type(); };
  const c10::TypePtr keyType = typeOfItem(pairs.front().first);
  const c10::TypePtr valueType = typeOfItem(pairs.front().second);
  c10::impl::GenericDict dict(keyType, valueType);
  for (auto& [key, held] : pairs) {
    if (*typeOfItem(key) != *keyType || *typeOfItem(held) != *valueType)
      throw Failure("ARGUMENT", "the keys or the values of a dict have different types");
    dict.insert(std::move(key), std::move(held));
  }
  return dict;
}

}  // namespace

c10::IValue inferIValue(napi_env env, napi_value value) {
  const napi_valuetype javaScriptType = typeOf(env, value);
  switch (javaScriptType) {
    case napi_null:
    case napi_undefined:
      return {};
    case napi_string:
      return stringOf(env, value, "a string");
    case napi_external:
      if (handleOrNull(env, value, HandleTag::kModule) != nullptr)
        return objectOf<torch::jit::Module>(env, value, HandleTag::kModule, "TorchScript module")._ivalue();
      return tensorOf(env, value, "an argument");
    case napi_object: {
      if (!isArray(env, value)) return isNumberLike(env, value, javaScriptType) ? scalarOf(env, value) : inferDict(env, value);
      const uint32_t length = arrayLength(env, value, "a list");
      std::vector<c10::IValue> values;
      for (uint32_t i = 0; i < length; ++i) {
        napi_value item = nullptr;
        check(napi_get_element(env, value, i, &item));
        values.push_back(inferIValue(env, item));
      }
      if (isFrozen(env, value)) return c10::ivalue::Tuple::create(std::move(values));
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
  const Nested nested;
  if (value.isList()) {
    const auto list = value.toListRef();
    return arrayFrom(env, list, type, false);
  }
  if (value.isTuple()) return fromTuple(env, value, type);
  if (value.isEnum()) return fromEnum(env, value);
  if (value.isGenericDict()) return mapFrom(env, value, type);
  if (value.isGenerator()) return wrapObject<at::Generator>(env, HandleTag::kGenerator, value.toGenerator());
  if (value.isObject()) {
    check(napi_create_object(env, &result));
    const napi_value handle = wrapObject<torch::jit::Module>(env, HandleTag::kModule, torch::jit::Module(value.toObject()));
    check(napi_set_named_property(env, result, value.isModule() ? "module" : "object", handle));
    return result;
  }
  throw Failure("NATIVE", "a result of type " + value.tagKind() + " has no form in JavaScript");
}

}  // namespace pixelcl
