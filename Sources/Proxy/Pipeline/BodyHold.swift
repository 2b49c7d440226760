import NIOCore

/// How much of a body a filter wants held in memory before any of it goes on.
public struct BodyHold: Sendable, Equatable {
  /// What happens to a body that is longer than `bytes`.
  public enum Overflow: Sendable {
    /// A request is answered 413, a reply is replaced by a 502.
    case refuse
    /// The filter is called with the first `bytes` bytes; the rest streams on when it has let them pass.
    case pass
  }

  /// Bytes held for the filter. The gate may hold up to one read more, and as much as another filter asks for.
  public var bytes: Int
  public var overflow: Overflow
  /// Hold `text/event-stream` too. Such a reply may go on for hours, so that by default it is never held.
  public var includesEventStreams: Bool

  public init(bytes: Int, overflow: Overflow = .refuse, includesEventStreams: Bool = false) {
    self.bytes = max(0, bytes)
    self.overflow = overflow
    self.includesEventStreams = includesEventStreams
  }
}

/// Bytes of a held body that may be read after the filter has returned, and on any thread; they are shared, not copied.
public struct HeldBody: Sendable {
  private let buffer: ByteBuffer

  init(_ buffer: ByteBuffer = ByteBuffer()) { self.buffer = buffer }

  public var count: Int { buffer.readableBytes }

  public func withBytes<Result, Failure: Error>(
    _ body: (Span<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(buffer.readableBytesUInt8Span)
  }
}
