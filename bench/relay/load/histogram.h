#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include "clock.h"

/** Durations in logarithmic steps with 64 linear ones an octave: what it says is at most 1.6 % too high. */
enum { HISTOGRAM_STEPS = 128, HISTOGRAM_OCTAVES = 37 };

struct histogram {
  uint64_t counts[HISTOGRAM_STEPS * HISTOGRAM_OCTAVES];
  uint64_t total;
  nanos max;
};

static inline void histogram_add(struct histogram *histogram, nanos duration) {
  const nanos longest = (nanos)1 << (HISTOGRAM_OCTAVES + 4); /* 36 minutes */
  if (duration < 0) duration = 0;
  if (duration > longest) duration = longest;
  int octave = 0;
  if (duration >= HISTOGRAM_STEPS) octave = 63 - __builtin_clzll((unsigned long long)duration) - 6;
  const uint64_t step = octave == 0 ? (uint64_t)duration : (uint64_t)duration >> octave;
  histogram->counts[(uint64_t)octave * HISTOGRAM_STEPS + step]++;
  histogram->total++;
  if (duration > histogram->max) histogram->max = duration;
}

/** The duration that a share (0 to 1) of all does not exceed; 0 if there are none. */
nanos histogram_quantile(const struct histogram *histogram, double share);

#endif
