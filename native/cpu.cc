#include "cpu.h"

#if MODWIRE_X86
#if defined(_MSC_VER)
#include <immintrin.h>
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace modwire {
namespace {

#if MODWIRE_X86

constexpr unsigned kSse42 = 1u << 20;
constexpr unsigned kOsxsave = 1u << 27;
constexpr unsigned kAvx = 1u << 28;
constexpr unsigned kF16c = 1u << 29;
// Of XCR0: the operating system keeps the XMM and the YMM registers.
constexpr unsigned kKeepsYmm = 0x6;

unsigned leaf1_ecx() {
#if defined(_MSC_VER)
  int registers[4];
  __cpuid(registers, 1);
  return static_cast<unsigned>(registers[2]);
#else
  unsigned eax, ebx, ecx, edx;
  return __get_cpuid(1, &eax, &ebx, &ecx, &edx) ? ecx : 0;
#endif
}

unsigned xcr0() {
#if defined(_MSC_VER)
  return static_cast<unsigned>(_xgetbv(0));
#else
  unsigned eax, edx;
  __asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
  return eax;
#endif
}

Cpu detect() {
  const unsigned ecx = leaf1_ecx();
  // xgetbv is an illegal instruction where the operating system has not enabled it.
  const bool ymm = (ecx & kOsxsave) != 0 && (xcr0() & kKeepsYmm) == kKeepsYmm;
  const unsigned wanted = kAvx | kF16c;
  return {(ecx & kSse42) != 0, ymm && (ecx & wanted) == wanted};
}

#else

Cpu detect() { return {false, false}; }

#endif

}  // namespace

const Cpu& cpu() {
  static const Cpu detected = detect();
  return detected;
}

}  // namespace modwire
