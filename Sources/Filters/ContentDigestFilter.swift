import Crypto
public import Proxy
public import SluiceModel
import Wire

/// `contentDigest`: verifies `Content-Digest` (RFC 9530) of request bodies before the upstream sees any of them.
///
/// Knows sha-256 and sha-512; other algorithms in the field are passed over. A digest that is wrong, malformed or (with
/// `required`) missing is answered 400. The body is held in memory up to `maximumBody`; a longer one is answered 413.
///
/// ```yaml
/// - contentDigest: { required: true, maximumBody: 256KiB }
/// ```
public final class ContentDigestFilter: Filter {
  static let description = FilterDescription(
    name: "contentDigest", points: [.requestHead, .requestBody], posture: .hostileClients, maturity: .stable)

  public let name = "contentDigest"
  public let points: FilterPoints = [.requestHead, .requestBody]
  private let configuration: ContentDigestFilterConfiguration

  public init(_ configuration: ContentDigestFilterConfiguration) { self.configuration = configuration }

  public func requestHead(_ exchange: Exchange) -> FilterAction {
    let hasDigest = !exchange.requestHeaders("content-digest").isEmpty
    if hasDigest, exchange.request.framing == .none { return requestBody(exchange, [UInt8]().span) }
    guard configuration.required, exchange.request.framing != .none, !hasDigest else { return .next }
    return refuse(exchange, rule: "required", reason: "the request body has no `Content-Digest`")
  }

  public func requestBodyHold(_ exchange: Exchange) -> BodyHold? { BodyHold(bytes: configuration.maximumBodyBytes) }

  public func requestBody(_ exchange: Exchange, _ body: Span<UInt8>) -> FilterAction {
    var verified = 0
    for field in exchange.requestHeaders("content-digest") {
      for member in field.split(separator: ",") {
        switch verify(trimmed(member), body) {
        case .right: verified += 1
        case .unknownAlgorithm: continue
        case .malformed: return refuse(exchange, rule: "syntax", reason: "`Content-Digest` is malformed")
        case .wrong(let algorithm):
          return refuse(exchange, rule: algorithm, reason: "the body does not have the digest it is sent with")
        }
      }
    }
    guard verified == 0, configuration.required else { return .next }
    return refuse(exchange, rule: "required", reason: "`Content-Digest` has no algorithm known here")
  }

  private enum Outcome {
    case right, malformed, unknownAlgorithm
    case wrong(String)
  }

  /// Verifies one member of the dictionary: `sha-256=:base64:` (RFC 8941 byte sequence).
  private func verify(_ member: Substring, _ body: Span<UInt8>) -> Outcome {
    let parts = member.split(separator: "=", maxSplits: 1)
    guard parts.count == 2, parts[1].count >= 2, parts[1].hasPrefix(":"), parts[1].hasSuffix(":") else {
      return .malformed
    }
    let expected = Base64.decode(parts[1].dropFirst().dropLast().utf8)
    let actual: [UInt8]
    switch parts[0] {
    case "sha-256": actual = body.withUnsafeBytes { bytes in Array(SHA256.hash(data: bytes)) }
    case "sha-512": actual = body.withUnsafeBytes { bytes in Array(SHA512.hash(data: bytes)) }
    default: return .unknownAlgorithm
    }
    guard let expected else { return .malformed }
    return expected == actual ? .right : .wrong(String(parts[0]))
  }

  private func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }

  private func refuse(_ exchange: Exchange, rule: String, reason: String) -> FilterAction {
    exchange.record(Finding(source: name, rule: rule, verdict: .block, reason: reason))
    return .reply(LocalReply(status: 400, detail: "The content digest could not be verified."))
  }
}

/// Base64 with padding (RFC 4648 §4).
enum Base64 {
  /// - Returns: nil for anything that isn't the one right form.
  static func decode(_ text: some Collection<UInt8>) -> [UInt8]? {
    guard text.count % 4 == 0, text.count <= 4_096 else { return nil }
    var out: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    var padding = 0
    for byte in text {
      let value: UInt32
      switch byte {
      case 0x41...0x5a: value = UInt32(byte - 0x41)
      case 0x61...0x7a: value = UInt32(byte - 0x61) + 26
      case 0x30...0x39: value = UInt32(byte - 0x30) + 52
      case 0x2b: value = 62
      case 0x2f: value = 63
      case 0x3d:
        padding += 1
        value = 0
      default: return nil
      }
      guard padding == 0 || byte == 0x3d, padding <= 2 else { return nil }
      bits = bits << 6 | value
      count += 1
      if count % 4 == 0 {
        out.append(UInt8(truncatingIfNeeded: bits >> 16))
        out.append(UInt8(truncatingIfNeeded: bits >> 8))
        out.append(UInt8(truncatingIfNeeded: bits))
        bits = 0
      }
    }
    out.removeLast(min(padding, out.count))
    return out
  }
}
