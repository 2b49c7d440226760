/// Why what a client sent isn't taken as a ClientHello. The connection can't be used any further.
public struct TLSHelloError: Error, Equatable, Sendable {
  /// What is wrong, in words for a log.
  public enum Reason: String, Sendable, CaseIterable {
    case notTLS = "not TLS"
    case sslv2Hello = "SSL 2.0 hello"
    case unsupportedRecordVersion = "unsupported TLS record version"
    case emptyRecord = "empty TLS record"
    case recordTooLarge = "TLS record too large"
    case tooManyRecords = "ClientHello in too many records"
    case unexpectedRecord = "TLS record of another kind inside a ClientHello"
    case notClientHello = "first handshake message is no ClientHello"
    case helloTooLarge = "ClientHello too large"
    case dataBehindHello = "data behind the ClientHello in its record"
    case unsupportedVersion = "unsupported TLS version"
    case malformedHello = "malformed ClientHello"
    case malformedExtension = "malformed TLS extension"
    case tooManyExtensions = "too many TLS extensions"
    case duplicateExtension = "duplicate TLS extension"
    case preSharedKeyNotLast = "pre-shared key is not the last TLS extension"
    case tooManyProtocols = "too many application protocols"
    case malformedServerName = "malformed server name"
    case duplicateServerName = "more than one server name"
    case tooManyKeyShares = "too many key shares"
    case duplicateKeyShare = "duplicate key share"
  }

  /// What is wrong.
  public let reason: Reason

  /// An error for this reason.
  public init(_ reason: Reason) { self.reason = reason }

  /// The description of the fatal alert that a server answers with (RFC 8446 §6.2); nil when the client wouldn't
  /// understand one.
  public var alert: UInt8? {
    switch reason {
    case .notTLS, .sslv2Hello: nil
    case .unexpectedRecord, .notClientHello, .dataBehindHello, .emptyRecord, .tooManyRecords: 10
    case .recordTooLarge: 22
    case .unsupportedRecordVersion, .unsupportedVersion: 70
    case .duplicateExtension, .preSharedKeyNotLast, .duplicateKeyShare, .duplicateServerName: 47
    case .helloTooLarge, .tooManyExtensions, .tooManyProtocols, .tooManyKeyShares: 47
    case .malformedServerName: 112
    case .malformedHello, .malformedExtension: 50
    }
  }
}

/// How much of a ClientHello a client may send.
public struct ClientHelloLimits: Sendable, Equatable {
  /// Bytes of the handshake message without its header and those of records. Post-quantum hellos have 2 to 4 KB.
  public var helloBytes: Int
  /// Records that the message may be spread over.
  public var records: Int
  /// Extensions, GREASE too.
  public var extensions: Int
  /// Application protocols, and likewise key shares.
  public var entries: Int

  /// Limits that every client known to us stays well below.
  public init(helloBytes: Int = 16 << 10, records: Int = 64, extensions: Int = 100, entries: Int = 64) {
    self.helloBytes = helloBytes
    self.records = records
    self.extensions = extensions
    self.entries = entries
  }
}
