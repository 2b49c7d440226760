// A Modbus TCP device: any number of connections, one thread. Register N of every unit holds N, so that a client can
// check what it reads.
//
//   device PORT
//
// Function 3 (read holding registers) answers 1 to 125 registers; other functions get exception 01, a bad count 03.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PREFIX = 6, FRAME_LIMIT = 260, EVENTS = 64 };

struct connection {
  int fd;
  size_t buffered;
  unsigned char input[4096];
};

static unsigned load16(const unsigned char *at) { return (unsigned)at[0] << 8 | at[1]; }
static void store16(unsigned char *at, unsigned value) {
  at[0] = (unsigned char)(value >> 8);
  at[1] = (unsigned char)value;
}

/// Writes the reply to `request` (a whole frame) and returns its length.
static size_t answer(const unsigned char *request, size_t length, unsigned char *reply) {
  memcpy(reply, request, 8);
  unsigned exception = 0;
  if (request[7] != 3) {
    exception = 1;
  } else if (length != 12 || load16(request + 10) < 1 || load16(request + 10) > 125) {
    exception = 3;
  }
  if (exception) {
    store16(reply + 4, 3);
    reply[7] = request[7] | 0x80;
    reply[8] = (unsigned char)exception;
    return 9;
  }
  unsigned first = load16(request + 8), count = load16(request + 10);
  store16(reply + 4, 3 + 2 * count);
  reply[8] = (unsigned char)(2 * count);
  for (unsigned i = 0; i < count; i++) store16(reply + 9 + 2 * i, first + i);
  return 9 + 2 * count;
}

/// 0 to go on, -1 when the connection is over.
static int receive(struct connection *c) {
  ssize_t n = read(c->fd, c->input + c->buffered, sizeof c->input - c->buffered);
  if (n <= 0) return n < 0 && errno == EAGAIN ? 0 : -1;
  c->buffered += (size_t)n;
  size_t at = 0;
  while (c->buffered - at >= PREFIX) {
    size_t length = PREFIX + load16(c->input + at + 4);
    if (load16(c->input + at + 2) != 0 || length < 8 || length > FRAME_LIMIT) return -1;
    if (c->buffered - at < length) break;
    unsigned char reply[FRAME_LIMIT];
    size_t reply_length = answer(c->input + at, length, reply);
    if (write(c->fd, reply, reply_length) != (ssize_t)reply_length) return -1;
    at += length;
  }
  c->buffered -= at;
  memmove(c->input, c->input + at, c->buffered);
  return 0;
}

int main(int count, char **arguments) {
  if (count != 2) {
    fprintf(stderr, "usage: device PORT\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((unsigned short)atoi(arguments[1])),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 256)) {
    perror("device");
    return 1;
  }
  int poll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[EVENTS];
  epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    int ready = epoll_wait(poll, events, EVENTS, -1);
    for (int i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      if (c) {
        if (receive(c) < 0) {
          close(c->fd);
          free(c);
        }
        continue;
      }
      int fd;
      while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (!(c = malloc(sizeof *c))) return 1;
        c->fd = fd;
        c->buffered = 0;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        event.data.ptr = c;
        epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
      }
    }
  }
}
