#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "clock.h"
#include "histogram.h"
#include "memory.h"
#include "options.h"
#include "payload.h"
#include "transport.h"
#include "under_way.h"

struct connection;
struct load;

/**
 * Reads from the front of `bytes` what is complete there.
 * Returns how many bytes that was; the rest comes again, with more behind it.
 */
typedef size_t reader(struct load *load, struct connection *connection, const uint8_t *bytes, size_t length,
                      nanos now);

struct room {
  uint32_t number;
  struct connection *members;
  uint32_t member_count;
  /** Members whose connection is open. */
  uint32_t open;
  /** The member that sends next. */
  uint32_t turn;
};

enum connection_state { WAITING, CONNECTING, SECURING, UPGRADING, JOINING, READY, CLOSED };

struct connection {
  struct room *room;
  /** Index in its room. */
  uint32_t member;
  enum connection_state state;
  struct transport transport;
  bool wants_to_write;
  /** Is in the list of connections that have something to write this turn. */
  bool dirty;
  reader *read;
  /** An incomplete frame at the end of what was read. */
  struct buffer rest;
  /** What the socket has not taken, and what goes out with the next write. */
  struct buffer outgoing;
  struct due due;
  struct under_way under_way;
  /** Of each sender of the room: the sequence that comes next. NULL: it stays idle. */
  uint64_t *expected;
  struct overtaken overtaken;
  const char *target;
  /** Sec-WebSocket-Protocol; NULL: none is offered. */
  const char *offer;
  /** The key that frames are masked with. Never 0, so that masking shows. */
  uint32_t mask;
  /** anteroom.v1: the slot of the `welcome`, messages received, and how many of them were acknowledged. */
  uint16_t slot;
  uint32_t received;
  uint32_t acknowledged;
  /** Socket.IO: the next binary message is the attachment of an event. */
  bool announced;
};

struct errors {
  /** Deliveries that never came, though nothing else came any more. */
  uint64_t lost;
  /** Deliveries that came after a later one of the same sender. */
  uint64_t order;
  uint64_t duplicate;
  /** Messages whose bytes are not those that were sent. */
  uint64_t content;
  /** Messages of another room, or a sender's own. */
  uint64_t foreign;
  /** Connections that the server closed. */
  uint64_t closed;
  /** What went wrong first; empty: nothing. */
  char first[200];
};

enum phase { OPENING, SETTLING, WARMING, MEASURING, DRAINING, IDLING, DONE, FAILED };

/** What is counted while measuring. */
struct figures {
  uint64_t deliveries;
  uint64_t messages_sent;
  struct histogram latency;
  nanos began;
  nanos ended;
  nanos server_cpu;
  nanos generator_cpu;
};

struct load {
  const struct options *options;
  struct payload_pattern pattern;
  struct room *rooms;
  uint32_t room_count;
  struct connection *connections;
  uint32_t connection_count;
  struct transport_context *transport;

  int epoll;
  int timer;
  /** What the timer is set to; 0: not set. */
  nanos timer_at;
  /** Shared by all connections: each read goes here, behind the rest of the one before. */
  struct buffer incoming;
  /** Shared by all connections: each write is put together here. */
  struct buffer writing;
  /** Connections that have something to write: a ring, each of them in it once at most. */
  struct connection **dirty;
  uint32_t dirty_first;
  uint32_t dirty_count;

  enum phase phase;
  /** When the phase ends by itself. */
  nanos phase_ends;
  /** The next connection to open, how many are under way, and how many are ready. */
  uint32_t next_to_open;
  uint32_t opening;
  uint32_t ready;

  /** Steady rate: frames due so far, over all rooms in turn, and when the first was. */
  uint64_t due_count;
  nanos due_began;
  /** The next connection to look at for acknowledgements. */
  uint64_t acknowledgement_turn;
  nanos acknowledgements_began;

  /** Frames that are due or sent, and that not all receivers have. */
  uint64_t frames_under_way;
  /** The last connection or delivery, or when a frame went under way while none was. */
  nanos last_progress;
  struct figures figures;
  struct errors errors;
  /** Deliveries that were still coming when waiting for them ended. */
  uint64_t unfinished;
};

#endif
