extension Value: CustomStringConvertible {
  /// An expression of the language that has this value: `[1, "a"]`, `{"k": ip("10.0.0.0/8")}`. Elements of sets and
  /// fields of records are in an order that follows from the value alone.
  public var description: String {
    switch self {
    case .bool(let value): String(value)
    case .long(let value): String(value)
    case .string(let text): StringLiteral.quoted(text)
    case .entity(let uid): uid.description
    case .set(let elements): "[" + Value.list(elements.map(\.description)) + "]"
    case .record(let fields):
      "{" + Value.list(fields.map { StringLiteral.quoted($0.key) + ": " + $0.value.description }) + "}"
    case .decimal, .ip, .datetime, .duration: call.map(\.description) ?? ""
    }
  }

  private static func list(_ texts: [String]) -> String {
    texts.sorted { $0.isOrdered(before: $1) }.joined(separator: ", ")
  }
}

/// The call that makes a value of an extension type from strings.
enum ExtensionCall {
  /// `ip("10.0.0.1")`.
  case constructor(ExtensionFunction, String)
  /// `datetime("1970-01-01").offset(duration("…"))`, for instants whose year no string of a policy can say.
  case sinceEpoch(TimeSpan)

  static let epoch = "1970-01-01"

  var description: String {
    switch self {
    case .constructor(let function, let text): "\(function.rawValue)(\"\(text)\")"
    case .sinceEpoch(let duration): "datetime(\"\(ExtensionCall.epoch)\").offset(duration(\"\(duration)\"))"
    }
  }
}

extension Value {
  /// Nil where it is of no extension type.
  var call: ExtensionCall? {
    switch self {
    case .bool, .long, .string, .entity, .set, .record: nil
    case .decimal(let number): .constructor(.decimal, number.description)
    case .ip(let network): .constructor(.ip, network.description)
    case .datetime(let instant):
      instant.hasReadableText
        ? .constructor(.datetime, instant.description)
        : .sinceEpoch(TimeSpan(milliseconds: instant.milliseconds))
    case .duration(let duration): .constructor(.duration, duration.description)
    }
  }
}
