/// A value of a YAML file with its place. Aliases are expanded by sharing.
package struct YAMLNode: Sendable {
  enum Content: Sendable {
    case scalar(String, plain: Bool)
    case sequence([YAMLNode])
    case mapping([YAMLPair])
  }

  var content: Content
  var mark: YAMLMark
  /// Values in it with aliases expanded, itself included.
  var weight = 1
  /// Levels in it, itself included.
  var height = 1

  /// Whether it stands for no value at all: nothing, `~` or `null`.
  var isNull: Bool {
    if case .scalar(let text, plain: true) = content { return ["", "~", "null", "Null", "NULL"].contains(text) }
    return false
  }

  /// What it is, in words.
  var kind: String {
    switch content {
    case .scalar: "a single value"
    case .sequence: "a list"
    case .mapping: "a map"
    }
  }
}

struct YAMLPair: Sendable {
  var key: String
  var keyMark: YAMLMark
  var value: YAMLNode
}

/// Composes the tree of one file within bounds of depth and size.
package struct YAMLDocument {
  private let reader: YAMLEventReader
  private var anchors: [String: YAMLNode] = [:]
  private var nodes = 0
  private(set) var duplicates: [YAMLProblem] = []

  /// The tree of a file's only document, nil for an empty file, and the keys that stand twice in a map.
  package static func read(
    _ bytes: [UInt8], file: Int
  ) throws(YAMLProblem) -> (root: YAMLNode?, duplicates: [YAMLProblem]) {
    if let bad = firstInvalidUTF8(bytes, file: file) {
      throw YAMLProblem(message: "not UTF-8", hint: "save the file in the UTF-8 encoding", mark: bad)
    }
    var document = YAMLDocument(reader: try YAMLEventReader(bytes, file: file))
    let root = try document.root()
    return (root, document.duplicates)
  }

  private init(reader: YAMLEventReader) { self.reader = reader }

  private mutating func root() throws(YAMLProblem) -> YAMLNode? {
    var root: YAMLNode?
    var documents = 0
    while true {
      let (event, mark) = try reader.next()
      switch event {
      case .streamEnd: return root
      case .streamStart, .documentEnd: continue
      case .documentStart:
        documents += 1
        guard documents == 1 else {
          throw YAMLProblem(message: "a second document in one file", hint: "use `include` for more files", mark: mark)
        }
      default: root = try compose(event, mark, depth: 1)
      }
    }
  }

  private mutating func compose(
    _ event: YAMLEvent, _ mark: YAMLMark, depth: Int
  ) throws(YAMLProblem) -> YAMLNode {
    try take(1, mark)
    guard depth <= ConfigurationLimits.depth else {
      throw YAMLProblem(message: "nested more than \(ConfigurationLimits.depth) levels deep", mark: mark)
    }
    switch event {
    case .scalar(let text, let plain, let anchor, let tag):
      try check(tag, mark)
      return define(anchor, YAMLNode(content: .scalar(text, plain: plain), mark: mark))
    case .alias(let name): return try alias(name, mark, depth: depth)
    case .sequenceStart(let anchor, let tag):
      try check(tag, mark)
      return define(anchor, try sequence(mark, depth: depth))
    case .mappingStart(let anchor, let tag):
      try check(tag, mark)
      return define(anchor, try mapping(mark, depth: depth))
    default: throw YAMLProblem(message: "invalid YAML: unexpected end", mark: mark)
    }
  }

  private mutating func sequence(_ mark: YAMLMark, depth: Int) throws(YAMLProblem) -> YAMLNode {
    var elements: [YAMLNode] = []
    var result = YAMLNode(content: .sequence([]), mark: mark)
    while true {
      let (event, place) = try reader.next()
      if case .sequenceEnd = event { break }
      let element = try compose(event, place, depth: depth + 1)
      result.contain(element)
      elements.append(element)
    }
    result.content = .sequence(elements)
    return result
  }

  private mutating func mapping(_ mark: YAMLMark, depth: Int) throws(YAMLProblem) -> YAMLNode {
    var pairs: [YAMLPair] = []
    var lines: [String: Int] = [:]
    var result = YAMLNode(content: .mapping([]), mark: mark)
    while true {
      let (event, place) = try reader.next()
      if case .mappingEnd = event { break }
      guard case .scalar(let key, let plain, let anchor, let tag) = event else {
        throw YAMLProblem(message: "a key must be a plain name", mark: place)
      }
      try check(tag, place)
      guard key != "<<" || !plain else {
        throw YAMLProblem(
          message: "merge keys (`<<`) are not supported", hint: "repeat the keys, or alias the whole value", mark: place
        )
      }
      try take(1, place)
      _ = define(anchor, YAMLNode(content: .scalar(key, plain: plain), mark: place))
      let (next, valuePlace) = try reader.next()
      let value = try compose(next, valuePlace, depth: depth + 1)
      result.contain(value)
      if let line = lines[key] {
        guard duplicates.count < ConfigurationLimits.issues else { continue }
        duplicates.append(
          YAMLProblem(message: "duplicate key \(quoted(key))", hint: "it is first set in line \(line)", mark: place))
      } else {
        lines[key] = place.line
        pairs.append(YAMLPair(key: key, keyMark: place, value: value))
      }
    }
    result.content = .mapping(pairs)
    return result
  }

  private mutating func alias(_ name: String, _ mark: YAMLMark, depth: Int) throws(YAMLProblem) -> YAMLNode {
    guard var node = anchors[name] else {
      throw YAMLProblem(
        message: "alias \(quoted("*" + name)) has no anchor before it",
        hint: "an anchor `&\(printable(name))` must be complete before it is used", mark: mark)
    }
    guard depth + node.height - 1 <= ConfigurationLimits.depth else {
      throw YAMLProblem(message: "nested more than \(ConfigurationLimits.depth) levels deep", mark: mark)
    }
    try take(node.weight, mark)
    node.mark = mark
    return node
  }

  private mutating func define(_ anchor: String?, _ node: YAMLNode) -> YAMLNode {
    if let anchor { anchors[anchor] = node }
    return node
  }

  private mutating func take(_ count: Int, _ mark: YAMLMark) throws(YAMLProblem) {
    nodes += count
    guard nodes <= ConfigurationLimits.nodes else {
      throw YAMLProblem(
        message: "more than \(ConfigurationLimits.nodes) values with aliases expanded", hint: "use fewer aliases",
        mark: mark)
    }
  }

  private func check(_ tag: String?, _ mark: YAMLMark) throws(YAMLProblem) {
    guard let tag, tag != "!",
      !["str", "int", "bool", "seq", "map"].contains(where: { tag == "tag:yaml.org,2002:" + $0 })
    else { return }
    throw YAMLProblem(message: "tag \(quoted(tag)) is not supported", mark: mark)
  }

  private static func firstInvalidUTF8(_ bytes: [UInt8], file: Int) -> YAMLMark? {
    guard String(validating: bytes, as: UTF8.self) == nil else { return nil }
    var mark = YAMLMark(file: file, line: 1, column: 1)
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    while case .scalarValue(let scalar) = decoder.decode(&iterator) {
      if scalar == "\n" { mark = YAMLMark(file: file, line: mark.line + 1, column: 1) } else { mark.column += 1 }
    }
    return mark
  }
}

extension YAMLNode {
  fileprivate mutating func contain(_ child: YAMLNode) {
    weight += child.weight
    height = max(height, child.height + 1)
  }
}
