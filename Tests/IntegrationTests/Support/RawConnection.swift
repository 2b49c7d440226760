import Glibc

/// What went wrong on the test's side of a socket, for people.
struct PeerFailure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}

/// A blocking loopback connection whose every read and write has a deadline, for tests that speak in bytes.
final class RawConnection: @unchecked Sendable {
  // Used by one thread at a time: the test's, or the script's that accepted it.
  private var descriptor: Int32
  /// Bytes that were read and not asked for yet.
  private(set) var buffer: [UInt8] = []

  static let limitSeconds = 10

  init(descriptor: Int32) {
    self.descriptor = descriptor
    var limit = timeval(tv_sec: RawConnection.limitSeconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    var yes: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Connects to 127.0.0.1.
  convenience init(port: Int) throws {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard withLoopbackAddress(port: port, { connect(descriptor, $0, $1) }) == 0 else {
      let text = String(cString: strerror(errno))
      Glibc.close(descriptor)
      throw PeerFailure("connecting to port \(port): \(text)")
    }
    self.init(descriptor: descriptor)
  }

  deinit { close() }

  func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw PeerFailure("sending: \(String(cString: strerror(errno)))") }
      rest = rest.dropFirst(count)
    }
  }

  /// How long a send may stand still from now on.
  func sendTimeout(milliseconds: Int) {
    var limit = timeval(tv_sec: 0, tv_usec: milliseconds * 1_000)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  /// Reads once into the buffer.
  ///
  /// - Returns: false at the end of the stream, a reset included.
  /// - Throws: `PeerFailure` when nothing came within the limit.
  private func fill() throws -> Bool {
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    let count = recv(descriptor, &chunk, chunk.count, 0)
    if count < 0, errno == EAGAIN {
      throw PeerFailure("nothing came within \(RawConnection.limitSeconds) s after `\(text(buffer.suffix(200)))`")
    }
    guard count > 0 else { return false }
    buffer += chunk.prefix(count)
    return true
  }

  /// Reads up to and including `marker`.
  func read(until marker: String) throws -> String {
    let needle = Array(marker.utf8)
    var searched = 0
    while true {
      var position = max(searched - needle.count, 0)
      while position + needle.count <= buffer.count {
        if buffer[position..<position + needle.count].elementsEqual(needle) {
          return text(take(position + needle.count))
        }
        position += 1
      }
      searched = buffer.count
      guard try fill() else { throw PeerFailure("the peer closed before `\(marker)`, after `\(text(buffer[...]))`") }
    }
  }

  func read(exactly count: Int) throws -> [UInt8] {
    while buffer.count < count {
      guard try fill() else { throw PeerFailure("the peer closed after \(buffer.count) of \(count) bytes") }
    }
    return Array(take(count))
  }

  /// Everything until the peer closes.
  func readToEnd() throws -> String {
    while try fill() {}
    return text(take(buffer.count))
  }

  /// Whether the peer closes without another byte.
  func isClosedByPeer() throws -> Bool { try buffer.isEmpty && !fill() }

  /// Whether there is nothing to read right now.
  var isQuiet: Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return buffer.isEmpty && poll(&entry, 1, 0) == 0
  }

  /// Sends FIN and keeps reading.
  func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

  /// Closes with RST.
  func reset() {
    var now = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  func close() {
    guard descriptor >= 0 else { return }
    Glibc.close(descriptor)
    descriptor = -1
  }

  private func take(_ count: Int) -> ArraySlice<UInt8> {
    let taken = buffer.prefix(count)
    buffer = Array(buffer.dropFirst(count))
    return taken
  }

  private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// A listening loopback socket on a port that the system chose.
final class RawListener: Sendable {
  let port: Int
  private let descriptor: Int32

  init() throws {
    let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    descriptor = made
    var address = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    guard withLoopbackAddress(port: 0, { bind(made, $0, $1) }) == 0, listen(made, 128) == 0 else {
      throw PeerFailure("listening: \(String(cString: strerror(errno)))")
    }
    _ = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(made, $0, &length) }
    }
    port = Int(UInt16(bigEndian: address.sin_port))
  }

  deinit { Glibc.close(descriptor) }

  /// The next connection, or nil once `stop` was called.
  func accept() -> RawConnection? {
    let accepted = Glibc.accept(descriptor, nil, nil)
    guard accepted >= 0 else { return nil }
    _ = fcntl(accepted, F_SETFD, FD_CLOEXEC)
    return RawConnection(descriptor: accepted)
  }

  /// Refuses connections from now on and ends a waiting `accept`.
  func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

private func withLoopbackAddress<R>(port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
  }
}
