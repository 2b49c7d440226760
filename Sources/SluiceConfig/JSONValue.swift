/// A value of the resolved configuration or of the JSON Schema, with its keys in order.
package enum JSONValue: Sendable, Hashable {
  package struct Member: Sendable, Hashable {
    var key: String
    var value: JSONValue
  }

  case boolean(Bool)
  case integer(Int)
  case string(String)
  /// Text that is shown as `<redacted>`.
  case secret(String)
  case array([JSONValue])
  case object([Member])

  static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
    .object(members.map { Member(key: $0.key, value: $0.value) })
  }

  static func strings(_ texts: [String]) -> JSONValue { .array(texts.map { .string($0) }) }

  subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  /// JSON text: on one line, or indented by two spaces. Secrets show only when asked for.
  package func text(pretty: Bool = false, revealingSecrets: Bool = false) -> String {
    var out = ""
    write(&out, indent: pretty ? 0 : nil, revealingSecrets)
    return out
  }

  private func write(_ out: inout String, indent: Int?, _ reveal: Bool) {
    switch self {
    case .boolean(let value): out += value ? "true" : "false"
    case .integer(let value): out += String(value)
    case .string(let text): JSONValue.write(text, &out)
    case .secret(let text): JSONValue.write(reveal ? text : "<redacted>", &out)
    case .array(let elements):
      JSONValue.group("[", "]", elements, &out, indent) { $1.write(&$0, indent: indent.map { $0 + 1 }, reveal) }
    case .object(let members):
      JSONValue.group("{", "}", members, &out, indent) { out, member in
        JSONValue.write(member.key, &out)
        out += indent == nil ? ":" : ": "
        member.value.write(&out, indent: indent.map { $0 + 1 }, reveal)
      }
    }
  }

  private static func group<Element>(
    _ open: String, _ close: String, _ elements: [Element], _ out: inout String, _ indent: Int?,
    _ body: (inout String, Element) -> Void
  ) {
    out += open
    for (index, element) in elements.enumerated() {
      if index > 0 { out += "," }
      if let indent { out += "\n" + String(repeating: "  ", count: indent + 1) }
      body(&out, element)
    }
    if let indent, !elements.isEmpty { out += "\n" + String(repeating: "  ", count: indent) }
    out += close
  }

  private static func write(_ text: String, _ out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7f || scalar.value == 0xfeff {
          let digits = String(scalar.value, radix: 16)
          out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    out += "\""
  }
}
