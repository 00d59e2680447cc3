// Whether an array is a program that can be run: docs/verifier.md says what one looks like.
#include "verify-format.h"
#include "verify.h"

namespace modwire {
namespace {

// So many fields have their entries in the largest vtable.
constexpr uint32_t kMaxFields = (kMaxVoffset - 4) / 2;
// No compiled program has as many words.
constexpr size_t kMaxWords = 1 << 23;

// Checks what Run relies on: that every reference leads to a record of its sort, and that no field is read where it was
// not seen to lie in its table.
class Check {
 public:
  Check(const uint32_t* code, size_t length) : code_(code), length_(length) {}

  bool run() const {
    if (length_ < kHeaderWords + 1 || length_ > kMaxWords || code_[0] != static_cast<uint32_t>(kMagic)) return false;
    if (code_[kHeaderLength] != length_) return false;
    const size_t tables = code_[kHeaderTables];
    const size_t unions = code_[kHeaderUnions];
    if (tables < 1 || tables > length_ || unions > length_ || kHeaderWords + tables + unions > length_) return false;
    for (size_t index = 0; index < tables; index++) {
      if (!table(code_[kHeaderWords + index], index)) return false;
    }
    for (size_t index = 0; index < unions; index++) {
      if (!union_record(code_[kHeaderWords + tables + index], index)) return false;
    }
    return true;
  }

 private:
  bool table(size_t at, size_t index) const {
    if (!has(at, kTableWords)) return false;
    const uint32_t* const head = code_ + at;
    const size_t fields = head[kTableFields];
    const size_t ops = head[kTableOps];
    if (head[kTableIndex] != index || fields > kMaxFields || ops > fields) return false;
    if (!is_mask(head[kTablePhaseMask]) || head[kTablePhaseMask] > kFieldAlignmentMask) return false;
    if (head[kTableRequiredEnd] > fields) return false;
    if (!has(at + kTableWords, fields + ops * kOpWords)) return false;
    for (size_t id = 0; id < fields; id++) {
      const uint32_t field = head[kTableWords + id];
      const uint32_t mask = field >> kFieldAlignmentShift & kFieldAlignmentMask;
      if (field >= 2 * kFieldRequired || (field != 0 && (field & kFieldBytesMask) == 0)) return false;
      if (!is_mask(mask) || mask > head[kTablePhaseMask]) return false;
    }
    const uint32_t* const first = head + kTableWords + fields;
    for (size_t number = 0; number < ops; number++) {
      const uint32_t* const op = first + number * kOpWords;
      if (!this->op(head, op, number == 0 ? nullptr : op - kOpWords)) return false;
    }
    return true;
  }

  bool op(const uint32_t* head, const uint32_t* op, const uint32_t* before) const {
    const uint32_t kind = op[0] & kOpKindMask;
    const uint32_t flags = op[0] & (kWideOffset | kWideLength);
    const uint32_t entry = op[0] >> kOpEntryShift;
    const uint32_t known = kind | flags | entry << kOpEntryShift;
    // Ids ascend, and a slot is as wide as what is read there.
    if (known != op[0] || (before != nullptr && before[0] >> kOpEntryShift >= entry)) return false;
    if (bytes_of(head, entry) < ((flags & kWideOffset) != 0 ? 8 : 4)) return false;
    switch (kind) {
      case kString:
        return (flags & kWideLength) == 0;
      case kTable:
      case kTableVector:
        return flags == 0 && is_table(op[1]);
      case kStrings:
        return flags == 0;
      case kVector:
        return op[1] >= 1 && op[1] <= kFieldBytesMask && op[2] <= kFieldAlignmentMask && is_mask(op[2]);
      case kNested:
        return is_table(op[1]);
      case kUnion:
        return flags == 0 && is_union(op[1]) && bytes_of(head, op[2]) >= 1;
      case kUnions:
        // The tags were verified right before, as a vector of bytes.
        return flags == 0 && is_union(op[1]) && before != nullptr && before[0] == (kVector | op[2] << kOpEntryShift) &&
               before[1] == 1;
      default:
        return false;
    }
  }

  bool union_record(size_t at, size_t index) const {
    if (!has(at, kUnionWords)) return false;
    const size_t tags = code_[at + kUnionTags];
    if (code_[at + kUnionIndex] != index || tags > 256 || !has(at + kUnionWords, tags * kTagWords)) return false;
    for (size_t tag = 0; tag < tags; tag++) {
      const uint32_t* const member = code_ + at + kUnionWords + tag * kTagWords;
      const uint32_t argument = member[1];
      switch (member[0]) {
        case kPass:
        case kString:
          break;
        case kTable:
          if (!is_table(argument)) return false;
          break;
        case kStruct:
          if ((argument & kFieldBytesMask) == 0 || argument >> kFieldAlignmentShift > kFieldAlignmentMask) return false;
          if (!is_mask(argument >> kFieldAlignmentShift)) return false;
          break;
        default:
          return false;
      }
    }
    return true;
  }

  // Bytes that the field with this entry has in its table; 0 when it is none that is looked at.
  static uint32_t bytes_of(const uint32_t* head, uint32_t entry) {
    const uint32_t id = entry / 2 - 2;
    if (entry < 4 || (entry & 1) != 0 || id >= head[kTableFields]) return 0;
    return head[kTableWords + id] & kFieldBytesMask;
  }

  static bool is_mask(uint32_t mask) { return (mask & (mask + 1)) == 0; }

  bool has(size_t at, size_t words) const { return at >= kHeaderWords && at <= length_ && words <= length_ - at; }

  // Whether the directory says that a table's record is there; every place in it is checked by itself.
  bool is_table(size_t at) const {
    if (!has(at, kTableWords)) return false;
    const size_t index = code_[at + kTableIndex];
    return index < code_[kHeaderTables] && code_[kHeaderWords + index] == at;
  }

  bool is_union(size_t at) const {
    if (!has(at, kUnionWords)) return false;
    const size_t index = code_[at + kUnionIndex];
    return index < code_[kHeaderUnions] && code_[kHeaderWords + code_[kHeaderTables] + index] == at;
  }

  const uint32_t* const code_;
  const size_t length_;
};

}  // namespace

bool check_program(const int32_t* code, size_t length) { return Check(program_words(code), length).run(); }

}  // namespace modwire
