/// Reads one direction of a WebSocket connection (RFC 6455): frames out of bytes, whole messages out of frames.
///
/// Nothing but what an endpoint may send without an extension is taken. Whoever forwards the connection does so with the
/// bytes as they came: those of data frames when the message is whole, those of a control frame at once, which may overtake
/// the fragments around it.
public struct WebSocketReader: Sendable {
  public enum Side: Sendable {
    /// Frames come from a client and are masked.
    case client
    case server
  }

  public enum Event: Equatable, Sendable {
    /// These bytes belong to a data frame; go on behind them.
    case data(Range<Int>)
    /// The message in `message` is whole; go on behind the last bytes given.
    case message(WebSocketOpcode)
    /// The control frame in `control`, as it came, is whole and ends before `next`.
    case control(WebSocketOpcode, next: Int)
    /// Everything given was used up.
    case needMore
  }

  private enum State: Sendable {
    /// → payload, frameEnd
    case header
    /// → frameEnd
    case payload
    /// All bytes of a frame were read. → header, closed
    case frameEnd
    /// A close frame has come: nothing may follow.
    case closed
  }

  /// The payload of the message so far, without masks.
  public private(set) var message: [UInt8] = []
  /// The control frame that has come last, as it came.
  public private(set) var control: [UInt8] = []

  private let side: Side
  private let limit: Int
  private var state = State.header
  private var header: [UInt8] = []
  /// The opcode of the message under way.
  private var messageOpcode: WebSocketOpcode?
  private var opcode = WebSocketOpcode.continuation
  private var isFinal = false
  private var mask: (UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0)
  private var maskOffset = 0
  /// Payload bytes of the frame still to come.
  private var remaining = 0
  /// Bytes of the message's frames, headers included.
  private var rawBytes = 0

  /// - Parameter limit: bytes of one message.
  public init(from side: Side, limit: Int) {
    self.side = side
    self.limit = min(max(0, limit), 1 << 40)
    header.reserveCapacity(14)
  }

  /// Takes what comes next.
  ///
  /// - Parameters:
  ///   - bytes: what was received.
  ///   - position: where to go on in them.
  /// - Throws: when the peer breaks the protocol or its message is too long; the connection can't go on then.
  public mutating func next(_ bytes: Span<UInt8>, from position: Int) throws(WebSocketError) -> Event {
    if case .frameEnd = state, let event = endFrame() { return event }
    guard position >= 0, position < bytes.count else { return .needMore }
    switch state {
    case .closed: throw WebSocketError(.afterClose)
    case .header: return try readHeader(bytes, position)
    case .payload, .frameEnd: return readPayload(bytes, position)
    }
  }

  // MARK: Header

  private mutating func readHeader(_ bytes: Span<UInt8>, _ start: Int) throws(WebSocketError) -> Event {
    var position = start
    while position < bytes.count {
      header.append(bytes[position])
      position &+= 1
      if header.count == 1 { try checkFirst(bytes[position &- 1]) }
      if header.count == 2 { try checkSecond(bytes[position &- 1]) }
      if header.count >= 2, header.count == headerLength {
        try beginFrame()
        break
      }
    }
    return opcode.isControl ? controlEvent(position) : .data(start..<position)
  }

  /// Goes on with a control frame whose bytes aren't the caller's to hold.
  private mutating func controlEvent(_ position: Int) -> Event {
    if case .frameEnd = state {
      state = opcode == .close ? .closed : .header
      return .control(opcode, next: position)
    }
    // An empty range keeps the caller going without holding anything.
    return .data(position..<position)
  }

  private mutating func checkFirst(_ byte: UInt8) throws(WebSocketError) {
    guard byte & 0x70 == 0 else { throw WebSocketError(.reservedBits) }
    guard let opcode = WebSocketOpcode(rawValue: byte & 0x0f) else { throw WebSocketError(.reservedOpcode) }
    self.opcode = opcode
    isFinal = byte & 0x80 != 0
    if opcode.isControl {
      guard isFinal else { throw WebSocketError(.controlFrame) }
      control.removeAll(keepingCapacity: true)
    } else if opcode == .continuation {
      guard messageOpcode != nil else { throw WebSocketError(.fragment) }
    } else {
      guard messageOpcode == nil else { throw WebSocketError(.fragment) }
      message.removeAll(keepingCapacity: message.capacity <= 64 << 10)
      rawBytes = 0
    }
  }

  private func checkSecond(_ byte: UInt8) throws(WebSocketError) {
    guard (byte & 0x80 != 0) == (side == .client) else { throw WebSocketError(.mask) }
    if opcode.isControl, byte & 0x7f > 125 { throw WebSocketError(.controlFrame) }
  }

  /// Bytes of the header, once its second one is there.
  private var headerLength: Int {
    let short = header[1] & 0x7f
    return 2 + (short == 127 ? 8 : short == 126 ? 2 : 0) + (side == .client ? 4 : 0)
  }

  private mutating func beginFrame() throws(WebSocketError) {
    let short = header[1] & 0x7f
    var length = UInt64(short)
    var index = 2
    if short >= 126 {
      let size = short == 126 ? 2 : 8
      length = 0
      while index < 2 &+ size {
        length = length << 8 | UInt64(header[index])
        index &+= 1
      }
      // The shortest form and no other, and no sign (§5.2).
      guard length > (short == 126 ? 125 : 0xffff), length >> 63 == 0 else { throw WebSocketError(.length) }
    }
    if side == .client { mask = (header[index], header[index &+ 1], header[index &+ 2], header[index &+ 3]) }
    maskOffset = 0
    if opcode.isControl {
      control.append(contentsOf: header)
    } else {
      if opcode != .continuation { messageOpcode = opcode }
      guard length <= UInt64(limit &- min(message.count, limit)) else { throw WebSocketError(.messageTooLong) }
      rawBytes &+= header.count &+ Int(length)
      // Without a bound, fragments of no length would be held for ever.
      guard rawBytes <= limit &* 2 &+ 4_096 else { throw WebSocketError(.messageTooLong) }
    }
    remaining = Int(length)
    header.removeAll(keepingCapacity: true)
    state = remaining > 0 ? .payload : .frameEnd
  }

  // MARK: Payload

  private mutating func readPayload(_ bytes: Span<UInt8>, _ start: Int) -> Event {
    let end = start &+ min(remaining, bytes.count &- start)
    remaining &-= end &- start
    if remaining == 0 { state = .frameEnd }
    if opcode.isControl {
      var index = start
      while index < end {
        control.append(bytes[index])
        index &+= 1
      }
      return controlEvent(end)
    }
    append(bytes, start, end)
    return .data(start..<end)
  }

  private mutating func append(_ bytes: Span<UInt8>, _ start: Int, _ end: Int) {
    message.reserveCapacity(message.count &+ end &- start)
    var index = start
    guard side == .client else {
      while index < end {
        message.append(bytes[index])
        index &+= 1
      }
      return
    }
    var offset = maskOffset
    while index < end {
      let key =
        switch offset & 3 {
        case 0: mask.0
        case 1: mask.1
        case 2: mask.2
        default: mask.3
        }
      message.append(bytes[index] ^ key)
      index &+= 1
      offset &+= 1
    }
    maskOffset = offset & 3
  }

  // MARK: End

  private mutating func endFrame() -> Event? {
    state = .header
    guard !opcode.isControl, isFinal, let whole = messageOpcode else { return nil }
    messageOpcode = nil
    return .message(whole)
  }
}

/// What a frame is (RFC 6455 §5.2).
public enum WebSocketOpcode: UInt8, Sendable {
  case continuation = 0
  case text = 1
  case binary = 2
  case close = 8
  case ping = 9
  case pong = 10

  var isControl: Bool { rawValue >= 8 }
}

/// Why a WebSocket connection can't go on.
public struct WebSocketError: Error, Equatable, Sendable {
  public enum Reason: String, Sendable, CaseIterable {
    case reservedBits = "a reserved bit is set"
    case reservedOpcode = "the opcode is reserved"
    case controlFrame = "a control frame is fragmented or too long"
    case fragment = "a fragment is out of order"
    case mask = "the mask is missing or not allowed"
    case length = "the length is not in its shortest form"
    case messageTooLong = "the message is too long"
    case afterClose = "bytes follow the close frame"
  }

  public let reason: Reason

  public init(_ reason: Reason) { self.reason = reason }

  /// The status code for the close frame (§7.4.1).
  public var closeCode: UInt16 { reason == .messageTooLong ? 1009 : 1002 }
}

/// Close frames (RFC 6455 §5.5.1).
public enum WebSocketClose {
  /// - Parameters:
  ///   - reason: at most 123 bytes of it are sent.
  ///   - mask: the key with which a client masks.
  public static func frame(code: UInt16, reason: String, mask: UInt32? = nil, into out: inout [UInt8]) {
    var payload = [UInt8(truncatingIfNeeded: code >> 8), UInt8(truncatingIfNeeded: code)]
    for character in reason.unicodeScalars {
      let bytes = String(character).utf8
      guard payload.count + bytes.count <= 125 else { break }
      payload += bytes
    }
    out.append(0x88)
    out.append(UInt8(payload.count) | (mask == nil ? 0 : 0x80))
    guard let mask else {
      out.append(contentsOf: payload)
      return
    }
    let key = (0..<4).map { UInt8(truncatingIfNeeded: mask >> (24 - 8 * UInt32($0))) }
    out.append(contentsOf: key)
    for (index, byte) in payload.enumerated() { out.append(byte ^ key[index & 3]) }
  }
}
