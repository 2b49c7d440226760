import Firewall
import Foundation
import Glibc
import Synchronization

/// Where a gate listens: `http://HOST:PORT`.
package struct GateAddress: Sendable, Equatable {
  package var host: String
  package var port: String

  package init?(_ text: String) {
    guard text.hasPrefix("http://") else { return nil }
    var rest = text.dropFirst(7)
    if rest.last == "/" { rest.removeLast() }
    guard !rest.isEmpty, !rest.contains("/") else { return nil }
    var host = rest
    port = "80"
    let bracket = rest.lastIndex(of: "]") ?? rest.startIndex
    if let colon = rest[bracket...].lastIndex(of: ":") {
      host = rest[..<colon]
      let digits = rest[rest.index(after: colon)...]
      guard let number = Int(digits), (1...65_535).contains(number) else { return nil }
      port = String(number)
    }
    if host.first == "[", host.last == "]" { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { return nil }
    self.host = String(host)
  }
}

/// Runs tests through a running gate: sends the bytes, and reads from its events which rules matched.
struct GateRun {
  let address: GateAddress
  let events: String

  private struct Exchange: Sendable {
    var outcome: RegressionOutcome
    var id: String?
  }

  /// - Throws: `Failure` when the gate or its file of events can't be reached.
  func run(
    _ tests: [RegressionTest], jobs: Int, progress: @escaping @Sendable (Int) -> Void
  ) async throws -> [RegressionResult] {
    let log = try EventLog(path: events)
    guard GateConnection(address) != nil else {
      throw Failure("no gate answers at `\(Terminal.safe("http://\(address.host):\(address.port)"))`")
    }
    var results = await round(tests, jobs, log, progress)
    // Only now is it known which tests that may be tried again failed.
    let again = results.indices.filter { index in
      results[index].verdict == .failed && tests[index].stages.contains { $0.output.retriesOnce }
    }
    guard !again.isEmpty else { return results }
    let retried = await round(again.map { tests[$0] }, jobs, log, { _ in })
    for (index, result) in zip(again, retried) { results[index] = result }
    return results
  }

  /// Sends all requests, then looks up what the gate said of them.
  private func round(
    _ tests: [RegressionTest], _ jobs: Int, _ log: EventLog, _ progress: @escaping @Sendable (Int) -> Void
  ) async -> [RegressionResult] {
    let address = address
    let sent = await RegressionRun.onThreads(tests.count, jobs: jobs, progress: progress) {
      { index in
        guard tests[index].isEnabled else { return [Exchange]() }
        var session = RegressionSession()
        return tests[index].stages.map { stage in
          guard let request = session.request(stage.input) else { return Exchange(outcome: RegressionOutcome()) }
          let exchange = Self.send(request, to: address)
          session.received(exchange.outcome, for: stage.input)
          return exchange
        }
      }
    }
    await log.settle()
    return zip(tests, sent).map { test, exchanges in
      var rest = exchanges[...]
      return RegressionRun.run(Self.once(test)) { _ in
        guard let exchange = rest.popFirst() else { return RegressionOutcome() }
        var outcome = exchange.outcome
        outcome.hits = exchange.id.flatMap { log.rules[$0] } ?? []
        return outcome
      }
    }
  }

  /// Replays what came without sending anything again.
  private static func once(_ test: RegressionTest) -> RegressionTest {
    var test = test
    for index in test.stages.indices {
      test.stages[index].output.retriesOnce = false
      test.stages[index].input.followsRedirect = false
    }
    return test
  }

  private static func send(_ request: [UInt8], to address: GateAddress) -> Exchange {
    var outcome = RegressionOutcome()
    outcome.refusal = SplitRequest(request).refusal
    guard let connection = GateConnection(address), connection.send(request) else { return Exchange(outcome: outcome) }
    let isHead = request.starts(with: Array("HEAD ".utf8))
    guard
      let reply = GateReply(connection.receive { GateReply($0, isHead: isHead)?.isComplete ?? false }, isHead: isHead)
    else { return Exchange(outcome: outcome) }
    outcome.status = reply.status
    outcome.response = reply.bytes
    outcome.cookies = reply.values("set-cookie")
    outcome.location = reply.values("location").first
    return Exchange(outcome: outcome, id: reply.values("x-request-id").first)
  }
}

/// A blocking connection to a gate, with a time limit on every step.
struct GateConnection: ~Copyable {
  private static let seconds = 5
  private static let maximumBytes = 4 << 20
  private let descriptor: Int32

  init?(_ address: GateAddress) {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?  // invariant: from getaddrinfo, freed below, not used after that
    guard getaddrinfo(address.host, address.port, &hints, &list) == 0, let first = list else { return nil }
    defer { freeaddrinfo(list) }
    let found = first.pointee
    let made = socket(found.ai_family, found.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), found.ai_protocol)
    guard made >= 0 else { return nil }
    var limit = timeval(tv_sec: Self.seconds, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(made, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    setsockopt(made, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    guard connect(made, found.ai_addr, found.ai_addrlen) == 0 else {
      close(made)
      return nil
    }
    descriptor = made
  }

  deinit { close(descriptor) }

  func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      // A gate may answer and close before it has taken all.
      guard count > 0 else { return errno == EPIPE || errno == ECONNRESET }
      rest = rest.dropFirst(count)
    }
    return true
  }

  /// Reads until `enough` says so, the gate closes, or the time is over.
  func receive(until enough: ([UInt8]) -> Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 16 << 10)
    while !enough(bytes), bytes.count < Self.maximumBytes {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += chunk.prefix(count)
    }
    return bytes
  }
}
