#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/sockios.h>
#include <sched.h>
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

int clinux_affinity_cpu_count(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;
  return CPU_COUNT(&set);
}

int clinux_unacknowledged_bytes(int socket) {
  int count = 0;
  if (ioctl(socket, SIOCOUTQ, &count) != 0) return -1;
  return count;
}

int clinux_lower_thread_priority(int steps) {
  id_t thread = (id_t)gettid();
  errno = 0;
  int nice = getpriority(PRIO_PROCESS, thread);
  if (errno != 0) return -1;
  return setpriority(PRIO_PROCESS, thread, nice + steps);
}
