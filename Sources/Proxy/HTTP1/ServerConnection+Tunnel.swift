import NIOCore
import SluiceModel
import Wire

/// An upgraded connection: a registered flow whose bytes pass both ways.
final class Tunnel: Flow {
  let id: ExchangeID
  private unowned let connection: ServerConnection
  private var status: FlowStatus
  let startNanoseconds: UInt64
  var bytesIn: UInt64 = 0
  var bytesOut: UInt64 = 0
  var isClientDone = false
  var isUpstreamDone = false
  /// Where filters look at the messages.
  var inspection: MessageInspection?

  init(_ connection: ServerConnection, exchange: Exchange, startNanoseconds: UInt64) {
    id = exchange.id
    self.connection = connection
    self.startNanoseconds = startNanoseconds
    status = FlowStatus(
      id: exchange.id, kind: .websocket, listener: connection.listener.logName.text,
      target: exchange.route?.logName.text ?? "", client: exchange.client.description,
      startedUnixMilliseconds: exchange.id.unixMilliseconds)
  }

  var flowStatus: FlowStatus {
    status.bytesIn = bytesIn
    status.bytesOut = bytesOut
    return status
  }

  func closeFlow(reason: StaticString) { connection.endTunnel(reason: reason) }
}

extension ServerConnection {
  /// The upstream agreed to switch: from here on bytes pass as they come.
  func startTunnel(_ exchange: Exchange) {
    ReplyWriter.writeSwitch(exchange, scratch: &loop.scratch)
    exchange.bytesOut += UInt64(loop.scratch.count)
    exchange.status = 101
    var head = loop.takeBuffer()
    head.writeBytes(loop.scratch)
    let tunnel = Tunnel(self, exchange: exchange, startNanoseconds: loop.nowNanoseconds)
    if !exchange.messageFilters.isEmpty { tunnel.inspection = MessageInspection(limit: exchange.messageLimit) }
    self.tunnel = tunnel
    loop.flows.insert(tunnel, id: tunnel.id)
    phase = .tunnel
    upstream?.startTunnel()
    context?.writeAndFlush(wrapOutboundOut(head), promise: nil)
    loop.giveBack(head)
    loop.schedule(deadline, afterNanoseconds: listener.idleNanoseconds)
    if let early = inbound, early.readableBytes > 0 {
      inbound = nil
      tunnelFromClient(early)
      upstream?.flush()
    }
    // A message that came early may have ended it.
    guard self.tunnel != nil else { return }
    if isInputClosed { tunnelClientClosed() }
    resumeReading()
  }

  func tunnelFromClient(_ bytes: ByteBuffer) {
    tunnel?.bytesIn += UInt64(bytes.readableBytes)
    loop.schedule(deadline, afterNanoseconds: listener.idleNanoseconds)
    if let inspection = tunnel?.inspection {
      inspect(bytes, inspection.client, isFromClient: true)
    } else {
      upstream?.write(bytes)
    }
  }

  func tunnelFromUpstream(_ bytes: ByteBuffer) {
    tunnel?.bytesOut += UInt64(bytes.readableBytes)
    loop.schedule(deadline, afterNanoseconds: listener.idleNanoseconds)
    if let inspection = tunnel?.inspection {
      inspect(bytes, inspection.upstream, isFromClient: false)
    } else {
      context?.write(wrapOutboundOut(bytes), promise: nil)
    }
  }

  func flushTunnelToClient() { context?.flush() }

  /// The client will send no more; the other direction goes on.
  func tunnelClientClosed() {
    tunnel?.isClientDone = true
    if tunnel?.isUpstreamDone == true { endTunnel(reason: "closed by both sides") } else { upstream?.closeOutput() }
  }

  /// The upstream's connection is gone: what it sent goes to the client first.
  func tunnelUpstreamClosed() {
    tunnel?.isUpstreamDone = true
    releaseUpstream(reusable: false)
    finishTunnel(reason: "upstream closed")
    closeAfterWrites()
  }

  func endTunnel(reason: StaticString) {
    guard tunnel != nil else { return }
    releaseUpstream(reusable: false)
    finishTunnel(reason: reason)
    close()
  }

  func finishTunnel(reason: StaticString) {
    guard let tunnel else { return }
    self.tunnel = nil
    loop.flows.remove(tunnel.id)
    if let exchange {
      self.exchange = nil
      exchange.requestBodyBytes += Int(clamping: tunnel.bytesIn)
      exchange.replyBodyBytes += Int(clamping: tunnel.bytesOut)
      recordEnd(exchange)
      loop.recycle(exchange)
    }
    loop.observer.flowEnded(
      FlowRecord(
        status: tunnel.flowStatus, durationNanoseconds: loop.nowNanoseconds &- tunnel.startNanoseconds, reason: reason),
      trace: DecisionTrace())
  }
}
