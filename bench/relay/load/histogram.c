#include "histogram.h"

#include <math.h>

/** The longest duration that counts at `index`. */
static nanos upper_end(uint64_t index) {
  const uint64_t octave = index / HISTOGRAM_STEPS, step = index % HISTOGRAM_STEPS;
  return (nanos)(((step + 1) << octave) - 1);
}

nanos histogram_quantile(const struct histogram *histogram, double share) {
  if (histogram->total == 0) return 0;
  const uint64_t wanted = (uint64_t)ceil(share * (double)histogram->total);
  uint64_t seen = 0;
  for (uint64_t index = 0; index < HISTOGRAM_STEPS * HISTOGRAM_OCTAVES; index++) {
    seen += histogram->counts[index];
    if (seen < wanted || histogram->counts[index] == 0) continue;
    const nanos end = upper_end(index);
    return end < histogram->max ? end : histogram->max;
  }
  return histogram->max;
}
