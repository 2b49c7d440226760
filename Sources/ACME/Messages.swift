/// The directory (RFC 8555, 7.1.1).
struct DirectoryMessage: Decodable, Sendable {
  struct Meta: Decodable, Sendable {
    var termsOfService: String?
    var externalAccountRequired: Bool?
  }

  var newNonce: String
  var newAccount: String
  var newOrder: String
  var meta: Meta?
}

struct AccountRequest: Encodable {
  var contact: [String]?
  var termsOfServiceAgreed: Bool?
  var externalAccountBinding: SignedMessage?
}

struct AccountMessage: Decodable {
  var status: String
}

struct Identifier: Codable, Hashable, Sendable {
  var type = "dns"
  var value: String
}

struct OrderRequest: Encodable {
  var identifiers: [Identifier]
}

struct FinalizeRequest: Encodable {
  var csr: String
}

/// An order (RFC 8555, 7.1.3).
struct OrderMessage: Decodable, Sendable {
  enum Status: String, Decodable { case pending, ready, processing, valid, invalid }

  var status: Status
  var identifiers: [Identifier]
  var authorizations: [String]
  var finalize: String
  var certificate: String?
  var error: ProblemMessage?
}

/// An authorization (RFC 8555, 7.1.4).
struct AuthorizationMessage: Decodable, Sendable {
  enum Status: String, Decodable { case pending, valid, invalid, deactivated, expired, revoked }

  var identifier: Identifier
  var status: Status
  var challenges: [ChallengeMessage]
}

struct ChallengeMessage: Decodable, Sendable {
  var type: String
  var url: String?
  var status: String?
  var token: String?
  var error: ProblemMessage?
}

/// A problem document (RFC 7807), with the parts that ACME adds (RFC 8555, 6.7).
struct ProblemMessage: Decodable, Sendable {
  struct Part: Decodable, Sendable {
    var type: String?
    var detail: String?
    var identifier: Identifier?
  }

  var type: String?
  var title: String?
  var detail: String?
  var instance: String?
  var subproblems: [Part]?

  /// The last part of an ACME error type; nil for types of others.
  var acmeType: String? {
    guard let type, type.hasPrefix(Self.prefix), type.utf8.count < 100 else { return nil }
    return String(type.dropFirst(Self.prefix.count))
  }

  private static let prefix = "urn:ietf:params:acme:error:"

  /// For the operator.
  var text: String {
    var text = cleaned(detail ?? title ?? "no reason given")
    if let type = acmeType { text += " (\(cleaned(type)))" }
    if acmeType == "userActionRequired", let instance { text += ", see \(cleaned(instance))" }
    let parts = (subproblems ?? []).prefix(ACMELimits.subproblems).map { part in
      (part.identifier.map { "`\(cleaned($0.value))`: " } ?? "") + cleaned(part.detail ?? part.type ?? "")
    }
    if !parts.isEmpty { text += "; " + parts.joined(separator: "; ") }
    return text
  }
}
