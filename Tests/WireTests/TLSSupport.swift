import FoundationEssentials
import Testing
import Wire

/// The seeds of the fuzz targets: what real clients and servers sent, and what once broke a target.
enum Seeds {
  /// A client or server, recorded on a loopback connection. Names that begin with `server-` are servers.
  static func tls(_ name: String) throws -> [UInt8] { try bytes("tls/" + name) }

  static func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: folder.appending(path: path))) }

  static func names(_ corpus: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: corpus).path).sorted()
  }

  /// The recorded clients, without servers and what the fuzzer found.
  static func clients() throws -> [String] {
    let others = ["server-", "crash-", "timeout-", "oom-", "leak-", "slow-unit-"]
    return try names("tls").filter { name in !others.contains { name.hasPrefix($0) } }
  }

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fuzz/Corpus")
}

/// The seed of a random test: `SLUICE_SEED` replays one.
func chosenSeed() -> UInt64 {
  ProcessInfo.processInfo.environment["SLUICE_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...UInt64.max)
}

/// Changes some bytes: flips, removals, repetitions and lengths that are one off.
func mutated(_ bytes: [UInt8], using random: inout SeededGenerator) -> [UInt8] {
  var bytes = bytes
  for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
    let place = Int.random(in: 0..<min(bytes.count, 400), using: &random)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes[place] &+= 1
    case 2: bytes[place] &-= 1
    case 3: bytes.remove(at: place)
    case 4: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...9, using: &random)))
    default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 12)], at: place)
    }
  }
  return bytes
}

/// Two bytes, most significant first.
func word(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 255)] }

/// Behind its length of two bytes.
func longRun(_ bytes: [UInt8]) -> [UInt8] { word(UInt16(bytes.count)) + bytes }

/// A ClientHello made by hand.
struct HelloRecipe {
  var version: UInt16 = 0x0303
  var session: [UInt8] = []
  var ciphers: [UInt16] = [0x1301]
  var compressions: [UInt8] = [0]
  /// Nil leaves the list out, length and all.
  var extensions: [(type: UInt16, body: [UInt8])]? = []

  static func serverName(_ name: String) -> (type: UInt16, body: [UInt8]) {
    (0, longRun([0] + longRun(latin1(name))))
  }

  static func words(_ type: UInt16, _ values: [UInt16]) -> (type: UInt16, body: [UInt8]) {
    (type, longRun(values.flatMap(word)))
  }

  static func protocols(_ names: [[UInt8]]) -> (type: UInt16, body: [UInt8]) {
    (16, longRun(names.flatMap { [UInt8($0.count)] + $0 }))
  }

  static func versions(_ values: [UInt16]) -> (type: UInt16, body: [UInt8]) {
    (43, [UInt8(values.count * 2)] + values.flatMap(word))
  }

  static func keyShares(_ groups: [UInt16]) -> (type: UInt16, body: [UInt8]) {
    (51, longRun(groups.flatMap { word($0) + longRun([7]) }))
  }

  var message: [UInt8] {
    var body = word(version) + [UInt8](repeating: 9, count: 32) + [UInt8(session.count)] + session
    body += longRun(ciphers.flatMap(word)) + [UInt8(compressions.count)] + compressions
    if let extensions { body += longRun(extensions.flatMap { word($0.type) + longRun($0.body) }) }
    return [1, UInt8(body.count >> 16), UInt8(body.count >> 8 & 255), UInt8(body.count & 255)] + body
  }

  var bytes: [UInt8] { TLSProperties.records(of: message, size: 1 << 14) }

  func read(_ limits: ClientHelloLimits = ClientHelloLimits()) throws(TLSHelloError) -> ClientHello? {
    var reader = ClientHelloReader(limits: limits)
    return try reader.read(bytes.span)
  }

  var refusal: TLSHelloError.Reason? {
    do throws(TLSHelloError) { _ = try read() } catch { return error.reason }
    return nil
  }
}
