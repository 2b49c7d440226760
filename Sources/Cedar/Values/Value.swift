/// A value of the language.
public enum Value: Sendable, Hashable {
  case bool(Bool)
  case long(Int64)
  case string(String)
  case entity(EntityUID)
  case set(Set<Value>)
  case record([String: Value])
  case decimal(Decimal)
  case ip(IPNetwork)
  case datetime(Datetime)
  case duration(TimeSpan)

  /// Equal as in the language: strings by their scalars.
  public static func == (left: Value, right: Value) -> Bool {
    switch (left, right) {
    case (.bool(let left), .bool(let right)): left == right
    case (.long(let left), .long(let right)): left == right
    case (.string(let left), .string(let right)): left.isIdentical(to: right)
    case (.entity(let left), .entity(let right)): left == right
    case (.set(let left), .set(let right)): left == right
    case (.record(let left), .record(let right)): Value.areEqual(left, right)
    case (.decimal(let left), .decimal(let right)): left == right
    case (.ip(let left), .ip(let right)): left == right
    case (.datetime(let left), .datetime(let right)): left == right
    case (.duration(let left), .duration(let right)): left == right
    default: false
    }
  }

  /// Whether both have the same fields with equal values.
  static func areEqual(_ left: [String: Value], _ right: [String: Value]) -> Bool {
    left.count == right.count
      && left.allSatisfy { key, value in
        guard let index = right.index(forKey: key) else { return false }
        return right[index].key.isIdentical(to: key) && right[index].value == value
      }
  }
}

/// `decimal`: a number with four digits after the point, from -922337203685477.5808 to 922337203685477.5807.
public struct Decimal: Sendable, Hashable, Comparable {
  /// Ten-thousandths.
  public var tenThousandths: Int64

  public init(tenThousandths: Int64) { self.tenThousandths = tenThousandths }

  public static func < (left: Decimal, right: Decimal) -> Bool { left.tenThousandths < right.tenThousandths }
}

/// `ipaddr`: an address, or a range of them with a prefix. Equal when address, prefix and family are.
public struct IPNetwork: Sendable, Hashable {
  /// An IPv4 address in the low 32 bits.
  public var address: UInt128
  public var isV6: Bool
  /// Bits that all addresses of the range share: up to 32, or 128.
  public var prefix: UInt8

  public init(address: UInt128, isV6: Bool, prefix: UInt8) {
    self.address = address
    self.isV6 = isV6
    self.prefix = prefix
  }
}

/// `datetime`: an instant.
public struct Datetime: Sendable, Hashable, Comparable {
  /// Since 1970-01-01T00:00:00Z.
  public var milliseconds: Int64

  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  public static func < (left: Datetime, right: Datetime) -> Bool { left.milliseconds < right.milliseconds }
}

/// `duration`: a length of time, which may be negative.
public struct TimeSpan: Sendable, Hashable, Comparable {
  public var milliseconds: Int64

  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  public static func < (left: TimeSpan, right: TimeSpan) -> Bool { left.milliseconds < right.milliseconds }
}
