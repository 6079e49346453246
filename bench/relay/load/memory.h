#ifndef MEMORY_H
#define MEMORY_H

#include <stddef.h>
#include <stdint.h>

/** Allocation that ends the process when there is none: a measurement without memory is none. */
void *memory_zeroed(size_t count, size_t size);
void *memory_resized(void *old, size_t count, size_t size);
void memory_free(void *memory);

/** Bytes that wait. `capacity` only grows. */
struct buffer {
  uint8_t *bytes;
  size_t length;
  size_t capacity;
};

/** Room for `capacity` bytes in all. */
void buffer_reserve(struct buffer *buffer, size_t capacity);
void buffer_append(struct buffer *buffer, const void *bytes, size_t length);
/** Makes `length` bytes the content. */
void buffer_set(struct buffer *buffer, const void *bytes, size_t length);

#endif
