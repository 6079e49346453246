#ifndef ERRORS_H
#define ERRORS_H

#include "load.h"

/** Keeps what went wrong first, as a sentence about this connection. Counting it is the caller's. */
__attribute__((format(printf, 3, 4))) void errors_note(struct load *load, const struct connection *connection,
                                                       const char *format, ...);

#endif
