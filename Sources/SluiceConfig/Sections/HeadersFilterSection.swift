import SluiceModel

extension ObjectSchema where Root == HeadersFilterConfiguration {
  static let headersFilter = ObjectSchema(
    "headers filter",
    """
    Changes fields. Of the same name, `remove` comes first, then `set`, then `add`. A value may be `file:PATH` for \
    the text of a file, which is then never shown.
    """,
    make: { HeadersFilterConfiguration() },
    fields: [
      Field("set", \.set, .headerSettings, "Request fields that get this value instead of any they have."),
      Field("add", \.add, .headerSettings, "Request fields that are added; a list adds several."),
      Field("remove", \.remove, .headerNames, "Request fields that are taken away."),
      Field("replySet", \.replySet, .headerSettings, "Reply fields that get this value instead of any they have."),
      Field("replyAdd", \.replyAdd, .headerSettings, "Reply fields that are added; a list adds several."),
      Field("replyRemove", \.replyRemove, .headerNames, "Reply fields that are taken away."),
    ], atLeastOne: ["set", "add", "remove", "replySet", "replyAdd", "replyRemove"],
    check: { filter, context in
      for (key, settings) in [("set", filter.set), ("replySet", filter.replySet)] {
        var seen: Set<String> = []
        for setting in settings where !seen.insert(setting.name.lowercased()).inserted {
          context.error(
            "header \(quoted(setting.name)) is set twice", hint: "use `add` for several values",
            path: "\(context.path).\(key).\(setting.name)")
        }
      }
    })
}

extension ValueType where Value == [String] {
  fileprivate static var headerNames: ValueType {
    ValueType<String>.text("header name", pattern: HTTPText.tokenPattern) { text throws(ScalarProblem) in
      try HTTPText.changeableFieldName(text)
    }.list(0...100)
  }
}

extension ValueType where Value == [HeaderSetting] {
  /// A map of names to a value or a list of values.
  fileprivate static var headerSettings: ValueType {
    let text = Shape.text("text", pattern: nil, words: [])
    return ValueType(
      .map(.either([text, .list(text, 1...100)]), keyPattern: HTTPText.tokenPattern),
      decode: { node, context in
        var settings: [HeaderSetting] = []
        let complete = HeaderMap.decode(node, context, HTTPText.changeableFieldName) { name, value in
          guard case .sequence(let values) = value.content else {
            return setting(name, value, context).map { settings.append($0) } != nil
          }
          guard (1...100).contains(values.count) else {
            context.error("a list of 1 to 100 values is needed", at: value.mark)
            return false
          }
          let read = values.compactMap { setting(name, $0, context) }
          settings += read
          return read.count == values.count
        }
        return complete ? settings : nil
      }, encode: HeaderMap.encode)
  }

  private static func setting(_ name: String, _ node: YAMLNode, _ context: DecodingContext) -> HeaderSetting? {
    guard var text = context.text(node, "a text") else { return nil }
    let fromFile = text.hasPrefix("file:")
    if fromFile {
      guard let content = context.fileText(String(text.dropFirst(5)), at: node.mark) else { return nil }
      text = content
    }
    do throws(ScalarProblem) {
      var setting = HeaderSetting(name: name, value: try HTTPText.fieldValue(text))
      setting.isSecret = fromFile || HeaderMap.holdsSecret(name)
      return setting
    } catch {
      context.error(
        fromFile ? "the file's text is no header value" : error.message, hint: error.hint, at: node.mark)
      return nil
    }
  }
}

extension ValueType where Value == [HeaderMatch] {
  /// A map of names to the value that each must have.
  static var headerMatches: ValueType {
    ValueType(
      .map(.text("text", pattern: nil, words: []), keyPattern: HTTPText.tokenPattern),
      decode: { node, context in
        var matches: [HeaderMatch] = []
        let complete = HeaderMap.decode(node, context, HTTPText.fieldName) { name, value in
          guard let text = context.text(value, "a text") else { return false }
          do throws(ScalarProblem) {
            matches.append(HeaderMatch(name: name, value: try HTTPText.fieldValue(text)))
            return true
          } catch {
            context.error(error.message, hint: error.hint, at: value.mark)
            return false
          }
        }
        return complete ? matches : nil
      },
      encode: { matches in
        .object(matches.map { JSONValue.Member(key: $0.name, value: .string(Expansion.escape($0.value))) })
      })
  }
}

/// Maps with header names as keys.
enum HeaderMap {
  /// Whether every entry was well; what wasn't is reported.
  static func decode(
    _ node: YAMLNode, _ context: DecodingContext, _ check: (String) throws(ScalarProblem) -> String,
    _ body: (String, YAMLNode) -> Bool
  ) -> Bool {
    guard case .mapping(let pairs) = node.content else {
      context.error(
        "expected a map of header names and values, found \(node.isNull ? "no value" : node.kind)",
        hint: "write `{ X-Name: value }`", at: node.mark)
      return false
    }
    guard pairs.count <= 100 else {
      context.error("more than 100 headers", at: node.mark)
      return false
    }
    var complete = true
    for pair in pairs {
      do throws(ScalarProblem) {
        let name = try check(pair.key)
        if !context.within(name, pair.value.mark, { body(name, pair.value) }) { complete = false }
      } catch {
        context.error(error.message, hint: error.hint, at: pair.keyMark)
        complete = false
      }
    }
    return complete
  }

  static func encode(_ settings: [HeaderSetting]) -> JSONValue {
    var names: [String] = []
    var values: [String: [JSONValue]] = [:]
    for setting in settings {
      if values[setting.name] == nil { names.append(setting.name) }
      let text = Expansion.escape(setting.value)
      values[setting.name, default: []].append(setting.isSecret ? .secret(text) : .string(text))
    }
    return .object(
      names.map { name in
        let all = values[name, default: []]
        return JSONValue.Member(key: name, value: all.count == 1 ? all[0] : .array(all))
      })
  }

  /// Whether a field of this name usually holds a credential.
  static func holdsSecret(_ name: String) -> Bool {
    let name = name.lowercased()
    return ["authorization", "cookie", "token", "secret", "password", "api-key", "apikey", "credential"]
      .contains { name.contains($0) }
  }
}
