import Glibc

/// Policies as the evaluator runs them: one flat array of nodes for all, with what they refer to beside it.
// invariant: nothing is written after the initializer returned, so that all threads may read it.
final class Program: @unchecked Sendable {
  enum Operation: UInt8 {
    /// `a`: index of the constant.
    case constant
    case principal, action, resource, context
    /// `a`, `b`, `c`: nodes.
    case conditional
    /// `b` operands from `a`: nodes.
    case and, or
    /// `a`: node.
    case not, negate, isEmpty
    /// `a`, `b`: nodes.
    case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual, isIn
    case add, subtract, multiply
    case contains, containsAll, containsAny, getTag, hasTag
    /// `a`: node, `b`: name.
    case attribute
    /// `a`: node, `c` operands from `b`: names.
    case has
    /// `a`: node, `b`: index of the pattern.
    case like
    /// `a`: node, `b`: type.
    case isType
    /// `a`, `c`: nodes, `b`: type.
    case isTypeIn
    /// `b` operands from `a`: nodes.
    case set
    /// `b` times three operands from `a`: name, node and place among the names, in the order of the text.
    case record
    /// `code`: the function; `b` operands from `a`: nodes.
    case call
    /// `code`: what is wrong with a call that can never succeed.
    case failure
  }

  struct Node {
    var operation: Operation
    var code: UInt8 = 0
    var a: UInt32 = 0
    var b: UInt32 = 0
    var c: UInt32 = 0
  }

  /// A policy's scope and conditions.
  struct CompiledPolicy {
    enum Scope: UInt8 {
      case any, equal, isIn, isType, isTypeIn
      /// Of the action alone: `count` operands from the number.
      case isInAny
    }

    var isForbid = false
    var principal = Scope.any
    var action = Scope.any
    var resource = Scope.any
    var conditionCount: UInt32 = 0
    var principalEntity: UInt32 = 0
    var principalType: UInt32 = 0
    var actionEntity: UInt32 = 0
    var actionCount: UInt32 = 0
    var resourceEntity: UInt32 = 0
    var resourceType: UInt32 = 0
    /// The first of its conditions' operands: a node each, with the highest bit for `unless`.
    var conditions: UInt32 = 0
  }

  static let unlessBit: UInt32 = 1 << 31

  let nodes: UnsafeMutableBufferPointer<Node>
  let operands: UnsafeMutableBufferPointer<UInt32>
  let constants: UnsafeMutableBufferPointer<Word>
  let policies: UnsafeMutableBufferPointer<CompiledPolicy>
  let patterns: [LikePattern]
  /// The place in the text of each node.
  let positions: [SourcePosition]
  private let blocks: [Block]

  init(_ draft: ProgramDraft) {
    nodes = Program.copy(draft.nodes)
    operands = Program.copy(draft.operands)
    constants = Program.copy(draft.constants)
    policies = Program.copy(draft.policies)
    patterns = draft.patterns
    positions = draft.positions
    blocks = draft.blocks
  }

  deinit {
    nodes.deallocate()
    operands.deallocate()
    constants.deallocate()
    policies.deallocate()
  }

  // invariant: the copy is the program's own and freed with it.
  private static func copy<Element>(_ elements: [Element]) -> UnsafeMutableBufferPointer<Element> {
    let buffer = UnsafeMutableBufferPointer<Element>.allocate(capacity: max(elements.count, 1))
    _ = buffer.initialize(from: elements)
    return UnsafeMutableBufferPointer(start: buffer.baseAddress, count: elements.count)
  }
}

/// A program while it is made.
struct ProgramDraft {
  var nodes: [Program.Node] = []
  var operands: [UInt32] = []
  var constants: [Word] = []
  var policies: [Program.CompiledPolicy] = []
  var patterns: [LikePattern] = []
  var positions: [SourcePosition] = []
  var blocks: [Block] = []
}

/// A pattern of `like` as bytes: literal parts between wildcards.
struct LikePattern: Sendable {
  private var parts: [[UInt8]]

  init(_ pattern: Pattern) {
    parts = [[]]
    for element in pattern.elements {
      switch element {
      case .scalar(let scalar): parts[parts.count - 1] += Array(String(scalar).utf8)
      case .wildcard: parts.append([])
      }
    }
  }

  /// Takes each part where it comes first, which finds a match whenever there is one.
  // invariant: the text is read within its bounds, during the call only.
  func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let first = parts[0]
    guard parts.count > 1 else { return first.count == text.count && text.starts(with: first) }
    let last = parts[parts.count - 1]
    guard text.count >= first.count + last.count, text.starts(with: first),
      text.suffix(last.count).elementsEqual(last)
    else { return false }
    var start = first.count
    let end = text.count - last.count
    for part in parts[1..<(parts.count - 1)] where !part.isEmpty {
      guard let found = LikePattern.find(part, in: text, from: start, to: end) else { return false }
      start = found + part.count
    }
    return true
  }

  // invariant: both are read within their bounds.
  private static func find(_ part: [UInt8], in text: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Int? {
    var place = start
    while place + part.count <= end {
      guard let base = text.baseAddress, let first = memchr(base + place, Int32(part[0]), end - part.count + 1 - place)
      else { return nil }
      place = UnsafeRawPointer(first) - UnsafeRawPointer(base)
      if text[place..<(place + part.count)].elementsEqual(part) { return place }
      place += 1
    }
    return nil
  }
}
