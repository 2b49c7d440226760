package import Crypto
import FoundationEssentials
import SwiftASN1
import X509

/// A chain that was checked: its first certificate is for our key and our names, and each is signed by the next.
package struct CertificateChain: Sendable, Hashable {
  /// PEM of the certificates alone, leaf first.
  package let pem: String
  /// DNS names of the leaf, sorted, in lower case.
  package let names: [String]
  /// Seconds since the Unix epoch.
  package let notBefore: Int64
  /// Seconds since the Unix epoch.
  package let notAfter: Int64

  /// Reads a chain that is about to be put in force: it must also be in time.
  package init(pem: [UInt8], names: [String], key: P256.Signing.PrivateKey, now: Int64) throws(ACMEError) {
    self = try CertificateChain(pem: pem, key: key)
    if let missing = names.first(where: { !self.names.contains($0) }) {
      throw ACMEError(.wrongCertificate, "the certificate that came is not for `\(missing)`")
    }
    guard notAfter > now else { throw ACMEError(.wrongCertificate, "the certificate that came has expired already") }
    // An hour of grace, for clocks that differ.
    guard notBefore <= now.addingReportingOverflow(3_600).partialValue else {
      throw ACMEError(.wrongCertificate, "the certificate that came is not valid yet; check the clock of this machine")
    }
  }

  /// Reads a chain, and checks that it hangs together and is for the key.
  package init(pem: [UInt8], key: P256.Signing.PrivateKey) throws(ACMEError) {
    let certificates = try Self.certificates(pem)
    guard let leaf = certificates.first else { throw ACMEError(.wrongCertificate, "the chain is empty") }
    guard leaf.publicKey == Certificate.PublicKey(key.publicKey) else {
      throw ACMEError(.wrongCertificate, "the certificate that came is for another key than ours")
    }
    for (signed, signer) in zip(certificates, certificates.dropFirst()) {
      guard signed.issuer == signer.subject, signer.publicKey.isValidSignature(signed.signature, for: signed) else {
        throw ACMEError(
          .wrongCertificate,
          "the chain that came is broken: `\(cleaned(signer.subject.description))` did not sign "
            + "`\(cleaned(signed.subject.description))`")
      }
    }
    do {
      let list = try leaf.extensions.subjectAlternativeNames ?? SubjectAlternativeNames([])
      names = list.compactMap { name in
        if case .dnsName(let text) = name { text.lowercased() } else { nil }
      }.sorted()
      self.pem = try certificates.map { try $0.serializeAsPEM().pemString + "\n" }.joined()
    } catch {
      throw ACMEError(.wrongCertificate, "the certificate that came can't be read: \(cleaned("\(error)"))")
    }
    notBefore = Int64(leaf.notValidBefore.timeIntervalSince1970)
    notAfter = Int64(leaf.notValidAfter.timeIntervalSince1970)
    guard notBefore < notAfter else { throw ACMEError(.wrongCertificate, "the certificate that came is never valid") }
  }

  private static func certificates(_ bytes: [UInt8]) throws(ACMEError) -> [Certificate] {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw ACMEError(.wrongCertificate, "the chain that came is not text in PEM")
    }
    do {
      let documents = try PEMDocument.parseMultiple(pemString: text)
      guard (1...ACMELimits.chainCertificates).contains(documents.count) else {
        throw ACMEError(.wrongCertificate, "the chain that came has \(documents.count) certificates")
      }
      return try documents.map { try Certificate(pemDocument: $0) }
    } catch let error as ACMEError {
      throw error
    } catch {
      throw ACMEError(.wrongCertificate, "the chain that came is not a list of certificates: \(cleaned("\(error)"))")
    }
  }
}
