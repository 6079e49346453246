#include "under_way.h"

#include "memory.h"

void due_add(struct due *due, nanos instant) {
  if (due->count == due->capacity) {
    const uint32_t capacity = due->capacity > 0 ? due->capacity * 2 : 8;
    nanos *instants = memory_zeroed(capacity, sizeof *instants);
    for (uint32_t i = 0; i < due->count; i++) instants[i] = due->instants[(due->first + i) % due->capacity];
    memory_free(due->instants);
    *due = (struct due){.instants = instants, .capacity = capacity, .count = due->count};
  }
  due->instants[(due->first + due->count++) & (due->capacity - 1)] = instant;
}

nanos due_take(struct due *due) {
  const nanos instant = due->instants[due->first];
  due->first = (due->first + 1) & (due->capacity - 1);
  due->count--;
  return instant;
}

static uint32_t *receivers_of(struct under_way *frames, uint64_t sequence) {
  return &frames->receivers[sequence & (frames->capacity - 1)];
}

static void grow(struct under_way *frames) {
  struct under_way larger = *frames;
  larger.capacity = frames->capacity > 0 ? frames->capacity * 2 : 8;
  larger.receivers = memory_zeroed(larger.capacity, sizeof *larger.receivers);
  for (uint64_t i = frames->first; i < frames->next; i++) *receivers_of(&larger, i) = *receivers_of(frames, i);
  memory_free(frames->receivers);
  *frames = larger;
}

uint64_t under_way_add(struct under_way *frames, uint32_t receivers) {
  if (frames->next - frames->first == frames->capacity) grow(frames);
  *receivers_of(frames, frames->next) = receivers;
  return frames->next++;
}

bool under_way_arrived(struct under_way *frames, uint64_t sequence) {
  if (sequence < frames->first || sequence >= frames->next) return false;
  uint32_t *receivers = receivers_of(frames, sequence);
  if (*receivers == 0 || --*receivers > 0) return false;
  while (frames->first < frames->next && *receivers_of(frames, frames->first) == 0) frames->first++;
  return true;
}

uint64_t under_way_abandon(struct under_way *frames) {
  uint64_t count = 0;
  for (; frames->first < frames->next; frames->first++) {
    if (*receivers_of(frames, frames->first) > 0) count++;
  }
  return count;
}

void overtaken_add(struct overtaken *overtaken, uint32_t sender, uint64_t sequence) {
  if (overtaken->count == overtaken->capacity) {
    overtaken->capacity = overtaken->capacity > 0 ? overtaken->capacity * 2 : 16;
    overtaken->messages =
        memory_resized(overtaken->messages, overtaken->capacity, sizeof *overtaken->messages);
  }
  overtaken->messages[overtaken->count++] = (struct overtaken_message){.sequence = sequence, .sender = sender};
}

bool overtaken_take(struct overtaken *overtaken, uint32_t sender, uint64_t sequence) {
  struct overtaken_message *messages = overtaken->messages;
  for (size_t i = overtaken->count; i-- > 0;) {
    if (messages[i].sender != sender || messages[i].sequence != sequence) continue;
    messages[i] = messages[--overtaken->count];
    return true;
  }
  return false;
}
