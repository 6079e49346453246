#define _GNU_SOURCE
#include "members.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "protocol.h"

struct line {
  uint32_t room;
  uint32_t place;
  char *target;
  char *offer;
};

struct lines {
  struct line *all;
  uint32_t count;
  uint32_t capacity;
};

static bool split(char *text, bool websocket, struct line *line) {
  char *end;
  text[strcspn(text, "\r\n")] = '\0';
  errno = 0;
  const unsigned long room = strtoul(text, &end, 10);
  if (errno != 0 || end == text || room > UINT32_MAX || (*end != ' ' && *end != '\0')) return false;
  line->room = (uint32_t)room;
  if (!websocket) return true;
  if (*end == '\0') return false;
  char *target = end + 1;
  char *space = strchr(target, ' ');
  if (*target != '/' || space == NULL || space[1] == '\0') return false;
  *space = '\0';
  line->target = strdup(target);
  line->offer = strcmp(space + 1, "-") == 0 ? NULL : strdup(space + 1);
  return line->target != NULL;
}

static const char *read_lines(FILE *file, bool websocket, struct lines *lines) {
  char *text = NULL;
  size_t size = 0;
  const char *wrong = NULL;
  while (wrong == NULL && getline(&text, &size, file) > 0) {
    if (lines->count == lines->capacity) {
      lines->capacity = lines->capacity > 0 ? lines->capacity * 2 : 256;
      lines->all = memory_resized(lines->all, lines->capacity, sizeof *lines->all);
    }
    struct line *line = &lines->all[lines->count];
    *line = (struct line){.place = lines->count++};
    if (!split(text, websocket, line)) wrong = "members: a line is not `<room number> </target> <protocol or ->`";
  }
  free(text);
  return wrong;
}

static int by_room(const void *a, const void *b) {
  const struct line *left = a, *right = b;
  if (left->room != right->room) return left->room < right->room ? -1 : 1;
  return left->place < right->place ? -1 : 1;
}

static uint32_t random_mask(void) {
  uint32_t mask = 0;
  while (mask == 0) {
    if (getrandom(&mask, sizeof mask, 0) != sizeof mask) mask = 0;
  }
  return mask;
}

static void make_rooms(struct load *load, const struct lines *lines) {
  load->connection_count = lines->count;
  load->connections = memory_zeroed(lines->count, sizeof *load->connections);
  load->rooms = memory_zeroed(lines->count, sizeof *load->rooms);
  struct room *room = NULL;
  for (uint32_t i = 0; i < lines->count; i++) {
    const struct line *line = &lines->all[i];
    if (room == NULL || room->number != line->room) {
      room = &load->rooms[load->room_count++];
      *room = (struct room){.number = line->room, .members = &load->connections[i]};
    }
    struct connection *connection = &load->connections[i];
    connection->room = room;
    connection->member = room->member_count++;
    connection->transport.fd = -1;
    connection->target = line->target;
    connection->offer = line->offer;
    connection->mask = random_mask();
  }
}

const char *members_read(struct load *load, const char *path) {
  FILE *file = fopen(path, "r");
  if (file == NULL) return "members: the file cannot be read";
  struct lines lines = {0};
  const char *wrong = read_lines(file, load->options->protocol->websocket, &lines);
  fclose(file);
  if (wrong == NULL && lines.count == 0) wrong = "members: the file is empty";
  if (wrong == NULL) {
    qsort(lines.all, lines.count, sizeof *lines.all, by_room);
    make_rooms(load, &lines);
  }
  memory_free(lines.all);
  if (wrong != NULL || load->options->idle >= 0) return wrong;
  for (uint32_t i = 0; i < load->connection_count; i++) {
    struct connection *connection = &load->connections[i];
    const uint32_t members = connection->room->member_count;
    if (members < 2) return "members: a room has one member only";
    connection->expected = memory_zeroed(members, sizeof *connection->expected);
  }
  return NULL;
}
