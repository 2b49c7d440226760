package import Crypto
import FoundationEssentials
package import SluiceModel

/// A key and its chain, complete on disk. The files are never changed afterwards: a renewal has paths of its own.
public struct CertificateFiles: Sendable, Hashable {
  /// The first of the configured names.
  public var name: String
  /// DNS names that the certificate is for, sorted.
  public var names: [String]
  /// Path of the chain in PEM, leaf first.
  public var chain: String
  /// Path of the key in PEM (PKCS #8, P-256), mode 0600.
  public var key: String
  /// Seconds since the Unix epoch.
  public var notBefore: Int64
  /// Seconds since the Unix epoch.
  public var notAfter: Int64

  public init(name: String, names: [String], chain: String, key: String, notBefore: Int64, notAfter: Int64) {
    self.name = name
    self.names = names
    self.chain = chain
    self.key = key
    self.notBefore = notBefore
    self.notAfter = notAfter
  }
}

/// An order under way: its key, and its URL once there is one.
package struct PendingOrder: Sendable {
  package var key: P256.Signing.PrivateKey
  package var order: String?
}

/// The state on disk:
///
///     account.key  account.json                      the account
///     certificates/NAME/0001/{key.pem,chain.pem}     in force: the highest number
///     certificates/NAME/next/{key.pem,order.json}    an order under way
///
/// A new certificate comes into force by one rename of `next`.
package struct StateFolder: Sendable {
  private let root: String
  private let files: StateFiles

  private struct OrderRecord: Codable {
    var directory: String
    var names: [String]
    var url: String
  }

  /// - Parameters:
  ///   - path: of the folder; made when it is missing.
  ///   - files: how files are read and written.
  package init(path: String, files: StateFiles = StateFiles()) throws(ACMEError) {
    root = path
    self.files = files
    try files.makeFolder(path)
    try files.requirePrivate(path)
  }

  // MARK: Account

  /// The account's key, made at the first call, and what is known of the account. A file that is broken or missing beside
  /// the other is an error: an account is never replaced silently.
  package func account(directory: String) throws(ACMEError) -> (key: AccountKey, record: AccountRecord?) {
    let keyPath = root + "/account.key"
    let recordPath = root + "/account.json"
    let recordBytes = try files.read(recordPath, isSecret: false)
    guard let pem = try files.readText(keyPath, isSecret: true) else {
      guard recordBytes == nil else {
        throw ACMEError(
          .state, "`\(keyPath)` is missing beside `\(recordPath)`: restore it, or remove both for a new account")
      }
      let key = P256.Signing.PrivateKey()
      try files.write(Array(key.pemRepresentation.utf8), to: keyPath, mode: 0o600)
      return (AccountKey(key), nil)
    }
    guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) else {
      throw ACMEError(
        .state, "`\(keyPath)` is not a P-256 key in PEM: restore it, or remove it and `account.json` for a new account")
    }
    guard let recordBytes else { return (AccountKey(key), nil) }
    guard let record = JSONText.decode(AccountRecord.self, recordBytes) else {
      throw ACMEError(
        .state, "`\(recordPath)` is broken: restore it, or remove it to register the same key again")
    }
    guard record.directory == directory else {
      throw ACMEError(
        .state,
        "the account in `\(root)` is of `\(record.directory)`, but `acme.directory` is `\(directory)`: give each server "
          + "a folder of its own with `acme.state`")
    }
    return (AccountKey(key), record)
  }

  package func keep(_ account: AccountRecord) throws(ACMEError) {
    try files.write(try JSONText.encode(account), to: root + "/account.json", mode: 0o600)
  }

  // MARK: Certificates

  private func folder(_ name: String) -> String { root + "/certificates/" + name }
  private func next(_ name: String) -> String { folder(name) + "/next" }

  private func generations(_ name: String) throws(ACMEError) -> [(number: Int, path: String)] {
    try files.names(in: folder(name)).compactMap { entry in
      guard entry.utf8.count <= 9, let number = Int(entry), number > 0 else { return nil }
      return (number, folder(name) + "/" + entry)
    }.sorted { $0.number < $1.number }
  }

  /// The certificate in force; nil when there is none yet.
  package func certificate(_ name: String) throws(ACMEError) -> CertificateFiles? {
    guard let newest = try generations(name).last else { return nil }
    return try load(name, newest.path)
  }

  /// Puts in force what was left between the writing of the chain and the rename; nil when nothing was.
  package func finishPending(_ name: String) throws(ACMEError) -> CertificateFiles? {
    guard try files.read(next(name) + "/chain.pem", isSecret: false) != nil else { return nil }
    _ = try load(name, next(name))
    try putInForce(name)
    return try certificate(name)
  }

  private func load(_ name: String, _ folder: String) throws(ACMEError) -> CertificateFiles {
    let keyPath = folder + "/key.pem"
    let chainPath = folder + "/chain.pem"
    let hint = "restore it, or remove the folder to order anew"
    guard let pem = try files.readText(keyPath, isSecret: true), let chain = try files.read(chainPath, isSecret: false)
    else { throw ACMEError(.state, "`\(folder)` lacks `key.pem` or `chain.pem`: \(hint)") }
    guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) else {
      throw ACMEError(.state, "`\(keyPath)` is not a P-256 key in PEM: \(hint)")
    }
    do {
      let read = try CertificateChain(pem: chain, key: key)
      return CertificateFiles(
        name: name, names: read.names, chain: chainPath, key: keyPath, notBefore: read.notBefore,
        notAfter: read.notAfter)
    } catch {
      throw ACMEError(.state, "`\(chainPath)` is broken (\(error.message)): \(hint)")
    }
  }

  // MARK: Orders

  /// Whether an order was begun and not ended.
  package func hasPendingOrder(_ name: String) throws(ACMEError) -> Bool {
    try files.read(next(name) + "/order.json", isSecret: false) != nil
  }

  /// The order under way for these names, or a new key for one. The key is on disk when this returns.
  package func pendingOrder(
    for certificate: ACMECertificateConfiguration, name: String, directory: String
  ) throws(ACMEError) -> PendingOrder {
    let folder = next(name)
    let orderPath = folder + "/order.json"
    if let pem = try files.readText(folder + "/key.pem", isSecret: true) {
      guard let key = try? P256.Signing.PrivateKey(pemRepresentation: pem) else {
        throw ACMEError(.state, "`\(folder)/key.pem` is not a P-256 key in PEM: remove `\(folder)` to order anew")
      }
      guard let bytes = try files.read(orderPath, isSecret: false) else { return PendingOrder(key: key, order: nil) }
      guard let record = JSONText.decode(OrderRecord.self, bytes) else {
        throw ACMEError(.state, "`\(orderPath)` is broken: remove `\(folder)` to order anew")
      }
      if record.directory == directory, Set(record.names) == Set(certificate.names) {
        return PendingOrder(key: key, order: record.url)
      }
      try dropPending(name)
    } else if try files.read(orderPath, isSecret: false) != nil {
      throw ACMEError(.state, "`\(folder)/key.pem` is missing beside `order.json`: remove `\(folder)` to order anew")
    }
    let key = P256.Signing.PrivateKey()
    try files.makeFolder(folder)
    try files.write(Array(key.pemRepresentation.utf8), to: folder + "/key.pem", mode: 0o600)
    return PendingOrder(key: key, order: nil)
  }

  package func keepOrder(_ url: String, names: [String], name: String, directory: String) throws(ACMEError) {
    let record = OrderRecord(directory: directory, names: names, url: url)
    try files.write(try JSONText.encode(record), to: next(name) + "/order.json", mode: 0o600)
  }

  package func forgetOrder(_ name: String) throws(ACMEError) { try files.remove(next(name) + "/order.json") }

  /// Removes the order and its key. The order goes first: a key without an order is only a key to use.
  package func dropPending(_ name: String) throws(ACMEError) {
    try forgetOrder(name)
    try files.remove(next(name))
  }

  /// Puts a chain in force beside the key of its order.
  package func install(_ chain: CertificateChain, name: String) throws(ACMEError) -> CertificateFiles {
    try files.write(Array(chain.pem.utf8), to: next(name) + "/chain.pem", mode: 0o644)
    try putInForce(name)
    guard let made = try certificate(name) else { throw ACMEError(.state, "`\(folder(name))` lost its certificate") }
    return made
  }

  /// Keeps the certificate before the new one too, for who still has its paths.
  private func putInForce(_ name: String) throws(ACMEError) {
    try forgetOrder(name)
    let old = try generations(name)
    let number = String((old.last?.number ?? 0) + 1)
    let padded = String(repeating: "0", count: max(4 - number.utf8.count, 0)) + number
    try files.move(next(name), to: folder(name) + "/" + padded)
    for generation in old.dropLast() { try files.remove(generation.path) }
  }
}
