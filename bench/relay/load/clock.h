#ifndef CLOCK_H
#define CLOCK_H

#include <stdint.h>
#include <time.h>

/** Instants and durations: nanoseconds of CLOCK_MONOTONIC. */
typedef int64_t nanos;

#define MICROSECOND ((nanos)1000)
#define MILLISECOND ((nanos)1000000)
#define SECOND ((nanos)1000000000)

static inline nanos clock_read(clockid_t id) {
  struct timespec t;
  clock_gettime(id, &t);
  return (nanos)t.tv_sec * SECOND + t.tv_nsec;
}

static inline nanos clock_now(void) { return clock_read(CLOCK_MONOTONIC); }

/** CPU time of this process so far, all threads. */
static inline nanos clock_own_cpu(void) { return clock_read(CLOCK_PROCESS_CPUTIME_ID); }

#endif
