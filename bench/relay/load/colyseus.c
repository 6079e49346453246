#include <string.h>

#include "connection.h"
#include "protocol.h"
#include "traffic.h"
#include "websocket.h"

/** A room of Colyseus 0.16 to 0.18, the seat in it reserved already. A message is of type `m`, sent as bytes. */

enum { JOIN_ROOM = 10, ERROR = 11, LEAVE_ROOM = 12, ROOM_DATA_BYTES = 17 };

/** The type is a string of MessagePack. */
static const uint8_t PREFIX[] = {ROOM_DATA_BYTES, 0xa1, 'm'};

/** The server begins. */
static void opened(struct load *load, struct connection *connection) {
  (void)load;
  (void)connection;
}

static void message(struct load *load, struct connection *connection, bool binary, const uint8_t *bytes,
                    size_t length, nanos now) {
  const unsigned kind = binary && length > 0 ? bytes[0] : ERROR;
  if (length >= sizeof PREFIX && memcmp(bytes, PREFIX, sizeof PREFIX) == 0) {
    traffic_delivered(load, connection, bytes + sizeof PREFIX, length - sizeof PREFIX, now);
  } else if (kind == JOIN_ROOM && connection->state == JOINING) {
    websocket_send(load, connection, WEBSOCKET_BINARY, &(uint8_t){JOIN_ROOM}, 1);
    connection_joined(load, connection);
  } else if (kind == ERROR || kind == LEAVE_ROOM || kind == ROOM_DATA_BYTES) {
    connection_failed(load, connection, "was sent a message of kind %u", kind);
  }
  /* The rest is the room's state and the like: nothing that a relay has. */
}

static size_t before(struct load *load, struct connection *connection, uint8_t *out, size_t length) {
  (void)load;
  const size_t at = websocket_header(out, WEBSOCKET_BINARY, sizeof PREFIX + length, connection->mask);
  memcpy(out + at, PREFIX, sizeof PREFIX);
  websocket_mask(out + at, sizeof PREFIX, connection->mask, 0);
  return at + sizeof PREFIX;
}

static size_t after(struct load *load, struct connection *connection, uint8_t *payload, size_t length) {
  (void)load;
  websocket_mask(payload, length, connection->mask, sizeof PREFIX);
  return 0;
}

const struct protocol protocol_colyseus = {
    .name = "colyseus",
    .websocket = true,
    .overhead = WEBSOCKET_HEADER_BYTES + sizeof PREFIX,
    .opened = opened,
    .message = message,
    .before = before,
    .after = after,
};
