/// A JSON value (RFC 8259) with its place in the text.
package struct JSONNode: Sendable, Hashable {
  package indirect enum Kind: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number that is no integer of 64 bits, as it was written.
    case number(String)
    case string(String)
    case array([JSONNode])
    /// In the order of the text, no key twice.
    case object([JSONMember])
  }

  package var kind: Kind
  package var position: SourcePosition

  package init(_ kind: Kind, at position: SourcePosition = .none) {
    self.kind = kind
    self.position = position
  }

  /// What it is, for messages.
  package var description: String {
    switch kind {
    case .null: "null"
    case .bool: "a boolean"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// The members of an object.
  /// - Parameter what: for the message when it is none, such as "an entity".
  package func members(of what: String) throws(SyntaxError) -> [JSONMember] {
    guard case .object(let members) = kind else {
      throw SyntaxError("\(what) is an object, not \(description)", at: position)
    }
    return members
  }

  package func elements(of what: String) throws(SyntaxError) -> [JSONNode] {
    guard case .array(let elements) = kind else {
      throw SyntaxError("\(what) is an array, not \(description)", at: position)
    }
    return elements
  }

  package func string(of what: String) throws(SyntaxError) -> String {
    guard case .string(let text) = kind else {
      throw SyntaxError("\(what) is a string, not \(description)", at: position)
    }
    return text
  }

  package func bool(of what: String) throws(SyntaxError) -> Bool {
    guard case .bool(let value) = kind else {
      throw SyntaxError("\(what) is `true` or `false`, not \(description)", at: position)
    }
    return value
  }

  /// The member of an object; nil without one, and where this is no object.
  package subscript(key: String) -> JSONNode? {
    guard case .object(let members) = kind else { return nil }
    return members.first { $0.key == key }?.value
  }
}

package struct JSONMember: Sendable, Hashable {
  package var key: String
  package var value: JSONNode
  /// Where the key stands.
  package var position: SourcePosition

  package init(key: String, value: JSONNode, position: SourcePosition = .none) {
    self.key = key
    self.value = value
    self.position = position
  }
}

extension JSONNode {
  /// The JSON text, on one line or, with `isPretty`, indented by two spaces.
  package func text(isPretty: Bool = false) -> String {
    var text = ""
    write(to: &text, indent: isPretty ? 0 : nil)
    return text
  }

  private func write(to text: inout String, indent: Int?) {
    switch kind {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .integer(let value): text += String(value)
    case .number(let digits): text += digits
    case .string(let value): JSONNode.writeString(value, to: &text)
    case .array(let elements):
      JSONNode.writeList(elements, "[", "]", to: &text, indent: indent) { $0.write(to: &$1, indent: $2) }
    case .object(let members):
      JSONNode.writeList(members, "{", "}", to: &text, indent: indent) { member, text, indent in
        JSONNode.writeString(member.key, to: &text)
        text += indent == nil ? ":" : ": "
        member.value.write(to: &text, indent: indent)
      }
    }
  }

  private static func writeList<Item>(
    _ items: [Item], _ open: String, _ close: String, to text: inout String, indent: Int?,
    _ body: (Item, inout String, Int?) -> Void
  ) {
    text += open
    let inner = indent.map { $0 + 2 }
    for (index, item) in items.enumerated() {
      if index > 0 { text += "," }
      if let inner { text += "\n" + String(repeating: " ", count: inner) }
      body(item, &text, inner)
    }
    if let indent, !items.isEmpty { text += "\n" + String(repeating: " ", count: indent) }
    text += close
  }

  static func writeString(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    text += "\""
  }
}
