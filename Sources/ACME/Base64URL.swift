import FoundationEssentials

/// Base64 with the alphabet of URLs and without padding (RFC 7515, appendix C).
enum Base64URL {
  static func encode(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for character in Data(bytes).base64EncodedString() {
      switch character {
      case "+": text.append("-")
      case "/": text.append("_")
      case "=": return text
      default: text.append(character)
      }
    }
    return text
  }

  /// Nil when the text is not base64url. Padding is accepted, since HMAC keys are often handed out with it.
  static func decode(_ text: String) -> [UInt8]? {
    var plain = ""
    let body = text.utf8.count > 4_096 ? "" : text[...]
    guard !body.isEmpty, let end = body.lastIndex(where: { $0 != "=" }) else { return nil }
    for character in body[...end] {
      switch character {
      case "-": plain.append("+")
      case "_": plain.append("/")
      case "A"..."Z", "a"..."z", "0"..."9": plain.append(character)
      default: return nil
      }
    }
    while !plain.utf8.count.isMultiple(of: 4) { plain.append("=") }
    return Data(base64Encoded: plain).map { Array($0) }
  }

  /// Whether the text has only letters of the alphabet, as tokens and nonces must (RFC 8555, 6.5.1 and 8.3).
  static func isAlphabet(_ text: String) -> Bool {
    text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }
}
