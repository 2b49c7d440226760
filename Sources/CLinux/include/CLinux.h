// What Glibc's Swift module leaves out: macros and variadic calls of Linux.
#ifndef SLUICE_CLINUX_H
#define SLUICE_CLINUX_H

// Number of CPUs in the affinity mask of the calling process; 0 when the kernel does not say.
int clinux_affinity_cpu_count(void);

// Bytes in a TCP socket's send queue that the peer has not acknowledged (SIOCOUTQ); -1 on error.
int clinux_unacknowledged_bytes(int socket);

// Raises the nice value of the calling thread by `steps`; 0 when done.
int clinux_lower_thread_priority(int steps);

#endif
