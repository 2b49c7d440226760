#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>

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
