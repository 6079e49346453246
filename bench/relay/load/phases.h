#ifndef PHASES_H
#define PHASES_H

#include "load.h"

/** Opening, settling, warming, measuring, draining; or opening and idling. */

/** Goes on to the next phase if it is time. */
void phases_step(struct load *load, nanos now);
/** When `phases_step` must be called again at the latest. */
nanos phases_next(const struct load *load, nanos now);

#endif
