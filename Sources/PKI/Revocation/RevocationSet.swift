/// Verified revocation lists, at most one an issuer and key.
public struct RevocationSet: Sendable, Equatable {
  public let lists: [RevocationList]

  /// Verifies lists against the certificates of those who issue them. Of several lists of one issuer and key the newest
  /// counts.
  ///
  /// - Parameters:
  ///   - lists: as `PEM.revocationLists` reads them from a file of one or more.
  ///   - issuers: certificate authorities that are trusted, as in the listener's `ca` file.
  /// - Throws: when the issuer of a list isn't among them, or its signature is wrong.
  public init(_ lists: [RevocationList], issuers: [CertificateFacts]) throws(PKIError) {
    guard lists.count <= PKILimits.revocationLists else {
      throw PKIError("more than \(PKILimits.revocationLists) revocation lists")
    }
    var newest: [RevocationList] = []
    for list in lists {
      try Self.verify(list, issuers)
      let same = newest.firstIndex {
        $0.issuerDER == list.issuerDER && $0.authorityKeyIdentifier == list.authorityKeyIdentifier
      }
      if let same {
        if newest[same].thisUpdate <= list.thisUpdate { newest[same] = list }
      } else {
        newest.append(list)
      }
    }
    self.lists = newest
  }

  private static func verify(_ list: RevocationList, _ issuers: [CertificateFacts]) throws(PKIError) {
    let named = issuers.filter { $0.subjectDER == list.issuerDER }
    guard !named.isEmpty else {
      throw PKIError(
        "the revocation list is by `\(list.issuer)`, which isn't among the trusted authorities",
        hint: "add that authority's certificate, or take the list out")
    }
    let keyed = named.filter { issuer in
      guard let ours = list.authorityKeyIdentifier, let theirs = issuer.subjectKeyIdentifier else { return true }
      return ours == theirs
    }
    for issuer in keyed where try list.isSigned(by: issuer) { return }
    throw PKIError(
      "the revocation list by `\(list.issuer)` isn't signed by that authority's key",
      hint: "the list was changed, belongs to an older key, or the authority may not sign lists")
  }

  /// The list that speaks for a certificate.
  public func list(for certificate: CertificateFacts) -> RevocationList? {
    lists.first { $0.covers(certificate) }
  }

  /// When the first of the lists is due to be replaced, in seconds since the Unix epoch; nil without lists.
  public var nextUpdate: Int64? { lists.map(\.nextUpdate).min() }
}
