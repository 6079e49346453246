#ifndef PAYLOAD_H
#define PAYLOAD_H

#include <stdint.h>
#include <stddef.h>
#include "clock.h"

/**
 * A payload: 32 bytes of head, then a window of one fixed pseudo-random pattern. The last word of the head is a hash of
 * the words before it and also chooses the window, so that every bit depends on room, sender, sequence and time, and
 * checking it costs one comparison of memory.
 */
struct payload_head {
  uint32_t room;
  uint32_t sender;
  uint64_t sequence;
  /** When it was due (a steady rate) or made (in flight). */
  nanos sent_at;
};

enum { PAYLOAD_HEAD_BYTES = 32 };

struct payload_pattern {
  /** Bytes of a whole payload, at least PAYLOAD_HEAD_BYTES. */
  size_t size;
  uint8_t *bytes;
};

enum payload_verdict { PAYLOAD_GOOD, PAYLOAD_BAD_HEAD, PAYLOAD_BAD_BODY };

void payload_pattern_make(struct payload_pattern *pattern, size_t size);
/** Writes `pattern->size` bytes. */
void payload_write(const struct payload_pattern *pattern, const struct payload_head *head, uint8_t *to);
/** `head` is filled in unless the head itself is bad. */
enum payload_verdict payload_read(const struct payload_pattern *pattern, const uint8_t *from, size_t length,
                                  struct payload_head *head);

#endif
