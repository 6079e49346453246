#include "phases.h"

#include <stdio.h>

#include "errors.h"
#include "schedstat.h"
#include "traffic.h"

/** Between the last handshake and the first frame: the server has set up the last connection too. */
static const nanos SETTLE = 200 * MILLISECOND;
/** Nothing arrives anywhere for so long: it has stalled, or what is missing is lost. */
static const nanos STALL = 2 * SECOND;
/** No connection has come about for so long: none will. */
static const nanos CONNECT = 10 * SECOND;
/** What is under way at the end has so long to arrive. */
static const nanos DRAIN = 10 * SECOND;
/** How often a stall is looked for. */
static const nanos BEAT = 20 * MILLISECOND;

static void say(const char *word) {
  printf("%s\n", word);
  fflush(stdout);
}

static void enter(struct load *load, enum phase phase, nanos ends) {
  load->phase = phase;
  load->phase_ends = ends;
}

/** CPU time of the server. Where it cannot be told any more the figure becomes negative: report.c says null. */
static nanos server_cpu(const struct load *load) {
  return schedstat_cpu(load->options->server_pids, load->options->server_pid_count);
}

static void begin_measuring(struct load *load, nanos now) {
  enter(load, MEASURING, now + load->options->measure);
  load->figures.began = now;
  load->figures.server_cpu = server_cpu(load);
  load->figures.generator_cpu = clock_own_cpu();
}

static void end_measuring(struct load *load, nanos now) {
  struct figures *figures = &load->figures;
  const nanos server = server_cpu(load);
  figures->ended = now;
  figures->server_cpu = server < 0 || figures->server_cpu < 0 ? -1 : server - figures->server_cpu;
  figures->generator_cpu = clock_own_cpu() - figures->generator_cpu;
}

static void finish(struct load *load, bool still_coming) {
  traffic_settle(load, still_coming);
  enter(load, DONE, 0);
}

/** In flight, a frame is always under way; at a steady rate there may be none for long. */
static bool stalled(const struct load *load, nanos now) {
  const bool expected = load->options->in_flight > 0 || load->frames_under_way > 0;
  return expected && now - load->last_progress > STALL;
}

static void all_are_there(struct load *load, nanos now) {
  if (load->options->idle >= 0) {
    enter(load, IDLING, now + load->options->idle);
    say("idle");
  } else {
    enter(load, SETTLING, now + SETTLE);
    say("connected");
  }
}

static void open(struct load *load, nanos now) {
  if (load->ready == load->connection_count) {
    all_are_there(load, now);
  } else if (load->last_progress == 0) {
    load->last_progress = now;
  } else if (now - load->last_progress > CONNECT) {
    const struct connection *first = load->connections;
    while (first->state == READY) first++;
    errors_note(load, first, "has waited for %d s to get in", (int)(CONNECT / SECOND));
    enter(load, FAILED, 0);
  }
}

static void drain(struct load *load, nanos now) {
  if (load->frames_under_way == 0) finish(load, false);
  else if (now - load->last_progress > STALL) finish(load, false);
  else if (now >= load->phase_ends) finish(load, true);
}

void phases_step(struct load *load, nanos now) {
  const bool over = now >= load->phase_ends;
  switch (load->phase) {
    case OPENING:
      open(load, now);
      break;
    case SETTLING:
      if (!over) break;
      enter(load, WARMING, now + load->options->warm);
      traffic_begin(load, now);
      break;
    case WARMING:
      if (stalled(load, now)) finish(load, false);
      else if (over) begin_measuring(load, now);
      break;
    case MEASURING:
      if (!over && !stalled(load, now)) break;
      end_measuring(load, now);
      enter(load, DRAINING, now + DRAIN);
      drain(load, now);
      break;
    case DRAINING:
      drain(load, now);
      break;
    case IDLING:
      if (over) enter(load, DONE, 0);
      break;
    case DONE:
    case FAILED:
      break;
  }
}

nanos phases_next(const struct load *load, nanos now) {
  const nanos beat = now - now % BEAT + BEAT;
  return load->phase_ends > now && load->phase_ends < beat ? load->phase_ends : beat;
}
