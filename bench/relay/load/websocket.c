#define _GNU_SOURCE
#include "websocket.h"

#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "connection.h"
#include "protocol.h"

/** RFC 6455 §1.3 has this key and the answer to it: one fixed pair shows as well that the server computes it. */
static const char KEY[] = "dGhlIHNhbXBsZSBub25jZQ==";
static const char ACCEPT[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

enum { RESPONSE_BYTES = 16 * 1024 };

size_t websocket_header(uint8_t *out, unsigned opcode, size_t length, uint32_t mask) {
  size_t at = 2;
  out[0] = (uint8_t)(0x80 | opcode);
  if (length < 126) {
    out[1] = (uint8_t)(0x80 | length);
  } else if (length < 65536) {
    out[1] = 0x80 | 126;
    memcpy(out + 2, &(uint16_t){htobe16((uint16_t)length)}, 2);
    at = 4;
  } else {
    out[1] = 0x80 | 127;
    memcpy(out + 2, &(uint64_t){htobe64(length)}, 8);
    at = 10;
  }
  memcpy(out + at, &mask, 4);
  return at + 4;
}

void websocket_mask(uint8_t *bytes, size_t length, uint32_t mask, size_t phase) {
  const unsigned turned = (unsigned)(phase % 4) * 8;
  if (turned > 0) mask = mask >> turned | mask << (32 - turned); /* little-endian: the first byte is the lowest */
  const uint64_t wide = (uint64_t)mask << 32 | mask;
  size_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t word;
    memcpy(&word, bytes + at, 8);
    word ^= wide;
    memcpy(bytes + at, &word, 8);
  }
  for (; at < length; at++) bytes[at] ^= (uint8_t)(wide >> (at % 8 * 8));
}

void websocket_send(struct load *load, struct connection *connection, unsigned opcode, const void *bytes,
                    size_t length) {
  uint8_t header[WEBSOCKET_HEADER_BYTES];
  const size_t header_bytes = websocket_header(header, opcode, length, connection->mask);
  buffer_append(&connection->outgoing, header, header_bytes);
  buffer_append(&connection->outgoing, bytes, length);
  uint8_t *payload = connection->outgoing.bytes + connection->outgoing.length - length;
  websocket_mask(payload, length, connection->mask, 0);
  connection_dirty(load, connection);
}

static void peer_closes(struct load *load, struct connection *connection, const uint8_t *bytes, size_t length) {
  const unsigned code = length >= 2 ? (unsigned)bytes[0] << 8 | bytes[1] : 1005;
  const size_t reason = length > 2 ? length - 2 : 0;
  connection_failed(load, connection, "closed with %u %.*s", code, (int)reason, (const char *)bytes + 2);
}

static size_t read_frames(struct load *load, struct connection *connection, const uint8_t *bytes, size_t length,
                          nanos now) {
  const struct protocol *protocol = load->options->protocol;
  size_t at = 0;
  while (length - at >= 2 && connection->state != CLOSED) {
    const uint8_t *frame = bytes + at;
    size_t header = 2, payload = frame[1];
    if (payload == 126) {
      header = 4;
      if (length - at < header) break;
      payload = (size_t)frame[2] << 8 | frame[3];
    } else if (payload == 127) {
      header = 10;
      if (length - at < header) break;
      uint64_t wide;
      memcpy(&wide, frame + 2, 8);
      payload = be64toh(wide);
    } else if (payload > 127) {
      connection_failed(load, connection, "sent a masked frame");
      break;
    }
    if (payload > load->incoming.capacity - header) {
      connection_failed(load, connection, "sent a frame of %zu bytes", payload);
      break;
    }
    if (length - at - header < payload) break;
    at += header + payload;
    switch (frame[0]) {
      case 0x80 | WEBSOCKET_BINARY:
        protocol->message(load, connection, true, frame + header, payload, now);
        break;
      case 0x80 | WEBSOCKET_TEXT:
        protocol->message(load, connection, false, frame + header, payload, now);
        break;
      case 0x80 | WEBSOCKET_PING:
        websocket_send(load, connection, WEBSOCKET_PONG, frame + header, payload);
        break;
      case 0x80 | WEBSOCKET_PONG:
        break;
      case 0x80 | WEBSOCKET_CLOSE:
        peer_closes(load, connection, frame + header, payload);
        break;
      default:
        connection_failed(load, connection, "sent a frame that begins with byte 0x%02x", frame[0]);
    }
  }
  return at;
}

/** The value of a header field; NULL: it is not there. `end` is set to where the value ends. */
static const char *field(const char *head, const char *name, const char **end) {
  const size_t length = strlen(name);
  for (const char *line = strstr(head, "\r\n"); line != NULL; line = strstr(line, "\r\n")) {
    line += 2;
    if (strncasecmp(line, name, length) != 0 || line[length] != ':') continue;
    const char *value = line + length + 1;
    value += strspn(value, " \t");
    *end = value + strcspn(value, "\r");
    return value;
  }
  return NULL;
}

static bool has_accepted(const char *head) {
  const char *end;
  const char *accept = field(head, "Sec-WebSocket-Accept", &end);
  return strncmp(head, "HTTP/1.1 101", 12) == 0 && accept != NULL &&
         (size_t)(end - accept) == strlen(ACCEPT) && memcmp(accept, ACCEPT, strlen(ACCEPT)) == 0;
}

static size_t read_response(struct load *load, struct connection *connection, const uint8_t *bytes, size_t length,
                            nanos now) {
  (void)now;
  const uint8_t *blank = memmem(bytes, length, "\r\n\r\n", 4);
  if (blank == NULL) {
    if (length > RESPONSE_BYTES) connection_failed(load, connection, "answered the upgrade with too much");
    return 0;
  }
  const size_t head_bytes = (size_t)(blank - bytes) + 4;
  char head[RESPONSE_BYTES + 1];
  if (head_bytes > RESPONSE_BYTES) {
    connection_failed(load, connection, "answered the upgrade with too much");
    return 0;
  }
  memcpy(head, bytes, head_bytes);
  head[head_bytes] = '\0';
  if (!has_accepted(head)) {
    connection_failed(load, connection, "refused the upgrade: %.*s", (int)strcspn(head, "\r"), head);
    return 0;
  }
  connection->state = JOINING;
  connection->read = read_frames;
  load->options->protocol->opened(load, connection);
  return head_bytes;
}

void websocket_begin(struct load *load, struct connection *connection) {
  char request[4096];
  const char *offer = connection->offer;
  const int length = snprintf(request, sizeof request,
                              "GET %s HTTP/1.1\r\nHost: %s:%u\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n%s%s%s\r\n",
                              connection->target, load->options->host, load->options->port, KEY,
                              offer == NULL ? "" : "Sec-WebSocket-Protocol: ", offer == NULL ? "" : offer,
                              offer == NULL ? "" : "\r\n");
  if (length < 0 || (size_t)length >= sizeof request) {
    connection_failed(load, connection, "has too long a request target");
    return;
  }
  connection->state = UPGRADING;
  connection->read = read_response;
  connection_send(load, connection, request, (size_t)length);
}
