#include "connection.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "errors.h"
#include "protocol.h"
#include "traffic.h"
#include "websocket.h"

/** Frames are put together up to so many bytes before they are written. */
enum { WRITE_BYTES = 256 * 1024 };

static void watch(struct load *load, struct connection *connection, int operation, bool writing) {
  struct epoll_event event = {.events = EPOLLIN | (writing ? (uint32_t)EPOLLOUT : 0), .data = {.ptr = connection}};
  connection->wants_to_write = writing;
  if (epoll_ctl(load->epoll, operation, connection->transport.fd, &event) != 0) {
    connection_failed(load, connection, "cannot be watched: %s", strerror(errno));
  }
}

static void wants_to_write(struct load *load, struct connection *connection, bool wants) {
  if (connection->wants_to_write != wants) watch(load, connection, EPOLL_CTL_MOD, wants);
}

void connection_open(struct load *load, struct connection *connection) {
  connection->state = CONNECTING;
  load->opening++;
  if (!transport_connect(load->transport, &connection->transport)) {
    connection_failed(load, connection, "cannot connect: %s", strerror(errno));
    return;
  }
  watch(load, connection, EPOLL_CTL_ADD, true);
}

static void secure(struct load *load, struct connection *connection) {
  const enum transport_step step = transport_secure(load->transport, &connection->transport);
  if (step == TRANSPORT_FAILED) {
    connection_failed(load, connection, "failed in the TLS handshake");
    return;
  }
  wants_to_write(load, connection, step == TRANSPORT_WANTS_WRITE);
  if (step != TRANSPORT_DONE) return;
  if (load->options->protocol->websocket) {
    websocket_begin(load, connection);
  } else {
    connection->state = JOINING;
    connection->read = load->options->protocol->read;
    load->options->protocol->opened(load, connection);
  }
}

static void connected(struct load *load, struct connection *connection) {
  int error = 0;
  socklen_t length = sizeof error;
  if (getsockopt(connection->transport.fd, SOL_SOCKET, SO_ERROR, &error, &length) != 0) error = errno;
  if (error != 0) {
    connection_failed(load, connection, "cannot connect: %s", strerror(error));
    return;
  }
  connection->state = SECURING;
  secure(load, connection);
}

void connection_joined(struct load *load, struct connection *connection) {
  connection->state = READY;
  connection->room->open++;
  load->opening--;
  load->ready++;
  load->last_progress = clock_now();
}

/** Hands on what can be read at once; false: there is no more. */
static bool read_once(struct load *load, struct connection *connection) {
  uint8_t *bytes = load->incoming.bytes;
  size_t length = connection->rest.length;
  if (length > 0) memcpy(bytes, connection->rest.bytes, length);
  const ssize_t count = transport_read(&connection->transport, bytes + length, load->incoming.capacity - length);
  if (count == -1) return false;
  if (count <= 0) {
    connection_failed(load, connection, count == 0 ? "ended without a word" : "broke");
    return false;
  }
  const nanos now = clock_now();
  length += (size_t)count;
  size_t at = 0;
  while (at < length && connection->state != CLOSED) {
    const size_t used = connection->read(load, connection, bytes + at, length - at, now);
    if (used == 0) break;
    at += used;
  }
  if (connection->state == CLOSED) return false;
  buffer_set(&connection->rest, bytes + at, length - at);
  return true;
}

void connection_event(struct load *load, struct connection *connection, uint32_t events) {
  switch (connection->state) {
    case WAITING:
    case CLOSED:
      return;
    case CONNECTING:
      connected(load, connection);
      return;
    case SECURING:
      secure(load, connection);
      return;
    default:
      break;
  }
  if (events & EPOLLOUT) {
    wants_to_write(load, connection, false);
    connection_dirty(load, connection);
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) == 0) return;
  /* What TLS has read ahead wakes nobody: it must be read until there is no more. */
  while (read_once(load, connection) && connection->transport.tls != NULL) continue;
}

void connection_dirty(struct load *load, struct connection *connection) {
  if (connection->dirty) return;
  connection->dirty = true;
  const uint32_t last = load->dirty_first + load->dirty_count++;
  load->dirty[last % load->connection_count] = connection;
}

void connection_send(struct load *load, struct connection *connection, const void *bytes, size_t length) {
  buffer_append(&connection->outgoing, bytes, length);
  connection_dirty(load, connection);
}

/** Writes as much as the socket takes and keeps the rest; false: it has not taken all. */
static bool write_all(struct load *load, struct connection *connection, const uint8_t *bytes, size_t length) {
  while (length > 0) {
    const ssize_t taken = transport_write(&connection->transport, bytes, length);
    if (taken == -2) {
      connection_failed(load, connection, "broke");
      return false;
    }
    if (taken == -1) {
      buffer_set(&connection->outgoing, bytes, length);
      wants_to_write(load, connection, true);
      return false;
    }
    bytes += taken;
    length -= (size_t)taken;
  }
  return true;
}

void connection_flush(struct load *load, struct connection *connection) {
  if (connection->state < UPGRADING || connection->state == CLOSED || connection->wants_to_write) return;
  struct buffer *writing = &load->writing;
  do {
    buffer_set(writing, connection->outgoing.bytes, connection->outgoing.length);
    connection->outgoing.length = 0;
    traffic_make(load, connection, writing, WRITE_BYTES);
    if (!write_all(load, connection, writing->bytes, writing->length)) return;
  } while (connection->due.count > 0);
}

void connection_failed(struct load *load, struct connection *connection, const char *format, ...) {
  if (connection->state == CLOSED) return;
  char text[120];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const bool joined = connection->state == READY;
  connection->state = CLOSED;
  transport_close(&connection->transport);
  load->errors.closed++;
  errors_note(load, connection, "%s", text);
  if (load->phase == OPENING || !joined) load->phase = FAILED;
  else traffic_closed(load, connection);
}
