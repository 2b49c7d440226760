import ACME
import Foundation
import SluiceModel
import Synchronization
import Testing

/// What is on disk, and what becomes of it when things break.
@Suite struct StateTests {
  let folder: TemporaryFolder
  let clock = TestClock(lasting: 30)
  let server: FakeServer

  init() throws {
    folder = try TemporaryFolder()
    server = FakeServer(clock: clock)
  }

  func run(files: StateFiles = StateFiles(), clock: TestClock? = nil) async throws -> ACMEStatus {
    let clock = clock ?? self.clock
    let manager = try ACMEManager.make(configuration(folder), server, clock, files: files)
    return try await manager.running(clock) { await manager.status() }
  }

  func mode(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: folder.state + path)[.posixPermissions] as? Int
  }

  func write(_ text: String, _ path: String) throws {
    try text.write(toFile: folder.state + path, atomically: false, encoding: .utf8)
  }

  /// The error of a start.
  func startError() -> String? {
    do {
      _ = try ACMEManager.make(configuration(folder), server, clock)
      return nil
    } catch { return "\(error)" }
  }

  static let current = "/certificates/gate.plant.example/0001"

  @Test func filesArePrivate() async throws {
    _ = try await run()
    #expect(try mode("") == 0o700)
    #expect(try mode("/account.key") == 0o600)
    #expect(try mode("/account.json") == 0o600)
    #expect(try mode(Self.current) == 0o700)
    #expect(try mode(Self.current + "/key.pem") == 0o600)
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.state + Self.current)
    #expect(names.sorted() == ["chain.pem", "key.pem"])
  }

  @Test func aRestartAsksForNothing() async throws {
    _ = try await run()
    let asked = server.paths.count
    let manager = try ACMEManager.make(configuration(folder), server, clock)
    let files = try #require(manager.certificates.first)
    #expect(files.chain == folder.state + Self.current + "/chain.pem")
    let status = try await manager.running(clock) { await manager.status() }
    #expect(status.certificates.first?.state == .valid)
    #expect(status.account != nil)
    #expect(server.paths.count == asked)
  }

  @Test func aNameThatIsAddedIsOrderedAtOnce() async throws {
    _ = try await run()
    var more = configuration(folder)
    more.certificates[0].names.append("hmi.plant.example")
    let clock = TestClock(lasting: 30)
    let manager = try ACMEManager.make(more, server, clock)
    #expect(manager.certificates.first?.names == ["gate.plant.example"])
    try await manager.running(clock) {}
    #expect(server.orders == 2)
    let again = try ACMEManager.make(more, server, clock)
    #expect(again.certificates.first?.names == ["gate.plant.example", "hmi.plant.example"])
  }

  @Test(arguments: ["/account.key", "/account.json", current + "/key.pem", current + "/chain.pem"])
  func aBrokenFileIsAnError(_ path: String) async throws {
    _ = try await run()
    let asked = server.paths.count
    for text in ["", "nonsense", String(repeating: "x", count: 300_000)] {
      try write(text, path)
      let error = try #require(startError())
      #expect(error.contains("`\(folder.state)\(path)`"), "\(error)")
    }
    try FileManager.default.removeItem(atPath: folder.state + path)
    if path == "/account.json" {
      #expect(startError() == nil)
    } else {
      #expect(startError()?.contains(folder.state) == true)
    }
    #expect(server.paths.count == asked)
  }

  @Test func keysOpenToOthersAreAnError() async throws {
    _ = try await run()
    for path in ["/account.key", Self.current + "/key.pem"] {
      try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: folder.state + path)
      #expect(startError()?.hasSuffix("is open to others: it is a key, so `chmod 600` it") == true)
      try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder.state + path)
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o750], ofItemAtPath: folder.state)
    #expect(startError()?.contains("`chmod 700` it") == true)
  }

  @Test func anotherServerNeedsAnotherFolder() async throws {
    _ = try await run()
    let other = configuration(folder, directory: "https://other.example/directory")
    let server = self.server
    let error = #expect(throws: ACMEError.self) { try ACMEManager.make(other, server, clock) }
    #expect(error?.message.contains("give each server a folder of its own with `acme.state`") == true)
  }

  @Test func aLostRecordFindsTheSameAccount() async throws {
    _ = try await run()
    let key = try String(contentsOfFile: folder.state + "/account.key", encoding: .utf8)
    try FileManager.default.removeItem(atPath: folder.state + "/account.json")
    try FileManager.default.removeItem(atPath: folder.state + "/certificates")
    #expect(try await run().certificates.first?.state == .valid)
    #expect(try String(contentsOfFile: folder.state + "/account.key", encoding: .utf8) == key)
  }

  /// A disk that refuses the last step for a while: the next attempt needs no server for it.
  @Test func aRenameThatFailsIsMadeLater() async throws {
    let failures = Counter()
    let files = StateFiles { step throws(ACMEError) in
      if step.hasSuffix("/0001"), failures.next() == 0 { throw ACMEError(.state, "the disk is full") }
    }
    let manager = try ACMEManager.make(configuration(folder), server, clock, files: files)
    try await manager.running(clock) {
      #expect(await manager.status().certificates.first?.lastError == "the disk is full")
      let asked = server.paths.count
      await clock.advance(60)
      #expect(await manager.status().certificates.first?.state == .valid)
      #expect(server.paths.count == asked)
    }
  }

  /// Stops at each change on disk in turn, as a crash would, from the first start to a renewal; then starts again.
  @Test func aCrashAtAnyStepLosesNothing() async throws {
    var step = 0
    var isDone = false
    while !isDone {
      let folder = try TemporaryFolder()
      let first = TestClock(lasting: 30)
      let server = FakeServer(clock: first)
      let stop = CrashAt(step)
      let crashed = Received()
      do {
        let manager = try ACMEManager.make(
          configuration(folder), server, first, files: StateFiles(checkpoint: stop.check), received: crashed)
        try await manager.running(first) { if !stop.isCrashed { await first.advance(61 * 86_400) } }
      } catch is ACMEError {}
      isDone = !stop.isCrashed
      let accountKey = FileManager.default.contents(atPath: folder.state + "/account.key")
      let pendingKey = FileManager.default.contents(
        atPath: folder.state + "/certificates/gate.plant.example/next/key.pem")
      let hadOrder = FileManager.default.fileExists(
        atPath: folder.state + "/certificates/gate.plant.example/next/order.json")
      let hadChain = FileManager.default.fileExists(
        atPath: folder.state + "/certificates/gate.plant.example/next/chain.pem")
      let ordersBefore = server.orders

      let after = TestClock(now: first.now(), lasting: 30)
      let manager = try ACMEManager.make(configuration(folder), server, after)
      if !crashed.certificates.isEmpty { #expect(!manager.certificates.isEmpty, "step \(step)") }
      let status = try await manager.running(after) { await manager.status() }
      #expect(status.certificates.first?.state == .valid, "step \(step): \(status)")
      if let accountKey {
        #expect(FileManager.default.contents(atPath: folder.state + "/account.key") == accountKey, "step \(step)")
      }
      let files = try #require(try ACMEManager.make(configuration(folder), server, after).certificates.first)
      if let pendingKey, stop.isCrashed {
        #expect(FileManager.default.contents(atPath: files.key) == pendingKey, "step \(step): the key was lost")
      }
      if hadChain { #expect(!manager.certificates.isEmpty, "step \(step): the chain was not put in force") }
      if hadOrder || hadChain { #expect(server.orders == ordersBefore, "step \(step): the order was lost") }
      step += 1
    }
    #expect(step > 20)
  }
}

/// Lets so many changes pass and no more.
final class CrashAt: Sendable {
  private let left: Mutex<Int>

  init(_ steps: Int) { left = Mutex(steps) }

  var isCrashed: Bool { left.withLock { $0 < 0 } }

  var check: @Sendable (String) throws(ACMEError) -> Void {
    { [self] step throws(ACMEError) in
      let isOver = left.withLock { left in
        left -= left >= 0 ? 1 : 0
        return left < 0
      }
      if isOver { throw ACMEError(.state, "crashed at \(step)") }
    }
  }
}
