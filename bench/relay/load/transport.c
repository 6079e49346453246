#include "transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

#ifdef WITH_TLS
#include <openssl/err.h>
#include <openssl/ssl.h>
#endif

struct transport_context {
  struct sockaddr_in address;
#ifdef WITH_TLS
  SSL_CTX *tls;
#endif
};

static bool tls_context(struct transport_context *context) {
#ifdef WITH_TLS
  context->tls = SSL_CTX_new(TLS_client_method());
  if (context->tls == NULL) return false;
  SSL_CTX_set_verify(context->tls, SSL_VERIFY_NONE, NULL);
  SSL_CTX_set_mode(context->tls, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                     SSL_MODE_RELEASE_BUFFERS);
  /* As much of the socket in one read as there is, not a record's head and then its body. */
  SSL_CTX_set_read_ahead(context->tls, 1);
  SSL_CTX_set_default_read_buffer_len(context->tls, 64 * 1024);
  return true;
#else
  (void)context;
  return false;
#endif
}

struct transport_context *transport_context_make(const char *host, uint16_t port, bool tls) {
  struct transport_context *context = memory_zeroed(1, sizeof *context);
  context->address.sin_family = AF_INET;
  context->address.sin_port = htons(port);
  if (inet_pton(AF_INET, host, &context->address.sin_addr) != 1) return NULL;
  return !tls || tls_context(context) ? context : NULL;
}

bool transport_connect(const struct transport_context *context, struct transport *transport) {
  transport->tls = NULL;
  transport->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (transport->fd < 0) return false;
  setsockopt(transport->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
  const struct sockaddr *address = (const struct sockaddr *)&context->address;
  return connect(transport->fd, address, sizeof context->address) == 0 || errno == EINPROGRESS;
}

static bool would_wait(void) {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

#ifdef WITH_TLS
static ssize_t tls_result(struct transport *transport, int result) {
  if (result > 0) return result;
  switch (SSL_get_error(transport->tls, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      /* What is left in the queue would be taken for a fault of the next connection. */
      ERR_clear_error();
      return -2;
  }
}

static int bounded(size_t length) {
  return length > 1 << 30 ? 1 << 30 : (int)length;
}

/** SSL_read gives a record at most, 16 KB. */
static ssize_t read_records(struct transport *transport, uint8_t *into, size_t capacity) {
  size_t count = 0;
  while (count < capacity) {
    const ssize_t more =
        tls_result(transport, SSL_read(transport->tls, into + count, bounded(capacity - count)));
    if (more <= 0) return count > 0 ? (ssize_t)count : more;
    count += (size_t)more;
  }
  return (ssize_t)count;
}
#endif

enum transport_step transport_secure(const struct transport_context *context, struct transport *transport) {
#ifdef WITH_TLS
  if (transport->tls == NULL) {
    if (context->tls == NULL) return TRANSPORT_DONE;
    transport->tls = SSL_new(context->tls);
    if (transport->tls == NULL || SSL_set_fd(transport->tls, transport->fd) != 1) return TRANSPORT_FAILED;
  }
  const int result = SSL_connect(transport->tls);
  if (result == 1) return TRANSPORT_DONE;
  switch (SSL_get_error(transport->tls, result)) {
    case SSL_ERROR_WANT_READ:
      return TRANSPORT_WANTS_READ;
    case SSL_ERROR_WANT_WRITE:
      return TRANSPORT_WANTS_WRITE;
    default:
      ERR_clear_error();
      return TRANSPORT_FAILED;
  }
#else
  (void)context;
  (void)transport;
  return TRANSPORT_DONE;
#endif
}

ssize_t transport_read(struct transport *transport, void *into, size_t capacity) {
#ifdef WITH_TLS
  if (transport->tls != NULL) return read_records(transport, into, capacity);
#endif
  const ssize_t count = read(transport->fd, into, capacity);
  if (count >= 0) return count;
  return would_wait() ? -1 : -2;
}

ssize_t transport_write(struct transport *transport, const void *bytes, size_t length) {
#ifdef WITH_TLS
  if (transport->tls != NULL) {
    const ssize_t taken = tls_result(transport, SSL_write(transport->tls, bytes, bounded(length)));
    return taken == 0 ? -2 : taken;
  }
#endif
  const ssize_t count = send(transport->fd, bytes, length, MSG_NOSIGNAL);
  if (count >= 0) return count;
  return would_wait() ? -1 : -2;
}

void transport_close(struct transport *transport) {
#ifdef WITH_TLS
  if (transport->tls != NULL) SSL_free(transport->tls);
#endif
  if (transport->fd >= 0) close(transport->fd);
  transport->tls = NULL;
  transport->fd = -1;
}
