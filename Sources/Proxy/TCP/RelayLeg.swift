import NIOCore
import SluiceModel

/// One side of a relay: what it receives, the other side sends.
final class RelayLeg: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  let isClient: Bool
  var other: RelayLeg?
  private(set) var isInputClosed = false
  private let relay: TCPRelay
  private var context: ChannelHandlerContext?
  /// Bytes that came before the other side stood.
  private var early: ByteBuffer?
  private var isWritable = true
  private var readHeld = false
  private var isOutputClosed = false

  init(relay: TCPRelay, isClient: Bool) {
    self.relay = relay
    self.isClient = isClient
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive, isClient { relay.start() }
  }

  func channelActive(context: ChannelHandlerContext) {
    if isClient { relay.start() }
    context.fireChannelActive()
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    other = nil
    if isClient { relay.clientGone() }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    relay.moved(bytes.readableBytes, fromClient: isClient)
    guard let other else {
      if early == nil { early = bytes } else { early?.writeBuffer(&bytes) }
      return
    }
    other.context?.write(other.wrapOutboundOut(bytes), promise: nil)
  }

  func channelReadComplete(context: ChannelHandlerContext) { other?.context?.flush() }

  func read(context: ChannelHandlerContext) {
    if let other, other.isWritable { context.read() } else { readHeld = true }
  }

  /// The other side stands: what came meanwhile goes to it, the end of input too.
  func join(_ other: RelayLeg) {
    self.other = other
    if let bytes = early {
      early = nil
      other.context?.writeAndFlush(other.wrapOutboundOut(bytes), promise: nil)
    }
    if isInputClosed { other.closeOutput() }
    resumeReading()
  }

  private func resumeReading() {
    guard readHeld, let context else { return }
    readHeld = false
    context.read()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    isWritable = context.channel.isWritable
    if isWritable { other?.resumeReading() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    guard let event = event as? ChannelEvent, event == .inputClosed else { return }
    isInputClosed = true
    relay.inputClosed(of: self)
  }

  func channelInactive(context: ChannelHandlerContext) {
    relay.end(reason: isClient ? "client closed" : "upstream closed")
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    relay.broke()
    context.channel.close(after: error)
  }

  func reset() { context?.channel.reset() }

  func closeOutput() {
    guard !isOutputClosed else { return }
    isOutputClosed = true
    context?.close(mode: .output, promise: nil)
  }

  /// Ends the channel once what was written is out, as long as it goes out at all.
  func closeAfterWrites() {
    guard let context else { return }
    guard context.channel.pendingWriteBytes > 0 else {
      // Not from within the channel's own set-up, where a close would be lost.
      let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
      context.eventLoop.execute { bound.value.close() }
      return
    }
    closeOutput()
    LingeringClose(context.channel, loop: relay.loop).start()
  }

  func close() { context?.close(mode: .all, promise: nil) }
}

/// Closes a channel once its writes are out, or when they stand still for a minute.
private final class LingeringClose: DeadlineOwner {
  private let channel: any Channel
  private let loop: Loop
  private var silence = SilenceWatch()
  private var deadline: Deadline?

  init(_ channel: any Channel, loop: Loop) {
    self.channel = channel
    self.loop = loop
  }

  func start() {
    let deadline = Deadline(owner: self)
    self.deadline = deadline
    loop.schedule(deadline, after: .milliseconds(100))
  }

  package func deadlineReached() {
    guard let deadline else { return }
    let waiting = channel.pendingWriteBytes + channel.socketQueueBytes
    let isStuck = silence.note(waiting, at: loop.nowNanoseconds) > 60_000_000_000
    guard channel.isActive, channel.pendingWriteBytes > 0, !isStuck else {
      deadline.invalidate()
      self.deadline = nil
      channel.close(promise: nil)
      return
    }
    loop.schedule(deadline, after: .milliseconds(200))
  }
}
