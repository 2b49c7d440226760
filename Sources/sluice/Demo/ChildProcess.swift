import Dispatch
import Glibc

/// A program that the demo started. It runs in a process group of its own, so Ctrl-C reaches the demo alone and the demo
/// decides when its child stops.
struct ChildProcess: Sendable {
  let pid: pid_t
  /// The reading end of the child's standard output.
  private let output: Int32

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - arguments: the first is the program's path.
  ///   - environment: added to this process's own.
  ///   - errorsPath: the file that takes its standard error.
  /// - Throws: `DemoFailure` when it can't be started.
  init(_ arguments: [String], environment: [String: String] = [:], errorsPath: String) throws {
    var pipeEnds: [Int32] = [-1, -1]
    guard pipe(&pipeEnds) == 0 else { throw DemoFailure("can't make a pipe: \(lastErrorText())") }
    for end in pipeEnds { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    output = pipeEnds[0]
    defer { close(pipeEnds[1]) }

    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, pipeEnds[1], STDOUT_FILENO)
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errorsPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { sigaddset(&signals, signal) }
    posix_spawnattr_setsigdefault(&attributes, &signals)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

    let added = environment.map { "\($0.key)=\($0.value)" }
    let kept = currentEnvironment().filter { entry in !environment.keys.contains { entry.hasPrefix($0 + "=") } }
    var child: pid_t = 0
    let status = withCStrings(arguments) { argumentPointers in
      withCStrings(added + kept) { environmentPointers in
        posix_spawn(&child, arguments.first ?? "", &actions, &attributes, argumentPointers, environmentPointers)
      }
    }
    guard status == 0 else {
      close(output)
      throw DemoFailure("can't start `\(arguments.first ?? "")`: \(errorText(status))")
    }
    pid = child
  }

  /// Reads the child's output line by line on a thread of its own, until it has ended.
  ///
  /// - Parameter ended: gets the exit status, or 128 plus the signal that ended it.
  func follow(line: @escaping @Sendable (String) -> Void, ended: @escaping @Sendable (Int32) -> Void) {
    let (output, pid) = (output, pid)
    DispatchQueue(label: "sluice.demo.child").async {
      var lines = LineSplitter()
      var chunk = [UInt8](repeating: 0, count: 4096)
      while true {
        let count = read(output, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { break }
        for text in lines.received(chunk.prefix(count)) { line(text) }
      }
      close(output)
      var status: Int32 = 0
      while waitpid(pid, &status, 0) < 0, errno == EINTR {}
      ended(status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f)
    }
  }

  /// Runs to the end and returns exit status and output, which is cut to 64 KiB.
  func finish() async -> (status: Int32, output: String) {
    let collected = CollectedLines()
    let status = await withCheckedContinuation { continuation in
      follow {
        collected.append($0)
      } ended: {
        continuation.resume(returning: $0)
      }
    }
    return (status, collected.text)
  }

  func signal(_ number: Int32) { kill(pid, number) }
}

/// Cuts bytes into lines; a line longer than `limit` is cut there.
package struct LineSplitter: Sendable {
  package static let limit = 64 << 10

  private var partial: [UInt8] = []

  package init() {}

  /// The lines that `bytes` completed, without their ends.
  package mutating func received(_ bytes: some Sequence<UInt8>) -> [String] {
    var lines: [String] = []
    for byte in bytes {
      if byte == 0x0a || partial.count >= LineSplitter.limit {
        lines.append(String(decoding: partial, as: UTF8.self))
        partial.removeAll(keepingCapacity: true)
        if byte == 0x0a { continue }
      }
      partial.append(byte)
    }
    return lines
  }
}

private func currentEnvironment() -> [String] {
  var entries: [String] = []
  var pointer = environ
  while let entry = pointer.pointee {
    entries.append(String(cString: entry))
    pointer += 1
  }
  return entries
}

// invariant: the copies live until the call is over, and the list ends with nil.
private func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
  let copies = strings.map { strdup($0) }
  defer { for copy in copies { free(copy) } }
  return body(copies + [nil])
}
