// The one include site of Node-API. The version is experimental so that finalizers run during collection
// (node_api_basic_env) and memory is freed in a loop that never yields.
#pragma once

#include <napi.h>
