/// The XPath that rules may use after `XML:`: a path from the root of child (`/`) and descendant (`//`) steps by name
/// or `*`, at its end an element, `text()`, `@name` or `@*`. Names are without prefix and match elements and
/// attributes that are in no namespace, as XPath 1.0 has it; `*` matches any.
package struct XPathSubset: Sendable, Hashable {
  static let maximumSteps = 30

  struct Step: Sendable, Hashable {
    /// `//` before it.
    var isDescendant: Bool
    /// nil: `*`.
    var name: [UInt8]?
  }

  enum Outcome: Sendable, Hashable {
    case elements
    /// `//` before `text()`.
    case texts(isDescendant: Bool)
    /// `@name`, or `@*` with nil.
    case attributes(isDescendant: Bool, name: [UInt8]?)
  }

  let steps: [Step]
  let outcome: Outcome

  /// - Throws: ``XPathError`` for anything else that XPath has.
  package init(_ text: String) throws(XPathError) {
    let bytes = Array(text.utf8)
    var steps: [Step] = []
    var outcome = Outcome.elements
    var position = 0
    var isEnd = false
    while position < bytes.count {
      guard bytes[position] == UInt8(ascii: "/"), !isEnd, steps.count < Self.maximumSteps else {
        throw XPathError(text)
      }
      position += 1
      let isDescendant = position < bytes.count && bytes[position] == UInt8(ascii: "/")
      if isDescendant { position += 1 }
      let end = bytes[position...].firstIndex(of: UInt8(ascii: "/")) ?? bytes.count
      let part = Array(bytes[position..<end])
      position = end
      if part == Array("text()".utf8) {
        outcome = .texts(isDescendant: isDescendant)
        isEnd = true
      } else if part.first == UInt8(ascii: "@") {
        let name = Array(part.dropFirst())
        guard name == [UInt8(ascii: "*")] || Self.isName(name) else { throw XPathError(text) }
        outcome = .attributes(isDescendant: isDescendant, name: name == [UInt8(ascii: "*")] ? nil : name)
        isEnd = true
      } else if part == [UInt8(ascii: "*")] {
        steps.append(Step(isDescendant: isDescendant, name: nil))
      } else {
        guard Self.isName(part) else { throw XPathError(text) }
        steps.append(Step(isDescendant: isDescendant, name: part))
      }
    }
    guard isEnd || !steps.isEmpty else { throw XPathError(text) }
    self.steps = steps
    self.outcome = outcome
  }

  /// A name without prefix, as far as it matters here (XML 1.0 §2.3).
  private static func isName(_ name: [UInt8]) -> Bool {
    guard let first = name.first else { return false }
    let isStart = first >= 0x80 || first == UInt8(ascii: "_") || BodyBytes.isAlphanumeric(first)
    guard isStart, !BodyBytes.isDigit(first) else { return false }
    return name.allSatisfy {
      $0 >= 0x80 || BodyBytes.isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
        || $0 == UInt8(ascii: ".")
    }
  }
}

/// XPath that is not read here.
package struct XPathError: Error, Sendable, Hashable, CustomStringConvertible {
  package let path: String

  init(_ path: String) { self.path = path }

  package var description: String {
    "unsupported xpath `\(path)`: use `/name`, `//name` or `*` steps, at the end `text()`, `@name` or `@*`"
  }
}

/// One node that a path leads to.
package struct XPathMatch: Sendable, Hashable {
  /// Whether `range` counts in ``XMLContent/attributes``, not in ``XMLContent/text``.
  package var isAttribute: Bool
  package var range: Range<Int>
}
