public import SluiceModel

/// One part of the configuration that two configurations don't have alike.
public struct ConfigurationChange: Sendable, Hashable, Codable {
  public enum Kind: String, Sendable, Codable {
    case added, removed, changed
    /// The elements are the same, in another order.
    case reordered
  }

  /// A key of the part and what it is in both; nil where it has no value.
  public struct Value: Sendable, Hashable, Codable {
    /// The key within the part, such as `limits.connections`.
    public var path: String
    public var old: String?
    public var new: String?

    public init(path: String, old: String?, new: String?) {
      self.path = path
      self.old = old
      self.new = new
    }
  }

  public var kind: Kind
  /// The key at the top of the file: `listeners`, `runtime`; `policy` and `entity file` for what `policies` and
  /// `entities` name.
  public var section: String
  /// The element's name in a section that is a list.
  public var name: String?
  /// What differs, with secrets redacted; empty unless the part is changed.
  public var values: [Value]

  public init(_ kind: Kind, _ section: String, _ name: String?, _ values: [Value] = []) {
    self.kind = kind
    self.section = section
    self.name = name
    self.values = values
  }
}

extension ConfigurationChange: CustomStringConvertible {
  /// Lines such as `~ listeners web` and `    limits.connections: 100 → 200`.
  public var description: String {
    let sign =
      switch kind {
      case .added: "+"
      case .removed: "-"
      case .changed: "~"
      case .reordered: "↕"
      }
    let head = "\(sign) \(section)" + (name.map { " \($0)" } ?? (kind == .reordered ? " are in another order" : ""))
    let lines = values.map { value in
      switch (value.old, value.new) {
      case (let old?, let new?): "    \(value.path): \(old) → \(new)"
      case (nil, let new?): "    \(value.path): + \(new)"
      case (let old?, nil): "    \(value.path): - \(old)"
      case (nil, nil): "    \(value.path)"
      }
    }
    return ([head] + lines).joined(separator: "\n")
  }
}

/// What changes from one configuration to another.
public enum ConfigurationDiff {
  /// The changes in the order of the file's sections; empty when both mean the same.
  public static func between(_ old: Configuration, _ new: Configuration) -> [ConfigurationChange] {
    let schema = ObjectSchema<Configuration>.root
    let before = schema.encode(old)
    let after = schema.encode(new)
    return schema.shape.fields.flatMap { field -> [ConfigurationChange] in
      guard let left = before[field.key], let right = after[field.key] else { return [] }
      if case .array(let olds) = left, case .array(let news) = right { return elements(field.key, olds, news) }
      let values = differences(left, right, "")
      return values.isEmpty ? [] : [ConfigurationChange(.changed, field.key, nil, values)]
    }
  }

  /// The changes for a person; `no changes` when there are none.
  public static func text(_ changes: [ConfigurationChange]) -> String {
    changes.isEmpty ? "no changes" : changes.map(\.description).joined(separator: "\n")
  }

  private static func elements(_ section: String, _ olds: [JSONValue], _ news: [JSONValue]) -> [ConfigurationChange] {
    let left = named(olds)
    let right = named(news)
    let before = Dictionary(left.map { ($0.name, $0.value) }) { first, _ in first }
    let after = Dictionary(right.map { ($0.name, $0.value) }) { first, _ in first }
    var changes: [ConfigurationChange] = []
    for (name, _) in left where after[name] == nil { changes.append(ConfigurationChange(.removed, section, name)) }
    for (name, value) in right {
      guard let old = before[name] else {
        changes.append(ConfigurationChange(.added, section, name))
        continue
      }
      let values = differences(old, value, "")
      if !values.isEmpty { changes.append(ConfigurationChange(.changed, section, name, values)) }
    }
    if left.map(\.name).filter({ after[$0] != nil }) != right.map(\.name).filter({ before[$0] != nil }) {
      changes.append(ConfigurationChange(.reordered, section, nil))
    }
    return changes
  }

  private static func named(_ elements: [JSONValue]) -> [(name: String, value: JSONValue)] {
    elements.map { element in
      if case .string(let name)? = element["name"] {
        (name, element)
      } else if case .string(let name) = element {
        (name, element)
      } else {
        ("", element)
      }
    }
  }

  private static func differences(_ old: JSONValue?, _ new: JSONValue?, _ path: String) -> [ConfigurationChange.Value] {
    guard old != new else { return [] }
    switch (old, new) {
    case (.object(let left)?, .object(let right)?):
      let keys = left.map(\.key) + right.map(\.key).filter { key in !left.contains { $0.key == key } }
      return keys.flatMap { differences(old?[$0], new?[$0], path.isEmpty ? $0 : "\(path).\($0)") }
    case (.array(let left)?, .array(let right)?) where left.count == right.count && left.allSatisfy(\.isObject):
      return zip(left, right).enumerated().flatMap { differences($1.0, $1.1, "\(path)[\($0)]") }
    default:
      return [ConfigurationChange.Value(path: path, old: old?.plainText, new: new?.plainText)]
    }
  }
}

extension JSONValue {
  fileprivate var isObject: Bool { if case .object = self { true } else { false } }

  /// Text without quotes, and everything else as JSON.
  fileprivate var plainText: String {
    if case .string(let text) = self, !text.isEmpty { return printable(text) }
    return text()
  }
}
