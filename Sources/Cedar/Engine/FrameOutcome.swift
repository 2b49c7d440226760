/// What a decision came to, by indexes of the engine's policies.
struct FrameOutcome {
  var permits: [UInt32] = []
  var forbids: [UInt32] = []
  var faults: [(policy: UInt32, fault: EvaluationFault)] = []
  /// Policies that were looked at.
  var candidates: [UInt32] = []
  var isAllowed = false
  var isDeniedByError = false

  mutating func reset() {
    permits.removeAll(keepingCapacity: true)
    forbids.removeAll(keepingCapacity: true)
    faults.removeAll(keepingCapacity: true)
    candidates.removeAll(keepingCapacity: true)
    isAllowed = false
    isDeniedByError = false
  }

  mutating func finish(_ mode: PolicyEngine.ErrorMode, _ program: Program, hasRepeats: Bool) {
    if permits.count > 1 { permits.sort() }
    if forbids.count > 1 { forbids.sort() }
    if faults.count > 1 { faults.sort { $0.policy < $1.policy } }
    if hasRepeats {
      FrameOutcome.removeRepeats(&permits) { $0 == $1 }
      FrameOutcome.removeRepeats(&forbids) { $0 == $1 }
      FrameOutcome.removeRepeats(&faults) { $0.policy == $1.policy }
    }
    isAllowed = forbids.isEmpty && !permits.isEmpty
    if mode == .deny, forbids.isEmpty {
      isDeniedByError = faults.contains { program.policies[Int($0.policy)].isForbid }
      if isDeniedByError { isAllowed = false }
    }
  }

  private static func removeRepeats<Element>(_ elements: inout [Element], _ areEqual: (Element, Element) -> Bool) {
    guard elements.count > 1 else { return }
    var kept = 1
    for index in 1..<elements.count where !areEqual(elements[index], elements[kept - 1]) {
      elements[kept] = elements[index]
      kept += 1
    }
    elements.removeLast(elements.count - kept)
  }
}

extension RequestFrame {
  public var isAllowed: Bool { outcome.isAllowed }

  /// Whether it was denied because a `forbid` could not be evaluated, or the request was too large.
  public var isDeniedByError: Bool { outcome.isDeniedByError }

  /// The policies that decided, by their indexes in the engine's, in order.
  public var reasons: [UInt32] { outcome.isAllowed ? outcome.permits : outcome.forbids }

  /// Whether any policy could not be evaluated.
  public var hasErrors: Bool { !outcome.faults.isEmpty }
}
