// Tensors between fp32 and its halves. Rounded to nearest, ties to even; infinities stay, what is too large becomes one;
// subnormals are exact; a NaN stays a NaN with its sign and its upper bits, always a quiet one. Numbers are in the
// machine's byte order. Source and target must not overlap. No N-API; C++17.
#ifndef MODWIRE_CONVERT_H
#define MODWIRE_CONVERT_H

#include <cstddef>
#include <cstdint>

namespace modwire {

void float32_to_float16(const float* source, uint16_t* target, size_t count);
void float16_to_float32(const uint16_t* source, float* target, size_t count);
void float32_to_bfloat16(const float* source, uint16_t* target, size_t count);
void bfloat16_to_float32(const uint16_t* source, float* target, size_t count);

// The same without instructions that not every processor has.
void float32_to_float16_portable(const float* source, uint16_t* target, size_t count);
void float16_to_float32_portable(const uint16_t* source, float* target, size_t count);

// What the conversions with fp16 use on this processor: "f16c" or "portable".
const char* convert_kind();

}  // namespace modwire

#endif  // MODWIRE_CONVERT_H
