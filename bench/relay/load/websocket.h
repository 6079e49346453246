#ifndef WEBSOCKET_H
#define WEBSOCKET_H

#include "load.h"

/** The client's side of RFC 6455, as far as a relay's peer needs it: no extensions, no fragments. */

enum { WEBSOCKET_TEXT = 1, WEBSOCKET_BINARY = 2, WEBSOCKET_CLOSE = 8, WEBSOCKET_PING = 9, WEBSOCKET_PONG = 10 };
/** Header of a client's frame, at most. */
enum { WEBSOCKET_HEADER_BYTES = 14 };

/** Sends the request for the upgrade and reads its answer; then the protocol's `opened`. */
void websocket_begin(struct load *load, struct connection *connection);

/** Writes the header of a masked frame, the key included. Returns its bytes. */
size_t websocket_header(uint8_t *out, unsigned opcode, size_t length, uint32_t mask);

/** XORs with the key; the first byte is the `phase`-th of its frame's payload. */
void websocket_mask(uint8_t *bytes, size_t length, uint32_t mask, size_t phase);

/** Puts a whole frame behind what goes out next. */
void websocket_send(struct load *load, struct connection *connection, unsigned opcode, const void *bytes,
                    size_t length);

#endif
