/// Why bytes aren't taken as a PROXY protocol header, or a header can't be written. A connection that such bytes begin
/// must be closed: whoever sent them isn't a proxy, or is a broken one.
public struct ProxyProtocolError: Error, Equatable, Sendable {
  /// What is wrong, in words for a log.
  public enum Reason: String, Sendable, CaseIterable {
    case notProxyHeader = "no PROXY header"
    case lineTooLong = "PROXY line too long"
    case malformedLine = "malformed PROXY line"
    case malformedAddress = "malformed address in the PROXY header"
    case malformedPort = "malformed port in the PROXY header"
    case unsupportedVersion = "unsupported PROXY protocol version"
    case unsupportedCommand = "unsupported PROXY protocol command"
    case unsupportedFamily = "unsupported address family in the PROXY header"
    case headerTooLarge = "PROXY header too large"
    case headerTooShort = "PROXY header too short for its addresses"
    case malformedField = "malformed field of the PROXY header"
    case duplicateField = "duplicate field of the PROXY header"
    case tooManyFields = "too many fields in the PROXY header"
    case wrongChecksum = "wrong checksum of the PROXY header"
    case notRepresentable = "not representable in this PROXY protocol version"
  }

  /// What is wrong.
  public let reason: Reason

  /// An error for this reason.
  public init(_ reason: Reason) { self.reason = reason }
}

/// How much of a PROXY header of version 2 a sender may send; a line of version 1 has 107 bytes at most.
public struct ProxyProtocolLimits: Sendable, Equatable {
  /// Bytes of the whole header; the protocol allows 65,551.
  public var headerBytes: Int
  /// Type-length-value fields, those inside the TLS field counted apart.
  public var fields: Int

  /// Limits that every proxy of ours stays well below.
  public init(headerBytes: Int = 4 << 10, fields: Int = 64) {
    self.headerBytes = headerBytes
    self.fields = fields
  }
}
