import NIOCore
import SluiceModel
import Wire

extension ServerConnection {
  // MARK: Head

  /// Reads the next request head from what was received.
  /// - Returns: whether the connection may have more to do.
  func readHead() -> Bool {
    guard var bytes = inbound, bytes.readableBytes > 0 else {
      inbound = nil
      return false
    }
    if phase == .head, !scanner.foundEnd(bytes.readableBytesUInt8Span) {
      if bytes.readableBytes >= limits.requestHeadBytes {
        refuse(HeadError(.headTooLarge))
      }
      return false
    }
    if phase == .idle {
      listener = slot.runtime
      skipEmptyLines(&bytes)
      guard bytes.readableBytes > 0 else {
        inbound = nil
        return false
      }
    }
    let exchange = loop.takeExchange()
    do {
      guard try exchange.request.parse(bytes.readableBytesUInt8Span, limits: listener.headLimits) else {
        loop.recycle(exchange)
        if phase == .idle {
          phase = .head
          scanner.reset()
          _ = scanner.foundEnd(bytes.readableBytesUInt8Span)
          if exchangesServed > 0 { loop.schedule(deadline, afterNanoseconds: listener.headerNanoseconds) }
        }
        inbound = bytes
        return false
      }
    } catch {
      exchange.request = RequestHead()
      inbound = nil
      begin(exchange)
      refuse(error)
      return false
    }
    let length = exchange.request.length
    exchange.requestBytes.append(bytes.readableBytesUInt8Span, 0..<length)
    bytes.moveReaderIndex(forwardBy: length)
    inbound = bytes.readableBytes > 0 ? bytes : nil
    begin(exchange)
    requestHeadArrived(exchange)
    return true
  }

  /// A robust server ignores empty lines before a request (RFC 9112 §2.2); one is enough.
  private func skipEmptyLines(_ bytes: inout ByteBuffer) {
    if bytes.getInteger(at: bytes.readerIndex, as: UInt16.self) == 0x0d0a { bytes.moveReaderIndex(forwardBy: 2) }
  }

  private func begin(_ exchange: Exchange) {
    let now = loop.nowNanoseconds
    exchange.startNanoseconds = now
    exchange.id = loop.nextID(at: now)
    exchange.client = peer
    exchange.clientPort = arrival.port
    exchange.tls = arrival.tls
    exchange.bytesIn = UInt64(exchange.requestBytes.count)
    self.exchange = exchange
    closesAfterReply = false
    replyPhase = .none
  }

  private func requestHeadArrived(_ exchange: Exchange) {
    let framing = exchange.request.framing
    if framing == .none {
      phase = .complete
    } else {
      phase = .body
      requestDecoder = BodyDecoder(
        framing, trailerLimit: Limits.trailerBytes, chunkLineLimit: Limits.chunkLineBytes)
      progress.start(at: exchange.startNanoseconds, bytes: 0)
      silence = SilenceWatch()
    }
    if !exchange.request.keepsAlive { closesAfterReply = true }
    exchange.isWebSocket = exchange.request.asksForWebSocket(exchange.requestBytes.span)
    if let trusted = ForwardedFor.client(exchange, peer: peer, trusted: listener.configuration.trustedProxies) {
      exchange.client = trusted
      exchange.isPeerTrusted = true
    }
    if let length = exchange.request.section.contentLength, length > limits.requestBodyBytes {
      refuse(
        status: 413, source: "limit", rule: "requestBody", reason: "the request body is declared as \(length) bytes")
      return
    }
    if answersChallenge(exchange) || isMisdirected(exchange) { return }
    guard findRoute(exchange) else { return }
    guard let route = exchange.route else {
      exchange.record("route", "none", .block, "no route matches")
      send(LocalReply(status: 404, detail: "No route matches this request."))
      return
    }
    if route.chain.points.contains(.requestHead) {
      runRequestHeadFilters(from: 0)
    } else {
      requestHeadPassed()
    }
  }

  /// A certificate authority asks for the proof that a name is the gate's (RFC 8555, 8.3).
  private func answersChallenge(_ exchange: Exchange) -> Bool {
    guard !loop.challenges.isEmpty,
      let body = loop.challenges.reply(to: exchange.requestBytes[exchange.request.pathRange])
    else { return false }
    exchange.record("acme", "http-01", .allow, "the answer to a challenge")
    send(LocalReply(status: 200, detail: "", content: (type: "application/octet-stream", body: body)))
    return true
  }

  /// Whether the host belongs to another TLS policy than the one that let the connection in (RFC 9110 §15.5.20); if so,
  /// it was answered.
  private func isMisdirected(_ exchange: Exchange) -> Bool {
    guard let tls = listener.tls, tls.hasNamedPolicies, let policy = arrival.policy else { return false }
    let host = String(decoding: exchange.requestBytes[exchange.request.hostRange], as: UTF8.self).lowercased()
    let name = host.hasSuffix(".") ? String(host.dropLast()) : host
    if tls.policy(for: name).admits(policy) { return false }
    exchange.record("tls", "policy", .block, "the host belongs to another TLS policy than the connection's server name")
    closesAfterReply = true
    send(LocalReply(status: 421, detail: "This connection was not made for the requested host."))
    return true
  }

  /// Sets the exchange's route, or leaves it nil when none matches.
  /// - Returns: false when the request was refused.
  private func findRoute(_ exchange: Exchange) -> Bool {
    let request = exchange.request
    var host: [UInt8] = []
    swap(&host, &loop.hostScratch)
    defer { swap(&host, &loop.hostScratch) }
    host.removeAll(keepingCapacity: true)
    if listener.routes.looksAtHost {
      for byte in exchange.requestBytes[request.hostRange] { host.append((byte &- 0x41) < 26 ? byte | 0x20 : byte) }
      if host.last == 0x2e { host.removeLast() }
    }
    if request.hasEmptyPath || request.isAsterisk {
      exchange.normalizedPath = [0x2f]
    } else if request.needsNormalization {
      var path: [UInt8] = []
      do {
        let received = exchange.requestBytes
        try PathNormalizer.normalize(received.span, request.pathRange, into: &path)
      } catch {
        refuse(error)
        return false
      }
      exchange.normalizedPath = path
    }
    let rule: RouteTable.Rule?
    if let path = exchange.normalizedPath {
      rule = listener.routes.match(host: host, path: path.span, head: request, bytes: exchange.requestBytes.span)
    } else {
      let received = exchange.requestBytes
      let bytes = received.span
      rule = listener.routes.match(
        host: host, path: bytes.extracting(request.pathRange), head: request, bytes: bytes)
    }
    if let rule {
      exchange.route = listener.runtime(of: rule)
      exchange.matchedPathLength = rule.pathLength
    }
    return true
  }

  private func runRequestHeadFilters(from start: Int) {
    guard let exchange, let filters = exchange.route?.chain.requestHead else { return }
    var index = start
    while index < filters.count {
      let filter = filters[index]
      index += 1
      if perform(filter.requestHead(exchange), of: filter, before: .requestHead(index)) { return }
    }
    requestHeadPassed()
  }

  /// The filter of a chain that comes next.
  enum ChainPlace {
    case requestHead(Int)
    case requestBody(Int)
  }

  private func goOn(at place: ChainPlace) {
    switch place {
    case .requestHead(let index): runRequestHeadFilters(from: index)
    case .requestBody(let index): runRequestBodyFilters(from: index)
    }
  }

  /// Carries out a filter's answer at a point before the upstream is involved.
  /// - Returns: true when the chain does not go on now.
  func perform(_ action: FilterAction, of filter: any Filter, before place: ChainPlace) -> Bool {
    switch action {
    case .next: return false
    case .reply(let reply):
      send(reply)
      return true
    case .reset:
      abortExchange(errorType: "reset_by_filter", reason: "closed by `\(filter.name)`")
      return true
    case .wait:
      exchange?.resumption = { [weak self, weak exchange] action in
        guard let self, let exchange, self.exchange === exchange else { return }
        if !self.perform(action, of: filter, before: place) { self.goOn(at: place) }
        self.advance()
      }
      return true
    }
  }

  private func requestHeadPassed() {
    guard let exchange, let route = exchange.route else { return }
    guard case .forward = route.configuration.action else {
      answerFromRoute(exchange, route)
      return
    }
    if exchange.isWebSocket, route.chain.points.contains(.webSocketMessage) { prepareMessages(exchange, route.chain) }
    if phase == .body, route.chain.points.contains(.requestBody),
      exchange.plan(route.chain.requestBody, { $0.requestBodyHold(exchange) })
    {
      holdRequestBody(exchange)
    } else {
      askForUpstream()
    }
  }

  private func holdRequestBody(_ exchange: Exchange) {
    guard exchange.request.section.contentLength ?? 0 <= exchange.refusalLimit else {
      refuseLongBody()
      return
    }
    exchange.bufferedBody = ByteBuffer()
    exchange.requestHold = .filling
    if exchange.request.expectsContinue { writeContinue() }
    loop.schedule(deadline, after: .seconds(1))
    advance()
  }

  private func refuseLongBody() {
    refuse(
      status: 413, source: "limit", rule: "bodyBuffer", reason: "the request body is longer than a filter may hold")
  }

  /// Redirects and direct responses.
  private func answerFromRoute(_ exchange: Exchange, _ route: RouteRuntime) {
    switch route.configuration.action {
    case .respond(let response):
      send(
        LocalReply(
          status: response.status, detail: "", content: (response.contentType, Array(response.body.utf8))))
    case .redirect(let redirect):
      let location = Redirect.location(redirect, exchange: exchange)
      send(
        LocalReply(
          status: redirect.status, detail: "Moved.", headers: [HeaderSetting(name: "Location", value: location)],
          content: ("text/plain; charset=utf-8", Array("\(location)\n".utf8))))
    case .forward: break
    }
  }

  // MARK: Body

  /// Takes body bytes from what was received: into memory for filters that want it whole, else upstream.
  /// - Returns: whether the connection may have more to do.
  func pumpRequestBody() -> Bool {
    guard let exchange, exchange.resumption == nil, let bytes = inbound, bytes.readableBytes > 0 else { return false }
    let isBuffering = exchange.requestHold == .filling
    if !isBuffering {
      guard let upstream, upstream.acceptsBody, upstream.isWritable else { return false }
    }
    var position = 0
    var isEnded = false
    do {
      loop: while true {
        switch try requestDecoder.next(bytes.readableBytesUInt8Span, from: position) {
        case .data(let range):
          position = range.upperBound
          if !take(bytes, range, exchange, isBuffering: isBuffering) { return false }
          if requestDecoder.isDone { isEnded = true }
          if isBuffering, exchange.requestBodyBytes > exchange.holdLimit { break loop }
        case .needMore:
          position = bytes.readableBytes
          break loop
        case .end(let next):
          position = next
          isEnded = true
        }
        if isEnded { break }
      }
    } catch {
      refuse(error)
      return false
    }
    var rest = bytes
    rest.moveReaderIndex(forwardBy: position)
    inbound = rest.readableBytes > 0 ? rest : nil
    if isEnded {
      requestBodyEnded(exchange, isBuffering: isBuffering)
    } else if isBuffering, exchange.requestBodyBytes > exchange.holdLimit {
      exchange.requestHold = .partial
      runRequestBodyFilters(from: 0)
      // Without an upstream yet, the rest waits for it or for a filter.
      return true
    }
    if !isBuffering { upstream?.flush() }
    // The flush may have ended the exchange.
    return isEnded || self.exchange !== exchange
  }

  /// - Returns: false when the exchange was ended.
  private func take(_ bytes: ByteBuffer, _ range: Range<Int>, _ exchange: Exchange, isBuffering: Bool) -> Bool {
    exchange.requestBodyBytes += range.count
    guard exchange.requestBodyBytes <= limits.requestBodyBytes else {
      refuse(status: 413, source: "limit", rule: "requestBody", reason: "the request body is longer than allowed")
      return false
    }
    if isBuffering {
      guard exchange.requestBodyBytes <= exchange.refusalLimit else {
        refuseLongBody()
        return false
      }
      exchange.bufferedBody?.writeSpan(bytes.readableBytesUInt8Span.extracting(range))
      return true
    }
    if let chain = exchange.route?.chain, chain.points.contains(.requestBodyPart) {
      guard runBodyPartFilters(chain.requestBodyPart, exchange, bytes.readableBytesUInt8Span.extracting(range)) else {
        return false
      }
    }
    upstream?.writeBody(bytes, range, isChunked: exchange.request.section.isChunked)
    return true
  }

  private func runBodyPartFilters(_ filters: [any Filter], _ exchange: Exchange, _ part: Span<UInt8>) -> Bool {
    for filter in filters {
      switch filter.requestBodyPart(exchange, part) {
      case .next, .wait: continue
      case .reply(let reply):
        send(reply)
        return false
      case .reset:
        abortExchange(errorType: "reset_by_filter", reason: "closed by `\(filter.name)`")
        return false
      }
    }
    return true
  }

  private func requestBodyEnded(_ exchange: Exchange, isBuffering: Bool) {
    phase = .complete
    if isBuffering {
      exchange.requestHold = .whole
      runRequestBodyFilters(from: 0)
      return
    }
    upstream?.writeBodyEnd(isChunked: exchange.request.section.isChunked, decoder: requestDecoder)
    if replyPhase == .none, let route = exchange.route {
      loop.schedule(deadline, afterNanoseconds: route.requestNanoseconds)
    }
  }

  private func runRequestBodyFilters(from start: Int) {
    guard let exchange, let filters = exchange.route?.chain.requestBody, let body = exchange.bufferedBody else {
      return
    }
    if body.readableBytes > Limits.quickBodyBytes { loop.flushUnsent() }
    var index = start
    while index < filters.count {
      let filter = filters[index]
      let held = exchange.show(body, to: index, isWhole: exchange.requestHold == .whole)
      index += 1
      guard let held else { continue }
      let action = held.withBytes { filter.requestBody(exchange, $0) }
      if perform(action, of: filter, before: .requestBody(index)) { return }
    }
    exchange.heldBody = HeldBody()
    // The parts point sees a held body as one part, so that a filter need not care how the body came.
    let partFilters = exchange.route?.chain.requestBodyPart ?? []
    if !partFilters.isEmpty, body.readableBytes > 0 {
      guard runBodyPartFilters(partFilters, exchange, body.readableBytesUInt8Span) else { return }
    }
    askForUpstream()
  }

  // MARK: Upstream

  func askForUpstream(excluding endpoint: UpstreamEndpoint? = nil) {
    guard let exchange, let route = exchange.route, let pool = route.pickPool() else {
      refuse(status: 503, source: "upstream", rule: "pool", reason: "the route has no pool with weight")
      return
    }
    exchange.attempts += 1
    waitingPool = pool
    loop.schedule(deadline, afterNanoseconds: phase == .body ? 1_000_000_000 : route.requestNanoseconds)
    pool.acquire(for: self, excluding: endpoint, fresh: exchange.isWebSocket)
  }
}

extension ServerConnection: UpstreamClient {
  func upstreamReady(_ connection: UpstreamConnection) {
    guard let exchange, waitingPool === connection.pool else {
      connection.pool.release(connection, reusable: true)
      return
    }
    waitingPool = nil
    upstream = connection
    exchange.upstream = connection.endpoint
    exchange.upstreamTLS = connection.tls
    connection.begin(for: self)
    var head = loop.takeBuffer()
    RequestWriter.write(exchange, listener: listener, peer: peerFields, scratch: &loop.scratch)
    head.writeBytes(loop.scratch)
    let wasComplete = phase == .complete
    connection.write(head)
    if wasComplete, exchange.bufferedBody == nil, exchange.request.section.isChunked {
      // A second attempt with an empty chunked body.
      connection.writeBodyEnd(isChunked: true, decoder: requestDecoder)
    }
    if let body = exchange.bufferedBody, body.readableBytes > 0 {
      if exchange.requestHold == .partial {
        // What streams can't be sent again, so that there is no use in keeping its beginning.
        exchange.bufferedBody = nil
        connection.writeBody(body, 0..<body.readableBytes, isChunked: exchange.request.section.isChunked)
      } else {
        connection.write(body)
      }
    }
    if phase == .body { _ = pumpRequestBody() }
    connection.flushSoon()
    loop.giveBack(head)
    advance()
  }

  func upstreamUnavailable(_ failure: UpstreamFailure, endpoint: UpstreamEndpoint?) {
    guard let exchange, let route = exchange.route, waitingPool != nil else { return }
    waitingPool = nil
    exchange.upstream = endpoint
    if let endpoint, exchange.attempts <= route.configuration.retries {
      loop.observer.count(.upstreamRetries)
      askForUpstream(excluding: endpoint)
      return
    }
    exchange.errorType = failure.errorType
    refuse(status: failure.status, source: "upstream", rule: "\(failure.errorType)", reason: failure.reason)
  }
}
