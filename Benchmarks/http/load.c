// HTTP/1.1 load of prepared requests, one in flight per connection. It ends with none left behind: after SECONDS it
// begins no other and waits for the replies, so that the CPU time of the server belongs to the requests it counts.
//
//   load PORT CONNECTIONS SECONDS FILE
//
// FILE holds requests, each after a line with its length in bytes; the connections take them in turn, again and again.
// Prints one JSON line: requests, errors, seconds, rps, latency p50 and p99 in µs, and the first error's reason. A reply
// other than a 200 with Content-Length is an error and ends its connection.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
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

enum { CONNECTIONS_LIMIT = 256, HEAD_LIMIT = 16 << 10, REPLY_TIMEOUT_MS = 120000 };

struct request {
  const char *bytes;
  size_t length;
};

struct connection {
  int fd;
  bool waits_for_room;
  const char *output;
  size_t output_left;
  double sent;
  size_t received, wanted;  // bytes of the reply; `wanted` is 0 until its head is read
  char head[HEAD_LIMIT];
};

static struct request *list;
static size_t listed, next;
static float *latencies;  // in µs
static size_t requests, latency_room, errors;
static char reason[128];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void *need(void *memory) {
  if (memory) return memory;
  perror("load");
  exit(1);
}

static bool fail(const char *why, const char *detail) {
  if (!reason[0]) snprintf(reason, sizeof reason, "%s%s", why, detail);
  return false;
}

static bool read_list(const char *path) {
  FILE *file = fopen(path, "rb");
  size_t length, room = 0;
  if (!file) return false;
  while (fscanf(file, "%zu", &length) == 1 && fgetc(file) == '\n') {
    char *bytes = need(malloc(length));
    if (fread(bytes, 1, length, file) != length) return false;
    if (listed == room) list = need(realloc(list, (room = room * 2 + 64) * sizeof *list));
    list[listed++] = (struct request){bytes, length};
  }
  fclose(file);
  return listed > 0;
}

/// Writes what there is room for; false when the connection is gone.
static bool flush(struct connection *c) {
  while (c->output_left) {
    ssize_t n = write(c->fd, c->output, c->output_left);
    if (n < 0) return errno == EAGAIN || fail("write: ", strerror(errno));
    c->output += n;
    c->output_left -= (size_t)n;
  }
  return true;
}

static bool request(struct connection *c) {
  const struct request *request = &list[next];
  next = (next + 1) % listed;
  c->output = request->bytes;
  c->output_left = request->length;
  c->received = c->wanted = 0;
  c->sent = now();
  return flush(c);
}

static void note_latency(double micros) {
  if (requests == latency_room) {
    latency_room = latency_room * 2 + 4096;
    latencies = need(realloc(latencies, latency_room * sizeof *latencies));
  }
  latencies[requests++] = (float)micros;
}

/// Reads once. Whether the connection can go on.
static bool receive(struct connection *c) {
  static char sink[64 << 10];
  bool in_head = c->wanted == 0;
  ssize_t n = in_head ? read(c->fd, c->head + c->received, sizeof c->head - 1 - c->received)
                      : read(c->fd, sink, sizeof sink);
  if (n <= 0) return (n < 0 && errno == EAGAIN) || fail("the connection was closed", "");
  c->received += (size_t)n;
  if (in_head) {
    c->head[c->received] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) return c->received < sizeof c->head - 1 || fail("the reply has no head", "");
    if (strncmp(c->head, "HTTP/1.1 200", 12)) {
      *strchr(c->head, '\r') = 0;
      return fail(c->head, "");
    }
    char *length = strcasestr(c->head, "\r\ncontent-length:");
    if (!length || length > end) return fail("the reply has no length", "");
    c->wanted = (size_t)(end + 4 - c->head) + strtoul(length + 17, NULL, 10);
  }
  if (c->received > c->wanted) return fail("the reply is too long", "");
  if (c->received == c->wanted && c->output_left) return fail("the reply came before the request's end", "");
  return true;
}

static void watch(int poll, struct connection *c, int operation) {
  c->waits_for_room = c->output_left > 0;
  struct epoll_event event = {.events = EPOLLIN | (c->waits_for_room ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(poll, operation, c->fd, &event);
}

static int compare(const void *a, const void *b) {
  float left = *(const float *)a, right = *(const float *)b;
  return (left > right) - (left < right);
}

static double percentile(double share) {
  return requests ? (double)latencies[(size_t)((double)(requests - 1) * share)] : 0;
}

static struct connection *connect_all(int connections, int port) {
  struct connection *all = need(calloc((size_t)connections, sizeof *all));
  struct sockaddr_in address = {.sin_family = AF_INET,
                                .sin_port = htons((unsigned short)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  for (int i = 0; i < connections; i++) {
    int one = 1, fd = all[i].fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) {
      perror("load");
      exit(1);
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, O_NONBLOCK);
  }
  return all;
}

/// One event of a connection. Whether it still waits for a reply.
static bool step(int poll, struct connection *c, unsigned events, double end) {
  bool alive = (!(events & EPOLLOUT) || flush(c)) && (!(events & ~EPOLLOUT) || receive(c));
  if (alive && c->wanted && c->received == c->wanted) {
    double time = now();
    note_latency((time - c->sent) * 1e6);
    if (time >= end) {
      close(c->fd);
      return false;
    }
    alive = request(c);
  }
  if (!alive) {
    errors++;
    close(c->fd);
    return false;
  }
  if (c->waits_for_room != (c->output_left > 0)) watch(poll, c, EPOLL_CTL_MOD);
  return true;
}

int main(int count, char **arguments) {
  int connections = count == 5 ? atoi(arguments[2]) : 0;
  double seconds = count == 5 ? atof(arguments[3]) : 0;
  if (connections < 1 || connections > CONNECTIONS_LIMIT || seconds <= 0) {
    fprintf(stderr, "usage: load PORT CONNECTIONS SECONDS FILE\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  if (!read_list(arguments[4])) {
    fprintf(stderr, "load: can't read requests from `%s`\n", arguments[4]);
    return 1;
  }
  struct connection *all = connect_all(connections, atoi(arguments[1]));
  struct epoll_event events[CONNECTIONS_LIMIT];
  int poll = epoll_create1(0), waiting = 0;
  double start = now(), end = start + seconds;
  for (int i = 0; i < connections; i++) {
    struct connection *c = &all[i];
    if (!request(c)) {
      errors++;
      close(c->fd);
      continue;
    }
    watch(poll, c, EPOLL_CTL_ADD);
    waiting++;
  }
  while (waiting > 0) {
    int ready = epoll_wait(poll, events, CONNECTIONS_LIMIT, REPLY_TIMEOUT_MS);
    if (ready <= 0) {
      fail("no reply in time", "");
      errors += (size_t)waiting;
      break;
    }
    for (int i = 0; i < ready; i++)
      if (!step(poll, events[i].data.ptr, events[i].events, end)) waiting--;
  }
  double elapsed = now() - start;
  if (requests) qsort(latencies, requests, sizeof *latencies, compare);
  printf("{\"requests\": %zu, \"errors\": %zu, \"seconds\": %.3f, \"rps\": %.1f, ", requests, errors, elapsed,
         (double)requests / elapsed);
  for (char *at = reason; *at; at++)
    if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ') *at = '?';
  printf("\"p50us\": %.0f, \"p99us\": %.0f, \"reason\": \"%s\"}\n", percentile(0.50), percentile(0.99), reason);
  return 0;
}
