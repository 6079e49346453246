#ifndef REPORT_H
#define REPORT_H

#include "load.h"

/**
 * Writes one line of JSON on stdout:
 *
 *   deliveries      messages that arrived, each counted at each receiver
 *   messages_sent
 *   seconds         how long was measured; all figures above and below are of this span, but for the last three
 *   server_cpu_s    CPU time of all threads of the processes named by --server-pid; null if one has ended
 *   generator_cpu_s CPU time of this process
 *   p50_us ...      from when a message was due (--rate) or written (--in-flight) until it was read at a receiver
 *   unfinished      deliveries that were still coming 10 s after the end
 *   errors          of the whole run, see struct errors
 *   first_error     a sentence, or null
 */
void report_write(const struct load *load);

#endif
