import Cedar

/// What must hold for any bytes. As the text of policies: an error has a place, and what parses is printed and parsed
/// again, goes to JSON and back, and is laid out anew, each time to the same policies. As JSON of policies: what is read is
/// printed and parsed, and goes to JSON and back. The fuzzer and the tests check the same.
enum PolicyProperties {
  /// - Returns: the first property that doesn't hold, or nil.
  static func firstFailure(of bytes: [UInt8]) -> String? {
    firstFailure(ofText: bytes) ?? firstFailure(ofJSON: bytes)
  }

  private static func firstFailure(ofText bytes: [UInt8]) -> String? {
    let set: PolicySet
    do { set = try PolicySet(parsing: bytes) } catch {
      guard PolicySet.errors(parsing: bytes).first == error else { return "another first error than \(error)" }
      return failure(of: error, bytes)
    }
    let text = String(decoding: bytes, as: UTF8.self)
    for policy in set.policies + set.templates {
      if let failure = printFailure(of: policy) ?? jsonFailure(of: policy) { return failure }
    }
    return setFailure(of: set) ?? formatFailure(of: text, set, width: 80) ?? formatFailure(of: text, set, width: 20)
  }

  private static func firstFailure(ofJSON bytes: [UInt8]) -> String? {
    let set: PolicySet
    do { set = try PolicySet(json: bytes) } catch { return failure(of: error, bytes) }
    for policy in set.policies + set.templates {
      if let failure = printFailure(of: policy) ?? jsonFailure(of: policy) { return failure }
    }
    return setFailure(of: set)
  }

  private static func failure(of error: SyntaxError, _ bytes: [UInt8]) -> String? {
    if error.position == .none { return "no place: \(error)" }
    let lines = bytes.count { $0 == 0x0a } + 1
    return error.position.line > lines ? "a place after the end: \(error)" : nil
  }

  private static func printFailure(of policy: Policy) -> String? {
    let text = policy.description
    do {
      let parsed = try Policy.parse(text, id: policy.id).withoutPositions
      var expected = policy.withoutPositions
      expected.template = nil
      return parsed == expected ? nil : "printed as another policy: \(text)"
    } catch {
      return "printed with an error: \(error)\n\(text)"
    }
  }

  private static func jsonFailure(of policy: Policy) -> String? {
    let json = policy.json
    do {
      let read = try Policy(json: Array(json.utf8), id: policy.id)
      var expected = policy.withoutPositions
      expected.template = nil
      expected.conditions = expected.conditions.map { Condition($0.kind, $0.body.expandingHas) }
      if read.withoutPositions != expected { return "another policy in JSON: \(json)" }
      return read.json == json ? nil : "another JSON after reading it: \(json)"
    } catch {
      return isTooDeep(error) ? nil : "an error in its own JSON: \(error)\n\(json)"
    }
  }

  private static func setFailure(of set: PolicySet) -> String? {
    let json = set.json()
    do {
      let read = try PolicySet(json: Array(json.utf8))
      if read.json() != json { return "another set after JSON: \(json)" }
      return read.links == set.links ? nil : "other links after JSON: \(json)"
    } catch {
      return isTooDeep(error) ? nil : "an error in the JSON of the set: \(error)\n\(json)"
    }
  }

  /// Long chains nest deeper in JSON than is read.
  private static func isTooDeep(_ error: SyntaxError) -> Bool { error.message.contains("deeper") }

  private static func formatFailure(of text: String, _ set: PolicySet, width: Int) -> String? {
    do {
      let formatted = try PolicyFormatter.format(text, width: width)
      let parsed = try PolicySet(parsing: formatted)
      let before = (set.policies + set.templates).map(\.withoutPositions)
      guard (parsed.policies + parsed.templates).map(\.withoutPositions) == before else {
        return "another meaning when laid out: \(formatted)"
      }
      if comments(in: formatted) != comments(in: text) { return "other comments when laid out: \(formatted)" }
      let again = try PolicyFormatter.format(formatted, width: width)
      return again == formatted ? nil : "laid out in another way the second time:\n\(formatted)\n\(again)"
    } catch {
      return "an error when laid out: \(error)"
    }
  }

  /// Comments without the blanks at their ends. The text is known to parse.
  private static func comments(in text: String) -> [String] {
    var comments: [String] = []
    var scalars = text.unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      if scalar == "\"" {
        while let next = scalars.popFirst(), next != "\"" { if next == "\\" { scalars.removeFirst() } }
      } else if scalar == "/" {
        var comment = String(scalars.prefix { $0 != "\n" && $0 != "\r" })
        scalars = scalars.dropFirst(comment.unicodeScalars.count)
        while let last = comment.unicodeScalars.last, last.properties.isWhitespace {
          comment.unicodeScalars.removeLast()
        }
        comments.append(comment)
      }
    }
    return comments
  }
}
