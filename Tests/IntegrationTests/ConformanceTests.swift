import Foundation
import Glibc
import Testing

/// Independent peers' corpora, when they are there: `SLUICE_PEERS` and `SLUICE_CONFORMANCE` say where.
struct ConformanceTests {
  private static func folder(_ variable: String, _ fallback: String) -> URL {
    if let path = ProcessInfo.processInfo.environment[variable] { return URL(filePath: path) }
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return root.appending(path: "../shared/" + fallback)
  }

  private static let peer = folder("SLUICE_PEERS", "peers").appending(path: "http/h1desync.py").path
  private static let backend = folder("SLUICE_PEERS", "peers").appending(path: "http/echo_backend.py").path
  private static let corpus = folder("SLUICE_CONFORMANCE", "conformance").appending(path: "http1/ambiguity.json").path
  private static let isThere = [peer, backend, corpus].allSatisfy { FileManager.default.fileExists(atPath: $0) }

  @Test(.enabled(if: ConformanceTests.isThere, "set SLUICE_PEERS and SLUICE_CONFORMANCE"))
  func nothingAmbiguousPasses() throws {
    let port = try closedPort()
    let backend = try ProgramRun("python3", [ConformanceTests.backend, "--port", String(port)])
    try waitUntilOpen(port, backend)
    // The peer waits for silence after each refusal, so idle connections must go soon.
    let gateway = try GatewayProcess(webConfiguration(port, listener: "limits: { headerTimeout: 1s }"))
    let report = gateway.directory.appending(path: "report.json").path
    let result = try ProgramRun.finish(
      "python3",
      [
        ConformanceTests.peer, "--port", String(try gateway.port("web")), "--backend", String(port), "--corpus",
        ConformanceTests.corpus, "--json", report,
      ], within: 240)
    #expect(result.status == 0, "\(result.errors)")
    #expect(result.output.contains("fail 0"), "\(result.output)")
    #expect(!result.output.contains("AMBIG") && !result.output.contains("DESYNC"), "\(result.output)")
    backend.signal(SIGTERM)
  }

  /// Returns once the port takes connections; the program says nothing itself.
  private func waitUntilOpen(_ port: Int, _ program: ProgramRun) throws {
    let limit = Date().addingTimeInterval(20)
    while Date() < limit {
      if let connection = try? RawConnection(port: port) { return connection.close() }
      sched_yield()
    }
    throw PeerFailure("the back-end did not start: \(program.errors.all)")
  }
}
