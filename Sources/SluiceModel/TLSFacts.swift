/// Who the other side of a TLS connection proved to be: what its certificate says, after it was verified.
public struct PeerIdentity: Sendable, Equatable {
  /// RFC 4514 text.
  public var subject: String
  /// RFC 4514 text.
  public var issuer: String
  /// Lowercase hexadecimal, without leading zeros.
  public var serialNumber: String
  public var dnsNames: [String]
  public var ipAddresses: [IPAddress]
  public var uris: [String]
  public var emailAddresses: [String]
  /// The certificate's one `spiffe:` URI, when it has exactly one and it is well-formed (SPIFFE X.509-SVID, 2).
  public var spiffeID: String?
  /// SHA-256 of the certificate, lowercase hexadecimal.
  public var fingerprint: String
  /// The role for Modbus operations (MODBUS/TCP Security, 1.3.6.1.4.1.50316.802.1); nil without the extension.
  public var modbusRole: String?
  /// Seconds since the Unix epoch.
  public var notBefore: Int64
  /// Seconds since the Unix epoch.
  public var notAfter: Int64

  public init(
    subject: String, issuer: String, serialNumber: String, dnsNames: [String] = [], ipAddresses: [IPAddress] = [],
    uris: [String] = [], emailAddresses: [String] = [], spiffeID: String? = nil, fingerprint: String,
    modbusRole: String? = nil, notBefore: Int64, notAfter: Int64
  ) {
    self.subject = subject
    self.issuer = issuer
    self.serialNumber = serialNumber
    self.dnsNames = dnsNames
    self.ipAddresses = ipAddresses
    self.uris = uris
    self.emailAddresses = emailAddresses
    self.spiffeID = spiffeID
    self.fingerprint = fingerprint
    self.modbusRole = modbusRole
    self.notBefore = notBefore
    self.notAfter = notAfter
  }

  /// The name for logs and policies: the SPIFFE id, else the subject, else the fingerprint.
  public var principal: String {
    if let spiffeID { return spiffeID }
    return subject.isEmpty ? "sha256:" + fingerprint : subject
  }
}

/// What one TLS connection negotiated. Made once a connection and shared by its exchanges.
public final class TLSFacts: Sendable {
  public let version: TLSVersion
  public let cipher: TLSCipherSuite
  /// Nil when no key was exchanged: a resumed TLS 1.2 session.
  public let group: TLSGroup?
  public let isResumed: Bool
  /// The client was asked for another key share first (HelloRetryRequest).
  public let wasRetried: Bool
  /// The name that the client asked for, in lower case.
  public let serverName: String?
  public let applicationProtocol: String?
  /// The client's JA4 fingerprint; nil on a leg where the gate is the client.
  public let ja4: String?
  public let peer: PeerIdentity?
  /// The fields of a log line, made once: the inside of a JSON object with `version`, `group`, `cipher`, `resumed`, `ja4` and
  /// `sni`, its closing brace and, when the peer proved who it is, `,"principal":"…"` and,
  /// for one with a role for Modbus operations, `,"role":"…"`.
  public let logFields: [UInt8]
  /// How many bytes of `logFields` say what was negotiated: `version`, `group` and `cipher`, without a brace.
  public let negotiatedLogBytes: Int

  public init(
    version: TLSVersion, cipher: TLSCipherSuite, group: TLSGroup?, isResumed: Bool, wasRetried: Bool,
    serverName: String?, applicationProtocol: String?, ja4: String?, peer: PeerIdentity?
  ) {
    self.version = version
    self.cipher = cipher
    self.group = group
    self.isResumed = isResumed
    self.wasRetried = wasRetried
    self.serverName = serverName
    self.applicationProtocol = applicationProtocol
    self.ja4 = ja4
    self.peer = peer
    var fields = Array("\"version\":\"\(version)\",".utf8)
    if let group { fields += Array("\"group\":\"\(group)\",".utf8) }
    fields += Array("\"cipher\":\"\(cipher)\"".utf8)
    negotiatedLogBytes = fields.count
    fields += Array((isResumed ? ",\"resumed\":true" : ",\"resumed\":false").utf8)
    if let ja4 { TLSFacts.append(",\"ja4\":\"", ja4, limit: TLSFacts.ja4LogBytes, to: &fields) }
    if let serverName { TLSFacts.append(",\"sni\":\"", serverName, limit: TLSFacts.serverNameLogBytes, to: &fields) }
    fields.append(0x7d)
    if let peer {
      TLSFacts.append(",\"principal\":\"", peer.principal, limit: TLSFacts.principalLogBytes, to: &fields)
      if let role = peer.modbusRole {
        TLSFacts.append(",\"role\":\"", role, limit: TLSFacts.principalLogBytes, to: &fields)
      }
    }
    logFields = fields
  }

  /// Bytes of text before escaping that a log line has of each.
  private static let ja4LogBytes = 64
  private static let serverNameLogBytes = 255
  private static let principalLogBytes = 512

  /// Appends a key and a text as the inside of a JSON string, cut to whole characters within `limit` bytes. Control
  /// characters and those that reorder text are written as `\u00XX`.
  private static func append(_ key: StaticString, _ text: String, limit: Int, to bytes: inout [UInt8]) {
    key.withUTF8Buffer { bytes.append(contentsOf: $0) }
    if text.utf8.count <= limit, text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != 0x22 && $0 != 0x5c }) {
      bytes.append(contentsOf: text.utf8)
      bytes.append(0x22)
      return
    }
    var left = limit
    for scalar in text.unicodeScalars {
      left -= UTF8.width(scalar)
      if left < 0 { break }
      switch scalar.value {
      case 0x22, 0x5c: bytes += [0x5c, UInt8(truncatingIfNeeded: scalar.value)]
      case 0..<0x20, 0x7f...0x9f, 0x200e, 0x200f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff:
        let digits = String(scalar.value, radix: 16)
        bytes += Array(("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).utf8)
      default: bytes += Array(String(scalar).utf8)
      }
    }
    bytes.append(0x22)
  }
}

/// Which side of the gate a TLS connection is on.
public enum TLSLeg: String, Sendable, Codable, CaseIterable {
  /// A client connected to a listener.
  case client
  /// The gate connected to an endpoint of a pool.
  case upstream
  /// The gate connected to an industrial asset.
  case device
}

/// A TLS handshake that ended, well or not.
public struct HandshakeRecord: Sendable {
  public var leg: TLSLeg
  /// The listener, pool or asset.
  public var place: LogName
  /// The endpoint of a pool; nil on the client's leg.
  public var endpoint: LogName?
  /// The other side's address.
  public var peer: IPAddress
  /// What was negotiated; nil when the handshake failed before that.
  public var facts: TLSFacts?
  /// Why it failed, a short phrase of the gate's own; nil when it succeeded.
  public var failure: StaticString?
  /// More about the failure for the operator, cut to `Limits.matchedTextBytes`.
  public var detail: String?
  public var durationNanoseconds: UInt64
  /// The name that the client asked for, where `facts` can't say because the handshake failed too early.
  public var serverName: String?
  /// The client's JA4 fingerprint, where `facts` can't say because the handshake failed too early.
  public var ja4: String?

  public init(
    leg: TLSLeg, place: LogName, endpoint: LogName?, peer: IPAddress, facts: TLSFacts?, failure: StaticString?,
    detail: String? = nil, durationNanoseconds: UInt64, serverName: String? = nil, ja4: String? = nil
  ) {
    self.leg = leg
    self.place = place
    self.endpoint = endpoint
    self.peer = peer
    self.facts = facts
    self.failure = failure
    self.detail = detail
    self.durationNanoseconds = durationNanoseconds
    self.serverName = serverName
    self.ja4 = ja4
  }
}
