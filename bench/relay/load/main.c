/**
 * Load for a relay of WebSocket rooms, or for one of its peers, on one core: connects the members of rooms, lets them
 * send to each other, checks every byte that comes, and says how much came, how soon, and what CPU the server took.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>

#include "loop.h"
#include "members.h"
#include "protocol.h"
#include "report.h"
#include "schedstat.h"

enum { READ_BYTES = 256 * 1024 };

static int refuse(const char *reason) {
  fprintf(stderr, "load: %s\n", reason);
  return 2;
}

static void allow_many_sockets(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int count, char **arguments) {
  static struct options options;
  static struct load load;
  const char *wrong = options_read(&options, count, arguments);
  if (wrong != NULL) {
    fprintf(stderr, "load: %s\n%s", wrong, OPTIONS_USAGE);
    return 2;
  }
  load.options = &options;
  wrong = members_read(&load, options.members_path);
  if (wrong != NULL) return refuse(wrong);
  if (schedstat_cpu(options.server_pids, options.server_pid_count) < 0) return refuse("server-pid: no such process");
  load.transport = transport_context_make(options.host, options.port, options.tls);
  if (load.transport == NULL) {
    return refuse(options.tls ? "host is no IPv4 address, or TLS is not built in" : "host is no IPv4 address");
  }
  payload_pattern_make(&load.pattern, options.size);
  buffer_reserve(&load.incoming, READ_BYTES + options.size + options.protocol->overhead);
  allow_many_sockets();
  signal(SIGPIPE, SIG_IGN);
  loop_run(&load);
  if (load.phase == FAILED) return refuse(load.errors.first[0] != '\0' ? load.errors.first : "no epoll or timer");
  report_write(&load);
  return 0;
}
