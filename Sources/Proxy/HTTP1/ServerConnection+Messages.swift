import NIOCore
import SluiceModel
import Wire

/// The messages of an upgraded connection that filters look at, in both directions.
final class MessageInspection {
  /// One direction: the bytes of a message go on as they came once the filters have seen all of it.
  final class Way {
    var reader: WebSocketReader
    /// Frames of a message that is not whole yet.
    var held = ByteBuffer()

    init(from side: WebSocketReader.Side, limit: Int) { reader = WebSocketReader(from: side, limit: limit) }
  }

  let client: Way
  let upstream: Way

  init(limit: Int) {
    client = Way(from: .client, limit: limit)
    upstream = Way(from: .server, limit: limit)
  }
}

extension ServerConnection {
  /// Asks who wants to see the messages of the connection that is about to be upgraded.
  func prepareMessages(_ exchange: Exchange, _ chain: FilterChain) {
    exchange.messageLimit = .max
    exchange.messageFilters = chain.webSocketMessage.filter { filter in
      guard let limit = filter.webSocketMessageLimit(exchange) else { return false }
      exchange.messageLimit = min(exchange.messageLimit, limit)
      return true
    }
    if !exchange.messageFilters.isEmpty { exchange.requestEdits.remove("sec-websocket-extensions".utf8) }
  }

  /// Takes frames apart, shows whole messages to the filters, and passes on what may go on.
  func inspect(_ bytes: ByteBuffer, _ way: MessageInspection.Way, isFromClient: Bool) {
    guard let exchange else { return }
    var position = 0
    do throws(WebSocketError) {
      while true {
        switch try way.reader.next(bytes.readableBytesUInt8Span, from: position) {
        case .data(let range):
          position = range.upperBound
          if !range.isEmpty { way.held.writeSpan(bytes.readableBytesUInt8Span.extracting(range)) }
        case .control(_, let next):
          position = next
          var frame = ByteBuffer()
          frame.writeBytes(way.reader.control)
          pass(frame, isFromClient: isFromClient)
        case .message(let opcode):
          let message = WebSocketMessage(isFromClient: isFromClient, isText: opcode == .text)
          guard mayPass(message, way.reader.message.span, exchange) else { return }
          let frames = way.held
          way.held = ByteBuffer()
          pass(frames, isFromClient: isFromClient)
        case .needMore: return
        }
      }
    } catch {
      let rule = error.reason == .messageTooLong ? "messageLimit" : "websocket"
      exchange.record("websocket", rule, .block, error.reason.rawValue)
      closeWebSocket(code: error.closeCode, reason: error.reason.rawValue, flowReason: "refused by the gate")
    }
  }

  private func mayPass(_ message: WebSocketMessage, _ payload: Span<UInt8>, _ exchange: Exchange) -> Bool {
    for filter in exchange.messageFilters {
      switch filter.webSocketMessage(exchange, message, payload) {
      case .next: continue
      case .close(let reason):
        closeWebSocket(code: 1008, reason: reason, flowReason: "refused by a filter")
        return false
      }
    }
    return true
  }

  private func pass(_ frames: ByteBuffer, isFromClient: Bool) {
    if isFromClient {
      upstream?.write(frames)
    } else {
      context?.write(wrapOutboundOut(frames), promise: nil)
    }
  }

  /// Ends an upgraded connection between two frames, and tells both sides why.
  private func closeWebSocket(code: UInt16, reason: String, flowReason: StaticString) {
    guard tunnel != nil else { return }
    loop.scratch.removeAll(keepingCapacity: true)
    WebSocketClose.frame(code: code, reason: reason, mask: loop.nextRandom(), into: &loop.scratch)
    upstream?.writeAndFlush(ByteBuffer(bytes: loop.scratch))
    loop.scratch.removeAll(keepingCapacity: true)
    WebSocketClose.frame(code: code, reason: reason, into: &loop.scratch)
    context?.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: loop.scratch)), promise: nil)
    // A write may have found the other side gone, which ends the tunnel.
    guard tunnel != nil else { return }
    releaseUpstream(reusable: false)
    finishTunnel(reason: flowReason)
    closeAfterWrites()
  }
}
