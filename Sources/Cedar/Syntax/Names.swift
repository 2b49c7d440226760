/// The name of a type, an action's type or an extension function: identifiers joined by `::`, such as `Plant::Asset`.
public struct Name: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The identifiers with `::` between them.
  public let text: String

  /// The caller has made sure that the text is a name.
  package init(unchecked text: String) { self.text = text }

  /// - Returns: nil unless the text is identifiers joined by `::`, without blanks, and none of them is reserved.
  public init?(_ text: String) {
    let parts = Name.components(text)
    guard !parts.isEmpty, parts.allSatisfy({ Name.isIdentifier($0) && !Name.reserved.contains($0) }) else { return nil }
    self.text = text
  }

  public var description: String { text }

  /// The last identifier.
  public var basename: String { Name.components(text).last ?? text }

  /// What stands before the last `::`; nil when there is none.
  public var namespace: Name? {
    let parts = Name.components(text)
    return parts.count < 2 ? nil : Name(unchecked: parts.dropLast().joined(separator: "::"))
  }

  /// The name within a namespace; the same name where that is nil.
  public func qualified(by namespace: Name?) -> Name {
    namespace.map { Name(unchecked: $0.text + "::" + text) } ?? self
  }

  public static func < (left: Name, right: Name) -> Bool { left.text < right.text }

  /// What can be no part of a name.
  static let reserved: Set<String> = ["true", "false", "if", "then", "else", "in", "like", "has", "is", "__cedar"]

  static func isIdentifier(_ text: String) -> Bool {
    guard let first = text.utf8.first, !(0x30...0x39).contains(first) else { return false }
    return text.utf8.allSatisfy(Lexer.isWord)
  }

  /// The parts between `::`, empty ones too.
  static func components(_ text: String) -> [String] {
    var parts: [String] = []
    var part: [UInt8] = []
    var bytes = Array(text.utf8)[...]
    while let byte = bytes.popFirst() {
      if byte == 0x3a, bytes.first == 0x3a {
        bytes.removeFirst()
        parts.append(String(decoding: part, as: UTF8.self))
        part = []
      } else {
        part.append(byte)
      }
    }
    parts.append(String(decoding: part, as: UTF8.self))
    return parts
  }
}

/// The unique name of an entity: its type and its id among entities of that type.
public struct EntityUID: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let type: Name
  public let id: String

  public init(type: Name, id: String) {
    self.type = type
    self.id = id
  }

  /// As in policies: `Plant::Asset::"press-1"`.
  public var description: String { type.text + "::" + StringLiteral.quoted(id) }

  public static func == (left: EntityUID, right: EntityUID) -> Bool {
    left.type == right.type && left.id.isIdentical(to: right.id)
  }

  public static func < (left: EntityUID, right: EntityUID) -> Bool {
    left.type == right.type ? left.id.isOrdered(before: right.id) : left.type.text < right.type.text
  }
}

extension String {
  /// Whether both are the same scalars. To `==` of Swift, `é` is equal to `e` with an accent after it; to Cedar it is not.
  func isIdentical(to other: String) -> Bool { self == other && utf8.elementsEqual(other.utf8) }

  /// The order of the scalars, which agrees with `isIdentical`.
  func isOrdered(before other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}
