/// What fills the slots of a template, under an id of its own.
public struct TemplateLink: Sendable, Hashable {
  public var template: PolicyID
  public var id: PolicyID
  /// An entity for each slot of the template, and no other.
  public var values: [Slot: EntityUID]

  public init(template: PolicyID, id: PolicyID, values: [Slot: EntityUID]) {
    self.template = template
    self.id = id
    self.values = values
  }
}

/// Why a policy or a link can't be part of a set.
public enum PolicySetError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The set has a policy, a template or a link with this id already.
  case duplicateID(PolicyID)
  /// The link is to a template that the set does not have.
  case unknownTemplate(PolicyID)
  /// The link has no entity for this slot of the template.
  case missingSlot(Slot, link: PolicyID)
  /// The link has an entity for a slot that the template does not have.
  case unknownSlot(Slot, link: PolicyID)
  /// The set would have more than `CedarLimits.policies` policies, templates and links.
  case tooMany

  public var description: String {
    switch self {
    case .duplicateID(let id): "the id `\(id.text.shown)` is there twice"
    case .unknownTemplate(let id): "there is no template `\(id.text.shown)`"
    case .missingSlot(let slot, let link): "the link `\(link.text.shown)` has no entity for `\(slot.rawValue)`"
    case .unknownSlot(let slot, let link):
      "the link `\(link.text.shown)` fills `\(slot.rawValue)`, which its template does not have"
    case .tooMany: "the set has more than \(CedarLimits.policies) policies"
    }
  }
}

/// Policies and templates with their links; no id twice.
public struct PolicySet: Sendable, Hashable {
  /// Policies without slots, and those that links make of templates, in the order in which they were added.
  public private(set) var policies: [Policy] = []
  public private(set) var templates: [Policy] = []
  public private(set) var links: [TemplateLink] = []
  private var ids: Set<PolicyID> = []
  /// Where each template stands in `templates`.
  private var templateIndexes: [PolicyID: Int] = [:]

  public init() {}

  /// Policies and templates of a text, with the ids `policy0`, `policy1` … in their order.
  /// - Throws: the first error of the text, with its place.
  public init(parsing text: String) throws(SyntaxError) { try self.init(parsing: Array(text.utf8)) }

  /// The same from UTF-8.
  public init(parsing bytes: [UInt8]) throws(SyntaxError) {
    var parser = try PolicyParser(try SourceText(bytes))
    for policy in try parser.policies({ PolicyID("policy\($0)") }) {
      do { try add(policy) } catch { throw SyntaxError(error.description, at: policy.position) }
    }
  }

  /// The errors of a text, with their places: the first of each policy, at most 100. None where the text parses.
  public static func errors(parsing bytes: [UInt8]) -> [SyntaxError] {
    do throws(SyntaxError) {
      var parser = try PolicyParser(try SourceText(bytes))
      return parser.errors(atMost: 100)
    } catch {
      return [error]
    }
  }

  /// Policies in Cedar or in the JSON form, whichever the text is.
  package init(reading bytes: [UInt8]) throws(SyntaxError) {
    if JSONReader.isMeant(by: bytes) { try self.init(json: bytes) } else { try self.init(parsing: bytes) }
  }

  /// Adds a policy, or a template when it has slots.
  /// - Throws: when its id is taken, or the set is full.
  public mutating func add(_ policy: Policy) throws(PolicySetError) {
    guard !policy.isTemplate else { return try add(template: policy) }
    try claim(policy.id)
    policies.append(policy)
  }

  /// Adds a template, which need not have slots.
  mutating func add(template: Policy) throws(PolicySetError) {
    try claim(template.id)
    templateIndexes[template.id] = templates.count
    templates.append(template)
  }

  /// Makes a policy of a template.
  /// - Throws: when its id is taken, there is no such template, or the values are not those of its slots.
  public mutating func link(_ link: TemplateLink) throws(PolicySetError) {
    guard let template = template(link.template) else { throw .unknownTemplate(link.template) }
    let policy = try template.linked(link)
    try claim(link.id)
    links.append(link)
    policies.append(policy)
  }

  public func template(_ id: PolicyID) -> Policy? { templateIndexes[id].map { templates[$0] } }

  private mutating func claim(_ id: PolicyID) throws(PolicySetError) {
    guard ids.count < CedarLimits.policies else { throw .tooMany }
    guard ids.insert(id).inserted else { throw .duplicateID(id) }
  }
}

extension Policy {
  /// Reads one policy or template.
  /// - Throws: the first error of the text, with its place; more than one policy is one.
  public static func parse(_ text: String, id: PolicyID) throws(SyntaxError) -> Policy {
    var parser = try PolicyParser(try SourceText(Array(text.utf8)))
    let policy = try parser.policy(id)
    guard parser.token.kind == .end else { throw parser.unexpected("the end, after one policy") }
    return policy
  }

  /// The slots of its scope.
  public var slots: Set<Slot> {
    var slots: Set<Slot> = []
    if principal.hasSlot { slots.insert(.principal) }
    if resource.hasSlot { slots.insert(.resource) }
    return slots
  }

  /// The policy that a link makes of this template.
  func linked(_ link: TemplateLink) throws(PolicySetError) -> Policy {
    let slots = self.slots
    for slot in Slot.allCases {
      guard slots.contains(slot) == (link.values[slot] == nil) else { continue }
      throw slots.contains(slot) ? .missingSlot(slot, link: link.id) : .unknownSlot(slot, link: link.id)
    }
    var policy = self
    policy.id = link.id
    policy.template = id
    if let entity = link.values[.principal] { policy.principal = principal.filled(with: entity) }
    if let entity = link.values[.resource] { policy.resource = resource.filled(with: entity) }
    return policy
  }
}

extension EntityConstraint {
  /// The same about an entity where it was about a slot.
  func filled(with entity: EntityUID) -> EntityConstraint {
    switch self {
    case .equal(.slot): .equal(.entity(entity))
    case .in(.slot): .in(.entity(entity))
    case .isTypeIn(let type, .slot): .isTypeIn(type, .entity(entity))
    default: self
    }
  }
}

extension Expression {
  /// Reads one expression.
  /// - Throws: the first error of the text, with its place.
  package init(parsing text: String) throws(SyntaxError) {
    var parser = try PolicyParser(try SourceText(Array(text.utf8)))
    self = try parser.expression().expression
    guard parser.token.kind == .end else { throw parser.unexpected("the end of the expression") }
  }
}
