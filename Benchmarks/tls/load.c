// TLS load: a new connection and a full handshake each time, never a resumed one, on one thread.
//
//   load MODE PORT COUNT CONCURRENCY SECONDS [GROUPS [ADDRESS]]
//
//   request  handshake, one GET, the whole reply, close_notify, close
//   abort    each of four ends in turn, by RST: the ClientHello sent; the answer to it begun; the handshake done; a
//            request sent
//   idle     handshake, one GET, the whole reply, then nothing: says `open` when all are there and closes them when
//            standard input ends
//
// Stops after COUNT connections (0: no bound) or SECONDS (0: no bound; one is needed). At most CONCURRENCY at a time
// (idle: opening). GROUPS is OpenSSL's list (X25519). Prints one JSON line: requests, errors, seconds, rps, latency p50
// and p99 in µs from connect to the end, what was negotiated, and for idle what the other side closed meanwhile.
// Offers one cipher of TLS 1.3, AES-128-GCM. The certificate is not verified. A connection that does nothing for 10 s
// is an error.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS_LIMIT = 50000, EVENTS = 256, BUCKETS = 2000000, REPLY_LIMIT = 64 << 10, TIMEOUT_SECONDS = 10 };
enum mode { REQUEST, ABORT, IDLE };
enum end { AFTER_HELLO, AFTER_ANSWER, AFTER_HANDSHAKE, AFTER_REQUEST, NO_ABORT };

static const char get[] =
    "GET /api/item?id=42 HTTP/1.1\r\nHost: bench.example\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.5\r\n"
    "Cookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n";

struct connection {
  int fd;
  SSL *tls;
  enum end end;
  bool shaken, asked;
  double started, active;
  unsigned received, wanted;  // bytes of the reply; `wanted` is 0 until its head is read
  char head[1024];
};

enum step { WAIT_READ, WAIT_WRITE, DONE, FAILED };

static enum mode mode;
static unsigned histogram[BUCKETS];  // by µs; the last bucket takes all above
static long requests, errors, started, most;
static struct connection *all;
static struct sockaddr_in address;
static SSL_CTX *context;
static char negotiated[160], reason[256];

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static enum step fail(const char *what) {
  unsigned long code = ERR_peek_error();
  if (!reason[0])
    snprintf(reason, sizeof reason, "%s: %s", what, code ? ERR_reason_error_string(code) : strerror(errno));
  return FAILED;
}

static enum step blocked(struct connection *c, int result, const char *what) {
  switch (SSL_get_error(c->tls, result)) {
    case SSL_ERROR_WANT_READ: return WAIT_READ;
    case SSL_ERROR_WANT_WRITE: return WAIT_WRITE;
    default: return fail(what);
  }
}

/// Reads what is there of the reply. DONE when it is whole, and a 200.
static enum step read_reply(struct connection *c) {
  static char sink[REPLY_LIMIT];
  for (;;) {
    int n = SSL_read(c->tls, sink, sizeof sink);
    if (n <= 0) return blocked(c, n, "reading the reply");
    if (!c->wanted) {
      size_t room = sizeof c->head - 1 - c->received, taken = (size_t)n < room ? (size_t)n : room;
      memcpy(c->head + c->received, sink, taken);
      c->head[c->received + taken] = 0;
      char *end = strstr(c->head, "\r\n\r\n"), *length = strcasestr(c->head, "\r\ncontent-length:");
      if (strncmp(c->head, "HTTP/1.1 200", c->received + taken < 12 ? c->received + taken : 12)) return fail("status");
      if (!end && taken == room) return fail("head of the reply");
      if (end && (!length || length > end)) return fail("length of the reply");
      if (end) c->wanted = (unsigned)(end - c->head) + 4 + (unsigned)atoi(length + 17);
    }
    c->received += (unsigned)n;
    if (c->received > REPLY_LIMIT) return fail("reply too long");
    if (c->wanted && c->received >= c->wanted) return c->received == c->wanted ? DONE : fail("bytes after the reply");
  }
}

static void remember(SSL *tls) {
  if (negotiated[0]) return;
  int group = (int)SSL_get_negotiated_group(tls);
  snprintf(negotiated, sizeof negotiated, "%s %s %s%s", SSL_get_version(tls), SSL_get_cipher_name(tls),
           OBJ_nid2sn(group & ~0x1000000), SSL_session_reused(tls) ? " resumed" : "");
}

/// Goes as far as the socket lets it.
static enum step advance(struct connection *c) {
  ERR_clear_error();
  if (!c->shaken) {
    char byte;
    if (c->end == AFTER_ANSWER && recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1) return DONE;
    int result = SSL_do_handshake(c->tls);
    if (result != 1) {
      enum step step = blocked(c, result, "handshake");
      return c->end == AFTER_HELLO && step == WAIT_READ ? DONE : step;
    }
    c->shaken = true;
    remember(c->tls);
    if (c->end == AFTER_HANDSHAKE) return DONE;
  }
  if (!c->asked) {
    int result = SSL_write(c->tls, get, sizeof get - 1);
    if (result <= 0) return blocked(c, result, "writing the request");
    c->asked = true;
    if (c->end == AFTER_REQUEST) return DONE;
  }
  return read_reply(c);
}

static bool begin(struct connection *c) {
  memset(c, 0, sizeof *c);
  c->end = mode == ABORT ? (enum end)(started % 4) : NO_ABORT;
  started++;
  c->started = c->active = now();
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) return fail("socket") != FAILED;
  int one = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (connect(c->fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) {
    fail("connect");
    close(c->fd);
    return false;
  }
  c->tls = SSL_new(context);
  if (!c->tls || SSL_set_fd(c->tls, c->fd) != 1) exit(1);
  SSL_set_tlsext_host_name(c->tls, "bench.example");
  SSL_set_connect_state(c->tls);
  return true;
}

static void end(struct connection *c, enum step step) {
  double micros = (now() - c->started) * 1e6;
  if (step == DONE) {
    requests++;
    histogram[micros < BUCKETS - 1 ? (int)micros : BUCKETS - 1]++;
  } else {
    errors++;
  }
  if (step == DONE && mode == IDLE) return;
  if (mode == ABORT) {
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    SSL_set_quiet_shutdown(c->tls, 1);
  }
  if (step == DONE) SSL_shutdown(c->tls);
  close(c->fd);
  SSL_free(c->tls);
  c->fd = -1;
}

static void watch(int poll, int operation, struct connection *c, enum step step) {
  struct epoll_event event = {.events = step == WAIT_WRITE ? EPOLLOUT : EPOLLIN, .data.ptr = c};
  epoll_ctl(poll, operation, c->fd, &event);
}

/// Opens connections until `limit` are busy; returns how many are.
static long open_more(int poll, long busy, long limit, double until) {
  long refused = 0;
  while (busy < limit && (!most || started < most) && (until == 0 || now() < until) && refused < limit) {
    struct connection *c = NULL;
    if (mode == IDLE) c = &all[started];
    for (long i = 0; !c && i < limit; i++)
      if (all[i].fd < 0) c = &all[i];
    if (!begin(c)) {
      errors++;
      refused++;
      c->fd = -1;
      continue;
    }
    watch(poll, EPOLL_CTL_ADD, c, WAIT_WRITE);
    busy++;
  }
  return busy;
}

static void run(long concurrency, double until) {
  struct epoll_event events[EVENTS];
  int poll = epoll_create1(0);
  long busy = 0;
  double checked = now();
  for (;;) {
    busy = open_more(poll, busy, concurrency, until);
    if (busy == 0) break;
    int ready = epoll_wait(poll, events, EVENTS, 1000);
    double time = now();
    for (int i = 0; i < ready; i++) {
      struct connection *c = events[i].data.ptr;
      c->active = time;
      enum step step = advance(c);
      if (step == WAIT_READ || step == WAIT_WRITE) {
        watch(poll, EPOLL_CTL_MOD, c, step);
        continue;
      }
      epoll_ctl(poll, EPOLL_CTL_DEL, c->fd, NULL);
      end(c, step);
      busy--;
    }
    if (time - checked < 1) continue;
    checked = time;
    for (long i = 0; i < (mode == IDLE ? started : concurrency); i++) {
      struct connection *c = &all[i];
      if (c->fd < 0 || time - c->active < TIMEOUT_SECONDS || (c->wanted && c->received == c->wanted)) continue;
      epoll_ctl(poll, EPOLL_CTL_DEL, c->fd, NULL);
      errno = ETIMEDOUT;
      end(c, fail(c->shaken ? "reply" : "handshake"));
      busy--;
    }
  }
  close(poll);
}

/// Waits until standard input ends; returns how many connections the other side closed by then.
static long hold(void) {
  char byte;
  long closed = 0;
  printf("open\n");
  fflush(stdout);
  while (read(STDIN_FILENO, &byte, 1) > 0) continue;
  for (long i = 0; i < started; i++) {
    struct pollfd watched = {.fd = all[i].fd, .events = POLLRDHUP};
    if (all[i].fd >= 0 && poll(&watched, 1, 0) > 0) closed++;
  }
  return closed;
}

static int percentile(double share) {
  long wanted = (long)((double)requests * share), seen = 0;
  for (int i = 0; i < BUCKETS; i++)
    if ((seen += histogram[i]) > wanted) return i;
  return 0;
}

static int usage(void) {
  fprintf(stderr, "usage: load request|abort|idle PORT COUNT CONCURRENCY SECONDS [GROUPS [ADDRESS]]\n");
  return 2;
}

int main(int count, char **arguments) {
  if (count < 6 || count > 8) return usage();
  const char *names[] = {"request", "abort", "idle"}, *groups = count > 6 ? arguments[6] : "X25519";
  while (mode <= IDLE && strcmp(arguments[1], names[mode])) mode++;
  long concurrency = atol(arguments[4]);
  double seconds = atof(arguments[5]);
  most = atol(arguments[3]);
  if (mode > IDLE || concurrency < 1 || concurrency > CONNECTIONS_LIMIT || most < 0 || seconds < 0) return usage();
  if (most == 0 && (seconds == 0 || mode == IDLE)) return usage();
  if (mode == IDLE && most > CONNECTIONS_LIMIT) return usage();
  address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(arguments[2]))};
  if (inet_pton(AF_INET, count > 7 ? arguments[7] : "127.0.0.1", &address.sin_addr) != 1) return usage();
  signal(SIGPIPE, SIG_IGN);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  long slots = mode == IDLE ? most : concurrency;
  all = calloc((size_t)slots, sizeof *all);
  context = SSL_CTX_new(TLS_client_method());
  if (!all || !context || SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1 ||
      SSL_CTX_set1_groups_list(context, groups) != 1) {
    fprintf(stderr, "load: this OpenSSL does not know the groups `%s`\n", groups);
    return 1;
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  for (long i = 0; i < slots; i++) all[i].fd = -1;

  double start = now();
  run(concurrency, seconds > 0 ? start + seconds : 0);
  double elapsed = now() - start;
  long closed = mode == IDLE ? hold() : 0;
  printf("{\"requests\": %ld, \"errors\": %ld, \"seconds\": %.3f, \"rps\": %.1f, ", requests, errors, elapsed,
         (double)requests / elapsed);
  printf("\"p50us\": %d, \"p99us\": %d, ", percentile(0.50), percentile(0.99));
  printf("\"closed\": %ld, \"negotiated\": \"%s\", \"reason\": \"%s\"}\n", closed, negotiated, reason);
  return 0;
}
