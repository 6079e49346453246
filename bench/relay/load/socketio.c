#include <string.h>

#include "connection.h"
#include "protocol.h"
#include "traffic.h"
#include "websocket.h"

/** Socket.IO 4 (protocol 5) over the WebSocket transport of Engine.IO 4. A message is the event `m` with its bytes. */

/** 4 message, 5 binary event, 1 attachment: which follows as a binary message. */
static const char EVENT[] = "451-[\"m\",{\"_placeholder\":true,\"num\":0}]";
enum { EVENT_BYTES = sizeof EVENT - 1 };

/** The server begins. */
static void opened(struct load *load, struct connection *connection) {
  (void)load;
  (void)connection;
}

static void text(struct load *load, struct connection *connection, const char *packet, size_t length) {
  if (length == EVENT_BYTES && memcmp(packet, EVENT, length) == 0) {
    connection->announced = true;
  } else if (length > 0 && packet[0] == '0') { /* open */
    websocket_send(load, connection, WEBSOCKET_TEXT, "40", 2);
  } else if (length == 1 && packet[0] == '2') { /* ping */
    websocket_send(load, connection, WEBSOCKET_TEXT, "3", 1);
  } else if (length >= 2 && memcmp(packet, "40", 2) == 0 && connection->state == JOINING) { /* connected */
    connection_joined(load, connection);
  } else {
    connection_failed(load, connection, "was sent %.*s", (int)length, packet);
  }
}

static void message(struct load *load, struct connection *connection, bool binary, const uint8_t *bytes,
                    size_t length, nanos now) {
  if (!binary) {
    text(load, connection, (const char *)bytes, length);
  } else if (connection->announced) {
    connection->announced = false;
    traffic_delivered(load, connection, bytes, length, now);
  } else {
    connection_failed(load, connection, "got bytes without an event");
  }
}

static size_t before(struct load *load, struct connection *connection, uint8_t *out, size_t length) {
  (void)load;
  size_t at = websocket_header(out, WEBSOCKET_TEXT, EVENT_BYTES, connection->mask);
  memcpy(out + at, EVENT, EVENT_BYTES);
  websocket_mask(out + at, EVENT_BYTES, connection->mask, 0);
  at += EVENT_BYTES;
  return at + websocket_header(out + at, WEBSOCKET_BINARY, length, connection->mask);
}

static size_t after(struct load *load, struct connection *connection, uint8_t *payload, size_t length) {
  (void)load;
  websocket_mask(payload, length, connection->mask, 0);
  return 0;
}

const struct protocol protocol_socketio = {
    .name = "socketio",
    .websocket = true,
    .overhead = 2 * WEBSOCKET_HEADER_BYTES + EVENT_BYTES,
    .opened = opened,
    .message = message,
    .before = before,
    .after = after,
};
