#ifndef MEMBERS_H
#define MEMBERS_H

#include "load.h"

/**
 * Reads the file of members, a line for each: room number, request target, Sec-WebSocket-Protocol or `-`. A protocol
 * on bare TCP needs the room number only. Makes `rooms` and `connections`, those of a room side by side.
 * Returns NULL, or what is wrong.
 */
const char *members_read(struct load *load, const char *path);

#endif
