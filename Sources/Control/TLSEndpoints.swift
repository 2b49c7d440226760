import FoundationEssentials
import Hummingbird

/// `/v1/tls`: what was negotiated, and the same as a bill of materials.
enum TLSEndpoints {
  static let all: [AdminEndpoint] = [
    AdminEndpoint(
      method: .get, path: "/v1/tls/ledger", id: "getTLSLedger",
      summary: "what TLS was negotiated, who has no post-quantum key exchange yet, and the certificates",
      detail: "Counts are of this process since it began; `since` says when.",
      replies: [.json("the ledger", AdminSchemas.reference("TLSLedger"))]
    ) { call in try call.json(await call.gateway.tlsLedger()) },
    AdminEndpoint(
      method: .get, path: "/v1/tls/cbom", id: "getTLSBillOfMaterials",
      summary: "the ledger as a cryptographic bill of materials (CycloneDX 1.6)",
      replies: [
        AdminReply(
          status: 200, summary: "the bill of materials", contentType: CBOM.contentType, schema: ["type": "object"])
      ]
    ) { call in
      let document = try CBOM.document(await call.gateway.tlsLedger(), version: call.status.version)
      return call.raw(Array(try AdminJSON.encoder(pretty: true).encode(document)), type: CBOM.contentType)
    },
  ]

  /// The schemas of these replies.
  static let schemas: [String: JSONValue] = [
    "TLSLedger": AdminSchemas.object(
      [
        "since": time, "at": time, "scope": string, "handshakes": integer, "postQuantum": integer, "failed": integer,
        "places": array("TLSPlace"), "certificates": array("TLSCertificate"),
      ],
      optional: ["postQuantumPercent": number]),
    "TLSPlace": AdminSchemas.object(
      [
        "leg": leg, "place": string, "handshakes": integer, "postQuantum": integer, "failed": integer,
        "negotiated": array("TLSNegotiated"), "failures": array("TLSFailure"), "notPostQuantum": array("TLSPeer"),
        "notPostQuantumIsComplete": boolean,
      ],
      optional: ["endpoint": string, "postQuantumPercent": number, "firstSeen": time, "lastSeen": time]),
    "TLSNegotiated": AdminSchemas.object(
      [
        "version": string, "postQuantum": boolean, "resumed": boolean, "retried": boolean, "count": integer,
        "firstSeen": time, "lastSeen": time,
      ],
      optional: ["group": string, "cipher": string]),
    "TLSFailure": AdminSchemas.object(["reason": string, "count": integer, "lastSeen": time]),
    "TLSPeer": AdminSchemas.object(
      ["address": string, "version": string, "handshakes": integer, "lastSeen": time],
      optional: ["ja4": string, "group": string]),
    "TLSCertificate": AdminSchemas.object(
      [
        "leg": leg, "place": string, "subject": string, "issuer": string, "serialNumber": string,
        "names": ["type": "array", "items": string], "keyAlgorithm": string, "signatureAlgorithm": string,
        "notBefore": time, "notAfter": time, "daysLeft": integer, "fingerprint": string,
      ],
      optional: ["warning": choice(TLSLedger.Certificate.Warning.allCases.map(\.rawValue)), "file": string]),
  ]

  private static let string: JSONValue = ["type": "string"]
  private static let integer: JSONValue = ["type": "integer"]
  private static let number: JSONValue = ["type": "number"]
  private static let boolean: JSONValue = ["type": "boolean"]
  private static let time: JSONValue = ["type": "string", "format": "date-time"]
  private static let leg = choice(["client", "upstream", "device"])

  private static func array(_ name: String) -> JSONValue {
    ["type": "array", "items": AdminSchemas.reference(name)]
  }

  private static func choice(_ values: [String]) -> JSONValue {
    ["type": "string", "enum": .array(values.map { .string($0) })]
  }
}
