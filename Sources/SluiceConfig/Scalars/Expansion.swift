/// Why a single value is wrong.
package struct ScalarProblem: Error, Equatable {
  package var message: String
  var hint: String?

  init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }
}

/// Puts environment variables into values: `${NAME}`, `${NAME:-default}`; `$${` stands for `${` itself.
package enum Expansion {
  package static func expand(_ text: String, environment: (String) -> String?) throws(ScalarProblem) -> String {
    guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
    var result = ""
    var rest = Substring(text)
    while let dollar = rest.firstIndex(of: "$") {
      result += rest[..<dollar]
      rest = rest[dollar...]
      if rest.hasPrefix("$${") {
        result += "${"
        rest = rest.dropFirst(3)
      } else if rest.hasPrefix("${") {
        guard let end = rest.firstIndex(of: "}") else {
          throw ScalarProblem("`${` without `}`", hint: "write `$${` for the characters themselves")
        }
        result += try value(of: rest[..<end].dropFirst(2), environment)
        rest = rest[end...].dropFirst()
      } else {
        result += "$"
        rest = rest.dropFirst()
      }
      guard result.utf8.count <= ConfigurationLimits.valueBytes else {
        throw ScalarProblem("longer than \(Size.text(ConfigurationLimits.valueBytes)) with its variables put in")
      }
    }
    return result + rest
  }

  /// The text that `expand` turns into `text`.
  package static func escape(_ text: String) -> String {
    guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
    var result = ""
    var rest = Substring(text)
    while let first = rest.first {
      if rest.hasPrefix("${") { result += "$" }
      result.append(first)
      rest = rest.dropFirst()
    }
    return result
  }

  private static func value(of reference: Substring, _ environment: (String) -> String?) throws(ScalarProblem) -> String
  {
    var name = reference
    var fallback: Substring?
    if let colon = reference.firstIndex(of: ":") {
      name = reference[..<colon]
      let after = reference[colon...]
      guard after.hasPrefix(":-") else {
        throw ScalarProblem(
          "\(quoted("${\(reference)}")) is not understood", hint: "write `${NAME}` or `${NAME:-default}`")
      }
      fallback = after.dropFirst(2)
    }
    guard isName(name) else {
      throw ScalarProblem(
        "\(quoted(String(name))) is no name of an environment variable",
        hint: "write `${NAME}`, or `$${` for the characters themselves")
    }
    let found = environment(String(name))
    if let fallback { return found.flatMap { $0.isEmpty ? nil : $0 } ?? String(fallback) }
    guard let found else {
      throw ScalarProblem(
        "environment variable \(quoted(String(name))) is not set",
        hint: "set it, or write `${\(printable(String(name))):-default}`")
    }
    return found
  }

  private static func isName(_ text: Substring) -> Bool {
    guard (1...256).contains(text.utf8.count), let first = text.utf8.first else { return false }
    return !(0x30...0x39).contains(first) && text.utf8.allSatisfy { $0.isASCIILetterOrDigit || $0 == UInt8(ascii: "_") }
  }
}

extension UInt8 {
  var isASCIIDigit: Bool { (0x30...0x39).contains(self) }
  var isASCIILetterOrDigit: Bool { isASCIIDigit || (0x41...0x5a).contains(self) || (0x61...0x7a).contains(self) }
}
