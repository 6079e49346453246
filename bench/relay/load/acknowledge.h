#ifndef ACKNOWLEDGE_H
#define ACKNOWLEDGE_H

#include "load.h"

/** Protocols that acknowledge do it every 50 ms on each connection, the connections one after the other. */

void acknowledge_step(struct load *load, nanos now);
/** When it must be called again; 0: never. */
nanos acknowledge_next(const struct load *load, nanos now);

#endif
