/// What a client offers in its first message (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2).
public struct ClientHello: Equatable, Sendable {
  /// The version field, which TLS 1.3 clients leave at 0x0303.
  public internal(set) var legacyVersion: UInt16 = 0
  /// As sent, GREASE too, like all lists here. Empty when the client has no such extension.
  public internal(set) var supportedVersions: [UInt16] = []
  /// The most wanted first.
  public internal(set) var cipherSuites: [UInt16] = []
  /// The types of all extensions, in order.
  public internal(set) var extensions: [UInt16] = []
  /// The host that the client asks for, in lower case, without a dot at its end; nil when it names none or an address.
  public internal(set) var serverName: String?
  /// Whether the client sent an address as server name, which RFC 6066 §3 forbids.
  public internal(set) var namesAddress = false
  /// Application protocols (RFC 7301), the most wanted first.
  public internal(set) var applicationProtocols: [[UInt8]] = []
  /// Groups for the key exchange, the most wanted first.
  public internal(set) var supportedGroups: [UInt16] = []
  /// The groups that the client sent keys for.
  public internal(set) var keyShareGroups: [UInt16] = []
  /// Signature schemes that the client verifies, the most wanted first.
  public internal(set) var signatureAlgorithms: [UInt16] = []
  /// Whether the client wants to resume a TLS 1.3 session, or has a key from elsewhere.
  public internal(set) var hasPreSharedKey = false
  /// Whether the client brings a TLS 1.2 session ticket (RFC 5077).
  public internal(set) var offersSessionTicket = false
  /// Whether the client sends data ahead of the handshake's end.
  public internal(set) var offersEarlyData = false

  init() {}

  /// The highest TLS version that the client offers: 0x0304 is TLS 1.3.
  public var maximumVersion: UInt16 {
    supportedVersions.lazy.filter { $0 >> 8 == 3 }.max() ?? legacyVersion
  }

  /// Whether the client offers the application protocol, `h2` or `http/1.1` for instance.
  public func offers(_ name: String) -> Bool {
    applicationProtocols.contains { $0.elementsEqual(name.utf8) }
  }

  /// Whether a value only keeps servers tolerant (RFC 8701): 0x0a0a, 0x1a1a … 0xfafa.
  public static func isGREASE(_ value: UInt16) -> Bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
  }
}

// MARK: Reading

extension ClientHello {
  /// Reads the message without its four-byte header.
  init(_ bytes: Span<UInt8>, _ range: Range<Int>, _ limits: ClientHelloLimits) throws(TLSHelloError) {
    var rest = ByteCursor(bytes, range)
    guard let version = rest.word(bytes) else { throw TLSHelloError(.malformedHello) }
    guard version >> 8 == 3 else { throw TLSHelloError(.unsupportedVersion) }
    legacyVersion = version
    guard rest.run(32) != nil, let session = rest.shortRun(bytes), session.count <= 32,
      let ciphers = rest.longRun(bytes)?.words(bytes), let compressions = rest.shortRun(bytes),
      compressions.range.contains(where: { bytes[$0] == 0 })
    else { throw TLSHelloError(.malformedHello) }
    cipherSuites = ciphers
    guard !rest.isEmpty else { return }
    guard var section = rest.longRun(bytes), rest.isEmpty else { throw TLSHelloError(.malformedHello) }
    while !section.isEmpty {
      guard let type = section.word(bytes), let body = section.longRun(bytes) else {
        throw TLSHelloError(.malformedExtension)
      }
      guard !extensions.contains(type) else { throw TLSHelloError(.duplicateExtension) }
      guard extensions.count < limits.extensions else { throw TLSHelloError(.tooManyExtensions) }
      guard !hasPreSharedKey else { throw TLSHelloError(.preSharedKeyNotLast) }
      extensions.append(type)
      try readExtension(type, body, bytes, limits)
    }
  }

  private mutating func readExtension(
    _ type: UInt16, _ body: ByteCursor, _ bytes: Span<UInt8>, _ limits: ClientHelloLimits
  ) throws(TLSHelloError) {
    switch type {
    case 0: try readServerName(body, bytes)
    case 10: supportedGroups = try ClientHello.words(body, bytes)
    case 13: signatureAlgorithms = try ClientHello.words(body, bytes)
    case 16: try readProtocols(body, bytes, limits)
    case 35: offersSessionTicket = !body.isEmpty
    case 41: hasPreSharedKey = true
    case 42:
      guard body.isEmpty else { throw TLSHelloError(.malformedExtension) }
      offersEarlyData = true
    case 43:
      var rest = body
      guard let list = rest.shortRun(bytes), rest.isEmpty, let values = list.words(bytes) else {
        throw TLSHelloError(.malformedExtension)
      }
      supportedVersions = values
    case 51: try readKeyShares(body, bytes, limits)
    default: break
    }
  }

  private static func words(_ body: ByteCursor, _ bytes: Span<UInt8>) throws(TLSHelloError) -> [UInt16] {
    var rest = body
    guard let list = rest.longRun(bytes), rest.isEmpty, let values = list.words(bytes) else {
      throw TLSHelloError(.malformedExtension)
    }
    return values
  }

  private mutating func readServerName(_ body: ByteCursor, _ bytes: Span<UInt8>) throws(TLSHelloError) {
    var rest = body
    guard var list = rest.longRun(bytes), rest.isEmpty, !list.isEmpty else { throw TLSHelloError(.malformedExtension) }
    var isNamed = false
    while !list.isEmpty {
      guard let kind = list.byte(bytes), let entry = list.longRun(bytes) else {
        throw TLSHelloError(.malformedExtension)
      }
      guard kind == 0 else { continue }
      guard !isNamed else { throw TLSHelloError(.duplicateServerName) }
      isNamed = true
      switch ServerName.parse(bytes, entry.range) {
      case .name(let name): serverName = name
      case .address: namesAddress = true
      case nil: throw TLSHelloError(.malformedServerName)
      }
    }
  }

  private mutating func readProtocols(
    _ body: ByteCursor, _ bytes: Span<UInt8>, _ limits: ClientHelloLimits
  ) throws(TLSHelloError) {
    var rest = body
    guard var list = rest.longRun(bytes), rest.isEmpty, !list.isEmpty else { throw TLSHelloError(.malformedExtension) }
    while !list.isEmpty {
      guard let name = list.shortRun(bytes), !name.isEmpty else { throw TLSHelloError(.malformedExtension) }
      guard applicationProtocols.count < limits.entries else { throw TLSHelloError(.tooManyProtocols) }
      applicationProtocols.append(name.copy(bytes))
    }
  }

  private mutating func readKeyShares(
    _ body: ByteCursor, _ bytes: Span<UInt8>, _ limits: ClientHelloLimits
  ) throws(TLSHelloError) {
    var rest = body
    guard var list = rest.longRun(bytes), rest.isEmpty else { throw TLSHelloError(.malformedExtension) }
    while !list.isEmpty {
      guard let group = list.word(bytes), let key = list.longRun(bytes), !key.isEmpty else {
        throw TLSHelloError(.malformedExtension)
      }
      guard keyShareGroups.count < limits.entries else { throw TLSHelloError(.tooManyKeyShares) }
      guard !keyShareGroups.contains(group) else { throw TLSHelloError(.duplicateKeyShare) }
      keyShareGroups.append(group)
    }
  }
}
