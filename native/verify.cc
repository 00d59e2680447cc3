// Runs programs as docs/verifier.md specifies them, check for check as src/contracts/program-verifier.ts does.
#include "verify.h"

#include <cstring>

#include "utf8.h"
#include "verify-format.h"

namespace modwire {
namespace {

// Numbers of src/codec/verify-rule.ts.
enum Rule : int32_t {
  kOk = 0,
  kTooShort = 1,
  kIdentifier = 4,
  kRootOffset = 5,
  kVtableOffset = 6,
  kVtableSize = 7,
  kTableBounds = 8,
  kFieldOutsideTable = 9,
  kFieldAlignment = 10,
  kRequiredField = 11,
  kOffsetAlignment = 12,
  kOffsetBounds = 13,
  kVectorBounds = 14,
  kStringBounds = 15,
  kStringTerminator = 16,
  kUtf8 = 17,
  kWorkBudget = 19,
  kUnionBody = 20,
  kDepth = 21,
  kOffsetZero = 22,
  kUnionVectors = 23,
  kTableCount = 24,
  kTooLong = 25,
};

constexpr int64_t kMinBytes = 12;
constexpr uint64_t kMaxBytes = 0x7fffffff;
constexpr uint32_t kMaxDepth = 64;
constexpr int64_t kMaxTables = 1000000;
// What is left of both, as one number: tables times this, and work. Handed on in a register from check to check; less
// than 0 after a violation.
using Left = int64_t;
constexpr Left kTableUnit = Left{1} << 40;
constexpr Left kFailed = -1;
// Bits that are set when either is overdrawn: no payload has work for the second.
constexpr uint64_t kOverdrawn = uint64_t{1} << 63 | uint64_t{1} << 39;
constexpr int64_t kWork = 4096, kWorkPerByte = 32, kWorkPerTable = 16, kWorkPerValue = 4;
constexpr uint32_t kWorkVtableShift = 3;

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
inline uint16_t little(uint16_t number) { return __builtin_bswap16(number); }
inline uint32_t little(uint32_t number) { return __builtin_bswap32(number); }
inline uint64_t little(uint64_t number) { return __builtin_bswap64(number); }
#else
template <typename Number>
inline Number little(Number number) {
  return number;
}
#endif

template <typename Number>
inline Number load(const uint8_t* at) {
  Number number;
  std::memcpy(&number, at, sizeof number);
  return little(number);
}

inline uint32_t load16(const uint8_t* at) { return load<uint16_t>(at); }
inline uint32_t load32(const uint8_t* at) { return load<uint32_t>(at); }
inline uint64_t load64(const uint8_t* at) { return load<uint64_t>(at); }

constexpr uint64_t kHighBits = 0x8080808080808080;

// Most texts are short and ASCII: seen without a call. Before a text lie at least eight bytes, the root's offset and its
// own length, and behind it its zero.
inline bool is_text(const uint8_t* at, size_t length) {
  if (length < 8) return ((load64(at + length - 7) >> (56 - 8 * length)) & kHighBits) == 0 || is_utf8(at, length);
  if (length > 64) return is_utf8(at, length);
  uint64_t high = load64(at + length - 8);
  for (size_t next = 0; next < length - 8; next += 8) high |= load64(at + next);
  return (high & kHighBits) == 0 || is_utf8(at, length);
}

// Places are 64-bit numbers: none of the sums below overflows.
using Place = int64_t;
constexpr Place kNowhere = -1;

// Vtables that are remembered; a power of two.
constexpr uint32_t kSeen = 8;

// The kind of no table.
constexpr uint32_t kNothing = ~0u;

// A vtable that was checked for the tables of a record.
struct Seen {
  const uint8_t* vtable;
  // Number of the table's record, and how the table was aligned.
  uint32_t kind;
  // The buffer in which it was found to be in bounds.
  uint32_t buffer;
  uint32_t vtable_bytes;
  uint32_t table_bytes;
};

#if defined(__GNUC__)
#define MODWIRE_RARE __attribute__((noinline, cold))
#define MODWIRE_INLINE __attribute__((always_inline)) inline
#else
#define MODWIRE_RARE
#define MODWIRE_INLINE inline
#endif

class Run {
 public:
  explicit Run(const uint32_t* code) : code_(code) {
    for (Seen& seen : seen_) seen.kind = kNothing;
  }

  Verdict verify(const uint8_t* payload, size_t length) {
    if (length < static_cast<size_t>(kMinBytes)) return {kTooShort, 0};
    if (length > kMaxBytes) return {kTooLong, 0};
    bytes_ = payload;
    start_ = 0;
    end_ = static_cast<Place>(length);
    buffer_++;
    if (root(kMaxTables * kTableUnit + kWork + end_ * kWorkPerByte) >= 0) return {kOk, 0};
    return {rule_, at_};
  }

 private:
  Left root(Left left) {
    const uint32_t identifier = code_[kHeaderIdentifier];
    if (identifier != 0 && load32(bytes_ + 4) != identifier) return fail(kIdentifier, 4);
    return root_table(code_[kHeaderWords], 0, 1, left);
  }

  Left root_table(uint32_t record, Place start, uint32_t depth, Left left) {
    const uint32_t offset = load32(bytes_ + start);
    if (offset == 0 || (offset & 3) != 0 || start + offset + 4 > end_) return fail(kRootOffset, start);
    return table(record, start + offset, depth, left);
  }

  Left table(uint32_t record, Place table, uint32_t depth, Left left) {
    if (depth > kMaxDepth) return fail(kDepth, table);
    const uint32_t* const head = code_ + record;
    const Place vtable = table - static_cast<int32_t>(load32(bytes_ + table));
    const uint32_t kind = head[kTableIndex] << 8 | (static_cast<uint32_t>(table - start_) & head[kTablePhaseMask]);
    Seen& seen = seen_[head[kTableIndex] & (kSeen - 1)];
    // As numbers: this place may be no place at all.
    if (seen.kind == kind && seen.buffer == buffer_ &&
        address(seen.vtable) == address(bytes_) + static_cast<uintptr_t>(vtable)) {
      if (table + seen.table_bytes > end_) return fail(kTableBounds, table);
      left = spend_table(left, table, seen.vtable_bytes);
    } else
      left = look(head, table, vtable, kind, seen, left);
    if (left < 0 || head[kTableOps] == 0) return left;
    return values(head, table, bytes_ + vtable, seen.vtable_bytes, depth, left);
  }

  static uintptr_t address(const uint8_t* at) { return reinterpret_cast<uintptr_t>(at); }

  // Checks a vtable, and remembers it.
  Left look(const uint32_t* head, Place table, Place vtable, uint32_t kind, Seen& seen, Left left) {
    if (vtable < start_ || vtable + 4 > end_ || ((vtable - start_) & 1) != 0) return fail(kVtableOffset, table);
    const uint8_t* const bytes = bytes_ + vtable;
    const uint32_t vtable_bytes = load16(bytes);
    if (vtable_bytes < 4 || (vtable_bytes & 1) != 0 || vtable_bytes > kMaxVoffset || vtable + vtable_bytes > end_)
      return fail(kVtableSize, vtable);
    const uint32_t table_bytes = load16(bytes + 2);
    if (table_bytes < 4 || table_bytes > kMaxVoffset || table + table_bytes > end_) return fail(kTableBounds, table);
    left = spend_table(left, table, vtable_bytes);
    if (left < 0) return left;
    // One with the same bytes may have been in another buffer.
    const bool same = seen.kind == kind && seen.vtable_bytes == vtable_bytes &&
                      std::memcmp(seen.vtable, bytes, vtable_bytes) == 0;
    if (!same && !fields(head, table, kind & kFieldAlignmentMask, vtable, vtable_bytes, table_bytes)) return kFailed;
    seen = {bytes, kind, buffer_, vtable_bytes, table_bytes};
    return left;
  }

  // Whether the fields lie in their table, aligned, and none is missing.
  bool fields(const uint32_t* head, Place table, uint32_t phase, Place vtable, uint32_t vtable_bytes,
              uint32_t table_bytes) {
    const uint32_t entries = vtable_bytes / 2 - 2;
    const uint32_t known = entries < head[kTableFields] ? entries : head[kTableFields];
    const uint32_t* const fields = head + kTableWords;
    const uint8_t* const first = bytes_ + vtable + 4;
    for (uint32_t id = 0; id < known; id++) {
      const uint32_t field = fields[id];
      const uint32_t offset = load16(first + 2 * id);
      if (offset == 0) {
        if (field >= kFieldRequired) return no(kRequiredField, vtable + 4 + 2 * id);
      } else if (field != 0) {
        if (offset < 4 || offset + (field & kFieldBytesMask) > table_bytes)
          return no(kFieldOutsideTable, vtable + 4 + 2 * id);
        if (((phase + offset) & field >> kFieldAlignmentShift & kFieldAlignmentMask) != 0)
          return no(kFieldAlignment, table + offset);
      }
    }
    for (uint32_t id = known; id < head[kTableRequiredEnd]; id++) {
      // The vtable ends before its entry.
      if (fields[id] >= kFieldRequired) return no(kRequiredField, vtable);
    }
    return true;
  }

  // What the fields refer to.
  Left values(const uint32_t* head, Place table, const uint8_t* entries, uint32_t vtable_bytes, uint32_t depth,
              Left left) {
    const uint32_t* op = head + kTableWords + head[kTableFields];
    for (const uint32_t* const last = op + head[kTableOps] * kOpWords; op < last; op += kOpWords) {
      const uint32_t word = op[0];
      const uint32_t entry = word >> kOpEntryShift;
      const uint32_t offset = entry < vtable_bytes ? load16(entries + entry) : 0;
      const Place slot = table + offset;
      if (offset == 0) {
        const uint32_t kind = word & kOpKindMask;
        if (kind == kUnion || kind == kUnions) {
          if (!absent_union(op, table, entries, vtable_bytes)) return kFailed;
        } else if (entry >= vtable_bytes)
          // Those behind it are missing too.
          break;
        continue;
      }
      switch (word & (kOpKindMask | kWideOffset | kWideLength)) {
        case kString:
          left = string(target(slot, 4, 3), left);
          break;
        case kVector:
          left = vector(slot, op[1], op[2], left).left;
          break;
        case kTable: {
          const Place at = target(slot, 4, 3);
          left = at < 0 ? kFailed : this->table(op[1], at, depth + 1, left);
          break;
        }
        case kTableVector:
          left = table_vector(slot, op[1], depth, left);
          break;
        case kStrings:
          left = strings(slot, left);
          break;
        case kUnion: {
          const uint32_t tag_offset = op[2] < vtable_bytes ? load16(entries + op[2]) : 0;
          left = member(slot, tag_offset == 0 ? 0 : bytes_[table + tag_offset], op[1], depth, true, left);
          break;
        }
        case kUnions: {
          const uint32_t tag_offset = op[2] < vtable_bytes ? load16(entries + op[2]) : 0;
          if (tag_offset == 0) return fail(kUnionVectors, entries + entry - bytes_);
          left = unions(slot, table + tag_offset, op[1], depth, left);
          break;
        }
        default:
          left = others(slot, op, depth, left);
      }
      if (left < 0) return left;
    }
    return left;
  }

  // Nested buffers, and all that is 64 bits wide.
  Left others(Place slot, const uint32_t* op, uint32_t depth, Left left) {
    const uint32_t word = op[0];
    const uint32_t head = (word & kWideLength) != 0 ? 8 : 4;
    const uint32_t kind = word & kOpKindMask;
    const Place at = (word & kWideOffset) != 0 ? wide_target(slot, head) : target(slot, head, head - 1);
    if (kind == kString) return string(at, left);
    if (at < 0) return kFailed;
    const uint64_t count = head == 8 ? load64(bytes_ + at) : load32(bytes_ + at);
    if (kind == kVector) return elements(at, head, count, op[1], op[2], left).left;
    const Vector bytes = elements(at, head, count, 1, 0, left);
    return bytes.left < 0 ? kFailed : nested(bytes.first, static_cast<Place>(count), op[1], depth, bytes.left);
  }

  // Where the offset at `slot` leads, with `bytes` in bounds there; kNowhere after a violation.
  MODWIRE_INLINE Place target(Place slot, uint32_t bytes, uint32_t alignment_mask) {
    return target_of(load32(bytes_ + slot), slot, bytes, alignment_mask);
  }

  Place wide_target(Place slot, uint32_t bytes) { return target_of(load64(bytes_ + slot), slot, bytes, bytes - 1); }

  MODWIRE_INLINE Place target_of(uint64_t offset, Place slot, uint32_t bytes, uint32_t alignment_mask) {
    const uint64_t room = static_cast<uint64_t>(end_ - slot);
    // 0 becomes the largest number.
    if (offset - 1 >= room || offset + bytes > room) return no_target(offset == 0 ? kOffsetZero : kOffsetBounds, slot);
    const Place target = slot + static_cast<Place>(offset);
    if ((static_cast<uint32_t>(target - start_) & alignment_mask) != 0) return no_target(kOffsetAlignment, slot);
    return target;
  }

  MODWIRE_RARE Place no_target(Rule rule, Place slot) {
    fail(rule, slot);
    return kNowhere;
  }

  // `string` is kNowhere after a violation.
  MODWIRE_INLINE Left string(Place string, Left left) {
    if (string < 0) return kFailed;
    const Place first = string + 4;
    const uint32_t length = load32(bytes_ + string);
    const Place last = first + length;
    if (last >= end_) return fail(kStringBounds, string);
    if (bytes_[last] != 0) return fail(kStringTerminator, last);
    left -= kWorkPerValue + length;
    if (overdrawn(left)) return fail(kWorkBudget, string);
    return is_text(bytes_ + first, length) ? left : fail(kUtf8, first);
  }

  // The first element, and what is left.
  struct Vector {
    Place first;
    Left left;
  };

  // The vector behind `slot`, in bounds with all its elements.
  MODWIRE_INLINE Vector vector(Place slot, uint32_t element_bytes, uint32_t alignment_mask, Left left) {
    const Place vector = target(slot, 4, 3);
    if (vector < 0) return {kNowhere, kFailed};
    return elements(vector, 4, load32(bytes_ + vector), element_bytes, alignment_mask, left);
  }

  MODWIRE_INLINE Vector elements(Place vector, uint32_t head, uint64_t count, uint32_t element_bytes,
                                 uint32_t alignment_mask, Left left) {
    const Place first = vector + head;
    if (count > kMaxBytes || static_cast<Place>(count * element_bytes) > end_ - first)
      return {kNowhere, fail(kVectorBounds, vector)};
    if (count > 0 && (static_cast<uint32_t>(first - start_) & alignment_mask) != 0)
      return {kNowhere, fail(kFieldAlignment, first)};
    left -= kWorkPerValue;
    if (overdrawn(left)) return {kNowhere, fail(kWorkBudget, vector)};
    return {first, left};
  }

  Left strings(Place slot, Left left) {
    const Vector all = vector(slot, 4, 3, left);
    if (all.left < 0) return kFailed;
    left = all.left;
    const Place last = all.first + static_cast<Place>(load32(bytes_ + all.first - 4)) * 4;
    for (Place at = all.first; at < last && left >= 0; at += 4) left = string(target(at, 4, 3), left);
    return left;
  }

  Left table_vector(Place slot, uint32_t record, uint32_t depth, Left left) {
    const Vector all = vector(slot, 4, 3, left);
    if (all.left < 0) return kFailed;
    left = all.left;
    const Place last = all.first + static_cast<Place>(load32(bytes_ + all.first - 4)) * 4;
    for (Place at = all.first; at < last && left >= 0; at += 4) {
      const Place place = target(at, 4, 3);
      left = place < 0 ? kFailed : table(record, place, depth + 1, left);
    }
    return left;
  }

  // Of a union or a vector of unions without a value.
  bool absent_union(const uint32_t* op, Place table, const uint8_t* entries, uint32_t vtable_bytes) {
    const uint32_t tag_offset = op[2] < vtable_bytes ? load16(entries + op[2]) : 0;
    if (tag_offset == 0) return true;
    const uint32_t entry = op[0] >> kOpEntryShift;
    const Place at = entries + (entry < vtable_bytes ? entry : 0) - bytes_;
    if ((op[0] & kOpKindMask) == kUnions) return no(kUnionVectors, at);
    // FlatBuffers takes a tag without a value for no value at all, but for structs.
    return member_kind(op[1], bytes_[table + tag_offset]) != kStruct || no(kUnionBody, at);
  }

  // The tags, behind `tag_slot`, are verified.
  Left unions(Place slot, Place tag_slot, uint32_t record, uint32_t depth, Left left) {
    const Vector all = vector(slot, 4, 3, left);
    if (all.left < 0) return kFailed;
    left = all.left;
    const uint32_t count = load32(bytes_ + all.first - 4);
    const Place tags = tag_slot + load32(bytes_ + tag_slot);
    if (load32(bytes_ + tags) != count) return fail(kUnionVectors, all.first - 4);
    for (uint32_t index = 0; index < count && left >= 0; index++) {
      const Place at = all.first + static_cast<Place>(index) * 4;
      left = member(at, bytes_[tags + 4 + index], record, depth, false, left);
    }
    return left;
  }

  // `always`: whether the offset is looked at also when nothing is known about what it leads to.
  Left member(Place slot, uint32_t tag, uint32_t record, uint32_t depth, bool always, Left left) {
    left -= kWorkPerValue;
    if (overdrawn(left)) return fail(kWorkBudget, slot);
    const uint32_t kind = member_kind(record, tag);
    if (kind == kPass) return !always || target(slot, 1, 0) >= 0 ? left : kFailed;
    const uint32_t argument = code_[record + kUnionWords + tag * kTagWords + 1];
    if (kind == kStruct)
      return target(slot, argument & kFieldBytesMask, argument >> kFieldAlignmentShift) >= 0 ? left : kFailed;
    const Place at = target(slot, 4, 3);
    if (kind == kString) return string(at, left);
    return at < 0 ? kFailed : table(argument, at, depth + 1, left);
  }

  uint32_t member_kind(uint32_t record, uint32_t tag) const {
    return tag < code_[record + kUnionTags] ? code_[record + kUnionWords + tag * kTagWords] : kPass;
  }

  // The bytes of a vector as a buffer of their own.
  Left nested(Place first, Place bytes, uint32_t record, uint32_t depth, Left left) {
    if (bytes < kMinBytes) return fail(kTooShort, first);
    const Place start = start_;
    const Place end = end_;
    start_ = first;
    end_ = first + bytes;
    buffer_++;
    left = root_table(record, first, depth + 1, left);
    start_ = start;
    end_ = end;
    buffer_++;
    return left;
  }

  static bool overdrawn(Left left) { return (static_cast<uint64_t>(left) & kOverdrawn) != 0; }

  MODWIRE_INLINE Left spend_table(Left left, Place table, uint32_t vtable_bytes) {
    const Left rest = left - (kTableUnit + kWorkPerTable + (vtable_bytes >> kWorkVtableShift));
    if (overdrawn(rest)) return fail(left < kTableUnit ? kTableCount : kWorkBudget, table);
    return rest;
  }

  MODWIRE_RARE Left fail(Rule rule, Place at) {
    rule_ = rule;
    at_ = static_cast<int32_t>(at);
    return kFailed;
  }

  MODWIRE_RARE bool no(Rule rule, Place at) {
    fail(rule, at);
    return false;
  }

  const uint32_t* const code_;
  const uint8_t* bytes_ = nullptr;
  // Of the buffer in work: the payload, or one nested in it.
  Place start_ = 0;
  Place end_ = 0;
  // Counts payloads and changes of buffers within them.
  uint32_t buffer_ = 0;
  int32_t rule_ = kOk;
  int32_t at_ = 0;
  // Through all payloads of a region: bytes that are the same need no second look.
  Seen seen_[kSeen];
};

}  // namespace

Verdict verify(const int32_t* code, size_t, const uint8_t* payload, size_t length) {
  return Run(program_words(code)).verify(payload, length);
}

size_t verify_region(const int32_t* code, size_t, const uint8_t* bytes, size_t, const uint32_t* spans,
                     size_t count, int32_t* verdicts) {
  Run run(program_words(code));
  size_t failures = 0;
  for (size_t at = 0; at < 2 * count; at += 2) {
    const Verdict verdict = run.verify(bytes + spans[at], spans[at + 1] - spans[at]);
    verdicts[at] = verdict.rule;
    verdicts[at + 1] = verdict.offset;
    failures += verdict.rule != kOk;
  }
  return failures;
}

}  // namespace modwire
