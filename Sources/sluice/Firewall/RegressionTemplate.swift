import Foundation

/// Templates in a test's data, such as `{{ "1" | repeat 64200 }}`: the few of Go's template functions that long data is
/// written with.
enum RegressionTemplate {
  /// Bytes of a text that a template makes.
  private static let maximumBytes = 16 << 20

  private enum Value {
    case text(String)
    case number(Int)
  }

  /// A text with its templates worked out. What is no template that is known here stays as it is.
  static func expanded(_ text: String) -> String {
    guard text.contains("{{") else { return text }
    var result = ""
    var rest = Substring(text)
    while let start = rest.firstRange(of: "{{"), let end = rest[start.upperBound...].firstRange(of: "}}") {
      guard let value = value(rest[start.upperBound..<end.lowerBound]) else { return text }
      result += rest[..<start.lowerBound]
      result += value
      rest = rest[end.upperBound...]
      guard result.utf8.count <= maximumBytes else { return text }
    }
    return result + rest
  }

  /// The value of `"text" | function argument | …`.
  private static func value(_ pipeline: Substring) -> String? {
    var current: Value?
    for part in commands(pipeline) {
      guard var values = words(part), !values.isEmpty else { return nil }
      if let last = current { values.append(.value(last)) }
      guard let value = call(values) else { return nil }
      current = value
    }
    switch current {
    case .text(let text): return text
    case .number(let number): return String(number)
    case nil: return nil
    }
  }

  private enum Word {
    case name(String)
    case value(Value)
  }

  /// What stands between `|` outside of quotes.
  private static func commands(_ text: Substring) -> [Substring] {
    var result: [Substring] = []
    var start = text.startIndex
    var isQuoted = false
    for index in text.indices {
      if text[index] == "\"" { isQuoted.toggle() }
      guard text[index] == "|", !isQuoted else { continue }
      result.append(text[start..<index])
      start = text.index(after: index)
    }
    return result + [text[start...]]
  }

  private static func words(_ text: Substring) -> [Word]? {
    var result: [Word] = []
    var rest = text
    while let first = rest.first(where: { $0 != " " }) {
      rest = rest.drop { $0 == " " }
      if first == "\"" {
        rest.removeFirst()
        guard let end = rest.firstIndex(of: "\""), !rest[..<end].contains("\\") else { return nil }
        result.append(.value(.text(String(rest[..<end]))))
        rest = rest[rest.index(after: end)...]
        continue
      }
      let word = rest.prefix { $0 != " " }
      rest = rest[word.endIndex...]
      result.append(Int(word).map { .value(.number($0)) } ?? .name(String(word)))
    }
    return result
  }

  private static func call(_ words: [Word]) -> Value? {
    guard case .name(let name) = words[0] else {
      guard words.count == 1, case .value(let value) = words[0] else { return nil }
      return value
    }
    let values = words.dropFirst().compactMap { if case .value(let value) = $0 { value } else { nil } }
    guard values.count == words.count - 1, case .text(let text)? = values.last else { return nil }
    switch (name, values.count) {
    case ("upper", 1): return .text(text.uppercased())
    case ("lower", 1): return .text(text.lowercased())
    case ("b64enc", 1): return .text(Data(text.utf8).base64EncodedString())
    case ("repeat", 2):
      guard case .number(let count) = values[0], count >= 0, count <= maximumBytes / max(1, text.utf8.count) else {
        return nil
      }
      return .text(String(repeating: text, count: count))
    default: return nil
    }
  }
}
