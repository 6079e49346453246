#ifndef TRAFFIC_H
#define TRAFFIC_H

#include "load.h"

/** Who sends when, and what must have arrived where. A room's members send in turns. */

void traffic_begin(struct load *load, nanos now);

/** At a steady rate: what is due by now goes to its senders. */
void traffic_due(struct load *load, nanos now);
/** When the next frame is due; 0: nothing is due by the clock. */
nanos traffic_next_due(const struct load *load);

/** Puts frames that are due on this connection behind `out`, until it has `limit` bytes. */
void traffic_make(struct load *load, struct connection *connection, struct buffer *out, size_t limit);

/** A payload came to this connection: it is compared with what must come. Returns who sent it; NULL: nobody did. */
struct connection *traffic_delivered(struct load *load, struct connection *connection, const uint8_t *payload,
                                     size_t length, nanos now);

/** The connection has ended: nothing is expected from it or for it any more. */
void traffic_closed(struct load *load, struct connection *connection);

/** What has not arrived by now counts: as lost, or as unfinished if it was still coming. */
void traffic_settle(struct load *load, bool still_coming);

#endif
