#include "verify-programs.h"

#include <string>
#include <vector>

#include "../verify.h"
#include "check.h"
#include "hand-made.h"

namespace modwire_test {
namespace {

using modwire::Verdict;

// As in src/codec/verify-rule.ts.
enum Rule : int32_t {
  kOk = 0,
  kTooShort = 1,
  kRequiredField = 11,
  kVectorBounds = 14,
  kStringBounds = 15,
  kStringTerminator = 16,
  kUtf8 = 17,
  kDepth = 21,
};

// table Root { count:int; name:string (required); children:[Root]; numbers:[ushort]; tag:ubyte; body:Body; } with
// union Body { Root, string }, nested:[ubyte] of another Root.
Program every_op() {
  Record root{{field(4, 4), field(4, 4) | kRequired, field(4, 4), field(4, 4), field(1, 1), field(4, 4), field(4, 4)},
              std::vector<int32_t>(15)};
  const int32_t self = place_of({}, 2);
  const int32_t body = place_of({root}, 2);
  root.ops = {op(kString, 1), 0, 0, op(kTables, 2), self, 0, op(kVector, 3), 2, 1,
              op(kUnion, 5),  body, 4 + 2 * 4, op(kNested, 6), self, 0};
  return program_of({root}, {{kPass, 0, kTable, self, kString, 0}});
}

// A root with a name alone. Returns the place of its table.
size_t put_leaf(Payload& payload, const std::string& name) {
  const size_t table = payload.table({0, 4}, 8);
  payload.lead(table + 4);
  payload.string(name);
  return table;
}

struct Whole {
  Payload payload;
  size_t name, numbers;
};

// Every field of Root, a child, and a nested buffer with a root of its own.
Whole whole_payload() {
  Whole whole{};
  Payload& payload = whole.payload;
  payload.put32(0);
  const size_t root = payload.table({4, 8, 12, 16, 28, 20, 24}, 32);
  lead_to(payload, 0, root);
  payload.bytes()[root + 28] = 2;
  payload.lead(root + 8);
  whole.name = payload.string("caf\xc3\xa9");
  payload.lead(root + 12);
  payload.put32(1);
  const size_t child = payload.put32(0);
  lead_to(payload, child, put_leaf(payload, "leaf"));
  payload.lead(root + 16);
  whole.numbers = payload.put32(3);
  for (uint32_t number = 0; number < 3; number++) payload.put16(number);
  payload.lead(root + 20);
  payload.string("body");
  Payload nested;
  nested.put32(0);
  lead_to(nested, 0, put_leaf(nested, "nested"));
  payload.align(8);
  // Its bytes, behind its length, begin at a multiple of 8.
  payload.put32(0);
  payload.lead(root + 24);
  payload.put32(static_cast<uint32_t>(nested.size()));
  payload.bytes().insert(payload.bytes().end(), nested.data(), nested.data() + nested.size());
  return whole;
}

Verdict verify(const Program& program, const std::vector<uint8_t>& bytes, size_t shift = 0) {
  const Exact exact(bytes.data(), bytes.size(), shift);
  return modwire::verify(program.data(), program.size(), exact.begin(), bytes.size());
}

void expect(const Program& program, const std::vector<uint8_t>& bytes, int32_t rule, const char* what) {
  const Verdict verdict = verify(program, bytes);
  check(verdict.rule == rule, what, static_cast<unsigned long long>(verdict.rule));
}

void check_known(const Program& program) {
  const Whole whole = whole_payload();
  const std::vector<uint8_t> right(whole.payload.data(), whole.payload.data() + whole.payload.size());
  const auto changed = [&right](size_t at, uint8_t value) {
    std::vector<uint8_t> bytes = right;
    bytes[at] = value;
    return bytes;
  };
  for (size_t shift = 0; shift < 8; shift++) {
    check(verify(program, right, shift).rule == kOk, "a right payload verifies wherever it lies", shift);
  }
  expect(program, std::vector<uint8_t>(right.begin(), right.begin() + 11), kTooShort, "too short");
  expect(program, changed(whole.name + 3, 0xff), kStringBounds, "a string beyond the end");
  expect(program, changed(whole.name + 4 + 5, 'x'), kStringTerminator, "a string without its end");
  expect(program, changed(whole.name + 4 + 4, 'x'), kUtf8, "a string that is no UTF-8");
  expect(program, changed(whole.numbers + 3, 0x7f), kVectorBounds, "a vector beyond the end");
  Payload nameless;
  nameless.put32(0);
  lead_to(nameless, 0, nameless.table({4}, 8));
  expect(program, nameless.bytes(), kRequiredField, "a required field is missing");
}

// Children within children: 64 tables are allowed, one more is not.
void check_depth(const Program& program) {
  for (const int depth : {1, 63, 64, 65, 500}) {
    Payload payload;
    size_t slot = payload.put32(0);
    for (int level = 1; level <= depth; level++) {
      const bool last = level == depth;
      const size_t table = payload.table({0, 4, last ? 0u : 8u}, 12);
      lead_to(payload, slot, table);
      payload.lead(table + 4);
      payload.string("x");
      if (last) break;
      payload.lead(table + 8);
      payload.put32(1);
      slot = payload.put32(0);
    }
    expect(program, payload.bytes(), depth <= 64 ? kOk : kDepth, "depth of tables");
  }
}

// Cut anywhere, changed anywhere: any verdict, and never a byte beyond the payload.
void check_broken(const Program& program) {
  const Whole whole = whole_payload();
  std::vector<uint8_t> bytes(whole.payload.data(), whole.payload.data() + whole.payload.size());
  int passed = 0;
  for (size_t length = 0; length < bytes.size(); length++) {
    const Verdict verdict = verify(program, std::vector<uint8_t>(bytes.begin(), bytes.begin() + length));
    check(verdict.offset >= 0 && static_cast<size_t>(verdict.offset) <= length, "the place of a violation", length);
    passed += verdict.rule == kOk;
  }
  check(passed == 0, "what is cut off does not verify", static_cast<unsigned long long>(passed));
  for (size_t at = 0; at < bytes.size(); at++) {
    const uint8_t before = bytes[at];
    for (int value = 0; value < 256; value++) {
      bytes[at] = static_cast<uint8_t>(value);
      const Verdict verdict = verify(program, bytes);
      const bool inside = verdict.offset >= 0 && static_cast<size_t>(verdict.offset) <= bytes.size();
      check(inside && (verdict.rule != kOk || verdict.offset == 0), "the verdict about a changed byte", at);
    }
    bytes[at] = before;
  }
}

// Many payloads in one call, some broken, get the verdicts that each gets alone.
void check_region(const Program& program) {
  const Whole whole = whole_payload();
  Random random(4);
  std::vector<uint8_t> bytes;
  std::vector<uint32_t> spans;
  for (int index = 0; index < 200; index++) {
    const size_t start = bytes.size() + random.below(9);
    bytes.resize(start);
    bytes.insert(bytes.end(), whole.payload.data(), whole.payload.data() + whole.payload.size());
    if (random.below(2) == 0) bytes[start + random.below(static_cast<uint32_t>(whole.payload.size()))] ^= 0x41;
    spans.push_back(static_cast<uint32_t>(start));
    spans.push_back(static_cast<uint32_t>(bytes.size()));
  }
  const size_t count = spans.size() / 2;
  const Exact exact(bytes.data(), bytes.size(), 0);
  std::vector<int32_t> verdicts(spans.size(), -1);
  const size_t failed = modwire::verify_region(program.data(), program.size(), exact.begin(), bytes.size(),
                                               spans.data(), count, verdicts.data());
  size_t expected = 0;
  for (size_t at = 0; at < count; at++) {
    const uint32_t start = spans[2 * at];
    const uint32_t length = spans[2 * at + 1] - start;
    const Verdict alone = verify(program, std::vector<uint8_t>(bytes.begin() + start, bytes.begin() + start + length));
    check(verdicts[2 * at] == alone.rule && verdicts[2 * at + 1] == alone.offset, "a verdict in a region", at);
    expected += alone.rule != kOk;
  }
  check(failed == expected && failed > 10 && failed < count, "failures in a region", failed);
}

// Whatever words stand in a program: it is refused, or running it stays inside of it and of the payload.
void check_programs(const Program& right) {
  check(modwire::check_program(right.data(), right.size()), "a right program", 0);
  check(!modwire::check_program(right.data(), 0), "an empty program", 0);
  check(!modwire::check_program(right.data(), right.size() - 1), "a program without its last word", 0);
  const Whole whole = whole_payload();
  const std::vector<uint8_t> bytes(whole.payload.data(), whole.payload.data() + whole.payload.size());
  Random random(5);
  size_t accepted = 0;
  const int32_t interesting[] = {0, 1, -1, 2, 4, 7, 0x7fffffff, static_cast<int32_t>(0x80000000), 0xffff, 0x1000000, 12};
  for (int round = 0; round < 200000; round++) {
    std::vector<int32_t> broken = right;
    for (uint32_t changes = 1 + random.below(3); changes > 0; changes--) {
      int32_t& word = broken[random.below(static_cast<uint32_t>(broken.size()))];
      const uint32_t how = random.below(4);
      if (how == 0) word = interesting[random.below(sizeof interesting / sizeof *interesting)];
      else if (how == 1) word = static_cast<int32_t>(random.below(static_cast<uint32_t>(broken.size()) + 2));
      else if (how == 2) word = static_cast<int32_t>(static_cast<uint32_t>(word) ^ 1u << random.below(32));
      else word = static_cast<int32_t>(random.next());
    }
    // Of its own exact size, so that reading beyond it is seen.
    const Exact exact(broken.data(), 4 * broken.size(), 0);
    const int32_t* const code = reinterpret_cast<const int32_t*>(exact.begin());
    if (!modwire::check_program(code, broken.size())) continue;
    accepted++;
    const Exact payload(bytes.data(), bytes.size(), 0);
    const Verdict verdict = modwire::verify(code, broken.size(), payload.begin(), bytes.size());
    const bool inside = verdict.offset >= 0 && static_cast<size_t>(verdict.offset) <= bytes.size();
    check(inside, "the verdict of a changed program", static_cast<unsigned long long>(round));
  }
  check(accepted > 1000 && accepted < 190000, "changed programs that are programs", accepted);
}

}  // namespace

void check_verify() {
  const Program program = every_op();
  check_programs(program);
  check_known(program);
  check_depth(program);
  check_broken(program);
  check_region(program);
}

}  // namespace modwire_test
