#ifndef MODWIRE_TEST_VERIFY_PROGRAMS_H
#define MODWIRE_TEST_VERIFY_PROGRAMS_H

namespace modwire_test {

// Runs the verifier over programs and payloads that are made by hand, whole and broken at every place.
void check_verify();

}  // namespace modwire_test

#endif  // MODWIRE_TEST_VERIFY_PROGRAMS_H
