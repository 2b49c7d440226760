/// A reply head as understood; like `RequestHead`, offsets into bytes that the owner keeps.
public struct ReplyHead: Sendable {
  public private(set) var length = 0
  public private(set) var status = 0
  public private(set) var minorVersion = 1
  public private(set) var reasonRange = 0..<0
  public private(set) var section = FieldSection()

  public init() {}

  public var fields: [HeaderField] { section.fields }
  public var isInterim: Bool { status < 200 }

  /// Whether the upstream connection may serve another request.
  public var keepsAlive: Bool { minorVersion == 1 ? !section.saysClose : section.saysKeepAlive && !section.saysClose }

  /// - Parameter toHead: the request was HEAD.
  public func framing(toHead: Bool) -> BodyFraming {
    if toHead || status < 200 || status == 204 || status == 304 { return .none }
    if section.isChunked { return .chunked }
    guard let length = section.contentLength else { return .untilClose }
    return length == 0 ? .none : .length(length)
  }

  /// Reads a head from the front of `bytes`.
  /// - Returns: true when the head is complete, false when more bytes are needed.
  public mutating func parse(_ bytes: Span<UInt8>, limits: HeadLimits) throws(HeadError) -> Bool {
    section.reset()
    length = 0
    let bounded = bytes.extracting(first: limits.headBytes)
    if let fieldsStart = try parseLine(bounded, limits: limits),
      let end = try section.parse(bounded, from: fieldsStart, limits: limits)
    {
      if section.isChunked, minorVersion == 0 { throw HeadError(.transferEncodingInHTTP10) }
      length = end
      return true
    }
    guard bytes.count < limits.headBytes else { throw HeadError(.headTooLarge) }
    return false
  }

  /// `HTTP/1.x 200 reason` CRLF; a missing space before an empty reason is common and harmless.
  /// - Returns: where the fields start, or nil when more bytes are needed.
  private mutating func parseLine(_ bytes: Span<UInt8>, limits: HeadLimits) throws(HeadError) -> Int? {
    let count = bytes.count
    var position = 0
    while position < min(count, 13) {
      guard ReplyHead.isExpected(bytes[position], at: position) else { throw HeadError(.malformedStatusLine) }
      position &+= 1
    }
    guard position == 13 else { return nil }
    minorVersion = Int(bytes[7] &- 0x30)
    status = Int(bytes[9] &- 0x30) &* 100 &+ Int(bytes[10] &- 0x30) &* 10 &+ Int(bytes[11] &- 0x30)
    let reasonStart = bytes[12] == 0x20 ? 13 : 12
    position = bytes.fieldContentEnd(from: reasonStart)
    reasonRange = reasonStart..<position
    guard position <= limits.lineBytes else { throw HeadError(.headTooLarge) }
    guard position < count else { return nil }
    guard bytes[position] == 0x0d else { throw HeadError(.malformedStatusLine) }
    guard position &+ 1 < count else { return nil }
    guard bytes[position &+ 1] == 0x0a else { throw HeadError(.malformedStatusLine) }
    return position &+ 2
  }

  private static func isExpected(_ byte: UInt8, at position: Int) -> Bool {
    switch position {
    case 0: byte == 0x48
    case 1, 2: byte == 0x54
    case 3: byte == 0x50
    case 4: byte == 0x2f
    case 5: byte == 0x31
    case 6: byte == 0x2e
    case 7: byte == 0x30 || byte == 0x31
    case 8: byte == 0x20
    case 9: byte != 0x30 && HTTPSyntax.isDigit(byte)
    case 10, 11: HTTPSyntax.isDigit(byte)
    default: byte == 0x20 || byte == 0x0d
    }
  }
}
