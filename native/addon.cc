// The kernels as functions of JavaScript. All of N-API is in this file: the hot functions use it directly, which halves
// what a call costs; the C++ wrapper is for what happens once. Whatever the arguments are, a call either does its work
// or throws.
#include <napi.h>

#include <cmath>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <unordered_set>

#include "convert.h"
#include "crc32c.h"
#include "utf8.h"
#include "verify.h"

namespace {

// Counted up whenever a function or the code of programs changes: the loader refuses any other number.
constexpr uint32_t kInterface = 2;

constexpr size_t kMaxArguments = 5;

// The code of a program, copied: it may lie in memory that other threads write to, and is checked only once.
struct Program {
  std::unique_ptr<int32_t[]> code;
  size_t length;
};

// The programs that are alive. An External may come from anywhere, so that its pointer alone proves nothing.
struct Programs {
  std::unordered_set<const Program*> alive;
  const Program* last = nullptr;

  bool has(const Program* program) {
    if (program != last) {
      if (alive.count(program) == 0) return false;
      last = program;
    }
    return true;
  }

  void forget(const Program* program) {
    alive.erase(program);
    if (last == program) last = nullptr;
  }
};

// Of one thread. Shared with the finalizers of programs: at the end of a thread the order of both is open.
struct Instance {
  std::shared_ptr<Programs> programs = std::make_shared<Programs>();
};

template <typename Element>
struct Elements {
  Element* data;
  size_t length;
};

template <typename One, typename Other>
bool overlap(const Elements<One>& one, const Elements<Other>& other) {
  // Pointers into different buffers are compared: only std::less orders those.
  const std::less<const void*> before;
  return before(one.data, other.data + other.length) && before(other.data, one.data + one.length);
}

// The arguments of one call. Getters return false after they have thrown.
class Call {
 public:
  Call(napi_env env, napi_callback_info info) : env_(env) {
    size_t count = kMaxArguments;
    napi_get_cb_info(env, info, &count, arguments_, nullptr, &data_);
  }

  Instance& instance() const { return *static_cast<Instance*>(data_); }

  // A view of plain memory: what others can change meanwhile proves nothing when it is checked.
  template <typename Element>
  bool view(size_t at, napi_typedarray_type wanted, const char* name, Elements<Element>* out) const {
    // Stays what nobody wants for kinds that N-API does not know yet.
    napi_typedarray_type type = napi_int8_array;
    void* data;
    napi_value buffer;
    if (napi_get_typedarray_info(env_, arguments_[at], &type, &out->length, &data, &buffer, nullptr) != napi_ok ||
        type != wanted)
      return type_error(std::string(name) + " must be " + name_of(wanted));
    bool plain = false;
    if (napi_is_arraybuffer(env_, buffer, &plain) != napi_ok || !plain)
      return type_error(std::string(name) + " must not be shared between threads");
    out->data = static_cast<Element*>(data);
    if (out->length > 0) return true;
    bool detached = false;
    napi_is_detached_arraybuffer(env_, buffer, &detached);
    return detached ? type_error(std::string(name) + " is detached") : true;
  }

  bool integer(size_t at, double max, const char* name, double* out) const {
    if (napi_get_value_double(env_, arguments_[at], out) != napi_ok)
      return type_error(std::string(name) + " must be a number");
    if (*out >= 0 && *out <= max && *out == std::floor(*out)) return true;
    return range_error(std::string(name) + " must be an integer from 0 to " + std::to_string(static_cast<uint64_t>(max)));
  }

  // Arguments `at` to `at` + 2: bytes, start, end.
  bool part(size_t at, Elements<const uint8_t>* out) const {
    Elements<const uint8_t> bytes;
    double start, end;
    if (!view(at, napi_uint8_array, "bytes", &bytes)) return false;
    if (!integer(at + 2, static_cast<double>(bytes.length), "end", &end)) return false;
    if (!integer(at + 1, end, "start", &start)) return false;
    *out = {bytes.data + static_cast<size_t>(start), static_cast<size_t>(end - start)};
    return true;
  }

  bool program(size_t at, const Program** out) const {
    void* data;
    if (napi_get_value_external(env_, arguments_[at], &data) == napi_ok) {
      *out = static_cast<const Program*>(data);
      if (instance().programs->has(*out)) return true;
    }
    return type_error("program must be a value from createProgram");
  }

  bool type_error(const std::string& text) const {
    Napi::TypeError::New(env_, text).ThrowAsJavaScriptException();
    return false;
  }

  bool range_error(const std::string& text) const {
    Napi::RangeError::New(env_, text).ThrowAsJavaScriptException();
    return false;
  }

  napi_value number(size_t value) const {
    napi_value result = nullptr;
    napi_create_uint32(env_, static_cast<uint32_t>(value), &result);
    return result;
  }

  napi_value real(double value) const {
    napi_value result = nullptr;
    napi_create_double(env_, value, &result);
    return result;
  }

  napi_value boolean(bool value) const {
    napi_value result = nullptr;
    napi_get_boolean(env_, value, &result);
    return result;
  }

  napi_value argument(size_t at) const { return arguments_[at]; }

 private:
  static const char* name_of(napi_typedarray_type type) {
    if (type == napi_uint8_array) return "a Uint8Array";
    if (type == napi_uint16_array) return "a Uint16Array";
    if (type == napi_uint32_array) return "a Uint32Array";
    return type == napi_int32_array ? "an Int32Array" : "a Float32Array";
  }

  napi_env env_;
  napi_value arguments_[kMaxArguments];
  void* data_ = nullptr;
};

// createProgram(code: Int32Array): External. The only view that may be of shared memory.
napi_value create_program(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  napi_typedarray_type type = napi_int8_array;
  size_t length;
  void* data;
  if (napi_get_typedarray_info(env, call.argument(0), &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != napi_int32_array) {
    call.type_error("code must be an Int32Array");
    return nullptr;
  }
  std::unique_ptr<int32_t[]> code(new (std::nothrow) int32_t[length]);
  std::unique_ptr<Program> program(new (std::nothrow) Program);
  if (code == nullptr || program == nullptr) {
    call.range_error("no memory for the program");
    return nullptr;
  }
  const int32_t* const source = static_cast<const int32_t*>(data);
  for (size_t at = 0; at < length; at++) code[at] = source[at];
  if (!modwire::check_program(code.get(), length)) {
    call.range_error("code is no program of this version");
    return nullptr;
  }
  program->code = std::move(code);
  program->length = length;
  const std::shared_ptr<Programs> programs = call.instance().programs;
  programs->alive.insert(program.get());
  return Napi::External<Program>::New(env, program.release(), [programs](Napi::Env, Program* dead) {
    programs->forget(dead);
    delete dead;
  });
}

// verifyRegion(program: External, bytes: Uint8Array, spans: Uint32Array, count: number, verdicts: Int32Array): number
napi_value verify_region(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const Program* program = nullptr;
  Elements<const uint8_t> bytes;
  Elements<const uint32_t> spans;
  Elements<int32_t> verdicts;
  double pairs;
  if (!call.program(0, &program) || !call.view(1, napi_uint8_array, "bytes", &bytes) ||
      !call.view(2, napi_uint32_array, "spans", &spans) ||
      !call.view(4, napi_int32_array, "verdicts", &verdicts) ||
      !call.integer(3, static_cast<double>((spans.length < verdicts.length ? spans.length : verdicts.length) / 2),
                    "count", &pairs))
    return nullptr;
  // A verdict must not become the bounds of the next payload after these were checked.
  if (overlap(verdicts, spans) || overlap(verdicts, bytes)) {
    call.range_error("verdicts must not share memory with spans or bytes");
    return nullptr;
  }
  const size_t count = static_cast<size_t>(pairs);
  bool inside = true;
  for (size_t at = 0; at < count; at++) {
    inside &= spans.data[2 * at] <= spans.data[2 * at + 1] && spans.data[2 * at + 1] <= bytes.length;
  }
  if (!inside) {
    call.range_error("every span must lie inside of bytes");
    return nullptr;
  }
  return call.number(modwire::verify_region(program->code.get(), program->length, bytes.data, bytes.length, spans.data,
                                            count, verdicts.data));
}

// A verdict as one number is its rule and so many times its offset.
constexpr double kVerdictRules = 32;

// verifyPayload(program: External, bytes: Uint8Array, start: number, end: number): number
napi_value verify_payload(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  const Program* program = nullptr;
  Elements<const uint8_t> payload;
  if (!call.program(0, &program) || !call.part(1, &payload)) return nullptr;
  const modwire::Verdict verdict =
      modwire::verify(program->code.get(), program->length, payload.data, payload.length);
  return call.real(verdict.rule + kVerdictRules * verdict.offset);
}

// crc32c(bytes: Uint8Array, start: number, end: number, seed: number): number
napi_value crc32c(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  Elements<const uint8_t> part;
  double seed;
  if (!call.part(0, &part) || !call.integer(3, UINT32_MAX, "seed", &seed)) return nullptr;
  return call.number(modwire::crc32c(part.data, part.length, static_cast<uint32_t>(seed)));
}

// isUtf8(bytes: Uint8Array, start: number, end: number): boolean
napi_value is_utf8(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  Elements<const uint8_t> part;
  if (!call.part(0, &part)) return nullptr;
  return call.boolean(modwire::is_utf8(part.data, part.length));
}

template <typename Element>
constexpr napi_typedarray_type kArrayOf = napi_uint16_array;
template <>
constexpr napi_typedarray_type kArrayOf<float> = napi_float32_array;

// float32ToFloat16(source: Float32Array, target: Uint16Array): void, and its like.
template <typename Source, typename Target, void (*kernel)(const Source*, Target*, size_t)>
napi_value convert(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  Elements<const Source> source;
  Elements<Target> target;
  if (!call.view(0, kArrayOf<Source>, "source", &source) || !call.view(1, kArrayOf<Target>, "target", &target))
    return nullptr;
  if (source.length != target.length)
    call.range_error("source and target must be of the same length");
  else if (overlap(source, target))
    call.range_error("source and target must not share memory");
  else
    kernel(source.data, target.data, source.length);
  return nullptr;
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  Instance* const instance = new Instance;
  env.SetInstanceData(instance);
  const auto method = [instance](const char* name, napi_callback callback) {
    napi_property_descriptor descriptor{};
    descriptor.utf8name = name;
    descriptor.method = callback;
    descriptor.attributes = napi_enumerable;
    descriptor.data = instance;
    return descriptor;
  };
  const napi_property_descriptor methods[] = {
      method("createProgram", create_program),
      method("verifyRegion", verify_region),
      method("verifyPayload", verify_payload),
      method("crc32c", crc32c),
      method("isUtf8", is_utf8),
      method("float32ToFloat16", convert<float, uint16_t, modwire::float32_to_float16>),
      method("float16ToFloat32", convert<uint16_t, float, modwire::float16_to_float32>),
      method("float32ToBfloat16", convert<float, uint16_t, modwire::float32_to_bfloat16>),
      method("bfloat16ToFloat32", convert<uint16_t, float, modwire::bfloat16_to_float32>),
  };
  napi_define_properties(env, exports, sizeof methods / sizeof methods[0], methods);
  Napi::Object features = Napi::Object::New(env);
  features.Set("crc32c", modwire::crc32c_kind());
  features.Set("float16", modwire::convert_kind());
  exports.Set("features", features);
  exports.Set("interfaceVersion", kInterface);
  return exports;
}

}  // namespace

NODE_API_MODULE(modwire, init)
