import Glibc
import Synchronization

/// Lines that come in on one thread and are read on another, up to 64 KiB of them.
final class CollectedLines: Sendable {
  private let lines = Mutex<(texts: [String], bytes: Int)>(([], 0))

  func append(_ line: String) {
    lines.withLock { lines in
      guard lines.bytes < 64 << 10 else { return }
      lines.texts.append(line)
      lines.bytes += line.utf8.count
    }
  }

  var text: String { lines.withLock { $0.texts.joined(separator: "\n") } }
}

/// A blocking loopback connection with a time limit on every step: the small client of the tour.
struct LoopbackConnection: ~Copyable {
  private let descriptor: Int32

  /// Connects to 127.0.0.1.
  ///
  /// - Throws: `DemoFailure` when nobody answers there.
  init(port: Int, timeoutSeconds: Int = 5) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    let connected = withLoopbackAddress(port: port) { connect(descriptor, $0, $1) }
    guard connected == 0 else {
      let reason = lastErrorText()
      close(descriptor)
      throw DemoFailure("can't connect to `127.0.0.1:\(port)`: \(reason)")
    }
  }

  deinit { close(descriptor) }

  /// Sends all bytes.
  ///
  /// - Throws: `DemoFailure` when the peer does not take them.
  func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw DemoFailure("the gate did not take a request: \(lastErrorText())") }
      rest = rest.dropFirst(count)
    }
  }

  /// Reads until `enough` says so, the peer closes, the time is over or 64 KiB came.
  func receive(until enough: ([UInt8]) -> Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while !enough(bytes), bytes.count < 64 << 10 {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { break }
      bytes += chunk.prefix(count)
    }
    return bytes
  }
}

/// Status and request id of an HTTP reply; nil when `bytes` is none.
package func replySummary(_ bytes: [UInt8]) -> (status: Int, id: String?)? {
  let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
  let words = lines.first?.split(separator: " ") ?? []
  guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return nil }
  for line in lines.dropFirst().prefix(while: { !$0.isEmpty }) {
    let parts = line.split(separator: ":", maxSplits: 1)
    if parts.count == 2, parts[0].lowercased() == "x-request-id" {
      return (status, String(parts[1].drop { $0 == " " }))
    }
  }
  return (status, nil)
}

/// Ports of 127.0.0.1.
enum LoopbackPort {
  /// Whether a server could listen on the port now.
  static func isFree(_ port: Int) -> Bool { probe(port) != nil }

  /// A port that is free now.
  ///
  /// - Throws: `DemoFailure` when the system has none.
  static func free() throws -> Int {
    guard let port = probe(0) else { throw DemoFailure("no free port on 127.0.0.1: \(lastErrorText())") }
    return port
  }

  // invariant: getsockname writes at most the given length, which is that of the structure.
  private static func probe(_ port: Int) -> Int? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    let bound = withLoopbackAddress(port: port) { bind(descriptor, $0, $1) }
    guard bound == 0, listen(descriptor, 1) == 0 else { return nil }
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let status = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
    }
    return status == 0 ? Int(UInt16(bigEndian: address.sin_port)) : nil
  }
}

// invariant: the pointer lives as long as the call, and sockaddr_in may be read as the sockaddr it begins with.
private func withLoopbackAddress<R>(port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}
