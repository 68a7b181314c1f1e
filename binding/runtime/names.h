// The JavaScript names of dtypes, devices, layouts and memory formats.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Layout.h>
#include <c10/core/MemoryFormat.h>
#include <c10/core/ScalarType.h>

#include <string>

namespace pixelcl {

const char* dtypeName(c10::ScalarType type);
c10::ScalarType parseDtype(const std::string& name);
c10::Device parseDevice(const std::string& name);
const char* layoutName(c10::Layout layout);
c10::Layout parseLayout(const std::string& name);
const char* memoryFormatName(c10::MemoryFormat format);
c10::MemoryFormat parseMemoryFormat(const std::string& name);

}  // namespace pixelcl
