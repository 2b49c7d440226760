extension SwiftFile {
  /// What braces enclose: a type, an extension, or the body of a function, initializer, subscript or computed property.
  struct Scope: Equatable {
    var name: String
    /// The line of the keyword.
    var firstLine: Int
    /// The line of the closing brace.
    var lastLine: Int
    var isType = false
    var lineCount: Int { lastLine - firstLine + 1 }
  }

  private struct Pending {
    var name: String
    var line: Int
    var parentheses: Int
    var braces: Int
    var kind: Kind

    enum Kind {
      case function, type
      /// Has a body only when a brace follows its type on the same line.
      case property
    }
  }

  /// Functions and the like with a body.
  var bodies: [Scope] { scopes.filter { !$0.isType } }

  /// Every scope in the file, inner ones before the outer.
  var scopes: [Scope] {
    var result: [Scope] = []
    var braces: [(scope: Scope?, parentheses: Int)] = []
    var parentheses = 0
    var pending: Pending?
    for (index, token) in tokens.enumerated() where token.kind != .string {
      if let found = declaration(at: index, parentheses: parentheses, braces: braces.count) { pending = found }
      switch token.text {
      case "(", "[": parentheses += 1
      case ")", "]": parentheses -= 1
      case "=": if let open = pending, open.kind == .property, open.parentheses == parentheses { pending = nil }
      case "{":
        var opened: Scope?
        if let open = pending, open.parentheses == parentheses {
          opened = Scope(name: open.name, firstLine: open.line, lastLine: 0, isType: open.kind == .type)
          pending = nil
        }
        braces.append((opened, parentheses))
      case "}":
        guard let closed = braces.popLast() else { break }
        parentheses = closed.parentheses
        if let open = pending, open.braces > braces.count { pending = nil }
        if var scope = closed.scope {
          scope.lastLine = token.line
          result.append(scope)
        }
      default:
        guard let open = pending, open.kind == .property, open.parentheses == parentheses else { break }
        if open.line != token.line { pending = nil }
      }
    }
    return result
  }

  private func declaration(at index: Int, parentheses: Int, braces: Int) -> Pending? {
    let token = tokens[index]
    guard token.kind == .identifier, index + 1 < tokens.count else { return nil }
    if index > 0, tokens[index - 1].text == ".", token.isGlued { return nil }
    let next = tokens[index + 1]
    func pending(_ name: String, _ kind: Pending.Kind) -> Pending {
      Pending(name: name, line: token.line, parentheses: parentheses, braces: braces, kind: kind)
    }
    switch token.text {
    case "func": return pending(next.text, .function)
    case "init", "subscript": return ["(", "?", "<"].contains(next.text) ? pending(token.text, .function) : nil
    case "deinit": return pending(token.text, .function)
    case "var": return pending(next.text, .property)
    case "struct", "enum", "actor", "extension": return next.kind == .identifier ? pending(next.text, .type) : nil
    case "class":
      return next.kind == .identifier && !["func", "var"].contains(next.text) ? pending(next.text, .type) : nil
    default: return nil
    }
  }

  /// Names by which other files can use this one: of top-level declarations and, where a type is extended, of the
  /// members that the extension adds. Nil when the file needs no user: it holds the entry point or conforms a type to a
  /// protocol, whose requirements others call.
  var declaredNames: Set<String>? {
    let keywords: Set<String> = [
      "struct", "class", "enum", "actor", "protocol", "typealias", "func", "var", "let", "case",
    ]
    var names: Set<String> = []
    var depth = 0
    var parentheses = 0
    var extensionDepths: Set<Int> = []
    var index = 0
    while index < tokens.count {
      let token = tokens[index]
      switch token.text {
      case "{" where token.kind == .symbol: depth += 1
      case "}" where token.kind == .symbol:
        extensionDepths.remove(depth)
        depth -= 1
      case "(": parentheses += 1
      case ")": parentheses -= 1
      case "main" where index > 0 && tokens[index - 1].text == "@": return nil
      case "extension" where token.kind == .identifier && depth == 0:
        extensionDepths.insert(1)
        var end = index
        while end < tokens.count, tokens[end].text != "{" {
          if tokens[end].text == ":" { return nil }
          if tokens[end].text == "where" { break }
          end += 1
        }
      default:
        let isVisible = depth == 0 || (depth == 1 && extensionDepths.contains(1))
        if isVisible, parentheses == 0, keywords.contains(token.text), token.kind == .identifier,
          index + 1 < tokens.count, tokens[index + 1].kind == .identifier
        {
          names.insert(tokens[index + 1].text)
        }
        if isVisible, token.text == "init", token.kind == .identifier, depth == 1 { return nil }
      }
      index += 1
    }
    return names
  }

  /// Every identifier that occurs in the file.
  var identifiers: Set<String> {
    Set(tokens.lazy.filter { $0.kind == .identifier }.map(\.text))
  }
}
