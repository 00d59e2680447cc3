// What of the processor may be used, asked at run time: a build runs on machines other than the one that made it.
#ifndef MODWIRE_CPU_H
#define MODWIRE_CPU_H

#if defined(__x86_64__) || defined(_M_X64)
#define MODWIRE_X86 1
#else
#define MODWIRE_X86 0
#endif

// GCC and Clang compile single functions for more than the baseline; MSVC needs no leave.
#if defined(__GNUC__) || defined(__clang__)
#define MODWIRE_TARGET(features) __attribute__((target(features)))
#else
#define MODWIRE_TARGET(features)
#endif

namespace modwire {

struct Cpu {
  bool sse42;
  // With AVX, and an operating system that keeps its registers.
  bool f16c;
};

// Asked once.
const Cpu& cpu();

}  // namespace modwire

#endif  // MODWIRE_CPU_H
