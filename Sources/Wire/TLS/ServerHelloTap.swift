/// What a TLS handshake came to, as far as a server says it in the clear.
public struct TLSNegotiation: Equatable, Sendable {
  /// 0x0304 is TLS 1.3; nil as long as no ServerHello was read.
  public internal(set) var version: UInt16?
  /// The code point that the server chose.
  public internal(set) var cipherSuite: UInt16?
  /// The group of the key exchange; nil when there was none, as in a resumption of TLS 1.2 or an exchange by RSA, and
  /// when a TLS 1.2 server's curve isn't a named one.
  public internal(set) var group: UInt16?
  /// Whether the server asked for a second ClientHello (HelloRetryRequest, RFC 8446 §4.1.4).
  public internal(set) var wasRetried = false
  /// The group that it asked for then.
  public internal(set) var retryGroup: UInt16?
  /// Whether the handshake went on from an earlier session or an agreed key, without a certificate.
  public internal(set) var wasResumed = false

  /// Nothing is known yet.
  public init() {}
}

/// Reads what a server sends for what was negotiated, and keeps nothing else of it. It looks on; it judges nothing.
///
/// It is done at the ServerHello of TLS 1.3, at the key exchange of TLS 1.2, and at anything that can't lead there: an
/// alert, encrypted records, malformed bytes or too many of them. What it read until then stands.
public struct ServerHelloTap: Sendable {
  private enum State: Sendable {
    /// In a record's header. → payload, done
    case header
    /// In a handshake record. → header, done
    case payload
    /// In a record of no interest. → header
    case skipped
    case done
  }

  private enum Kind {
    static let changeCipherSpec: UInt8 = 20
    static let handshake: UInt8 = 22
  }

  /// What was read so far.
  public private(set) var negotiated = TLSNegotiation()

  private var state = State.header
  /// Bytes that it still looks at.
  private var allowance: Int
  private var recordHeader: UInt64 = 0
  private var recordHeaderCount = 0
  private var recordRest = 0
  private var messageHeader: UInt32 = 0
  private var messageHeaderCount = 0
  private var messageRest = 0
  /// How much of the message is of interest.
  private var wanted = 0
  private var body: [UInt8] = []

  static let helloBytes = 8 << 10

  /// - Parameter limit: bytes after which it gives up; the certificates of TLS 1.2 stand before the key exchange.
  public init(limit: Int = 128 << 10) { allowance = max(limit, 0) }

  /// Whether nothing more can be learnt.
  public var isDone: Bool {
    if case .done = state { return true }
    return false
  }

  /// Takes the bytes that the server sent since the last call, in pieces of any size.
  public mutating func read(_ bytes: Span<UInt8>) {
    let count = min(bytes.count, allowance)
    allowance &-= count
    var position = 0
    while position < count {
      switch state {
      case .done: return
      case .header:
        recordHeader = recordHeader << 8 | UInt64(bytes[position])
        recordHeaderCount &+= 1
        position &+= 1
        if recordHeaderCount == 5 { beginRecord() }
      case .skipped:
        let taken = min(recordRest, count &- position)
        position &+= taken
        leaveBehind(taken)
      case .payload:
        let taken = readMessage(bytes, position..<(position &+ min(recordRest, count &- position)))
        position &+= taken
        leaveBehind(taken)
      }
    }
    if allowance == 0 { finish() }
  }

  private mutating func leaveBehind(_ taken: Int) {
    recordRest &-= taken
    if recordRest == 0, !isDone { state = .header }
  }

  private mutating func finish() {
    state = .done
    body = []
  }

  private mutating func beginRecord() {
    let kind = UInt8(truncatingIfNeeded: recordHeader >> 32)
    let major = UInt8(truncatingIfNeeded: recordHeader >> 24)
    recordRest = Int(truncatingIfNeeded: recordHeader & 0xffff)
    recordHeader = 0
    recordHeaderCount = 0
    guard major == 3, recordRest > 0, recordRest <= 1 << 14 else { return finish() }
    switch kind {
    case Kind.handshake: state = .payload
    case Kind.changeCipherSpec:
      // Behind a HelloRetryRequest it means nothing (RFC 8446 §D.4); else the server goes over to its keys.
      if negotiated.wasRetried, negotiated.version == nil, recordRest == 1, messageHeaderCount == 0 {
        state = .skipped
      } else {
        // In a full handshake of TLS 1.2, a certificate or a key exchange would have come before and ended it all.
        if negotiated.version != nil, messageHeaderCount == 0, !awaitsKeyExchange {
          negotiated.wasResumed = true
        }
        finish()
      }
    default: finish()
    }
  }

  /// Whether a certificate was seen, so that this is a full handshake of TLS 1.2.
  private var awaitsKeyExchange = false

  // MARK: Messages

  /// - Returns: how many bytes it used.
  private mutating func readMessage(_ bytes: Span<UInt8>, _ range: Range<Int>) -> Int {
    var position = range.lowerBound
    while position < range.upperBound, !isDone {
      guard messageHeaderCount == 4 else {
        messageHeader = messageHeader << 8 | UInt32(bytes[position])
        messageHeaderCount &+= 1
        position &+= 1
        if messageHeaderCount == 4 { beginMessage() }
        continue
      }
      let taken = min(messageRest, range.upperBound &- position)
      let kept = min(taken, wanted &- body.count)
      if kept > 0 {
        body.append(bytes, position..<(position &+ kept))
        if body.count == wanted { readBody() }
      }
      position &+= taken
      messageRest &-= taken
      if messageRest == 0 { endMessage() }
    }
    return position &- range.lowerBound
  }

  private var messageType: UInt8 { UInt8(truncatingIfNeeded: messageHeader >> 24) }

  /// Decides by its type what a message says or which part of it is of interest.
  private mutating func beginMessage() {
    messageRest = Int(messageHeader & 0xff_ffff)
    wanted = 0
    switch (messageType, negotiated.version) {
    case (2, nil):
      guard messageRest <= ServerHelloTap.helloBytes, messageRest >= 38 else { return finish() }
      wanted = messageRest
    case (_, nil), (2, _), (20, _): finish()
    case (4, _) where !awaitsKeyExchange:
      negotiated.wasResumed = true
      finish()
    case (11, _):
      awaitsKeyExchange = true
      if !ServerHelloTap.hasNamedCurve(negotiated.cipherSuite) { finish() }
    case (12, _):
      guard ServerHelloTap.hasNamedCurve(negotiated.cipherSuite), messageRest >= 3 else { return finish() }
      awaitsKeyExchange = true
      wanted = 3
    case (13, _), (14, _): finish()
    default: break
    }
    if messageRest == 0, !isDone { endMessage() }
  }

  private mutating func endMessage() {
    messageHeader = 0
    messageHeaderCount = 0
    body.removeAll(keepingCapacity: true)
  }

  private mutating func readBody() {
    if messageType == 12 {
      // `named_curve` (RFC 8422 §5.4), then the group.
      if body[0] == 3 { negotiated.group = UInt16(body[1]) << 8 | UInt16(body[2]) }
      return finish()
    }
    guard let hello = ServerHello(body.span) else { return finish() }
    if hello.isRetry {
      guard !negotiated.wasRetried else { return finish() }
      negotiated.wasRetried = true
      negotiated.retryGroup = hello.group
      return
    }
    negotiated.version = hello.version
    negotiated.cipherSuite = hello.cipherSuite
    if hello.version >= 0x0304 {
      negotiated.group = hello.group
      negotiated.wasResumed = hello.takesPreSharedKey
      finish()
    }
  }

  /// Whether the server's key exchange of this cipher suite begins with a curve: ECDHE, anonymous too, without a
  /// pre-shared key.
  private static func hasNamedCurve(_ suite: UInt16?) -> Bool {
    switch suite ?? 0 {
    case 0xc006...0xc00a, 0xc010...0xc019, 0xc023...0xc024, 0xc027...0xc028, 0xc02b...0xc02c, 0xc02f...0xc030: true
    case 0xc048...0xc049, 0xc04c...0xc04d, 0xc05c...0xc05d, 0xc060...0xc061: true
    case 0xc072...0xc073, 0xc076...0xc077, 0xc086...0xc087, 0xc08a...0xc08b, 0xc0ac...0xc0af: true
    case 0xcc13...0xcc14, 0xcca8...0xcca9: true
    default: false
    }
  }
}

/// A ServerHello (RFC 8446 §4.1.3, RFC 5246 §7.4.1.3).
private struct ServerHello {
  let isRetry: Bool
  var version: UInt16
  let cipherSuite: UInt16
  var group: UInt16?
  var takesPreSharedKey = false

  /// What stands in place of the random value of a HelloRetryRequest.
  static let retryRandom: [UInt8] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
  ]

  /// - Returns: nil when it is malformed.
  init?(_ bytes: Span<UInt8>) {
    var rest = ByteCursor(bytes, 0..<bytes.count)
    guard let legacyVersion = rest.word(bytes), legacyVersion >> 8 == 3, let random = rest.run(32),
      let session = rest.shortRun(bytes), session.count <= 32, let suite = rest.word(bytes), rest.byte(bytes) == 0
    else { return nil }
    isRetry = random.copy(bytes) == ServerHello.retryRandom
    version = legacyVersion
    cipherSuite = suite
    if rest.isEmpty, !isRetry { return }
    guard var section = rest.longRun(bytes), rest.isEmpty else { return nil }
    var seen: [UInt16] = []
    while !section.isEmpty {
      guard let type = section.word(bytes), var value = section.longRun(bytes), !seen.contains(type),
        seen.count < 64
      else { return nil }
      seen.append(type)
      switch type {
      case 43:
        guard let chosen = value.word(bytes), value.isEmpty else { return nil }
        version = chosen
      case 51:
        guard let chosen = value.word(bytes) else { return nil }
        group = chosen
        if !isRetry {
          guard let key = value.longRun(bytes), !key.isEmpty else { return nil }
        }
        guard value.isEmpty else { return nil }
      case 41: takesPreSharedKey = true
      default: break
      }
    }
    guard !isRetry || version >= 0x0304 else { return nil }
  }
}
