// Modbus TCP load: reads 10 holding registers (function 3) again and again, one request in flight per connection, and
// checks every reply against what modbus/device.c must answer.
//
//   load PORT CONNECTIONS SECONDS
//
// Prints one JSON line: requests, errors, seconds, rps, and latency p50 and p99 in µs. An error ends its connection.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { COUNT = 10, REPLY = 9 + 2 * COUNT, CONNECTIONS_LIMIT = 256, BUCKETS = 2000000, REPLY_TIMEOUT_MS = 5000 };

struct connection {
  int fd;
  unsigned transaction, first;
  double sent;
  size_t received;
  unsigned char reply[REPLY];
};

static unsigned histogram[BUCKETS];  // by µs; the last bucket takes all above
static long requests, errors;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void store16(unsigned char *at, unsigned value) {
  at[0] = (unsigned char)(value >> 8);
  at[1] = (unsigned char)value;
}

static bool request(struct connection *c) {
  unsigned char frame[12] = {0, 0, 0, 0, 0, 6, 1, 3};
  c->transaction = (c->transaction + 1) & 0xFFFF;
  c->first = c->transaction % 1000;
  c->received = 0;
  store16(frame, c->transaction);
  store16(frame + 8, c->first);
  store16(frame + 10, COUNT);
  c->sent = now();
  return write(c->fd, frame, sizeof frame) == sizeof frame;
}

static bool is_right(const struct connection *c) {
  unsigned char wanted[REPLY] = {0, 0, 0, 0, 0, 3 + 2 * COUNT, 1, 3, 2 * COUNT};
  store16(wanted, c->transaction);
  for (unsigned i = 0; i < COUNT; i++) store16(wanted + 9 + 2 * i, c->first + i);
  return memcmp(wanted, c->reply, REPLY) == 0;
}

/// Whether the connection can go on.
static bool receive(struct connection *c, bool again) {
  ssize_t n = read(c->fd, c->reply + c->received, REPLY - c->received);
  if (n <= 0) return n < 0 && errno == EAGAIN;
  c->received += (size_t)n;
  if (c->received < REPLY) return c->received < 9 || !(c->reply[7] & 0x80);
  if (!is_right(c)) return false;
  double micros = (now() - c->sent) * 1e6;
  histogram[micros < BUCKETS - 1 ? (int)micros : BUCKETS - 1]++;
  requests++;
  return !again || request(c);
}

static int percentile(double share) {
  long wanted = (long)((double)requests * share), seen = 0;
  for (int i = 0; i < BUCKETS; i++)
    if ((seen += histogram[i]) > wanted) return i;
  return 0;
}

int main(int count, char **arguments) {
  int connections = count == 4 ? atoi(arguments[2]) : 0;
  double seconds = count == 4 ? atof(arguments[3]) : 0;
  if (connections < 1 || connections > CONNECTIONS_LIMIT || seconds <= 0) {
    fprintf(stderr, "usage: load PORT CONNECTIONS SECONDS\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  static struct connection all[CONNECTIONS_LIMIT];
  struct epoll_event event = {.events = EPOLLIN}, events[CONNECTIONS_LIMIT];
  int poll = epoll_create1(0), open = 0, one = 1;
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((unsigned short)atoi(arguments[1])),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  for (int i = 0; i < connections; i++) {
    struct connection *c = &all[i];
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    c->transaction = (unsigned)i * 1000;
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address)) {
      perror("load");
      return 1;
    }
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  }
  double start = now(), end = start + seconds;
  for (int i = 0; i < connections; i++) {
    event.data.ptr = &all[i];
    if (epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &event) || !request(&all[i])) return 1;
    open++;
  }
  int waiting = open;
  while (waiting > 0) {
    int ready = epoll_wait(poll, events, CONNECTIONS_LIMIT, REPLY_TIMEOUT_MS);
    if (ready <= 0) {
      errors += waiting;
      break;
    }
    bool again = now() < end;
    for (int i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      bool alive = receive(c, again);
      bool done = alive && !again && c->received == REPLY;
      if (!alive) errors++;
      if (!alive || done) {
        close(c->fd);
        waiting--;
      }
    }
  }
  double elapsed = now() - start;
  printf("{\"requests\": %ld, \"errors\": %ld, \"seconds\": %.3f, \"rps\": %.1f, ", requests, errors, elapsed,
         (double)requests / elapsed);
  printf("\"p50us\": %d, \"p99us\": %d}\n", percentile(0.50), percentile(0.99));
  return 0;
}
