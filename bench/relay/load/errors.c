#include "errors.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/** It goes into JSON, and a part of it may be the server's. */
static void made_printable(char *text) {
  for (; *text != '\0'; text++) {
    if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\') *text = '?';
  }
}

void errors_note(struct load *load, const struct connection *connection, const char *format, ...) {
  struct errors *errors = &load->errors;
  if (errors->first[0] != '\0') return;
  char text[140];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  snprintf(errors->first, sizeof errors->first, "room %u, member %u: %s", connection->room->number,
           connection->member, text);
  made_printable(errors->first);
}
