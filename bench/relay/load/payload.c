#include "payload.h"

#include <string.h>

#include "memory.h"

/** Where a window may begin: few enough that the pattern stays in the cache. */
enum { WINDOWS = 4096 };

static uint64_t mixed(uint64_t word) {
  word ^= word >> 32;
  word *= 0xd6e8feb86659fd93u;
  word ^= word >> 32;
  word *= 0xd6e8feb86659fd93u;
  return word ^ word >> 32;
}

static uint64_t seal(const uint64_t words[3]) {
  return mixed(words[0] ^ mixed(words[1] ^ mixed(words[2] ^ 0x9e3779b97f4a7c15u)));
}

static size_t body_bytes(const struct payload_pattern *pattern) {
  return pattern->size - PAYLOAD_HEAD_BYTES;
}

static const uint8_t *window(const struct payload_pattern *pattern, uint64_t sealed) {
  return pattern->bytes + sealed % WINDOWS;
}

void payload_pattern_make(struct payload_pattern *pattern, size_t size) {
  pattern->size = size;
  const size_t length = body_bytes(pattern) + WINDOWS;
  pattern->bytes = memory_zeroed(length, 1);
  for (size_t at = 0; at < length; at++) pattern->bytes[at] = (uint8_t)mixed(at + 1);
}

void payload_write(const struct payload_pattern *pattern, const struct payload_head *head, uint8_t *to) {
  uint64_t words[4] = {(uint64_t)head->room << 32 | head->sender, head->sequence, (uint64_t)head->sent_at, 0};
  words[3] = seal(words);
  memcpy(to, words, sizeof words);
  memcpy(to + sizeof words, window(pattern, words[3]), body_bytes(pattern));
}

enum payload_verdict payload_read(const struct payload_pattern *pattern, const uint8_t *from, size_t length,
                                  struct payload_head *head) {
  uint64_t words[4];
  if (length < sizeof words) return PAYLOAD_BAD_HEAD;
  memcpy(words, from, sizeof words);
  if (words[3] != seal(words)) return PAYLOAD_BAD_HEAD;
  head->room = (uint32_t)(words[0] >> 32);
  head->sender = (uint32_t)words[0];
  head->sequence = words[1];
  head->sent_at = (nanos)words[2];
  if (length != pattern->size) return PAYLOAD_BAD_BODY;
  const uint8_t *expected = window(pattern, words[3]);
  return memcmp(from + sizeof words, expected, body_bytes(pattern)) == 0 ? PAYLOAD_GOOD : PAYLOAD_BAD_BODY;
}
