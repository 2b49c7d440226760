import Crypto
import SwiftASN1
import X509

/// What the server is asked to sign (PKCS #10, RFC 2986): the names as subject alternative names, and nothing else, since
/// servers differ in what else they take.
enum SigningRequest {
  /// DER.
  static func der(names: [String], key: P256.Signing.PrivateKey) throws(ACMEError) -> [UInt8] {
    do {
      let extensions = try Certificate.Extensions { SubjectAlternativeNames(names.map { .dnsName($0) }) }
      let request = try CertificateSigningRequest(
        version: .v1, subject: DistinguishedName(), privateKey: .init(key),
        attributes: .init([.init(ExtensionRequest(extensions: extensions))]), signatureAlgorithm: .ecdsaWithSHA256)
      var serializer = DER.Serializer()
      try serializer.serialize(request)
      return serializer.serializedBytes
    } catch {
      throw ACMEError(.configuration, "no signing request can be made for `\(names.joined(separator: ", "))`: \(error)")
    }
  }
}
