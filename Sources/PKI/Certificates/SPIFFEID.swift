/// A SPIFFE id: `spiffe://trust-domain/path` (SPIFFE-ID, 2).
public struct SPIFFEID: Sendable, Hashable, CustomStringConvertible {
  /// The whole id.
  public let description: String
  public let trustDomain: String
  /// The path with its slash; empty for the id of a trust domain itself.
  public let path: String

  /// Checks scheme, trust domain (lower-case letters, digits, `.`, `-`, `_`) and path (segments of letters, digits, `.`,
  /// `-`, `_`; none empty, `.` or `..`). So no user, port, query, fragment or percent-encoding passes.
  ///
  /// - Throws: with what is wrong.
  public init(_ text: String) throws(PKIError) {
    guard text.utf8.count <= PKILimits.spiffeIDBytes else { throw PKIError("the SPIFFE id is too long") }
    guard text.hasPrefix("spiffe://") else { throw PKIError("a SPIFFE id begins with `spiffe://`") }
    let rest = text.dropFirst("spiffe://".count)
    let domain = rest.prefix { $0 != "/" }
    guard !domain.isEmpty else { throw PKIError("the SPIFFE id has no trust domain") }
    guard domain.utf8.count <= PKILimits.trustDomainBytes else { throw PKIError("the trust domain is too long") }
    guard domain.utf8.allSatisfy({ Self.isSegmentCharacter($0) && !(0x41...0x5a).contains($0) }) else {
      throw PKIError("a trust domain has lower-case letters, digits, `.`, `-` and `_` only")
    }
    let path = rest.dropFirst(domain.count)
    if !path.isEmpty {
      for segment in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
        guard !segment.isEmpty, segment != ".", segment != ".." else {
          throw PKIError("a segment of a SPIFFE id's path is empty, `.` or `..`")
        }
        guard segment.utf8.allSatisfy(Self.isSegmentCharacter) else {
          throw PKIError("a SPIFFE id's path has letters, digits, `.`, `-`, `_` and `/` only")
        }
      }
    }
    description = text
    trustDomain = String(domain)
    self.path = String(path)
  }

  private static func isSegmentCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f: true
    default: false
    }
  }

  /// The id of a certificate that authenticates with it (X.509-SVID, 5.2): exactly one URI name, which is a SPIFFE id with
  /// a path, and no certificate authority.
  static func ofLeaf(uris: [String], isCA: Bool, signs: Bool) -> SPIFFEID? {
    guard uris.count == 1, !isCA, !signs, let id = try? SPIFFEID(uris[0]), !id.path.isEmpty else { return nil }
    return id
  }
}
