// CRC-32C (Castagnoli, reflected polynomial 0x82f63b78). No N-API; C++17.
#ifndef MODWIRE_CRC32C_H
#define MODWIRE_CRC32C_H

#include <cstddef>
#include <cstdint>

namespace modwire {

// `seed` is the checksum of the bytes before these, 0 at the beginning: chunks give what the whole gives.
uint32_t crc32c(const uint8_t* bytes, size_t length, uint32_t seed);

// The same with tables only, whatever the processor has.
uint32_t crc32c_portable(const uint8_t* bytes, size_t length, uint32_t seed);

// What crc32c uses on this processor: "sse4.2" or "slicing-by-8".
const char* crc32c_kind();

}  // namespace modwire

#endif  // MODWIRE_CRC32C_H
