import FoundationEssentials
import SluiceModel

/// A cryptographic bill of materials (CycloneDX 1.6) of a TLS ledger: protocols, algorithms, certificates and their public
/// keys as components; listeners, endpoints and assets as services that depend on them.
///
/// It lists what was negotiated and the certificates in use, not what the configuration would also allow.
package enum CBOM {
  package static let contentType = "application/vnd.cyclonedx+json; version=1.6"
  private static let product = "sluice"

  /// - Throws: when the ledger can't be written as JSON.
  package static func document(_ ledger: TLSLedger, version: String) throws -> JSONValue {
    var parts = Parts()
    let services = ledger.places.map { parts.service($0, certificates: ledger.certificates) }
    let certificates = ledger.certificates.map { parts.certificate($0) }
    let protocols = parts.finishProtocols()
    let references = ledger.places.map { Parts.reference($0) }
    parts.depend(product, on: references + certificates + protocols)
    let gate: JSONValue = [
      "type": "application", "bom-ref": .string(product), "name": .string(product), "version": .string(version),
    ]
    var document: [String: JSONValue] = [
      "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
      "metadata": [
        "timestamp": .string(time(ledger.at)),
        "lifecycles": [["phase": "operations"]],
        "tools": ["components": [["type": "application", "name": .string(product), "version": .string(version)]]],
        "component": gate,
        "properties": .array([
          property("since", time(ledger.since)), property("scope", ledger.scope),
          property("handshakes", "\(ledger.handshakes)"), property("postQuantum", "\(ledger.postQuantum)"),
          property("failed", "\(ledger.failed)"),
        ]),
      ],
      "components": .array(parts.components),
      "services": .array(services),
      "dependencies": .array(parts.dependencies),
    ]
    let content = try AdminJSON.encoder().encode(JSONValue.object(document))
    document["serialNumber"] = .string("urn:uuid:" + identifier(of: content))
    return .object(document)
  }

  fileprivate static func property(_ name: String, _ value: String) -> JSONValue {
    ["name": .string("sluice:tls:" + name), "value": .string(value)]
  }

  fileprivate static func time(_ date: Date) -> String { date.formatted(.iso8601) }

  /// A UUID version 8 (RFC 9562 §5.8) made of two FNV-1a hashes of the content: the same content has the same one.
  private static func identifier(of content: Data) -> String {
    var high: UInt64 = 0xcbf2_9ce4_8422_2325
    var low: UInt64 = 0x6c62_272e_07bb_0142
    for byte in content {
      high = (high ^ UInt64(byte)) &* 0x100_0000_01b3
      low = (low ^ UInt64(byte)) &* 0x100_0000_01b3 ^ (low >> 29)
    }
    let id = ExchangeID(
      high: high & ~0xf000 | 0x8000, low: low & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
    return id.description
  }
}

/// Components and dependencies while they are collected; each reference comes once.
private struct Parts {
  private(set) var components: [JSONValue] = []
  private(set) var dependencies: [JSONValue] = []
  private var known: Set<String> = []
  /// Cipher suites and groups by protocol version.
  private var protocols: [String: (suites: Set<String>, groups: Set<String>)] = [:]

  mutating func depend(_ reference: String, on others: [String]) {
    var seen: Set<String> = []
    dependencies.append([
      "ref": .string(reference),
      "dependsOn": .array(others.filter { seen.insert($0).inserted }.map { .string($0) }),
    ])
  }

  mutating func algorithm(_ algorithm: CBOMAlgorithm) -> String {
    guard known.insert(algorithm.reference).inserted else { return algorithm.reference }
    components.append(algorithm.component)
    depend(algorithm.reference, on: algorithm.parts.map { self.algorithm($0) })
    return algorithm.reference
  }

  static func reference(_ place: TLSLedger.Place) -> String {
    (["place", place.leg.rawValue, place.place] + (place.endpoint.map { [$0] } ?? [])).joined(separator: "/")
  }

  private static func reference(version: String) -> String { "crypto/protocol/tls/" + version }
  private static func reference(_ certificate: TLSLedger.Certificate) -> String {
    "crypto/certificate/" + certificate.fingerprint
  }

  /// A place with what it negotiated, and what that needs.
  mutating func service(_ place: TLSLedger.Place, certificates: [TLSLedger.Certificate]) -> JSONValue {
    var needs: [String] = []
    var properties = [
      CBOM.property("leg", place.leg.rawValue), CBOM.property("handshakes", "\(place.handshakes)"),
      CBOM.property("postQuantum", "\(place.postQuantum)"), CBOM.property("failed", "\(place.failed)"),
    ]
    for way in place.negotiated {
      var text = ["TLS " + way.version, way.group, way.cipher].compactMap { $0 }.joined(separator: ", ")
      if way.resumed { text += ", resumed" }
      if way.retried { text += ", retried" }
      properties.append(CBOM.property("negotiated", text + ": \(way.count)"))
      needs.append(Self.reference(version: way.version))
      protocols[way.version, default: ([], [])].suites.formUnion(way.cipher.map { [$0] } ?? [])
      if let group = way.group {
        protocols[way.version, default: ([], [])].groups.insert(group)
        needs.append(algorithm(.group(group)))
      }
    }
    needs += certificates.filter { $0.leg == place.leg && $0.place == place.place }.map { Self.reference($0) }
    let reference = Self.reference(place)
    depend(reference, on: needs)
    return [
      "bom-ref": .string(reference), "group": .string(place.leg.rawValue),
      "name": .string(place.endpoint.map { place.place + " " + $0 } ?? place.place),
      "properties": .array(properties),
    ]
  }

  /// A certificate, its public key and their algorithms; returns the certificate's reference.
  mutating func certificate(_ certificate: TLSLedger.Certificate) -> String {
    let reference = Self.reference(certificate)
    guard known.insert(reference).inserted else { return reference }
    let signature = algorithm(.signature(certificate.signatureAlgorithm))
    let keyAlgorithm = algorithm(.signature(certificate.keyAlgorithm))
    let key = "crypto/public-key/" + certificate.fingerprint
    let name = certificate.subject.isEmpty ? certificate.names.first ?? certificate.fingerprint : certificate.subject
    components.append([
      "type": "cryptographic-asset", "bom-ref": .string(key), "name": .string("public key of " + name),
      "cryptoProperties": [
        "assetType": "related-crypto-material",
        "relatedCryptoMaterialProperties": ["type": "public-key", "algorithmRef": .string(keyAlgorithm)],
      ],
    ])
    var properties = [
      CBOM.property("place", certificate.place), CBOM.property("serialNumber", certificate.serialNumber),
      CBOM.property("daysLeft", "\(certificate.daysLeft)"),
    ]
    if let warning = certificate.warning { properties.append(CBOM.property("warning", warning.rawValue)) }
    if let file = certificate.file { properties.append(CBOM.property("file", file)) }
    properties += certificate.names.map { CBOM.property("name", $0) }
    var component: [String: JSONValue] = [
      "type": "cryptographic-asset", "bom-ref": .string(reference), "name": .string(name),
      "cryptoProperties": [
        "assetType": "certificate",
        "certificateProperties": [
          "subjectName": .string(certificate.subject), "issuerName": .string(certificate.issuer),
          "notValidBefore": .string(CBOM.time(certificate.notBefore)),
          "notValidAfter": .string(CBOM.time(certificate.notAfter)), "signatureAlgorithmRef": .string(signature),
          "subjectPublicKeyRef": .string(key), "certificateFormat": "X.509",
        ],
      ],
      "properties": .array(properties),
    ]
    if certificate.fingerprint.utf8.count == 64, certificate.fingerprint.allSatisfy(\.isHexDigit) {
      component["hashes"] = [["alg": "SHA-256", "content": .string(certificate.fingerprint.lowercased())]]
    }
    components.append(.object(component))
    depend(key, on: [keyAlgorithm])
    depend(reference, on: [signature, key])
    return reference
  }

  /// The protocol versions that were negotiated, with their cipher suites and groups; returns their references.
  mutating func finishProtocols() -> [String] {
    protocols.keys.sorted().map { version in
      let used = protocols[version] ?? ([], [])
      let reference = Self.reference(version: version)
      var needs = used.groups.sorted().map { algorithm(.group($0)) }
      let groups = needs
      let suites: [JSONValue] = used.suites.sorted().map { name in
        let algorithms = CBOMAlgorithm.suite(name).map { algorithm($0) }
        needs += algorithms
        var suite: [String: JSONValue] = [
          "name": .string(name), "algorithms": .array(algorithms.map { .string($0) }),
        ]
        if let code = Self.codePoint(name) { suite["identifiers"] = .array(code.map { .string($0) }) }
        return .object(suite)
      }
      components.append([
        "type": "cryptographic-asset", "bom-ref": .string(reference), "name": .string("TLS " + version),
        "cryptoProperties": [
          "assetType": "protocol",
          "protocolProperties": [
            "type": "tls", "version": .string(version), "cipherSuites": .array(suites),
            "cryptoRefArray": .array(groups.map { .string($0) }),
          ],
        ],
      ])
      depend(reference, on: needs)
      return reference
    }
  }

  /// The two bytes of a cipher suite, such as `0x13` and `0x01`, from its name.
  private static func codePoint(_ name: String) -> [String]? {
    let registered: [UInt16] = [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xcca8, 0xcca9]
    let value =
      registered.first { TLSCipherSuite(rawValue: $0).description == name }
      ?? (name.hasPrefix("0x") ? UInt16(name.dropFirst(2), radix: 16) : nil)
    return value.map { value in
      [value >> 8, value & 0xff].map { "0x" + ($0 < 16 ? "0" : "") + String($0, radix: 16).uppercased() }
    }
  }
}
