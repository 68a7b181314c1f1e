#pragma once

namespace pixelcl {

void refuseUnknownMkldnn();

}  // namespace pixelcl
