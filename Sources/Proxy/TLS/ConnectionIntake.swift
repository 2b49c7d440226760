import NIOCore
import NIOSSL
import NIOTLS
import PKI
import SluiceModel
import Wire

/// What is known of a client's connection before its first application byte.
struct ClientArrival {
  /// The peer, or the client that a PROXY header names.
  var peer: IPAddress
  /// The peer's port, or that of the client that a PROXY header names.
  var port: UInt16
  /// What was negotiated; nil without TLS.
  var tls: TLSFacts?
  /// What the client proved who it is with, now or when its session began.
  var proof: ClientProof?
  /// The TLS policy that the connection was let in by.
  var policy: ListenerTLS.Policy?
  /// The name that the client of a connection that is passed on encrypted asked for.
  var serverName: String?

  init(peer: IPAddress, port: UInt16) {
    self.peer = peer
    self.port = port
  }
}

/// A client's certificate, apart from what every connection carries along.
final class ClientProof {
  let certificate: CertificateFacts

  init(_ certificate: CertificateFacts) { self.certificate = certificate }
}

/// The front of a connection: reads a PROXY header where one is due and the ClientHello where TLS is, brings the handshake
/// to its end, and gives the channel over to the listener's protocol. It leaves the pipeline then.
final class ConnectionIntake: ChannelDuplexHandler, RemovableChannelHandler, LoopConnection, DeadlineOwner {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum Phase {
    /// → hello, given
    case proxyHeader
    /// → handshake, given, ended
    case hello
    /// → given, ended
    case handshake
    /// The channel is the application's.
    case given
    case ended
  }

  let loop: Loop
  let slot: ListenerSlot
  private let socketPeer: IPAddress
  private let listener: ListenerRuntime
  /// Adds the application's handlers to the channel.
  private let giveOver: (any Channel, ClientArrival) throws -> Void
  private(set) var arrival: ClientArrival
  private var phase: Phase
  private var context: ChannelHandlerContext?
  private var received = ByteBuffer()
  private var helloReader = ClientHelloReader()
  private var hello: ClientHello?
  private var tap = ServerHelloTap()
  private var isCounted = false
  private var isReading = false
  private var wantsFlush = false
  private let startNanoseconds: UInt64
  private lazy var deadline = Deadline(owner: self)

  init(
    loop: Loop, slot: ListenerSlot, arrival: ClientArrival,
    giveOver: @escaping (any Channel, ClientArrival) throws -> Void
  ) {
    self.loop = loop
    self.slot = slot
    socketPeer = arrival.peer
    listener = slot.runtime
    self.giveOver = giveOver
    self.arrival = arrival
    phase = listener.configuration.proxyProtocol ? .proxyHeader : .hello
    startNanoseconds = loop.nowNanoseconds
  }

  private var peer: IPAddress { arrival.peer }

  /// A reload leaves it alone: what the hello is answered with is decided when it is read, and looked at once more when the
  /// handshake is through.
  var hasArrived: Bool { false }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    loop.connections[ObjectIdentifier(self)] = self
    loop.schedule(deadline, after: listener.tls?.configuration.handshakeTimeout ?? .seconds(10))
    if phase == .hello, !beginHandshake() { return }
    if loop.isDraining { context.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    loop.connections[ObjectIdentifier(self)] = nil
    deadline.invalidate()
    if isCounted { listener.tls?.gauge.leave() }
    if phase != .given, !isRefusedByGauge { slot.connectionClosed(peer) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    switch phase {
    case .handshake, .given:
      isReading = true
      context.fireChannelRead(data)
    case .ended: break
    case .proxyHeader, .hello:
      isReading = true
      received.writeBuffer(&bytes)
      if phase == .proxyHeader { readProxyHeader() }
      if phase == .hello { readHello() }
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    if !tap.isDone {
      let bytes = unwrapOutboundIn(data)
      tap.read(bytes.readableBytesUInt8Span)
    }
    context.write(data, promise: promise)
  }

  /// What the TLS handler and the application write while one read is dealt with goes out in one piece: the end of the
  /// handshake, the tickets and, when the request came along, its reply.
  func flush(context: ChannelHandlerContext) {
    if isReading { wantsFlush = true } else { context.flush() }
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if wantsFlush {
      wantsFlush = false
      context.flush()
    }
    context.close(mode: mode, promise: promise)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    isReading = false
    if wantsFlush {
      wantsFlush = false
      context.flush()
    }
    if phase == .given { context.pipeline.syncOperations.removeHandler(self, promise: nil) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .inputClosed? = event as? ChannelEvent {
      switch phase {
      case .proxyHeader, .hello, .ended:
        channelInactive(context: context)
        context.close(promise: nil)
        return
      case .handshake, .given: break
      }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func channelInactive(context: ChannelHandlerContext) {
    switch phase {
    // A scan of ports or a health check of a balancer connects and says nothing: that is no failed handshake.
    case .hello where received.readableBytes > 0: failed("closed during the handshake", nil)
    case .proxyHeader, .hello: phase = .ended
    case .handshake, .given, .ended: break
    }
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    switch phase {
    case .proxyHeader, .hello:
      failed("closed during the handshake", nil)
      context.close(promise: nil)
    case .handshake, .given: context.fireErrorCaught(error)
    case .ended: context.close(promise: nil)
    }
  }

  package func deadlineReached() {
    guard phase != .given else { return }
    failed(phase == .proxyHeader ? "no PROXY header in time" : "handshake timeout", nil)
    context?.close(promise: nil)
  }

  func drain() { if phase == .proxyHeader || phase == .hello { context?.close(promise: nil) } }

  func abort(reason: StaticString) { context?.close(promise: nil) }

  // MARK: PROXY header

  private func readProxyHeader() {
    guard listener.configuration.trustedProxies.contains(where: { $0.contains(socketPeer) }) else {
      return refuse("PROXY header of an untrusted peer", nil, alert: nil)
    }
    let header: ProxyHeader
    do {
      guard let (found, length) = try ProxyHeader.read(received.readableBytesUInt8Span) else { return }
      header = found
      received.moveReaderIndex(forwardBy: length)
    } catch {
      return refuse("malformed PROXY header", error.reason.rawValue, alert: nil)
    }
    if case .proxied(let source, _) = header.origin {
      slot.gauge.leave(peer)
      arrival.peer = IPAddress(high: source.address.high, low: source.address.low)
      arrival.port = source.port
      guard slot.gauge.enter(peer, limits: listener.configuration.limits) else {
        loop.observer.count(.connectionsRefused)
        isRefusedByGauge = true
        return end()
      }
    }
    phase = .hello
    guard listener.tls != nil || listener.configuration.protocol == .tls else { return give() }
    _ = beginHandshake()
  }

  /// The address that a PROXY header named was over its limit: it is not counted, and so not let go of.
  private var isRefusedByGauge = false

  // MARK: Handshake

  /// - Returns: false when the limits on handshakes refuse it.
  private func beginHandshake() -> Bool {
    guard let tls = listener.tls else { return true }
    if let reason = tls.gauge.enter(peer, tls.configuration, nowNanoseconds: startNanoseconds) {
      refuse(reason, nil, alert: nil)
      return false
    }
    isCounted = true
    return true
  }

  private func readHello() {
    guard received.readableBytes > 0 else { return }
    do {
      guard let hello = try helloReader.read(received.readableBytesUInt8Span) else { return }
      self.hello = hello
      guard let tls = slot.runtime.tls ?? listener.tls else {
        arrival.serverName = hello.serverName
        return give()
      }
      if let challenge = loop.challenges.context(for: hello) {
        try startTLS(challenge)
      } else {
        let choice = try tls.choose(hello)
        arrival.policy = choice.policy
        try startTLS(choice.context)
      }
    } catch let error as TLSHelloError {
      if error.reason == .notTLS, looksLikeHTTP { answerPlainHTTP() }
      refuse(error.reason == .notTLS ? "not TLS" : "malformed ClientHello", error.reason.rawValue, alert: error.alert)
    } catch let error as TLSRefusal {
      refuse(error.phrase, nil, alert: error.alert)
    } catch {
      refuse("handshake failed", "\(error)", alert: 80)
    }
  }

  private func startTLS(_ tls: NIOSSLContext) throws {
    guard let context else { return }
    phase = .handshake
    let handler = NIOSSLServerHandler(context: tls)
    let end = HandshakeEnd(
      completed: { [weak self] name in self?.completed(handler, applicationProtocol: name) },
      failed: { [weak self] error in self?.handshakeFailed(error) })
    let pipeline = context.pipeline.syncOperations
    try pipeline.addHandler(handler, position: .after(self))
    try pipeline.addHandler(end, position: .after(handler))
    let bytes = received
    received = ByteBuffer()
    context.fireChannelRead(wrapInboundOut(bytes))
  }

  private func handshakeFailed(_ error: any Error) {
    guard phase == .handshake else { return }
    let (phrase, detail) = HandshakeFailure.describe(error)
    failed(phrase, detail)
  }

  /// The handshake is through: the peer is looked at once more, whether or not it showed its certificate this time.
  private func completed(_ handler: NIOSSLServerHandler, applicationProtocol: String?) {
    guard phase == .handshake, let context else { return }
    var identity: PeerIdentity?
    // A reload may have come in between.
    let current = slot.runtime.tls?.policy(for: hello?.serverName)
    if let before = arrival.policy, let current, current !== before, !current.admits(before) {
      failed("the listener's policy changed", nil, applicationProtocol: applicationProtocol)
      context.pipeline.close(promise: nil)
      return
    }
    do {
      if let policy = arrival.policy.map({ current ?? $0 }), let der = try handler.peerCertificate?.toDERBytes() {
        let leaf = try CertificateFacts(der: der)
        if let refusal = policy.verifier.refusal(of: leaf, now: loop.unixSeconds) {
          failed(refusal.phrase, refusal.detail, identity: leaf.identity, applicationProtocol: applicationProtocol)
          context.pipeline.close(promise: nil)
          return
        }
        identity = leaf.identity
        arrival.proof = ClientProof(leaf)
      }
    } catch {
      failed("unreadable client certificate", "\(error)", applicationProtocol: applicationProtocol)
      context.pipeline.close(promise: nil)
      return
    }
    let facts = facts(identity, applicationProtocol: applicationProtocol)
    arrival.tls = facts
    record(facts, failure: nil, detail: nil)
    guard arrival.policy != nil else {
      // The client proved that it sees the challenge's certificate; there is nothing more to say (RFC 8737, 3).
      phase = .ended
      context.pipeline.close(promise: nil)
      return
    }
    give()
  }

  private func facts(_ identity: PeerIdentity?, applicationProtocol: String?) -> TLSFacts {
    TLSFacts(
      tap.negotiated, serverName: hello?.serverName, applicationProtocol: applicationProtocol,
      ja4: hello.map { JA4.fingerprint(of: $0) }, peer: identity)
  }

  // MARK: Ending

  private func give() {
    guard let context else { return }
    phase = .given
    deadline.invalidate()
    do {
      try giveOver(context.channel, arrival)
    } catch {
      phase = .ended
      context.close(promise: nil)
      return
    }
    let rest = received
    received = ByteBuffer()
    if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
    if !isReading { context.pipeline.syncOperations.removeHandler(self, promise: nil) }
  }

  private var looksLikeHTTP: Bool {
    guard listener.configuration.protocol == .https, let first = received.readableBytesView.first else { return false }
    return (0x41...0x5a).contains(first)
  }

  private func answerPlainHTTP() {
    context?.write(
      wrapOutboundOut(
        ByteBuffer(
          staticString: """
            HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 48\r\n\
            Connection: close\r\n\r\nThis port speaks HTTPS; the request was plain.\r\n
            """)), promise: nil)
  }

  /// Ends a connection whose handshake is not gone into.
  private func refuse(_ phrase: StaticString, _ detail: String?, alert: UInt8?) {
    failed(phrase, detail)
    if let alert {
      context?.write(wrapOutboundOut(ByteBuffer(bytes: [0x15, 3, 3, 0, 2, 2, alert])), promise: nil)
    }
    end()
  }

  /// What was written goes out before the channel closes, and what the client still sends is discarded for a moment: a
  /// close with unread bytes would reset the connection, and the alert would be lost with it.
  private func end() {
    phase = .ended
    received = ByteBuffer()
    isReading = false
    wantsFlush = false
    loop.schedule(deadline, after: .seconds(1))
    context?.flush()
    // Not from within the channel's own set-up, where a close would be lost.
    let bound = NIOLoopBound(self, eventLoop: loop.eventLoop)
    loop.eventLoop.execute { bound.value.context?.close(mode: .output, promise: nil) }
  }

  private func failed(
    _ phrase: StaticString, _ detail: String?, identity: PeerIdentity? = nil, applicationProtocol: String? = nil
  ) {
    guard phase != .ended else { return }
    phase = .ended
    let known = hello == nil ? nil : facts(identity, applicationProtocol: applicationProtocol)
    record(known, failure: phrase, detail: detail)
  }

  private func record(_ facts: TLSFacts?, failure: StaticString?, detail: String?) {
    loop.observer.handshakeEnded(
      HandshakeRecord(
        leg: .client, place: listener.logName, endpoint: nil, peer: peer, facts: facts, failure: failure,
        detail: detail.map { String($0.prefix(Limits.matchedTextBytes)) },
        durationNanoseconds: loop.nowNanoseconds &- startNanoseconds))
  }
}

/// Behind the TLS handler: tells how the handshake ended, and leaves.
final class HandshakeEnd: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private var completed: ((_ applicationProtocol: String?) -> Void)?
  private var failed: ((any Error) -> Void)?

  init(completed: @escaping (String?) -> Void, failed: @escaping (any Error) -> Void) {
    self.completed = completed
    self.failed = failed
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard case .handshakeCompleted(let name)? = event as? TLSUserEvent, let completed else {
      context.fireUserInboundEventTriggered(event)
      return
    }
    self.completed = nil
    failed = nil
    completed(name)
    context.pipeline.syncOperations.removeHandler(self, promise: nil)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let failed else {
      context.fireErrorCaught(error)
      return
    }
    completed = nil
    self.failed = nil
    failed(error)
    context.channel.close(after: error)
  }

  func channelInactive(context: ChannelHandlerContext) {
    failed?(ChannelError.eof)
    completed = nil
    failed = nil
    context.fireChannelInactive()
  }
}

/// What went wrong in a handshake, in the gate's own words.
enum HandshakeFailure {
  private static let phrases: [(sign: String, phrase: StaticString)] = [
    ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "no client certificate"),
    ("CERTIFICATE_VERIFY_FAILED", "certificate not verified"),
    ("EOF during handshake", "closed during the handshake"),
    ("_ALERT_", "refused by the other side"),
    ("HANDSHAKE_FAILURE_ON_CLIENT_HELLO", "refused by the other side"),
    ("UNSUPPORTED_PROTOCOL", "no shared version"),
    ("NO_SHARED_GROUP", "no shared group"),
    ("NO_SHARED_CIPHER", "no shared cipher"),
    ("failedToValidateHostname", "name mismatch"),
    ("WRONG_VERSION_NUMBER", "not TLS"),
    ("No mutually supported", "no shared version"),
  ]

  static func describe(_ error: any Error) -> (phrase: StaticString, detail: String?) {
    if let error = error as? ChannelError, case .eof = error { return ("closed during the handshake", nil) }
    if error is IOError { return ("closed during the handshake", nil) }
    let text = "\(error)"
    for (sign, phrase) in phrases where text.contains(sign) { return (phrase, reason(text)) }
    return ("handshake failed", reason(text) ?? String(text.prefix(Limits.matchedTextBytes)))
  }

  /// The reason that BoringSSL names, without its error number and place; nil when the error is not its own.
  private static func reason(_ text: String) -> String? {
    guard let end = text.firstRange(of: " at ")?.lowerBound, let start = text[..<end].lastIndex(of: ":") else {
      return nil
    }
    return String(text[text.index(after: start)..<end])
  }
}

extension TLSFacts {
  convenience init(
    _ negotiated: TLSNegotiation, serverName: String?, applicationProtocol: String?, ja4: String?, peer: PeerIdentity?
  ) {
    self.init(
      version: SluiceModel.TLSVersion(rawValue: negotiated.version ?? 0),
      cipher: TLSCipherSuite(rawValue: negotiated.cipherSuite ?? 0),
      group: negotiated.group.map { TLSGroup(rawValue: $0) }, isResumed: negotiated.wasResumed,
      wasRetried: negotiated.wasRetried, serverName: serverName, applicationProtocol: applicationProtocol, ja4: ja4,
      peer: peer)
  }
}
