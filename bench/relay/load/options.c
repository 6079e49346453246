#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "payload.h"
#include "protocol.h"

const char OPTIONS_USAGE[] =
    "usage: load --host ADDRESS --port N [--tls] --protocol raw|v1|socketio|colyseus|nats|mqtt --members FILE\n"
    "            --size BYTES (--in-flight K | --rate R) --warm SECONDS --measure SECONDS [--server-pid PID]...\n"
    "            [--class msg|pose|video] [--idle SECONDS]\n"
    "FILE has a line for each connection: room number, request target, Sec-WebSocket-Protocol or -.\n"
    "K frames are under way in each room; or R messages a second are due in each.\n";

static bool number_in(const char *text, double least, double most, double *value) {
  char *end;
  errno = 0;
  *value = strtod(text, &end);
  return errno == 0 && end != text && *end == '\0' && isfinite(*value) && *value >= least && *value <= most;
}

static bool whole_in(const char *text, double least, double most, double *value) {
  return number_in(text, least, most, value) && *value == floor(*value);
}

static bool seconds_in(const char *text, nanos *value) {
  double seconds;
  if (!number_in(text, 0, 86400, &seconds)) return false;
  *value = (nanos)(seconds * (double)SECOND);
  return true;
}

static bool class_of(const char *name, enum frame_class *value) {
  if (strcmp(name, "msg") == 0) *value = CLASS_MSG;
  else if (strcmp(name, "pose") == 0) *value = CLASS_POSE;
  else if (strcmp(name, "video") == 0) *value = CLASS_VIDEO;
  else return false;
  return true;
}

enum argument { HOST, PORT, TLS, PROTOCOL, MEMBERS, SIZE, IN_FLIGHT, RATE, WARM, MEASURE, SERVER_PID, IDLE, CLASS };

static const struct option LONG_OPTIONS[] = {
    {"host", required_argument, NULL, HOST},
    {"port", required_argument, NULL, PORT},
    {"tls", no_argument, NULL, TLS},
    {"protocol", required_argument, NULL, PROTOCOL},
    {"members", required_argument, NULL, MEMBERS},
    {"size", required_argument, NULL, SIZE},
    {"in-flight", required_argument, NULL, IN_FLIGHT},
    {"rate", required_argument, NULL, RATE},
    {"warm", required_argument, NULL, WARM},
    {"measure", required_argument, NULL, MEASURE},
    {"server-pid", required_argument, NULL, SERVER_PID},
    {"idle", required_argument, NULL, IDLE},
    {"class", required_argument, NULL, CLASS},
    {NULL, 0, NULL, 0},
};

/** False: no such value. */
static bool take(struct options *options, int argument, const char *value) {
  double number = 0;
  switch (argument) {
    case HOST:
      options->host = value;
      return true;
    case PORT:
      if (!whole_in(value, 1, 65535, &number)) return false;
      options->port = (uint16_t)number;
      return true;
    case TLS:
      options->tls = true;
      return true;
    case PROTOCOL:
      options->protocol = protocol_named(value);
      return options->protocol != NULL;
    case MEMBERS:
      options->members_path = value;
      return true;
    case SIZE:
      if (!whole_in(value, PAYLOAD_HEAD_BYTES, 16 << 20, &number)) return false;
      options->size = (size_t)number;
      return true;
    case IN_FLIGHT:
      if (!whole_in(value, 1, 65536, &number)) return false;
      options->in_flight = (uint32_t)number;
      return true;
    case RATE:
      return number_in(value, 1e-3, 1e7, &options->rate);
    case WARM:
      return seconds_in(value, &options->warm);
    case MEASURE:
      return seconds_in(value, &options->measure) && options->measure > 0;
    case SERVER_PID:
      if (options->server_pid_count == SERVER_PIDS || !whole_in(value, 1, 1 << 22, &number)) return false;
      options->server_pids[options->server_pid_count++] = (pid_t)number;
      return true;
    case IDLE:
      return seconds_in(value, &options->idle);
    case CLASS:
      return class_of(value, &options->frame_class);
    default:
      return false;
  }
}

const char *options_read(struct options *options, int count, char **arguments) {
  memset(options, 0, sizeof *options);
  options->idle = -1;
  options->frame_class = CLASS_MSG;
  opterr = 0;
  for (int index = 0, argument; (argument = getopt_long(count, arguments, "", LONG_OPTIONS, &index)) != -1;) {
    if (argument == '?') return "an unknown argument, or one without its value";
    if (!take(options, argument, optarg)) return LONG_OPTIONS[index].name;
  }
  if (optind < count) return "an argument without a name";
  if (options->host == NULL || options->port == 0) return "host and port are needed";
  if (options->protocol == NULL || options->members_path == NULL) return "protocol and members are needed";
  if (options->idle >= 0) {
    if (options->size == 0) options->size = PAYLOAD_HEAD_BYTES;
    return NULL;
  }
  if (options->size == 0) return "size is needed";
  if (options->measure == 0) return "measure is needed";
  if ((options->in_flight > 0) == (options->rate > 0)) return "either in-flight or rate is needed";
  return NULL;
}
