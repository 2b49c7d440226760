import Foundation

/// A certificate that the authority issued, as its index tells.
public struct IssuedCertificate: Sendable, Equatable, Codable {
  /// Why and when it was revoked.
  public struct Revocation: Sendable, Equatable, Codable {
    /// Seconds since the Unix epoch.
    public var at: Int64
    /// A name of RFC 5280: `keyCompromise`.
    public var reason: String
  }

  public enum State: String, Sendable, Codable {
    case valid
    case expired
    case revoked
  }

  /// Lowercase hexadecimal.
  public var serial: String
  /// What it was issued as; the name of its files.
  public var name: String
  public var purposes: [CertificatePurpose]
  /// As `dns:gate.plant.example`.
  public var names: [String]
  public var modbusRole: String?
  /// Seconds since the Unix epoch.
  public var notBefore: Int64
  /// Seconds since the Unix epoch.
  public var notAfter: Int64
  /// SHA-256 of the certificate, lowercase hexadecimal.
  public var fingerprint: String
  public var revocation: Revocation?

  /// - Parameter now: seconds since the Unix epoch.
  public func state(at now: Int64) -> State {
    if revocation != nil { return .revoked }
    return now > notAfter ? .expired : .valid
  }
}

/// What an authority keeps besides its key: JSON lines, a head and one line a certificate.
struct AuthorityIndex: Equatable {
  struct Head: Codable, Equatable {
    var version = 1
    /// The number of the latest revocation list.
    var listNumber: UInt64 = 0
    /// How long a revocation list counts.
    var listDays: Int
  }

  static let fileBytes = 64 << 20
  static let maximumCertificates = 100_000

  var head: Head
  var certificates: [IssuedCertificate] = []

  init(listDays: Int) { head = Head(listDays: listDays) }

  /// - Throws: with the line that isn't right.
  init(_ text: [UInt8]) throws(PKIError) {
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
    let decoder = JSONDecoder()
    guard let first = lines.first, let head = try? decoder.decode(Head.self, from: Data(first)) else {
      throw PKIError("the index has no head", line: 1)
    }
    guard head.version == 1 else {
      throw PKIError("the index is of version \(head.version), this is for version 1", line: 1)
    }
    self.head = head
    for (number, line) in lines.enumerated().dropFirst() {
      guard let certificate = try? decoder.decode(IssuedCertificate.self, from: Data(line)),
        SerialNumber.octets(certificate.serial) != nil
      else { throw PKIError("not an entry of the index", line: number + 1) }
      certificates.append(certificate)
    }
  }

  func text() throws(PKIError) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var result: [UInt8] = []
    do {
      result += try encoder.encode(head) + [UInt8(ascii: "\n")]
      for certificate in certificates { result += try encoder.encode(certificate) + [UInt8(ascii: "\n")] }
    } catch {
      throw PKIError("the index can't be written")
    }
    return result
  }
}
