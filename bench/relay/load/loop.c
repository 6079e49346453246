#include "loop.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "acknowledge.h"
#include "connection.h"
#include "phases.h"
#include "traffic.h"

/** Sockets that are read before what came of it is written. */
enum { EVENTS = 256 };

/** Handshakes under way at once. */
enum { OPENING_AT_ONCE = 100 };

static void open_more(struct load *load) {
  while (load->phase == OPENING && load->opening < OPENING_AT_ONCE && load->next_to_open < load->connection_count) {
    connection_open(load, &load->connections[load->next_to_open++]);
  }
}

static void flush_all(struct load *load) {
  while (load->dirty_count > 0 && load->phase < DONE) {
    struct connection *connection = load->dirty[load->dirty_first];
    load->dirty_first = (load->dirty_first + 1) % load->connection_count;
    load->dirty_count--;
    connection->dirty = false;
    connection_flush(load, connection);
  }
}

static nanos earlier(nanos a, nanos b) {
  if (a == 0 || b == 0) return a + b;
  return a < b ? a : b;
}

/** A timer of its own: epoll_wait counts milliseconds, too coarse for what is due every few microseconds. */
static void set_timer(struct load *load, nanos instant) {
  if (instant == load->timer_at) return;
  load->timer_at = instant;
  const struct itimerspec setting = {.it_value = {.tv_sec = instant / SECOND, .tv_nsec = instant % SECOND}};
  timerfd_settime(load->timer, TFD_TIMER_ABSTIME, &setting, NULL);
}

static void wait_and_handle(struct load *load) {
  struct epoll_event events[EVENTS];
  const int count = epoll_wait(load->epoll, events, EVENTS, -1);
  for (int i = 0; i < count && load->phase < DONE; i++) {
    struct connection *connection = events[i].data.ptr;
    if (connection == NULL) load->timer_at = 0; /* it is set anew in any case, which also makes it unreadable */
    else connection_event(load, connection, events[i].events);
  }
}

static bool prepare(struct load *load) {
  load->epoll = epoll_create1(EPOLL_CLOEXEC);
  load->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};
  if (load->epoll < 0 || load->timer < 0) return false;
  load->dirty = memory_zeroed(load->connection_count, sizeof *load->dirty);
  return epoll_ctl(load->epoll, EPOLL_CTL_ADD, load->timer, &event) == 0;
}

void loop_run(struct load *load) {
  if (!prepare(load)) {
    load->phase = FAILED;
    return;
  }
  while (load->phase < DONE) {
    open_more(load);
    const nanos now = clock_now();
    phases_step(load, now);
    traffic_due(load, now);
    acknowledge_step(load, now);
    flush_all(load);
    if (load->phase >= DONE) break;
    nanos next = earlier(phases_next(load, now), traffic_next_due(load));
    set_timer(load, earlier(next, acknowledge_next(load, now)));
    wait_and_handle(load);
  }
}
