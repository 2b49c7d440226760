/// Field names that the gateway itself acts on.
public enum FieldKind: UInt8, Sendable {
  case other
  // Hop by hop (RFC 9110 §7.6.1): never passed on as they came.
  case connection, keepAlive, proxyConnection, te, trailer, transferEncoding, upgrade, http2Settings, proxy
  // Framing and routing: emitted again from what was understood.
  case contentLength, host, expect
  // About the hop before: believed from trusted proxies only.
  case forwarded, xForwardedFor, xForwardedHost, xForwardedProto, xForwardedPort, xRealIP, via
  case xRequestID
  // Read from replies.
  case date

  @inlinable
  public var isHopByHop: Bool { rawValue >= FieldKind.connection.rawValue && rawValue <= FieldKind.proxy.rawValue }

  /// `Forwarded`, `X-Forwarded-*` and `X-Real-IP`.
  @inlinable
  public var isForwarding: Bool { rawValue >= FieldKind.forwarded.rawValue && rawValue <= FieldKind.xRealIP.rawValue }

  @inlinable
  static func classify(_ bytes: Span<UInt8>, _ offset: Int, _ length: Int) -> FieldKind {
    @inline(__always) func named(_ literal: StaticString) -> Bool { bytes.equals(literal, at: offset, length: length) }
    switch length {
    case 2: return named("te") ? .te : .other
    case 3: return named("via") ? .via : .other
    case 4: return named("host") ? .host : named("date") ? .date : .other
    case 5: return named("proxy") ? .proxy : .other
    case 6: return named("expect") ? .expect : .other
    case 7: return named("upgrade") ? .upgrade : named("trailer") ? .trailer : .other
    case 9: return named("forwarded") ? .forwarded : named("x-real-ip") ? .xRealIP : .other
    case 10: return named("connection") ? .connection : named("keep-alive") ? .keepAlive : .other
    case 12: return named("x-request-id") ? .xRequestID : .other
    case 14: return named("content-length") ? .contentLength : named("http2-settings") ? .http2Settings : .other
    case 15: return named("x-forwarded-for") ? .xForwardedFor : .other
    case 16:
      return named("proxy-connection")
        ? .proxyConnection
        : named("x-forwarded-host") ? .xForwardedHost : named("x-forwarded-port") ? .xForwardedPort : .other
    case 17:
      return named("transfer-encoding") ? .transferEncoding : named("x-forwarded-proto") ? .xForwardedProto : .other
    default: return .other
    }
  }
}

/// One field line of a head: where its name and value lie in the head's bytes.
public struct HeaderField: Sendable {
  public internal(set) var nameOffset: UInt32
  public internal(set) var valueOffset: UInt32
  public internal(set) var valueLength: UInt32
  public internal(set) var nameLength: UInt16
  public internal(set) var kind: FieldKind
  /// The line reads `name: value` CRLF to the byte, so that it may be copied as it is.
  public internal(set) var isCanonical: Bool
  /// The name has an underscore.
  public internal(set) var hasUnderscore: Bool

  @inlinable public var nameRange: Range<Int> { Int(nameOffset)..<(Int(nameOffset) &+ Int(nameLength)) }
  @inlinable public var valueRange: Range<Int> { Int(valueOffset)..<(Int(valueOffset) &+ Int(valueLength)) }
}

/// The field section shared by requests, replies and trailers.
public struct FieldSection: Sendable {
  public internal(set) var fields: [HeaderField] = []
  /// The body's length as declared, or nil.
  public internal(set) var contentLength: Int?
  public internal(set) var isChunked = false
  /// `Connection` has `close`, `keep-alive`, `upgrade`.
  public internal(set) var saysClose = false
  public internal(set) var saysKeepAlive = false
  public internal(set) var saysUpgrade = false
  /// What else `Connection` lists: names of fields that end at this hop.
  private(set) var connectionOptions: [Range<Int>] = []
  public internal(set) var hostIndex: Int?
  public internal(set) var upgradeIndex: Int?
  public internal(set) var expectsContinue = false
  public internal(set) var hasForwarding = false
  public internal(set) var hasUnderscores = false
  public internal(set) var hasDate = false
  public internal(set) var hasVia = false

  /// The most fields that `Connection` may name.
  static let connectionOptionLimit = 32

  public init() {}

  /// `Connection` names other fields, which end at this hop.
  public var namesOtherFields: Bool { !connectionOptions.isEmpty }

  mutating func reset() {
    fields.removeAll(keepingCapacity: true)
    contentLength = nil
    isChunked = false
    saysClose = false
    saysKeepAlive = false
    saysUpgrade = false
    if !connectionOptions.isEmpty { connectionOptions.removeAll(keepingCapacity: true) }
    hostIndex = nil
    upgradeIndex = nil
    expectsContinue = false
    hasForwarding = false
    hasUnderscores = false
    hasDate = false
    hasVia = false
  }

  /// Parses field lines from `start` to the empty line.
  /// - Returns: the offset behind the empty line, or nil when it is not there yet.
  mutating func parse(
    _ bytes: Span<UInt8>, from start: Int, limits: HeadLimits
  ) throws(HeadError) -> Int? {
    let count = bytes.count
    var position = start
    while true {
      guard position < count else { return nil }
      let first = bytes[position]
      if first == 0x0d {
        guard position &+ 1 < count else { return nil }
        guard bytes[position &+ 1] == 0x0a else { throw HeadError(.malformedFieldName) }
        if isChunked, contentLength != nil { throw HeadError(.contentLengthWithTransferEncoding) }
        return position &+ 2
      }
      if first == 0x20 || first == 0x09 { throw HeadError(.obsoleteLineFolding) }
      guard fields.count < limits.fields else { throw HeadError(.tooManyFields) }
      guard let next = try parseLine(bytes, from: position) else { return nil }
      position = next
    }
  }

  private mutating func parseLine(_ bytes: Span<UInt8>, from start: Int) throws(HeadError) -> Int? {
    let count = bytes.count
    var position = start
    let token = HTTPSyntax.token
    var underscore = false
    while position < count, token.contains(bytes[position]) {
      if bytes[position] == 0x5f { underscore = true }
      position &+= 1
    }
    guard position < count else { return nil }
    let nameLength = position &- start
    guard bytes[position] == 0x3a, nameLength > 0, nameLength <= 256 else {
      throw HeadError(bytes[position] == 0x0a ? .bareLineFeed : .malformedFieldName)
    }
    position &+= 1
    while position < count, bytes[position] == 0x20 || bytes[position] == 0x09 { position &+= 1 }
    let valueStart = position
    position = bytes.fieldContentEnd(from: position)
    guard position < count else { return nil }
    guard bytes[position] == 0x0d else {
      throw HeadError(bytes[position] == 0x0a ? .bareLineFeed : .malformedFieldValue)
    }
    guard position &+ 1 < count else { return nil }
    guard bytes[position &+ 1] == 0x0a else { throw HeadError(.malformedFieldValue) }
    let lineEnd = position
    while position > valueStart, bytes[position &- 1] == 0x20 || bytes[position &- 1] == 0x09 { position &-= 1 }
    let valueLength = position &- valueStart
    let kind = FieldKind.classify(bytes, start, nameLength)
    if kind != .other { try note(kind, bytes, valueStart, valueLength) }
    if underscore { hasUnderscores = true }
    fields.append(
      HeaderField(
        nameOffset: UInt32(truncatingIfNeeded: start), valueOffset: UInt32(truncatingIfNeeded: valueStart),
        valueLength: UInt32(truncatingIfNeeded: valueLength), nameLength: UInt16(truncatingIfNeeded: nameLength),
        kind: kind,
        isCanonical: position == lineEnd && valueStart == start &+ nameLength &+ 2 && bytes[valueStart &- 1] == 0x20,
        hasUnderscore: underscore))
    return lineEnd &+ 2
  }

  private mutating func note(
    _ kind: FieldKind, _ bytes: Span<UInt8>, _ offset: Int, _ length: Int
  ) throws(HeadError) {
    switch kind {
    case .contentLength:
      guard contentLength == nil else { throw HeadError(.duplicateContentLength) }
      guard length > 0, length < 19 else { throw HeadError(.malformedContentLength) }
      var value = 0
      for index in offset..<(offset &+ length) {
        guard HTTPSyntax.isDigit(bytes[index]) else { throw HeadError(.malformedContentLength) }
        value = value &* 10 &+ Int(bytes[index] &- 0x30)
      }
      contentLength = value
    case .transferEncoding:
      guard !isChunked, bytes.equals("chunked", at: offset, length: length) else {
        throw HeadError(.unsupportedTransferEncoding)
      }
      isChunked = true
    case .connection: try noteConnection(bytes, offset, length)
    case .host:
      guard hostIndex == nil else { throw HeadError(.duplicateHost) }
      hostIndex = fields.count
    case .upgrade: upgradeIndex = fields.count
    case .expect:
      guard bytes.equals("100-continue", at: offset, length: length) else { throw HeadError(.malformedExpectation) }
      expectsContinue = true
    case .date: hasDate = true
    case .via: hasVia = true
    default: if kind.isForwarding { hasForwarding = true }
    }
  }

  private mutating func noteConnection(_ bytes: Span<UInt8>, _ offset: Int, _ length: Int) throws(HeadError) {
    var tokens = ListTokens(offset: offset, end: offset &+ length)
    while let token = tokens.next(bytes) {
      if bytes.equals("close", at: token.lowerBound, length: token.count) {
        saysClose = true
      } else if bytes.equals("keep-alive", at: token.lowerBound, length: token.count) {
        saysKeepAlive = true
      } else if bytes.equals("upgrade", at: token.lowerBound, length: token.count) {
        saysUpgrade = true
      } else {
        guard connectionOptions.count < FieldSection.connectionOptionLimit else { throw HeadError(.tooManyFields) }
        connectionOptions.append(token)
      }
    }
  }

  /// Whether a `Connection` field of this section names the field.
  func isNamedInConnection(_ field: HeaderField, _ bytes: Span<UInt8>) -> Bool {
    for option in connectionOptions where option.count == Int(field.nameLength) {
      if bytes.equalsIgnoringCase(option.lowerBound, bytes, Int(field.nameOffset), length: option.count) { return true }
    }
    return false
  }

  /// The index of the first field with this lower-case name, from `start` on.
  public func index(of name: Span<UInt8>, in bytes: Span<UInt8>, from start: Int = 0) -> Int? {
    var index = start
    while index < fields.count {
      let field = fields[index]
      if Int(field.nameLength) == name.count,
        bytes.equalsIgnoringCase(Int(field.nameOffset), name, 0, length: name.count)
      {
        return index
      }
      index &+= 1
    }
    return nil
  }
}

/// The elements of a comma-separated list (RFC 9110 §5.6.1), empty ones left out.
struct ListTokens {
  var offset: Int
  let end: Int

  mutating func next(_ bytes: Span<UInt8>) -> Range<Int>? {
    while offset < end, bytes[offset] == 0x2c || bytes[offset] == 0x20 || bytes[offset] == 0x09 { offset &+= 1 }
    guard offset < end else { return nil }
    let start = offset
    while offset < end, bytes[offset] != 0x2c { offset &+= 1 }
    var stop = offset
    while stop > start, bytes[stop &- 1] == 0x20 || bytes[stop &- 1] == 0x09 { stop &-= 1 }
    return start..<stop
  }
}
