// Counts the instructions that a program executes in user space between two calls of bench_mark() (counters.c), by
// single steps: exact, without counters of the CPU, and slow, some microseconds for each.
//   steps PROGRAM ARGUMENT…      prints `instructions: N` on standard error, ends with the program's status
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/// What bench_mark() sends, and nobody else here; the program never sees it.
#define MARK SIGUSR2

static void go_on(pid_t thread, int signal) { ptrace(PTRACE_CONT, thread, NULL, (void *)(intptr_t)signal); }

/// Steps a thread from one mark to the next.
static uint64_t count_steps(pid_t thread) {
  uint64_t count = 0;
  int signal = 0;
  while (ptrace(PTRACE_SINGLESTEP, thread, NULL, (void *)(intptr_t)signal) == 0) {
    int status;
    if (waitpid(thread, &status, __WALL) < 0 || !WIFSTOPPED(status)) break;
    signal = WSTOPSIG(status);
    if (signal == MARK) break;
    if (signal == SIGTRAP) {
      signal = 0;
      count += 1;
    }
  }
  go_on(thread, 0);
  return count;
}

int main(int argc, char **argv) {
  if (argc < 2) {
    fprintf(stderr, "usage: steps PROGRAM ARGUMENT…\n");
    return 2;
  }
  pid_t program = fork();
  if (program < 0) return 1;
  if (program == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  int status;
  if (waitpid(program, &status, 0) < 0) return 1;
  ptrace(PTRACE_SETOPTIONS, program, NULL, (void *)(PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL));
  go_on(program, 0);
  uint64_t count = 0;
  for (;;) {
    pid_t thread = waitpid(-1, &status, __WALL);
    if (thread < 0) {
      if (errno == EINTR) continue;
      return 1;
    }
    if (!WIFSTOPPED(status)) {
      if (thread == program) break;
      continue;
    }
    int signal = WSTOPSIG(status);
    if (signal == MARK) {
      count += count_steps(thread);
    } else {
      // New threads begin with SIGSTOP, which is ours.
      go_on(thread, signal == SIGTRAP || signal == SIGSTOP ? 0 : signal);
    }
  }
  fprintf(stderr, "instructions: %llu\n", (unsigned long long)count);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
