/// An expression of a policy, as it was written, with its place.
public struct Expression: Sendable, Hashable {
  public var kind: Kind
  public var position: SourcePosition

  public init(_ kind: Kind, at position: SourcePosition = .none) {
    self.kind = kind
    self.position = position
  }

  public indirect enum Kind: Sendable, Hashable {
    case bool(Bool)
    case long(Int64)
    case string(String)
    case entity(EntityUID)
    case variable(Variable)
    case slot(Slot)
    case conditional(Expression, then: Expression, else: Expression)
    /// Two operands or more, evaluated in order until one is false.
    case and([Expression])
    /// Two operands or more, evaluated in order until one is true.
    case or([Expression])
    case not(Expression)
    case negate(Expression)
    case binary(BinaryOperator, Expression, Expression)
    case isEmpty(Expression)
    /// `a.b` and `a["b"]`.
    case attribute(Expression, String)
    /// `a has b` and `a has b.c`: one name or more.
    case has(Expression, [String])
    case like(Expression, Pattern)
    case isType(Expression, Name, in: Expression?)
    case set([Expression])
    /// In the order of the text, no key twice.
    case record([RecordElement])
    /// A constructor such as `ip("10.0.0.1")`, or a method of an extension type: the receiver is the first argument.
    case call(ExtensionFunction, [Expression])
  }
}

public struct RecordElement: Sendable, Hashable {
  public var key: String
  public var value: Expression

  public init(key: String, value: Expression) {
    self.key = key
    self.value = value
  }
}

public enum Variable: String, Sendable, Hashable, CaseIterable {
  case principal, action, resource, context
}

/// What a link fills in.
public enum Slot: String, Sendable, Hashable, CaseIterable {
  case principal = "?principal"
  case resource = "?resource"
}

/// Operators and methods of two operands. The raw value is the operator's or method's name in policies.
public enum BinaryOperator: String, Sendable, Hashable, CaseIterable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case `in` = "in"
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case contains, containsAll, containsAny, getTag, hasTag

  /// Whether it is written `a.name(b)`.
  public var isMethod: Bool {
    switch self {
    case .contains, .containsAll, .containsAny, .getTag, .hasTag: true
    default: false
    }
  }
}

/// The pattern of `like`: literal scalars and wildcards.
public struct Pattern: Sendable, Hashable {
  public enum Element: Sendable, Hashable {
    case scalar(Unicode.Scalar)
    /// `*`: any number of any scalars.
    case wildcard
  }

  public var elements: [Element]

  public init(_ elements: [Element]) { self.elements = elements }
}

/// The functions of the extension types decimal, ipaddr, datetime and duration. The raw value is the name in policies.
public enum ExtensionFunction: String, Sendable, Hashable, CaseIterable {
  case decimal, ip, datetime, duration
  case lessThan, lessThanOrEqual, greaterThan, greaterThanOrEqual
  case isIpv4, isIpv6, isLoopback, isMulticast, isInRange
  case offset, durationSince, toDate, toTime
  case toMilliseconds, toSeconds, toMinutes, toHours, toDays

  /// Whether it makes a value of an extension type from a string.
  public var isConstructor: Bool {
    switch self {
    case .decimal, .ip, .datetime, .duration: true
    default: false
    }
  }

  /// Arguments that it takes, with the receiver of a method.
  public var arity: Int {
    switch self {
    case .lessThan, .lessThanOrEqual, .greaterThan, .greaterThanOrEqual, .isInRange, .offset, .durationSince: 2
    default: 1
    }
  }
}
