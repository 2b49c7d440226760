/// Methods the gateway tells apart (RFC 9110 §9, RFC 5789).
public enum HTTPMethod: UInt8, Sendable, CaseIterable {
  case get, head, post, put, delete, patch, options, trace, other

  /// May be sent again when a connection broke (RFC 9110 §9.2.2).
  public var isIdempotent: Bool {
    switch self {
    case .get, .head, .put, .delete, .options, .trace: true
    case .post, .patch, .other: false
    }
  }
}

/// How the end of a body is found (RFC 9112 §6.3).
public enum BodyFraming: Sendable, Equatable {
  case none
  case length(Int)
  case chunked
  /// Replies only.
  case untilClose
}

/// A request head as understood: offsets into the bytes it was parsed from, which the owner keeps.
///
/// Parsing is strict by RFC 9112; what could be read in two ways is refused. One value is reused for all requests of a
/// connection, so that parsing allocates nothing.
public struct RequestHead: Sendable {
  /// Bytes of the head, the empty line included.
  public private(set) var length = 0
  public private(set) var method = HTTPMethod.other
  public private(set) var methodLength = 0
  /// Path and query as they came; for the absolute form, what follows the authority.
  public private(set) var targetRange = 0..<0
  /// The path alone.
  public private(set) var pathRange = 0..<0
  /// Host and port as they came, from the target or from `Host`; empty only in HTTP/1.0.
  public private(set) var authorityRange = 0..<0
  /// The host alone, with the brackets of an IPv6 address.
  public private(set) var hostRange = 0..<0
  /// 0 or 1.
  public private(set) var minorVersion = 1
  public private(set) var section = FieldSection()
  /// The path has `%`, `//` or dot segments, so that routing wants its normal form.
  public private(set) var needsNormalization = false
  /// The target is an absolute form without a path, which is `/`.
  public private(set) var hasEmptyPath = false

  /// The request is about the server as a whole: `OPTIONS *` (RFC 9112 §3.2.4).
  public private(set) var isAsterisk = false

  public init() {}

  public var fields: [HeaderField] { section.fields }

  public var framing: BodyFraming {
    if section.isChunked { return .chunked }
    guard let length = section.contentLength, length > 0 else { return .none }
    return .length(length)
  }

  /// Whether the connection stays open after this exchange (RFC 9112 §9.3).
  public var keepsAlive: Bool {
    if section.saysClose { return false }
    return minorVersion == 1 || section.saysKeepAlive
  }

  /// The client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
  public var expectsContinue: Bool { section.expectsContinue && minorVersion == 1 && framing != .none }

  /// A WebSocket handshake (RFC 6455 §4.1); no other upgrade is passed on.
  public func asksForWebSocket(_ bytes: Span<UInt8>) -> Bool {
    guard section.saysUpgrade, minorVersion == 1, method == .get, framing == .none,
      let index = section.upgradeIndex
    else { return false }
    for (other, field) in section.fields.enumerated() where field.kind == .upgrade && other != index { return false }
    let value = section.fields[index].valueRange
    guard bytes.equals("websocket", at: value.lowerBound, length: value.count) else { return false }
    return hasWebSocketKey(bytes)
  }

  /// One `Sec-WebSocket-Key` of 16 bytes in base64 (RFC 6455 §4.2.1).
  private func hasWebSocketKey(_ bytes: Span<UInt8>) -> Bool {
    var found = false
    for field in section.fields where field.nameLength == 17 {
      guard bytes.equals("sec-websocket-key", at: Int(field.nameOffset), length: 17) else { continue }
      guard !found, field.valueLength == 24 else { return false }
      found = true
    }
    return found
  }

  /// Reads a head from the front of `bytes`.
  /// - Returns: true when the head is complete, false when more bytes are needed.
  public mutating func parse(_ bytes: Span<UInt8>, limits: HeadLimits) throws(HeadError) -> Bool {
    section.reset()
    length = 0
    let bounded = bytes.extracting(first: limits.headBytes)
    guard let fieldsStart = try parseLine(bounded, limits: limits),
      let end = try section.parse(bounded, from: fieldsStart, limits: limits)
    else {
      guard bytes.count < limits.headBytes else { throw HeadError(.headTooLarge) }
      return false
    }
    if section.isChunked, minorVersion == 0 { throw HeadError(.transferEncodingInHTTP10) }
    try settleAuthority(bytes)
    length = end
    return true
  }

  /// The target's authority wins over `Host` (RFC 9112 §3.2.2), which HTTP/1.1 wants all the same.
  private mutating func settleAuthority(_ bytes: Span<UInt8>) throws(HeadError) {
    guard let index = section.hostIndex else {
      if minorVersion == 1 { throw HeadError(.missingHost) }
      if authorityRange.isEmpty { hostRange = 0..<0 }
      return
    }
    let value = section.fields[index].valueRange
    let host = try HostSyntax.parse(bytes, value)
    if authorityRange.isEmpty {
      authorityRange = value
      hostRange = host
    }
  }

  private mutating func parseLine(_ bytes: Span<UInt8>, limits: HeadLimits) throws(HeadError) -> Int? {
    let count = bytes.count
    let token = HTTPSyntax.token
    var position = 0
    while position < count, token.contains(bytes[position]) { position &+= 1 }
    guard position <= limits.lineBytes else { throw HeadError(.requestLineTooLong) }
    guard position < count else { return nil }
    guard bytes[position] == 0x20, position > 0 else { throw HeadError(.malformedRequestLine) }
    methodLength = position
    let targetStart = position &+ 1
    position = targetStart
    while position < count, bytes[position] > 0x20, bytes[position] < 0x7f { position &+= 1 }
    guard position <= limits.lineBytes else { throw HeadError(.requestLineTooLong) }
    guard position < count else { return nil }
    guard bytes[position] == 0x20, position > targetStart else { throw HeadError(.malformedRequestLine) }
    let targetEnd = position
    position &+= 1
    guard try parseVersion(bytes, from: position) else { return nil }
    method = RequestHead.classify(bytes, methodLength)
    if methodLength == 7, bytes.matches("CONNECT", at: 0) { throw HeadError(.unsupportedMethod) }
    try parseTarget(bytes, targetStart..<targetEnd)
    return position &+ 10
  }

  /// `HTTP/1.x` CRLF. Refuses at the first wrong byte, so that a head with its empty line never counts as incomplete.
  private mutating func parseVersion(_ bytes: Span<UInt8>, from start: Int) throws(HeadError) -> Bool {
    let available = min(10, bytes.count &- start)
    var index = 0
    while index < available {
      let byte = bytes[start &+ index]
      let isExpected =
        switch index {
        case 0: byte == 0x48
        case 1, 2: byte == 0x54
        case 3: byte == 0x50
        case 4: byte == 0x2f
        case 6: byte == 0x2e
        case 8: byte == 0x0d
        case 9: byte == 0x0a
        default: HTTPSyntax.isDigit(byte)
        }
      if !isExpected { throw HeadError(index == 8 && byte == 0x0a ? .bareLineFeed : .malformedRequestLine) }
      index &+= 1
    }
    guard index == 10 else { return false }
    guard bytes[start &+ 5] == 0x31, bytes[start &+ 7] <= 0x31 else { throw HeadError(.unsupportedVersion) }
    minorVersion = Int(bytes[start &+ 7] &- 0x30)
    return true
  }

  private mutating func parseTarget(_ bytes: Span<UInt8>, _ target: Range<Int>) throws(HeadError) {
    authorityRange = 0..<0
    hasEmptyPath = false
    needsNormalization = false
    isAsterisk = false
    var pathStart = target.lowerBound
    if bytes[pathStart] == 0x2a {
      guard target.count == 1, method == .options else { throw HeadError(.malformedTarget) }
      targetRange = target
      pathRange = target
      isAsterisk = true
      return
    }
    if bytes[pathStart] != 0x2f {
      let schemeLength: Int
      if target.count > 7, bytes.equals("http://", at: pathStart, length: 7) {
        schemeLength = 7
      } else if target.count > 8, bytes.equals("https://", at: pathStart, length: 8) {
        schemeLength = 8
      } else {
        throw HeadError(.malformedTarget)
      }
      let authorityStart = pathStart &+ schemeLength
      var position = authorityStart
      while position < target.upperBound, bytes[position] != 0x2f, bytes[position] != 0x3f { position &+= 1 }
      authorityRange = authorityStart..<position
      hostRange = try HostSyntax.parse(bytes, authorityRange)
      pathStart = position
      hasEmptyPath = position == target.upperBound || bytes[position] == 0x3f
    }
    targetRange = pathStart..<target.upperBound
    isAsterisk = method == .options && targetRange.isEmpty
    var position = pathStart
    var previous: UInt8 = 0
    while position < target.upperBound, bytes[position] != 0x3f {
      let byte = bytes[position]
      switch byte {
      case 0x25: needsNormalization = true
      case 0x2e, 0x2f: if previous == 0x2f { needsNormalization = true }
      case 0x23, 0x5c: throw HeadError(.malformedTarget)
      default: break
      }
      previous = byte
      position &+= 1
    }
    pathRange = pathStart..<position
    while position < target.upperBound {
      if bytes[position] == 0x23 { throw HeadError(.malformedTarget) }
      position &+= 1
    }
  }

  private static func classify(_ bytes: Span<UInt8>, _ length: Int) -> HTTPMethod {
    @inline(__always) func named(_ literal: StaticString) -> Bool { bytes.matches(literal, at: 0) }
    switch length {
    case 3: return named("GET") ? .get : named("PUT") ? .put : .other
    case 4: return named("POST") ? .post : named("HEAD") ? .head : .other
    case 5: return named("PATCH") ? .patch : named("TRACE") ? .trace : .other
    case 6: return named("DELETE") ? .delete : .other
    case 7: return named("OPTIONS") ? .options : .other
    default: return .other
    }
  }
}
