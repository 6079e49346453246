#include <stdio.h>
#include <string.h>

#include "connection.h"
#include "protocol.h"
#include "traffic.h"

/** The client protocol of NATS. A room is a subject; nobody gets what it published itself (`echo`). */

/** A line of the protocol, at most; INFO is the longest. */
enum { LINE_BYTES = 16 * 1024 };

static void opened(struct load *load, struct connection *connection) {
  char text[256];
  const int length = snprintf(text, sizeof text,
                              "CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false,\"lang\":\"c\","
                              "\"version\":\"1\",\"protocol\":1}\r\nSUB room.%u 1\r\nPING\r\n",
                              connection->room->number);
  connection_send(load, connection, text, (size_t)length);
}

static bool begins(const uint8_t *line, size_t length, const char *word) {
  const size_t word_length = strlen(word);
  return length >= word_length && memcmp(line, word, word_length) == 0;
}

/** The number at the end of `MSG <subject> <sid> <bytes>`. */
static size_t last_number(const uint8_t *line, size_t length) {
  size_t number = 0;
  for (size_t unit = 1; length > 0 && unit < 1000000000; length--, unit *= 10) {
    const uint8_t digit = line[length - 1];
    if (digit < '0' || digit > '9') break;
    number += (size_t)(digit - '0') * unit;
  }
  return number;
}

static void control(struct load *load, struct connection *connection, const uint8_t *line, size_t length) {
  if (begins(line, length, "PING")) {
    connection_send(load, connection, "PONG\r\n", 6);
  } else if (begins(line, length, "PONG")) {
    if (connection->state == JOINING) connection_joined(load, connection);
  } else if (!begins(line, length, "INFO ") && !begins(line, length, "+OK")) {
    connection_failed(load, connection, "was sent %.*s", (int)length, (const char *)line);
  }
}

static size_t read_one(struct load *load, struct connection *connection, const uint8_t *bytes, size_t length,
                       nanos now) {
  const uint8_t *feed = memchr(bytes, '\n', length < LINE_BYTES ? length : LINE_BYTES);
  if (feed == NULL || feed == bytes) {
    if (length >= LINE_BYTES || feed != NULL) connection_failed(load, connection, "was sent no line of NATS");
    return 0;
  }
  const size_t line = (size_t)(feed - bytes) - 1;
  if (!begins(bytes, line, "MSG ")) {
    control(load, connection, bytes, line);
    return line + 2;
  }
  const size_t payload = last_number(bytes, line);
  if (payload > load->incoming.capacity - line - 4) {
    connection_failed(load, connection, "was sent a message of %zu bytes", payload);
    return 0;
  }
  if (length < line + 2 + payload + 2) return 0;
  traffic_delivered(load, connection, bytes + line + 2, payload, now);
  return line + 2 + payload + 2;
}

static size_t before(struct load *load, struct connection *connection, uint8_t *out, size_t length) {
  (void)load;
  return (size_t)sprintf((char *)out, "PUB room.%u %zu\r\n", connection->room->number, length);
}

static size_t after(struct load *load, struct connection *connection, uint8_t *payload, size_t length) {
  (void)load;
  (void)connection;
  memcpy(payload + length, "\r\n", 2);
  return 2;
}

const struct protocol protocol_nats = {
    .name = "nats",
    .overhead = 64,
    .opened = opened,
    .read = read_one,
    .before = before,
    .after = after,
};
