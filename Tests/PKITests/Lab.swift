import Foundation
import Testing

/// A directory of its own with the OpenSSL command line, the independent implementation that the tests compare with.
final class Lab: Sendable {
  let directory: String

  init() throws {
    directory = NSTemporaryDirectory() + "pki-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  func path(_ name: String) -> String { directory + "/" + name }

  func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: URL(filePath: path(name))) }

  func write(_ name: String, _ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(filePath: path(name))) }

  func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path(name)))) }

  struct Outcome {
    var status: Int32
    var text: String
  }

  /// Runs a program here; its output and errors come together.
  func run(_ program: String, _ arguments: [String]) throws -> Outcome {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [program] + arguments
    process.currentDirectoryURL = URL(filePath: directory)
    process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin", "LC_ALL": "C"]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let output = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return Outcome(status: process.terminationStatus, text: String(decoding: output, as: UTF8.self))
  }

  /// Runs `openssl` with arguments split at spaces; it must succeed.
  @discardableResult
  func openssl(_ arguments: String, _ more: [String] = []) throws -> String {
    let outcome = try run("openssl", arguments.split(separator: " ").map(String.init) + more)
    try #require(outcome.status == 0, "openssl \(arguments): \(outcome.text)")
    return outcome.text
  }

  /// Makes a self-signed certificate NAME.pem with its NAME.key.
  ///
  /// - Parameter extensions: lines of OpenSSL's configuration.
  func certificate(
    _ name: String, key: String = "EC -pkeyopt ec_paramgen_curve:P-256", subject: String = "/CN=test",
    extensions: String = "", options: String = ""
  ) throws {
    try write(name + ".cnf", "[req]\ndistinguished_name=dn\n[dn]\n[e]\nsubjectKeyIdentifier=none\n" + extensions)
    try openssl("genpkey -algorithm \(key) -out \(name).key")
    try openssl(
      "req -new -x509 -days 30 -utf8 -config \(name).cnf -extensions e -key \(name).key -out \(name).pem \(options)",
      ["-subj", subject])
  }

  /// Makes a revocation list NAME.pem of an authority.
  ///
  /// - Parameters:
  ///   - revoked: serial number in hexadecimal and reason.
  ///   - extensions: lines of OpenSSL's configuration.
  func revocationList(
    _ name: String, authority: String, revoked: [(String, String)], extensions: String = "", options: String = ""
  ) throws {
    let lines = revoked.map { "R\t491231235959Z\t250102030405Z,\($0.1)\t\($0.0)\tunknown\t/CN=x\n" }
    try write(name + ".txt", lines.joined())
    try write(name + ".number", "1F\n")
    try write(
      name + ".cnf",
      """
      [ca]
      default_ca=d
      [d]
      database=\(name).txt
      crlnumber=\(name).number
      default_md=sha256
      default_crl_days=30
      crl_extensions=e
      [e]
      authorityKeyIdentifier=keyid
      \(extensions)
      """)
    try openssl(
      "ca -gencrl -config \(name).cnf -cert \(authority).pem -keyfile \(authority).key -out \(name).pem \(options)")
  }

  static let authorityExtensions = """
    basicConstraints=critical,CA:TRUE
    keyUsage=critical,keyCertSign,cRLSign
    subjectKeyIdentifier=hash

    """
}

/// Numbers that a seed repeats (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }
}
