#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "errors.h"
#include "protocol.h"
#include "traffic.h"
#include "websocket.h"

/** `anteroom.v1`: docs/protocol.md. */

enum { HEADER_BYTES = 6, TO_ALL = 0xffff, TO_RELAY = 0xfffe, CLASS_CTRL = 0, DROPPABLE = 4, KEYFRAME = 2 };

/** [R14] Layer and stream are 0. */
static void header(uint8_t out[HEADER_BYTES], unsigned class, uint16_t source, uint16_t destination) {
  const unsigned flags = class == CLASS_POSE ? DROPPABLE : class == CLASS_VIDEO ? DROPPABLE | KEYFRAME : 0;
  const uint8_t bytes[HEADER_BYTES] = {
      (uint8_t)(1 << 6 | class << 3 | flags), 0,
      (uint8_t)(source >> 8),                 (uint8_t)source,
      (uint8_t)(destination >> 8),            (uint8_t)destination,
  };
  memcpy(out, bytes, sizeof bytes);
}

/** The relay says `welcome` by itself. */
static void opened(struct load *load, struct connection *connection) {
  (void)load;
  (void)connection;
}

/** [R21] The client's own slot stands before those of the others. */
static void welcome(struct load *load, struct connection *connection, const uint8_t *text, size_t length) {
  static const char SLOT[] = "\"slot\":";
  const char *found = memmem(text, length, SLOT, strlen(SLOT));
  const uint8_t *end = text + length;
  if (memmem(text, length, "\"welcome\"", 9) == NULL || found == NULL) {
    connection_failed(load, connection, "was told other than welcome: %.*s", (int)length, (const char *)text);
    return;
  }
  unsigned slot = 0;
  for (const uint8_t *digit = (const uint8_t *)found + strlen(SLOT); digit < end; digit++) {
    if (*digit < '0' || *digit > '9') break;
    slot = slot * 10 + (*digit - '0');
  }
  connection->slot = (uint16_t)slot;
  connection_joined(load, connection);
}

static void message(struct load *load, struct connection *connection, bool binary, const uint8_t *bytes,
                    size_t length, nanos now) {
  connection->received++;
  if (!binary) {
    if (connection->state == JOINING) welcome(load, connection, bytes, length);
    return;
  }
  uint8_t expected[HEADER_BYTES];
  if (length < sizeof expected) {
    connection_failed(load, connection, "got a frame of %zu bytes", length);
    return;
  }
  const struct connection *sender =
      traffic_delivered(load, connection, bytes + sizeof expected, length - sizeof expected, now);
  if (sender == NULL) return;
  header(expected, load->options->frame_class, sender->slot, TO_ALL);
  if (memcmp(bytes, expected, sizeof expected) == 0) return;
  load->errors.content++;
  errors_note(load, connection, "a frame of member %u has another header than it was sent with", sender->member);
}

/** [R19] */
static void acknowledge(struct load *load, struct connection *connection) {
  if (connection->received == connection->acknowledged) return;
  const uint32_t count = connection->acknowledged = connection->received;
  uint8_t frame[HEADER_BYTES + 4];
  header(frame, CLASS_CTRL, connection->slot, TO_RELAY);
  for (int i = 0; i < 4; i++) frame[HEADER_BYTES + i] = (uint8_t)(count >> (24 - 8 * i));
  websocket_send(load, connection, WEBSOCKET_BINARY, frame, sizeof frame);
}

static size_t before(struct load *load, struct connection *connection, uint8_t *out, size_t length) {
  const size_t at = websocket_header(out, WEBSOCKET_BINARY, HEADER_BYTES + length, connection->mask);
  header(out + at, load->options->frame_class, connection->slot, TO_ALL);
  websocket_mask(out + at, HEADER_BYTES, connection->mask, 0);
  return at + HEADER_BYTES;
}

static size_t after(struct load *load, struct connection *connection, uint8_t *payload, size_t length) {
  (void)load;
  websocket_mask(payload, length, connection->mask, HEADER_BYTES);
  return 0;
}

const struct protocol protocol_v1 = {
    .name = "v1",
    .websocket = true,
    .overhead = WEBSOCKET_HEADER_BYTES + HEADER_BYTES,
    .opened = opened,
    .message = message,
    .acknowledge = acknowledge,
    .before = before,
    .after = after,
};
