#ifndef UNDER_WAY_H
#define UNDER_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "clock.h"

/** The books of one connection: what it is to send, what it has sent, and what it has not received. */

/** Frames that are due and not made yet: the instants, 0 where there is none. A ring; the capacity is a power of 2. */
struct due {
  nanos *instants;
  uint32_t capacity;
  uint32_t first;
  uint32_t count;
};

void due_add(struct due *due, nanos instant);
nanos due_take(struct due *due);

/** Of each frame sent: how many receivers have it still to come. A ring by sequence; the capacity is a power of 2. */
struct under_way {
  uint32_t *receivers;
  uint64_t capacity;
  /** The oldest that may still be under way, and the next to be sent. */
  uint64_t first;
  uint64_t next;
};

/** Returns the frame's sequence. */
uint64_t under_way_add(struct under_way *frames, uint32_t receivers);
/** One receiver more has it. True: that was the last. */
bool under_way_arrived(struct under_way *frames, uint64_t sequence);
/** Nothing of it will arrive any more. Returns how many frames were under way. */
uint64_t under_way_abandon(struct under_way *frames);

/** Messages that a later one of the same sender has overtaken: lost, unless they come late. */
struct overtaken {
  struct overtaken_message {
    uint64_t sequence;
    uint32_t sender;
  } *messages;
  size_t count;
  size_t capacity;
};

void overtaken_add(struct overtaken *overtaken, uint32_t sender, uint64_t sequence);
/** True: it was there, and is taken out. */
bool overtaken_take(struct overtaken *overtaken, uint32_t sender, uint64_t sequence);

#endif
