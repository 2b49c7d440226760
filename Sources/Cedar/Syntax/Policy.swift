/// The id of a policy, a template or a link within its set.
public struct PolicyID: Hashable, Sendable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral {
  public let text: String

  public init(_ text: String) { self.text = text }
  public init(stringLiteral text: String) { self.text = text }
  public var description: String { text }
  public static func == (left: PolicyID, right: PolicyID) -> Bool { left.text.isIdentical(to: right.text) }
  public static func < (left: PolicyID, right: PolicyID) -> Bool { left.text.isOrdered(before: right.text) }
}

public enum Effect: String, Sendable, Hashable, CaseIterable {
  case permit, forbid
}

/// `@key("value")` before a policy or a part of a schema; without a value it has the empty one.
public struct Annotation: Sendable, Hashable {
  public var key: String
  /// Nil when it was written without one.
  public var value: String?

  public init(key: String, value: String?) {
    self.key = key
    self.value = value
  }
}

/// An entity or the slot that stands for one.
public enum EntityReference: Sendable, Hashable {
  case entity(EntityUID)
  /// `?principal` or `?resource`, whichever the constraint is about.
  case slot
}

/// What the scope of a policy asks of the principal or the resource.
public enum EntityConstraint: Sendable, Hashable {
  case any
  case equal(EntityReference)
  case `in`(EntityReference)
  case isType(Name)
  case isTypeIn(Name, EntityReference)

  public var hasSlot: Bool {
    switch self {
    case .equal(.slot), .in(.slot), .isTypeIn(_, .slot): true
    default: false
    }
  }
}

/// What the scope of a policy asks of the action.
public enum ActionConstraint: Sendable, Hashable {
  case any
  case equal(EntityUID)
  case `in`(EntityUID)
  case inAny([EntityUID])
}

public struct Condition: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable {
    case when, unless
  }

  public var kind: Kind
  public var body: Expression
  public var position: SourcePosition

  public init(_ kind: Kind, _ body: Expression, at position: SourcePosition = .none) {
    self.kind = kind
    self.body = body
    self.position = position
  }
}

/// A policy, or a template of policies when its scope has a slot.
public struct Policy: Sendable, Hashable {
  public var id: PolicyID
  /// In the order of the text, no key twice.
  public var annotations: [Annotation]
  public var effect: Effect
  public var principal: EntityConstraint
  public var action: ActionConstraint
  public var resource: EntityConstraint
  public var conditions: [Condition]
  /// Where `permit` or `forbid` stands, or the first annotation.
  public var position: SourcePosition
  /// Of which template it is a link.
  public var template: PolicyID?

  public init(
    id: PolicyID, annotations: [Annotation] = [], effect: Effect, principal: EntityConstraint = .any,
    action: ActionConstraint = .any, resource: EntityConstraint = .any, conditions: [Condition] = [],
    position: SourcePosition = .none, template: PolicyID? = nil
  ) {
    self.id = id
    self.annotations = annotations
    self.effect = effect
    self.principal = principal
    self.action = action
    self.resource = resource
    self.conditions = conditions
    self.position = position
    self.template = template
  }

  public var isTemplate: Bool { principal.hasSlot || resource.hasSlot }

  /// The value of an annotation, empty where it was written without one; nil without such an annotation.
  public func annotation(_ key: String) -> String? {
    annotations.first { $0.key == key }.map { $0.value ?? "" }
  }
}
