/// Finds the bytes and the end of a body; chunked framing is read strictly (RFC 9112 §7.1).
public struct BodyDecoder: Sendable {
  public enum Event: Equatable, Sendable {
    /// Body bytes; go on behind them.
    case data(Range<Int>)
    /// Everything given was used up.
    case needMore
    /// The body ended; what follows belongs to the next message.
    case end(next: Int)
  }

  private enum State: Sendable {
    /// → done
    case fixed
    /// Until the connection closes.
    case open
    /// → extension, sizeLineFeed
    case size
    /// → sizeLineFeed
    case `extension`
    /// → data, trailer
    case sizeLineFeed
    /// → dataReturn
    case data
    /// → dataLineFeed
    case dataReturn
    /// → size
    case dataLineFeed
    /// At the start of a trailer line. → trailerLine, finalLineFeed
    case trailerStart
    /// → trailerLineFeed
    case trailerLine
    /// → trailerStart
    case trailerLineFeed
    /// → done
    case finalLineFeed
    case done
  }

  private var state: State
  /// Bytes left of the body (fixed) or of the chunk.
  private var remaining = 0
  private var digits = 0
  private var lineBytes = 0
  private let trailerLimit: Int
  private let chunkLineLimit: Int
  /// The trailer section's lines, with the empty line at the end, once the body ended; empty when there are none.
  public private(set) var trailer: [UInt8] = []

  /// - Parameters:
  ///   - trailerLimit: bytes of the trailer section.
  ///   - chunkLineLimit: bytes of a chunk-size line.
  public init(_ framing: BodyFraming, trailerLimit: Int = 8 << 10, chunkLineLimit: Int = 4 << 10) {
    self.trailerLimit = trailerLimit
    self.chunkLineLimit = chunkLineLimit
    switch framing {
    case .none: state = .done
    case .length(let length):
      state = length > 0 ? .fixed : .done
      remaining = length
    case .chunked: state = .size
    case .untilClose: state = .open
    }
  }

  public var isDone: Bool {
    if case .done = state { return true }
    return false
  }

  public var endsAtClose: Bool {
    if case .open = state { return true }
    return false
  }

  /// Bytes left of a body of known length.
  public var remainingFixed: Int? {
    if case .fixed = state { return remaining }
    return nil
  }

  /// Takes the next piece of `bytes` from `position` on.
  public mutating func next(_ bytes: Span<UInt8>, from position: Int) throws(HeadError) -> Event {
    var position = position
    let count = bytes.count
    while true {
      switch state {
      case .done: return .end(next: position)
      case .open:
        return position < count ? .data(position..<count) : .needMore
      case .fixed:
        guard position < count else { return .needMore }
        let taken = min(remaining, count &- position)
        remaining &-= taken
        if remaining == 0 { state = .done }
        return .data(position..<(position &+ taken))
      case .data:
        guard position < count else { return .needMore }
        let taken = min(remaining, count &- position)
        remaining &-= taken
        if remaining == 0 { state = .dataReturn }
        return .data(position..<(position &+ taken))
      default:
        guard position < count else { return .needMore }
        try step(bytes[position])
        position &+= 1
      }
    }
  }

  /// One byte of chunked framing.
  private mutating func step(_ byte: UInt8) throws(HeadError) {
    switch state {
    case .size: try stepSize(byte)
    case .extension:
      lineBytes &+= 1
      guard lineBytes <= chunkLineLimit else { throw HeadError(.malformedChunkExtension) }
      if byte == 0x0d {
        state = .sizeLineFeed
      } else if !HTTPSyntax.isFieldByte(byte) {
        throw HeadError(.malformedChunkExtension)
      }
    case .sizeLineFeed:
      guard byte == 0x0a else { throw HeadError(.malformedChunkSize) }
      digits = 0
      lineBytes = 0
      state = remaining == 0 ? .trailerStart : .data
    case .dataReturn:
      guard byte == 0x0d else { throw HeadError(.malformedChunkEnd) }
      state = .dataLineFeed
    case .dataLineFeed:
      guard byte == 0x0a else { throw HeadError(.malformedChunkEnd) }
      state = .size
    case .trailerStart:
      if byte == 0x0d {
        state = .finalLineFeed
      } else {
        guard HTTPSyntax.isFieldByte(byte) else { throw HeadError(.malformedTrailer) }
        try keepTrailer(byte)
        state = .trailerLine
      }
    case .trailerLine:
      if byte == 0x0d {
        state = .trailerLineFeed
      } else if !HTTPSyntax.isFieldByte(byte) {
        throw HeadError(.malformedTrailer)
      }
      try keepTrailer(byte)
    case .trailerLineFeed:
      guard byte == 0x0a else { throw HeadError(.malformedTrailer) }
      try keepTrailer(byte)
      state = .trailerStart
    case .finalLineFeed:
      guard byte == 0x0a else { throw HeadError(.malformedTrailer) }
      if !trailer.isEmpty {
        trailer.append("\r\n")
        try checkTrailer()
      }
      state = .done
    case .fixed, .open, .data, .done: break
    }
  }

  private mutating func stepSize(_ byte: UInt8) throws(HeadError) {
    let value = HTTPSyntax.hexValue(byte)
    if value != 255 {
      digits &+= 1
      guard digits <= 15 else { throw HeadError(.malformedChunkSize) }
      remaining = remaining &<< 4 | Int(value)
    } else if byte == 0x3b, digits > 0 {
      state = .extension
    } else if byte == 0x0d, digits > 0 {
      state = .sizeLineFeed
    } else {
      throw HeadError(.malformedChunkSize)
    }
  }

  private mutating func keepTrailer(_ byte: UInt8) throws(HeadError) {
    guard trailer.count < trailerLimit else { throw HeadError(.trailerTooLarge) }
    trailer.append(byte)
  }

  private func checkTrailer() throws(HeadError) {
    var section = FieldSection()
    guard try section.parse(trailer.span, from: 0, limits: HeadLimits(fields: 64)) == trailer.count else {
      throw HeadError(.malformedTrailer)
    }
  }

  /// Appends the trailer fields that may be sent on, without the empty line: none that frame, route, authenticate or
  /// describe the content (RFC 9110 §6.5.1), and none with an underscore, which some servers read as a hyphen.
  public func copyTrailer(into out: inout [UInt8]) {
    guard !trailer.isEmpty else { return }
    var section = FieldSection()
    guard (try? section.parse(trailer.span, from: 0, limits: HeadLimits(fields: 64))) != nil else { return }
    var edits = FieldEdits()
    for name in BodyDecoder.forbiddenTrailers { edits.remove(name.utf8) }
    var policy = FieldPolicy(keeping: [])
    policy.keepsUnderscores = false
    section.copy(trailer.span, into: &out, policy: policy, edits: edits)
  }

  private static let forbiddenTrailers = [
    "authorization", "proxy-authorization", "www-authenticate", "proxy-authenticate", "cookie", "set-cookie", "age",
    "cache-control", "expires", "location", "retry-after", "vary", "warning", "content-encoding", "content-type",
    "content-range", "range", "max-forwards", "pragma", "if-match", "if-none-match", "if-modified-since",
    "if-unmodified-since", "if-range", "authentication-info", "proxy-authentication-info",
  ]
}
