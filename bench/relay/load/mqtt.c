#include <stdio.h>
#include <string.h>

#include "connection.h"
#include "protocol.h"
#include "traffic.h"

/** MQTT 5, QoS 0. A room is a topic; nobody gets what it published itself (`No Local`). */

enum { CONNECT = 0x10, CONNACK = 0x20, PUBLISH = 0x30, SUBSCRIBE = 0x82, SUBACK = 0x90, PINGRESP = 0xd0 };
enum { CLEAN_START = 2, NO_LOCAL = 4, FIRST_FAILURE = 0x80 };

/** MQTT 5 §1.5.5: seven bits a byte, the lowest first. Returns its bytes. */
static size_t write_length(uint8_t *out, size_t length) {
  size_t at = 0;
  do {
    out[at++] = (uint8_t)((length & 127) | (length > 127 ? 128 : 0));
    length >>= 7;
  } while (length > 0);
  return at;
}

/** Returns its bytes; 0: it is not complete; 5: it is none. */
static size_t read_length(const uint8_t *bytes, size_t available, size_t *length) {
  *length = 0;
  for (size_t at = 0; at < 4 && at < available; at++) {
    *length |= (size_t)(bytes[at] & 127) << (7 * at);
    if (bytes[at] < 128) return at + 1;
  }
  return available < 4 ? 0 : 5;
}

/** §1.5.4: two bytes of length, then UTF-8. Returns its bytes. */
static size_t write_topic(uint8_t *out, const struct room *room) {
  const int length = sprintf((char *)out + 2, "room/%u", room->number);
  out[0] = 0;
  out[1] = (uint8_t)length;
  return 2 + (size_t)length;
}

static void send_packet(struct load *load, struct connection *connection, uint8_t kind, const uint8_t *body,
                        size_t length) {
  uint8_t head[5] = {kind};
  connection_send(load, connection, head, 1 + write_length(head + 1, length));
  connection_send(load, connection, body, length);
}

/** No keep-alive, no properties, no name: the server gives one. */
static void opened(struct load *load, struct connection *connection) {
  static const uint8_t HELLO[] = {0, 4, 'M', 'Q', 'T', 'T', 5, CLEAN_START, 0, 0, 0, 0, 0};
  send_packet(load, connection, CONNECT, HELLO, sizeof HELLO);
}

static void subscribe(struct load *load, struct connection *connection) {
  uint8_t body[32] = {0, 1, 0}; /* packet identifier 1, no properties */
  size_t length = 3 + write_topic(body + 3, connection->room);
  body[length++] = NO_LOCAL;
  send_packet(load, connection, SUBSCRIBE, body, length);
}

/** Topic, properties, payload. */
static void published(struct load *load, struct connection *connection, const uint8_t *body, size_t length,
                      nanos now) {
  size_t at = length < 2 ? length : 2 + ((size_t)body[0] << 8 | body[1]), properties = 0;
  const size_t prefix = at < length ? read_length(body + at, length - at, &properties) : 0;
  at += prefix + properties;
  if (prefix == 0 || prefix > 4 || at > length) connection_failed(load, connection, "was sent a bad PUBLISH");
  else traffic_delivered(load, connection, body + at, length - at, now);
}

static void packet(struct load *load, struct connection *connection, uint8_t kind, const uint8_t *body,
                   size_t length, nanos now) {
  if (kind == PUBLISH) {
    published(load, connection, body, length, now);
  } else if (kind == CONNACK && length >= 2 && body[1] < FIRST_FAILURE) {
    subscribe(load, connection);
  } else if (kind == SUBACK && length >= 4 && body[length - 1] < FIRST_FAILURE && connection->state == JOINING) {
    connection_joined(load, connection);
  } else if (kind != PINGRESP) {
    connection_failed(load, connection, "was sent a packet of kind 0x%02x, code 0x%02x", kind,
                      length > 0 ? body[length > 1 && kind == CONNACK] : 0);
  }
}

static size_t read_one(struct load *load, struct connection *connection, const uint8_t *bytes, size_t length,
                       nanos now) {
  size_t body;
  const size_t prefix = 1 + read_length(bytes + 1, length - 1, &body);
  if (prefix == 1) return 0;
  if (prefix > 5 || body > load->incoming.capacity - prefix) {
    connection_failed(load, connection, "was sent a packet too long");
    return 0;
  }
  if (length < prefix + body) return 0;
  packet(load, connection, bytes[0], bytes + prefix, body, now);
  return prefix + body;
}

static size_t before(struct load *load, struct connection *connection, uint8_t *out, size_t length) {
  (void)load;
  uint8_t topic[32];
  const size_t topic_bytes = write_topic(topic, connection->room);
  out[0] = PUBLISH;
  size_t at = 1 + write_length(out + 1, topic_bytes + 1 + length);
  memcpy(out + at, topic, topic_bytes);
  at += topic_bytes;
  out[at++] = 0; /* no properties */
  return at;
}

static size_t after(struct load *load, struct connection *connection, uint8_t *payload, size_t length) {
  (void)load;
  (void)connection;
  (void)payload;
  (void)length;
  return 0;
}

const struct protocol protocol_mqtt = {
    .name = "mqtt",
    .overhead = 64,
    .opened = opened,
    .read = read_one,
    .before = before,
    .after = after,
};
