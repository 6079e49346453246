#ifndef LOOP_H
#define LOOP_H

#include "load.h"

/**
 * Opens all connections, makes the load (or stays idle), and returns when that is done: `load->phase` is DONE, or
 * FAILED if there was no load. Writes `connected`, or `idle`, on stdout when all connections are there.
 */
void loop_run(struct load *load);

#endif
