/// Object identifiers as the content of their DER encoding.
package enum OID {
  /// 2.5.29: the extensions of RFC 5280.
  static let extensionPrefix: [UInt8] = [0x55, 0x1d]
  /// 1.3.6.1.4.1.50316.802.1: MODBUS/TCP Security, the role.
  package static let modbusRole: [UInt8] = [0x2b, 6, 1, 4, 1, 0x83, 0x89, 0x0c, 0x86, 0x22, 1]
  static let emailAddress: [UInt8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1]
  static let domainComponent: [UInt8] = [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 0x19]
  static let userID: [UInt8] = [0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1]
  static let rsaPrefix: [UInt8] = [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1]
  static let ecdsaPrefix: [UInt8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3]
  static let ecdsaSHA1: [UInt8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]
  static let ecPublicKey: [UInt8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1]
  static let p256: [UInt8] = [0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]
  static let p384: [UInt8] = [0x2b, 0x81, 4, 0, 0x22]
  static let p521: [UInt8] = [0x2b, 0x81, 4, 0, 0x23]
  static let ed25519: [UInt8] = [0x2b, 0x65, 0x70]
  static let ed448: [UInt8] = [0x2b, 0x65, 0x71]
  static let sha2Prefix: [UInt8] = [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2]
  /// 1.3.6.1.5.5.7.3: extended key usages.
  static let usagePrefix: [UInt8] = [0x2b, 6, 1, 5, 5, 7, 3]
  static let anyUsage: [UInt8] = [0x55, 0x1d, 0x25, 0]

  /// Dotted text; nil when the content isn't an identifier.
  static func dotted(_ content: ArraySlice<UInt8>) -> String? {
    guard let last = content.last, last < 0x80, content.count <= 64 else { return nil }
    var parts: [UInt64] = []
    var value: UInt64 = 0
    for byte in content {
      guard value <= UInt64.max >> 7 else { return nil }
      value = value << 7 | UInt64(byte & 0x7f)
      if byte & 0x80 == 0 {
        if parts.isEmpty {
          let first = min(value / 40, 2)
          parts = [first, value - first * 40]
        } else {
          parts.append(value)
        }
        value = 0
      }
    }
    return parts.map(String.init).joined(separator: ".")
  }
}
