import Crypto

/// The JA4 fingerprint of a client, after FoxIO's `technical_details/JA4.md`: it tells TLS implementations apart,
/// whatever host they ask for and however they shuffle their lists.
public enum JA4 {
  /// What carries the hello; the fingerprint's first character.
  public enum Transport: UInt8, Sendable {
    case tcp = 0x74
    case quic = 0x71
    case datagrams = 0x64
  }

  /// The fingerprint, `t13d1516h2_8daaf6152771_e5627efa2ab1` for instance: 36 characters of ASCII.
  public static func fingerprint(of hello: ClientHello, over transport: Transport = .tcp) -> String {
    let lists = Lists(hello)
    var out = head(hello, lists, transport)
    out.append(0x5f)
    appendDigest(of: lists.ciphers, to: &out)
    out.append(0x5f)
    appendDigest(of: lists.extensions, to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  /// The fingerprint with the lists themselves instead of their hashes, `JA4_r`; up to some 50 KB for a hostile hello.
  public static func rawFingerprint(of hello: ClientHello, over transport: Transport = .tcp) -> String {
    let lists = Lists(hello)
    var out = head(hello, lists, transport)
    out.append(0x5f)
    out.append(contentsOf: lists.ciphers)
    out.append(0x5f)
    out.append(contentsOf: lists.extensions)
    return String(decoding: out, as: UTF8.self)
  }

  /// The lists as the fingerprint hashes them, and how many there were.
  private struct Lists {
    let ciphers: [UInt8]
    let extensions: [UInt8]
    let cipherCount: Int
    let extensionCount: Int

    init(_ hello: ClientHello) {
      var suites = JA4.withoutGREASE(hello.cipherSuites)
      suites.sort()
      var types = JA4.withoutGREASE(hello.extensions)
      types.sort()
      cipherCount = suites.count
      extensionCount = types.count
      ciphers = JA4.list(suites)
      types.removeAll { $0 == 0 || $0 == 16 }
      let algorithms = JA4.withoutGREASE(hello.signatureAlgorithms)
      var text = JA4.list(types, followedBy: algorithms.count)
      if !algorithms.isEmpty {
        text.append(0x5f)
        JA4.append(algorithms, to: &text)
      }
      extensions = text
    }
  }

  private static func withoutGREASE(_ values: [UInt16]) -> [UInt16] {
    var values = values
    values.removeAll(where: ClientHello.isGREASE)
    return values
  }

  private static func head(_ hello: ClientHello, _ lists: Lists, _ transport: Transport) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(36)
    out.append(transport.rawValue)
    let version = hello.supportedVersions.lazy.filter { !ClientHello.isGREASE($0) }.max() ?? hello.legacyVersion
    switch version {
    case 0x0304: out.append("13")
    case 0x0303: out.append("12")
    case 0x0302: out.append("11")
    case 0x0301: out.append("10")
    case 0x0300: out.append("s3")
    case 0x0002: out.append("s2")
    case 0xfeff: out.append("d1")
    case 0xfefd: out.append("d2")
    case 0xfefc: out.append("d3")
    default: out.append("00")
    }
    out.append(hello.extensions.contains(0) ? 0x64 : 0x69)
    for count in [lists.cipherCount, lists.extensionCount] {
      let shown = UInt8(min(count, 99))
      out.append(0x30 &+ shown / 10)
      out.append(0x30 &+ shown % 10)
    }
    appendProtocol(hello.applicationProtocols.first ?? [], to: &out)
    return out
  }

  /// The ends of the first application protocol: characters when both are alphanumeric, else digits of its hex form.
  private static func appendProtocol(_ name: [UInt8], to out: inout [UInt8]) {
    guard let first = name.first, let last = name.last else { return out.append("00") }
    if isAlphanumeric(first), isAlphanumeric(last) {
      out.append(first)
      out.append(last)
    } else {
      out.append(digit(first >> 4))
      out.append(digit(last & 15))
    }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    HTTPSyntax.isDigit(byte) || (byte | 0x20) &- 0x61 < 26
  }

  private static func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? nibble &+ 0x30 : nibble &+ 0x57 }

  /// The values as text, with room for more of them behind.
  private static func list(_ values: [UInt16], followedBy more: Int = 0) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity((values.count &+ more) &* 5)
    append(values, to: &out)
    return out
  }

  /// Four digits each, in lower case, between commas.
  private static func append(_ values: [UInt16], to out: inout [UInt8]) {
    for index in values.indices {
      if index > 0 { out.append(0x2c) }
      let value = values[index]
      appendHex(UInt8(truncatingIfNeeded: value >> 8), to: &out)
      appendHex(UInt8(truncatingIfNeeded: value), to: &out)
    }
  }

  private static func appendHex(_ byte: UInt8, to out: inout [UInt8]) {
    out.append(digit(byte >> 4))
    out.append(digit(byte & 15))
  }

  /// The first twelve digits of the SHA-256 of the text, zeros for an empty one.
  private static func appendDigest(of text: [UInt8], to out: inout [UInt8]) {
    guard !text.isEmpty else { return out.append("000000000000") }
    for byte in SHA256.hash(data: text).prefix(6) { appendHex(byte, to: &out) }
  }
}
