#ifndef REPORT_H
#define REPORT_H

#include "load.h"

/** Writes the figures as one line of JSON on stdout. */
void report_write(const struct load *load);

#endif
