// The HTTP/1.1 peer behind every proxy under test: one thread, epoll, keep-alive.
//
//   upstream PORT
//
//   GET  …/big…   200 with 1 MiB
//   GET  /count   200 with the number of other requests it has answered since it began
//   GET  other    200 with 1 KiB
//   POST, PUT     reads and drops the body, then 200 with 2 bytes
//
// It trusts its clients' syntax; a head above 16 KiB, a chunked request or a bad length closes the connection.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { HEAD_LIMIT = 16 << 10, SMALL = 1 << 10, BIG = 1 << 20, EVENTS = 256 };

struct reply {
  char *bytes;
  size_t length;
};

struct connection {
  int fd;
  bool wants_write;
  size_t buffered;                // bytes in `input`
  unsigned long long body_left;   // of the request being dropped
  const struct reply *answer;     // decided at the head, sent after the body
  const char *output;
  size_t output_left;
  char input[HEAD_LIMIT];
};

static struct reply small, big, taken, count;
static unsigned long long answered;
static char sink[256 << 10];

static struct reply make_reply(size_t body) {
  char head[512];
  int length = snprintf(head, sizeof head,
                        "HTTP/1.1 200 OK\r\nServer: upstream/1.0\r\nDate: Sun, 22 Nov 2026 22:52:02 GMT\r\n"
                        "Content-Type: text/plain\r\nContent-Length: %zu\r\n"
                        "Last-Modified: Sun, 22 Nov 2026 20:00:00 GMT\r\nETag: \"674107a2-400\"\r\n"
                        "Accept-Ranges: bytes\r\n\r\n",
                        body);
  struct reply reply = {malloc((size_t)length + body), (size_t)length + body};
  if (!reply.bytes) exit(1);
  memcpy(reply.bytes, head, (size_t)length);
  memset(reply.bytes + length, 'x', body);
  return reply;
}

static void tell_count(void) {
  static char bytes[128];
  char number[24];
  int digits = snprintf(number, sizeof number, "%llu", answered);
  int length = snprintf(bytes, sizeof bytes, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", digits, number);
  count = (struct reply){bytes, (size_t)length};
}

static void watch(int poll, struct connection *c, int operation) {
  struct epoll_event event = {.events = c->wants_write ? EPOLLOUT : EPOLLIN, .data.ptr = c};
  epoll_ctl(poll, operation, c->fd, &event);
}

/// Whether the head was understood; sets `answer` and `body_left`.
static bool read_head(struct connection *c, const char *head, size_t length) {
  c->body_left = 0;
  if (length > 11 && memcmp(head, "GET /count ", 11) == 0) {
    tell_count();
    c->answer = &count;
    return true;
  }
  answered++;
  if (memcmp(head, "GET ", 4) == 0) {
    const char *line_end = memchr(head, '\r', length);
    c->answer = memmem(head, (size_t)(line_end - head), "/big", 4) ? &big : &small;
    return true;
  }
  c->answer = &taken;
  for (const char *line = head; (line = memchr(line, '\n', length - (size_t)(line - head)));) {
    line++;
    if (strncasecmp(line, "content-length:", 15) == 0) {
      c->body_left = strtoull(line + 15, NULL, 10);
      return true;
    }
  }
  return false;
}

/// Writes what is pending. 1: all written, 0: the socket is full, -1: gone.
static int flush(struct connection *c) {
  while (c->output_left) {
    ssize_t n = write(c->fd, c->output, c->output_left);
    if (n < 0) return errno == EAGAIN ? 0 : -1;
    c->output += n;
    c->output_left -= (size_t)n;
  }
  return 1;
}

/// Answers every whole request in the buffer. Same results as `flush`.
static int serve(struct connection *c) {
  for (;;) {
    int written = flush(c);
    if (written != 1) return written;
    if (!c->answer) {
      char *end = memmem(c->input, c->buffered, "\r\n\r\n", 4);
      if (!end) return c->buffered == sizeof c->input ? -1 : 1;
      size_t head = (size_t)(end - c->input) + 4;
      if (!read_head(c, c->input, head)) return -1;
      c->buffered -= head;
      memmove(c->input, c->input + head, c->buffered);
    }
    size_t dropped = c->body_left < c->buffered ? (size_t)c->body_left : c->buffered;
    c->body_left -= dropped;
    c->buffered -= dropped;
    memmove(c->input, c->input + dropped, c->buffered);
    if (c->body_left) return 1;
    c->output = c->answer->bytes;
    c->output_left = c->answer->length;
    c->answer = NULL;
  }
}

/// Reads once. Same results as `flush`.
static int receive(struct connection *c) {
  if (c->body_left) {
    size_t most = c->body_left < sizeof sink ? (size_t)c->body_left : sizeof sink;
    ssize_t n = read(c->fd, sink, most);
    if (n <= 0) return n < 0 && errno == EAGAIN ? 1 : -1;
    c->body_left -= (unsigned long long)n;
  } else {
    ssize_t n = read(c->fd, c->input + c->buffered, sizeof c->input - c->buffered);
    if (n <= 0) return n < 0 && errno == EAGAIN ? 1 : -1;
    c->buffered += (size_t)n;
  }
  return serve(c);
}

static void accept_all(int poll, int listener) {
  int fd, one = 1;
  while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
    struct connection *c = malloc(sizeof *c);
    if (!c) {
      close(fd);
      return;
    }
    memset(c, 0, offsetof(struct connection, input));
    c->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    watch(poll, c, EPOLL_CTL_ADD);
  }
}

int main(int words, char **arguments) {
  if (words != 2) {
    fprintf(stderr, "usage: upstream PORT\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  small = make_reply(SMALL);
  big = make_reply(BIG);
  taken = make_reply(2);
  int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((unsigned short)atoi(arguments[1])),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
    perror("upstream");
    return 1;
  }
  int poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(poll, events, EVENTS, -1);
    for (int i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      if (!c) {
        accept_all(poll, listener);
        continue;
      }
      int result = c->wants_write ? serve(c) : receive(c);
      if (result < 0) {
        close(c->fd);
        free(c);
      } else if (c->wants_write != (result == 0)) {
        c->wants_write = result == 0;
        watch(poll, c, EPOLL_CTL_MOD);
      }
    }
  }
}
