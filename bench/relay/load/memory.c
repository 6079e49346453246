#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *required(void *memory) {
  if (memory != NULL) return memory;
  fprintf(stderr, "load: out of memory\n");
  exit(2);
}

void *memory_zeroed(size_t count, size_t size) {
  return required(calloc(count > 0 ? count : 1, size));
}

void *memory_resized(void *old, size_t count, size_t size) {
  return required(reallocarray(old, count, size));
}

void memory_free(void *memory) {
  free(memory);
}

void buffer_reserve(struct buffer *buffer, size_t capacity) {
  if (capacity <= buffer->capacity) return;
  size_t larger = buffer->capacity > 0 ? buffer->capacity : 256;
  while (larger < capacity) larger *= 2;
  buffer->bytes = memory_resized(buffer->bytes, larger, 1);
  buffer->capacity = larger;
}

void buffer_append(struct buffer *buffer, const void *bytes, size_t length) {
  if (length == 0) return;
  buffer_reserve(buffer, buffer->length + length);
  memcpy(buffer->bytes + buffer->length, bytes, length);
  buffer->length += length;
}

void buffer_set(struct buffer *buffer, const void *bytes, size_t length) {
  buffer->length = 0;
  buffer_append(buffer, bytes, length);
}
