// What `sluice policy bench` and decide.py count with, preloaded into them (LD_PRELOAD).
//   cc -O2 -shared -fPIC -o counters.so counters.c
// `bench_allocations()`: how many calls of malloc and its like there have been; the memory comes from the C library as
// before. `bench_mark()`: tells steps.c, when it runs the program, where what it counts begins and where it ends.
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static _Atomic uint64_t count;
static int is_traced;

static void note(void) { atomic_fetch_add_explicit(&count, 1, memory_order_relaxed); }

__attribute__((constructor)) static void look(void) { is_traced = getenv("BENCH_STEPS") != NULL; }

uint64_t bench_allocations(void) { return atomic_load_explicit(&count, memory_order_relaxed); }

void bench_mark(void) {
  if (!is_traced) return;
  // Threads of a pool have all signals blocked.
  sigset_t mark;
  sigemptyset(&mark);
  sigaddset(&mark, SIGUSR2);
  pthread_sigmask(SIG_UNBLOCK, &mark, NULL);
  raise(SIGUSR2);
}

void *malloc(size_t size) {
  note();
  return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
  note();
  return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
  note();
  return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
  note();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void **result, size_t alignment, size_t size) {
  if (alignment < sizeof(void *) || (alignment & (alignment - 1)) != 0) return EINVAL;
  note();
  void *memory = __libc_memalign(alignment, size);
  if (memory == NULL) return ENOMEM;
  *result = memory;
  return 0;
}
