/// Certificates that the gate orders and renews by itself from an ACME server (RFC 8555).
public struct ACMEConfiguration: Sendable, Equatable {
  /// The server's directory. `https` only; plain `http` on a loopback address.
  public var directory = "https://acme-v02.api.letsencrypt.org/directory"
  /// Addresses for the server's notices, as `mailto:` URLs. May be empty.
  public var contact: [String] = []
  /// Whether the operator agreed to the terms of service that the directory names.
  public var termsOfServiceAgreed = false
  /// The folder of the account key, keys and chains; made with mode 0700.
  public var state = "state/acme"
  /// A PEM file with the roots that vouch for the directory's own certificate; nil means the system's.
  public var ca: String?
  /// The account at the operator of the server that this one is bound to; nil for servers that ask for none.
  public var externalAccount: ACMEExternalAccount?
  public var certificates: [ACMECertificateConfiguration] = []

  public init() {}
}

/// The key that binds an ACME account to an account of another kind at the same operator (RFC 8555, 7.3.4).
public struct ACMEExternalAccount: Sendable, Equatable {
  public var keyID: String
  /// The HMAC key in base64url, as the operator gives it out.
  public var key: Secret

  public init(keyID: String, key: Secret) {
    self.keyID = keyID
    self.key = key
  }
}

/// How the gate proves to the server that a name is its own.
public enum ACMEChallengeKind: String, Sendable, Codable, CaseIterable {
  /// A file below `/.well-known/acme-challenge/` on port 80 (RFC 8555, 8.3).
  case http01 = "http-01"
  /// A certificate shown to TLS clients that offer `acme-tls/1` on port 443 (RFC 8737).
  case tlsALPN01 = "tls-alpn-01"
}

/// One certificate: the names that it is for and how they are proved.
public struct ACMECertificateConfiguration: Sendable, Equatable {
  /// DNS names, at least one. The first is the certificate's name in the configuration, in logs and on disk.
  public var names: [String]
  public var challenge: ACMEChallengeKind

  public init(names: [String], challenge: ACMEChallengeKind = .http01) {
    self.names = names
    self.challenge = challenge
  }
}
