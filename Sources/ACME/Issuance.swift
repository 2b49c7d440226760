package import Crypto
package import SluiceModel

/// One attempt to get one certificate, as a state machine: `next` says what to do, `received` takes a reply. It does no
/// I/O and never waits; time comes in as a value.
package struct Issuance: Sendable {
  /// What the caller does before it asks again.
  package enum Action: Sendable, Hashable {
    /// Send it and hand in the reply.
    case send(ACMERequest)
    /// Keep the account on disk.
    case keepAccount(AccountRecord)
    /// Keep the URL of the order under way on disk.
    case keepOrder(url: String)
    /// The order that was taken up again is of no use any more: remove its record.
    case forgetOrder
    case present(Challenge)
    case retract(Challenge)
    /// Wait, then ask again.
    case wait(seconds: Int64)
    /// The chain in PEM, checked against names and key. The end.
    case finished(chain: CertificateChain)
  }

  /// Where the attempt is: what its next signed request is for.
  enum Stage: Sendable, Equatable {
    /// Reads the directory; then `account`, or `order` for a known account.
    case directory
    /// Registers the key; then `newOrder` or `order`.
    case account
    /// Tells changed contacts; then `newOrder` or `order`.
    case contacts
    /// Orders; then `order`.
    case newOrder
    /// Reads the order; then, by its status, `authorization`, `finalize`, `download` or itself again.
    case order
    /// Reads the authorization of this index; then `challenge`, the next index, or `order`.
    case authorization(Int)
    /// Asks the server to look at the proof; then `proof`.
    case challenge(Int, url: String)
    /// Reads the authorization of this index until it is decided; then the next index or `order`.
    case proof(Int)
    /// Sends the signing request; then `order`.
    case finalize
    /// Fetches the chain; then `finished`.
    case download(url: String)
    case finished(CertificateChain)
  }

  package private(set) var session: Session
  let names: [String]
  let kind: ACMEChallengeKind
  let key: P256.Signing.PrivateKey
  private let deadline: Int64
  private(set) var stage = Stage.directory
  private var orderURL: String?
  private var isResumed: Bool
  private var order: OrderMessage?
  /// The authorizations of this attempt's order were all gone through.
  private var isProved = false
  private var shown: Challenge?
  private var pending: [Action] = []
  private var isForNonce = false
  private var badNonces = 0
  private var serverErrors = 0
  private var polls: Int64 = 0
  /// The order can't lead to a certificate any more: the next attempt needs a new one.
  package private(set) var isOrderDead = false

  /// - Parameters:
  ///   - session: the server and the account; read it back from `session` afterwards.
  ///   - certificate: names and proof.
  ///   - key: of the certificate; on disk already.
  ///   - order: URL of an order of an earlier attempt, with the same key.
  ///   - now: seconds since the Unix epoch.
  package init(
    session: Session, certificate: ACMECertificateConfiguration, key: P256.Signing.PrivateKey, order: String?,
    now: Int64
  ) {
    self.session = session
    self.session.begin()
    names = certificate.names
    kind = certificate.challenge
    self.key = key
    orderURL = order
    isResumed = order != nil
    deadline = now.addingReportingOverflow(ACMELimits.attemptSeconds).partialValue
  }

  /// What to do next. Throws when the attempt is over without a certificate.
  package mutating func next(now: Int64) throws(ACMEError) -> Action {
    if !pending.isEmpty { return pending.removeFirst() }
    if case .finished(let chain) = stage { return .finished(chain: chain) }
    guard now < deadline else {
      throw ACMEError(
        .timedOut,
        "the server did not finish within \(ACMELimits.attemptSeconds / 60) minutes (\(step)); the order is kept")
    }
    if stage == .directory { return .send(session.directoryRequest) }
    let made = try session.request(for: try intent())
    isForNonce = made.isForNonce
    return .send(made.request)
  }

  /// Takes the reply to the request that `next` gave. Throws when the attempt is over without a certificate.
  package mutating func received(_ reply: ACMEReply, now: Int64) throws(ACMEError) {
    session.keepNonce(of: reply)
    guard (200...299).contains(reply.status) else { return try receivedRefusal(reply, now: now) }
    if isForNonce {
      isForNonce = false
      guard session.hasNonce else { throw ACMEError(.malformed, "the server gave no nonce in `Replay-Nonce`") }
      return
    }
    switch stage {
    case .directory:
      try session.receivedDirectory(reply)
      stage = stageAfterDirectory
    case .account, .contacts: try receivedAccount(reply)
    case .newOrder: try receivedNewOrder(reply, now: now)
    case .order, .finalize: try receivedOrder(reply, now: now)
    case .authorization(let index): try receivedAuthorization(reply, index)
    case .challenge(let index, _):
      stage = .proof(index)
      polls = 0
      wait(reply, now: now)
    case .proof(let index): try receivedProof(reply, index, now: now)
    case .download: try receivedChain(reply, now: now)
    case .finished: break
    }
    serverErrors = 0
    badNonces = 0
  }

  /// What the request under way is for, in words.
  private var step: String {
    switch stage {
    case .directory: "the directory"
    case .account: "the registration of the account"
    case .contacts: "the change of contacts"
    case .newOrder: "the order"
    case .order: "the look at the order"
    case .authorization, .proof: "the look at an authorization"
    case .challenge: "the proof"
    case .finalize: "the signing request"
    case .download, .finished: "the download of the certificate"
    }
  }

  private func intent() throws(ACMEError) -> Session.Intent {
    switch stage {
    case .directory, .finished: throw ACMEError(.malformed, "nothing is left to ask")
    case .account: return try session.newAccountIntent()
    case .contacts:
      guard let account = session.account else { throw ACMEError(.malformed, "there is no account") }
      return try session.contactIntent(account)
    case .newOrder:
      let request = OrderRequest(identifiers: names.map { Identifier(value: $0) })
      return Session.Intent(url: session.directory?.newOrder ?? "", payload: try JSONText.encode(request))
    case .order: return Session.Intent(url: orderURL ?? "")
    case .authorization(let index), .proof(let index): return Session.Intent(url: try authorizationURL(index))
    case .challenge(_, let url): return Session.Intent(url: url, payload: Array("{}".utf8))
    case .finalize:
      let request = FinalizeRequest(csr: Base64URL.encode(try SigningRequest.der(names: names, key: key)))
      return Session.Intent(url: order?.finalize ?? "", payload: try JSONText.encode(request))
    case .download(let url): return Session.Intent(url: url, accept: "application/pem-certificate-chain")
    }
  }

  private func authorizationURL(_ index: Int) throws(ACMEError) -> String {
    guard let urls = order?.authorizations, urls.indices.contains(index) else {
      throw ACMEError(.malformed, "the order has no such authorization")
    }
    return urls[index]
  }

  private var stageAfterDirectory: Stage {
    guard let account = session.account else { return .account }
    return account.contact == session.configuration.contact ? stageAfterAccount : .contacts
  }

  private var stageAfterAccount: Stage { orderURL == nil ? .newOrder : .order }
}

// MARK: Replies

extension Issuance {
  private mutating func receivedRefusal(_ reply: ACMEReply, now: Int64) throws(ACMEError) {
    let error = session.refusal(of: reply, during: isForNonce ? "the wish for a nonce" : step, now: now)
    if error.problemType == "badNonce", badNonces < ACMELimits.badNonceRetries {
      badNonces += 1
      session.dropOlderNonces()
      return
    }
    let isPassing = [500, 502, 503, 504].contains(reply.status) && error.kind != .rateLimited
    if isPassing, serverErrors < ACMELimits.serverErrorRetries {
      serverErrors += 1
      wait(reply, now: now)
      return
    }
    if stage == .order, isResumed, !isForNonce, [403, 404, 410].contains(reply.status),
      error.problemType != "accountDoesNotExist"
    {
      return startAnew()
    }
    if stage == .contacts, !isForNonce, error.kind == .refused {
      // A certificate is worth more than a contact: the server keeps the old one, and is asked again the next time.
      stage = stageAfterAccount
      return
    }
    if !isForNonce, error.kind == .refused, isAboutOrder { isOrderDead = true }
    throw error
  }

  /// Whether the request under way is for what hangs on the order.
  private var isAboutOrder: Bool {
    switch stage {
    case .order, .authorization, .challenge, .proof, .finalize, .download: true
    case .directory, .account, .contacts, .newOrder, .finished: false
    }
  }

  /// The order of an earlier attempt has ended: makes a new one.
  private mutating func startAnew() {
    isResumed = false
    orderURL = nil
    order = nil
    pending.append(.forgetOrder)
    stage = .newOrder
  }

  private mutating func receivedAccount(_ reply: ACMEReply) throws(ACMEError) {
    guard let message = JSONText.decode(AccountMessage.self, reply.body) else {
      throw ACMEError(.malformed, "the server's account is not JSON as it should be")
    }
    guard message.status == "valid" else {
      throw ACMEError(.refused, "the account is `\(cleaned(message.status))` at the server")
    }
    let contact = session.configuration.contact
    if stage == .contacts {
      session.account?.contact = contact
    } else {
      guard let url = reply.fields["location"] else {
        throw ACMEError(.malformed, "the server gave the account no URL in `Location`")
      }
      try session.check(url, "the account")
      session.account = AccountRecord(directory: session.configuration.directory, url: url, contact: contact)
    }
    if let account = session.account { pending.append(.keepAccount(account)) }
    stage = stageAfterAccount
  }

  private mutating func receivedNewOrder(_ reply: ACMEReply, now: Int64) throws(ACMEError) {
    guard let url = reply.fields["location"] else {
      throw ACMEError(.malformed, "the server gave the order no URL in `Location`")
    }
    try session.check(url, "the order")
    orderURL = url
    pending.append(.keepOrder(url: url))
    try receivedOrder(reply, now: now)
  }

  private mutating func receivedOrder(_ reply: ACMEReply, now: Int64) throws(ACMEError) {
    guard let message = JSONText.decode(OrderMessage.self, reply.body) else {
      throw ACMEError(.malformed, "the server's order is not JSON as it should be")
    }
    guard Set(message.identifiers.map { "\($0.type):\($0.value.lowercased())" }) == Set(names.map { "dns:\($0)" })
    else {
      isOrderDead = true
      throw ACMEError(.malformed, "the server's order is for other names than were ordered")
    }
    guard (1...ACMELimits.authorizations).contains(message.authorizations.count) else {
      throw ACMEError(.malformed, "the server's order has \(message.authorizations.count) authorizations")
    }
    order = message
    switch message.status {
    case .pending where !isProved: stage = .authorization(0)
    case .ready where stage != .finalize: stage = .finalize
    case .pending, .processing, .ready:
      stage = .order
      wait(reply, now: now)
    case .valid:
      guard let url = message.certificate else {
        throw ACMEError(.malformed, "the server's order is valid but has no certificate")
      }
      polls = 0
      stage = .download(url: url)
    case .invalid:
      if isResumed { return startAnew() }
      isOrderDead = true
      throw ACMEError(.refused, "the order failed at the server: " + (message.error?.text ?? "no reason given"))
    }
  }

  /// A certificate that is of no use will not be another one the next time: the order is done with.
  private mutating func receivedChain(_ reply: ACMEReply, now: Int64) throws(ACMEError) {
    do throws(ACMEError) {
      stage = .finished(try CertificateChain(pem: reply.body, names: names, key: key, now: now))
    } catch {
      isOrderDead = true
      throw error
    }
  }

  private func authorization(_ reply: ACMEReply) throws(ACMEError) -> AuthorizationMessage {
    guard let message = JSONText.decode(AuthorizationMessage.self, reply.body),
      message.challenges.count <= ACMELimits.challenges
    else { throw ACMEError(.malformed, "the server's authorization is not JSON as it should be") }
    guard message.identifier.type == "dns", names.contains(message.identifier.value.lowercased()) else {
      throw ACMEError(
        .malformed, "the server asks for a proof of `\(cleaned(message.identifier.value))`, which was not ordered")
    }
    return message
  }

  private mutating func receivedAuthorization(_ reply: ACMEReply, _ index: Int) throws(ACMEError) {
    let message = try authorization(reply)
    switch message.status {
    case .valid: proceed(after: index)
    case .pending: try present(message, index)
    case .invalid, .deactivated, .expired, .revoked: try receivedFailure(message)
    }
  }

  private mutating func present(_ message: AuthorizationMessage, _ index: Int) throws(ACMEError) {
    let name = message.identifier.value.lowercased()
    guard let offer = message.challenges.first(where: { $0.type == kind.rawValue }) else {
      let offered = message.challenges.map { cleaned($0.type, to: 40) }.joined(separator: ", ")
      throw ACMEError(.refused, "the server does not take `\(kind.rawValue)` for `\(name)`, only: \(offered)")
    }
    guard let url = offer.url, let token = offer.token, !token.isEmpty, token.utf8.count <= ACMELimits.tokenBytes,
      Base64URL.isAlphabet(token)
    else { throw ACMEError(.malformed, "the server's challenge for `\(name)` has no proper token or URL") }
    let proof = session.key.keyAuthorization(for: token)
    let challenge: Challenge
    switch kind {
    case .http01: challenge = .http01(host: name, token: token, keyAuthorization: proof)
    case .tlsALPN01: challenge = try .tlsALPN01(host: name, keyAuthorization: proof, now: deadline)
    }
    pending.append(.present(challenge))
    shown = challenge
    polls = 0
    // A challenge under way from an earlier attempt is only waited for: asking twice is an error at some servers.
    stage = offer.status == "processing" ? .proof(index) : .challenge(index, url: url)
  }

  private mutating func receivedProof(_ reply: ACMEReply, _ index: Int, now: Int64) throws(ACMEError) {
    let message = try authorization(reply)
    switch message.status {
    case .pending: wait(reply, now: now)
    case .valid:
      retract()
      proceed(after: index)
    case .invalid, .deactivated, .expired, .revoked: try receivedFailure(message)
    }
  }

  private mutating func receivedFailure(_ message: AuthorizationMessage) throws(ACMEError) {
    if isResumed, shown == nil { return startAnew() }
    isOrderDead = true
    let name = message.identifier.value.lowercased()
    let reason = message.challenges.compactMap { $0.error?.text }.first ?? "it is `\(message.status.rawValue)`"
    throw ACMEError(.challengeFailed, "`\(name)` was not proved by \(kind.rawValue): \(reason)")
  }

  private mutating func retract() {
    guard let challenge = shown else { return }
    shown = nil
    pending.append(.retract(challenge))
  }

  private mutating func proceed(after index: Int) {
    let following = index + 1
    polls = 0
    if following < (order?.authorizations.count ?? 0) {
      stage = .authorization(following)
    } else {
      isProved = true
      stage = .order
    }
  }

  /// Before the next look: as long as the server says, else a little longer each time.
  private mutating func wait(_ reply: ACMEReply, now: Int64) {
    polls += 1
    let limits = ACMELimits.pollSeconds
    let own = min(max(polls, limits.lowerBound), limits.upperBound)
    let seconds = reply.retryAfter(now: now).map { min(max($0, 1), ACMELimits.retryAfterInAttemptSeconds) } ?? own
    pending.append(.wait(seconds: seconds))
  }
}
