/// An algorithm as a bill of materials describes it: what it is for, and how strong it is.
struct CBOMAlgorithm {
  enum Kind: String {
    case group, cipher, hash, signature
  }

  var kind: Kind
  var name: String
  var primitive: String
  var parameterSet: String?
  var curve: String?
  var mode: String?
  var functions: [String]
  /// Bits.
  var classical: Int?
  /// NIST's category, 0 (none) to 6.
  var quantum: Int?
  /// The parts that it is made of.
  var parts: [CBOMAlgorithm] = []

  var reference: String { "crypto/\(kind.rawValue)/\(name)" }

  var component: JSONValue {
    var properties: [String: JSONValue] = ["primitive": .string(primitive)]
    if let parameterSet { properties["parameterSetIdentifier"] = .string(parameterSet) }
    if let curve { properties["curve"] = .string(curve) }
    if let mode { properties["mode"] = .string(mode) }
    if !functions.isEmpty { properties["cryptoFunctions"] = .array(functions.map { .string($0) }) }
    if let classical { properties["classicalSecurityLevel"] = .number(classical) }
    if let quantum { properties["nistQuantumSecurityLevel"] = .number(quantum) }
    return [
      "type": "cryptographic-asset", "bom-ref": .string(reference), "name": .string(name),
      "cryptoProperties": ["assetType": "algorithm", "algorithmProperties": .object(properties)],
    ]
  }
}

// MARK: By name

extension CBOMAlgorithm {
  /// A key exchange group by the name that `TLSGroup` gives it.
  static func group(_ name: String) -> CBOMAlgorithm {
    switch name {
    case "P-256": keyAgreement(name, curve: "nist/P-256", classical: 128)
    case "P-384": keyAgreement(name, curve: "nist/P-384", classical: 192)
    case "P-521": keyAgreement(name, curve: "nist/P-521", classical: 256)
    case "X25519": keyAgreement(name, curve: "other/Curve25519", classical: 128)
    case "X448": keyAgreement(name, curve: "other/Curve448", classical: 224)
    case "ffdhe2048": keyAgreement(name, parameterSet: "2048", classical: 112)
    case "ffdhe3072": keyAgreement(name, parameterSet: "3072", classical: 128)
    case "ffdhe4096": keyAgreement(name, parameterSet: "4096", classical: 152)
    case "MLKEM512": encapsulation(name, parameterSet: "512", classical: 128, quantum: 1)
    case "MLKEM768": encapsulation(name, parameterSet: "768", classical: 192, quantum: 3)
    case "MLKEM1024": encapsulation(name, parameterSet: "1024", classical: 256, quantum: 5)
    case "X25519MLKEM768": hybrid(name, "MLKEM768", "X25519")
    case "SecP256r1MLKEM768": hybrid(name, "MLKEM768", "P-256")
    case "SecP384r1MLKEM1024": hybrid(name, "MLKEM1024", "P-384")
    default: CBOMAlgorithm(kind: .group, name: name, primitive: "unknown", functions: [])
    }
  }

  private static func keyAgreement(
    _ name: String, parameterSet: String? = nil, curve: String? = nil, classical: Int
  ) -> CBOMAlgorithm {
    CBOMAlgorithm(
      kind: .group, name: name, primitive: "key-agree", parameterSet: parameterSet, curve: curve,
      functions: ["keygen", "keyderive"], classical: classical, quantum: 0)
  }

  private static func encapsulation(
    _ name: String, parameterSet: String, classical: Int, quantum: Int
  ) -> CBOMAlgorithm {
    CBOMAlgorithm(
      kind: .group, name: name, primitive: "kem", parameterSet: parameterSet,
      functions: ["keygen", "encapsulate", "decapsulate"], classical: classical, quantum: quantum)
  }

  /// Of two exchanges: it holds as long as one of them does.
  private static func hybrid(_ name: String, _ postQuantum: String, _ other: String) -> CBOMAlgorithm {
    let parts = [group(postQuantum), group(other)]
    return CBOMAlgorithm(
      kind: .group, name: name, primitive: "combiner", functions: ["keygen", "encapsulate", "decapsulate"],
      classical: parts.compactMap(\.classical).max(), quantum: parts.compactMap(\.quantum).max(), parts: parts)
  }

  /// What a cipher suite is made of, by its registered name: encryption, hash and, before TLS 1.3, authentication.
  static func suite(_ name: String) -> [CBOMAlgorithm] {
    var found: [CBOMAlgorithm] = []
    if name.contains("AES_128_GCM") { found.append(encryption("AES-128-GCM", mode: "gcm", bits: 128, quantum: 1)) }
    if name.contains("AES_256_GCM") { found.append(encryption("AES-256-GCM", mode: "gcm", bits: 256, quantum: 5)) }
    if name.contains("CHACHA20") { found.append(encryption("ChaCha20-Poly1305", mode: nil, bits: 256, quantum: 5)) }
    if name.hasSuffix("SHA256") { found.append(hash("SHA-256", bits: 256, quantum: 2)) }
    if name.hasSuffix("SHA384") { found.append(hash("SHA-384", bits: 384, quantum: 4)) }
    if name.contains("_ECDSA_") { found.append(signature("ECDSA")) }
    if name.contains("_RSA_") { found.append(signature("RSA")) }
    return found
  }

  private static func encryption(_ name: String, mode: String?, bits: Int, quantum: Int) -> CBOMAlgorithm {
    CBOMAlgorithm(
      kind: .cipher, name: name, primitive: "ae", parameterSet: String(bits), mode: mode,
      functions: ["encrypt", "decrypt", "tag"], classical: bits, quantum: quantum)
  }

  private static func hash(_ name: String, bits: Int, quantum: Int) -> CBOMAlgorithm {
    CBOMAlgorithm(
      kind: .hash, name: name, primitive: "hash", parameterSet: String(bits), functions: ["digest"],
      classical: bits / 2, quantum: quantum)
  }

  /// A certificate's key or signature by its text: its strength is known for the families that have a NIST category and for
  /// those that a quantum computer breaks.
  static func signature(_ text: String) -> CBOMAlgorithm {
    let name = text.isEmpty ? "unknown" : text
    let letters = name.uppercased()
    let categories = [
      ("ML-DSA-44", 2), ("ML-DSA-65", 3), ("ML-DSA-87", 5), ("SLH-DSA-SHA2-128", 1), ("SLH-DSA-SHAKE-128", 1),
      ("SLH-DSA-SHA2-192", 3), ("SLH-DSA-SHAKE-192", 3), ("SLH-DSA-SHA2-256", 5), ("SLH-DSA-SHAKE-256", 5),
    ]
    let broken = ["RSA", "ECDSA", "ED25519", "ED448", "P-256", "P-384", "P-521"]
    let quantum =
      categories.first { letters.contains($0.0) }?.1 ?? (broken.contains { letters.contains($0) } ? 0 : nil)
    return CBOMAlgorithm(
      kind: .signature, name: name, primitive: "signature", functions: ["sign", "verify"], quantum: quantum)
  }
}
