/// Why an expression has no value, as the evaluator says it: without a text.
struct EvaluationFault: Error {
  enum Kind: UInt8 {
    /// `detail`: the type found, `expected`: the one wanted.
    case type
    /// Operands of `<` and its like.
    case notComparable
    case overflow
    case noSuchEntity, noSuchAttribute, noSuchTag
    /// A string that is none of the constructor's.
    case malformedExtension
    case arity
    case unlinkedSlot
    case scratchExhausted
    case tooLarge
  }

  var kind: Kind
  /// Where: an index of the program's nodes.
  var node: UInt32
  var expected: Word.Tag = .bool
  var found: Word.Tag = .bool
  /// The entity, where there is one.
  var entity: UInt32 = .max

  init(_ kind: Kind, at node: UInt32) {
    self.kind = kind
    self.node = node
  }
}

/// A policy that could not be evaluated.
public struct PolicyError: Error, Sendable, Hashable, CustomStringConvertible {
  public enum Kind: String, Sendable, Hashable {
    case type, overflow, missingEntity, missingAttribute, missingTag, malformedExtension, arity, unlinkedSlot, limit
  }

  public var policy: PolicyID
  public var kind: Kind
  /// Where in the policy's text.
  public var position: SourcePosition
  /// What went wrong, in lower case.
  public var message: String

  public var description: String {
    let place = position == .none ? "" : " at \(position)"
    return "policy `\(policy)`\(place): \(message)"
  }
}

extension EvaluationFault.Kind {
  var errorKind: PolicyError.Kind {
    switch self {
    case .type, .notComparable: .type
    case .overflow: .overflow
    case .noSuchEntity: .missingEntity
    case .noSuchAttribute: .missingAttribute
    case .noSuchTag: .missingTag
    case .malformedExtension: .malformedExtension
    case .arity: .arity
    case .unlinkedSlot: .unlinkedSlot
    case .scratchExhausted, .tooLarge: .limit
    }
  }
}
