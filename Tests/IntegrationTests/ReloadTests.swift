import Foundation
import Glibc
import Testing

/// A new configuration takes over without anybody noticing; a bad one does not take over at all.
struct ReloadTests {
  private func revision(_ number: Int, _ port: Int) -> String {
    webConfiguration(port, route: "filters: [{ headers: { replySet: { X-Revision: '\(number)' } } }]")
  }

  @Test func keptConnectionsSurviveReloadsUnderLoad() throws {
    let upstream = try Upstream(body: "steady")
    let gateway = try GatewayProcess(revision(0, upstream.port))
    let stop = Journal<Bool>()
    let results = Journal<Result<Int, PeerFailure>>()
    for _ in 1...4 {
      let client = try gateway.connect()
      Thread.detachNewThread {
        var count = 0
        do {
          while stop.all.isEmpty {
            try client.send(get("/"))
            let reply = try client.readMessage()
            guard reply.status == 200, reply.body == "steady" else { throw PeerFailure("got \(reply)") }
            count += 1
          }
          results.append(.success(count))
        } catch {
          results.append(.failure(PeerFailure("after \(count) requests: \(error)")))
        }
      }
    }
    let observer = try gateway.connect()
    for number in 1...5 {
      try gateway.replaceConfiguration(revision(number, upstream.port))
      gateway.signal(SIGHUP)
      try observe(observer) { $0["X-Revision"] == String(number) }
    }
    stop.append(true)
    for index in 0..<4 {
      _ = try results.first(after: index) { _ in true }
      #expect(try results.all[index].get() > 0)
    }
  }

  @Test func aBadConfigurationIsKeptOut() throws {
    let upstream = try Upstream(body: "steady")
    let gateway = try GatewayProcess(revision(1, upstream.port))
    let bad = revision(2, upstream.port).replacingOccurrences(of: "endpoints:", with: "endpoint:")
    let outcome = try gateway.reload(bad)
    #expect(outcome.status == 1)
    // `admin` and `logs` stand on the two lines before what the test wrote.
    #expect(outcome.errors.contains("sluice.yaml:7:") && outcome.errors.contains("`endpoints`"), "\(outcome.errors)")
    #expect(try gateway.exchange(get("/"))["X-Revision"] == "1")

    let seen = gateway.errors.count
    gateway.signal(SIGHUP)
    #expect(try gateway.errorLine(after: seen) { $0.contains("endpoint") }.isEmpty == false)
    #expect(try gateway.exchange(get("/"))["X-Revision"] == "1")
    #expect(try gateway.reload(revision(3, upstream.port)).status == 0)
    #expect(try gateway.exchange(get("/"))["X-Revision"] == "3")
  }

  @Test func anExchangeUnderWayKeepsItsConfiguration() throws {
    let asked = Journal<Bool>()
    let answer = Journal<Bool>()
    let upstream = try Upstream { connection in
      _ = try connection.readMessage()
      asked.append(true)
      _ = try answer.first { $0 }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    let gateway = try GatewayProcess(revision(1, upstream.port))
    let client = try gateway.connect()
    try client.send(get("/"))
    _ = try asked.first { $0 }
    #expect(try gateway.reload(revision(2, upstream.port)).status == 0)
    answer.append(true)
    let reply = try client.readMessage()
    #expect(reply.status == 200 && reply["X-Revision"] == "1")
  }

  @Test func listenersComeAndGo() throws {
    let upstream = try Upstream(body: "ok")
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let port = try closedPort()
    let more = webConfiguration(upstream.port).replacingOccurrences(
      of: "pools:", with: "  - { name: second, address: \"127.0.0.1:\(port)\", protocol: tcp, pool: app }\npools:")
    #expect(try gateway.reload(more).status == 0)
    let client = try RawConnection(port: port)
    try client.send(get("/"))
    #expect(try client.readMessage().body == "ok")
    #expect(try gateway.reload(webConfiguration(upstream.port)).status == 0)
    #expect(throws: PeerFailure.self) { try RawConnection(port: port) }
    #expect(try gateway.exchange(get("/")).body == "ok")
  }

  @Test func aDrainFinishesWhatIsUnderWay() throws {
    let asked = Journal<Bool>()
    let answer = Journal<Bool>()
    let upstream = try Upstream { connection in
      _ = try connection.readMessage()
      asked.append(true)
      _ = try answer.first { $0 }
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    }
    let gateway = try GatewayProcess(webConfiguration(upstream.port))
    let idle = try gateway.connect()
    let client = try gateway.connect()
    try client.send(get("/"))
    _ = try asked.first { $0 }
    gateway.signal(SIGTERM)
    #expect(try idle.isClosedByPeer())
    answer.append(true)
    #expect(try client.readMessage().body == "ok")
    #expect(try client.isClosedByPeer())
    #expect(try gateway.status() == 0)
    #expect(throws: PeerFailure.self) { try gateway.connect() }
  }

  /// Asks until the reply fits.
  private func observe(_ client: RawConnection, until fits: (HTTPMessage) -> Bool) throws {
    let limit = Date().addingTimeInterval(10)
    while Date() < limit {
      try client.send(get("/observed"))
      if fits(try client.readMessage()) { return }
    }
    throw PeerFailure("the new configuration did not come into force")
  }
}
