// Programs and payloads that are written by hand.
#ifndef MODWIRE_TEST_HAND_MADE_H
#define MODWIRE_TEST_HAND_MADE_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace modwire_test {

// As in src/contracts/program-ops.ts.
constexpr int32_t kMagic = 0x4d575601;
constexpr int32_t kHeaderWords = 5;
enum Op : int32_t { kPass, kString, kTable, kVector, kStrings, kTables, kUnion, kUnions, kNested, kStruct };
constexpr int32_t kRequired = 0x1000000;

constexpr int32_t field(int32_t bytes, int32_t alignment) { return bytes | (alignment - 1) << 16; }
constexpr int32_t op(int32_t kind, int32_t id) { return kind | (4 + 2 * id) << 8; }

struct Record {
  std::vector<int32_t> fields;
  // Three words each: op, and its arguments.
  std::vector<int32_t> ops;
};

using Program = std::vector<int32_t>;

// Words of the tables, each behind the other, then those of the unions.
inline Program program_of(const std::vector<Record>& tables, const std::vector<std::vector<int32_t>>& unions) {
  Program code = {kMagic, 0, 0, static_cast<int32_t>(tables.size()), static_cast<int32_t>(unions.size())};
  code.resize(code.size() + tables.size() + unions.size());
  size_t place = kHeaderWords;
  int32_t index = 0, names = 0;
  for (const Record& table : tables) {
    code[place++] = static_cast<int32_t>(code.size());
    int32_t phase_mask = 0, required_end = 0, id = 0;
    for (const int32_t word : table.fields) {
      phase_mask |= word >> 16 & 0xff;
      id++;
      if ((word & kRequired) != 0) required_end = id;
    }
    const int32_t count = static_cast<int32_t>(table.fields.size());
    for (const int32_t word :
         {index++, count, static_cast<int32_t>(table.ops.size() / 3), phase_mask, required_end, names})
      code.push_back(word);
    names += count;
    code.insert(code.end(), table.fields.begin(), table.fields.end());
    code.insert(code.end(), table.ops.begin(), table.ops.end());
  }
  index = 0;
  for (const std::vector<int32_t>& members : unions) {
    code[place++] = static_cast<int32_t>(code.size());
    code.push_back(index++);
    code.push_back(static_cast<int32_t>(members.size() / 2));
    code.insert(code.end(), members.begin(), members.end());
  }
  code[1] = static_cast<int32_t>(code.size());
  return code;
}

// Place of a table's record, from the sizes of those before it.
inline int32_t place_of(const std::vector<Record>& before, size_t records) {
  size_t place = kHeaderWords + records;
  for (const Record& record : before) place += 6 + record.fields.size() + record.ops.size();
  return static_cast<int32_t>(place);
}

// Writes from front to back; places are patched once they are known.
class Payload {
 public:
  size_t size() const { return bytes_.size(); }
  const uint8_t* data() const { return bytes_.data(); }
  std::vector<uint8_t>& bytes() { return bytes_; }

  void align(size_t to) {
    while (bytes_.size() % to != 0) bytes_.push_back(0);
  }

  size_t put16(uint32_t number) {
    const size_t at = bytes_.size();
    bytes_.push_back(static_cast<uint8_t>(number));
    bytes_.push_back(static_cast<uint8_t>(number >> 8));
    return at;
  }

  size_t put32(uint32_t number) {
    const size_t at = put16(number & 0xffff);
    put16(number >> 16);
    return at;
  }

  // The 4 bytes at `at` lead to the next place that is aligned to 4.
  void lead(size_t at) {
    align(4);
    const uint32_t distance = static_cast<uint32_t>(bytes_.size() - at);
    for (int byte = 0; byte < 4; byte++) bytes_[at + byte] = static_cast<uint8_t>(distance >> (8 * byte));
  }

  size_t string(const std::string& text) {
    align(4);
    const size_t at = put32(static_cast<uint32_t>(text.size()));
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    bytes_.push_back(0);
    return at;
  }

  // A vtable with the places of up to seven fields, 0 for absent ones, and the table right behind it.
  size_t table(const std::vector<uint32_t>& places, uint32_t table_bytes) {
    align(4);
    const uint32_t vtable_bytes = static_cast<uint32_t>(4 + 2 * places.size());
    if (vtable_bytes % 4 != 0) put16(0);
    put16(vtable_bytes);
    put16(table_bytes);
    for (const uint32_t place : places) put16(place);
    const size_t at = put32(vtable_bytes);
    bytes_.resize(at + table_bytes);
    return at;
  }

 private:
  std::vector<uint8_t> bytes_;
};

// The place that an offset to a table must lead to is behind its vtable: the distance is patched afterwards.
inline void lead_to(Payload& payload, size_t at, size_t table) {
  const uint32_t distance = static_cast<uint32_t>(table - at);
  for (int byte = 0; byte < 4; byte++) payload.bytes()[at + byte] = static_cast<uint8_t>(distance >> (8 * byte));
}

}  // namespace modwire_test

#endif  // MODWIRE_TEST_HAND_MADE_H
