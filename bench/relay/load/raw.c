#include "connection.h"
#include "protocol.h"
#include "traffic.h"
#include "websocket.h"

/** `anteroom.raw.v1`, and every WebSocket server that hands each message to all others of a room. */

static void message(struct load *load, struct connection *connection, bool binary, const uint8_t *bytes,
                    size_t length, nanos now) {
  if (binary) traffic_delivered(load, connection, bytes, length, now);
  else connection_failed(load, connection, "got a text");
}

static size_t before(struct load *load, struct connection *connection, uint8_t *out, size_t length) {
  (void)load;
  return websocket_header(out, WEBSOCKET_BINARY, length, connection->mask);
}

static size_t after(struct load *load, struct connection *connection, uint8_t *payload, size_t length) {
  (void)load;
  websocket_mask(payload, length, connection->mask, 0);
  return 0;
}

const struct protocol protocol_raw = {
    .name = "raw",
    .websocket = true,
    .overhead = WEBSOCKET_HEADER_BYTES,
    .opened = connection_joined,
    .message = message,
    .before = before,
    .after = after,
};
