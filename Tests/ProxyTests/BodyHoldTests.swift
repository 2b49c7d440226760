import Proxy
import SluiceModel
import Testing

/// Bodies that filters have held: whole, in part, on both legs, decided here or on another thread.
struct BodyHoldTests {
  private func post(_ body: String, _ fields: String = "") -> String {
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
  }

  private func chunked(_ parts: String...) -> String {
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      + parts.map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }.joined() + "0\r\n\r\n"
  }

  private func requestScript(
    _ hold: BodyHold?, _ seen: Journal<String>, _ action: FilterAction = .next
  ) -> ScriptedFilter.Script {
    var script = ScriptedFilter.Script(.requestBody)
    script.requestHold = { _ in hold }
    script.requestBody = { exchange, _, body in
      seen.append("\(exchange.isHeldBodyComplete ? "whole" : "part") \(body)")
      return action
    }
    return script
  }

  private func replyScript(
    _ hold: BodyHold?, _ seen: Journal<String>, _ action: FilterAction = .next
  ) -> ScriptedFilter.Script {
    var script = ScriptedFilter.Script([.replyBody, .replyBodyPart])
    script.replyHold = { _ in hold }
    script.replyBody = { exchange, _, body in
      seen.append("\(exchange.isHeldBodyComplete ? "whole" : "part") \(body)")
      return action
    }
    script.replyBodyPart = { seen.append("passed \($0)") }
    return script
  }

  // MARK: Requests

  @Test func aHeldRequestBodyArrivesWhole() async throws {
    let seen = Journal<String>()
    let upstream = try Upstream(body: "ok")
    let gateway = try await RunningGateway(
      upstream: upstream.port, [requestScript(BodyHold(bytes: 10), seen)])
    #expect(try gateway.exchange(post("0123456789")).status == 200)
    #expect(try gateway.exchange(chunked("01234", "56789")).status == 200)
    #expect(seen.all == ["whole 0123456789", "whole 0123456789"])
    #expect(upstream.requests.map(\.body) == ["0123456789", "0123456789"])
    #expect(upstream.requests.allSatisfy { $0["Content-Length"] == "10" && $0["Transfer-Encoding"] == nil })
    await gateway.stop()
  }

  @Test func aLongRequestBodyIsRefused() async throws {
    let seen = Journal<String>()
    let upstream = try Upstream(body: "ok")
    let gateway = try await RunningGateway(
      upstream: upstream.port, [requestScript(BodyHold(bytes: 4), seen)])
    // Refused by its declared length, before any of it has come.
    #expect(
      try gateway.exchange("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n").status == 413)
    #expect(try gateway.exchange(chunked("012", "34")).status == 413)
    #expect(seen.all.isEmpty)
    #expect(upstream.connections == 0)
    #expect(try gateway.records.first { $0.status == 413 }.rules == ["bodyBuffer"])
    await gateway.stop()
  }

  @Test(arguments: [false, true]) func theBeginningOfALongRequestBodyIsSeenAndTheRestStreams(isChunked: Bool)
    async throws
  {
    let seen = Journal<String>()
    let upstream = try Upstream(body: "ok")
    let gateway = try await RunningGateway(
      upstream: upstream.port, [requestScript(BodyHold(bytes: 4, overflow: .pass), seen)])
    let body = String(repeating: "0123456789", count: 100_000)
    let request = isChunked ? chunked(body, body) : post(body + body)
    #expect(try gateway.exchange(request).status == 200)
    #expect(seen.all == ["part 0123"])
    let arrived = try #require(upstream.requests.first)
    #expect(arrived.body == body + body)
    #expect((arrived["Transfer-Encoding"] == "chunked") == isChunked)
    await gateway.stop()
  }

  @Test func nothingGoesUpstreamBeforeThePartIsDecided() async throws {
    let seen = Journal<String>()
    let upstream = try Upstream(body: "ok")
    let refusal = FilterAction.reply(LocalReply(status: 403, detail: "no"))
    let gateway = try await RunningGateway(
      upstream: upstream.port, [requestScript(BodyHold(bytes: 4, overflow: .pass), seen, refusal)])
    let client = try gateway.connect()
    try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n01234567")
    #expect(try client.readMessage().status == 403)
    #expect(upstream.connections == 0)
    await gateway.stop()
  }

  @Test func aFilterThatWantsNoBodyLetsItStream() async throws {
    let seen = Journal<String>()
    let began = Journal<String>()
    let upstream = try Upstream { connection in
      let head = try connection.readHead()
      began.append(head.startLine)
      _ = try connection.read(exactly: 8)
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    }
    let gateway = try await RunningGateway(upstream: upstream.port, [requestScript(nil, seen)])
    let client = try gateway.connect()
    try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n0123")
    _ = try began.first { _ in true }
    try client.send("4567")
    #expect(try client.readMessage().status == 200)
    #expect(seen.all.isEmpty)
    await gateway.stop()
  }

  @Test func eachFilterSeesAsMuchAsItAskedFor() async throws {
    let first = Journal<String>()
    let second = Journal<String>()
    let upstream = try Upstream(body: "ok")
    let gateway = try await RunningGateway(
      upstream: upstream.port,
      [
        requestScript(BodyHold(bytes: 3, overflow: .pass), first), requestScript(BodyHold(bytes: 8), second),
        requestScript(nil, Journal()),
      ])
    #expect(try gateway.exchange(post("01234567")).status == 200)
    #expect(try gateway.exchange(post("012345678")).status == 413)
    #expect(first.all == ["part 012"])
    #expect(second.all == ["whole 01234567"])
    await gateway.stop()
  }

  @Test func aHeldPartIsAskedForWithContinue() async throws {
    let upstream = try Upstream(body: "ok")
    let gateway = try await RunningGateway(
      upstream: upstream.port, [requestScript(BodyHold(bytes: 2, overflow: .pass), Journal())])
    let client = try gateway.connect()
    try client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n")
    #expect(try client.readHead().status == 100)
    try client.send("abcdef")
    #expect(try client.readMessage().status == 200)
    let arrived = try #require(upstream.requests.first)
    #expect(arrived["Expect"] == nil && arrived.body == "abcdef")
    await gateway.stop()
  }

  // MARK: Replies

  private func reply(_ body: String) -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test func aHeldReplyArrivesWhole() async throws {
    let seen = Journal<String>()
    let upstream = try Upstream { request in
      request.target == "/chunked"
        ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n"
        : reply("abcde")
    }
    let gateway = try await RunningGateway(upstream: upstream.port, [replyScript(BodyHold(bytes: 100), seen)])
    let client = try gateway.connect()
    for target in ["/", "/chunked", "/"] {
      try client.send("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
      let message = try client.readMessage()
      #expect(message.status == 200 && message.body == "abcde")
      #expect(message.trailers.map(\.value) == (target == "/chunked" ? ["5"] : []))
    }
    #expect(seen.all == Array(repeating: ["whole abcde", "passed abcde"], count: 3).flatMap { $0 })
    #expect(upstream.connections == 1)
    await gateway.stop()
  }

  @Test func aHeldReplyCanStillBeReplaced() async throws {
    let upstream = try Upstream { _ in reply("secret") }
    let refusal = FilterAction.reply(LocalReply(status: 403, detail: "no"))
    let gateway = try await RunningGateway(
      upstream: upstream.port, [replyScript(BodyHold(bytes: 100), Journal(), refusal)])
    let client = try gateway.connect()
    for _ in 1...2 {
      try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
      let message = try client.readMessage()
      #expect(message.status == 403 && !message.body.contains("secret"))
    }
    #expect(try gateway.records.first { $0.status == 403 }.bytesOut < 1_000)
    #expect(upstream.connections == 1)
    await gateway.stop()
  }

  @Test func theBeginningOfALongReplyIsSeenAndTheRestStreams() async throws {
    let seen = Journal<String>()
    let body = String(repeating: "0123456789", count: 200_000)
    let upstream = try Upstream { _ in reply(body) }
    var script = replyScript(BodyHold(bytes: 4, overflow: .pass), seen)
    script.replyBodyPart = { _ in }
    let gateway = try await RunningGateway(upstream: upstream.port, [script])
    #expect(try gateway.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").body == body)
    #expect(seen.all == ["part 0123"])
    await gateway.stop()
  }

  @Test func aLongReplyIsReplaced() async throws {
    let upstream = try Upstream { request in
      request.target == "/declared"
        ? reply("abcde") : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n"
    }
    let gateway = try await RunningGateway(
      upstream: upstream.port, [replyScript(BodyHold(bytes: 4), Journal())])
    for target in ["/declared", "/chunked"] {
      #expect(try gateway.exchange("GET \(target) HTTP/1.1\r\nHost: a\r\n\r\n").status == 502)
    }
    #expect(try gateway.records.first { $0.status == 502 }.rules == ["replyBuffer"])
    await gateway.stop()
  }

  @Test func repliesWithoutBodiesAreNotHeld() async throws {
    let seen = Journal<String>()
    let upstream = try Upstream { request in
      switch request.target {
      case "/204": "HTTP/1.1 204 No Content\r\n\r\n"
      case "/304": "HTTP/1.1 304 Not Modified\r\n\r\n"
      case "/empty": reply("")
      default: "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"
      }
    }
    let gateway = try await RunningGateway(upstream: upstream.port, [replyScript(BodyHold(bytes: 10), seen)])
    let client = try gateway.connect()
    for (method, target, status) in [
      ("GET", "/204", 204), ("GET", "/304", 304), ("GET", "/empty", 200), ("HEAD", "/", 200),
    ] {
      try client.send("\(method) \(target) HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.readMessage(hasBody: method != "HEAD").status == status)
    }
    #expect(seen.all.isEmpty)
    await gateway.stop()
  }

  @Test func eventStreamsAreNotHeld() async throws {
    let seen = Journal<String>()
    let ended = Journal<Bool>()
    let upstream = try Upstream { connection in
      _ = try connection.readMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\ndata: 1\n\n")
      _ = try ended.first { $0 }
    }
    let gateway = try await RunningGateway(upstream: upstream.port, [replyScript(BodyHold(bytes: 100), seen)])
    let client = try gateway.connect()
    try client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try client.readHead().status == 200)
    #expect(try client.read(until: "data: 1\n\n").contains("data: 1"))
    ended.append(true)
    #expect(seen.all == ["passed data: 1\n\n"])
    await gateway.stop()
  }

  @Test func aReplyThatBreaksOffWhileItIsHeldIs502() async throws {
    let upstream = try Upstream { connection in
      _ = try connection.readMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
    }
    let gateway = try await RunningGateway(upstream: upstream.port, [replyScript(BodyHold(bytes: 100), Journal())])
    #expect(try gateway.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 502)
    #expect(try gateway.records.first { $0.status == 502 }.errorType == "upstream_truncated")
    await gateway.stop()
  }

  @Test func aReplyThatStallsWhileItIsHeldIs504() async throws {
    let ended = Journal<Bool>()
    let upstream = try Upstream { connection in
      _ = try connection.readMessage()
      try connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
      _ = try ended.first { $0 }
    }
    let gateway = try await RunningGateway(upstream: upstream.port, [replyScript(BodyHold(bytes: 100), Journal())]) {
      $0.routes[0].idleTimeout = .milliseconds(100)
    }
    #expect(try gateway.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 504)
    ended.append(true)
    await gateway.stop()
  }

  // MARK: Waiting

  /// Every point that can wait does, and is resumed from a worker's thread.
  @Test(arguments: [1_000, 4]) func aFilterWaitsForAnotherThreadAtEveryPoint(bytes: Int) async throws {
    let upstream = try Upstream { request in reply("reply to \(request.body)") }
    var script = ScriptedFilter.Script([.requestHead, .requestBody, .replyHead, .replyBody])
    let points = Journal<String>()
    let wait: @Sendable (String, Exchange, FilterEnvironment) -> FilterAction = { point, exchange, environment in
      let id = exchange.id
      let isTaken = environment.offload({ "worked for \(point)" }) { [weak exchange] text in
        points.append(text)
        exchange?.resume(id)
      }
      return isTaken ? .wait : .reset
    }
    script.requestHead = { wait("requestHead", $0, $1) }
    script.requestHold = { _ in BodyHold(bytes: bytes, overflow: .pass) }
    script.requestBody = { exchange, environment, _ in wait("requestBody", exchange, environment) }
    script.replyHead = { wait("replyHead", $0, $1) }
    script.replyHold = { _ in BodyHold(bytes: bytes, overflow: .pass) }
    script.replyBody = { exchange, environment, _ in wait("replyBody", exchange, environment) }
    let gateway = try await RunningGateway(upstream: upstream.port, [script, script])
    let client = try gateway.connect()
    for _ in 1...3 {
      try client.send(post("a body of the client's"))
      let message = try client.readMessage()
      #expect(message.status == 200 && message.body == "reply to a body of the client's")
    }
    let once = ["requestHead", "requestBody", "replyHead", "replyBody"].flatMap {
      ["worked for \($0)", "worked for \($0)"]
    }
    #expect(points.all == once + once + once)
    await gateway.stop()
  }

  @Test func aReplyIsReplacedFromAnotherThread() async throws {
    let upstream = try Upstream { _ in reply("secret") }
    var script = ScriptedFilter.Script(.replyBody)
    script.replyHold = { _ in BodyHold(bytes: 100) }
    script.replyBody = { exchange, environment, _ in
      let (id, held, hop, carried) = (exchange.id, exchange.heldBody, environment.hop, environment.bind(exchange))
      let isTaken = environment.offload({
        let found = held.withBytes { text($0) } == "secret"
        hop.enqueue { carried.value.resume(id, found ? .reply(LocalReply(status: 403, detail: "no")) : .next) }
      }) {}
      return isTaken ? .wait : .reset
    }
    let gateway = try await RunningGateway(upstream: upstream.port, [script])
    #expect(try gateway.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n").status == 403)
    await gateway.stop()
  }

  @Test func anAnswerThatComesAfterTheClientLeftIsForgotten() async throws {
    let upstream = try Upstream(body: "ok")
    let release = Journal<Bool>()
    let working = Journal<Bool>()
    var script = ScriptedFilter.Script(.requestHead)
    script.requestHead = { exchange, environment in
      guard exchange.path == "/slow" else { return .next }
      let id = exchange.id
      let isTaken = environment.offload({
        working.append(true)
        _ = try? release.first { $0 }
      }) { [weak exchange] in exchange?.resume(id, .reset) }
      return isTaken ? .wait : .reset
    }
    let gateway = try await RunningGateway(upstream: upstream.port, [script])
    let leaving = try gateway.connect()
    try leaving.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
    _ = try working.first { $0 }
    leaving.reset()
    _ = try gateway.records.first { $0.errorType == "client_closed" }
    let staying = try gateway.connect()
    try staying.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try staying.readMessage().status == 200)
    release.append(true)
    try staying.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try staying.readMessage().status == 200)
    await gateway.stop()
  }
}
