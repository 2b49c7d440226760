extension ExtensionFunction {
  /// The types of its arguments, the receiver of a method first.
  var parameters: [SchemaType] {
    switch self {
    case .decimal, .ip, .datetime, .duration: [.string]
    case .lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual: [.extension(.decimal), .extension(.decimal)]
    case .isIpv4, .isIpv6, .isLoopback, .isMulticast: [.extension(.ipaddr)]
    case .isInRange: [.extension(.ipaddr), .extension(.ipaddr)]
    case .offset: [.extension(.datetime), .extension(.duration)]
    case .durationSince: [.extension(.datetime), .extension(.datetime)]
    case .toDate, .toTime: [.extension(.datetime)]
    case .toMilliseconds, .toSeconds, .toMinutes, .toHours, .toDays: [.extension(.duration)]
    }
  }

  /// What it makes of its arguments, the receiver of a method first.
  /// - Throws: when there are too many or too few, one has another type, a string is not in the form, or the result
  ///   does not fit.
  public func callAsFunction(_ arguments: [Value]) throws(ExtensionError) -> Value {
    switch arguments.count {
    case 1: try apply(arguments[0])
    case 2: try apply(arguments[0], arguments[1])
    default: throw wrongCount(arguments.count)
    }
  }

  private func apply(_ argument: Value) throws(ExtensionError) -> Value {
    switch (self, argument) {
    case (.decimal, .string(let text)): .decimal(try Decimal(parsing: text))
    case (.ip, .string(let text)): .ip(try IPNetwork(parsing: text))
    case (.datetime, .string(let text)): .datetime(try Datetime(parsing: text))
    case (.duration, .string(let text)): .duration(try TimeSpan(parsing: text))
    case (.isIpv4, .ip(let network)): .bool(network.isV4)
    case (.isIpv6, .ip(let network)): .bool(network.isV6)
    case (.isLoopback, .ip(let network)): .bool(network.isLoopback)
    case (.isMulticast, .ip(let network)): .bool(network.isMulticast)
    case (.toDate, .datetime(let instant)): .datetime(try instant.toDate())
    case (.toTime, .datetime(let instant)): .duration(instant.toTime())
    case (.toMilliseconds, .duration(let duration)): .long(duration.milliseconds)
    case (.toSeconds, .duration(let duration)): .long(duration.seconds)
    case (.toMinutes, .duration(let duration)): .long(duration.minutes)
    case (.toHours, .duration(let duration)): .long(duration.hours)
    case (.toDays, .duration(let duration)): .long(duration.days)
    default: throw wrongType([argument])
    }
  }

  private func apply(_ first: Value, _ second: Value) throws(ExtensionError) -> Value {
    switch (self, first, second) {
    case (.lessThan, .decimal(let left), .decimal(let right)): .bool(left < right)
    case (.lessThanOrEqual, .decimal(let left), .decimal(let right)): .bool(left <= right)
    case (.greaterThan, .decimal(let left), .decimal(let right)): .bool(left > right)
    case (.greaterThanOrEqual, .decimal(let left), .decimal(let right)): .bool(left >= right)
    case (.isInRange, .ip(let network), .ip(let range)): .bool(network.isInRange(range))
    case (.offset, .datetime(let instant), .duration(let duration)): .datetime(try instant.offset(by: duration))
    case (.durationSince, .datetime(let later), .datetime(let earlier)): .duration(try later.durationSince(earlier))
    default: throw wrongType([first, second])
    }
  }

  private func wrongCount(_ count: Int) -> ExtensionError {
    ExtensionError(self, "`\(rawValue)` takes \(arity) argument\(arity == 1 ? "" : "s"), not \(count)")
  }

  private func wrongType(_ arguments: [Value]) -> ExtensionError {
    guard arguments.count == arity else { return wrongCount(arguments.count) }
    let wanted = parameters.map(\.description).joined(separator: " and ")
    let found = arguments.map(\.typeName).joined(separator: " and ")
    return ExtensionError(self, "`\(rawValue)` takes \(wanted), not \(found)")
  }
}

extension Value {
  /// Its type as in schemas, without what it is a set or a record of.
  var typeName: String {
    switch self {
    case .bool: "Bool"
    case .long: "Long"
    case .string: "String"
    case .entity(let uid): uid.type.text
    case .set: "Set"
    case .record: "Record"
    case .decimal: ExtensionType.decimal.rawValue
    case .ip: ExtensionType.ipaddr.rawValue
    case .datetime: ExtensionType.datetime.rawValue
    case .duration: ExtensionType.duration.rawValue
    }
  }

  /// Nil where it is of no extension type.
  var extensionType: ExtensionType? {
    switch self {
    case .decimal: .decimal
    case .ip: .ipaddr
    case .datetime: .datetime
    case .duration: .duration
    default: nil
    }
  }
}
