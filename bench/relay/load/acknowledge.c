#include "acknowledge.h"

#include "protocol.h"

static const nanos PERIOD = 50 * MILLISECOND;
/** The connections whose time has come are looked at together, so often. */
static const nanos BEAT = 2 * MILLISECOND;

static bool acknowledges(const struct load *load) {
  return load->options->protocol->acknowledge != NULL && load->phase != OPENING;
}

void acknowledge_step(struct load *load, nanos now) {
  if (!acknowledges(load)) return;
  if (load->acknowledgements_began == 0) load->acknowledgements_began = now;
  const uint64_t count = load->connection_count;
  const uint64_t wanted = (uint64_t)(now - load->acknowledgements_began) * count / (uint64_t)PERIOD;
  if (wanted - load->acknowledgement_turn > count) load->acknowledgement_turn = wanted - count;
  for (; load->acknowledgement_turn < wanted; load->acknowledgement_turn++) {
    struct connection *connection = &load->connections[load->acknowledgement_turn % count];
    if (connection->state == READY) load->options->protocol->acknowledge(load, connection);
  }
}

nanos acknowledge_next(const struct load *load, nanos now) {
  return acknowledges(load) ? now - now % BEAT + BEAT : 0;
}
