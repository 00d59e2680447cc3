// The format of programs: docs/verifier.md, and src/contracts/program-ops.ts.
#ifndef MODWIRE_VERIFY_FORMAT_H
#define MODWIRE_VERIFY_FORMAT_H

#include <cstddef>
#include <cstdint>

namespace modwire {

constexpr int32_t kMagic = 0x4d575601;
constexpr uint32_t kHeaderLength = 1, kHeaderIdentifier = 2, kHeaderTables = 3, kHeaderUnions = 4, kHeaderWords = 5;
constexpr uint32_t kTableIndex = 0, kTableFields = 1, kTableOps = 2, kTablePhaseMask = 3, kTableRequiredEnd = 4,
                   kTableWords = 6;
constexpr uint32_t kUnionIndex = 0, kUnionTags = 1, kUnionWords = 2;
constexpr uint32_t kOpWords = 3, kTagWords = 2;
constexpr uint32_t kFieldBytesMask = 0xffff, kFieldAlignmentShift = 16, kFieldAlignmentMask = 0xff;
constexpr uint32_t kFieldRequired = 0x1000000;
constexpr uint32_t kOpEntryShift = 8, kOpKindMask = 0x1f, kWideOffset = 0x40, kWideLength = 0x80;

enum OpKind : uint32_t {
  kPass = 0,
  kString = 1,
  kTable = 2,
  kVector = 3,
  kStrings = 4,
  kTableVector = 5,
  kUnion = 6,
  kUnions = 7,
  kNested = 8,
  kStruct = 9,
};

// Largest vtable and table.
constexpr uint32_t kMaxVoffset = 0x7fff;

inline const uint32_t* program_words(const int32_t* code) { return reinterpret_cast<const uint32_t*>(code); }

}  // namespace modwire

#endif  // MODWIRE_VERIFY_FORMAT_H
