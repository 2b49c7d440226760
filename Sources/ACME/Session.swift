import Crypto
package import SluiceModel

/// The directory, the nonces and the account of one server: it makes requests out of intentions. Without I/O.
package struct Session: Sendable {
  /// A signed request that is wanted, before it has a nonce.
  struct Intent: Sendable {
    /// The server's URL for it.
    var url: String
    /// JSON; empty for POST-as-GET.
    var payload: [UInt8] = []
    /// Signed with the account's key itself instead of its URL: a new account.
    var isUnregistered = false
    var accept: String?
  }

  let configuration: ACMEConfiguration
  let policy: ACMEURLPolicy
  let key: AccountKey
  private(set) var directory: DirectoryMessage?
  /// The account's URL, once the server told it.
  package internal(set) var account: AccountRecord?
  private var nonces: [String] = []

  /// - Parameters:
  ///   - configuration: whose certificates are ordered.
  ///   - key: of the account.
  ///   - account: what is known of the account; nil registers the key.
  package init(configuration: ACMEConfiguration, key: AccountKey, account: AccountRecord?) {
    self.configuration = configuration
    self.policy = ACMEURLPolicy(directory: configuration.directory)
    self.key = key
    self.account = account
  }

  /// The directory is read again at the beginning of each attempt: servers may move their resources.
  mutating func begin() {
    directory = nil
    nonces.removeAll()
  }

  var directoryRequest: ACMERequest {
    ACMERequest(method: .get, url: configuration.directory, accept: "application/json")
  }

  /// Signs with the newest nonce; without one, the request is for a nonce.
  mutating func request(for intent: Intent) throws(ACMEError) -> (request: ACMERequest, isForNonce: Bool) {
    try check(intent.url, "a resource")
    guard let nonce = nonces.popLast() else {
      let url = directory?.newNonce ?? ""
      try check(url, "`newNonce`")
      return (ACMERequest(method: .head, url: url), true)
    }
    let body = try key.sign(
      payload: intent.payload, url: intent.url, nonce: nonce, account: intent.isUnregistered ? nil : account?.url)
    return (ACMERequest(method: .post, url: intent.url, accept: intent.accept, body: body), false)
  }

  mutating func receivedDirectory(_ reply: ACMEReply) throws(ACMEError) {
    guard let message = JSONText.decode(DirectoryMessage.self, reply.body) else {
      throw ACMEError(
        .malformed, "`\(configuration.directory)` is not the directory of an ACME server, check `acme.directory`")
    }
    try check(message.newNonce, "`newNonce`")
    try check(message.newAccount, "`newAccount`")
    try check(message.newOrder, "`newOrder`")
    directory = message
  }

  /// Keeps the nonce of any reply.
  mutating func keepNonce(of reply: ACMEReply) {
    guard let nonce = reply.nonce, nonces.count < ACMELimits.nonces else { return }
    nonces.append(nonce)
  }

  var hasNonce: Bool { !nonces.isEmpty }

  /// After `badNonce` only the nonce of that very reply is good for sure.
  mutating func dropOlderNonces() {
    if nonces.count > 1 { nonces.removeFirst(nonces.count - 1) }
  }

  func check(_ url: String, _ what: String) throws(ACMEError) {
    if let problem = policy.problem(with: url) {
      throw ACMEError(.malformed, "the server's URL of \(what), `\(cleaned(url))`, \(problem)")
    }
  }

  /// Registers the key. Servers answer with the account that the key already has, if any.
  func newAccountIntent() throws(ACMEError) -> Intent {
    guard let directory else { throw ACMEError(.malformed, "the server has no directory") }
    if let terms = directory.meta?.termsOfService, !configuration.termsOfServiceAgreed {
      throw ACMEError(
        .configuration,
        "the server asks to agree to its terms of service, `\(cleaned(terms))`: read them, then set "
          + "`acme.termsOfServiceAgreed: true`")
    }
    if directory.meta?.externalAccountRequired == true, configuration.externalAccount == nil {
      throw ACMEError(
        .configuration,
        "the server asks for an account of its operator: get a key there and set `acme.externalAccount`")
    }
    var request = AccountRequest()
    if !configuration.contact.isEmpty { request.contact = configuration.contact }
    if configuration.termsOfServiceAgreed { request.termsOfServiceAgreed = true }
    if let external = configuration.externalAccount {
      guard let hmac = Base64URL.decode(external.key.reveal()) else {
        throw ACMEError(.configuration, "`acme.externalAccount.key` is not base64url")
      }
      request.externalAccountBinding = try key.externalBinding(
        keyID: external.keyID, key: hmac, url: directory.newAccount)
    }
    return Intent(url: directory.newAccount, payload: try JSONText.encode(request), isUnregistered: true)
  }

  /// Tells an existing account its new contacts.
  func contactIntent(_ account: AccountRecord) throws(ACMEError) -> Intent {
    Intent(url: account.url, payload: try JSONText.encode(AccountRequest(contact: configuration.contact)))
  }

  /// What a reply that is not a success says.
  func refusal(of reply: ACMEReply, during step: String, now: Int64) -> ACMEError {
    let wait = reply.retryAfter(now: now)
    guard reply.status >= 400, let problem = JSONText.decode(ProblemMessage.self, reply.body) else {
      let hint = (300...399).contains(reply.status) ? ", and redirects are not followed" : ""
      return ACMEError(
        Self.kind(reply.status, isLimited: reply.status == 429 || (reply.status == 503 && wait != nil)),
        "the server answered \(step) with status \(reply.status)\(hint)", retryAfterSeconds: wait)
    }
    let type = problem.acmeType
    let isLimited = type == "rateLimited" || reply.status == 429 || (reply.status == 503 && wait != nil)
    var text = "the server refused \(step): \(problem.text)"
    if type == "accountDoesNotExist" {
      text += "; to register the key of `\(configuration.state)` there again, remove its `account.json`"
    }
    var error = ACMEError(Self.kind(reply.status, isLimited: isLimited), text, retryAfterSeconds: wait)
    error.problemType = type
    return error
  }

  private static func kind(_ status: Int, isLimited: Bool) -> ACMEError.Kind {
    if isLimited { return .rateLimited }
    return status >= 500 ? .transport : .refused
  }
}

/// What is kept of an account.
package struct AccountRecord: Sendable, Hashable, Codable {
  /// The directory that the account is of.
  package var directory: String
  /// The account's URL there.
  package var url: String
  /// The contacts that the server was told.
  package var contact: [String]

  package init(directory: String, url: String, contact: [String]) {
    self.directory = directory
    self.url = url
    self.contact = contact
  }
}
