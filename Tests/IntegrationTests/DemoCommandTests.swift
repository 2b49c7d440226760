import Foundation
import Glibc
import Testing

/// `sluice demo` as a reader meets it.
struct DemoCommandTests {
  @Test func theTourShowsTwoRefusalsAndCleansUp() throws {
    let base = try freePorts(3)
    let tour = try ProgramRun(GatewayProcess.program, ["demo", "--port-base", String(base)])
    _ = try tour.output.first(within: 30) { $0.contains("Ctrl-C stops everything") }
    let text = tour.output.all.joined(separator: "\n")
    #expect(text.contains("status 400") && text.contains("exception 01") && text.contains("BLOCKED"), "\(text)")
    #expect(text.contains("log has 0 requests, 0 of them writes"))
    let directory = try #require(text.firstMatch(of: /files +(\/\S+)\//)).1
    #expect(FileManager.default.fileExists(atPath: directory + "/sluice.yaml"))

    let page = try RawConnection(port: base)
    try page.send(get("/"))
    let reply = try page.readMessage()
    #expect(reply.status == 200 && reply.body.contains("<h1>Tank 1"))
    let feed = try RawConnection(port: base + 1)
    #expect(try feed.read(until: "\n").contains("levelPercent"))
    let plant = try RawConnection(port: base + 2)
    #expect(try plant.askModbus([4, 0, 0, 0, 2]).count == 6)

    tour.signal(SIGINT)
    #expect(try tour.status() == 0)
    _ = try tour.output.first { $0 == "removed \(directory)" }
    #expect(!FileManager.default.fileExists(atPath: String(directory)))
    #expect(throws: PeerFailure.self) { try RawConnection(port: base) }
  }

  @Test func aPortThatIsTakenIsNamed() throws {
    let taken = try RawListener()
    let base = min(taken.port, 65_533)
    let run = try ProgramRun.finish(GatewayProcess.program, ["demo", "--port-base", String(base)])
    #expect(run.status == 1 && run.errors.contains("port `\(taken.port)` is taken"), "\(run)")
    let alone = try ProgramRun.finish(GatewayProcess.program, ["demo", "--only", "web", "--port", String(taken.port)])
    #expect(alone.status == 1 && alone.errors.contains("`127.0.0.1:\(taken.port)`"), "\(alone)")
  }

  @Test func aWrongCommandLineSaysSo() throws {
    for arguments in [["--port-base", "65534"], ["--port", "1502"], ["--only", "plc", "--port-base", "9000"]] {
      let run = try ProgramRun.finish(GatewayProcess.program, ["demo"] + arguments)
      #expect(run.status == 2 && !run.errors.isEmpty, "\(arguments)")
    }
  }

  /// The first of some ports in a row that are free now, below those that the system hands out to other tests meanwhile.
  private func freePorts(_ count: Int) throws -> Int {
    for _ in 0..<100 {
      let first = Int.random(in: 20_000..<32_000)
      if (first..<first + count).allSatisfy({ (try? RawConnection(port: $0)) == nil }) { return first }
    }
    throw PeerFailure("no \(count) free ports in a row")
  }
}
