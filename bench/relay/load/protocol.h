#ifndef PROTOCOL_H
#define PROTOCOL_H

#include "load.h"

/** One way to speak to a relay: how a connection joins its room, and how a payload is put on the wire. */
struct protocol {
  const char *name;
  /** False: its own protocol on bare TCP. */
  bool websocket;
  /** Bytes on the wire around a payload, at most. */
  size_t overhead;
  /** The connection (and the WebSocket handshake) is there. Calls `connection_joined` at once or later. */
  void (*opened)(struct load *load, struct connection *connection);
  /** A WebSocket message. */
  void (*message)(struct load *load, struct connection *connection, bool binary, const uint8_t *bytes,
                  size_t length, nanos now);
  /** Tells the relay how much came, if it wants to know; called every 50 ms. */
  void (*acknowledge)(struct load *load, struct connection *connection);
  /** Bare TCP: reads what came. */
  reader *read;
  /** Writes what stands before a payload of `length` bytes; returns its bytes. */
  size_t (*before)(struct load *load, struct connection *connection, uint8_t *out, size_t length);
  /** Completes the message: masks the payload at `payload`, or adds what stands behind it. Returns the bytes added. */
  size_t (*after)(struct load *load, struct connection *connection, uint8_t *payload, size_t length);
};

extern const struct protocol protocol_raw, protocol_v1, protocol_socketio, protocol_colyseus, protocol_nats,
    protocol_mqtt;

/** NULL: there is none of this name. */
const struct protocol *protocol_named(const char *name);

#endif
