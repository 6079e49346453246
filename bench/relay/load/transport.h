#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/** What the connections share: the server's address and, with TLS, its settings. */
struct transport_context;

/** A TCP connection, with TLS on top or without. Nothing here waits. */
struct transport {
  int fd;
  /** SSL *; NULL: plain. */
  void *tls;
};

enum transport_step { TRANSPORT_DONE, TRANSPORT_WANTS_READ, TRANSPORT_WANTS_WRITE, TRANSPORT_FAILED };

/** NULL: no such address, or TLS is wanted and not built in (`-DWITH_TLS`). */
struct transport_context *transport_context_make(const char *host, uint16_t port, bool tls);
/** False: no socket, or refused at once. */
bool transport_connect(const struct transport_context *context, struct transport *transport);
/** After the TCP connection is there. The server's certificate is not looked at: it is on this machine. */
enum transport_step transport_secure(const struct transport_context *context, struct transport *transport);
/** Bytes read; 0: the peer has ended; -1: nothing now; -2: broken. */
ssize_t transport_read(struct transport *transport, void *into, size_t capacity);
/** Bytes taken, at least 1; -1: none now; -2: broken. */
ssize_t transport_write(struct transport *transport, const void *bytes, size_t length);
void transport_close(struct transport *transport);

#endif
