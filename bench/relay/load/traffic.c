#include "traffic.h"

#include "connection.h"
#include "errors.h"
#include "protocol.h"
#include "under_way.h"

static bool sending(const struct load *load) {
  return load->phase == WARMING || load->phase == MEASURING;
}

/** One more frame is due, at the next member of the room whose connection is open. */
static void send_next(struct load *load, struct room *room, nanos instant) {
  if (room->open < 2) return;
  struct connection *sender;
  do {
    sender = &room->members[room->turn];
    room->turn = room->turn + 1 < room->member_count ? room->turn + 1 : 0;
  } while (sender->state != READY);
  due_add(&sender->due, instant);
  if (load->frames_under_way++ == 0) load->last_progress = clock_now();
  connection_dirty(load, sender);
}

static void completed(struct load *load, struct room *room, uint64_t frames) {
  load->frames_under_way -= frames;
  if (load->options->in_flight == 0 || !sending(load)) return;
  for (; frames > 0; frames--) send_next(load, room, 0);
}

void traffic_begin(struct load *load, nanos now) {
  load->last_progress = now;
  load->due_began = now;
  for (uint32_t i = 0; i < load->room_count; i++) {
    for (uint32_t frame = 0; frame < load->options->in_flight; frame++) send_next(load, &load->rooms[i], 0);
  }
}

nanos traffic_next_due(const struct load *load) {
  if (load->options->rate <= 0 || !sending(load)) return 0;
  const double per_second = load->options->rate * load->room_count;
  return load->due_began + (nanos)((double)load->due_count * (double)SECOND / per_second);
}

void traffic_due(struct load *load, nanos now) {
  for (nanos instant; (instant = traffic_next_due(load)) != 0 && instant <= now; load->due_count++) {
    send_next(load, &load->rooms[load->due_count % load->room_count], instant);
  }
}

static void make(struct load *load, struct connection *connection, struct buffer *out, nanos sent_at) {
  const struct protocol *protocol = load->options->protocol;
  const size_t size = load->pattern.size;
  const struct payload_head head = {
      .room = connection->room->number,
      .sender = connection->member,
      .sequence = under_way_add(&connection->under_way, connection->room->open - 1),
      .sent_at = sent_at,
  };
  buffer_reserve(out, out->length + size + protocol->overhead);
  uint8_t *to = out->bytes + out->length;
  uint8_t *payload = to + protocol->before(load, connection, to, size);
  payload_write(&load->pattern, &head, payload);
  out->length += (size_t)(payload - to) + size + protocol->after(load, connection, payload, size);
  if (load->phase == MEASURING) load->figures.messages_sent++;
  /* The others have gone since it was due. */
  if (connection->room->open < 2) completed(load, connection->room, 1);
}

void traffic_make(struct load *load, struct connection *connection, struct buffer *out, size_t limit) {
  if (connection->due.count == 0) return;
  const nanos now = clock_now();
  while (connection->due.count > 0 && out->length < limit) {
    const nanos instant = due_take(&connection->due);
    make(load, connection, out, instant > 0 ? instant : now);
  }
}

static void arrived(struct load *load, struct connection *sender, uint64_t sequence) {
  if (under_way_arrived(&sender->under_way, sequence)) completed(load, sender->room, 1);
}

/** All before `sequence` that has not come was overtaken. It no longer holds up what is to be sent next. */
static void overtaken(struct load *load, struct connection *connection, struct connection *sender,
                      uint64_t sequence) {
  uint64_t *expected = &connection->expected[sender->member];
  errors_note(load, connection, "message %llu of member %u came before message %llu", (unsigned long long)sequence,
              sender->member, (unsigned long long)*expected);
  for (; *expected < sequence; ++*expected) {
    overtaken_add(&connection->overtaken, sender->member, *expected);
    arrived(load, sender, *expected);
  }
}

/** A message whose sequence was passed already: late, or here for the second time. False: the latter. */
static bool came_late(struct load *load, struct connection *connection, const struct payload_head *head) {
  if (overtaken_take(&connection->overtaken, head->sender, head->sequence)) {
    load->errors.order++;
    return true;
  }
  load->errors.duplicate++;
  errors_note(load, connection, "message %llu of member %u came again", (unsigned long long)head->sequence,
              head->sender);
  return false;
}

struct connection *traffic_delivered(struct load *load, struct connection *connection, const uint8_t *payload,
                                     size_t length, nanos now) {
  struct payload_head head;
  const enum payload_verdict verdict = payload_read(&load->pattern, payload, length, &head);
  if (verdict == PAYLOAD_BAD_HEAD) {
    load->errors.content++;
    errors_note(load, connection, "got %zu bytes that nobody sent", length);
    return NULL;
  }
  struct room *room = connection->room;
  if (head.room != room->number || head.sender == connection->member || head.sender >= room->member_count ||
      connection->expected == NULL) {
    load->errors.foreign++;
    errors_note(load, connection, "got a message of room %u, member %u", head.room, head.sender);
    return NULL;
  }
  if (verdict == PAYLOAD_BAD_BODY) {
    load->errors.content++;
    errors_note(load, connection, "message %llu of member %u has other bytes than were sent",
                (unsigned long long)head.sequence, head.sender);
  }
  struct connection *sender = &room->members[head.sender];
  uint64_t *expected = &connection->expected[head.sender];
  load->last_progress = now;
  if (head.sequence >= *expected) {
    if (head.sequence > *expected) overtaken(load, connection, sender, head.sequence);
    ++*expected;
    arrived(load, sender, head.sequence);
  } else if (!came_late(load, connection, &head)) {
    return sender;
  }
  if (load->phase == MEASURING) {
    load->figures.deliveries++;
    histogram_add(&load->figures.latency, now - head.sent_at);
  }
  return sender;
}

void traffic_closed(struct load *load, struct connection *connection) {
  struct room *room = connection->room;
  room->open--;
  for (uint32_t i = 0; i < room->member_count; i++) {
    struct connection *sender = &room->members[i];
    if (sender == connection || sender->state != READY) continue;
    for (uint64_t sequence = connection->expected[i]; sequence < sender->under_way.next; sequence++) {
      arrived(load, sender, sequence);
    }
  }
  const uint64_t abandoned = under_way_abandon(&connection->under_way) + connection->due.count;
  connection->due.count = 0;
  completed(load, room, abandoned);
}

void traffic_settle(struct load *load, bool still_coming) {
  for (uint32_t i = 0; i < load->connection_count; i++) {
    const struct connection *receiver = &load->connections[i];
    const struct room *room = receiver->room;
    load->errors.lost += receiver->overtaken.count;
    if (receiver->state != READY) continue;
    for (uint32_t member = 0; member < room->member_count; member++) {
      const struct connection *sender = &room->members[member];
      if (sender == receiver || sender->state != READY) continue;
      const uint64_t missing = sender->under_way.next - receiver->expected[member];
      if (missing == 0) continue;
      *(still_coming ? &load->unfinished : &load->errors.lost) += missing;
      if (!still_coming) {
        errors_note(load, receiver, "message %llu of member %u never came",
                    (unsigned long long)receiver->expected[member], member);
      }
    }
  }
}
