import NIOCore
import SluiceModel
import Wire

/// A connection to an upstream: sends one request at a time and reads its reply. Between exchanges it rests in its pool.
final class UpstreamConnection: ChannelDuplexHandler, DeadlineOwner {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  enum Phase {
    /// In the pool; any byte is one nobody asked for. → replyHead
    case idle
    /// → replyBody, tunnel, idle
    case replyHead
    /// → idle
    case replyBody
    case tunnel
  }

  let loop: Loop
  let pool: UpstreamPool
  let endpoint: UpstreamEndpoint
  var pending: PendingConnect?
  var didOpen = false
  /// What was negotiated; nil without TLS.
  var tls: TLSFacts?
  var isClosed = false
  private(set) var isWritable = true
  private var context: ChannelHandlerContext?
  private var client: ServerConnection?
  private var phase = Phase.idle
  private var decoder = BodyDecoder(.none)
  private var scanner = HeadScanner()
  private var hasPartialHead = false
  private var inbound: ByteBuffer?
  private var readHeld = false
  private var exchangesServed = 0
  private var readError: (any Error)?
  private let deadline = Deadline()

  private static let headLimits = HeadLimits(
    lineBytes: 8 << 10, headBytes: Limits.replyHeadBytes, fields: Limits.replyHeaderFields)

  init(loop: Loop, pool: UpstreamPool, endpoint: UpstreamEndpoint) {
    self.loop = loop
    self.pool = pool
    self.endpoint = endpoint
  }

  var isUsable: Bool { !isClosed && context != nil }

  /// A body may be sent: the head is out and the final reply has not ended.
  var acceptsBody: Bool { phase == .replyHead || phase == .replyBody }

  /// What ended TLS early, as the end of a sentence: an upstream may refuse the gate's certificate only now (TLS 1.3).
  var tlsFailure: String? {
    guard tls != nil, let readError else { return nil }
    let (phrase, detail) = HandshakeFailure.describe(readError)
    return " (TLS: \(phrase)" + (detail.map { ", \($0)" } ?? "") + ")"
  }

  // MARK: For the client's side

  func begin(for client: ServerConnection) {
    self.client = client
    phase = .replyHead
    hasPartialHead = false
    inbound = nil
    deadline.cancel()
  }

  /// The exchange is over or given up.
  func detach() {
    if phase == .replyHead || phase == .replyBody || phase == .tunnel, client != nil { exchangesServed += 1 }
    client = nil
    phase = .idle
  }

  func becameIdle(timeoutNanoseconds: UInt64) {
    loop.schedule(deadline, afterNanoseconds: timeoutNanoseconds)
    if readHeld {
      readHeld = false
      context?.read()
    }
  }

  package func deadlineReached() { close() }

  func write(_ bytes: ByteBuffer) { context?.write(wrapOutboundOut(bytes), promise: nil) }

  func flush() { context?.flush() }

  func flushSoon() {
    if let context { loop.flushSoon(context) }
  }

  func writeAndFlush(_ bytes: ByteBuffer) { context?.writeAndFlush(wrapOutboundOut(bytes), promise: nil) }

  /// Sends body bytes, framed anew when the body is chunked.
  func writeBody(_ bytes: ByteBuffer, _ range: Range<Int>, isChunked: Bool) {
    guard let slice = bytes.getSlice(at: bytes.readerIndex + range.lowerBound, length: range.count) else { return }
    guard isChunked else {
      write(slice)
      return
    }
    loop.scratch.removeAll(keepingCapacity: true)
    loop.scratch.appendChunkSize(range.count)
    write(ByteBuffer(bytes: loop.scratch))
    write(slice)
    write(UpstreamConnection.lineEnd)
  }

  private static let lineEnd = ByteBuffer(staticString: "\r\n")

  func writeBodyEnd(isChunked: Bool, decoder: BodyDecoder) {
    guard isChunked else { return }
    loop.scratch.removeAll(keepingCapacity: true)
    loop.scratch.append("0\r\n")
    decoder.copyTrailer(into: &loop.scratch)
    loop.scratch.append("\r\n")
    write(ByteBuffer(bytes: loop.scratch))
  }

  /// The trailer fields of the reply that ended.
  func copyTrailer(into out: inout [UInt8]) { decoder.copyTrailer(into: &out) }

  func close() {
    isClosed = true
    context?.close(mode: .all, promise: nil)
  }

  func closeOutput() {
    context?.flush()
    context?.close(mode: .output, promise: nil)
  }

  var pendingWriteBytes: Int { context?.channel.pendingWriteBytes ?? 0 }

  func resumeReading() {
    guard readHeld, !holdsReads else { return }
    readHeld = false
    context?.read()
  }

  /// Goes on with a reply that a filter held.
  func continueReply() {
    let bytes = inbound ?? ByteBuffer()
    inbound = nil
    process(bytes)
    if isClosed { ended() } else { resumeReading() }
  }

  func startTunnel() { phase = .tunnel }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    deadline.owner = self
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    deadline.invalidate()
  }

  private var holdsReads: Bool {
    guard let client else { return false }
    return !client.isWritable || client.replyPhase == .held
  }

  func read(context: ChannelHandlerContext) {
    if holdsReads {
      readHeld = true
    } else {
      context.read()
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    guard let client else {
      loop.observer.count(.unsolicitedBytesFromUpstream)
      close()
      return
    }
    if phase == .tunnel {
      client.tunnelFromUpstream(bytes)
      return
    }
    if var partial = inbound {
      inbound = nil
      partial.writeBuffer(&bytes)
      bytes = partial
    }
    if client.replyPhase == .held {
      inbound = bytes
      return
    }
    process(bytes)
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    if phase == .tunnel { client?.flushTunnelToClient() }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    isWritable = context.channel.isWritable
    if isWritable, let client {
      client.advance()
      client.resumeReading()
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    readError = error
    context.channel.close(after: error)
  }

  func channelInactive(context: ChannelHandlerContext) {
    isClosed = true
    if didOpen { pool.closed(self) }
    // A reply that a filter holds may be whole already: its end counts when it goes on.
    if client?.replyPhase != .held { ended() }
  }

  /// The connection is gone with an exchange on it.
  private func ended() {
    guard let client else { return }
    switch phase {
    case .tunnel: client.tunnelUpstreamClosed()
    case .replyBody where decoder.endsAtClose && readError == nil: client.replyEnded(isReusable: false)
    case .replyBody: client.upstreamBroke(.closedInReply)
    case .replyHead:
      client.upstreamBroke(
        inbound == nil && !hasPartialHead ? .closedBeforeReply(wasReused: exchangesServed > 0) : .closedInReply)
    case .idle: break
    }
  }

  // MARK: Reply

  private func process(_ received: ByteBuffer) {
    var bytes = received
    do throws(HeadError) {
      while let client {
        switch phase {
        case .idle: return
        case .replyHead:
          guard try readHead(&bytes, client) else {
            client.flushReply()
            return
          }
        case .replyBody:
          try readBody(&bytes, client)
          return
        case .tunnel:
          if bytes.readableBytes > 0 {
            client.tunnelFromUpstream(bytes)
            client.flushTunnelToClient()
          }
          return
        }
      }
    } catch {
      client?.upstreamBroke(.malformed(error))
    }
  }

  /// - Returns: false when there is nothing more to do with these bytes now.
  private func readHead(_ bytes: inout ByteBuffer, _ client: ServerConnection) throws(HeadError) -> Bool {
    guard bytes.readableBytes > 0, let exchange = client.exchange else { return false }
    if hasPartialHead, !scanner.foundEnd(bytes.readableBytesUInt8Span) {
      guard bytes.readableBytes <= Limits.replyHeadBytes else { throw HeadError(.headTooLarge) }
      inbound = bytes
      return false
    }
    guard try exchange.reply.parse(bytes.readableBytesUInt8Span, limits: UpstreamConnection.headLimits) else {
      if !hasPartialHead { scanner.reset() }
      hasPartialHead = true
      _ = scanner.foundEnd(bytes.readableBytesUInt8Span)
      inbound = bytes
      return false
    }
    hasPartialHead = false
    let length = exchange.reply.length
    exchange.replyBytes.removeAll(keepingCapacity: true)
    exchange.replyBytes.append(bytes.readableBytesUInt8Span, 0..<length)
    bytes.moveReaderIndex(forwardBy: length)
    if exchange.reply.isInterim { return client.interimReply() }
    decoder = BodyDecoder(
      exchange.reply.framing(toHead: exchange.request.method == .head), trailerLimit: Limits.trailerBytes,
      chunkLineLimit: Limits.chunkLineBytes)
    phase = .replyBody
    guard client.replyHeadArrived() else {
      if client.replyPhase == .held { inbound = bytes }
      return false
    }
    return true
  }

  private func readBody(_ bytes: inout ByteBuffer, _ client: ServerConnection) throws(HeadError) {
    var position = 0
    while true {
      switch try decoder.next(bytes.readableBytesUInt8Span, from: position) {
      case .data(let range):
        position = range.upperBound
        guard client.replyBody(bytes, range) else {
          if self.client === client, client.replyPhase == .held {
            bytes.moveReaderIndex(forwardBy: position)
            inbound = bytes
          }
          return
        }
      case .needMore:
        client.flushReply()
        return
      case .end(let next):
        let isReusable = next == bytes.readableBytes && (client.exchange?.reply.keepsAlive ?? false)
        client.replyEnded(isReusable: isReusable)
        return
      }
    }
  }
}
