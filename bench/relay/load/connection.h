#ifndef CONNECTION_H
#define CONNECTION_H

#include "load.h"

/** Begins to connect. Errors come through `connection_failed`. */
void connection_open(struct load *load, struct connection *connection);

/** What epoll said of its socket. */
void connection_event(struct load *load, struct connection *connection, uint32_t events);

/** It is in its room and may send. */
void connection_joined(struct load *load, struct connection *connection);

/** It will be flushed at the end of this turn of the loop. */
void connection_dirty(struct load *load, struct connection *connection);

/** Puts bytes behind what goes out next. */
void connection_send(struct load *load, struct connection *connection, const void *bytes, size_t length);

/** Writes what waits and the frames that are due, in as few writes as it takes. */
void connection_flush(struct load *load, struct connection *connection);

/** Ends it. Before the load begins this ends the run, afterwards it is one of the errors. The rest is a sentence's. */
__attribute__((format(printf, 3, 4))) void connection_failed(struct load *load, struct connection *connection,
                                                             const char *format, ...);

#endif
