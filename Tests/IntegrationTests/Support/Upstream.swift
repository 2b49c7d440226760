import Foundation
import Synchronization

/// An upstream whose every connection runs a script on a thread of its own.
final class Upstream: Sendable {
  typealias Script = @Sendable (RawConnection) throws -> Void

  private let listener: RawListener
  private let seen = Journal<HTTPMessage>()
  private let accepted = Mutex(0)

  var port: Int { listener.port }
  /// Requests in the order they came, over all connections.
  var requests: [HTTPMessage] { seen.all }
  var connections: Int { accepted.withLock { $0 } }

  /// - Parameter script: runs for each connection; what it throws ends the connection.
  init(_ script: @escaping Script) throws {
    listener = try RawListener()
    start { connection, _ in try script(connection) }
  }

  /// Serves requests one after the other; `answer` makes the bytes of each reply.
  init(answer: @escaping @Sendable (HTTPMessage) -> String) throws {
    listener = try RawListener()
    start { connection, seen in
      while true {
        let request = try connection.readMessage()
        seen.append(request)
        try connection.send(answer(request))
      }
    }
  }

  /// Answers 200 with this body and keeps the connection.
  convenience init(body: String) throws {
    try self.init { _ in "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)" }
  }

  deinit { listener.stop() }

  /// The request with this target, waited for.
  func request(_ target: String) throws -> HTTPMessage { try seen.first { $0.target == target } }

  private func start(_ script: @escaping @Sendable (RawConnection, Journal<HTTPMessage>) throws -> Void) {
    let (listener, seen) = (listener, seen)
    Thread.detachNewThread { [weak self] in
      while let connection = listener.accept() {
        self?.accepted.withLock { $0 += 1 }
        Thread.detachNewThread {
          // A script that fails shows in what the test sees at the other end.
          do { try script(connection, seen) } catch {}
          connection.close()
        }
      }
    }
  }
}

/// Entries that one thread appends and another waits for.
final class Journal<Entry: Sendable>: @unchecked Sendable {
  // Every access to the entries holds the condition's lock.
  private let condition = NSCondition()
  private var entries: [Entry] = []
  private var ended = false

  var all: [Entry] {
    condition.lock()
    defer { condition.unlock() }
    return entries
  }

  func append(_ entry: Entry) {
    condition.lock()
    entries.append(entry)
    condition.broadcast()
    condition.unlock()
  }

  /// Says that nothing more will come.
  func end() {
    condition.lock()
    ended = true
    condition.broadcast()
    condition.unlock()
  }

  /// The first entry that fits, waited for.
  ///
  /// - Throws: `PeerFailure` when none came in time.
  func first(
    within seconds: Double = 10, after skipped: Int = 0, where fits: (Entry) -> Bool
  ) throws -> Entry {
    let limit = Date().addingTimeInterval(seconds)
    condition.lock()
    defer { condition.unlock() }
    while true {
      if let entry = entries.dropFirst(skipped).first(where: fits) { return entry }
      if ended || !condition.wait(until: limit) {
        if let entry = entries.dropFirst(skipped).first(where: fits) { return entry }
        throw PeerFailure("waited in vain among \(entries.count) entries; last: \(entries.suffix(5))")
      }
    }
  }
}
