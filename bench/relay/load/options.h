#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "clock.h"

enum { SERVER_PIDS = 16 };

enum frame_class { CLASS_MSG = 1, CLASS_POSE = 2, CLASS_VIDEO = 3 };

struct protocol;

struct options {
  const char *host;
  uint16_t port;
  bool tls;
  const struct protocol *protocol;
  const char *members_path;
  /** Bytes of a message's payload. */
  size_t size;
  /** Frames under way per room; 0 if a rate is given. */
  uint32_t in_flight;
  /** Messages a second per room; 0 if frames under way are given. */
  double rate;
  nanos warm;
  nanos measure;
  /** Only to connect and to stay for so long; -1: a load is made. */
  nanos idle;
  enum frame_class frame_class;
  pid_t server_pids[SERVER_PIDS];
  size_t server_pid_count;
};

extern const char OPTIONS_USAGE[];

/** NULL, or what is wrong with the arguments. */
const char *options_read(struct options *options, int count, char **arguments);

#endif
