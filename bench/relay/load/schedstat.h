#ifndef SCHEDSTAT_H
#define SCHEDSTAT_H

#include <stddef.h>
#include <sys/types.h>
#include "clock.h"

/**
 * CPU time so far of all threads of all these processes, from /proc/<pid>/task/<tid>/schedstat, which counts
 * nanoseconds where /proc/<pid>/stat counts ticks of 10 ms. -1 if one cannot be read.
 */
nanos schedstat_cpu(const pid_t *pids, size_t count);

#endif
