import Foundation
import Glibc

/// Keys and certificates that `openssl` makes, ECDSA P-256 but where said, in a directory that ends with the test.
final class TLSFiles: Sendable {
  let directory: URL

  /// Authorities `ca` (servers), `people` and `others` (clients); certificates of `ca` for `a.example` (`a`, and
  /// `a-rsa`), `b.example` (`b`), `*.wild.example` (`wild`) and `up.example` (`up`); `ann` of `people`, `bob` of
  /// `others`. All tests share them.
  static let shared: Result<TLSFiles, any Error> = Result {
    let files = try TLSFiles()
    for authority in ["ca", "people", "others"] { try files.authority(authority) }
    for name in ["a", "b", "up"] { try files.certificate(name, by: "ca", names: "DNS:\(name).example") }
    try files.certificate("wild", by: "ca", names: "DNS:*.wild.example")
    try files.certificate("a-rsa", by: "ca", names: "DNS:a.example", key: ["rsa:2048"])
    try files.certificate("ann", by: "people", names: "email:ann@people.example")
    try files.certificate("bob", by: "others", names: "email:bob@others.example")
    atexit { if case .success(let files) = TLSFiles.shared { files.remove() } }
    return files
  }

  init() throws { directory = try GatewayProcess.makeDirectory() }

  deinit { remove() }

  private func remove() { try? FileManager.default.removeItem(at: directory) }

  func path(_ name: String) -> String { directory.appending(path: name).path }

  /// `NAME.pem` and `NAME.key` as an entry of `certificates`, or as the value of `certificate`.
  func entry(_ name: String) -> String { "{ chain: \"\(path(name)).pem\", key: \"\(path(name)).key\" }" }

  func entries(_ names: String...) -> String { "[\(names.map(entry).joined(separator: ", "))]" }

  func authority(_ name: String) throws {
    try openssl(
      ["req", "-x509"] + TLSFiles.elliptic + [
        "-nodes", "-keyout", path(name) + ".key", "-out", path(name) + ".pem", "-days", "30", "-subj", "/CN=\(name)",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
      ])
  }

  /// - Parameters:
  ///   - names: the value of `subjectAltName`.
  ///   - more: further lines of the extension section.
  ///   - past: whether it ran out years ago.
  func certificate(
    _ name: String, by authority: String, names: String, key: [String]? = nil, more: String = "", past: Bool = false
  ) throws {
    try openssl(
      ["req"] + (key.map { ["-newkey"] + $0 } ?? TLSFiles.elliptic) + [
        "-nodes", "-keyout", path(name) + ".key", "-out", path(name) + ".csr", "-subj", "/CN=\(name)",
      ])
    try """
    basicConstraints=critical,CA:FALSE
    keyUsage=critical,digitalSignature
    subjectAltName=\(names)
    \(more)
    """.write(toFile: path(name) + ".ext", atomically: true, encoding: .utf8)
    try openssl(
      [
        "ca", "-batch", "-notext", "-config", try database(of: authority), "-cert", path(authority) + ".pem",
        "-keyfile", path(authority) + ".key", "-in", path(name) + ".csr", "-out", path(name) + ".pem",
        "-extfile", path(name) + ".ext",
      ] + (past ? ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"] : []))
  }

  /// Writes `AUTHORITY.crl`, with these certificates revoked besides those of before.
  func revoke(_ names: String..., by authority: String) throws {
    let common = [
      "ca", "-config", try database(of: authority), "-cert", path(authority) + ".pem", "-keyfile",
      path(authority) + ".key",
    ]
    for name in names { try openssl(common + ["-revoke", path(name) + ".pem"]) }
    try openssl(common + ["-gencrl", "-out", path(authority) + ".crl"])
  }

  private static let elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]

  /// What `openssl ca` remembers of an authority.
  private func database(of authority: String) throws -> String {
    let configuration = path(authority) + ".cnf"
    guard !FileManager.default.fileExists(atPath: configuration) else { return configuration }
    try "".write(toFile: path(authority) + ".index", atomically: true, encoding: .utf8)
    try """
    [ca]
    default_ca = authority
    [authority]
    database = \(path(authority)).index
    new_certs_dir = \(directory.path)
    rand_serial = yes
    default_md = sha256
    default_days = 20
    default_crl_days = 10
    unique_subject = no
    policy = any
    [any]
    commonName = supplied
    """.write(toFile: configuration, atomically: true, encoding: .utf8)
    return configuration
  }

  private func openssl(_ arguments: [String]) throws {
    let result = try ProgramRun.finish("openssl", arguments)
    guard result.status == 0 else { throw PeerFailure("openssl \(arguments): \(result.errors)") }
  }
}
