#include "report.h"

#include <inttypes.h>
#include <stdio.h>

static double seconds(nanos duration) {
  return (double)duration / (double)SECOND;
}

static double quantile_us(const struct figures *figures, double share) {
  return (double)histogram_quantile(&figures->latency, share) / (double)MICROSECOND;
}

void report_write(const struct load *load) {
  const struct figures *figures = &load->figures;
  const struct errors *errors = &load->errors;
  printf("{\"deliveries\":%" PRIu64 ",\"messages_sent\":%" PRIu64 ",\"seconds\":%.6f", figures->deliveries,
         figures->messages_sent, seconds(figures->ended - figures->began));
  if (figures->server_cpu < 0) printf(",\"server_cpu_s\":null");
  else printf(",\"server_cpu_s\":%.6f", seconds(figures->server_cpu));
  printf(",\"generator_cpu_s\":%.6f", seconds(figures->generator_cpu));
  printf(",\"p50_us\":%.3f,\"p99_us\":%.3f,\"p999_us\":%.3f,\"max_us\":%.3f", quantile_us(figures, 0.5),
         quantile_us(figures, 0.99), quantile_us(figures, 0.999), (double)figures->latency.max / MICROSECOND);
  printf(",\"unfinished\":%" PRIu64, load->unfinished);
  printf(",\"errors\":{\"lost\":%" PRIu64 ",\"order\":%" PRIu64 ",\"duplicate\":%" PRIu64 ",\"content\":%" PRIu64
         ",\"foreign\":%" PRIu64 ",\"closed\":%" PRIu64 "}",
         errors->lost, errors->order, errors->duplicate, errors->content, errors->foreign, errors->closed);
  if (errors->first[0] == '\0') printf(",\"first_error\":null}\n");
  else printf(",\"first_error\":\"%s\"}\n", errors->first);
}
